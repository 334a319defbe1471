"""A draft of the policy's calendar from the package `chinesecalendar` (optional extra `calendar`).

It is drafted once, checked by a regulator against the State Council's announcement for the year (国务院办公厅放假安排),
and then stands in the ledger's policy: nothing that is executed ever asks a package what day it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import version
from typing import Final

from ledger.errors import ConfigError, NotFoundError, Text
from ledger.kinds.genesis import Calendar

PACKAGE: Final = "chinesecalendar"
_SATURDAY: Final = 5


class CalendarPackageMissing(ConfigError):
    """The optional package is not installed."""

    code = "node.calendar_package"
    what = Text("The package {package} is not installed.", "未安装软件包 {package}。")
    next_step = Text("Install `suyuan[calendar]`.", "请安装 `suyuan[calendar]`。")


class CalendarYearUnknown(NotFoundError):
    """The package knows nothing of a year."""

    code = "node.calendar_year"
    what = Text(
        "The installed calendar knows {first} to {last}, not {year}.",
        "已安装的日历覆盖 {first} 至 {last} 年，不含 {year} 年。",
    )
    why = Text("A year is announced in the autumn before it.", "各年放假安排于上一年秋季公布。")
    next_step = Text("Update the package, or write the calendar by hand.", "请更新软件包，或手工编写日历。")


def package_version() -> str:
    """Return which version of the package a draft comes from; raises `CalendarPackageMissing`."""
    _constants()
    return version(PACKAGE)


def draft_calendar(years: Iterable[int]) -> Calendar:
    """Return the days of these years that differ from Monday to Friday: weekdays off, and weekends that are worked.

    Raises `CalendarPackageMissing`, `CalendarYearUnknown`.
    """
    off, worked = _constants()
    wanted = sorted(set(years))
    known = {day.year for day in off}
    for year in wanted:
        if year not in known:
            raise CalendarYearUnknown(year=year, first=min(known), last=max(known))
    return Calendar(
        holidays=[day.isoformat() for day in sorted(off) if day.year in wanted and day.weekday() < _SATURDAY],
        workdays=[day.isoformat() for day in sorted(worked) if day.year in wanted and day.weekday() >= _SATURDAY],
    )


def _constants() -> tuple[Mapping[date, str], Mapping[date, str]]:
    """Return the package's days off and its extra days of work."""
    try:
        module = importlib.import_module("chinese_calendar.constants")
    except ImportError:
        raise CalendarPackageMissing(package=PACKAGE) from None
    holidays: Mapping[date, str] = module.holidays
    workdays: Mapping[date, str] = module.workdays
    return holidays, workdays
