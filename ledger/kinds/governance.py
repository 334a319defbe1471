"""Payloads of `governance.*` and `linking.epoch` (docs/spec/kinds.md).

A proposal carries one action as a whole. Approving names the proposal by its statement id, so it approves those bytes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import Bytes32, Code, Digest, Jwk, Natural, Payload, Role, StatementId, Time, Uscc, Value
from ledger.kinds.genesis import Catalogue, FoundingMember, Node, Policy
from ledger.kinds.keys import ProofOfPossession

Reason = Literal["own_wish", "breach", "security", "law", "reorganised", "other"]


class AdmitMember(Value, frozen=True, tag_field="act", tag="member.admit"):
    """A new member. `proofs` are of its signing keys in order, each key's own kid standing for the old one."""

    member: FoundingMember
    proofs: list[ProofOfPossession]


class SuspendMember(Value, frozen=True, tag_field="act", tag="member.suspend"):
    """An active member may only sign what meets a duty from now on."""

    member: Uscc
    reason: Reason


class RestoreMember(Value, frozen=True, tag_field="act", tag="member.restore"):
    """A suspended member is active again."""

    member: Uscc


class DissolveMember(Value, frozen=True, tag_field="act", tag="member.dissolve"):
    """A member ends for good; one of `successor` (rights and duties) or `custodian` (what it left behind) is named."""

    member: Uscc
    reason: Reason
    successor: Uscc | None = None
    custodian: Uscc | None = None


class ReplaceKey(Value, frozen=True, tag_field="act", tag="member.replace_key"):
    """Key `old` of a member is revoked and `key` takes its place at once; without `key` it is only revoked.

    `pop` is a proof of possession as in key.rotate, for a signing key.
    """

    member: Uscc
    old: Bytes32
    key: Jwk | None = None
    pop: ProofOfPossession | None = None
    suspect_from: Time | None = None


class SetRoles(Value, frozen=True, tag_field="act", tag="member.set_roles"):
    """A member has exactly these roles from now on."""

    member: Uscc
    roles: Annotated[list[Role], Meta(min_length=1)]


class AdmitNode(Value, frozen=True, tag_field="act", tag="node.admit"):
    """A node joins the nodes from the next block on."""

    node: Node


class RemoveNode(Value, frozen=True, tag_field="act", tag="node.remove"):
    """A node leaves the nodes from the next block on; its name is never used again."""

    node: Code


class PublishCatalogue(Value, frozen=True, tag_field="act", tag="catalogue.publish"):
    """The next version of the catalogue (公共信用信息目录), whole."""

    catalogue: Catalogue


class SetPolicy(Value, frozen=True, tag_field="act", tag="policy.set"):
    """A new policy, whole. Deadlines that already run keep their end."""

    policy: Policy


MemberAction = AdmitMember | SuspendMember | RestoreMember | DissolveMember | ReplaceKey | SetRoles
Action = (
    AdmitMember
    | SuspendMember
    | RestoreMember
    | DissolveMember
    | ReplaceKey
    | SetRoles
    | AdmitNode
    | RemoveNode
    | PublishCatalogue
    | SetPolicy
)
"""What governance can decide; `act` tells the actions apart."""

Act = Literal[
    "member.admit", "member.suspend", "member.restore", "member.dissolve", "member.replace_key", "member.set_roles",
    "node.admit", "node.remove", "catalogue.publish", "policy.set",
]  # fmt: skip


class GovernancePropose(Payload, frozen=True, kw_only=True, tag_field="kind", tag="governance.propose"):
    """A regulator proposes one action and approves it thereby; `ground` commits to reasons kept off the ledger."""

    action: Action
    ground: Digest | None = None


class GovernanceApprove(Payload, frozen=True, kw_only=True, tag_field="kind", tag="governance.approve"):
    """A regulator approves an open proposal; the approval that reaches the threshold puts it into effect."""

    proposal: StatementId


class GovernanceReject(Payload, frozen=True, kw_only=True, tag_field="kind", tag="governance.reject"):
    """A regulator rejects an open proposal, which ends once the threshold can no longer be reached."""

    proposal: StatementId
    ground: Digest | None = None


LinkingKeyName = Literal["organisations", "persons"]


class LinkingEpoch(Payload, frozen=True, kw_only=True, tag_field="kind", tag="linking.epoch"):
    """A new epoch of the linking key of organisations or of persons, by a hub.

    `commitment` is HMAC-SHA256(linking key, "suyuan/linking-epoch" ‖ 0x00 ‖ `key` ‖ 0x00 ‖ epoch in decimal); the key
    itself goes to members wrapped, off the ledger.
    """

    key: LinkingKeyName
    epoch: Natural
    commitment: Digest


__all__ = [
    "Act",
    "Action",
    "AdmitMember",
    "AdmitNode",
    "DissolveMember",
    "GovernanceApprove",
    "GovernancePropose",
    "GovernanceReject",
    "LinkingEpoch",
    "LinkingKeyName",
    "MemberAction",
    "PublishCatalogue",
    "RemoveNode",
    "ReplaceKey",
    "RestoreMember",
    "SetPolicy",
    "SetRoles",
    "SuspendMember",
]
