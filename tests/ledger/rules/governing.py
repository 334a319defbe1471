"""Decisions of governance for tests: an action proposed by one regulator and approved by the other."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ledger.encoding import base64url
from ledger.execution import Outcome
from ledger.keys import Signer
from ledger.kinds.genesis import Catalogue, Node, Policy
from ledger.notes.vkey import KeyType, Vkey
from ledger.signed import sign_pop
from ledger.state.tables import MEMBER, MemberState
from tests.world import World
from tests.world_genesis import ORIGIN, encryption_of, jwk_of, signer_of, uscc_of

Action = dict[str, object]


def propose(world: World, action: Action, by: str = "regulator") -> Outcome:
    """Submit a proposal."""
    return world.submit(by, "governance.propose", {"action": action})


def proposed(world: World, action: Action, by: str = "regulator") -> str:
    """Propose what must be admitted; returns the proposal's id."""
    outcome = propose(world, action, by)
    assert outcome.status == "admitted", outcome.error
    return outcome.statement_id


def approve(world: World, proposal: str, by: str = "regulator_b") -> Outcome:
    """Submit an approval."""
    return world.submit(by, "governance.approve", {"proposal": proposal})


def decide(world: World, action: Action) -> str:
    """Propose and approve an action, both of which must be admitted; returns the proposal's id."""
    proposal = proposed(world, action)
    outcome = approve(world, proposal)
    assert outcome.status == "admitted", outcome.error
    return proposal


def suspend(world: World, name: str) -> Action:
    """Return the action that suspends a member."""
    return {"act": "member.suspend", "member": world.uscc(name), "reason": "security"}


def restore(world: World, name: str) -> Action:
    """Return the action that restores a member."""
    return {"act": "member.restore", "member": world.uscc(name)}


def dissolve(world: World, name: str, *, successor: str | None = None, custodian: str | None = None) -> Action:
    """Return the action that dissolves a member."""
    action: Action = {"act": "member.dissolve", "member": world.uscc(name), "reason": "reorganised"}
    if successor is not None:
        action["successor"] = world.uscc(successor)
    if custodian is not None:
        action["custodian"] = world.uscc(custodian)
    return action


def set_roles(world: World, name: str, *roles: str) -> Action:
    """Return the action that gives a member exactly these roles."""
    return {"act": "member.set_roles", "member": world.uscc(name), "roles": sorted(roles)}


def admit(name: str, roles: Sequence[str] = ("user",), **changes: object) -> Action:
    """Return the action that admits an outsider of the world with a signing and an encryption key."""
    signer = signer_of(name)
    member: dict[str, object] = {
        "uscc": uscc_of(name),
        "name": {"zh": "示例新成员", "en": f"Example {name}"},
        "roles": sorted(roles),
        "jurisdiction": "CN",
        "keys": [signer.public.to_json()],
        "encryption": encryption_of(name).to_json(),
    }
    return {"act": "member.admit", "member": {**member, **changes}, "proofs": [own_proof(name, signer)]}


def own_proof(name: str, signer: Signer) -> str:
    """Return a new member's proof of possession of a key."""
    return base64url(sign_pop(signer, origin=ORIGIN, member=uscc_of(name), old_kid=signer.public.thumbprint))


def replace_key(world: World, name: str, new: Signer | None = None, **changes: object) -> Action:
    """Return the action that replaces a member's founding key by `new`, or only revokes it."""
    old = world.signer(name).public.thumbprint
    action: Action = {"act": "member.replace_key", "member": world.uscc(name), "old": base64url(old)}
    if new is not None:
        action["key"] = new.public.to_json()
        action["pop"] = base64url(sign_pop(new, origin=ORIGIN, member=world.uscc(name), old_kid=old))
    return {**action, **changes}


def node_of(name: str, member: str) -> Node:
    """Return a node with keys from its name."""
    log, cosigner = signer_of(f"log:{name}").public.raw, signer_of(f"cosigner:{name}").public.raw
    return Node(
        name=name,
        member=uscc_of(member),
        log_key=str(Vkey(ORIGIN, KeyType.ED25519, log)),
        cosigner_key=str(Vkey(f"{ORIGIN}/{name}", KeyType.ED25519_COSIGNATURE, cosigner)),
        service_key=jwk_of(signer_of(f"node:{name}").public.to_json()),
    )


def admit_node(name: str, member: str) -> Action:
    """Return the action that admits a node."""
    return {"act": "node.admit", "node": msgspec.to_builtins(node_of(name, member))}


def remove_node(name: str) -> Action:
    """Return the action that removes a node."""
    return {"act": "node.remove", "node": name}


def publish(catalogue: Catalogue) -> Action:
    """Return the action that publishes a catalogue version."""
    return {"act": "catalogue.publish", "catalogue": msgspec.to_builtins(catalogue)}


def set_policy(policy: Policy) -> Action:
    """Return the action that sets a policy."""
    return {"act": "policy.set", "policy": msgspec.to_builtins(policy)}


def standing(world: World, name: str) -> MemberState:
    """Return a member as it stands."""
    found = world.row(MEMBER, "", world.uscc(name))
    assert found is not None
    return found
