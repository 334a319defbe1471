"""governance.propose, governance.approve, governance.reject: GOV-2, GOV-3, with GOV-4 and GOV-8 on the action itself.

A proposal is its maker's approval. It takes effect with the vote that reaches the threshold, from that leaf on; a vote
that would put an action into effect that no longer fits is an error, and the proposal stays open until it expires.
"""

from __future__ import annotations

from ledger.errors import Text
from ledger.kinds.governance import GovernanceApprove, GovernancePropose, GovernanceReject
from ledger.rules.governance_actions import gov_4, gov_8
from ledger.rules.governance_case import GovernanceCase, governance_case, governance_needs, subject_of
from ledger.rules.governance_effects import put_into_effect
from ledger.rules.registry import KindRules, broken, handle, rule
from ledger.rules.standing import deadline, meet_duty, member, open_duty
from ledger.state.effects import Effects
from ledger.state.governance_tables import (
    ACTION,
    DECISION,
    PROPOSAL,
    VOTE,
    ActionState,
    DecisionState,
    ProposalState,
    VoteState,
)
from ledger.state.tables import DUTY

DECIDE = "governance.decide"
"""The duty of every other regulator to vote on a proposal."""


@rule(
    "GOV-2",
    demand=Text("Only regulators propose, approve and reject", "只有监管成员可以提案、同意与否决"),
    next_step=Text("Ask a regulator to propose it.", "请由监管成员提案。"),
)
def gov_2(case: GovernanceCase) -> None:
    """GOV-2: the signer has the role; GOV-5 has seen that it is active."""
    if "regulator" not in member(case.view, case.context.iss).roles:
        raise broken("GOV-2", "the signer is no regulator", "签署方不是监管成员")


@rule(
    "GOV-3",
    demand=Text(
        "A proposal takes effect at the threshold of distinct regulators, who vote once each while it is open",
        "提案在不同监管成员的同意数达到门限时生效；每个监管成员在提案有效期内只投一次",
    ),
    next_step=Text(
        "`suyuan governance list` shows open proposals and votes.", "`suyuan governance list` 可查看提案与表决。"
    ),
)
def gov_3(case: GovernanceCase) -> None:
    """GOV-3: open, in time, and the signer's first vote. Counted are those who are active regulators at the vote."""
    if case.decision is not None:
        raise broken(
            "GOV-3",
            f"the proposal was decided by {case.decision.by}",
            f"该提案已由 {case.decision.by} 决定",
        )
    if case.proposal is not None and case.context.time > case.proposal.expires:
        raise broken("GOV-3", "the proposal has expired", "该提案已过期")
    if case.context.iss in case.votes:
        raise broken("GOV-3", "the signer has voted", "签署方已表决")


def _propose(case: GovernanceCase) -> Effects:
    """Put the proposal with its action; every other regulator owes a vote unless it takes effect at once."""
    effects, context = Effects(), case.context
    expires = deadline(case.view, "governance_decide", context.time)
    proposal = ProposalState(
        proposer=context.iss,
        act=case.action.__struct_config__.tag,  # type: ignore[arg-type]  # the tags are the literals of Act.
        subject=subject_of(case.action),
        index=context.index,
        time=context.time,
        expires=expires,
    )
    effects.put(PROPOSAL, "", proposal, context.id)
    effects.put(ACTION, context.id, ActionState(action=case.action))
    _vote(case, effects)
    if not case.passes:
        for regulator in sorted(case.regulators - {context.iss}):
            open_duty(effects, context, DECIDE, regulator, expires)
    return effects


def _approve_or_reject(case: GovernanceCase) -> Effects:
    effects, id_ = Effects(), case.proposal_id
    effects.edge(id_, case.context.id, "votes")
    _vote(case, effects)
    meet_duty(effects, case.view, case.context, id_, DECIDE, case.context.iss)
    if case.passes or case.fails:
        # What was decided needs no further vote, so that the duties of the others end with it.
        for _, duty in case.view.scan(DUTY, id_):
            meet_duty(effects, case.view, case.context, id_, duty.kind, duty.party)
    return effects


def _vote(case: GovernanceCase, effects: Effects) -> None:
    """Put the vote and, where it decides, the decision and what follows from it."""
    context, id_ = case.context, case.proposal_id
    vote = VoteState(approves=case.approves, statement=context.id, index=context.index, time=context.time)
    effects.put(VOTE, "", vote, f"{id_}:{context.iss}")
    if not (case.passes or case.fails):
        return
    decision = DecisionState(
        outcome="effective" if case.approves else "rejected", by=context.id, index=context.index, time=context.time
    )
    effects.put(DECISION, "", decision, id_)
    if case.approves:
        put_into_effect(case, effects)


_VOTING = (gov_2, gov_3)

handle(
    KindRules(
        "governance.propose", GovernancePropose, governance_needs, governance_case, (gov_2, gov_8, gov_4), _propose
    )
)
handle(
    KindRules(
        "governance.approve",
        GovernanceApprove,
        governance_needs,
        governance_case,
        (*_VOTING, gov_8, gov_4),
        _approve_or_reject,
    )
)
handle(KindRules("governance.reject", GovernanceReject, governance_needs, governance_case, _VOTING, _approve_or_reject))
