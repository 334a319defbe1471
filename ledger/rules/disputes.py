"""record.dispute and record.resolve (异议): REC-9, REC-11, and what an upheld dispute asks (REC-10, PRO-5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import StateError, Text
from ledger.kinds.disputes import RecordDispute, RecordResolve
from ledger.references import ReferenceSet
from ledger.rules.copies import find_copy, lead_needs, order_stop
from ledger.rules.covering import covered_part, find_mandate, mandate_fault, mandate_needs
from ledger.rules.dispute_matter import Matter, find_matter, matter_needs
from ledger.rules.disputed import NOTICE, rec_11
from ledger.rules.loading import peek
from ledger.rules.record_case import split_reference
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.stale import pro_5, stale_needs
from ledger.rules.standing import deadline, meet_duty, member, open_duty
from ledger.rules.stopping import holders_of, stop_holders, stop_needs
from ledger.rules.succession import inheritor
from ledger.state.authority_tables import DISPUTE, DISPUTED, DisputedState, DisputeState, MandateState
from ledger.state.effects import Effects
from ledger.state.publication_tables import COPY
from ledger.state.tables import DUTY, row_suffix
from ledger.state.view import BlockView, Need


class DisputeOpen(StateError):
    """The member has an open dispute about it already."""

    code = "dispute.open"
    what = Text("Dispute {dispute} about it is open already.", "已有未决异议 {dispute}。")
    next_step = Text("Wait for its resolution, or withdraw it.", "请等待处理结果，或先撤回该异议。")


class DisputeOver(StateError):
    """The dispute was resolved before."""

    code = "dispute.over"
    what = Text("Dispute {dispute} was resolved by {by}.", "异议 {dispute} 已由 {by} 处理完毕。")
    next_step = Text("Raise a new dispute where something new is known.", "如有新情况请另行提出异议。")


@dataclass(frozen=True, slots=True)
class DisputeCase:
    """A dispute being raised."""

    context: Context
    view: BlockView
    payload: RecordDispute
    matter: Matter
    mandate: MandateState | None
    before: DisputedState


@dataclass(frozen=True, slots=True)
class ResolveCase:
    """A dispute being resolved."""

    context: Context
    view: BlockView
    payload: RecordResolve
    state: DisputeState


@rule(
    "REC-9",
    demand=Text(
        "A dispute is raised by a member concerned or by an agent whose live mandate covers the matter, and resolved "
        "by whom it is addressed to or a regulator; whoever raised it may withdraw it",
        "异议由相关成员或持有效且涵盖该事项之委托的代理方提出，由被异议方或监管机构处理；提出方可以撤回",
    ),
    next_step=Text("Let a member concerned, or an agent under a mandate, raise it.", "请由相关成员或受托代理方提出。"),
)
def rec_9(case: DisputeCase | ResolveCase) -> None:
    """REC-9: who disputes, who resolves. That offers carry the mark while it is open is judged at transfer.offer."""
    if isinstance(case, ResolveCase):
        _check_resolver(case)
    elif case.mandate is not None:
        _check_mandate(case, case.mandate)
    elif case.context.iss not in case.matter.concerned and case.context.iss not in _holders(case):
        raise broken("REC-9", f"{case.context.iss} is not concerned by it", f"{case.context.iss} 与该事项无关")


def _check_resolver(case: ResolveCase) -> None:
    iss, state = case.context.iss, case.state
    if case.payload.outcome == "withdrawn":
        if iss != state.by:
            raise broken("REC-9", f"{state.by} raised it", f"该异议由 {state.by} 提出")
    elif iss != inheritor(case.view, state.respondent) and "regulator" not in member(case.view, iss).roles:
        raise broken("REC-9", f"{state.respondent} resolves it", f"该异议应由 {state.respondent} 处理")


def _check_mandate(case: DisputeCase, mandate: MandateState) -> None:
    fault = mandate_fault(mandate, case.context.iss, case.context.time)
    if fault is not None:
        raise broken("REC-9", fault.en, fault.zh)
    matter = case.matter
    by_subject = mandate.link is not None and mandate.link == matter.subject_value
    covered = any(covered_part(mandate, found.id, found.ranges, found.record) for found in matter.records)
    if not by_subject and not covered:
        raise broken("REC-9", "the mandate does not cover it", "该委托不涵盖此事项")


def _holders(case: DisputeCase) -> list[str]:
    matter = case.matter
    return holders_of(case.view, matter.id, matter.row) if matter.target == "record" else []


def _dispute_needs(context: Context, payload: RecordDispute, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from mandate_needs(payload.mandate)
    yield from matter_needs(view, payload.about)


def _dispute_case(context: Context, payload: RecordDispute, view: BlockView) -> DisputeCase:
    matter = find_matter(view, payload.about)
    before = view.find(DISPUTED, matter.id, row_suffix(matter.row)) or DisputedState(open=())
    for dispute, by in before.open:
        if by == context.iss:
            raise DisputeOpen(dispute=dispute)
    return DisputeCase(context, view, payload, matter, find_mandate(view, payload.mandate), before)


def _dispute_effects(case: DisputeCase) -> Effects:
    effects, context, matter = Effects(), case.context, case.matter
    state = DisputeState(
        by=context.iss, about=matter.about, target=matter.target, respondent=matter.respondent, index=context.index
    )
    effects.put(DISPUTE, context.id, state)
    opened = msgspec.structs.replace(case.before, open=(*case.before.open, (context.id, context.iss)))
    effects.put(DISPUTED, matter.id, opened, row_suffix(matter.row))
    effects.edge(matter.id, context.id, "disputes", matter.ranges)
    if case.payload.mandate is not None:
        effects.edge(case.payload.mandate, context.id, "mandates")
    due = deadline(case.view, "dispute_resolve", context.time)
    open_duty(effects, context, "dispute.resolve", matter.respondent, due, about=context.id)
    rec_11(effects, case.view, context, context.id, matter.about, _holders(case))
    return effects


def _resolve_needs(context: Context, payload: RecordResolve, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need("dispute", payload.dispute)
    yield Need("duty", payload.dispute, None)
    state = peek(view, DISPUTE, payload.dispute)
    if state is None:
        return
    id_, row = split_reference(state.about)
    yield Need("disputed", id_, row_suffix(row))
    if payload.outcome == "upheld":
        yield from stop_needs(view, id_, row)
        yield from stale_needs(view, [id_])
        yield Need("copy", id_)
        place = peek(view, COPY, id_)
        if place is not None:
            yield from lead_needs(view, place.lead)


def _resolve_case(context: Context, payload: RecordResolve, view: BlockView) -> ResolveCase:
    state = view.find(DISPUTE, payload.dispute)
    if state is None:
        raise UnknownReference(field="dispute", name=payload.dispute, kind="record.dispute")
    if state.resolved_by is not None:
        raise DisputeOver(dispute=payload.dispute, by=state.resolved_by)
    return ResolveCase(context, view, payload, state)


def _resolve_effects(case: ResolveCase) -> Effects:
    effects, context, dispute, outcome = Effects(), case.context, case.payload.dispute, case.payload.outcome
    resolved = msgspec.structs.replace(
        case.state, outcome=outcome, resolved_by=context.id, resolved_index=context.index
    )
    effects.put(DISPUTE, dispute, resolved)
    effects.edge(dispute, context.id, "resolves")
    meet_duty(effects, case.view, context, dispute, "dispute.resolve", case.state.respondent)
    for _, duty in case.view.scan(DUTY, dispute):
        if duty.kind == NOTICE:
            meet_duty(effects, case.view, context, dispute, NOTICE, duty.party, about=duty.about)
    id_, row = split_reference(case.state.about)
    before = case.view.find(DISPUTED, id_, row_suffix(row))
    assert before is not None, "the dispute stands there"
    after = msgspec.structs.replace(before, open=tuple(pair for pair in before.open if pair[0] != dispute))
    if outcome == "upheld":
        after = msgspec.structs.replace(after, upheld=context.id, upheld_at=context.time)
        _uphold(case, effects, id_, row)
    effects.put(DISPUTED, id_, after, row_suffix(row))
    return effects


def _uphold(case: ResolveCase, effects: Effects, id_: str, row: int | None) -> None:
    """Ask holders and publishers to replace or stop (REC-10), and call products that rest on it stale (PRO-5)."""
    view, context, state = case.view, case.context, case.state
    if state.target == "record":
        stop_holders(effects, view, context, id_, row, state.about)
    elif state.target == "publication":
        order_stop(effects, context, find_copy(view, id_), deadline(view, "stop", context.time))
    changed = ReferenceSet(((id_, () if row is None else ((row, row),)),))
    pro_5(effects, view, context, changed)


handle(KindRules("record.dispute", RecordDispute, _dispute_needs, _dispute_case, (rec_9,), _dispute_effects))
handle(KindRules("record.resolve", RecordResolve, _resolve_needs, _resolve_case, (rec_9,), _resolve_effects, True))
