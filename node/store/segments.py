"""Finding a log index by a key that is random: immutable sorted runs, and what was logged since in memory.

A family keeps for one column of `statement` where each value stands. New keys stay in memory until `flush_keys` of
them have gathered at the end of a block; they then become a run, written in that block's transaction. Flush points are
a function of the log alone. At start the keys after the last run are read back from the rows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Generic, TypeVar, cast

from sqlalchemy import Column, Connection, func, select
from sqlalchemy.exc import NoResultFound

from node.store.rows import insert_rows, look_up
from node.store.runs import (
    DEFAULT_SIZES,
    PREFIX_SIZE,
    Filter,
    Run,
    SegmentSizes,
    chunks_with,
    cut,
    fences_of,
    row,
    split_fences,
    values_of,
)
from node.store.schema import CHUNK, ROW_BITS, SEGMENT, STATEMENT

K = TypeVar("K", bound=str | bytes)

CACHED_CHUNKS: Final = 256
"""Chunks of 64 KiB that an index keeps in memory."""


@dataclass(frozen=True, slots=True)
class Family(Generic[K]):
    """One kind of key: its number in the tables, the column that holds the full key, and the prefix of a key."""

    number: int
    column: Column[K]
    prefix: Callable[[K], bytes]


def statement_key(text: str) -> bytes | None:
    """Return the 32 bytes of a statement id, None for what is none."""
    if len(text) != 64:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def id_prefix(key: bytes) -> bytes:
    """Return the first bytes of a statement id, which is a hash already."""
    return key[:PREFIX_SIZE]


def sub_prefix(key: str) -> bytes:
    """Return the first bytes of the SHA-256 of a sub."""
    return sha256(key.encode()).digest()[:PREFIX_SIZE]


IDS: Final = Family(0, cast("Column[bytes]", STATEMENT.c.id), id_prefix)
SUBS: Final = Family(1, cast("Column[str]", STATEMENT.c.sub), sub_prefix)


@dataclass(frozen=True, slots=True)
class Flush:
    """A run that has been written but whose transaction has not ended yet."""

    run: Run
    chunks: tuple[bytes, ...]


class KeyIndex(Generic[K]):
    """The index of one family. Not for several threads at once.

    `with_filters` loads the runs' filters: worth its memory where absent keys are looked for, which is in the writer.
    """

    def __init__(self, family: Family[K], sizes: SegmentSizes = DEFAULT_SIZES, *, with_filters: bool = False) -> None:
        self.family: Family[K] = family
        self.sizes = sizes
        self.runs: list[Run] = []
        self.end = 0
        self._with_filters = with_filters
        self._tail: dict[K, int] = {}
        self._tail_start = 0
        self._chunks: OrderedDict[int, bytes] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Keys that are in no run yet."""
        return len(self._tail)

    def refresh(self, connection: Connection, size: int) -> None:
        """Read what the log of `size` leaves has beyond what this index knows."""
        if size == self.end and size:
            return
        self._refresh_runs(connection)
        start = max(self.end, self._tail_start)
        if size > start:
            self._tail.update(self.logged(connection, start, size))
        self.end = max(self.end, size)

    def logged(self, connection: Connection, start: int, size: int) -> Iterable[tuple[K, int]]:
        """Return the keys of this family that were logged with `start` <= index < `size`."""
        rows = connection.execute(
            select(self.family.column, STATEMENT.c.idx).where(STATEMENT.c.idx >= start, STATEMENT.c.idx < size)
        )
        return [(key, index) for key, index in rows]

    def _refresh_runs(self, connection: Connection) -> None:
        rows = connection.execute(select(SEGMENT.c.number).where(SEGMENT.c.family == self.family.number))
        stored = {number for (number,) in rows}
        known = {run.number for run in self.runs}
        if stored == known:
            return
        kept = [run for run in self.runs if run.number in stored]
        self.set_runs([*kept, *load_runs(connection, stored - known, with_filters=self._with_filters)])
        if self.runs and self.runs[-1].end > self._tail_start:
            self._drop_tail(self.runs[-1].end)

    def set_runs(self, runs: Iterable[Run]) -> None:
        """Replace the runs, as a merge does."""
        self.runs = sorted(runs, key=lambda run: run.first)

    def _drop_tail(self, end: int) -> None:
        self._tail = {key: index for key, index in self._tail.items() if index >= end}
        self._tail_start = end

    def find(self, connection: Connection, keys: Collection[K], size: int) -> dict[K, int]:
        """Return the log index of each key that was logged below `size`; the stored row is always compared."""
        try:
            return self._find(connection, keys, size)
        except NoResultFound:
            # Another process has merged runs since they were read here, and their chunks are gone.
            self._refresh_runs(connection)
            return self._find(connection, keys, size)

    def _find(self, connection: Connection, keys: Collection[K], size: int) -> dict[K, int]:
        found: dict[K, int] = {}
        candidates: dict[int, list[K]] = {}
        for key in keys:
            index = self._tail.get(key)
            if index is not None:
                if index < size:
                    found[key] = index
            elif self.runs:
                for place in self._candidates(connection, self.family.prefix(key)):
                    candidates.setdefault(place, []).append(key)
        if candidates:
            column = self.family.column.name
            sql = f"SELECT s.idx, s.{column} FROM q JOIN statement s ON s.idx = q.idx"  # noqa: S608  # a schema's name
            rows = look_up(connection, lambda values: f"WITH q(idx) AS ({values}) {sql}", [(i,) for i in candidates])
            stored = cast("Iterable[tuple[int, K]]", rows)
            found.update((full, place) for place, full in stored if full in candidates[place] and place < size)
        return found

    def _candidates(self, connection: Connection, prefix: bytes) -> list[int]:
        return [
            place
            for run in self.runs
            if run.filter.may_hold(prefix)
            for position in chunks_with(run.fences, prefix)
            for place in values_of(self._chunk(connection, run.number << ROW_BITS | position), prefix)
        ]

    def _chunk(self, connection: Connection, place: int) -> bytes:
        data = self._chunks.get(place)
        if data is None:
            data = bytes(connection.execute(select(CHUNK.c.data).where(CHUNK.c.place == place)).scalar_one())
            self._chunks[place] = data
            if len(self._chunks) > CACHED_CHUNKS:
                self._chunks.popitem(last=False)
        else:
            self._chunks.move_to_end(place)
        return data

    def flush(
        self, connection: Connection, new: Mapping[K, int], take_number: Callable[[], int], size: int
    ) -> Flush | None:
        """Write a run when `new` keys bring those in memory to `flush_keys`; the caller commits.

        The run covers the log up to `size`. Nothing in memory changes until `applied`.
        """
        if len(self._tail) + len(new) < self.sizes.flush_keys:
            return None
        number = take_number()
        prefix = self.family.prefix
        rows = sorted(row(prefix(key), index) for keys in (self._tail, new) for key, index in keys.items())
        chunks = cut(rows, self.sizes.chunk_rows)
        held = Filter.for_keys(len(rows))
        held.add(rows)
        first = self.runs[-1].end if self.runs else 0
        fences = tuple(split_fences(fences_of(chunks)))
        run = Run(number, self.family.number, 0, first, size, len(rows), fences, held)
        insert_rows(connection, CHUNK, [(number << ROW_BITS | at, chunk) for at, chunk in enumerate(chunks)])
        insert_rows(connection, SEGMENT, [segment_row(run)])
        return Flush(run, tuple(chunks))

    def applied(self, new: Mapping[K, int], flush: Flush | None, size: int) -> None:
        """Take over what a committed block added."""
        if flush is None:
            self._tail.update(new)
        else:
            self.runs.append(flush.run)
            self._tail = {}
            self._tail_start = flush.run.end
        self.end = size


def segment_row(run: Run) -> tuple[int, int, int, int, int, int, bytes, bytes]:
    """Return a run as its row in `segment`."""
    return (
        run.number, run.family, run.level, run.first, run.end, run.count, b"".join(run.fences), bytes(run.filter.bits),
    )  # fmt: skip


def load_runs(connection: Connection, numbers: Collection[int], *, with_filters: bool) -> Sequence[Run]:
    """Return the runs of these numbers; without filters every run may hold every key."""
    columns = [SEGMENT.c.number, SEGMENT.c.family, SEGMENT.c.level, SEGMENT.c.first, SEGMENT.c.end, SEGMENT.c.count]
    filters = [SEGMENT.c.filter] if with_filters else []
    query = select(*columns, SEGMENT.c.fences, *filters).where(SEGMENT.c.number.in_(list(numbers)))
    return [
        Run(number, family, level, first, end, count, tuple(split_fences(fences)), Filter(b"".join(held)))
        for number, family, level, first, end, count, fences, *held in connection.execute(query)
    ]


def next_number(connection: Connection) -> int:
    """Return a segment number that no run and no chunk has."""
    segment = connection.execute(select(func.max(SEGMENT.c.number))).scalar() or 0
    chunk = connection.execute(select(func.max(CHUNK.c.place))).scalar() or 0
    return int(max(segment, chunk >> ROW_BITS)) + 1
