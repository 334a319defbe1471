"""A contract of three milestones: one verified whole, one in part, one only claimed; and what may be recorded of it."""

from __future__ import annotations

import pytest

from ledger.lineage.contracts import contract_view
from ledger.lineage.trace import trace_back
from tests.ledger.rules.judging import NOWHERE, assert_breaks
from tests.ledger.rules.test_contracts import claim, payment_of, registered, verification_of
from tests.walks.asking import replayed, told
from tests.world import World

MILESTONES = [{"id": "m1", "amount": 500}, {"id": "m2", "amount": 300}, {"id": "m3", "amount": 200}]
VERIFY, MILESTONE, SUBMIT = "contract.verify", "contract.milestone", "record.submit"


@pytest.fixture
def world() -> World:
    return World.founding()


def test_a_part_is_verified_and_the_rest_stays_a_claim(world: World) -> None:
    contract = registered(world, milestones=MILESTONES)
    assert_breaks(world, "CON-3", world.submit("lender", MILESTONE, claim(contract)))
    for name in ("m1", "m2", "m3"):
        world.do("supplier", MILESTONE, claim(contract, name))
    world.do("buyer", "contract.payment", payment_of(world, contract, 800))
    supplier, buyer = world.uscc("supplier"), world.uscc("buyer")
    assert told(world, "F-UNVERIFIED") == [("F-UNVERIFIED", supplier, "CON-5", True)] * 3
    assert_breaks(world, "CON-5", world.submit("supplier", VERIFY, verification_of(contract, m1="met")))
    seen = verification_of(contract, m1=("met", 500), m2=("partially_met", 100))
    verified = world.do("verifier", VERIFY, seen)
    assert [one for one in told(world, "F-UNVERIFIED") if one[3]] == [("F-UNVERIFIED", supplier, "CON-5", True)]
    assert told(world, "F-CONTRACT-SUM") == []
    world.do("supplier", MILESTONE, claim(contract, "m3", "not_met"))
    assert [one for one in told(world, "F-UNVERIFIED") if one[3]] == []
    assert told(world, "F-CONTRACT-SUM") == [("F-CONTRACT-SUM", buyer, "CON-4", True)]

    log = replayed(world)
    view = contract_view(log, contract, log.head().size)
    assert {one.id: [found.status for found in one.verified] for one in view.milestones} == {
        "m1": ["met"], "m2": ["partially_met"], "m3": [],
    }  # fmt: skip
    assert (view.value, view.paid, view.met) == (1000, 800, 600)
    before = contract_view(log, contract, log.statements([verified])[verified].index)
    assert [one.verified for one in before.milestones] == [(), (), ()]


def test_a_credit_record_on_it_rests_on_the_verification(world: World) -> None:
    contract = registered(world, milestones=MILESTONES)
    world.do("supplier", MILESTONE, claim(contract))
    assert_breaks(world, "CON-6", world.submit("source", SUBMIT, world.record("performance")))
    nowhere = world.record("performance", performance=NOWHERE)
    assert_breaks(world, "reference.unknown", world.submit("source", SUBMIT, nowhere))
    verified = world.do("verifier", VERIFY, verification_of(contract, m1=("partially_met", 100)))
    record = world.do("source", SUBMIT, world.record("performance", performance=verified))
    log = replayed(world)
    back = trace_back(log, record, log.head().size)
    assert {step.id for step in back.supports} >= {verified, contract}
