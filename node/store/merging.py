"""Merging runs: `fan_in` neighbouring runs of one level become one of the next, in bounded steps between blocks.

What is merged depends on the runs alone, so it is a function of the log, whenever the steps are done. A step writes a
few chunks under the number of the run to come; until its row exists nobody looks at them, and what a crash leaves
behind is removed in the same bounded way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, select

from node.failpoints import failpoint
from node.store.rows import insert_rows
from node.store.runs import Filter, Run, SegmentSizes, cut, fences_of, split_fences, split_rows
from node.store.schema import CHUNK, ROW_BITS, SEGMENT
from node.store.segments import KeyIndex, next_number, segment_row


@dataclass(slots=True)
class _Merge:
    """One merge under way: where each input stands, rows read but not written, what was written."""

    index: KeyIndex[bytes] | KeyIndex[str]
    inputs: list[Run]
    number: int
    filter: Filter
    positions: list[int] = field(default_factory=list)
    rows: list[list[bytes]] = field(default_factory=list)
    fences: list[bytes] = field(default_factory=list)
    written: int = 0


class Merger:
    """Decides and does the merges of all families, and numbers the runs."""

    def __init__(
        self, connection: Connection, sizes: SegmentSizes, indexes: Sequence[KeyIndex[bytes] | KeyIndex[str]]
    ) -> None:
        self._sizes = sizes
        self._indexes = indexes
        self._number = next_number(connection)
        self._merge: _Merge | None = None
        self._done: tuple[_Merge, Run] | None = None
        self._garbage: deque[int] = deque(_orphans(connection))

    def take_number(self) -> int:
        """Return a number that no other run gets."""
        self._number += 1
        return self._number - 1

    def has_work(self) -> bool:
        """Whether there is a step to do."""
        if self._merge is None:
            self._merge = self._next()
        return bool(self._garbage) or self._merge is not None

    def step(self, connection: Connection) -> None:
        """Do one step in the caller's transaction; `applied` must follow its commit."""
        if self._garbage:
            places = [self._garbage[at] for at in range(min(len(self._garbage), self._sizes.step_chunks))]
            connection.execute(delete(CHUNK).where(CHUNK.c.place.in_(places)))
            for _ in places:
                self._garbage.popleft()
        elif self._merge is not None:
            self._write(connection, self._merge)
            failpoint("merge.step")

    def applied(self) -> None:
        """Take over the result of a merge whose last step was committed."""
        if self._done is None:
            return
        merge, run = self._done
        gone = {old.number for old in merge.inputs}
        merge.index.set_runs([*(old for old in merge.index.runs if old.number not in gone), run])
        for old in merge.inputs:
            self._garbage.extend(old.number << ROW_BITS | at for at in range(len(old.fences)))
        self._merge = self._done = None

    def _next(self) -> _Merge | None:
        for index in self._indexes:
            for level in sorted({run.level for run in index.runs}):
                runs = [run for run in index.runs if run.level == level]
                if len(runs) >= self._sizes.fan_in:
                    inputs = runs[: self._sizes.fan_in]
                    empty = Filter.for_keys(sum(run.count for run in inputs))
                    merge = _Merge(index, inputs, self.take_number(), empty)
                    merge.positions = [0] * len(inputs)
                    merge.rows = [[] for _ in inputs]
                    return merge
        return None

    def _write(self, connection: Connection, merge: _Merge) -> None:
        """Write up to `step_chunks` chunks of the merged run, and its row when it is complete."""
        size, wanted = self._sizes.chunk_rows, self._sizes.chunk_rows * self._sizes.step_chunks
        out: list[bytes] = []
        while len(out) < wanted and self._fill(connection, merge):
            out += _take(merge, wanted - len(out))
        merge.filter.add(out)
        chunks = cut(out, size)
        base = merge.number << ROW_BITS | len(merge.fences)
        insert_rows(connection, CHUNK, [(base + at, chunk) for at, chunk in enumerate(chunks)])
        merge.fences += split_fences(fences_of(chunks))
        merge.written += len(out)
        if merge.written == sum(run.count for run in merge.inputs):
            first, last = merge.inputs[0], merge.inputs[-1]
            run = Run(
                merge.number, first.family, first.level + 1, first.first, last.end, merge.written,
                tuple(merge.fences), merge.filter,
            )  # fmt: skip
            connection.execute(delete(SEGMENT).where(SEGMENT.c.number.in_([old.number for old in merge.inputs])))
            insert_rows(connection, SEGMENT, [segment_row(run)])
            self._done = (merge, run)

    def _fill(self, connection: Connection, merge: _Merge) -> bool:
        """Read the next chunk of every input that has no rows left in memory; false when all are used up."""
        for at, run in enumerate(merge.inputs):
            if not merge.rows[at] and merge.positions[at] < len(run.fences):
                place = run.number << ROW_BITS | merge.positions[at]
                data = connection.execute(select(CHUNK.c.data).where(CHUNK.c.place == place)).scalar_one()
                merge.rows[at] = split_rows(data)
                merge.positions[at] += 1
        return any(merge.rows)


def _take(merge: _Merge, limit: int) -> list[bytes]:
    """Return rows, sorted, that nothing still unread can precede; at most `limit`."""
    unread = [rows[-1] for at, rows in enumerate(merge.rows) if rows and _has_more(merge, at)]
    bound = min(unread) if unread else None
    taken: list[bytes] = []
    for at, rows in enumerate(merge.rows):
        cut_at = len(rows) if bound is None else _upper(rows, bound)
        taken += rows[:cut_at]
        merge.rows[at] = rows[cut_at:]
    taken.sort()
    if len(taken) > limit:
        # What is too much for this step goes back in front of the first input, which stays sorted by itself.
        merge.rows[0] = sorted(taken[limit:] + merge.rows[0])
        taken = taken[:limit]
    return taken


def _has_more(merge: _Merge, at: int) -> bool:
    return merge.positions[at] < len(merge.inputs[at].fences)


def _upper(rows: Sequence[bytes], bound: bytes) -> int:
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle] <= bound:
            low = middle + 1
        else:
            high = middle
    return low


def _orphans(connection: Connection) -> Iterable[int]:
    """Return the places of chunks that belong to no run: a crash ended the merge that wrote them."""
    numbers = {number for (number,) in connection.execute(select(SEGMENT.c.number))}
    places = connection.execute(select(CHUNK.c.place))
    return [place for (place,) in places if place >> ROW_BITS not in numbers]
