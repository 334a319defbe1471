"""What an investigator may read: the scope that a regulator authorised, opened against its commitment (INC-4)."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import AccessError, Text
from ledger.lineage.answers import Step
from ledger.lineage.ranges import WHOLE, intersect
from ledger.lineage.source import LineageSource
from ledger.lineage.steps import WrongQuestion, in_order, load, logged, split_reference, steps_of
from ledger.lineage.versions import every_version
from ledger.references import ReferenceSet
from ledger.rules.case_standing import why_not_authorised
from ledger.scope_commitment import ScopeOpening
from ledger.state.case_tables import CASE


class CaseNotReadable(AccessError):
    """Nothing may be read under the case now, or not by this member."""

    code = "access.case"
    what = Text("Nothing may be read under case {case}: {detail}.", "不得依案件 {case} 读取任何内容：{detail}。")
    why = Text(
        "An investigator reads within what a regulator authorised, while the authorisation lasts.",
        "调查方只能在监管机构授权的范围与期限内读取。",
    )
    next_step = Text("Have the case authorised by a regulator.", "请由监管机构授权该案件。")


class OutsideCaseScope(AccessError):
    """The reference is not in the scope of the case."""

    code = "access.case_scope"
    what = Text("{reference} lies outside the scope of case {case}.", "{reference} 不在案件 {case} 的授权范围内。")
    next_step = Text("Have a wider scope authorised.", "请申请扩大授权范围。")


@dataclass(frozen=True, slots=True)
class CaseScope:
    """What may be read under a case: records in all their versions, and the members it is about."""

    case: str
    references: ReferenceSet
    members: tuple[str, ...]

    def check(self, reference: str) -> None:
        """Check that a record or row lies inside; raises `OutsideCaseScope` or `ReferenceMalformed`."""
        id_, rows = split_reference(reference)
        inside = dict(self.references.entries).get(id_)
        whole_of_a_part = rows == WHOLE and inside != WHOLE
        if inside is None or whole_of_a_part or intersect(inside, rows) is None:
            raise OutsideCaseScope(reference=reference, case=self.case)


def case_scope(source: LineageSource, case: str, investigator: str, opened: ScopeOpening) -> CaseScope:
    """Return what `investigator` may read now under a case, given what the authorised scope opens to.

    Whether it may is judged at the head, whatever size is asked about. Raises `NothingLogged`, `WrongQuestion`,
    `CaseNotReadable`, and `ScopeMismatch` where `opened` is not what the regulator committed to.
    """
    head = source.head()
    row = logged(source, case, head.size)
    state = load(source, CASE, [case]).get(case)
    if state is None:
        raise WrongQuestion(name=case, found=row.kind, wanted="cases")
    if state.investigator != investigator:
        raise CaseNotReadable(case=case, detail=f"{investigator} does not conduct it")
    why = why_not_authorised(state, head.time)
    if why is not None:
        raise CaseNotReadable(case=case, detail=why.en)
    opened.check(state.scope)
    return CaseScope(case, every_version(source, opened.references, head.size), opened.members)


def case_steps(source: LineageSource, case: str, as_of: int) -> tuple[Step, ...]:
    """Return the chain of custody of a case: its statements below size `as_of` in order; raises `NothingLogged`."""
    logged(source, case, as_of)
    edges = [edge for edge in source.edges_from([case], as_of) if edge.kind == "case"]
    return in_order(steps_of(source, [case, *(edge.target for edge in edges)]).values())
