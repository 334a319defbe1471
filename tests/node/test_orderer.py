"""Blocks: time that only grows, heartbeats, and statements that the code itself fails on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from ledger.execution import HEARTBEAT_MS
from ledger.state.effects import StateKey
from ledger.state.tables import StateRow
from ledger.state.view import Need
from ledger.statement import Statement, decode_statement
from node.checkpoints import CheckpointSigner
from node.key_store import load_keys
from node.orderer import Orderer
from node.store.store import Store
from node.talk import set_up
from tests.node.founding import NODE, found_node
from tests.world import START_MS, World


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = START_MS

    def __call__(self) -> int:
        return self.now


def orderer_at(path: Path, clock: Clock, store: type[Store] = Store, nodes: int = 1) -> tuple[Orderer, World]:
    data, genesis = found_node(path)
    signer = CheckpointSigner(load_keys(data, None), genesis.origin, NODE, nodes)
    return Orderer(store(data.database), signer, clock, set_up("test", "error")), World(genesis)


def test_time_grows_even_when_the_clock_goes_back(tmp_path: Path) -> None:
    clock = Clock()
    orderer, world = orderer_at(tmp_path / "n", clock)
    orderer.settle([decode_statement(world.sign("source", "record.submit", world.record()))])
    first = orderer.store.head.time
    clock.now -= 60_000
    orderer.settle([decode_statement(world.sign("source", "record.submit", world.record()))])
    assert orderer.store.head.time == first + 1
    orderer.store.close()


def test_a_quiet_ledger_gets_an_empty_block_each_heartbeat(tmp_path: Path) -> None:
    clock = Clock()
    orderer, _ = orderer_at(tmp_path / "n", clock)
    assert orderer.until_heartbeat() == 0
    orderer.settle([])
    assert orderer.store.head.size == 2
    assert orderer.until_heartbeat() == HEARTBEAT_MS / 1000
    clock.now += HEARTBEAT_MS - 1
    orderer.settle([])
    assert orderer.store.head.size == 2
    clock.now += 1
    assert orderer.until_heartbeat() == 0
    orderer.settle([])
    assert orderer.store.head.size == 3
    orderer.store.close()


def test_a_head_without_checkpoint_is_signed_at_the_next_start(tmp_path: Path) -> None:
    clock = Clock()
    orderer, _ = orderer_at(tmp_path / "n", clock)
    orderer.resign()
    assert not orderer.store.is_published()
    from ledger.execution import execute_block

    store = orderer.store
    store.commit(execute_block(store.head, START_MS, [], store.resident, store, store), None)
    assert not store.is_published()
    orderer.resign()
    assert store.is_published()
    store.close()


@pytest.mark.parametrize(("nodes", "state"), [(1, "witnessed"), (2, "published"), (4, "published")])
def test_a_node_alone_is_a_quorum_only_where_there_is_one(tmp_path: Path, nodes: int, state: str) -> None:
    orderer, _ = orderer_at(tmp_path / "n", Clock(), nodes=nodes)
    assert orderer.state == state
    orderer.store.close()


class Failing(Store):
    """A store that fails on one statement, as a defect of ours would."""

    poison = ""

    def subs(self, statements: Collection[Statement]) -> Mapping[str, int]:
        if any(statement.local_id == "poison" for statement in statements):
            raise RuntimeError("a defect")
        return super().subs(list(statements))

    def load(self, needs: Collection[Need]) -> Mapping[StateKey, StateRow]:
        return super().load(needs)


def test_a_defect_strikes_the_one_statement_that_has_it(tmp_path: Path) -> None:
    orderer, world = orderer_at(tmp_path / "n", Clock(), Failing)
    raws = [world.sign("source", "record.submit", world.record(), id=f"r{at}") for at in range(4)]
    raws.insert(2, world.sign("source", "record.submit", world.record(), id="poison"))
    outcomes = orderer.settle([decode_statement(raw) for raw in raws])
    assert [outcome.status for outcome in outcomes] == ["admitted", "admitted", "rejected", "admitted", "admitted"]
    assert outcomes[2].error is not None
    assert outcomes[2].error.stable_code == "internal"
    orderer.store.close()
