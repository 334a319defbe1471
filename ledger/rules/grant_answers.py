"""grant.request and grant.decline: asking for authority, and the answer that is owed (GRA-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ledger.errors import StateError, Text
from ledger.kinds.genesis import Catalogue
from ledger.kinds.grants import GrantDecline, GrantRequest
from ledger.references import ReferenceSet
from ledger.rules.listed import check_items, listed
from ledger.rules.loading import check_sorted, peek
from ledger.rules.purposes import current_catalogue, gra_8
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import deadline, meet_duty, member, open_duty
from ledger.state.effects import Effects
from ledger.state.tables import REQUEST, RequestState
from ledger.state.view import BlockView, Need


class AskedOfItself(StateError):
    """A member asked itself for records."""

    code = "grant.request_self"
    what = Text("A member cannot ask itself for records.", "成员不能向自己申请数据。")
    next_step = Text("Name the member that holds the records.", "请填写持有记录的成员。")


@dataclass(frozen=True, slots=True)
class Answer:
    """A request as it is being answered: `by` whom, and for a grant the `grantee` it would go to."""

    request: str
    state: RequestState
    by: str
    grantee: str | None


class Answering(Protocol):
    """A case that may answer a request."""

    @property
    def answer(self) -> Answer | None:
        """The request it answers, if any."""
        ...


def answer_needs(view: BlockView, request: str | None) -> Iterator[Need]:
    """Name the rows of a request that is answered, and of the duty to answer it."""
    if request is None:
        return
    yield Need("request", request)
    state = peek(view, REQUEST, request)
    if state is not None:
        yield Need("duty", request, f"grant.answer:{state.grantor}")


def find_answer(context: Context, view: BlockView, request: str | None, grantee: str | None) -> Answer | None:
    """Return what is answered, None without a request; raises UnknownReference."""
    if request is None:
        return None
    state = view.find(REQUEST, request)
    if state is None:
        raise UnknownReference(field="request", name=request, kind="grant.request")
    return Answer(request, state, context.iss, grantee)


def answer_request(effects: Effects, view: BlockView, context: Context, answer: Answer) -> None:
    """Note the answer, its edge, and that the duty is met."""
    state = answer.state
    answered = RequestState(requester=state.requester, grantor=state.grantor, answered=context.id)
    effects.put(REQUEST, answer.request, answered)
    effects.edge(answer.request, context.id, "answers")
    meet_duty(effects, view, context, answer.request, "grant.answer", state.grantor)


@rule(
    "GRA-10",
    demand=Text(
        "A request is answered once, by the member that was asked, to the member that asked, by the deadline",
        "申请须由被申请方在期限内向申请方答复，且只答复一次",
    ),
    next_step=Text("Answer an open request addressed to you.", "请答复向您提出且尚未答复的申请。"),
)
def gra_10(case: Answering) -> None:
    """GRA-10: who answers, whom, and once. Whether in time is a finding over the duty `grant.answer`."""
    answer = case.answer
    if answer is None:
        return
    if answer.by != answer.state.grantor:
        raise broken("GRA-10", "the request was addressed to another member", "该申请是向其他成员提出的")
    if answer.state.answered is not None:
        raise broken("GRA-10", "the request was answered before", "该申请已被答复")
    if answer.grantee not in (None, answer.state.requester):
        raise broken("GRA-10", "the grant goes to another member than asked", "授权对象不是申请方")


@dataclass(frozen=True, slots=True)
class RequestCase:
    """A request for authority."""

    context: Context
    view: BlockView
    payload: GrantRequest
    current: Catalogue

    @property
    def purpose(self) -> str:
        """The purpose asked for."""
        return self.payload.purpose


def _request_needs(context: Context, payload: GrantRequest, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    for id_, _ in payload.references or []:
        yield Need("record", id_)


def _request_case(context: Context, payload: GrantRequest, view: BlockView) -> RequestCase:
    member(view, payload.grantor)
    if payload.grantor == context.iss:
        raise AskedOfItself
    for item, fields in payload.items.items():
        check_sorted(f"items.{item}", fields)
    current = current_catalogue(view)
    check_items(current, payload.items)
    if payload.references is not None:
        listed(view, ReferenceSet.from_json(payload.references), "references")
    return RequestCase(context, view, payload, current)


def _request_effects(case: RequestCase) -> Effects:
    effects, context, grantor = Effects(), case.context, case.payload.grantor
    effects.put(REQUEST, context.id, RequestState(requester=context.iss, grantor=grantor, answered=None))
    open_duty(effects, context, "grant.answer", grantor, deadline(case.view, "grant_answer", context.time))
    return effects


@dataclass(frozen=True, slots=True)
class DeclineCase:
    """A request being declined."""

    context: Context
    view: BlockView
    answer: Answer


def _decline_needs(context: Context, payload: GrantDecline, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from answer_needs(view, payload.request)


def _decline_case(context: Context, payload: GrantDecline, view: BlockView) -> DeclineCase:
    answer = find_answer(context, view, payload.request, None)
    assert answer is not None, "the payload names a request"
    return DeclineCase(context, view, answer)


def _decline_effects(case: DeclineCase) -> Effects:
    effects = Effects()
    answer_request(effects, case.view, case.context, case.answer)
    return effects


handle(
    KindRules(
        kind="grant.request",
        payload=GrantRequest,
        needs=_request_needs,
        case=_request_case,
        rules=(gra_8,),
        effects=_request_effects,
    )
)
handle(
    KindRules(
        kind="grant.decline",
        payload=GrantDecline,
        needs=_decline_needs,
        case=_decline_case,
        rules=(gra_10,),
        effects=_decline_effects,
        meets_duty=True,
    )
)
