"""What issuers have destroyed of their own lists, for question 3: they hold what they signed until they attest it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from ledger.lineage.ranges import WHOLE, intersect
from ledger.lineage.source import LineageSource
from ledger.references import ReferenceSet
from ledger.state.case_tables import DESTROYED, DestroyedState, Destruction
from ledger.state.tables import Ranges
from ledger.state.view import Need

_ANY = "0" * 64


def destructions(source: LineageSource, owners: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[Destruction]]:
    """Return by list what its owner has destroyed of it; `owners` are (list, member)."""
    rows = source.state([Need(DESTROYED.name, id_, member) for id_, member in owners])
    return {anchor: cast("DestroyedState", row).entries for (_, anchor, _), row in rows.items()}


def held_by_issuer(
    rows: Ranges, gone: Sequence[Destruction], then: int, as_of: int
) -> Iterator[tuple[Ranges, int | None]]:
    """Yield what of `rows` the issuer held at size `then`, in parts: until which log index below `as_of`, None: still.

    A list that is asked about as a whole is one part: it ends when all of it was destroyed by one statement.
    """
    left = rows
    for entry in gone:
        common = intersect(rows, entry.ranges)
        if entry.index >= as_of or common is None:
            continue
        if rows != WHOLE:
            rest = _difference(left, common)
        elif entry.ranges == WHOLE:
            rest = None
        else:
            continue
        if entry.index >= then:
            yield common, entry.index
        if rest is None:
            return
        left = rest
    yield left, None


def _difference(rows: Ranges, gone: Ranges) -> Ranges | None:
    rest = ReferenceSet(((_ANY, rows),)).difference(ReferenceSet(((_ANY, gone),)))
    return rest.entries[0][1] if rest else None
