"""Holdings: who holds which part of a record list, since when, through which hop (docs/architecture.md).

Pure functions over the rows of the HOLDING table. A hop gives ranges of a record list (a batch), or the one record of a
statement, whose ranges are empty. Nothing here is per row: each operation is a merge of sorted ranges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from ledger.references import ReferenceSet
from ledger.state.tables import Holding, HoldingState, Ranges


@dataclass(frozen=True, slots=True)
class Cover:
    """How holdings cover a wanted part: the hops taken, the earliest end of data life among them, what stays open."""

    used: tuple[Holding, ...]
    life_end: int | None
    missing: ReferenceSet


def part(record: str, ranges: Ranges) -> ReferenceSet:
    """Return `ranges` of a record list (empty: the one record) as a set of references."""
    return ReferenceSet(((record, ranges),))


def with_holding(state: HoldingState | None, entry: Holding) -> HoldingState:
    """Return the holdings of a member in a record list after one more hop."""
    return HoldingState(entries=(*(state.entries if state else ()), entry))


def live_entries(state: HoldingState | None, record: str, ranges: Ranges, time: int) -> tuple[Holding, ...]:
    """Return the entries that concern `ranges` of the list, are not ended, and whose data life lasts at `time` (ms)."""
    if state is None:
        return ()
    wanted = part(record, ranges)
    return tuple(
        entry
        for entry in state.entries
        if entry.ended_index is None
        and time < entry.life_end
        and wanted.intersection(part(record, entry.ranges)).entries
    )


def cover(record: str, ranges: Ranges, entries: Iterable[Holding]) -> Cover:
    """Cover `ranges` of the list with `entries`, those that last longest first."""
    missing = part(record, ranges)
    used: list[Holding] = []
    for entry in sorted(entries, key=lambda entry: (-entry.life_end, entry.since_index)):
        rest = missing.difference(part(record, entry.ranges))
        if rest != missing:
            used.append(entry)
            missing = rest
        if not missing:
            break
    return Cover(tuple(used), min((entry.life_end for entry in used), default=None), missing)


def held_at(state: HoldingState | None, index: int) -> tuple[Holding, ...]:
    """Return the entries that were open when the leaf `index` was logged: begun at or before it, not ended by then."""
    return tuple(
        entry
        for entry in (state.entries if state else ())
        if entry.since_index <= index and (entry.ended_index is None or index < entry.ended_index)
    )


def end_part(state: HoldingState, record: str, ranges: Ranges, index: int) -> HoldingState:
    """Return the holdings after `ranges` of the list were destroyed at log index `index`.

    An entry that is destroyed in part is split: what is left of it stays open, the rest ends.
    """
    gone = part(record, ranges)
    entries: list[Holding] = []
    for entry in state.entries:
        own = part(record, entry.ranges)
        ended = own.intersection(gone)
        if entry.ended_index is not None or not ended:
            entries.append(entry)
            continue
        rest = own.difference(gone)
        if rest:
            entries.append(msgspec.structs.replace(entry, ranges=rest.entries[0][1]))
        entries.append(msgspec.structs.replace(entry, ranges=ended.entries[0][1], ended_index=index))
    return HoldingState(entries=tuple(entries))
