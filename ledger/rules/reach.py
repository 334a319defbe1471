"""Whom the end of a record reaches: holders of its versions, copies of its publications, entries and measures.

REC-10 asks one version's holders and copies to replace or stop; REP-3 asks those of every version to stop, and whatever
rests on the record alone to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from ledger.references import Reference
from ledger.rules.copies import order_stop, published_copies
from ledger.rules.lists import entry_needs, live_measures, order_lift
from ledger.rules.loading import peek
from ledger.rules.record_chain import Version, known_versions
from ledger.rules.registry import Context
from ledger.rules.standing import deadline, open_duty
from ledger.rules.stopping import holders_of, stop_needs
from ledger.state.effects import Effects
from ledger.state.publication_tables import ENTRY, GROUND, EntryState
from ledger.state.tables import ENDED, row_suffix
from ledger.state.view import BlockView, Need


@dataclass(frozen=True, slots=True)
class Resting:
    """A list entry in force that rests on nothing but ended records."""

    name: str
    entry: EntryState


def reach_needs(view: BlockView, reference: str) -> Iterator[Need]:
    """Name everything that `order_stops` looks up."""
    for each in known_versions(view, reference):
        id_, suffix = each.statement_id, row_suffix(each.row)
        yield from stop_needs(view, id_, each.row)
        yield Need("ground", id_, suffix)
        ground = peek(view, GROUND, id_, suffix)
        for name in ground.entries if ground else ():
            yield from entry_needs(view, name)
            entry = peek(view, ENTRY, name)
            for text in entry.grounds if entry else ():
                other = Reference.parse(text)
                yield Need("ended", other.statement_id, row_suffix(other.row))


def order_stops(effects: Effects, view: BlockView, context: Context, chain: tuple[Version, ...]) -> None:
    """Open every duty that the approved repair of a record with these versions makes (REP-3)."""
    due = deadline(view, "stop", context.time)
    ordered: set[tuple[str, str]] = set()
    for version in chain:
        for holder in holders_of(view, version.id, version.reference.row):
            open_duty(effects, context, "stop", holder, due, about=str(version.reference))
        for copy in published_copies(view, version.id, version.suffix):
            # A publication that was changed belongs to two versions.
            if (copy.lead, copy.member) not in ordered:
                ordered.add((copy.lead, copy.member))
                order_stop(effects, context, copy, due)
    for resting in _resting(view, chain):
        _order_exit(effects, view, context, resting)


def _resting(view: BlockView, chain: tuple[Version, ...]) -> list[Resting]:
    """Return the entries whose grounds are these versions, or ended for other reasons."""
    own = {str(version.reference) for version in chain}
    found: dict[str, Resting] = {}
    for version in chain:
        ground = view.find(GROUND, version.id, version.suffix)
        for name in ground.entries if ground else ():
            entry = view.find(ENTRY, name)
            assert entry is not None, "a ground names logged entries"
            if not entry.exited and all(text in own or _is_over(view, text) for text in entry.grounds):
                found[name] = Resting(name, entry)
    return list(found.values())


def _is_over(view: BlockView, text: str) -> bool:
    reference = Reference.parse(text)
    ended = view.find(ENDED, reference.statement_id, row_suffix(reference.row))
    return ended is not None and ended.how != "corrected"


def _order_exit(effects: Effects, view: BlockView, context: Context, resting: Resting) -> None:
    """Open the duties to leave the list and to lift what rests on the entry."""
    entry = resting.entry
    exit_by = deadline(view, "list_exit", context.time)
    open_duty(effects, context, "list.exit", entry.authority, exit_by, about=resting.name)
    effects.put(ENTRY, resting.name, replace(entry, ordered=(*entry.ordered, context.id)))
    due = deadline(view, "measure_lift", context.time)
    for name, measure in live_measures(view, entry):
        order_lift(effects, context, name, measure, due)
