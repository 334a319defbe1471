"""Walks: a member suspended in mid-transfer, and the lives of members and nodes, each step with what it must give."""

from __future__ import annotations

import pytest

from ledger.execution import Outcome
from ledger.state.tables import DUTY, HOLDING, DutyState
from tests.ledger.rules.governing import admit, admit_node, decide, dissolve, remove_node, restore, suspend
from tests.ledger.rules.handing import (
    Given,
    accept,
    give,
    grant,
    hand_over,
    offer,
    release,
    rows,
    single,
    step,
    take,
    transfer,
)
from tests.ledger.rules.judging import assert_breaks
from tests.world import World

DAY_MS = 86_400_000


@pytest.fixture
def world() -> World:
    return World.founding()


def expect(world: World, outcome: Outcome, code: str | None) -> None:
    """The step is admitted (None), or breaks the rule `code`."""
    if code is None:
        assert outcome.status == "admitted", outcome.error
    else:
        assert_breaks(world, code, outcome)


def start(world: World) -> tuple[str, Given]:
    record = world.do("source", "record.submit", world.record())
    return record, give(world, "source", "lender")


def test_GOV_5_TRA_8_a_sender_suspended_in_mid_transfer(world: World) -> None:  # noqa: N802
    record, given = start(world)
    released = hand_over(world, given, single(record))
    accepted = world.do("source", "transfer.offer", offer(world, given, single(record)))
    expect(world, step(world, "lender", "accept", accepted), None)
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    decide(world, suspend(world, "source"))
    expect(world, world.submit("source", "transfer.offer", offer(world, given, single(record))), "GOV-5")
    expect(world, world.submit("source", "grant.issue", grant(world)), "GOV-5")
    expect(world, world.submit("source", "record.submit", world.record()), "GOV-5")
    expect(world, step(world, "lender", "accept", offered), None)
    expect(world, step(world, "source", "release", accepted), "TRA-8")
    expect(world, step(world, "lender", "confirm", released), None)
    expect(world, step(world, "source", "cancel", offered), None)
    decide(world, restore(world, "source"))
    expect(world, step(world, "source", "release", accepted), None)
    expect(world, step(world, "lender", "confirm", accepted), None)


def test_GOV_5_TRA_8_a_receiver_suspended_in_mid_transfer(world: World) -> None:  # noqa: N802
    record, given = start(world)
    released = hand_over(world, given, single(record))
    accepted = world.do("source", "transfer.offer", offer(world, given, single(record)))
    take(world, "lender", "accept", accepted)
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    decide(world, suspend(world, "lender"))
    expect(world, step(world, "lender", "accept", offered), "GOV-5")
    expect(world, step(world, "lender", "refuse", offered), None)
    expect(world, step(world, "source", "release", accepted), "TRA-8")
    expect(world, step(world, "lender", "confirm", released), None)
    expect(world, step(world, "source", "cancel", accepted), None)
    assert transfer(world, released).status == "confirmed"


def test_GOV_5_a_party_dissolved_in_mid_transfer(world: World) -> None:  # noqa: N802
    record, given = start(world)
    released = hand_over(world, given, single(record))
    accepted = world.do("source", "transfer.offer", offer(world, given, single(record)))
    take(world, "lender", "accept", accepted)
    decide(world, dissolve(world, "lender", custodian="auditor"))
    for name, offered in (("confirm", released), ("dispute", released), ("cancel", accepted)):
        expect(world, step(world, "lender", name, offered), "GOV-5")
    expect(world, step(world, "source", "release", accepted), "TRA-8")
    duty = next(
        row
        for key, row in world.state.rows.items()
        if key[0] == DUTY.name and isinstance(row, DutyState) and row.kind == "transfer.confirm"
    )
    assert (duty.party, duty.met_by) == (world.uscc("lender"), None), "what it owed stays its own until it is late"
    expect(world, step(world, "regulator", "cancel", released), None)
    expect(world, step(world, "regulator", "cancel", accepted), None)


def test_TRA_1_a_grant_ends_with_a_party_that_leaves_no_successor(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    upper = give(world, "source", "service", within={"onward": 1})
    lower = give(world, "service", "lender", parent=upper.grant)
    hand_over(world, upper, rows(batch, (0, 4)), receiver="service")
    hand_over(world, lower, rows(batch, (0, 1)), sender="service")
    pending = world.do("service", "grant.issue", grant(world, "buyer", parent=upper.grant))
    decide(world, remove_node("n2"))
    decide(world, dissolve(world, "source", custodian="auditor"))
    expect(world, world.submit("service", "transfer.offer", offer(world, lower, rows(batch, (0, 1)))), "TRA-1")
    expect(world, world.submit("buyer", "grant.accept", {"grant": pending}), "GRA-5")
    expect(world, world.submit("service", "grant.issue", grant(world, "buyer", parent=upper.grant)), "GRA-1")
    revoked = world.do("regulator", "grant.revoke", {"grant": upper.grant, "reason": "other"})
    for name in ("service", "lender"):
        duty = world.row(DUTY, revoked, f"stop:{world.uscc(name)}:{upper.grant}")
        assert duty is not None, "a regulator's revocation makes every holder stop"


def test_a_successor_goes_on_in_the_place_of_a_source(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    given = give(world, "source", "lender")
    offered = world.do("source", "transfer.offer", offer(world, given, rows(batch, (0, 1))))
    decide(world, remove_node("n2"))
    decide(world, dissolve(world, "source", successor="source_b"))
    expect(world, step(world, "lender", "accept", offered), None)
    expect(world, step(world, "source_b", "release", offered), "TRA-6")
    expect(world, step(world, "lender", "cancel", offered), "TRA-9")
    again = world.do("source_b", "transfer.offer", offer(world, given, rows(batch, (0, 1))))
    expect(world, step(world, "lender", "accept", again), None)
    expect(world, step(world, "source_b", "release", again), None)
    assert world.row(HOLDING, batch, world.uscc("lender")) is not None
    expect(world, world.submit("lender", "grant.revoke", {"grant": given.grant, "reason": "other"}), "GRA-9")
    expect(world, world.submit("source_b", "grant.revoke", {"grant": given.grant, "reason": "other"}), None)


def test_a_successor_of_the_grantee_takes_nothing_under_its_grant(world: World) -> None:
    record, given = start(world)
    decide(world, dissolve(world, "lender", successor="service"))
    expect(world, world.submit("source", "transfer.offer", offer(world, given, single(record), "service")), "TRA-2")
    expect(world, world.submit("service", "grant.issue", grant(world, "buyer", parent=given.grant)), "GRA-1")


def test_member_and_node_lifecycle(world: World) -> None:
    """One member from its admission to its dissolution, running a node in between."""
    batch = ("n1", "n2", "n3", "n4")
    expect(world, world.submit("source", "record.batch", world.batch(nodes=batch[:3])), None)
    decide(world, admit("newcomer", ("operator",)))
    expect(world, world.submit("newcomer", "record.submit", world.record()), "REC-1")
    decide(world, admit_node("n5", "newcomer"))
    expect(world, world.submit("source", "record.batch", world.batch(nodes=batch[:3])), "REC-7")
    expect(world, world.submit("source", "record.batch", world.batch(nodes=("n1", "n2", "n3", "n5"))), None)
    decide(world, suspend(world, "newcomer"))
    expect(world, world.submit("source", "record.batch", world.batch(nodes=("n1", "n2", "n3", "n5"))), None)
    proposal = {"action": dissolve(world, "newcomer", custodian="auditor")}
    expect(world, world.submit("regulator", "governance.propose", proposal), "GOV-8")
    decide(world, remove_node("n5"))
    expect(world, world.submit("source", "record.batch", world.batch(nodes=("n1", "n2", "n5"))), "REC-7")
    expect(world, world.submit("source", "record.batch", world.batch(nodes=batch[:3])), None)
    decide(world, dissolve(world, "newcomer", custodian="auditor"))
    expect(world, world.submit("regulator", "governance.propose", {"action": restore(world, "newcomer")}), "GOV-8")
    expect(world, world.submit("regulator", "governance.propose", {"action": admit_node("n6", "newcomer")}), "GOV-8")
    again = world.sign("newcomer", "transfer.accept", accept("f" * 64))
    assert world.run(again)[0].status == "rejected"


def test_a_release_after_its_sender_was_suspended_within_one_block(world: World) -> None:
    record, given = start(world)
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    take(world, "lender", "accept", offered)
    proposal = world.do("regulator", "governance.propose", {"action": suspend(world, "source")})
    outcomes = world.run(
        world.sign("regulator_b", "governance.approve", {"proposal": proposal}),
        world.sign("source", "transfer.release", release(offered)),
    )
    assert [outcome.status for outcome in outcomes] == ["admitted", "rejected"]
    assert_breaks(world, "TRA-8", outcomes[1])
