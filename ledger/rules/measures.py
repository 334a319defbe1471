"""measure.apply and measure.lift (惩戒措施): LST-5, and LST-1 and LST-3 of `ledger.rules.lists`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from ledger.errors import Text
from ledger.kinds.fields import LegalBasis
from ledger.kinds.genesis import Measure
from ledger.kinds.publication import MeasureApply, MeasureLift
from ledger.rules.lists import AlreadyLifted, EndCase, check_day, find_entry, lst_1, lst_3
from ledger.rules.loading import peek
from ledger.rules.purposes import current_catalogue
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import meet_duty, open_duty
from ledger.state.effects import Effects, duty_suffix
from ledger.state.publication_tables import ENTRY, MEASURE, EntryState, MeasureState
from ledger.state.view import BlockView, Need
from ledger.times import day_end


@dataclass(frozen=True, slots=True)
class ApplyCase:
    """A measure being applied to the subject of an entry."""

    context: Context
    view: BlockView
    payload: MeasureApply
    listed: Measure | None
    entry: EntryState

    @property
    def code(self) -> str:
        """The measure."""
        return self.payload.measure

    @property
    def basis(self) -> LegalBasis:
        """Why."""
        return self.payload.basis

    @property
    def authority(self) -> str | None:
        """The authority that the measure names."""
        return None if self.listed is None else self.listed.authority


@rule(
    "LST-5",
    demand=Text("A measure rests on an entry that was not left", "措施须以尚未移出的名单记录为依据"),
    next_step=Text("Name an entry in force.", "请引用有效的名单记录。"),
)
def lst_5(case: ApplyCase) -> None:
    """LST-5: nothing rests on an entry that was left."""
    if case.entry.exited:
        raise broken("LST-5", f"the entry was left by {case.entry.exited}", f"该记录已由 {case.entry.exited} 移出")


def _apply_needs(context: Context, payload: MeasureApply, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need("entry", payload.entry)


def _apply_case(context: Context, payload: MeasureApply, view: BlockView) -> ApplyCase:
    entry = find_entry(view, payload.entry)
    check_day(context, payload.end_day)
    known = {measure.code: measure for measure in current_catalogue(view).measures}
    return ApplyCase(context, view, payload, known.get(payload.measure), entry)


def _apply(case: ApplyCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    state = MeasureState(
        code=payload.measure,
        entry=payload.entry,
        authority=context.iss,
        end_day=payload.end_day,
        index=context.index,
    )
    effects.put(MEASURE, context.id, state)
    effects.put(ENTRY, payload.entry, replace(case.entry, measures=(*case.entry.measures, context.id)))
    effects.edge(payload.entry, context.id, "measures")
    open_duty(effects, context, "measure.lift", context.iss, day_end(payload.end_day))
    return effects


def _lift_needs(context: Context, payload: MeasureLift, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    name = payload.measure
    yield Need("measure", name)
    measure = peek(view, MEASURE, name)
    for opener in (name, *measure.ordered) if measure else ():
        yield Need("duty", opener, duty_suffix("measure.lift", measure.authority if measure else "", name, opener))


def _lift_case(context: Context, payload: MeasureLift, view: BlockView) -> EndCase:
    measure = view.find(MEASURE, payload.measure)
    if measure is None:
        raise UnknownReference(field="measure", name=payload.measure, kind="measure.apply")
    if measure.lifted:
        raise AlreadyLifted(name=payload.measure, by=measure.lifted)
    return EndCase(context, view, payload.measure, measure.code, measure.authority, measure)


def _lift(case: EndCase) -> Effects:
    effects, context, measure = case.effects, case.context, case.state
    assert isinstance(measure, MeasureState), "the case is about a measure"
    effects.put(MEASURE, case.name, replace(measure, lifted=context.id, lifted_at=context.time))
    effects.edge(case.name, context.id, "exits")
    for opener in (case.name, *measure.ordered):
        meet_duty(effects, case.view, context, opener, "measure.lift", measure.authority, about=case.name)
    return effects


handle(KindRules("measure.apply", MeasureApply, _apply_needs, _apply_case, (lst_5, lst_1, lst_3), _apply))
handle(KindRules("measure.lift", MeasureLift, _lift_needs, _lift_case, (lst_3,), _lift, meets_duty=True))
