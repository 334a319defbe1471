"""Sets of rows of one list as sorted ranges, with () for the whole list.

A trace carries such a set along every edge and goes on only where the edge's rows meet it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ledger.state.tables import Ranges, ReferenceRows

WHOLE: Ranges = ()
"""The whole list: a single statement, or every row of a batch."""

RowSets = Mapping[str, Ranges]
"""Row sets by the id of their list."""


def intersect(first: Ranges, second: Ranges) -> Ranges | None:
    """Return the rows in both, or None when they share none."""
    if first == WHOLE:
        return second
    if second == WHOLE:
        return first
    found: list[tuple[int, int]] = []
    left = right = 0
    while left < len(first) and right < len(second):
        start = max(first[left][0], second[right][0])
        end = min(first[left][1], second[right][1])
        if start <= end:
            found.append((start, end))
        if first[left][1] < second[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found) or None


def unite(first: Ranges, second: Ranges) -> Ranges:
    """Return the rows in either, merged."""
    if WHOLE in (first, second):
        return WHOLE
    merged: list[tuple[int, int]] = []
    for start, end in sorted((*first, *second)):
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def intersect_sets(first: RowSets, second: RowSets) -> dict[str, Ranges]:
    """Return the rows in both sets, list by list; lists without a common row are left out."""
    both = ((id_, intersect(first[id_], second[id_])) for id_ in first if id_ in second)
    return {id_: rows for id_, rows in both if rows is not None}


def grow(sets: dict[str, Ranges], added: RowSets) -> bool:
    """Add rows to `sets` in place and say whether it grew."""
    grown = False
    for id_, rows in added.items():
        old = sets.get(id_)
        new = rows if old is None else unite(old, rows)
        if new != old:
            sets[id_] = new
            grown = True
    return grown


def as_sets(references: Iterable[tuple[str, Ranges]]) -> dict[str, Ranges]:
    """Return a canonical reference set as row sets by list."""
    return dict(references)


def as_references(sets: RowSets) -> ReferenceRows:
    """Return row sets as a canonical reference set, sorted by id."""
    return tuple(sorted(sets.items()))
