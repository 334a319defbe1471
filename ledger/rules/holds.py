"""hold.place and hold.lift: what an authorised case needs is not erased meanwhile (ERA-3, ERA-6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import Text
from ledger.kinds.erasures import HoldLift, HoldPlace
from ledger.references import ReferenceSet
from ledger.rules.case_standing import find_case, why_not_authorised
from ledger.rules.erasure_case import duty_needs, held, held_needs, settle
from ledger.rules.listed import listed
from ledger.rules.loading import peek
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import member
from ledger.rules.versions import version_needs, versions
from ledger.state.case_tables import (
    CASE,
    ERASING,
    ERASURE_HOLDER,
    HELD,
    HOLD,
    CaseState,
    ErasureHolderState,
    HeldState,
    HoldState,
)
from ledger.state.effects import Effects
from ledger.state.view import BlockView, Need, NotLoaded


def _erasing_needs(view: BlockView, references: ReferenceSet) -> Iterator[Need]:
    """Name the erasures that concern a set, what each holder owes them, its open duty, and the holds on all of that."""
    yield from held_needs(references)
    for id_, _ in references.entries:
        yield Need(ERASING.name, id_, None)
    for request in _requests(view, references):
        yield Need(ERASURE_HOLDER.name, request, None)
        for holder, state in _owing(view, request):
            yield from duty_needs(request, holder, state)
            yield from held_needs(ReferenceSet(state.outstanding))


def _requests(view: BlockView, references: ReferenceSet) -> list[str]:
    """Return the erasure.requests that concern a set, as far as they are loaded, in order."""
    found: set[str] = set()
    for id_, _ in references.entries:
        try:
            found.update(request for request, _ in view.scan(ERASING, id_))
        except NotLoaded:
            continue
    return sorted(found)


def _owing(view: BlockView, request: str) -> list[tuple[str, ErasureHolderState]]:
    """Return the holders that still owe a request something, as far as they are loaded."""
    try:
        return [(holder, state) for holder, state in view.scan(ERASURE_HOLDER, request) if state.outstanding]
    except NotLoaded:
        return []


def _settle_all(
    effects: Effects, view: BlockView, context: Context, references: ReferenceSet, *, added: bool, without: str = ""
) -> None:
    """Pause or reopen the duty of every holder that a hold on `references` concerns, once it is `added` or is gone."""
    for request in _requests(view, references):
        for holder, state in _owing(view, request):
            outstanding = ReferenceSet(state.outstanding)
            touched = outstanding.intersection(references)
            if not touched:
                continue
            covered = held(view, outstanding, without=without)
            covered = covered.union(touched) if added else covered
            settle(effects, view, context, request, holder, state, covered)


@dataclass(frozen=True, slots=True)
class PlaceCase:
    """A hold being placed for a case on every version of what is named."""

    context: Context
    view: BlockView
    payload: HoldPlace
    state: CaseState
    reached: ReferenceSet


@rule(
    "ERA-3",
    recorded=True,
    demand=Text(
        "A hold pauses erasure; it is placed by the investigator of an authorised case, or a regulator, for that case",
        "保全可暂停删除，须由已获授权案件的调查方或监管机构为该案件作出",
    ),
    next_step=Text("Have the case authorised by a regulator first.", "请先由监管机构授权该案件。"),
)
def era_3(case: PlaceCase) -> None:
    """ERA-3: only for a case that is authorised at this block."""
    why = why_not_authorised(case.state, case.context.time)
    if why is not None:
        raise broken("ERA-3", why.en, why.zh)
    iss = case.context.iss
    if iss != case.state.investigator and "regulator" not in member(case.view, iss).roles:
        raise broken("ERA-3", f"{iss} does not conduct the case", f"{iss} 不是该案件的调查方")


def _place_needs(context: Context, payload: HoldPlace, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need(CASE.name, payload.case)
    named = ReferenceSet.from_json(payload.references)
    yield from version_needs(view, named)
    yield from _erasing_needs(view, versions(view, named))


def _place_case(context: Context, payload: HoldPlace, view: BlockView) -> PlaceCase:
    named = ReferenceSet.from_json(payload.references)
    listed(view, named, "references")
    return PlaceCase(context, view, payload, find_case(view, payload.case), versions(view, named))


def _place_effects(case: PlaceCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    state = HoldState(by=context.iss, case=payload.case, references=case.reached.entries, index=context.index)
    effects.put(HOLD, context.id, state)
    for id_, ranges in case.reached.entries:
        effects.put(HELD, id_, HeldState(ranges=ranges), context.id)
        effects.edge(id_, context.id, "holds", ranges)
    effects.put(CASE, payload.case, msgspec.structs.replace(case.state, holds=case.state.holds + 1))
    effects.edge(payload.case, context.id, "case")
    _settle_all(effects, case.view, context, case.reached, added=True)
    return effects


@dataclass(frozen=True, slots=True)
class LiftCase:
    """A hold being lifted."""

    context: Context
    view: BlockView
    payload: HoldLift
    state: HoldState
    of_case: CaseState

    @property
    def references(self) -> ReferenceSet:
        """What the hold covers."""
        return ReferenceSet(self.state.references)


@rule(
    "ERA-6",
    demand=Text(
        "A hold is lifted once, by who placed it, the investigator of its case or a regulator",
        "保全由作出方、该案件的调查方或监管机构解除，且只解除一次",
    ),
    next_step=Text("Ask the investigator or a regulator.", "请联系调查方或监管机构。"),
)
def era_6(case: LiftCase) -> None:
    """ERA-6: who lifts, and once."""
    iss = case.context.iss
    if case.state.lifted_by is not None:
        raise broken("ERA-6", "the hold was lifted before", "该保全此前已解除")
    if iss not in (case.state.by, case.of_case.investigator) and "regulator" not in member(case.view, iss).roles:
        raise broken("ERA-6", f"{iss} neither placed it nor conducts the case", f"{iss} 既非作出方也非调查方")


def _lift_needs(context: Context, payload: HoldLift, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need(HOLD.name, payload.hold)
    state = peek(view, HOLD, payload.hold)
    if state is not None:
        yield Need(CASE.name, state.case)
        yield from _erasing_needs(view, ReferenceSet(state.references))


def _lift_case(context: Context, payload: HoldLift, view: BlockView) -> LiftCase:
    state = view.find(HOLD, payload.hold)
    if state is None:
        raise UnknownReference(field="hold", name=payload.hold, kind="hold.place")
    return LiftCase(context, view, payload, state, find_case(view, state.case))


def _lift_effects(case: LiftCase) -> Effects:
    effects, context, hold = Effects(), case.context, case.payload.hold
    lifted = msgspec.structs.replace(case.state, lifted_by=context.id, lifted_index=context.index)
    effects.put(HOLD, hold, lifted)
    for id_, ranges in case.references.entries:
        effects.put(HELD, id_, HeldState(ranges=ranges, lifted=True), hold)
    left = msgspec.structs.replace(case.of_case, holds=case.of_case.holds - 1)
    effects.put(CASE, case.state.case, left)
    effects.edge(hold, context.id, "lifts")
    effects.edge(case.state.case, context.id, "case")
    _settle_all(effects, case.view, context, case.references, added=False, without=hold)
    return effects


handle(KindRules("hold.place", HoldPlace, _place_needs, _place_case, (era_3,), _place_effects))
handle(KindRules("hold.lift", HoldLift, _lift_needs, _lift_case, (era_6,), _lift_effects))
