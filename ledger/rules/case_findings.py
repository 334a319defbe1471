"""case.finding, case.respond, case.close: what came of a case, who may answer it, and its end (INC-5, INC-7, INC-8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import Text
from ledger.kinds.cases import CaseClose, CaseFinding, CaseRespond
from ledger.rules.burnt import burnt, burnt_suffixes
from ledger.rules.case_standing import find_case
from ledger.rules.cases import EXTRACT, find_part, inc_3, inc_4, inc_6
from ledger.rules.loading import check_sorted
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import deadline, member
from ledger.state.case_tables import (
    BURNT,
    CASE,
    CASE_PART,
    CASE_PARTY,
    BurntState,
    CasePartState,
    CasePartyState,
    CaseState,
)
from ledger.state.effects import Effects
from ledger.state.tables import GRANT, GrantState
from ledger.state.view import BlockView, Need


@dataclass(frozen=True, slots=True)
class FindingCase:
    """A finding: the extracts it rests on and the grants whose seeds were opened for it."""

    context: Context
    view: BlockView
    payload: CaseFinding
    state: CaseState
    extracts: tuple[CasePartState, ...]
    opened: tuple[tuple[str, GrantState], ...]

    @property
    def case(self) -> str:
        """The id of the case."""
        return self.payload.case

    @property
    def rests_on(self) -> tuple[tuple[CasePartState, str], ...]:
        """A finding rests on extracts."""
        return tuple((extract, EXTRACT) for extract in self.extracts)


@rule(
    "INC-7",
    demand=Text(
        "A seed that was opened is burnt: an exhibit logged later names no copy by it",
        "已开启的种子即告失效：此后登记的检材不得据其指认副本",
    ),
    next_step=Text(
        "Use exhibits from before the opening; new grants need new seeds and a new code key.",
        "请使用开启之前登记的检材；新的授权须使用新的种子与编码密钥。",
    ),
)
def inc_7(case: FindingCase) -> None:
    """INC-7: every exhibit of the finding was logged before the seed or code key was first opened (leak tracing)."""
    for grant, state in case.opened:
        for suffix, row in burnt(case.view, grant, state):
            if any(extract.exhibit_index > row.index for extract in case.extracts):
                raise broken("INC-7", f"{suffix} was opened by {row.finding}", f"{suffix} 已由 {row.finding} 开启")


def _finding_needs(context: Context, payload: CaseFinding, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need(CASE.name, payload.case)
    yield Need(CASE_PARTY.name, payload.case, None)
    for extract in payload.extracts:
        yield Need(CASE_PART.name, extract)
    for grant in payload.opened or []:
        yield Need(GRANT.name, grant)


def _finding_case(context: Context, payload: CaseFinding, view: BlockView) -> FindingCase:
    check_sorted("extracts", list(payload.extracts))
    check_sorted("named", list(payload.named or []))
    check_sorted("opened", list(payload.opened or []))
    state = find_case(view, payload.case)
    for uscc in payload.named or []:
        member(view, uscc)
    extracts = tuple(find_part(view, extract, "extracts") for extract in payload.extracts)
    opened: list[tuple[str, GrantState]] = []
    for id_ in payload.opened or []:
        grant = view.find(GRANT, id_)
        if grant is None:
            raise UnknownReference(field="opened", name=id_, kind="grant.issue")
        opened.append((id_, grant))
    return FindingCase(context, view, payload, state, extracts, tuple(opened))


def _finding_effects(case: FindingCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    state = msgspec.structs.replace(case.state, findings=case.state.findings + 1)
    effects.put(CASE, payload.case, state)
    effects.edge(payload.case, context.id, "case")
    until = deadline(case.view, "case_response", context.time)
    for uscc in payload.named or []:
        effects.put(CASE_PARTY, payload.case, CasePartyState(finding=context.id, until=until), uscc)
    opened = BurntState(case=payload.case, finding=context.id, index=context.index)
    for id_, grant in case.opened:
        before = {suffix for suffix, _ in burnt(case.view, id_, grant)}
        for suffix in burnt_suffixes(id_, grant):
            if suffix not in before:
                effects.put(BURNT, "", opened, suffix)
    return effects


@dataclass(frozen=True, slots=True)
class EndingCase:
    """A response to a case, or its closing."""

    context: Context
    view: BlockView
    payload: CaseRespond | CaseClose
    state: CaseState


@rule(
    "INC-5",
    demand=Text(
        "A member that a finding names may respond before the case closes, which waits for it until the deadline",
        "结论所指成员可在结案前答辩；期限届满或答辩之前不得结案",
    ),
    next_step=Text(
        "Respond once while the case is open; close it when everybody named has responded or their time is over.",
        "请在结案前答辩一次；须待各被指成员答辩或期限届满后结案。",
    ),
)
def inc_5(case: EndingCase) -> None:
    """INC-5: who responds, once; and no closing over the head of a named party."""
    if case.state.closed is not None:
        raise broken("INC-5", "the case is closed", "该案件已结案")
    parties = dict(case.view.scan(CASE_PARTY, case.payload.case))
    if isinstance(case.payload, CaseRespond):
        party = parties.get(case.context.iss)
        if party is None:
            raise broken("INC-5", f"no finding names {case.context.iss}", f"没有结论指向 {case.context.iss}")
        if party.response is not None:
            raise broken("INC-5", f"{case.context.iss} responded before", f"{case.context.iss} 已作答辩")
        return
    for uscc, party in parties.items():
        if party.response is None and case.context.time < party.until:
            raise broken("INC-5", f"{uscc} may still respond", f"{uscc} 仍可答辩")


@rule(
    "INC-8",
    demand=Text(
        "A case is closed once, by its investigator or a regulator, when none of its holds stands any more",
        "案件由其调查方或监管机构结案，且只结案一次；结案前须解除该案件的全部保全",
    ),
    next_step=Text("Lift the holds of the case, then close it.", "请先解除该案件的保全，再结案。"),
)
def inc_8(case: EndingCase) -> None:
    """INC-8: who closes; a hold never outlives the case that authorised it (ERA-3)."""
    iss = case.context.iss
    if iss != case.state.investigator and "regulator" not in member(case.view, iss).roles:
        raise broken("INC-8", f"{iss} does not conduct the case", f"{iss} 不是该案件的调查方")
    if case.state.holds:
        raise broken("INC-8", f"{case.state.holds} holds stand", f"尚有 {case.state.holds} 项保全未解除")


def _ending_needs(context: Context, payload: CaseRespond | CaseClose, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need(CASE.name, payload.case)
    yield Need(CASE_PARTY.name, payload.case, None)


def _ending_case(context: Context, payload: CaseRespond | CaseClose, view: BlockView) -> EndingCase:
    return EndingCase(context, view, payload, find_case(view, payload.case))


def _respond_effects(case: EndingCase) -> Effects:
    effects, context, id_ = Effects(), case.context, case.payload.case
    party = case.view.find(CASE_PARTY, id_, context.iss)
    assert party is not None, "INC-5 found it"
    effects.put(CASE_PARTY, id_, msgspec.structs.replace(party, response=context.id), context.iss)
    effects.edge(id_, context.id, "case")
    return effects


def _close_effects(case: EndingCase) -> Effects:
    effects, context, id_ = Effects(), case.context, case.payload.case
    state = msgspec.structs.replace(case.state, closed=context.id, closed_index=context.index)
    effects.put(CASE, id_, state)
    effects.edge(id_, context.id, "case")
    return effects


handle(
    KindRules(
        "case.finding", CaseFinding, _finding_needs, _finding_case, (inc_6, inc_4, inc_3, inc_7), _finding_effects
    )
)
handle(KindRules("case.respond", CaseRespond, _ending_needs, _ending_case, (inc_5,), _respond_effects))
handle(KindRules("case.close", CaseClose, _ending_needs, _ending_case, (inc_5, inc_8), _close_effects))
