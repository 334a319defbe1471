"""Finding records by the tag of their subject: a family of segments in which one value may stand many times.

A key is the value, 32 bytes, with the log index behind it, so that every key is one of a kind and the runs, their
flushes and merges are those of the other families. Persons are in no row of it: what joins their records is kept by
sources and the hub, off the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, cast

from sqlalchemy import Column, Connection, select

from ledger.execution import BlockResult
from ledger.lineage.subjects import indexed_subject
from node.store.rows import insert_rows, look_up
from node.store.runs import DEFAULT_SIZES, SegmentSizes
from node.store.schema import SUBJECT
from node.store.segments import Family, KeyIndex, id_prefix

VALUE_SIZE: Final = 32
SUBJECTS: Final = Family(2, cast("Column[bytes]", SUBJECT.c.value), id_prefix)


def subject_key(value: bytes, index: int) -> bytes:
    """Return the key of the record at log index `index` about the subject `value`."""
    return value + index.to_bytes(8, "big")


class SubjectIndex(KeyIndex[bytes]):
    """The index of subject values. Not for several threads at once."""

    def __init__(self, sizes: SegmentSizes = DEFAULT_SIZES) -> None:
        super().__init__(SUBJECTS, sizes)

    def logged(self, connection: Connection, start: int, size: int) -> Iterable[tuple[bytes, int]]:
        """See KeyIndex: the keys of the records with `start` <= index < `size`."""
        query = select(SUBJECT.c.idx, SUBJECT.c.value).where(SUBJECT.c.idx >= start, SUBJECT.c.idx < size)
        return [(subject_key(value, index), index) for index, value in connection.execute(query)]

    def places(self, connection: Connection, values: Collection[bytes], size: int) -> list[int]:
        """Return the log indexes, in order, of all records about one of `values` that were logged below `size`.

        What is in no run yet, at most `flush_keys` keys, is gone through one by one.
        """
        wanted = frozenset(values)
        found = {index for key, index in self._tail.items() if key[:VALUE_SIZE] in wanted}
        candidates = {place for value in wanted for place in self._candidates(connection, self.family.prefix(value))}
        if candidates:
            sql = "SELECT s.idx, s.value FROM q JOIN subject s ON s.idx = q.idx"
            rows = look_up(connection, lambda given: f"WITH q(idx) AS ({given}) {sql}", [(i,) for i in candidates])
            stored = cast("Iterable[tuple[int, bytes]]", rows)
            found.update(place for place, value in stored if bytes(value) in wanted)
        return sorted(place for place in found if place < size)


def write_subjects(connection: Connection, result: BlockResult) -> Mapping[bytes, int]:
    """Write the subjects of the records that a block logged, and return their keys with their log indexes."""
    logged = {item.statement.statement_id: item.index for item in result.logged}
    found: list[tuple[int, bytes]] = []
    for (table, anchor, _), row in result.rows.items():
        value = indexed_subject(table, row)
        if value is not None and anchor in logged:
            found.append((logged[anchor], bytes.fromhex(value)))
    found.sort()
    insert_rows(connection, SUBJECT, found)
    return {subject_key(value, index): index for index, value in found}
