from __future__ import annotations

import pytest

from ledger.lineage.governance import (
    catalogue_at,
    inheritor_at,
    member_history,
    nodes_at,
    policy_at,
    proposals_at,
)
from ledger.lineage.steps import NothingLogged
from ledger.replay import Replay
from tests.ledger.rules.governing import (
    admit,
    admit_node,
    approve,
    decide,
    dissolve,
    proposed,
    publish,
    remove_node,
    replace_key,
    restore,
    set_policy,
    set_roles,
    suspend,
)
from tests.ledger.rules.test_catalogue_versions import version
from tests.ledger.rules.test_governance import other_policy
from tests.world import World
from tests.world_genesis import signer_of


@pytest.fixture
def world() -> World:
    return World.founding()


def log_of(world: World) -> Replay:
    replay = Replay(check_signatures=False)
    replay.feed_all(world.entries)
    return replay


def test_a_proposal_stands_as_it_did_at_every_head(world: World) -> None:
    start = world.head.size
    proposal = proposed(world, suspend(world, "lender"))
    open_at = world.head.size
    vote = approve(world, proposal).statement_id
    decided_at, log = world.head.size, log_of(world)
    assert proposals_at(log, start).proposals == ()
    (then,) = proposals_at(log, open_at).proposals
    assert (then.status, then.decided_by, len(then.votes)) == ("open", None, 1)
    assert (then.votes[0].regulator, then.votes[0].statement) == (world.uscc("regulator"), proposal)
    answer = proposals_at(log, decided_at)
    (now,) = answer.proposals
    assert (now.status, now.decided_by, now.act, now.subject) == (
        "effective", vote, "member.suspend", world.uscc("lender")
    )  # fmt: skip
    assert [(one.regulator, one.approves) for one in now.votes] == [
        (world.uscc("regulator"), True),
        (world.uscc("regulator_b"), True),
    ]
    assert set(answer.statements) == {proposal, vote}
    assert proposals_at(log, decided_at, "open").proposals == ()


def test_a_proposal_that_nobody_decides_expires(world: World) -> None:
    proposal = proposed(world, suspend(world, "lender"))
    (then,) = proposals_at(log_of(world), world.head.size, "open").proposals
    world.time = then.expires + 1
    world.do("source", "record.submit", world.record())
    (now,) = proposals_at(log_of(world), world.head.size).proposals
    assert (now.id, now.status) == (proposal, "expired")


def test_a_rejected_proposal_says_by_whom(world: World) -> None:
    proposal = proposed(world, suspend(world, "lender"))
    vote = world.do("regulator_b", "governance.reject", {"proposal": proposal})
    (now,) = proposals_at(log_of(world), world.head.size, "rejected").proposals
    assert (now.decided_by, now.votes[1].approves) == (vote, False)


def test_a_member_stands_as_it_did_at_every_head(world: World) -> None:
    heads = [world.head.size]
    new = signer_of("lender 2")
    for action in (
        suspend(world, "lender"),
        restore(world, "lender"),
        set_roles(world, "lender", "auditor", "user"),
        replace_key(world, "lender", new),
        dissolve(world, "lender", successor="service"),
    ):
        decide(world, action)
        heads.append(world.head.size)
    log, uscc = log_of(world), world.uscc("lender")
    stood = [member_history(log, uscc, head) for head in heads]
    assert [(one.status, one.roles) for one in stood] == [
        ("active", ("user",)),
        ("suspended", ("user",)),
        ("active", ("user",)),
        ("active", ("auditor", "user")),
        ("active", ("auditor", "user")),
        ("dissolved", ("auditor", "user")),
    ]
    assert [len(one.changes) for one in stood] == [0, 1, 2, 3, 4, 5]
    assert [one.inheritor for one in stood] == [uscc] * 5 + [world.uscc("service")]
    assert stood[4].changes[3].new_kid is not None
    assert (stood[5].heir, stood[5].capacity) == (world.uscc("service"), "successor")
    assert len(stood[5].statements) == 10
    heir = member_history(log, world.uscc("service"), heads[5])
    assert heir.predecessors == (uscc,)
    assert member_history(log, world.uscc("service"), heads[4]).predecessors == ()


def test_nobody_is_a_member_before_its_admission(world: World) -> None:
    before = world.head.size
    decide(world, admit("newcomer"))
    log = log_of(world)
    assert member_history(log, world.uscc("newcomer"), log.head().size).status == "active"
    for name, size in (("newcomer", before), ("nobody", log.head().size)):
        with pytest.raises(NothingLogged):
            member_history(log, world.uscc(name), size)


def test_who_inherits_is_who_did_at_that_head(world: World) -> None:
    heads, uscc = [world.head.size], world.uscc("lender")
    for action in (
        dissolve(world, "lender", successor="service"),
        dissolve(world, "service", successor="buyer"),
        dissolve(world, "buyer", custodian="auditor"),
    ):
        decide(world, action)
        heads.append(world.head.size)
    log = log_of(world)
    assert [inheritor_at(log, uscc, head) for head in heads] == [
        uscc, world.uscc("service"), world.uscc("buyer"), None
    ]  # fmt: skip


def test_the_nodes_of_a_head_are_those_that_sign_what_follows(world: World) -> None:
    heads = [world.head.size]
    for action in (admit_node("n5", "lender"), remove_node("n1"), remove_node("n5")):
        decide(world, action)
        heads.append(world.head.size)
    log = log_of(world)
    sets = [nodes_at(log, head) for head in heads]
    assert [[node.name for node in one.nodes] for one in sets] == [
        ["n1", "n2", "n3", "n4"],
        ["n1", "n2", "n3", "n4", "n5"],
        ["n2", "n3", "n4", "n5"],
        ["n2", "n3", "n4"],
    ]
    assert [one.quorum for one in sets] == [3, 4, 3, 3]


def test_catalogue_and_policy_of_a_head(world: World) -> None:
    heads = [world.head.size]
    for action in (publish(version(2)), set_policy(other_policy(statements_per_minute=7)), publish(version(3))):
        decide(world, action)
        heads.append(world.head.size)
    decide(world, set_policy(other_policy(statements_per_minute=8)))
    heads.append(world.head.size)
    log = log_of(world)
    assert [catalogue_at(log, head).version for head in heads] == [1, 2, 2, 3, 3]
    assert [policy_at(log, head).statements_per_minute for head in heads] == [6000, 6000, 7, 7, 8]
