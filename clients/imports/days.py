"""Dates of files as days in UTC+08:00, the days of the ledger."""

from __future__ import annotations

from datetime import datetime

from clients.imports.errors import DayUnreadable
from ledger.times import day_of

_DAY_LENGTH = len("2026-01-31")


def china_day(value: str, place: str = "") -> str:
    """Return the day `YYYY-MM-DD` in UTC+08:00 of an ISO 8601 date or time.

    A date, or a time that names no zone, is taken as it is written. Raises `DayUnreadable`.
    """
    text = value.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DayUnreadable(value=value[:40], place=place) from None
    if len(text) < _DAY_LENGTH or moment.tzinfo is None:
        return moment.date().isoformat()
    return day_of(int(moment.timestamp()) * 1000)
