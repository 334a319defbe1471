"""A vote on one action as its rules see it: the proposal, the votes so far, and whether this one decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.kinds.governance import (
    Action,
    AdmitMember,
    AdmitNode,
    GovernanceApprove,
    GovernancePropose,
    GovernanceReject,
    PublishCatalogue,
    RemoveNode,
    SetPolicy,
)
from ledger.rules.registry import Context, UnknownReference
from ledger.rules.standing import policy
from ledger.state.governance_tables import (
    ACTION,
    DECISION,
    PROPOSAL,
    VOTE,
    DecisionState,
    ProposalState,
    VoteState,
)
from ledger.state.tables import MEMBER
from ledger.state.view import BlockView, Need

GovernancePayload = GovernancePropose | GovernanceApprove | GovernanceReject


@dataclass(frozen=True, slots=True)
class GovernanceCase:
    """A proposal (`proposal` None: being made) with its `votes` by regulator so far, and what this statement adds."""

    context: Context
    view: BlockView
    proposal_id: str
    proposal: ProposalState | None
    action: Action
    votes: dict[str, VoteState]
    decision: DecisionState | None
    approves: bool

    @property
    def regulators(self) -> frozenset[str]:
        """The active regulators at this statement."""
        return active_regulators(self.view)

    @property
    def passes(self) -> bool:
        """Whether this statement brings the approvals of active regulators to the threshold of the policy in force."""
        given = {uscc for uscc, vote in self.votes.items() if vote.approves} | {self.context.iss}
        return self.approves and len(given & self.regulators) >= policy(self.view).governance_threshold

    @property
    def fails(self) -> bool:
        """Whether this rejection leaves fewer regulators than the threshold who may still approve or did."""
        against = {uscc for uscc, vote in self.votes.items() if not vote.approves} | {self.context.iss}
        return not self.approves and len(self.regulators - against) < policy(self.view).governance_threshold


def active_regulators(view: BlockView) -> frozenset[str]:
    """Return the codes of the regulators that are active."""
    return frozenset(uscc for uscc, row in view.scan(MEMBER) if row.status == "active" and "regulator" in row.roles)


def subject_of(action: Action) -> str:
    """Return what an action is about, as `ProposalState.subject` has it."""
    if isinstance(action, AdmitMember):
        return action.member.uscc
    if isinstance(action, AdmitNode):
        return action.node.name
    if isinstance(action, RemoveNode):
        return action.node
    if isinstance(action, PublishCatalogue):
        return str(action.catalogue.version)
    return "" if isinstance(action, SetPolicy) else action.member


def governance_needs(context: Context, payload: GovernancePayload, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    """Name the action voted on and the duties to vote; the rest is resident."""
    if not isinstance(payload, GovernancePropose):
        yield Need(ACTION.name, payload.proposal)
        yield Need("duty", payload.proposal, None)


def governance_case(context: Context, payload: GovernancePayload, view: BlockView) -> GovernanceCase:
    """Return the case; raises UnknownReference."""
    if isinstance(payload, GovernancePropose):
        return GovernanceCase(context, view, context.id, None, payload.action, {}, None, approves=True)
    id_ = payload.proposal
    proposal, action = view.find(PROPOSAL, "", id_), view.find(ACTION, id_)
    if proposal is None or action is None:
        raise UnknownReference(field="proposal", name=id_, kind="governance.propose")
    votes = {suffix.partition(":")[2]: vote for suffix, vote in view.scan(VOTE) if suffix.startswith(f"{id_}:")}
    decision = view.find(DECISION, "", id_)
    approves = isinstance(payload, GovernanceApprove)
    return GovernanceCase(context, view, id_, proposal, action.action, votes, decision, approves)
