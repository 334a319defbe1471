"""Where records stand in disputes, for whoever hands them over (REC-9, REC-11, TRA-5)."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.errors import Text
from ledger.references import Reference, ReferenceSet
from ledger.rules.registry import Context, rule
from ledger.rules.standing import deadline
from ledger.state.authority_tables import DISPUTED, DisputedState
from ledger.state.effects import Effects
from ledger.state.tables import DutyState, Ranges
from ledger.state.view import BlockView, Need

NOTICE = "dispute.notice"
"""The duty to treat a record as disputed until its dispute is resolved. Its time is that of the resolution."""

Disputed = tuple[tuple[int | None, DisputedState], ...]
"""Rows of a list that were ever disputed (None: the one record), with where they stand."""


def disputed_need(id_: str, ranges: Ranges) -> Need:
    """Name where the wanted rows of a list stand in disputes."""
    return Need("disputed", id_, None if ranges else "")


def disputed_rows(view: BlockView, id_: str, ranges: Ranges) -> Disputed:
    """Return where the wanted rows of a list stand, those that were never disputed left out."""
    if not ranges:
        state = view.find(DISPUTED, id_)
        return () if state is None else ((None, state),)
    found = [(int(suffix), state) for suffix, state in view.scan(DISPUTED, id_) if suffix]
    return tuple((row, state) for row, state in found if any(first <= row <= last for first, last in ranges))


def openly_disputed(lists: Iterable[tuple[str, Disputed]]) -> ReferenceSet:
    """Return the records of lists that have an open dispute."""
    return ReferenceSet.of(Reference(id_, row) for id_, rows in lists for row, state in rows if state.open)


@rule(
    "REC-11",
    demand=Text(
        "An open dispute notifies every holder, who treats the record as disputed until it is resolved",
        "未决异议须告知每个持有方，在处理完毕前按有异议信息对待",
    ),
    next_step=Text("Mark the record as disputed until the dispute is resolved.", "在异议处理完毕前请标注异议。"),
)
def rec_11(
    effects: Effects, view: BlockView, context: Context, dispute: str, about: str, holders: Iterable[str]
) -> None:
    """REC-11: one duty a holder, hung on the dispute, met by its resolution. Whoever gets the record later has it, too.

    It forbids nothing and never fails.
    """
    due = deadline(view, "dispute_resolve", context.time)
    for holder in holders:
        duty = DutyState(kind=NOTICE, party=holder, due=due, about=about, opened_index=context.index)
        effects.open_duty(dispute, duty)
