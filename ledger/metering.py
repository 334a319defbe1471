"""What is used of a limited authority: charging, crediting back, and what is left (GRA-7).

A charge counts records. Rate windows are counted from the epoch: the window of an instant begins at the last multiple
of the window's length, so an instant on the edge belongs to the window that begins there.
"""

from __future__ import annotations

from ledger.kinds.grants import Rate
from ledger.scope import OutsideScope
from ledger.state.tables import UsageState


def window_start(rate: Rate, time: int) -> int:
    """Return the first ms of the rate's window in which `time` (ms) lies."""
    length = rate.window * 1000
    return time - time % length


def used_in_window(rate: Rate, usage: UsageState | None, time: int) -> int:
    """Return how many records were charged in the window of `time`."""
    return usage.in_window if usage is not None and usage.window == window_start(rate, time) else 0


Limits = tuple[int | None, Rate | None]
"""Count and rate of a grant; None is not limited."""


def check_left(limits: Limits, usage: UsageState | None, count: int, time: int) -> None:
    """Check that `count` more records at `time` (ms) stay within count and rate; raises OutsideScope."""
    total, rate = limits
    if total is not None:
        left = total - (usage.total if usage else 0)
        if count > left:
            en, zh = f"{count} records exceed the {left} that are left", f"{count} 条超过剩余的 {left} 条"
            raise OutsideScope("count", en, zh)
    if rate is not None:
        left = rate.count - used_in_window(rate, usage, time)
        if count > left:
            en, zh = f"{count} records exceed the {left} left in this window", f"{count} 条超过本时间窗剩余的 {left} 条"
            raise OutsideScope("rate", en, zh)


def charge(rate: Rate | None, usage: UsageState | None, count: int, time: int) -> UsageState:
    """Return the usage after `count` records more at `time` (ms)."""
    total = (usage.total if usage else 0) + count
    if rate is None:
        return UsageState(total=total, window=0, in_window=0)
    return UsageState(total=total, window=window_start(rate, time), in_window=used_in_window(rate, usage, time) + count)


def credit(rate: Rate | None, usage: UsageState, count: int, charged_at: int) -> UsageState:
    """Return the usage after giving back `count` records that were charged at `charged_at` (ms).

    The rate gets them back only while the window in which they were charged is the one being counted.
    """
    in_window = usage.in_window
    if rate is not None and usage.window == window_start(rate, charged_at):
        in_window -= count
    return UsageState(total=usage.total - count, window=usage.window, in_window=in_window)
