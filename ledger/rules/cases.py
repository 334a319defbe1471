"""case.open, case.authorise, case.exhibit, case.extract: from a complaint to what was read (INC-2, INC-3, INC-4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import msgspec

from ledger.errors import StateError, Text
from ledger.kinds.cases import CaseAuthorise, CaseExhibit, CaseExtract, CaseOpen
from ledger.kinds.fields import Payload
from ledger.rules.case_standing import find_case, why_not_authorised
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import member
from ledger.state.case_tables import CASE, CASE_PART, INCIDENT, CasePartState, CaseState
from ledger.state.effects import Effects
from ledger.state.view import BlockView, Need
from ledger.times import parse_time

EXHIBIT, EXTRACT = "exhibit", "extract"


class AuthorisationPassed(StateError):
    """The authorisation would end before it begins."""

    code = "case.until"
    what = Text("The authorisation would end at {until}, which has passed.", "授权终止时间 {until} 已过。")
    next_step = Text("Name a time that lies ahead.", "请填写将来的时间。")


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case being opened."""

    context: Context
    view: BlockView
    payload: CaseOpen


@rule(
    "INC-2",
    recorded=True,
    demand=Text("Only investigators open cases", "只有调查方可以立案"),
    next_step=Text("Report an incident, or ask an investigator.", "请报告事件，或联系调查方。"),
)
def inc_2(case: OpenCase) -> None:
    """INC-2: the signer has the role investigator."""
    if "investigator" not in member(case.view, case.context.iss).roles:
        raise broken("INC-2", f"{case.context.iss} is no investigator", f"{case.context.iss} 不是调查方")


def _open_needs(context: Context, payload: CaseOpen, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    if payload.incident is not None:
        yield Need(INCIDENT.name, payload.incident)


def _open_case(context: Context, payload: CaseOpen, view: BlockView) -> OpenCase:
    if payload.incident is not None and view.find(INCIDENT, payload.incident) is None:
        raise UnknownReference(field="incident", name=payload.incident, kind="incident.open")
    return OpenCase(context, view, payload)


def _open_effects(case: OpenCase) -> Effects:
    effects, context, incident = Effects(), case.context, case.payload.incident
    effects.put(CASE, context.id, CaseState(investigator=context.iss, incident=incident, index=context.index))
    if incident is not None:
        effects.edge(incident, context.id, "incident")
    return effects


class Working(Protocol):
    """A step of a case that its authorisation and its investigator are asked for."""

    @property
    def context(self) -> Context:
        """The statement judged."""
        ...

    @property
    def view(self) -> BlockView:
        """The rows it is judged against."""
        ...

    @property
    def payload(self) -> Payload:
        """What it says."""
        ...

    @property
    def state(self) -> CaseState:
        """The case as it stands."""
        ...


class Resting(Protocol):
    """A step of a case that rests on earlier ones."""

    @property
    def case(self) -> str:
        """The id of the case."""
        ...

    @property
    def rests_on(self) -> tuple[tuple[CasePartState, str], ...]:
        """What it names, each with the kind of part that it must be."""
        ...


@dataclass(frozen=True, slots=True)
class WorkCase:
    """A step of a case: `exhibit` is what an extract was read from."""

    context: Context
    view: BlockView
    payload: CaseAuthorise | CaseExhibit | CaseExtract
    state: CaseState
    exhibit: CasePartState | None = None

    @property
    def case(self) -> str:
        """The id of the case."""
        return self.payload.case

    @property
    def rests_on(self) -> tuple[tuple[CasePartState, str], ...]:
        """An extract rests on its exhibit."""
        return () if self.exhibit is None else ((self.exhibit, EXHIBIT),)


@rule(
    "INC-4",
    demand=Text(
        "A regulator authorises a case, and only then anything is read under it",
        "案件须经监管机构授权，此后方可依其读取任何内容",
    ),
    next_step=Text("Have a regulator authorise the case and its scope.", "请由监管机构授权该案件及其范围。"),
)
def inc_4(case: Working) -> None:
    """INC-4: who authorises; extracts and findings need an authorisation that lasts. An exhibit is not yet read."""
    if isinstance(case.payload, CaseAuthorise):
        if "regulator" not in member(case.view, case.context.iss).roles:
            raise broken("INC-4", f"{case.context.iss} is no regulator", f"{case.context.iss} 不是监管机构")
        return
    why = why_not_authorised(case.state, case.context.time)
    if why is not None:
        raise broken("INC-4", why.en, why.zh)


@rule(
    "INC-6",
    demand=Text(
        "A case is worked on by the investigator that opened it, until it is closed",
        "案件由立案的调查方办理，直至结案",
    ),
    next_step=Text("Ask the investigator of the case, or open another.", "请联系该案件的调查方，或另行立案。"),
)
def inc_6(case: Working) -> None:
    """INC-6: nothing is added to a closed case, and exhibits, extracts and findings come from its investigator."""
    if case.state.closed is not None:
        raise broken("INC-6", "the case is closed", "该案件已结案")
    if not isinstance(case.payload, CaseAuthorise) and case.context.iss != case.state.investigator:
        raise broken("INC-6", f"{case.context.iss} does not conduct the case", f"{case.context.iss} 不是该案件的调查方")


@rule(
    "INC-3",
    demand=Text(
        "An exhibit is logged before its extract, and an extract before a finding, all of one case",
        "检材须先于提取结果入账，提取结果须先于结论入账，且属于同一案件",
    ),
    next_step=Text("Log the exhibit, then the extract, then the finding.", "请依次登记检材、提取结果与结论。"),
)
def inc_3(case: Resting) -> None:
    """INC-3: an extract names an exhibit, and a finding extracts, of its own case."""
    for part, kind in case.rests_on:
        if part.kind != kind or part.case != case.case:
            raise broken("INC-3", f"what is named is no {kind} of this case", "所引用的不是本案件的相应材料")


def find_part(view: BlockView, part: str, field: str) -> CasePartState:
    """Return an exhibit or extract; raises UnknownReference."""
    found = view.find(CASE_PART, part)
    if found is None:
        raise UnknownReference(field=field, name=part, kind="case.exhibit or case.extract")
    return found


def _work_needs(
    context: Context,  # noqa: ARG001 — one form for all kinds
    payload: CaseAuthorise | CaseExhibit | CaseExtract,
    view: BlockView,  # noqa: ARG001 — one form for all kinds
) -> Iterator[Need]:
    yield Need(CASE.name, payload.case)
    if isinstance(payload, CaseExtract):
        yield Need(CASE_PART.name, payload.exhibit)


def _work_case(context: Context, payload: CaseAuthorise | CaseExhibit | CaseExtract, view: BlockView) -> WorkCase:
    state = find_case(view, payload.case)
    if isinstance(payload, CaseAuthorise) and parse_time(payload.until) <= context.time:
        raise AuthorisationPassed(until=payload.until)
    read = find_part(view, payload.exhibit, "exhibit") if isinstance(payload, CaseExtract) else None
    return WorkCase(context, view, payload, state, read)


def _authorise_effects(case: WorkCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    assert isinstance(payload, CaseAuthorise)
    state = msgspec.structs.replace(
        case.state,
        authorised=context.id,
        authorised_index=context.index,
        scope=payload.scope,
        until=parse_time(payload.until),
    )
    effects.put(CASE, payload.case, state)
    effects.edge(payload.case, context.id, "case")
    return effects


def _exhibit_effects(case: WorkCase) -> Effects:
    effects, context = Effects(), case.context
    part = CasePartState(case=case.payload.case, kind=EXHIBIT, exhibit_index=context.index, index=context.index)
    effects.put(CASE_PART, context.id, part)
    effects.edge(case.payload.case, context.id, "case")
    return effects


def _extract_effects(case: WorkCase) -> Effects:
    effects, context, read = Effects(), case.context, case.exhibit
    assert read is not None, "an extract names its exhibit"
    part = CasePartState(case=case.payload.case, kind=EXTRACT, exhibit_index=read.exhibit_index, index=context.index)
    effects.put(CASE_PART, context.id, part)
    state = msgspec.structs.replace(case.state, extracts=case.state.extracts + 1)
    effects.put(CASE, case.payload.case, state)
    effects.edge(case.payload.case, context.id, "case")
    return effects


handle(KindRules("case.open", CaseOpen, _open_needs, _open_case, (inc_2,), _open_effects))
handle(KindRules("case.authorise", CaseAuthorise, _work_needs, _work_case, (inc_6, inc_4), _authorise_effects))
handle(KindRules("case.exhibit", CaseExhibit, _work_needs, _work_case, (inc_6,), _exhibit_effects))
handle(KindRules("case.extract", CaseExtract, _work_needs, _work_case, (inc_6, inc_4, inc_3), _extract_effects))
