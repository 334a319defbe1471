"""The policy of a consortium: each node counts once, whichever of its two cosigner keys signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.notes.policy import Policy, PolicyGroup, PolicyLog, PolicyWitness
from ledger.notes.vkey import Vkey

_QUORUM = "nodes"


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """A node's name in the policy and its public keys; the ML-DSA-44 cosigner may be missing."""

    name: str
    log: Vkey
    ed25519: Vkey
    ml_dsa_44: Vkey | None = None
    url: str | None = None


def tolerated_faults(nodes: int) -> int:
    """Return f = floor((n - 1) / 3): how many of n nodes may fail in any way; 0 for no nodes."""
    return max(nodes - 1, 0) // 3


def quorum_of(nodes: int) -> int:
    """Return n - f: how many of n nodes must cosign."""
    return nodes - tolerated_faults(nodes)


def consortium_policy(nodes: Sequence[NodeKeys]) -> Policy:
    """Return the policy that asks for n - f of these nodes, in the order given.

    A node's witnesses are `<node>-ed` and `<node>-pq`, and its group has its name. Raises as `Policy` does;
    there must be at least one node, otherwise `PolicyThresholdError`.
    """
    witnesses: list[PolicyWitness] = []
    groups: list[PolicyGroup] = []
    for node in nodes:
        own = [PolicyWitness(f"{node.name}-ed", node.ed25519, node.url)]
        if node.ml_dsa_44 is not None:
            own.append(PolicyWitness(f"{node.name}-pq", node.ml_dsa_44, node.url))
        witnesses += own
        groups.append(PolicyGroup(node.name, 1, tuple(witness.name for witness in own)))
    groups.append(PolicyGroup(_QUORUM, quorum_of(len(nodes)), tuple(node.name for node in nodes)))
    return Policy(tuple(PolicyLog(node.log, node.url) for node in nodes), tuple(witnesses), tuple(groups), _QUORUM)
