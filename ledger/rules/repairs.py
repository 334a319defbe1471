"""repair.apply, repair.accept, repair.decide (信用修复): REP-1, REP-2, REP-3, REP-5, REP-6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from ledger.errors import Text
from ledger.kinds.genesis import Item
from ledger.kinds.publication import RepairAccept, RepairApply, RepairDecide
from ledger.references import ReferenceSet
from ledger.rules.covering import covers_record, find_mandate, mandate_fault, mandate_needs
from ledger.rules.listed import Listed
from ledger.rules.loading import peek
from ledger.rules.purposes import current_catalogue
from ledger.rules.reach import order_stops, reach_needs
from ledger.rules.record_case import AlreadyEnded
from ledger.rules.record_chain import (
    Version,
    first_published,
    known_versions,
    published_needs,
    versions,
    versions_needs,
)
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.stale import pro_5, stale_needs
from ledger.rules.standing import item_of, member
from ledger.rules.succession import answers_for
from ledger.state.authority_tables import MandateState
from ledger.state.effects import Effects
from ledger.state.publication_tables import REPAIR, RepairState
from ledger.state.tables import ENDED, EndedState
from ledger.state.view import BlockView, Need
from ledger.times import DAY_MS, day_of, day_start


@dataclass(frozen=True, slots=True)
class ApplyCase:
    """An application: the record's versions, its item, when it was public first, and the mandate that is named."""

    context: Context
    view: BlockView
    payload: RepairApply
    chain: tuple[Version, ...]
    version: Version
    item: Item
    first: int | None
    mandate: MandateState | None


@dataclass(frozen=True, slots=True)
class DecideCase:
    """An application being registered or decided."""

    context: Context
    view: BlockView
    payload: RepairAccept | RepairDecide
    repair: RepairState
    chain: tuple[Version, ...]
    item: Item
    effects: Effects = field(default_factory=Effects)


@rule(
    "REP-1",
    demand=Text(
        "Repair is applied for when the least publication term of the severity has passed since the first publication",
        "自首次公示起满该严重程度的最短公示期后，方可申请信用修复",
    ),
    next_step=Text("Apply when the term has passed.", "请在最短公示期届满后申请。"),
)
def rep_1(case: ApplyCase) -> None:
    """REP-1: from the day on which any version was public first; what never was public has no term that could pass."""
    if case.first is None:
        raise broken("REP-1", "the record was never public", "该信息从未公示")
    terms = {str(term.severity): term.minimum_days for term in case.item.severities or ()}
    from_day = day_start(day_of(case.first)) + terms.get(case.version.record.severity or "", 0) * DAY_MS
    if case.context.time < from_day:
        raise broken("REP-1", f"the term runs until {day_of(from_day)}", f"最短公示期至 {day_of(from_day)}")


@rule(
    "REP-2",
    recorded=True,
    demand=Text(
        "An application is registered and decided by the item's repair authority",
        "修复申请由条目规定的修复机关受理和决定",
    ),
    next_step=Text("Have the repair authority sign.", "请由修复机关签署。"),
)
def rep_2(case: DecideCase) -> None:
    """REP-2: the authority that the catalogue in force names."""
    authority = case.item.repair_authority
    if authority is None or not answers_for(case.view, authority, case.context.iss):
        who = authority or "nobody"
        raise broken(
            "REP-2", f"{case.item.code} is repaired by {who}", f"{case.item.code} 的修复机关为 {authority or '无'}"
        )


@rule(
    "REP-3",
    demand=Text(
        "Approval puts a stop duty on the publisher, every mirror and every holder of any version, and exit and lift "
        "duties on what rests on the record alone",
        "修复获批后，公示机构、各镜像及各版本的每个持有方须停止使用；仅以该信息为依据的名单与措施须移出和解除",
    ),
    next_step=Text("Stop, exit and lift by the deadline, and say so.", "请在期限内停止、移出、解除并确认。"),
)
def rep_3(case: DecideCase) -> None:
    """REP-3: ends the newest version, and opens the duties; it forbids nothing."""
    context, newest = case.context, case.chain[-1]
    if newest.ended is None:
        ended = EndedState(how="stopped", by=context.id, index=context.index, time=context.time)
        case.effects.put(ENDED, newest.id, ended, newest.suffix)
        pro_5(case.effects, case.view, context, ReferenceSet(((newest.id, newest.ranges),)))
    case.effects.edge(newest.id, context.id, "repairs", newest.ranges)
    order_stops(case.effects, case.view, context, case.chain)


@rule(
    "REP-5",
    demand=Text(
        "Repair is applied for by the subject, or by an agent whose live mandate covers the record; for a person "
        "always by an agent, and never by the authority that decides",
        "信用修复由信息主体或持有效且涵盖该信息之委托的代理方申请；自然人须由代理方申请，修复机关不得自行申请",
    ),
    next_step=Text("Open a mandate that covers the record, and name it.", "请先登记涵盖该信息的委托并予以引用。"),
)
def rep_5(case: ApplyCase) -> None:
    """REP-5: the ledger cannot tell whose a subject value is, so the authority checks that of a subject that signs."""
    iss, mandate = case.context.iss, case.mandate
    if iss == case.item.repair_authority:
        raise broken("REP-5", "the authority that decides does not apply", "修复机关不得自行申请")
    if mandate is None:
        if "agent" in member(case.view, iss).roles:
            raise broken("REP-5", "an agent names its mandate", "代理方须引用委托")
        if case.version.record.subject_class == "person":
            raise broken("REP-5", "a person is represented by an agent", "自然人须由代理方申请")
        return
    fault = mandate_fault(mandate, iss, case.context.time)
    if fault is not None:
        raise broken("REP-5", fault.en, fault.zh)
    if not covers_record(mandate, Listed(case.version.id, case.version.ranges, case.version.record)):
        raise broken("REP-5", "the mandate does not cover the record", "该委托不涵盖此信息")


@rule(
    "REP-6",
    demand=Text("An application is registered once, and decided once after that", "修复申请受理一次，受理后决定一次"),
    next_step=Text(
        "`suyuan trace subject` shows what became of a subject's repairs.",
        "`suyuan trace subject` 可查看该主体各项修复的办理情况。",
    ),
)
def rep_6(case: DecideCase) -> None:
    """REP-6: the order of the steps."""
    repair = case.repair
    if isinstance(case.payload, RepairAccept):
        if repair.accepted:
            raise broken("REP-6", f"it was registered by {repair.accepted}", f"已由 {repair.accepted} 受理")
        return
    if not repair.accepted:
        raise broken("REP-6", "it was not registered yet", "尚未受理")
    if repair.decided:
        raise broken("REP-6", f"it was decided by {repair.decided}", f"已由 {repair.decided} 决定")


def _apply_needs(context: Context, payload: RepairApply, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from versions_needs(view, payload.reference)
    yield from published_needs(view, payload.reference)
    yield from mandate_needs(payload.mandate)


def _item(view: BlockView, version: Version) -> Item:
    found = item_of(current_catalogue(view), version.record.item)
    assert found is not None, "CAT-1 keeps items"
    return found


def _apply_case(context: Context, payload: RepairApply, view: BlockView) -> ApplyCase:
    chain = versions(view, payload.reference)
    version = next(each for each in chain if str(each.reference) == payload.reference)
    if version.ended is not None:
        raise AlreadyEnded(reference=payload.reference, how=version.ended.how, by=version.ended.by)
    mandate = find_mandate(view, payload.mandate)
    first = first_published(view, chain)
    return ApplyCase(context, view, payload, chain, version, _item(view, version), first, mandate)


def _apply(case: ApplyCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    state = RepairState(
        reference=payload.reference, applicant=context.iss, mandate=payload.mandate or "", index=context.index
    )
    effects.put(REPAIR, context.id, state)
    effects.edge(case.version.id, context.id, "applies", case.version.ranges)
    if payload.mandate is not None:
        effects.edge(payload.mandate, context.id, "mandates")
    return effects


def _decide_needs(context: Context, payload: RepairAccept | RepairDecide, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need("repair", payload.application)
    repair = peek(view, REPAIR, payload.application)
    if repair is not None:
        yield from versions_needs(view, repair.reference)
        if isinstance(payload, RepairDecide) and payload.outcome == "approved":
            yield from reach_needs(view, repair.reference)
            yield from stale_needs(view, [each.statement_id for each in known_versions(view, repair.reference)])


def _decide_case(context: Context, payload: RepairAccept | RepairDecide, view: BlockView) -> DecideCase:
    repair = view.find(REPAIR, payload.application)
    if repair is None:
        raise UnknownReference(field="application", name=payload.application, kind="repair.apply")
    chain = versions(view, repair.reference)
    return DecideCase(context, view, payload, repair, chain, _item(view, chain[-1]))


def _decide(case: DecideCase) -> Effects:
    effects, context, payload = case.effects, case.context, case.payload
    effects.edge(payload.application, context.id, "decides")
    if isinstance(payload, RepairAccept):
        effects.put(REPAIR, payload.application, replace(case.repair, accepted=context.id))
        return effects
    decided = replace(case.repair, decided=context.id, outcome=payload.outcome)
    effects.put(REPAIR, payload.application, decided)
    if payload.outcome == "approved":
        rep_3(case)
    return effects


handle(KindRules("repair.apply", RepairApply, _apply_needs, _apply_case, (rep_5, rep_1), _apply))
handle(KindRules("repair.accept", RepairAccept, _decide_needs, _decide_case, (rep_6, rep_2), _decide))
handle(KindRules("repair.decide", RepairDecide, _decide_needs, _decide_case, (rep_6, rep_2), _decide))
