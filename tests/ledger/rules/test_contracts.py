from __future__ import annotations

from typing import Any

import pytest

from ledger.state.tables import AGREEMENT, CONTRACT, MILESTONE, PAYMENT
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, changed, digest_of


@pytest.fixture
def world() -> World:
    return World.founding()


def contract_of(world: World, **changes: object) -> dict[str, object]:
    payload: dict[str, object] = {
        "contract": "C-2026-1",
        "buyer": world.uscc("buyer"),
        "supplier": world.uscc("supplier"),
        "value": {"amount": 1000, "currency": "CNY"},
        "milestones": [{"id": "m1", "amount": 600, "due": "2026-04-01"}, {"id": "m2", "amount": 400}],
    }
    return changed(payload, changes)


def payment_of(
    world: World, contract: str, minor: int = 100, number: str = "p1", **changes: object
) -> dict[str, object]:
    payload: dict[str, object] = {
        "contract": contract,
        "payment": number,
        "amount": {"amount": minor, "currency": "CNY"},
        "payer": world.uscc("buyer"),
        "payee": world.uscc("supplier"),
        "day": "2026-03-01",
    }
    return changed(payload, changes)


def verification_of(contract: str, **outcomes: object) -> dict[str, object]:
    results = [
        {"milestone": name, "outcome": value} if isinstance(value, str) else {"milestone": name, **_fields(value)}
        for name, value in outcomes.items()
    ]
    return {"contract": contract, "results": results, "evidence": digest_of("evidence")}


def _fields(value: object) -> dict[str, object]:
    assert isinstance(value, tuple)
    return {"outcome": value[0], "amount": value[1]}


def registered(world: World, **changes: object) -> str:
    return world.do("buyer", "contract.register", contract_of(world, **changes))


def claim(contract: str, milestone: str = "m1", status: str = "met", **more: object) -> dict[str, object]:
    return {"contract": contract, "milestone": milestone, "status": status, **more}


def test_every_required_field_is_required(world: World) -> None:
    contract = registered(world)
    assert_needs_every_field(world, "buyer", "contract.register", contract_of(world))
    assert_needs_every_field(world, "buyer", "contract.amend", {"contract": contract, "plan": []})
    assert_needs_every_field(world, "buyer", "contract.close", {"contract": contract, "outcome": "completed"})
    assert_needs_every_field(world, "buyer", "contract.milestone", claim(contract))
    assert_needs_every_field(world, "buyer", "contract.payment", payment_of(world, contract))
    assert_needs_every_field(world, "verifier", "contract.verify", verification_of(contract, m1="met"))


def test_dangling_references_leave_no_leaf(world: World) -> None:
    contract = registered(world)
    record = world.do("source", "record.submit", world.record())
    for named in (NOWHERE, record):
        for member, kind, payload in (
            ("buyer", "contract.amend", {"contract": named, "plan": []}),
            ("buyer", "contract.close", {"contract": named, "outcome": "completed"}),
            ("buyer", "contract.milestone", claim(named)),
            ("buyer", "contract.payment", payment_of(world, named)),
            ("verifier", "contract.verify", verification_of(named, m1="met")),
            ("supplier", "contract.amend", {"contract": contract, "plan": [], "agrees": named}),
            ("supplier", "contract.close", {"contract": contract, "outcome": "completed", "agrees": named}),
        ):
            assert_breaks(world, "reference.unknown", world.submit(member, kind, payload))
    assert_breaks(world, "reference.unknown", world.submit("buyer", "contract.milestone", claim(contract, "m3")))
    unknown = verification_of(contract, m3="met")
    assert_breaks(world, "reference.unknown", world.submit("verifier", "contract.verify", unknown))


@pytest.mark.parametrize("member", ["buyer", "supplier", "regulator"])
def test_CON_1_parties_and_regulators_register(world: World, member: str) -> None:  # noqa: N802
    world.do(member, "contract.register", contract_of(world))


@pytest.mark.parametrize("member", ["lender", "source", "verifier", "auditor"])
def test_CON_1_nobody_else_registers(world: World, member: str) -> None:  # noqa: N802
    assert_breaks(world, "CON-1", world.submit(member, "contract.register", contract_of(world)))


def test_CON_1_codes_of_parties_pass_their_check(world: World) -> None:  # noqa: N802
    code = world.uscc("supplier")
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert_breaks(world, "CON-1", world.submit("buyer", "contract.register", contract_of(world, supplier=wrong)))
    same = contract_of(world, supplier=world.uscc("buyer"))
    assert_breaks(world, "CON-1", world.submit("buyer", "contract.register", same))


def test_CON_1_an_amendment_is_in_force_when_both_signed_the_same(world: World) -> None:  # noqa: N802
    contract = registered(world)
    terms: dict[str, Any] = {"contract": contract, "value": {"amount": 1200, "currency": "CNY"}}
    proposal = world.do("buyer", "contract.amend", terms)
    state = world.row(CONTRACT, contract)
    assert state is not None
    assert state.value.amount == 1000
    agreed = {**terms, "agrees": proposal}
    other = {**agreed, "value": {"amount": 1201, "currency": "CNY"}}
    assert_breaks(world, "CON-1", world.submit("supplier", "contract.amend", other))
    assert_breaks(world, "CON-1", world.submit("buyer", "contract.amend", agreed))
    assert_breaks(world, "CON-1", world.submit("lender", "contract.amend", agreed))
    assert_breaks(world, "CON-1", world.submit("regulator", "contract.amend", agreed))
    close = {"contract": contract, "outcome": "completed", "agrees": proposal}
    assert_breaks(world, "CON-1", world.submit("supplier", "contract.close", close))
    elsewhere = {**agreed, "contract": registered(world)}
    assert_breaks(world, "CON-1", world.submit("supplier", "contract.amend", elsewhere))
    world.do("supplier", "contract.amend", agreed)
    state, agreement = world.row(CONTRACT, contract), world.row(AGREEMENT, proposal)
    assert state is not None
    assert agreement is not None
    assert (state.value.amount, agreement.agreed_by) == (1200, world.uscc("supplier"))
    assert_breaks(world, "CON-1", world.submit("supplier", "contract.amend", agreed))


def test_CON_1_a_regulator_agrees_for_a_party_that_is_no_member(world: World) -> None:  # noqa: N802
    contract = registered(world, supplier=world.uscc("an outsider"))
    close = {"contract": contract, "outcome": "terminated"}
    proposal = world.do("buyer", "contract.close", close)
    assert_breaks(world, "CON-1", world.submit("lender", "contract.close", {**close, "agrees": proposal}))
    world.do("regulator", "contract.close", {**close, "agrees": proposal})
    state = world.row(CONTRACT, contract)
    assert state is not None
    assert state.closed == "terminated"


def test_CON_1_a_close_needs_both_parties_and_ends_the_terms(world: World) -> None:  # noqa: N802
    contract = registered(world)
    close = {"contract": contract, "outcome": "completed"}
    proposal = world.do("supplier", "contract.close", close)
    cancelled = {"contract": contract, "outcome": "cancelled", "agrees": proposal}
    assert_breaks(world, "CON-1", world.submit("buyer", "contract.close", cancelled))
    world.do("buyer", "contract.close", {**close, "agrees": proposal})
    assert_breaks(world, "contract.closed", world.submit("buyer", "contract.close", close))
    amend = {"contract": contract, "plan": []}
    assert_breaks(world, "contract.closed", world.submit("buyer", "contract.amend", amend))
    world.do("buyer", "contract.payment", payment_of(world, contract))


def test_an_amendment_without_terms_is_an_error(world: World) -> None:
    assert_breaks(world, "contract.no_terms", world.submit("buyer", "contract.amend", {"contract": registered(world)}))


@pytest.mark.parametrize(
    ("milestones", "passes"),
    [
        ([{"id": "a", "amount": 600}, {"id": "b", "amount": 400}], True),
        ([{"id": "a", "amount": 600}, {"id": "b", "amount": 401}], False),
        ([{"id": "a", "amount": 1000}, {"id": "b"}], True),
        ([{"id": "a"}, {"id": "a"}], False),
        ([{"id": "a", "amount": 0}], False),
        ([{"id": "a", "amount": -5}, {"id": "b", "amount": 1004}], False),
    ],
)
def test_CON_2_milestones_add_up_to_at_most_the_value(  # noqa: N802
    world: World, milestones: list[dict[str, object]], passes: bool
) -> None:
    payload = contract_of(world, milestones=milestones)
    amend = {"contract": registered(world), "milestones": milestones}
    for kind, judged in (("contract.register", payload), ("contract.amend", amend)):
        if passes:
            world.do("buyer", kind, judged)
        else:
            assert_breaks(world, "CON-2", world.submit("buyer", kind, judged))


def test_CON_2_a_claimed_milestone_stays(world: World) -> None:  # noqa: N802
    contract = registered(world)
    world.do("supplier", "contract.milestone", claim(contract, "m2"))
    amend = {"contract": contract, "milestones": [{"id": "m1"}]}
    assert_breaks(world, "CON-2", world.submit("buyer", "contract.amend", amend))
    world.do("buyer", "contract.amend", {"contract": contract, "milestones": [{"id": "m2"}]})


def test_CON_2_a_lower_value_must_hold_the_milestones(world: World) -> None:  # noqa: N802
    amend = {"contract": registered(world), "value": {"amount": 999, "currency": "CNY"}}
    assert_breaks(world, "CON-2", world.submit("buyer", "contract.amend", amend))


@pytest.mark.parametrize("member", ["lender", "regulator", "verifier", "source"])
def test_CON_3_parties_state_milestones_and_payments(world: World, member: str) -> None:  # noqa: N802
    contract = registered(world)
    assert_breaks(world, "CON-3", world.submit(member, "contract.milestone", claim(contract)))
    assert_breaks(world, "CON-3", world.submit(member, "contract.payment", payment_of(world, contract)))
    world.do("supplier", "contract.milestone", claim(contract))
    world.do("supplier", "contract.payment", payment_of(world, contract))


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": {"amount": 0, "currency": "CNY"}},
        {"amount": {"amount": -1, "currency": "CNY"}},
        {"amount": {"amount": 100, "currency": "MXN"}},
        {"payer": "lender"},
        {"payee": "lender"},
        {"payee": "buyer"},
    ],
)
def test_CON_4_payments(world: World, changes: dict[str, object]) -> None:  # noqa: N802
    contract = registered(world)
    named = {key: world.uscc(value) if isinstance(value, str) else value for key, value in changes.items()}
    assert_breaks(
        world, "CON-4", world.submit("buyer", "contract.payment", changed(payment_of(world, contract), named))
    )


def test_CON_4_a_payment_is_stated_once(world: World) -> None:  # noqa: N802
    contract, other = registered(world), registered(world)
    world.do("buyer", "contract.payment", payment_of(world, contract, 100))
    assert_breaks(world, "CON-4", world.submit("supplier", "contract.payment", payment_of(world, contract, 200)))
    world.do("buyer", "contract.payment", payment_of(world, contract, 100, "p2"))
    world.do("buyer", "contract.payment", payment_of(world, other, 100))


def test_CON_4_amounts_of_claims_verifications_and_amendments(world: World) -> None:  # noqa: N802
    contract = registered(world)
    assert_breaks(world, "CON-4", world.submit("buyer", "contract.milestone", claim(contract, amount=0)))
    zero = verification_of(contract, m1=("met", 0))
    assert_breaks(world, "CON-4", world.submit("verifier", "contract.verify", zero))
    twice = verification_of(contract, m1="met")
    twice["results"] = [{"milestone": "m1", "outcome": "met"}, {"milestone": "m1", "outcome": "not_met"}]
    assert_breaks(world, "CON-4", world.submit("verifier", "contract.verify", twice))
    amend = {"contract": contract, "value": {"amount": 2000, "currency": "MXN"}}
    assert_breaks(world, "CON-4", world.submit("buyer", "contract.amend", amend))


@pytest.mark.parametrize("member", ["buyer", "supplier", "regulator", "auditor", "source"])
def test_CON_5_only_verifiers_verify(world: World, member: str) -> None:  # noqa: N802
    contract = registered(world)
    assert_breaks(world, "CON-5", world.submit(member, "contract.verify", verification_of(contract, m1="met")))
    world.do("verifier", "contract.verify", verification_of(contract, m1="met"))


def test_CON_5_a_verifier_that_is_a_party_is_refused(world: World) -> None:  # noqa: N802
    contract = registered(world, supplier=world.uscc("verifier"))
    assert_breaks(world, "CON-5", world.submit("verifier", "contract.verify", verification_of(contract, m1="met")))
    world.do("verifier_b", "contract.verify", verification_of(contract, m1="met"))


def test_days_that_do_not_exist_are_errors(world: World) -> None:
    contract = registered(world)
    assert_breaks(world, "payload.time", world.submit("buyer", "contract.milestone", claim(contract, day="2026-02-30")))
    payment = payment_of(world, contract, day="2026-13-01")
    assert_breaks(world, "payload.time", world.submit("buyer", "contract.payment", payment))
    for changes in ({"milestones": [{"id": "a", "due": "2026-02-29"}]}, {"plan": [{"due": "2026-04-31", "amount": 5}]}):
        bad = contract_of(world, **changes)
        assert_breaks(world, "payload.time", world.submit("buyer", "contract.register", bad))


def test_state_and_edges_of_a_contract(world: World) -> None:
    contract = registered(world)
    claimed = world.do("supplier", "contract.milestone", claim(contract, status="partially_met", amount=300))
    paid = world.do("buyer", "contract.payment", payment_of(world, contract, 250))
    refund = payment_of(world, contract, 50, "r1", payer=world.uscc("supplier"), payee=world.uscc("buyer"))
    refunded = world.do("supplier", "contract.payment", refund)
    verified = world.do("verifier", "contract.verify", verification_of(contract, m1=("partially_met", 280)))
    state, milestone = world.row(CONTRACT, contract), world.row(MILESTONE, contract, "m:m1")
    assert state is not None
    assert milestone is not None
    assert state.paid == 200
    assert milestone.verified == ((world.uscc("verifier"), "partially_met", 280, verified),)
    assert world.row(PAYMENT, contract, "p:r1").amount == -50  # type: ignore[union-attr]
    made = [(edge.source, edge.target) for _, edge in world.edges if edge.kind == "contract"]
    assert made == [(contract, later) for later in (claimed, paid, refunded, verified)]
