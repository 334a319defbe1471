"""The draft of the policy's calendar agrees, day by day, with the package it is drafted from."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta

import chinese_calendar  # type: ignore[import-untyped]  # It has no types.
import pytest

from ledger.kinds.genesis import Calendar
from ledger.times import is_working_day
from node.working_days import CalendarYearUnknown, draft_calendar, package_version

YEARS = (2024, 2025, 2026)


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_a_year_is_worked_or_not_as_the_package_says(year: int) -> None:
    draft = draft_calendar([year])
    day = date(year, 1, 1)
    while day.year == year:
        assert is_working_day(day, draft) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_only_days_that_differ_from_the_week_are_listed() -> None:
    draft = draft_calendar(YEARS)
    assert draft.holidays == sorted(set(draft.holidays))
    assert all(date.fromisoformat(day).weekday() < 5 for day in draft.holidays)
    assert all(date.fromisoformat(day).weekday() >= 5 for day in draft.workdays)
    assert {"2025-10-01", "2026-10-01"} <= set(draft.holidays)
    assert "2026-02-14" in draft.workdays


def test_a_year_that_nobody_has_announced_is_an_error() -> None:
    with pytest.raises(CalendarYearUnknown):
        draft_calendar([2025, 2199])


@pytest.mark.parametrize("words", [("node", "calendar"), ("clients.cli.main", "governance", "calendar")])
def test_both_programs_write_the_draft(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", *words, "--year", "2026"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    written = json.loads(done.stdout)
    assert Calendar(holidays=written["holidays"], workdays=written["workdays"]) == draft_calendar([2026])
    assert package_version() in done.stderr


def test_an_unknown_year_ends_the_program_with_its_code() -> None:
    command = [sys.executable, "-m", "node", "calendar", "--year", "2199"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "node.calendar_year" in done.stderr
