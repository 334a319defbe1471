"""Reading what is loaded so far while `needs` still names rows, and turning scope failures into rule errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from ledger.errors import FormError, Text
from ledger.rules.registry import broken
from ledger.scope import OutsideScope
from ledger.state.tables import Table, V
from ledger.state.view import BlockView, NotLoaded


class UnsortedSet(FormError):
    """A list that stands for a set is not sorted, or has an element twice."""

    code = "payload.set_order"
    what = Text("{field} is not sorted and unique.", "{field} 未排序或有重复。")
    why = Text("A set has one form, so that equal payloads have equal bytes.", "集合只有一种写法，以保证字节一致。")
    next_step = Text("Sort it bytewise and drop repeats.", "请按字节排序并去重。")


def peek(view: BlockView, table: Table[V], anchor: str, suffix: str = "") -> V | None:
    """Return a row, or None while it was not loaded yet; only for `needs`, which is asked again after each load."""
    try:
        return view.find(table, anchor, suffix)
    except NotLoaded:
        return None


def peek_all(view: BlockView, table: Table[V], anchor: str) -> list[tuple[str, V]]:
    """Return all rows of an anchor, or none while they were not loaded yet; as `peek`, only for `needs`."""
    try:
        return view.scan(table, anchor)
    except NotLoaded:
        return []


def check_sorted(field: str, values: list[str]) -> None:
    """Check that a list is a set in its one form; raises UnsortedSet."""
    if any(left >= right for left, right in pairwise(values)):
        raise UnsortedSet(field=field)


@contextmanager
def judged_as(rule: str) -> Iterator[None]:
    """Turn an OutsideScope inside into the error of `rule`, with the same detail."""
    try:
        yield
    except OutsideScope as outside:
        raise broken(rule, outside.detail.en, outside.detail.zh) from outside
