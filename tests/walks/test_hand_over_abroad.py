"""Data leaves the jurisdiction only with a mechanism, under a grant that names where to, and no further than that."""

from __future__ import annotations

import pytest

from ledger.lineage.grants import grant_tree
from ledger.lineage.holders import holders
from tests.ledger.rules.handing import days, give, grant, offer, single, step, take
from tests.ledger.rules.judging import assert_breaks
from tests.walks.asking import replayed, told
from tests.world import World, digest_of

OFFER = "transfer.offer"
TERMS = {"mechanism": "standard_contract", "approval": digest_of("approval"), "valid_until": "2026-06-01T00:00:00Z"}


@pytest.fixture
def world() -> World:
    return World.founding()


def test_a_record_goes_abroad_and_no_further(world: World) -> None:
    record = world.do("source", "record.submit", world.record())
    source, abroad = world.uscc("source"), world.uscc("lender_abroad")
    here = give(world, "source", "lender_abroad")
    there = give(world, "source", "lender_abroad", within={"jurisdictions": ["CN", "DE"]}, data_life=300)
    to_home = offer(world, here, single(record), "lender_abroad", abroad=TERMS)
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, to_home))
    payload = offer(world, there, single(record), "lender_abroad")
    assert_breaks(world, "TRA-11", world.submit("source", OFFER, payload))
    offered = world.do("source", OFFER, payload | {"abroad": TERMS})
    for member, name in (("lender_abroad", "accept"), ("source", "release"), ("lender_abroad", "confirm")):
        take(world, member, name, offered)
    onward = grant(world, "lender", parent=there.grant)
    assert_breaks(world, "GRA-1", world.submit("lender_abroad", "grant.issue", onward))
    assert told(world) == [
        ("F-REFUSED", source, "TRA-2", True),
        ("F-REFUSED", source, "TRA-11", True),
        ("F-REFUSED", abroad, "GRA-1", True),
    ]

    log = replayed(world)
    size = log.head().size
    assert {one.member for one in holders(log, record, size - 1).holders} == {source, abroad}
    tree = grant_tree(log, there.grant, size)
    assert [hop.receiver for hop in tree.nodes[0].hops] == [abroad]
    assert "TRA-11" in {violation.rule for violation in tree.violations}
    assert "TRA-2" in {violation.rule for violation in grant_tree(log, here.grant, size).violations}


def test_a_revocation_reaches_the_holder_abroad(world: World) -> None:
    record = world.do("source", "record.submit", world.record())
    there = give(world, "source", "lender_abroad", within={"jurisdictions": ["CN", "DE"]}, data_life=300)
    offered = world.do("source", OFFER, offer(world, there, single(record), "lender_abroad", abroad=TERMS))
    take(world, "lender_abroad", "accept", offered)
    take(world, "source", "release", offered)
    waiting = world.do("source", OFFER, offer(world, there, single(record), "lender_abroad", abroad=TERMS))
    take(world, "lender_abroad", "accept", waiting)
    world.do("regulator", "grant.revoke", {"grant": there.grant, "reason": "breach"})
    assert_breaks(world, "TRA-8", step(world, "source", "release", waiting))
    world.advance(days(10))
    step(world, "lender_abroad", "confirm", offered)
    overdue = told(world, "F-OVERDUE-STOP")
    assert overdue == [("F-OVERDUE-STOP", world.uscc("lender_abroad"), "GRA-6", True)]
