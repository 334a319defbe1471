"""Whatever regulators decide: the ledger stays governable, and every past head answers as it did then."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.lineage.governance import member_history, nodes_at, policy_at
from ledger.notes.consortium import quorum_of
from ledger.replay import Replay
from ledger.rules.governance_case import active_regulators
from ledger.rules.nodes import decided_nodes, effective_nodes
from ledger.rules.standing import policy
from ledger.state.view import BlockView
from tests.ledger.rules.governing import (
    Action,
    admit_node,
    dissolve,
    proposed,
    remove_node,
    restore,
    set_policy,
    set_roles,
    standing,
    suspend,
)
from tests.ledger.rules.test_governance import other_policy
from tests.world import World

MEMBERS = ("regulator", "regulator_b", "auditor", "hub", "lender")
ACTIONS: list[Callable[[World], Action]] = [
    *(lambda world, name=name: suspend(world, name) for name in MEMBERS),
    *(lambda world, name=name: restore(world, name) for name in MEMBERS),
    *(lambda world, name=name: set_roles(world, name, "regulator") for name in MEMBERS),
    *(lambda world, name=name: set_roles(world, name, "user") for name in MEMBERS),
    *(lambda world, name=name: dissolve(world, name, successor="service") for name in ("auditor", "hub", "lender")),
    *(lambda world, name=name: remove_node(name) for name in ("n1", "n2", "n3", "n4", "n5")),
    lambda world: admit_node("n5", "lender"),
    *(lambda world, count=count: set_policy(other_policy(governance_threshold=count)) for count in (1, 2, 3, 4)),
]


def view_of(world: World) -> BlockView:
    return BlockView(world.resident(), world.time)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(MEMBERS), st.sampled_from(MEMBERS)), max_size=14))
def test_GOV_4_holds_after_any_decisions_and_history_is_kept(  # noqa: N802
    decisions: list[tuple[Callable[[World], Action], str, str]],
) -> None:
    world = World.founding()
    proposed(world, suspend(world, "agent"))
    stood: list[tuple[int, list[tuple[str, tuple[str, ...]]], list[str], int]] = []
    for make, proposer, voter in decisions:
        before = effective_nodes(view_of(world))
        outcome = world.submit(proposer, "governance.propose", {"action": make(world)})
        if outcome.status == "admitted":
            world.submit(voter, "governance.approve", {"proposal": outcome.statement_id})
        view = view_of(world)
        assert len(active_regulators(view)) >= policy(view).governance_threshold
        assert len(decided_nodes(view).keys() & before.keys()) >= quorum_of(len(before))
        members = [standing(world, name) for name in MEMBERS]
        stood.append(
            (
                world.head.size,
                [(member.status, member.roles) for member in members],
                sorted(decided_nodes(view)),
                policy(view).governance_threshold,
            )
        )
    log = Replay(check_signatures=False)
    log.feed_all(world.entries)
    for size, members_then, nodes, threshold in stood:
        told = [member_history(log, world.uscc(name), size) for name in MEMBERS]
        assert [(one.status, one.roles) for one in told] == members_then
        assert sorted(node.name for node in nodes_at(log, size).nodes) == nodes
        assert policy_at(log, size).governance_threshold == threshold
