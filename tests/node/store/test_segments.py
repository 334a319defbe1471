"""Segments against a dictionary: flush and merge boundaries, equal prefixes, and what a crash leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Engine, func, select

from node.store.merging import Merger
from node.store.migrate import upgrade
from node.store.rows import insert_rows
from node.store.runs import Filter, SegmentSizes, chunks_with, cut, fences_of, row, split_fences, split_rows, values_of
from node.store.schema import CHUNK, SEGMENT, STATEMENT
from node.store.segments import IDS, SUBS, Family, KeyIndex
from node.store.sqlite import open_writer

SIZES = SegmentSizes(flush_keys=10, chunk_rows=4, fan_in=3, step_chunks=2)
SAME = Family(IDS.number, cast("Column[bytes]", STATEMENT.c.id), lambda _: b"\x07" * 8)
"""Every key has the same prefix: only the stored rows tell keys apart."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_writer(tmp_path / "s.db")
    upgrade(engine)
    yield engine
    engine.dispose()


def key_of(number: int) -> bytes:
    return sha256(f"key {number}".encode()).digest()


class Log:
    """Appends statements' rows in blocks, as the store does, for one family."""

    def __init__(self, engine: Engine, family: Family[bytes] = IDS, sizes: SegmentSizes = SIZES) -> None:
        self.engine, self.family, self.sizes = engine, family, sizes
        self.size = 0
        self.keys: dict[bytes, int] = {}
        self.open()

    def open(self) -> None:
        self.index = KeyIndex(self.family, self.sizes, with_filters=True)
        with self.engine.begin() as connection:
            self.index.refresh(connection, self.size)
            self.merger = Merger(connection, self.sizes, (self.index,))

    def block(self, count: int) -> None:
        new = {key_of(self.size + at): self.size + at for at in range(count)}
        end = self.size + count
        with self.engine.begin() as connection:
            rows = [(index, key, b"", "", "", str(index), 0, 0, None) for key, index in new.items()]
            insert_rows(connection, STATEMENT, rows)
            flush = self.index.flush(connection, new, self.merger.take_number, end)
        self.index.applied(new, flush, end)
        self.size = end
        self.keys |= new

    def merge(self, steps: int = 1000) -> None:
        for _ in range(steps):
            if not self.merger.has_work():
                return
            with self.engine.begin() as connection:
                self.merger.step(connection)
            self.merger.applied()

    def check(self, index: KeyIndex[bytes] | None = None) -> None:
        index = index or self.index
        absent = [key_of(-1 - at) for at in range(20)]
        with self.engine.begin() as connection:
            index.refresh(connection, self.size)
            assert index.find(connection, [*self.keys, *absent], self.size) == self.keys
            half = self.size // 2
            assert index.find(connection, list(self.keys), half) == {k: i for k, i in self.keys.items() if i < half}


@pytest.mark.parametrize("family", [IDS, SAME])
def test_every_key_is_found_through_flushes_merges_and_reopening(engine: Engine, family: Family[bytes]) -> None:
    log = Log(engine, family)
    follower = KeyIndex(family, SIZES)
    for number in range(60):
        log.block(number % 7)
        if number % 3 == 0:
            log.merge(steps=2)
        log.check()
        log.check(follower)
        if number % 11 == 0:
            log.open()
            log.check()
    log.merge()
    log.check()
    log.check(follower)
    assert max(run.level for run in log.index.runs) >= 2


@pytest.mark.parametrize("count", [9, 10, 11])
def test_a_run_is_written_when_exactly_enough_keys_have_gathered(engine: Engine, count: int) -> None:
    log = Log(engine)
    for _ in range(count):
        log.block(1)
    assert len(log.index.runs) == (count >= 10)
    assert log.index.waiting == (count if count < 10 else count - 10)
    log.check()


def test_runs_depend_on_the_log_alone_not_on_when_merges_happened(tmp_path: Path) -> None:
    def runs(eager: bool) -> list[tuple[int, ...]]:
        engine = open_writer(tmp_path / f"{eager}.db")
        upgrade(engine)
        log = Log(engine)
        for _ in range(41):
            log.block(5)
            if eager:
                log.merge()
            else:
                log.open()
        log.merge()
        log.check()
        with engine.begin() as connection:
            found = [_content(connection, run.number) for run in log.index.runs]
        engine.dispose()
        return found

    assert runs(eager=True) == runs(eager=False)


def _content(connection: Connection, number: int) -> tuple[int, ...]:
    first, end, level = connection.execute(
        select(SEGMENT.c.first, SEGMENT.c.end, SEGMENT.c.level).where(SEGMENT.c.number == number)
    ).one()
    chunks = connection.execute(
        select(CHUNK.c.data).where(CHUNK.c.place >= number << 24, CHUNK.c.place < (number + 1) << 24)
    )
    rows = [item for (data,) in chunks.all() for item in split_rows(data)]
    assert rows == sorted(rows)
    return (first, end, level, len(rows), hash(tuple(rows)))


def test_a_merge_that_a_crash_ended_leaves_nothing_behind(engine: Engine) -> None:
    log = Log(engine)
    for _ in range(3):
        log.block(10)
    log.merge(steps=1)
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(CHUNK)).scalar_one() > 9
    log.open()
    log.check()
    log.merge()
    log.check()
    (run,) = log.index.runs
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(CHUNK)).scalar_one() == len(run.fences)


def test_a_reader_with_runs_that_were_merged_away_reads_the_new_ones(engine: Engine) -> None:
    log = Log(engine)
    for _ in range(3):
        log.block(10)
    follower = KeyIndex(IDS, SIZES)
    with engine.begin() as connection:
        follower.refresh(connection, log.size)
    log.merge()
    with engine.begin() as connection:
        follower.refresh(connection, log.size)
        assert len(follower.runs) == 3
        assert follower.find(connection, list(log.keys), log.size) == log.keys
        assert len(follower.runs) == 1


def test_subs_are_found_by_text(engine: Engine) -> None:
    index = KeyIndex(SUBS, SIZES, with_filters=True)
    new = {f"urn:suyuan:record:X:{at}": at for at in range(30)}
    with engine.begin() as connection:
        rows = [(at, key_of(at), b"", "", "", sub, 0, 0, None) for sub, at in new.items()]
        insert_rows(connection, STATEMENT, rows)
        flush = index.flush(connection, new, lambda: 1, 30)
    index.applied(new, flush, 30)
    assert index.waiting == 0
    with engine.begin() as connection:
        assert index.find(connection, [*new, "urn:other"], 30) == new


@given(
    st.lists(st.tuples(st.binary(min_size=8, max_size=8), st.integers(0, 2**63 - 1)), max_size=60), st.integers(1, 9)
)
def test_a_cut_run_gives_exactly_the_values_of_a_prefix(pairs: list[tuple[bytes, int]], chunk_rows: int) -> None:
    rows = sorted(row(prefix, index) for prefix, index in pairs)
    chunks = cut(rows, chunk_rows)
    fences = split_fences(fences_of(chunks))
    held = Filter.for_keys(len(rows))
    held.add(rows)
    for prefix in {prefix for prefix, _ in pairs} | {bytes(8), b"\xff" * 8}:
        found = [value for at in chunks_with(fences, prefix) for value in values_of(chunks[at], prefix)]
        assert sorted(found) == sorted(index for other, index in pairs if other == prefix)
        if found:
            assert held.may_hold(prefix)


def test_the_filter_keeps_most_absent_keys_out() -> None:
    held = Filter.for_keys(10_000)
    held.add(row(key_of(number)[:8], 0) for number in range(10_000))
    wrong = sum(held.may_hold(key_of(number)[:8]) for number in range(10_000, 20_000))
    assert wrong < 500
