"""Counts and rates of a grant hold when many offers arrive at once, over two fronts of a running node."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.asking import Asker, asked_node, fresh_id
from tests.ledger.rules.handing import Given, grant, offer, single
from tests.world import World

THREADS = 12
OFFERS = 36
COUNT = 10
WINDOW = 86_400


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with asked_node(tmp_path_factory.mktemp("limits") / "data", fronts=2) as asker:
        yield asker


def now() -> World:
    """Return a world for payloads alone, at the clock's time."""
    world = World.founding()
    world.time = int(time.time()) * 1000
    return world


@pytest.mark.parametrize(
    "limit", [{"count": COUNT}, {"rate": {"count": COUNT, "window": WINDOW}}], ids=["count", "rate"]
)
def test_offers_at_once_never_exceed_the_grant(ask: Asker, limit: dict[str, object]) -> None:
    world = now()
    given = _given(ask, "source", "lender", grant(world, within=limit))
    records = [ask.admit("source", "record.submit", _penalty(world)) for _ in range(OFFERS)]
    raws = [
        ask.sign("source", "transfer.offer", offer(world, given, single(record)), sub_id=fresh_id())
        for record in records
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask.post, raws))
    assert Counter(answer.status_code for answer in answers) == {201: COUNT, 403: OFFERS - COUNT}
    assert {answer.json()["rule"] for answer in answers if answer.status_code == 403} == {"TRA-2"}
    tree = ask.get(f"/v1/grants/{given.grant}/tree", "auditor").json()["answer"]
    (node,) = tree["nodes"]
    assert node["limits"]["used"] == COUNT


def _penalty(world: World) -> dict[str, object]:
    return world.record()


def _given(ask: Asker, grantor: str, grantee: str, payload: dict[str, object]) -> Given:
    issued = ask.admit(grantor, "grant.issue", payload)
    return Given(issued, ask.admit(grantee, "grant.accept", {"grant": issued}))
