"""Times and days of the ledger: UTC instants in ms, days in UTC+08:00, deadlines in working days.

Nothing here reads a clock. Days are GB/T 7408 calendar days as China counts them, a day D lasts from
D 00:00 to the next 00:00 in UTC+08:00.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ledger.errors import FormError, Text
from ledger.kinds.genesis import Calendar, Deadline

CHINA_OFFSET_MS = 8 * 3_600_000
DAY_MS = 86_400_000
_UNIT_MS = {"minutes": 60_000, "hours": 3_600_000, "days": DAY_MS}


class TimeError(FormError):
    """A day or time that does not exist in the calendar."""

    code = "payload.time"
    what = Text("{value} is not a day or time that exists.", "{value} 不是有效的日期或时间。")
    next_step = Text("Use YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ.", "请使用 YYYY-MM-DD 或 YYYY-MM-DDTHH:MM:SSZ。")


def parse_time(value: str) -> int:
    """Return a payload time `YYYY-MM-DDTHH:MM:SSZ` as ms since the epoch; raises `TimeError`."""
    try:
        parsed = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise TimeError(value=value) from None
    return int(parsed.timestamp()) * 1000


def format_time(ms: int) -> str:
    """Return ms since the epoch as `YYYY-MM-DDTHH:MM:SSZ`, cut to the second."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_day(value: str) -> date:
    """Return a payload day; raises `TimeError` for a day that does not exist."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise TimeError(value=value) from None


def day_start(value: str) -> int:
    """Return the first ms of a day in UTC+08:00."""
    day = parse_day(value)
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY_MS - CHINA_OFFSET_MS


def day_end(value: str) -> int:
    """Return the first ms after a day in UTC+08:00."""
    return day_start(value) + DAY_MS


def day_of(ms: int) -> str:
    """Return the day in UTC+08:00 in which the instant `ms` lies."""
    return (date(1970, 1, 1) + timedelta(days=(ms + CHINA_OFFSET_MS) // DAY_MS)).isoformat()


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether `day` is worked: Monday to Friday unless the calendar says otherwise."""
    text = day.isoformat()
    if text in calendar.holidays:
        return False
    return text in calendar.workdays or day.weekday() < 5


def due_time(start: int, deadline: Deadline, calendar: Calendar) -> int:
    """Return the instant (ms) by which something opened at `start` (ms) must be done.

    Working days count from the day after the opening one; the duty is due at the end of the last of them.
    """
    if deadline.unit != "working_days":
        return start + deadline.n * _UNIT_MS[deadline.unit]
    day = date.fromisoformat(day_of(start))
    left = deadline.n
    while left:
        day += timedelta(days=1)
        if is_working_day(day, calendar):
            left -= 1
    return day_end(day.isoformat())
