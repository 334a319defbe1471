"""access.request and access.answer: what is known of a data subject (ACC-1, ACC-2, ACC-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import StateError, Text
from ledger.kinds.access import AccessAnswer, AccessRequest
from ledger.rules.case_standing import find_case, why_not_authorised
from ledger.rules.covering import find_mandate, mandate_fault, mandate_needs
from ledger.rules.loading import peek
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import deadline, meet_duty, member, open_duty
from ledger.rules.succession import inheritor
from ledger.state.authority_tables import MandateState
from ledger.state.case_tables import ACCESS, CASE, AccessState, CaseState
from ledger.state.effects import Effects, duty_suffix
from ledger.state.view import BlockView, Need

ANSWER = "access.answer"


class KeepsNoTable(StateError):
    """The member asked keeps no side table of persons."""

    code = "access.holder"
    what = Text("{uscc} is neither a source nor the hub.", "{uscc} 既非来源单位也非信用信息共享平台。")
    why = Text(
        "Only sources and the hub can join the records of a person.", "只有来源单位与平台能关联同一自然人的记录。"
    )
    next_step = Text("Ask a source or the hub.", "请向来源单位或平台提出。")


@dataclass(frozen=True, slots=True)
class RequestCase:
    """A request for everything about a subject, under a mandate or a case."""

    context: Context
    view: BlockView
    payload: AccessRequest
    mandate: MandateState | None
    of_case: CaseState | None


@rule(
    "ACC-1",
    recorded=True,
    demand=Text(
        "A question about a person needs a live mandate of the asking agent, or an authorised case of the asking "
        "investigator",
        "查询自然人信息须有查询代理方的有效委托，或查询调查方已获授权的案件",
    ),
    next_step=Text("Open a mandate, or have the case authorised.", "请先登记委托，或取得案件授权。"),
)
def acc_1(case: RequestCase) -> None:
    """ACC-1: what is named must carry the question; a request that names neither has nothing to rest on."""
    iss, time = case.context.iss, case.context.time
    if case.mandate is None and case.of_case is None:
        raise broken("ACC-1", "neither mandate nor case is named", "未引用委托或案件")
    fault = None if case.mandate is None else mandate_fault(case.mandate, iss, time)
    if fault is None and case.of_case is not None:
        fault = why_not_authorised(case.of_case, time)
        if fault is None and case.of_case.investigator != iss:
            fault = Text(f"{iss} does not conduct the case", f"{iss} 不是该案件的调查方")
    if fault is not None:
        raise broken("ACC-1", fault.en, fault.zh)


@rule(
    "ACC-2",
    demand=Text("The member asked answers by the policy's deadline", "被查询成员须在规定期限内答复"),
    next_step=Text("Answer, and log the answer's hash.", "请答复并登记答复的哈希值。"),
)
def acc_2(case: RequestCase, effects: Effects) -> None:
    """ACC-2: opens the duty to answer. Whether in time is a finding over it."""
    due = deadline(case.view, "access_answer", case.context.time)
    open_duty(effects, case.context, "access.answer", case.payload.holder, due)


def _request_needs(context: Context, payload: AccessRequest, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from mandate_needs(payload.mandate)
    if payload.case is not None:
        yield Need(CASE.name, payload.case)


def _request_case(context: Context, payload: AccessRequest, view: BlockView) -> RequestCase:
    if not {"source", "hub"}.intersection(member(view, payload.holder).roles):
        raise KeepsNoTable(uscc=payload.holder)
    mandate = find_mandate(view, payload.mandate)
    of_case = None if payload.case is None else find_case(view, payload.case)
    return RequestCase(context, view, payload, mandate, of_case)


def _request_effects(case: RequestCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    state = AccessState(
        by=context.iss,
        holder=payload.holder,
        scope=payload.scope,
        mandate=payload.mandate,
        case=payload.case,
        index=context.index,
    )
    effects.put(ACCESS, context.id, state)
    if payload.mandate is not None:
        effects.edge(payload.mandate, context.id, "asks")
    if payload.case is not None:
        effects.edge(payload.case, context.id, "case")
    acc_2(case, effects)
    return effects


@dataclass(frozen=True, slots=True)
class AnswerCase:
    """An answer to a request."""

    context: Context
    view: BlockView
    payload: AccessAnswer
    state: AccessState


@rule(
    "ACC-3",
    demand=Text(
        "A question is answered once, by the member asked or its heir, and never before it is logged, so that the "
        "subject sees who asked",
        "查询须先入账再由被查询成员或其承继方答复，且只答复一次，以便信息主体知悉查询方",
    ),
    next_step=Text("Answer an open request that is addressed to you.", "请答复向您提出且尚未答复的查询。"),
)
def acc_3(case: AnswerCase) -> None:
    """ACC-3: who answers, and once. A request that is not logged is an unknown reference."""
    if inheritor(case.view, case.state.holder) != case.context.iss:
        raise broken("ACC-3", "the request was addressed to another member", "该查询是向其他成员提出的")
    if case.state.answered is not None:
        raise broken("ACC-3", "the request was answered before", "该查询已被答复")


def _answer_needs(context: Context, payload: AccessAnswer, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need(ACCESS.name, payload.request)
    state = peek(view, ACCESS, payload.request)
    if state is not None:
        yield Need("duty", payload.request, duty_suffix(ANSWER, state.holder, payload.request, payload.request))


def _answer_case(context: Context, payload: AccessAnswer, view: BlockView) -> AnswerCase:
    state = view.find(ACCESS, payload.request)
    if state is None:
        raise UnknownReference(field="request", name=payload.request, kind="access.request")
    return AnswerCase(context, view, payload, state)


def _answer_effects(case: AnswerCase) -> Effects:
    effects, context, request = Effects(), case.context, case.payload.request
    answered = msgspec.structs.replace(case.state, answered=context.id, answered_index=context.index)
    effects.put(ACCESS, request, answered)
    effects.edge(request, context.id, "answered")
    meet_duty(effects, case.view, context, request, ANSWER, case.state.holder)
    return effects


handle(KindRules("access.request", AccessRequest, _request_needs, _request_case, (acc_1,), _request_effects))
handle(
    KindRules(
        kind="access.answer",
        payload=AccessAnswer,
        needs=_answer_needs,
        case=_answer_case,
        rules=(acc_3,),
        effects=_answer_effects,
        meets_duty=True,
    )
)
