from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.state.tables import DUTY, DutyState
from tests.ledger.rules.test_contracts import claim, contract_of, payment_of, registered, verification_of
from tests.world import World

SUM, UNVERIFIED, DISPUTED, CODE = "F-CONTRACT-SUM", "F-UNVERIFIED", "F-CONTRACT-DISPUTED", "F-CODE"
REAL = Path(__file__).parents[4] / "shared" / "data" / "ocds" / "cdmx-release-package.json"


@pytest.fixture
def world() -> World:
    return World.founding()


def test_payments_above_the_value(world: World) -> None:
    contract = registered(world, milestones=[])
    world.do("buyer", "contract.payment", payment_of(world, contract, 1000))
    assert world.open_findings(SUM) == []
    over = world.do("buyer", "contract.payment", payment_of(world, contract, 1, "p2"))
    assert world.open_findings(SUM) == [contract]
    event = world.findings[-1][1]
    assert (event.party, event.statements, event.rule) == (world.uscc("buyer"), (contract, over), "CON-4")
    refund = payment_of(world, contract, 1, "r", payer=world.uscc("supplier"), payee=world.uscc("buyer"))
    world.do("supplier", "contract.payment", refund)
    assert world.open_findings(SUM) == []


def test_payments_above_met_amounts_where_all_are_known(world: World) -> None:
    contract = registered(world)
    world.do("supplier", "contract.milestone", claim(contract, "m1", "met"))
    world.do("buyer", "contract.payment", payment_of(world, contract, 600))
    assert world.open_findings(SUM) == []
    world.do("buyer", "contract.payment", payment_of(world, contract, 1, "p2"))
    assert world.open_findings(SUM) == [contract]
    world.do("supplier", "contract.milestone", claim(contract, "m2", "partially_met", amount=1))
    assert world.open_findings(SUM) == []
    world.do("verifier", "contract.verify", verification_of(contract, m1=("partially_met", 500)))
    assert world.open_findings(SUM) == [contract]


def test_met_amounts_that_nobody_named_are_not_guessed(world: World) -> None:
    contract = registered(world, milestones=[{"id": "m1"}, {"id": "m2", "amount": 400}])
    world.do("buyer", "contract.payment", payment_of(world, contract, 999))
    assert world.open_findings(SUM) == []


def test_the_value_paid_while_a_milestone_is_not_met(world: World) -> None:
    contract = registered(world, milestones=[{"id": "m1"}, {"id": "m2"}])
    world.do("supplier", "contract.milestone", claim(contract, "m1", "met"))
    world.do("supplier", "contract.milestone", claim(contract, "m2", "partially_met"))
    world.do("buyer", "contract.payment", payment_of(world, contract, 1000))
    assert world.open_findings(SUM) == [contract]
    world.do("supplier", "contract.milestone", claim(contract, "m2", "met"))
    assert world.open_findings(SUM) == []
    world.do("verifier", "contract.verify", verification_of(contract, m2="partially_met"))
    assert world.open_findings(SUM) == [contract]


def test_an_amendment_in_force_changes_the_picture(world: World) -> None:
    contract = registered(world, milestones=[])
    world.do("buyer", "contract.payment", payment_of(world, contract, 1100))
    assert world.open_findings(SUM) == [contract]
    terms = {"contract": contract, "value": {"amount": 1100, "currency": "CNY"}}
    proposal = world.do("buyer", "contract.amend", terms)
    assert world.open_findings(SUM) == [contract]
    world.do("supplier", "contract.amend", {**terms, "agrees": proposal})
    assert world.open_findings(SUM) == []


@pytest.mark.parametrize(("status", "claimed"), [("met", True), ("partially_met", True), ("not_met", False)])
def test_performance_that_is_claimed_but_not_verified(world: World, status: str, claimed: bool) -> None:
    contract = registered(world)
    statement = world.do("supplier", "contract.milestone", claim(contract, "m1", status))
    assert world.open_findings(UNVERIFIED) == ([f"{contract}/m1"] if claimed else [])
    if claimed:
        event = world.findings[-1][1]
        assert (event.party, event.statements) == (world.uscc("supplier"), (contract, statement))
    world.do("verifier", "contract.verify", verification_of(contract, m2="met"))
    assert world.open_findings(UNVERIFIED) == ([f"{contract}/m1"] if claimed else [])
    world.do("verifier", "contract.verify", verification_of(contract, m1="not_met"))
    assert world.open_findings(UNVERIFIED) == []


def test_a_claim_beyond_an_earlier_verification_is_unverified(world: World) -> None:
    contract = registered(world)
    world.do("verifier", "contract.verify", verification_of(contract, m1="partially_met"))
    world.do("supplier", "contract.milestone", claim(contract, "m1", "partially_met"))
    assert world.open_findings(UNVERIFIED) == []
    world.do("supplier", "contract.milestone", claim(contract, "m1", "met"))
    assert world.open_findings(UNVERIFIED) == [f"{contract}/m1"]
    world.do("buyer", "contract.milestone", claim(contract, "m1", "scheduled"))
    assert world.open_findings(UNVERIFIED) == []


def test_verifiers_that_disagree(world: World) -> None:
    contract = registered(world)
    world.do("verifier", "contract.verify", verification_of(contract, m1=("met", 600), m2="met"))
    world.do("verifier_b", "contract.verify", verification_of(contract, m1=("met", 500), m2="met"))
    assert world.open_findings(DISPUTED) == [f"{contract}/m1"]
    world.do("verifier", "contract.verify", verification_of(contract, m1=("met", 500)))
    assert world.open_findings(DISPUTED) == []
    world.do("verifier_b", "contract.verify", verification_of(contract, m1="met", m2="not_met"))
    assert world.open_findings(DISPUTED) == [f"{contract}/m2"]


def unmet(world: World, contract: str) -> list[str]:
    rows = [row for key, row in world.state.rows.items() if key[:2] == (DUTY.name, contract)]
    duties = [row for row in rows if isinstance(row, DutyState) and row.met_index is None]
    return [duty.about.removeprefix(f"{contract}/") for duty in sorted(duties, key=lambda duty: duty.due)]


def test_the_payment_plan_is_the_buyers_duty(world: World) -> None:
    plan = [{"due": "2026-05-01", "amount": 500}, {"due": "2026-04-01", "amount": 300}]
    contract = registered(world, plan=plan)
    first = world.row(DUTY, contract, f"contract.payment:{world.uscc('buyer')}:{contract}/0")
    assert first is not None
    # The first instalment to fall due comes first; its day ends at 16:00 UTC.
    assert (first.due, unmet(world, contract)) == (1_775_059_200_000, ["0", "1"])
    world.do("buyer", "contract.payment", payment_of(world, contract, 299))
    assert unmet(world, contract) == ["0", "1"]
    paid = world.do("buyer", "contract.payment", payment_of(world, contract, 1, "p2"))
    assert unmet(world, contract) == ["1"]
    first = world.row(DUTY, contract, f"contract.payment:{world.uscc('buyer')}:{contract}/0")
    assert first is not None
    assert first.met_by == paid
    world.do("buyer", "contract.payment", payment_of(world, contract, 500, "p3"))
    assert unmet(world, contract) == []


def test_a_new_plan_takes_the_place_of_the_old_one(world: World) -> None:
    contract = registered(world, plan=[{"due": "2026-04-01", "amount": 300}, {"due": "2026-05-01", "amount": 500}])
    world.do("buyer", "contract.payment", payment_of(world, contract, 300))
    plan = [{"due": "2026-06-01", "amount": 100}, {"due": "2026-07-01", "amount": 250}]
    terms = {"contract": contract, "plan": plan}
    proposal = world.do("buyer", "contract.amend", terms)
    assert unmet(world, contract) == ["1"]
    world.do("supplier", "contract.amend", {**terms, "agrees": proposal})
    assert unmet(world, contract) == ["3"]
    world.do("buyer", "contract.payment", payment_of(world, contract, 50, "p2"))
    assert unmet(world, contract) == []


@pytest.mark.parametrize(("outcome", "left"), [("completed", ["0"]), ("terminated", []), ("cancelled", [])])
def test_a_contract_that_ends_early_leaves_no_payment_due(world: World, outcome: str, left: list[str]) -> None:
    contract = registered(world, plan=[{"due": "2026-04-01", "amount": 300}])
    close = {"contract": contract, "outcome": outcome}
    proposal = world.do("buyer", "contract.close", close)
    assert unmet(world, contract) == ["0"]
    world.do("supplier", "contract.close", {**close, "agrees": proposal})
    assert unmet(world, contract) == left


def test_quoted_codes_that_fail_their_check(world: World) -> None:
    good = world.uscc("supplier")
    quoted = [
        {"scheme": "USCC", "code": good},
        {"scheme": "USCC", "code": "91110000600037341N"},
        {"scheme": "USCC", "code": "91110000600037341N"},
        {"scheme": "ORG", "code": good[8:17]},
        {"scheme": "ORG", "code": f"{good[8:16]}-{good[16]}"},
        {"scheme": "ORG", "code": "00000001X"},
        {"scheme": "OTHER", "code": "MX-RFC-anything"},
    ]
    contract = world.do("buyer", "contract.register", contract_of(world, quoted=quoted))
    assert world.open_findings(CODE) == [f"{contract}/00000001X", f"{contract}/91110000600037341N"]


def real_facts() -> tuple[int, list[str], list[tuple[str, int]]]:
    """Value, milestone ids and payments in minor units of the real contract, as published."""
    if not REAL.exists():
        pytest.skip(f"the published contract is not at {REAL.name}")
    package = json.loads(REAL.read_text(encoding="utf-8"), parse_float=Decimal)
    contract = next(one for one in package["releases"][0]["contracts"] if one.get("implementation"))
    milestones = contract["implementation"].get("milestones") or contract["milestones"]
    transactions = contract["implementation"]["transactions"]
    return (
        int(Decimal(contract["value"]["amount"]) * 100),
        [f"{number}" for number, one in enumerate(milestones, 1) if one["status"] == "partiallyMet"],
        [(f"{n}", int(Decimal(one["amount"]["amount"]) * 100)) for n, one in enumerate(transactions, 1)],
    )


def test_the_real_contract_yields_its_findings_by_itself(world: World) -> None:
    value, milestones, payments = real_facts()
    assert (value, len(milestones), len(payments)) == (131_126_400, 12, 11)
    contract = registered(
        world,
        contract="OCDS-87SD3T-AD-SF-DRM-063-2015",
        value={"amount": value, "currency": "MXN"},
        milestones=[{"id": name} for name in milestones],
    )
    for name in milestones:
        world.do("supplier", "contract.milestone", claim(contract, name, "partially_met"))
    for name, amount in payments:
        assert world.open_findings(SUM) == []
        money = {"amount": amount, "currency": "MXN"}
        world.do("buyer", "contract.payment", payment_of(world, contract, 1, name, amount=money))
    assert world.open_findings(SUM) == [contract]
    assert world.open_findings(UNVERIFIED) == [f"{contract}/{name}" for name in milestones]
    for name in milestones[:-1]:
        world.do("verifier", "contract.verify", verification_of(contract, **{name: "met"}))
    assert world.open_findings(SUM) == [contract]
    world.do("verifier", "contract.verify", verification_of(contract, **{milestones[-1]: "met"}))
    assert world.open_findings(SUM) == []
    assert world.open_findings(UNVERIFIED) == []
