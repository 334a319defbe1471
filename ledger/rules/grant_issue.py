"""grant.issue: authority from a source or along a parent grant (GRA-1, GRA-2, GRA-3, GRA-8, GRA-10, GRA-11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.errors import StateError, Text
from ledger.kinds.grants import GrantIssue
from ledger.rules.authority import authority, chain_needs, scope_asked
from ledger.rules.consented import find_consents, rest_on
from ledger.rules.grant_answers import Answer, answer_needs, answer_request, find_answer, gra_10
from ledger.rules.grant_bounds import STATUTORY_RANKS, Given, gra_1, gra_2, gra_3
from ledger.rules.listed import check_items, listed
from ledger.rules.loading import check_sorted
from ledger.rules.purposes import current_catalogue, gra_8
from ledger.rules.registry import Context, KindRules, broken, handle, rule
from ledger.rules.standing import member
from ledger.state.effects import Effects
from ledger.state.tables import GRANT, GrantState
from ledger.state.view import BlockView, Need


class GrantTerms(StateError):
    """Terms of a grant that cannot hold whatever the ledger says."""

    code = "grant.terms"
    what = Text("The grant cannot stand: {detail}.", "授权条款不成立：{detail_zh}。")
    next_step = Text("Correct the terms and sign again.", "请更正条款后重新签署。")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCase(Given):
    """A grant to be issued, and the request it answers."""

    payload: GrantIssue
    answer: Answer | None


def _issue_needs(context: Context, payload: GrantIssue, view: BlockView) -> Iterator[Need]:
    """Name the rows that grant.issue is judged by."""
    if payload.parent is not None:
        yield from chain_needs(view, payload.parent)
    yield from answer_needs(view, payload.request)
    for id_, _ in payload.scope.references or []:
        yield Need("record", id_)
    yield Need("grant_consents", context.id)
    for id_ in payload.consents or []:
        yield Need("consent", id_)
        yield Need("consent_use", id_, context.id)


def _issue_case(context: Context, payload: GrantIssue, view: BlockView) -> IssueCase:
    """Look up what a grant names; raises StateError or FormError for what cannot be judged."""
    _check_sets(payload)
    scope = scope_asked(payload)
    current = current_catalogue(view)
    check_items(current, payload.scope.items)
    _check_parties(context, payload, view)
    if scope.valid_until <= max(scope.valid_from, context.time):
        raise GrantTerms(detail="it ends before it begins, or in the past", detail_zh="终止早于起始，或已在过去")
    return IssueCase(
        context=context,
        view=view,
        grantor=context.iss,
        payload=payload,
        scope=scope,
        current=current,
        parent=None if payload.parent is None else authority(view, payload.parent, "parent"),
        records=() if scope.references is None else listed(view, scope.references, "scope.references"),
        statutory=payload.basis is not None and payload.basis.rank in STATUTORY_RANKS,
        consents=find_consents(view, payload.consents or []),
        answer=find_answer(context, view, payload.request, payload.grantee),
    )


def _check_sets(payload: GrantIssue) -> None:
    check_sorted("scope.issuers", payload.scope.issuers)
    check_sorted("scope.jurisdictions", payload.scope.jurisdictions)
    for item, fields in payload.scope.items.items():
        check_sorted(f"scope.items.{item}", fields)
    check_sorted("carriers", list(payload.carriers or []))
    check_sorted("consents", payload.consents or [])
    if payload.escrow is not None:
        check_sorted("escrow.trustees", [trustee.member for trustee in payload.escrow.trustees])


def _check_parties(context: Context, payload: GrantIssue, view: BlockView) -> None:
    member(view, payload.grantee)
    if payload.deliverer is not None:
        member(view, payload.deliverer)
    if payload.grantee in (context.iss, payload.deliverer):
        raise GrantTerms(detail="the grantee would receive from itself", detail_zh="被授权方不能向自己传输")


@rule(
    "GRA-11",
    demand=Text(
        "Marks that a grant allows need their secrets committed first: sender's seed and code key, or an escrow whose "
        "gateway is no party of the grant and whose threshold its trustees can reach",
        "授权允许的标记须先承诺其秘密：发送方种子与编码密钥，或由非当事方网关及足数受托人组成的托管",
    ),
    next_step=Text("Commit the secrets in the grant, or allow no carriers.", "请在授权中承诺秘密，或不允许标记。"),
)  # fmt: skip
def gra_11(case: IssueCase) -> None:
    """GRA-11: accuse only on randomness that was committed before delivery (leak tracing, principle 1)."""
    payload = case.payload
    secrets = (payload.sender_seed, payload.code_key, payload.escrow)
    if payload.carriers is None:
        if any(secret is not None for secret in secrets):
            raise broken("GRA-11", "marking secrets stand without carriers", "未允许标记却承诺了标记秘密")
        return
    if payload.escrow is None:
        if payload.sender_seed is None or payload.code_key is None:
            raise broken("GRA-11", "sender_seed or code_key is not committed", "缺少 sender_seed 或 code_key 的承诺")
        return
    if payload.sender_seed is not None or payload.code_key is not None:
        raise broken("GRA-11", "an escrow stands beside seeds of its own", "托管与自有种子不可并存")
    if payload.escrow.gateway in (case.context.iss, payload.deliverer, payload.grantee):
        raise broken("GRA-11", "the gateway is a party of the grant", "网关是授权的当事方")
    if payload.escrow.threshold > len(payload.escrow.trustees):
        raise broken("GRA-11", "the threshold exceeds the trustees", "门限超过受托人数")
    for uscc in (payload.escrow.gateway, *(trustee.member for trustee in payload.escrow.trustees)):
        member(case.view, uscc)


def _issue_effects(case: IssueCase) -> Effects:
    """Write the grant; answer the request it names."""
    effects, payload, context = Effects(), case.payload, case.context
    ancestors = () if case.parent is None else tuple(id_ for id_, _ in case.parent.chain)
    effects.put(GRANT, context.id, _state(case, ancestors))
    if payload.parent is not None:
        effects.edge(payload.parent, context.id, "child")
    if case.consents and not case.statutory:
        rest_on(effects, case.view, context.id, case.consents, case.records, context.id)
    if case.answer is not None:
        answer_request(effects, case.view, context, case.answer)
    return effects


def _state(case: IssueCase, ancestors: tuple[str, ...]) -> GrantState:
    payload = case.payload
    return GrantState(
        grantor=case.context.iss,
        grantee=payload.grantee,
        deliverer=payload.deliverer,
        scope=payload.scope,
        valid_from=case.scope.valid_from,
        valid_until=case.scope.valid_until,
        data_life=payload.data_life,
        ancestors=ancestors,
        statutory=case.statutory,
        carriers=tuple(payload.carriers or ()),
        sender_seed=payload.sender_seed,
        code_key=payload.code_key,
        index=case.context.index,
        escrow=payload.escrow,
    )


handle(
    KindRules(
        kind="grant.issue",
        payload=GrantIssue,
        needs=_issue_needs,
        case=_issue_case,
        rules=(gra_10, gra_1, gra_2, gra_3, gra_8, gra_11),
        effects=_issue_effects,
    )
)
