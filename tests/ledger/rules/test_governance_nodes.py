from __future__ import annotations

import msgspec
import pytest

from ledger.kinds.genesis import Node
from ledger.notes.vkey import KeyType, Vkey
from ledger.rules.nodes import decided_nodes, effective_nodes
from ledger.state.tables import NODE
from ledger.state.view import BlockView
from tests.ledger.rules.governing import (
    Action,
    admit,
    admit_node,
    approve,
    decide,
    dissolve,
    node_of,
    propose,
    proposed,
    remove_node,
    suspend,
)
from tests.ledger.rules.judging import assert_breaks
from tests.world import BLOCK_MS, World
from tests.world_genesis import ORIGIN, jwk_of, signer_of


@pytest.fixture
def world() -> World:
    return World.founding()


def batch(world: World, *nodes: str) -> bytes:
    return world.sign("source", "record.batch", world.batch(nodes=nodes))


def with_node(node: Node, **changes: object) -> Action:
    return {"act": "node.admit", "node": msgspec.to_builtins(msgspec.structs.replace(node, **changes))}


def test_a_node_counts_from_the_next_block_on(world: World) -> None:
    proposal = proposed(world, admit_node("n5", "lender"))
    vote = world.sign("regulator_b", "governance.approve", {"proposal": proposal})
    outcomes = world.run(vote, batch(world, "n1", "n2", "n3"), batch(world, "n1", "n2", "n5"))
    assert [outcome.status for outcome in outcomes] == ["admitted", "admitted", "rejected"]
    assert_breaks(world, "REC-7", outcomes[2])
    outcomes = world.run(batch(world, "n1", "n2", "n3"), batch(world, "n1", "n2", "n3", "n5"))
    assert_breaks(world, "REC-7", outcomes[0])
    assert outcomes[1].status == "admitted"


def test_a_removed_node_counts_to_the_end_of_its_block(world: World) -> None:
    proposal = proposed(world, remove_node("n4"))
    vote = world.sign("regulator_b", "governance.approve", {"proposal": proposal})
    outcomes = world.run(vote, batch(world, "n1", "n2", "n4"))
    assert [outcome.status for outcome in outcomes] == ["admitted", "admitted"]
    assert_breaks(world, "REC-7", world.run(batch(world, "n1", "n2", "n4"))[0])
    assert world.run(batch(world, "n1", "n2", "n3"))[0].status == "admitted"


def test_what_one_block_decides_and_takes_back_changes_nothing(world: World) -> None:
    first, second = proposed(world, admit_node("n5", "lender")), None
    decide(world, {"act": "member.set_roles", "member": world.uscc("auditor"), "roles": ["auditor", "regulator"]})
    vote = world.sign("regulator_b", "governance.approve", {"proposal": first})
    removal = world.sign("regulator", "governance.propose", {"action": remove_node("n5")})
    outcomes = world.run(vote, removal)
    assert [outcome.status for outcome in outcomes] == ["admitted", "admitted"]
    second = outcomes[1].statement_id
    approve(world, second)
    view = BlockView(world.resident(), world.time)
    assert set(effective_nodes(view)) == set(decided_nodes(view)) == {"n1", "n2", "n3", "n4"}
    during = BlockView(world.resident(), world.time - BLOCK_MS)
    assert set(effective_nodes(during)) == {"n1", "n2", "n3", "n4", "n5"}


def wrong_nodes(world: World) -> dict[str, Action]:
    node = node_of("n5", "lender")
    other = str(Vkey("ledger.example/other", KeyType.ED25519, signer_of("log:n5").public.raw))
    return {
        "its name was used": with_node(node, name="n1"),
        "its member has one": admit_node("n5", "hub"),
        "a service key of a node": with_node(node, service_key=jwk_of(signer_of("node:n1").public.to_json())),
        "a service key of a member": with_node(node, service_key=jwk_of(signer_of("hub").public.to_json())),
        "a log key of a node": with_node(node, log_key=node_of("n1", "hub").log_key),
        "a log key of another log": with_node(node, log_key=other),
        "a cosigner key of another name": with_node(node, cosigner_key=node_of("n6", "lender").cosigner_key),
        "one key for two purposes": with_node(
            node, cosigner_key=str(Vkey(f"{ORIGIN}/n5", KeyType.ED25519_COSIGNATURE, signer_of("log:n5").public.raw))
        ),
    }


@pytest.mark.parametrize("flaw", list(wrong_nodes(World.founding())))
def test_GOV_8_a_node_is_judged_as_at_the_founding(world: World, flaw: str) -> None:  # noqa: N802
    assert_breaks(world, "GOV-8", propose(world, wrong_nodes(world)[flaw]))
    assert world.row(NODE, "", "n5") is None


def test_GOV_8_a_node_is_of_an_active_member(world: World) -> None:  # noqa: N802
    assert_breaks(world, "member.unknown", propose(world, admit_node("n5", "nobody")))
    decide(world, suspend(world, "lender"))
    assert_breaks(world, "GOV-8", propose(world, admit_node("n5", "lender")))


def test_GOV_8_a_node_is_removed_once_and_its_name_and_keys_are_not_used_again(world: World) -> None:  # noqa: N802
    assert_breaks(world, "reference.unknown", propose(world, remove_node("n9")))
    decide(world, remove_node("n4"))
    assert_breaks(world, "GOV-8", propose(world, remove_node("n4")))
    assert_breaks(world, "GOV-8", propose(world, admit_node("n4", "operator")))
    old = node_of("n4", "operator")
    assert_breaks(world, "GOV-8", propose(world, with_node(node_of("n5", "operator"), service_key=old.service_key)))
    decide(world, admit_node("n5", "operator"))


def test_GOV_8_a_member_that_runs_a_node_is_not_dissolved(world: World) -> None:  # noqa: N802
    assert_breaks(world, "GOV-8", propose(world, dissolve(world, "operator", successor="hub")))
    decide(world, remove_node("n4"))
    decide(world, dissolve(world, "operator", successor="hub"))


def test_GOV_4_what_stays_is_a_quorum_of_what_was(world: World) -> None:  # noqa: N802
    decide(world, remove_node("n4"))
    assert_breaks(world, "GOV-4", propose(world, remove_node("n3")))
    decide(world, admit_node("n5", "operator"))
    decide(world, remove_node("n3"))
    assert set(decided_nodes(BlockView(world.resident(), world.time))) == {"n1", "n2", "n5"}


def test_GOV_4_one_block_takes_no_more_nodes_than_a_quorum_can_spare(world: World) -> None:  # noqa: N802
    for number, member in ((5, "lender"), (6, "buyer"), (7, "supplier")):
        decide(world, admit_node(f"n{number}", member))
    removals = [proposed(world, remove_node(f"n{number}")) for number in (5, 6, 7)]
    votes = [world.sign("regulator_b", "governance.approve", {"proposal": removal}) for removal in removals]
    outcomes = world.run(*votes)
    assert [outcome.status for outcome in outcomes] == ["admitted", "admitted", "rejected"]
    assert_breaks(world, "GOV-4", outcomes[2])
    assert approve(world, removals[2]).status == "admitted", "five nodes can spare one"


def test_a_member_that_was_just_admitted_runs_a_node(world: World) -> None:
    decide(world, admit("newcomer", ("operator",)))
    decide(world, admit_node("n5", "newcomer"))
    assert world.run(batch(world, "n1", "n2", "n3", "n5"))[0].status == "admitted"
