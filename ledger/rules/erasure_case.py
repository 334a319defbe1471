"""What an erasure reaches: holders of every version, what they still owe, and what holds keep from being erased.

Lists, never rows: each look-up is one row a record list and member, each comparison a merge of sorted ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce

import msgspec

from ledger.holdings import part
from ledger.references import ReferenceSet
from ledger.rules.registry import Context
from ledger.rules.standing import deadline, meet_duty, open_duty
from ledger.rules.succession import inheritor
from ledger.rules.versions import version_needs, versions
from ledger.state.case_tables import DESTROYED, ERASURE_HOLDER, HELD, DestroyedState, ErasureHolderState
from ledger.state.effects import Effects, duty_suffix
from ledger.state.tables import HOLDING, RECORD
from ledger.state.view import BlockView, Need

DUTY_KIND = "erase"


def reach_needs(view: BlockView, references: ReferenceSet) -> Iterator[Need]:
    """Name the rows of every version of `references`: who holds it, who destroyed it, which holds cover it."""
    yield from version_needs(view, references)
    for id_, _ in versions(view, references).entries:
        yield Need(HOLDING.name, id_, None)
        yield Need(DESTROYED.name, id_, None)
        yield Need(HELD.name, id_, None)


def held_needs(references: ReferenceSet) -> Iterator[Need]:
    """Name the holds on the lists of a set."""
    for id_, _ in references.entries:
        yield Need(HELD.name, id_, None)


def held(view: BlockView, references: ReferenceSet, *, without: str = "") -> ReferenceSet:
    """Return the part of `references` that a hold covers now, not counting the hold `without`."""
    covered = (
        part(id_, row.ranges)
        for id_, _ in references.entries
        for hold, row in view.scan(HELD, id_)
        if not row.lifted and hold != without
    )
    return references.intersection(united(covered))


def united(sets: Iterable[ReferenceSet]) -> ReferenceSet:
    """Return what is in any of the sets."""
    return reduce(ReferenceSet.union, sets, ReferenceSet())


def destroyed_of(state: DestroyedState | None, record: str) -> ReferenceSet:
    """Return what a member has destroyed of a record list."""
    return united(part(record, entry.ranges) for entry in (state.entries if state else ()))


def holders(view: BlockView, references: ReferenceSet) -> dict[str, ReferenceSet]:
    """Return who holds what of `references`, issuers included, by member in order.

    A copy counts until its destruction is attested: the end of a data life or a cancelled hop destroys nothing.
    """
    found: dict[str, ReferenceSet] = {}
    for id_, ranges in references.entries:
        wanted = part(id_, ranges)
        record = view.find(RECORD, id_)
        assert record is not None, "what is named was found"
        copies = [(record.issuer, wanted)]
        copies += [
            (member, wanted.intersection(part(id_, entry.ranges)))
            for member, state in view.scan(HOLDING, id_)
            for entry in state.entries
            if entry.ended_index is None
        ]
        gone = {member: destroyed_of(state, id_) for member, state in view.scan(DESTROYED, id_)}
        for member, copy in copies:
            rest = copy.difference(gone[member]) if member in gone else copy
            if rest:
                found[member] = found.get(member, ReferenceSet()).union(rest)
    return dict(sorted(found.items()))


def duty_about(request: str, holder: str, party: str) -> str:
    """Return what the duty to erase is about: the request, and for an heir whose copy it is."""
    return request if party == holder else f"{request}/{holder}"


def duty_needs(request: str, holder: str, state: ErasureHolderState) -> Iterator[Need]:
    """Name the duty of a holder that is open now."""
    if state.duty:
        about = duty_about(request, holder, state.party)
        yield Need("duty", state.duty, duty_suffix(DUTY_KIND, state.party, about, state.duty))


def open_holder(effects: Effects, view: BlockView, context: Context, holder: str, copy: ReferenceSet) -> None:
    """Note what a holder owes the erasure.request that is judged, and open its duty."""
    state = ErasureHolderState(
        party=inheritor(view, holder) or holder, references=copy.entries, outstanding=copy.entries, duty=""
    )
    settle(effects, view, context, context.id, holder, state, held(view, copy))


def settle(
    effects: Effects,
    view: BlockView,
    context: Context,
    request: str,
    holder: str,
    state: ErasureHolderState,
    covered: ReferenceSet,
) -> None:
    """Put the holder's row with the duty it has now: one while something outstanding is not under a hold.

    A duty that everything outstanding is held of is met by the statement that is judged (ERA-3 pauses); a new one
    opens with its full deadline when something is due again.
    """
    due = ReferenceSet(state.outstanding).difference(covered)
    about = duty_about(request, holder, state.party)
    duty = state.duty
    if due and not duty:
        when = deadline(view, "erasure", context.time)
        open_duty(effects, context, "erase", state.party, when, about=about)
        duty = context.id
    elif duty and not due:
        meet_duty(effects, view, context, duty, DUTY_KIND, state.party, about=about)
        duty = ""
    effects.put(ERASURE_HOLDER, request, msgspec.structs.replace(state, duty=duty), holder)
