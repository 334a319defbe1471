"""References to records, and sets of them: sorted lists of ranges, never rows (docs/spec/records.md).

`<statement id>` names the one record of a `record.submit`; `<statement id>:<row>` a row of a batch. A set is a sorted
list of statement ids, each with sorted ranges of rows that neither touch nor overlap; a single record has no ranges.
Each operation is one pass over the ids and one merge of the ranges: linear in the number of ranges, not of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.encoding import JsonValue
from ledger.errors import FormError, Text

MAX_ROW: Final = 2**24 - 1
"""The largest row number: a row has 24 bits beside the log index."""

_REFERENCE = re.compile(r"([0-9a-f]{64})(?::(0|[1-9][0-9]{0,7}))?")
_ID = re.compile(r"[0-9a-f]{64}")

Range: TypeAlias = tuple[int, int]
"""First and last row, both included."""
Ranges: TypeAlias = tuple[Range, ...]


class ReferenceMalformed(FormError):
    """Not `<statement id>` or `<statement id>:<row>`."""

    code = "form.reference"
    what = Text("{text} is not a reference.", "{text} 不是有效引用。")
    why = Text("A reference is <statement id> or <statement id>:<row>.", "引用形如 <陈述编号> 或 <陈述编号>:<行号>。")


class ReferenceSetMalformed(FormError):
    """A set of references that is not in its one form."""

    code = "form.references"
    what = Text(
        "The set of references is not sorted, merged and in range at entry {position}.",
        "引用集合在第 {position} 项处未排序、未合并或越界。",
    )


class MixedReference(FormError):
    """One statement id used both as a single record and as a batch."""

    code = "form.references.mixed"
    what = Text("Statement {id} is named both as one record and by rows.", "陈述 {id} 同时被当作单条记录和批次引用。")


@dataclass(frozen=True, slots=True)
class Reference:
    """One record: its statement id in hex and, in a batch, its row. Raises `ReferenceMalformed`."""

    statement_id: str
    row: int | None = None

    def __post_init__(self) -> None:
        inside = self.row is None or (type(self.row) is int and 0 <= self.row <= MAX_ROW)
        if not inside or _ID.fullmatch(self.statement_id) is None:
            raise ReferenceMalformed(text=str(self))

    def __str__(self) -> str:
        """Return the text form."""
        return self.statement_id if self.row is None else f"{self.statement_id}:{self.row}"

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read the text form; raises `ReferenceMalformed`."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            raise ReferenceMalformed(text=text)
        return cls(found[1], None if found[2] is None else int(found[2]))

    @property
    def order(self) -> tuple[str, int]:
        """The place of a reference in a sorted list; a single record stands where a row 0 would."""
        return self.statement_id, self.row or 0


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """A set of references in its one form; raises `ReferenceSetMalformed` for any other."""

    entries: tuple[tuple[str, Ranges], ...] = ()

    def __post_init__(self) -> None:
        before = ""
        for position, (statement_id, ranges) in enumerate(self.entries):
            if _ID.fullmatch(statement_id) is None or statement_id <= before or not _is_merged(ranges):
                raise ReferenceSetMalformed(position=position)
            before = statement_id

    @classmethod
    def of(cls, references: Iterable[Reference]) -> ReferenceSet:
        """Gather references in any order; raises `MixedReference`."""
        rows: dict[str, list[int]] = {}
        single: set[str] = set()
        for reference in references:
            if reference.row is None:
                single.add(reference.statement_id)
            else:
                rows.setdefault(reference.statement_id, []).append(reference.row)
        for statement_id in single.intersection(rows):
            raise MixedReference(id=statement_id)
        merged = {statement_id: _merge([(row, row) for row in sorted(found)]) for statement_id, found in rows.items()}
        return cls(tuple(sorted((merged | dict.fromkeys(single, ())).items())))

    @classmethod
    def from_json(cls, value: object) -> ReferenceSet:
        """Read `[[statement id, [[first, last], …]], …]`; raises `ReferenceSetMalformed`."""
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            raise ReferenceSetMalformed(position=0)
        return cls(tuple(_entry(item, position) for position, item in enumerate(value)))

    def to_json(self) -> list[JsonValue]:
        """Return `[[statement id, [[first, last], …]], …]`."""
        result: list[JsonValue] = []
        for statement_id, ranges in self.entries:
            pairs: list[JsonValue] = [[first, last] for first, last in ranges]
            result.append([statement_id, pairs])
        return result

    @property
    def count(self) -> int:
        """Number of records in the set."""
        return sum(1 if not ranges else sum(last - first + 1 for first, last in ranges) for _, ranges in self.entries)

    @property
    def range_count(self) -> int:
        """Number of ranges, a single record counting as one: what operations cost."""
        return sum(len(ranges) or 1 for _, ranges in self.entries)

    def __bool__(self) -> bool:
        """Say whether the set has any record."""
        return bool(self.entries)

    def __iter__(self) -> Iterator[Reference]:
        """Go through the records in order; only for sets whose `count` the caller has bounded."""
        for statement_id, ranges in self.entries:
            if not ranges:
                yield Reference(statement_id)
            for first, last in ranges:
                for row in range(first, last + 1):
                    yield Reference(statement_id, row)

    def __contains__(self, reference: Reference) -> bool:
        """Say whether one record is in the set."""
        return self.covers(ReferenceSet.of((reference,)))

    def union(self, other: ReferenceSet) -> ReferenceSet:
        """Return what is in either; raises `MixedReference`."""
        found = dict(self.entries)
        for statement_id, ranges in other.entries:
            mine = found.get(statement_id)
            if mine is None:
                found[statement_id] = ranges
            elif bool(mine) != bool(ranges):
                raise MixedReference(id=statement_id)
            else:
                found[statement_id] = _merge(sorted((*mine, *ranges)))
        return ReferenceSet(tuple(sorted(found.items())))

    def intersection(self, other: ReferenceSet) -> ReferenceSet:
        """Return what is in both."""
        theirs = dict(other.entries)
        found: list[tuple[str, Ranges]] = []
        for statement_id, ranges in self.entries:
            against = theirs.get(statement_id)
            if against is None or bool(against) != bool(ranges):
                continue
            both = _intersect(ranges, against)
            if both or not ranges:
                found.append((statement_id, both))
        return ReferenceSet(tuple(found))

    def difference(self, other: ReferenceSet) -> ReferenceSet:
        """Return what is in this set and not in the other."""
        theirs = dict(other.entries)
        found: list[tuple[str, Ranges]] = []
        for statement_id, ranges in self.entries:
            against = theirs.get(statement_id)
            if against is None or bool(against) != bool(ranges):
                found.append((statement_id, ranges))
                continue
            rest = _subtract(ranges, against)
            if rest:
                found.append((statement_id, rest))
        return ReferenceSet(tuple(found))

    def covers(self, other: ReferenceSet) -> bool:
        """Say whether every record of the other set is in this one."""
        return not other.difference(self).entries


def _entry(item: object, position: int) -> tuple[str, Ranges]:
    """Read one entry of the JSON form."""
    if not isinstance(item, (list, tuple)) or len(item) != 2:
        raise ReferenceSetMalformed(position=position)
    statement_id, pairs = item
    if not isinstance(statement_id, str) or not isinstance(pairs, (list, tuple)):
        raise ReferenceSetMalformed(position=position)
    ranges: list[Range] = []
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ReferenceSetMalformed(position=position)
        first, last = pair
        if type(first) is not int or type(last) is not int:
            raise ReferenceSetMalformed(position=position)
        ranges.append((first, last))
    return statement_id, tuple(ranges)


def _is_merged(ranges: Ranges) -> bool:
    """Say whether ranges are in bounds, rise, and leave at least one row between them."""
    end = -2
    for first, last in ranges:
        if first <= end + 1 or not 0 <= first <= last <= MAX_ROW:
            return False
        end = last
    return True


def _merge(ranges: Iterable[Range]) -> Ranges:
    """Join sorted ranges that overlap or touch."""
    merged: list[Range] = []
    for first, last in ranges:
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def _intersect(left: Ranges, right: Ranges) -> Ranges:
    found: list[Range] = []
    here = there = 0
    while here < len(left) and there < len(right):
        first, last = max(left[here][0], right[there][0]), min(left[here][1], right[there][1])
        if first <= last:
            found.append((first, last))
        if left[here][1] < right[there][1]:
            here += 1
        else:
            there += 1
    return tuple(found)


def _subtract(left: Ranges, right: Ranges) -> Ranges:
    found: list[Range] = []
    there = 0
    for whole_first, last in left:
        first = whole_first
        while there < len(right) and right[there][1] < first:
            there += 1
        step = there
        while step < len(right) and right[step][0] <= last:
            if right[step][0] > first:
                found.append((first, right[step][0] - 1))
            first = right[step][1] + 1
            step += 1
        if first <= last:
            found.append((first, last))
    return tuple(found)
