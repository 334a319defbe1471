"""Execution on SQLite equals execution in memory, through closing, reopening, flushing and merging at every step."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import SuyuanError
from ledger.execution import execute_block
from ledger.state.tables import TABLES
from ledger.state.view import Need
from node.errors import AlreadyInitialised, DamagedStore, NotInitialised, SignedHeadConflict
from node.store.runs import SegmentSizes
from node.store.schema import TABLE_NUMBERS
from node.store.sqlite import open_writer
from node.store.store import Store, create_store
from tests.node.founding import found_node
from tests.node.stored_world import SMALL, StoredWorld
from tests.node.story import tell


def test_every_state_table_has_a_number_of_its_own() -> None:
    assert TABLE_NUMBERS.keys() == TABLES.keys()
    assert len(set(TABLE_NUMBERS.values())) == len(TABLE_NUMBERS)


@pytest.mark.parametrize(
    "sizes", [SMALL, SegmentSizes(), SegmentSizes(flush_keys=1, chunk_rows=1, fan_in=2, step_chunks=1)]
)
def test_the_story_gives_the_same_heads_on_disk_and_in_replay(tmp_path: Path, sizes: SegmentSizes) -> None:
    world = StoredWorld.at(tmp_path / "n", sizes)
    tell(world)
    replayed = world.replayed()
    assert replayed.head() == world.store.head
    world.store.close()


class ReopeningWorld(StoredWorld):
    """Ends the process, so to speak, after every block."""

    def _commit(self, result: object) -> None:
        super()._commit(result)  # type: ignore[arg-type]  # the argument is only passed on
        self.reopen()


def test_reopening_after_every_block_changes_nothing(tmp_path: Path) -> None:
    world = ReopeningWorld.at(tmp_path / "n")
    tell(world)
    world.replayed()
    world.store.close()


def test_a_second_submission_returns_the_first_place_forever(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    raw = world.sign("source", "record.submit", world.record())
    refused = world.sign("lender", "record.submit", world.record())
    first = world.run(raw, refused, raw)
    assert [outcome.status for outcome in first] == ["admitted", "refused", "duplicate"]
    assert first[2].index == first[0].index
    for _ in range(20):
        world.do("source", "record.submit", world.record())
    world.advance(10**10)
    world.reopen()
    again = world.run(raw, refused)
    assert [(outcome.status, outcome.index) for outcome in again] == [
        ("duplicate", first[0].index),
        ("duplicate", first[1].index),
    ]
    world.store.close()


def test_a_sub_is_used_once_across_segments(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    world.do("source", "record.submit", world.record(), id="mine")
    for _ in range(20):
        world.do("source", "record.submit", world.record())
    outcome = world.submit("source", "record.submit", world.record(), id="mine")
    assert isinstance(outcome.error, SuyuanError)
    assert outcome.error.stable_code == "REC-5"
    world.store.close()


def test_an_anchor_that_is_no_statement_has_no_rows(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    genesis = world.head.genesis_hash
    needs = [Need("record", anchor) for anchor in ("x", "f" * 64, "é" * 64, genesis)]
    assert world.store.load(needs) == {}
    assert world.store.load([Need("grant", genesis, None)]) == {}
    world.store.close()


def test_a_failed_commit_leaves_memory_as_it_was(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    world.do("source", "record.submit", world.record())
    store = world.store
    good = execute_block(store.head, world.time, [], store.resident, store, store)
    assert good.entries == []
    world.advance(700_000)
    result = execute_block(store.head, world.time, [], store.resident, store, store)
    before = store.head
    other = world.node_signer.sign(before, 1)
    with pytest.raises(SignedHeadConflict):
        # The checkpoint goes back, so the transaction that carries the block must not be committed.
        store.commit(result, type(other)(1, bytes(32), 0, 0, bytes(32), "", "published"))
    assert store.head == before
    store.commit(result, world.node_signer.sign(result.head, 1))
    assert store.head.height == before.height + 1
    store.close()


def test_a_store_is_created_once_and_must_exist(tmp_path: Path) -> None:
    data, _ = found_node(tmp_path / "n")
    with pytest.raises(AlreadyInitialised):
        create_store(data.database, _genesis_entry(data.database))
    with pytest.raises(NotInitialised):
        Store(tmp_path / "other.db")


def _genesis_entry(path: Path) -> bytes:
    return bytes(_run(path, "SELECT entry FROM leaf WHERE idx = 0")[0][0])


def _run(path: Path, sql: str) -> list[tuple[bytes, ...]]:
    engine = open_writer(path)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(sql)
        rows = [tuple(row) for row in result.fetchall()] if result.returns_rows else []
    engine.dispose()
    return rows


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        ("UPDATE leaf SET entry = x'00' WHERE idx = (SELECT max(idx) FROM leaf)", DamagedStore),
        ("UPDATE leaf SET hash = zeroblob(32) WHERE idx = 1", DamagedStore),
        ("DELETE FROM leaf WHERE idx = (SELECT max(idx) FROM leaf)", DamagedStore),
        ("UPDATE head SET peaks = zeroblob(length(peaks))", DamagedStore),
        ("UPDATE signed_head SET size = size + 1", SignedHeadConflict),
        ("UPDATE signed_head SET root = zeroblob(32)", SignedHeadConflict),
        ("UPDATE signed_head SET size = size - 1", SignedHeadConflict),
    ],
)
def test_a_damaged_database_is_not_opened(tmp_path: Path, damage: str, error: type[SuyuanError]) -> None:
    world = StoredWorld.at(tmp_path / "n")
    for _ in range(3):
        world.do("source", "record.submit", world.record())
    world.store.close()
    _run(world.data.database, damage)
    with pytest.raises(error):
        Store(world.data.database, SMALL)
