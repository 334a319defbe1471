"""What the golden log says of governance: a member and its node from admission to dissolution, and linking epochs.

The catalogue stays as it was, so that what is told later can still use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.subject import epoch_commitment
from tests.ledger.rules.governing import (
    Action,
    admit,
    admit_node,
    dissolve,
    remove_node,
    replace_key,
    restore,
    set_policy,
    set_roles,
    suspend,
)
from tests.world_genesis import policy, signer_of

if TYPE_CHECKING:
    from tests.conformance.golden_story import Story


def govern(story: Story) -> None:
    """Epochs, every action that leaves the founding members alone, a rejection, and a vote too many."""
    world = story.world
    for key in ("organisations", "persons"):
        commitment = epoch_commitment(bytes(range(32)), 1, persons=key == "persons").hex()
        story.one("hub", "linking.epoch", {"key": key, "epoch": 1, "commitment": commitment})
    story.one("source", "governance.propose", {"action": suspend(world, "lender")})
    for action in (
        admit("newcomer", ("operator",)),
        admit_node("n5", "newcomer"),
        set_roles(world, "newcomer", "operator", "service"),
        suspend(world, "newcomer"),
        restore(world, "newcomer"),
        replace_key(world, "newcomer", signer_of("newcomer 2"), suspect_from="2026-03-01T00:00:00Z"),
        remove_node("n5"),
        dissolve(world, "newcomer", successor="operator"),
        set_policy(msgspec.structs.replace(policy(), statements_per_minute=7000)),
    ):
        _decide(story, action)
    rejected = story.one("regulator", "governance.propose", {"action": suspend(world, "agent")})
    story.one("regulator_b", "governance.reject", {"proposal": rejected})
    story.one("regulator_b", "governance.approve", {"proposal": rejected})
    story.one("regulator", "governance.propose", {"action": suspend(world, "agent")})


def _decide(story: Story, action: Action) -> None:
    proposal = story.one("regulator", "governance.propose", {"action": action})
    story.one("regulator_b", "governance.approve", {"proposal": proposal})
