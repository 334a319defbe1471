from __future__ import annotations

import msgspec
import pytest

from ledger.execution import Outcome
from ledger.kinds.genesis import Deadline, Policy
from ledger.state.governance_tables import DECISION, VOTE
from ledger.state.tables import DUTY, POLICY, DutyState
from ledger.times import due_time
from tests.ledger.rules.governing import (
    Action,
    admit,
    approve,
    decide,
    dissolve,
    propose,
    proposed,
    restore,
    set_policy,
    set_roles,
    standing,
    suspend,
)
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World
from tests.world_genesis import founding_genesis

DAY_MS = 86_400_000


@pytest.fixture
def world() -> World:
    return World.founding()


def world_with(**changes: object) -> World:
    genesis = founding_genesis()
    return World(msgspec.structs.replace(genesis, policy=msgspec.structs.replace(genesis.policy, **changes)))


def third_regulator(world: World) -> None:
    decide(world, set_roles(world, "auditor", "auditor", "regulator"))


def reject(world: World, proposal: str, by: str = "regulator_b") -> Outcome:
    return world.submit(by, "governance.reject", {"proposal": proposal})


def duty_of(world: World, proposal: str, name: str) -> DutyState:
    duty = world.row(DUTY, proposal, f"governance.decide:{world.uscc(name)}")
    assert duty is not None
    return duty


def test_every_required_field_is_required(world: World) -> None:
    assert_needs_every_field(world, "regulator", "governance.propose", {"action": suspend(world, "lender")})
    assert_needs_every_field(world, "regulator", "governance.approve", {"proposal": NOWHERE})
    assert_needs_every_field(world, "regulator", "governance.reject", {"proposal": NOWHERE})


@pytest.mark.parametrize("act", ["member.unknown", "", None])
def test_an_action_is_one_of_those_there_are(world: World, act: str | None) -> None:
    action = {**suspend(world, "lender"), "act": act}
    outcome = propose(world, {name: value for name, value in action.items() if value is not None})
    assert_breaks(world, "payload.schema", outcome)


def test_a_vote_names_a_logged_proposal(world: World) -> None:
    record = world.do("source", "record.submit", world.record())
    for name in (NOWHERE, record):
        assert_breaks(world, "reference.unknown", approve(world, name))
        assert_breaks(world, "reference.unknown", reject(world, name))


@pytest.mark.parametrize("name", ["source", "hub", "auditor", "investigator", "agent"])
def test_GOV_2_only_regulators_govern(world: World, name: str) -> None:  # noqa: N802
    proposal = proposed(world, suspend(world, "lender"))
    assert_breaks(world, "GOV-2", propose(world, suspend(world, "lender"), name))
    assert_breaks(world, "GOV-2", approve(world, proposal, name))
    assert_breaks(world, "GOV-2", reject(world, proposal, name))


def test_GOV_2_a_member_that_loses_the_role_governs_no_more(world: World) -> None:  # noqa: N802
    third_regulator(world)
    proposal = proposed(world, suspend(world, "lender"), "auditor")
    decide(world, set_roles(world, "auditor", "auditor"))
    assert_breaks(world, "GOV-2", propose(world, suspend(world, "hub"), "auditor"))
    approve(world, proposal)
    assert standing(world, "lender").status == "active", "its own proposal counts no more"
    approve(world, proposal, "regulator")
    assert standing(world, "lender").status == "suspended"


def test_GOV_3_takes_effect_at_the_threshold_from_that_leaf_on(world: World) -> None:  # noqa: N802
    proposal = proposed(world, suspend(world, "source"))
    assert world.row(DECISION, "", proposal) is None
    world.do("source", "record.submit", world.record())
    before = world.sign("source", "record.submit", world.record())
    vote = world.sign("regulator_b", "governance.approve", {"proposal": proposal})
    after = world.sign("source", "record.submit", world.record())
    outcomes = world.run(before, vote, after)
    assert [outcome.status for outcome in outcomes] == ["admitted", "admitted", "rejected"]
    assert_breaks(world, "GOV-5", outcomes[2])
    decision = world.row(DECISION, "", proposal)
    assert decision is not None
    assert (decision.outcome, decision.by, decision.index) == ("effective", outcomes[1].statement_id, outcomes[1].index)


def test_GOV_3_a_threshold_of_one_needs_no_second(world: World) -> None:  # noqa: N802
    world = world_with(governance_threshold=1)
    proposal = proposed(world, suspend(world, "lender"))
    assert standing(world, "lender").status == "suspended"
    assert world.row(DUTY, proposal, f"governance.decide:{world.uscc('regulator_b')}") is None
    assert_breaks(world, "GOV-3", approve(world, proposal))


def test_GOV_3_votes_are_of_distinct_regulators(world: World) -> None:  # noqa: N802
    proposal = proposed(world, suspend(world, "lender"))
    assert_breaks(world, "GOV-3", approve(world, proposal, "regulator"))
    assert_breaks(world, "GOV-3", reject(world, proposal, "regulator"))
    assert standing(world, "lender").status == "active"


def test_GOV_3_what_is_decided_takes_no_more_votes(world: World) -> None:  # noqa: N802
    third_regulator(world)
    proposal = decide(world, suspend(world, "lender"))
    for vote in (approve, reject):
        assert_breaks(world, "GOV-3", vote(world, proposal, "auditor"))


@pytest.mark.parametrize(("late", "admitted"), [(0, True), (1, False)])
def test_GOV_3_a_proposal_expires(late: int, admitted: bool) -> None:  # noqa: N802
    world = world_with(deadlines={"governance_decide": Deadline(n=2, unit="hours")})
    proposal = proposed(world, suspend(world, "lender"))
    duty = duty_of(world, proposal, "regulator_b")
    world.time = duty.due + late
    outcome = approve(world, proposal)
    assert (outcome.status == "admitted") is admitted
    if not admitted:
        assert_breaks(world, "GOV-3", outcome)
        assert_breaks(world, "GOV-3", reject(world, proposal))


def test_GOV_3_without_a_deadline_of_the_policy_ten_working_days_stand(world: World) -> None:  # noqa: N802
    at = world.time
    proposal = proposed(world, suspend(world, "lender"))
    days = Deadline(n=10, unit="working_days")
    assert duty_of(world, proposal, "regulator_b").due == due_time(at, days, founding_genesis().policy.calendar)


def test_GOV_3_a_rejection_ends_what_cannot_pass(world: World) -> None:  # noqa: N802
    third_regulator(world)
    proposal = proposed(world, suspend(world, "lender"))
    assert reject(world, proposal).status == "admitted"
    assert world.row(DECISION, "", proposal) is None, "two of three may still approve"
    assert_breaks(world, "GOV-3", approve(world, proposal))
    outcome = reject(world, proposal, "auditor")
    decision = world.row(DECISION, "", proposal)
    assert decision is not None
    assert (decision.outcome, decision.by) == ("rejected", outcome.statement_id)
    assert standing(world, "lender").status == "active"


def test_GOV_3_the_threshold_is_that_of_the_vote(world: World) -> None:  # noqa: N802
    third_regulator(world)
    proposal = proposed(world, suspend(world, "lender"))
    policy = world.row(POLICY, "")
    assert policy is not None
    decide(world, set_policy(msgspec.structs.replace(policy.policy, governance_threshold=3)))
    approve(world, proposal)
    assert standing(world, "lender").status == "active"
    approve(world, proposal, "auditor")
    assert standing(world, "lender").status == "suspended"


def test_the_other_regulators_owe_a_vote_until_it_is_decided(world: World) -> None:
    third_regulator(world)
    proposal = proposed(world, suspend(world, "lender"))
    assert world.row(DUTY, proposal, f"governance.decide:{world.uscc('regulator')}") is None
    assert {duty_of(world, proposal, name).met_by for name in ("regulator_b", "auditor")} == {None}
    vote = approve(world, proposal).statement_id
    assert {duty_of(world, proposal, name).met_by for name in ("regulator_b", "auditor")} == {vote}


def test_a_vote_meets_the_voters_duty_only_while_it_is_open(world: World) -> None:
    third_regulator(world)
    policy = world.row(POLICY, "")
    assert policy is not None
    decide(world, set_policy(msgspec.structs.replace(policy.policy, governance_threshold=3)))
    proposal = proposed(world, suspend(world, "lender"))
    vote = approve(world, proposal)
    assert duty_of(world, proposal, "regulator_b").met_by == vote.statement_id
    assert duty_of(world, proposal, "auditor").met_by is None
    row = world.row(VOTE, "", f"{proposal}:{world.uscc('regulator_b')}")
    assert row is not None
    assert (row.approves, row.index) == (True, vote.index)


def fewer(world: World) -> list[Action]:
    return [
        suspend(world, "regulator_b"),
        dissolve(world, "regulator_b", successor="hub"),
        set_roles(world, "regulator_b", "auditor"),
    ]


@pytest.mark.parametrize("number", range(3))
def test_GOV_4_never_fewer_regulators_than_the_threshold(world: World, number: int) -> None:  # noqa: N802
    assert_breaks(world, "GOV-4", propose(world, fewer(world)[number]))
    third_regulator(world)
    decide(world, fewer(world)[number])
    assert_breaks(world, "GOV-4", propose(world, suspend(world, "auditor")))


def test_GOV_4_never_below_one_regulator() -> None:  # noqa: N802
    world = world_with(governance_threshold=1)
    proposed(world, suspend(world, "regulator_b"))
    for action in (suspend(world, "regulator"), set_roles(world, "regulator", "auditor")):
        assert_breaks(world, "GOV-4", propose(world, action))
    proposed(world, restore(world, "regulator_b"))
    proposed(world, suspend(world, "regulator"))


def test_GOV_4_a_threshold_is_in_reach(world: World) -> None:  # noqa: N802
    policy = founding_genesis().policy
    assert_breaks(world, "GOV-4", propose(world, set_policy(msgspec.structs.replace(policy, governance_threshold=3))))
    decide(world, admit("newcomer", ("regulator",)))
    decide(world, set_policy(msgspec.structs.replace(policy, governance_threshold=3)))


def test_GOV_4_is_judged_again_when_it_takes_effect(world: World) -> None:  # noqa: N802
    third_regulator(world)
    first = proposed(world, suspend(world, "regulator_b"))
    second = proposed(world, suspend(world, "auditor"))
    assert approve(world, second).status == "admitted"
    assert_breaks(world, "GOV-4", approve(world, first))
    decide(world, restore(world, "auditor"))
    assert approve(world, first, "auditor").status == "admitted"


def other_policy(**changes: object) -> Policy:
    return msgspec.structs.replace(founding_genesis().policy, **changes)


def test_a_policy_is_in_force_from_its_leaf_and_the_one_before_is_kept(world: World) -> None:
    decide(world, set_policy(other_policy(statements_per_minute=7)))
    now, before = world.row(POLICY, ""), world.row(POLICY, "", f"{0:012d}")
    assert now is not None
    assert before is not None
    assert (now.policy.statements_per_minute, before.policy) == (7, founding_genesis().policy)
    decide(world, set_policy(other_policy(statements_per_minute=8)))
    kept = world.row(POLICY, "", f"{now.index:012d}")
    assert kept == now


def test_GOV_8_a_policy_is_judged_as_at_the_founding(world: World) -> None:  # noqa: N802
    calendar = founding_genesis().policy.calendar
    twice = msgspec.structs.replace(calendar, holidays=["2026-03-05", "2026-03-04"])
    both = msgspec.structs.replace(calendar, workdays=list(calendar.holidays))
    for wrong in (other_policy(calendar=twice), other_policy(calendar=both), other_policy()):
        assert_breaks(world, "GOV-8", propose(world, set_policy(wrong)))
