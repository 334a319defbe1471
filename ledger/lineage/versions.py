"""Every version of a set of records, earlier and later, by the edges of their corrections."""

from __future__ import annotations

from ledger.lineage.ranges import WHOLE, grow, intersect
from ledger.lineage.source import LineageSource
from ledger.references import ReferenceSet
from ledger.state.tables import Ranges


def every_version(source: LineageSource, references: ReferenceSet, as_of: int) -> ReferenceSet:
    """Return `references` with every version of them that was logged below size `as_of`."""
    lists: dict[str, Ranges] = dict(references.entries)
    new = set(lists)
    while new:
        asked = sorted(new)
        new = set()
        for edge in source.edges_from(asked, as_of):
            passes = edge.kind == "corrects" and intersect(lists[edge.source], edge.ranges) is not None
            if passes and grow(lists, {edge.target: WHOLE}):
                new.add(edge.target)
        for edge in source.edges_to(asked, as_of):
            if edge.kind == "corrects" and grow(lists, {edge.source: edge.ranges}):
                new.add(edge.source)
    return ReferenceSet(tuple(sorted(lists.items())))
