"""erasure.request and erasure.attest: every holder of every version erases and says so (ERA-1, ERA-2, ERA-4, ERA-5).

A request bars further hand-over of what it reaches (TRA-5). An attestation ends the holding of what was destroyed; it
proves only that this was claimed, and by whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from ledger.errors import StateError, Text
from ledger.holdings import end_part
from ledger.kinds.erasures import ErasureAttest, ErasureRequest
from ledger.references import ReferenceSet
from ledger.rules.covering import covers_record, find_mandate, mandate_fault, mandate_needs
from ledger.rules.erasure_case import (
    duty_needs,
    held,
    held_needs,
    holders,
    open_holder,
    reach_needs,
    settle,
    united,
)
from ledger.rules.listed import Listed, listed
from ledger.rules.loading import check_sorted, peek
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.stale import pro_5, stale_needs
from ledger.rules.standing import member
from ledger.rules.succession import inheritor
from ledger.rules.versions import versions
from ledger.state.authority_tables import MandateState
from ledger.state.case_tables import (
    DESTROYED,
    ERASING,
    ERASURE,
    ERASURE_HOLDER,
    DestroyedState,
    Destruction,
    ErasingState,
    ErasureHolderState,
    ErasureState,
)
from ledger.state.effects import Effects
from ledger.state.tables import HOLDING
from ledger.state.view import BlockView, Need


class NothingAttested(StateError):
    """Something is neither destroyed nor kept on a stated ground, or both."""

    code = "erasure.attestation"
    what = Text("The attestation does not fit what is owed: {detail}.", "确认内容与应履行的删除义务不符：{detail}。")
    next_step = Text(
        "State what was destroyed, and under `remains` what is kept and why.",
        "请写明已销毁的内容，并在 `remains` 中写明保留的内容及理由。",
    )


@dataclass(frozen=True, slots=True)
class RequestCase:
    """An erasure being asked for: what is named, every version of it, and who holds what of that."""

    context: Context
    view: BlockView
    payload: ErasureRequest
    named: tuple[Listed, ...]
    reached: ReferenceSet
    holders: Mapping[str, ReferenceSet]
    mandate: MandateState | None


@rule(
    "ERA-4",
    demand=Text(
        "Erasure is asked for by the issuer of the records, an agent whose live mandate covers them, or a regulator",
        "删除由记录的签发方、持有效且涵盖该记录之委托的代理方或监管机构提出",
    ),
    next_step=Text("Ask the source of the records, or open a mandate.", "请联系记录来源单位，或先登记委托。"),
)
def era_4(case: RequestCase) -> None:
    """ERA-4: who may ask; an agent names the mandate it acts under."""
    iss = case.context.iss
    if case.mandate is not None:
        fault = mandate_fault(case.mandate, iss, case.context.time)
        if fault is not None:
            raise broken("ERA-4", fault.en, fault.zh)
        for found in case.named:
            if not covers_record(case.mandate, found):
                raise broken("ERA-4", f"the mandate does not cover {found.id}", f"该委托不涵盖 {found.id}")
        return
    if "regulator" in member(case.view, iss).roles:
        return
    for found in case.named:
        if inheritor(case.view, found.record.issuer) != iss:
            raise broken("ERA-4", f"{iss} did not issue {found.id}", f"{iss} 不是 {found.id} 的签发方")


def _request_needs(context: Context, payload: ErasureRequest, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from mandate_needs(payload.mandate)
    yield from reach_needs(view, ReferenceSet.from_json(payload.references))


def _request_case(context: Context, payload: ErasureRequest, view: BlockView) -> RequestCase:
    named = ReferenceSet.from_json(payload.references)
    found = listed(view, named, "references")
    mandate = find_mandate(view, payload.mandate)
    reached = versions(view, named)
    return RequestCase(context, view, payload, found, reached, holders(view, reached), mandate)


@rule(
    "ERA-1",
    demand=Text(
        "Every holder of every version of the records, the source included, attests the erasure by the deadline",
        "记录各版本的每个持有方（含来源单位）须在期限内确认删除",
    ),
    next_step=Text("Erase what you hold and attest it once.", "请删除所持内容并确认一次。"),
)
def era_1(case: RequestCase, effects: Effects) -> None:
    """ERA-1: one duty a holder, from the holdings of every version. Whether in time is a finding over the duty."""
    for holder, copy in case.holders.items():
        open_holder(effects, case.view, case.context, holder, copy)


def _request_effects(case: RequestCase) -> Effects:
    effects, context = Effects(), case.context
    state = ErasureState(
        by=context.iss, ground=case.payload.ground, references=case.reached.entries, index=context.index
    )
    effects.put(ERASURE, context.id, state)
    for id_, ranges in case.reached.entries:
        effects.put(ERASING, id_, ErasingState(ranges=ranges, index=context.index), context.id)
        effects.edge(id_, context.id, "erases", ranges)
    if case.payload.mandate is not None:
        effects.edge(case.payload.mandate, context.id, "asks")
    era_1(case, effects)
    return effects


@dataclass(frozen=True, slots=True)
class AttestCase:
    """An attestation for `holder`: what it owes, what of that is kept, on hold or for another reason."""

    context: Context
    view: BlockView
    payload: ErasureAttest
    holder: str
    owed: ErasureHolderState | None
    held: ReferenceSet
    on_hold: ReferenceSet
    kept: ReferenceSet

    @property
    def outstanding(self) -> ReferenceSet:
        """What the holder owes before this attestation."""
        return ReferenceSet(self.owed.outstanding if self.owed else ())

    @property
    def destroyed(self) -> ReferenceSet:
        """What this attestation says is destroyed."""
        return self.outstanding.difference(self.on_hold).difference(self.kept)


@rule(
    "ERA-2",
    demand=Text(
        "A holder, or who inherited its duties, attests; where a holder is gone without an heir a regulator attests "
        "that it is unattainable, and the finding stays",
        "由持有方或其义务承继方确认；持有方消亡且无承继方的，由监管机构确认无法实现，核查发现予以保留",
    ),
    next_step=Text(
        "Attest for yourself or for whom you succeeded; ask a regulator where nobody did.",
        "请为本方或所承继的成员确认；无承继方的请联系监管机构。",
    ),
)
def era_2(case: AttestCase) -> None:
    """ERA-2: who may attest for whom, and once."""
    if case.owed is None or not case.owed.outstanding:
        raise broken("ERA-2", f"{case.holder} owes this request nothing", f"{case.holder} 对该请求无待履行义务")
    acting, iss = inheritor(case.view, case.holder), case.context.iss
    if case.payload.unattainable:
        if case.owed.residual:
            raise broken("ERA-2", "it was attested as unattainable before", "此前已确认无法实现")
        if acting is not None or "regulator" not in member(case.view, iss).roles:
            raise broken(
                "ERA-2", "it has an heir, or the signer is no regulator", "该成员有承继方，或签署方不是监管机构"
            )
    elif iss != acting:
        raise broken("ERA-2", f"{iss} does not answer for {case.holder}", f"{iss} 不对 {case.holder} 的义务负责")


@rule(
    "ERA-5",
    demand=Text(
        "What a hold covers is not erased, and only that remains on the ground of a hold",
        "保全期间不得删除所涉内容，且仅该等内容可以保全为由保留",
    ),
    next_step=Text("Name what is held under `remains` with reason hold.", "请将被保全的内容以保全为由列入 `remains`。"),
)
def era_5(case: AttestCase) -> None:
    """ERA-5: nothing under a hold is attested as destroyed; nothing else is kept as if it were."""
    if case.payload.unattainable:
        return
    clash = case.destroyed.intersection(case.held)
    if clash:
        raise broken("ERA-5", f"{clash.entries[0][0]} is under a hold", f"{clash.entries[0][0]} 处于保全之下")
    free = case.on_hold.difference(case.held)
    if free:
        raise broken("ERA-5", f"no hold covers {free.entries[0][0]}", f"{free.entries[0][0]} 不在保全之下")


def _attest_needs(context: Context, payload: ErasureAttest, view: BlockView) -> Iterator[Need]:
    holder = payload.holder or context.iss
    yield Need(ERASURE.name, payload.request)
    yield Need(ERASURE_HOLDER.name, payload.request, holder)
    owed = peek(view, ERASURE_HOLDER, payload.request, holder)
    if owed is None:
        return
    yield from duty_needs(payload.request, holder, owed)
    outstanding = ReferenceSet(owed.outstanding)
    yield from held_needs(outstanding)
    for id_, _ in outstanding.entries:
        yield Need(HOLDING.name, id_, holder)
        yield Need(DESTROYED.name, id_, holder)
    yield from stale_needs(view, [id_ for id_, _ in outstanding.entries])


def _attest_case(context: Context, payload: ErasureAttest, view: BlockView) -> AttestCase:
    if view.find(ERASURE, payload.request) is None:
        raise UnknownReference(field="request", name=payload.request, kind="erasure.request")
    holder = payload.holder or context.iss
    member(view, holder)
    owed = view.find(ERASURE_HOLDER, payload.request, holder)
    remains = [(entry.reason, ReferenceSet.from_json(entry.references)) for entry in payload.remains or []]
    on_hold = united(references for reason, references in remains if reason == "hold")
    kept = united(references for reason, references in remains if reason != "hold")
    outstanding = ReferenceSet(owed.outstanding if owed else ())
    case = AttestCase(context, view, payload, holder, owed, held(view, outstanding), on_hold, kept)
    if payload.destroyed is not None:
        check_sorted("destroyed", list(payload.destroyed))
    if outstanding:
        _check_stated(case)
    return case


def _check_stated(case: AttestCase) -> None:
    """Check that each reference owed is stated once, as destroyed or kept; raises NothingAttested."""
    payload = case.payload
    if payload.unattainable:
        if payload.destroyed is not None or payload.remains is not None:
            raise NothingAttested(detail="what is unattainable was neither destroyed nor kept")
        return
    if not case.outstanding.covers(case.on_hold.union(case.kept)) or case.on_hold.intersection(case.kept):
        raise NothingAttested(detail="remains names what is not owed, or names it twice")
    if bool(case.destroyed) != (payload.destroyed is not None):
        raise NothingAttested(detail="it says what was destroyed exactly where something was")


def _attest_effects(case: AttestCase) -> Effects:
    effects, context, request, owed = Effects(), case.context, case.payload.request, case.owed
    assert owed is not None, "ERA-2 found it"
    effects.edge(request, context.id, "attests")
    if case.payload.unattainable:
        # The duty stays open: nobody can meet it any more, and the finding over it is what remains of it.
        residual = msgspec.structs.replace(owed, attested=context.id, residual=True)
        effects.put(ERASURE_HOLDER, request, residual, case.holder)
        return effects
    _destroy(case, effects)
    state = msgspec.structs.replace(owed, outstanding=case.on_hold.entries, attested=context.id)
    settle(effects, case.view, context, request, case.holder, state, case.held)
    return effects


def _destroy(case: AttestCase, effects: Effects) -> None:
    """End the holding of what was destroyed, list by list; an issuer has no holding but its own record."""
    index, by = case.context.index, case.context.id
    for id_, ranges in case.destroyed.entries:
        before = case.view.find(DESTROYED, id_, case.holder)
        entry = Destruction(ranges=ranges, by=by, index=index, time=case.context.time)
        state = DestroyedState(entries=(*(before.entries if before else ()), entry))
        effects.put(DESTROYED, id_, state, case.holder)
        holding = case.view.find(HOLDING, id_, case.holder)
        if holding is not None:
            effects.put(HOLDING, id_, end_part(holding, id_, ranges, index), case.holder)
    pro_5(effects, case.view, case.context, case.destroyed, case.holder)


handle(KindRules("erasure.request", ErasureRequest, _request_needs, _request_case, (era_4,), _request_effects))
handle(
    KindRules(
        kind="erasure.attest",
        payload=ErasureAttest,
        needs=_attest_needs,
        case=_attest_case,
        rules=(era_2, era_5),
        effects=_attest_effects,
        meets_duty=True,
    )
)
