"""What the end of a record asks of those who hold or publish it: the duties behind REC-10."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.rules.copies import order_stop, public_needs, published_copies
from ledger.rules.registry import Context
from ledger.rules.standing import deadline, open_duty
from ledger.state.effects import Effects
from ledger.state.tables import HOLDING, Ranges, row_suffix
from ledger.state.view import BlockView, Need


def stop_needs(view: BlockView, record_id: str, row: int | None) -> Iterator[Need]:
    """Name who holds a record or row, and where it is public."""
    yield Need(HOLDING.name, record_id, None)
    yield from public_needs(view, record_id, row_suffix(row))


def holders_of(view: BlockView, record_id: str, row: int | None) -> list[str]:
    """Return the members that hold a record or row now."""
    return [
        holder
        for holder, state in view.scan(HOLDING, record_id)
        if any(_holds(entry.ranges, row) for entry in state.entries if entry.ended_index is None)
    ]


def stop_holders(
    effects: Effects, view: BlockView, context: Context, record_id: str, row: int | None, reference: str
) -> None:
    """Open the replace-or-stop duty of every holder and of whoever shows the record or row (REC-10)."""
    due = deadline(view, "stop", context.time)
    for holder in holders_of(view, record_id, row):
        open_duty(effects, context, "stop", holder, due, about=reference)
    for copy in published_copies(view, record_id, row_suffix(row)):
        order_stop(effects, context, copy, due)


def _holds(ranges: Ranges, row: int | None) -> bool:
    return row is None or not ranges or any(first <= row <= last for first, last in ranges)
