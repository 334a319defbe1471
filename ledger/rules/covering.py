"""What mandates and consents cover, and whether they live: ACC-5 and what GRA-3, REC-9 and TRA-1 ask of them.

Repair, access and other kinds that an agent may sign look a mandate up with `find_mandate` and ask `mandate_fault`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from ledger.errors import FormError, StateError, Text
from ledger.kinds.fields import ReferenceSetJson
from ledger.references import ReferenceSet
from ledger.rules.listed import Listed, listed
from ledger.rules.registry import Context, UnknownReference, broken, rule
from ledger.scope import OutsideScope, check_purpose
from ledger.state.authority_tables import MANDATE, MandateState
from ledger.state.tables import MemberState, RecordState, ReferenceRows
from ledger.state.view import BlockView, Need
from ledger.times import parse_time


class CoverageUnclear(FormError):
    """Neither or both of references and link say what is covered."""

    code = "consent.coverage"
    what = Text("It must name either references or one link.", "须填写记录引用或关联值之一，且只能填写一项。")
    next_step = Text("Name what is covered in one of the two ways.", "请以其中一种方式写明所涵盖的记录。")


class UntilPassed(StateError):
    """It would end before it begins."""

    code = "consent.until"
    what = Text("It would end at {until}, which has passed.", "终止时间 {until} 已过。")
    next_step = Text("Name a time that lies ahead.", "请填写将来的时间。")


class Covering(Protocol):
    """A mandate or consent: what it covers."""

    @property
    def references(self) -> ReferenceRows:
        """The records it names."""
        ...

    @property
    def link(self) -> str | None:
        """The subject value it names instead."""
        ...


def read_coverage(
    view: BlockView, references: ReferenceSetJson | None, link: str | None, until: str
) -> tuple[ReferenceRows, int]:
    """Return the references and the end (ms) that a payload states.

    Raises CoverageUnclear, UntilPassed, UnknownReference, ReferenceSetMalformed or TimeError.
    """
    if (references is None) == (link is None):
        raise CoverageUnclear
    end = parse_time(until)
    if end <= view.time:
        raise UntilPassed(until=until)
    named = ReferenceSet() if references is None else ReferenceSet.from_json(references)
    listed(view, named, "references")
    return named.entries, end


def covered_part(entry: Covering, id_: str, ranges: tuple[tuple[int, int], ...], record: RecordState) -> ReferenceSet:
    """Return what of a record list (empty `ranges`: the one record) a mandate or consent covers."""
    wanted = ReferenceSet(((id_, ranges),))
    if entry.link is not None:
        return wanted if record.count == 0 and record.subject_value == entry.link else ReferenceSet()
    return wanted.intersection(ReferenceSet(entry.references))


def covers_coverage(outer: Covering, inner: Covering) -> bool:
    """Say whether everything that `inner` covers is covered by `outer`; what bears a link only by the same link."""
    if inner.link is not None or outer.link is not None:
        return inner.link == outer.link
    return ReferenceSet(outer.references).covers(ReferenceSet(inner.references))


def covers_record(outer: Covering, found: Listed) -> bool:
    """Say whether all of a record list is covered."""
    wanted = ReferenceSet(((found.id, found.ranges),))
    return not wanted.difference(covered_part(outer, found.id, found.ranges, found.record))


def mandate_needs(mandate: str | None) -> Iterator[Need]:
    """Name the row of a mandate that a statement names."""
    if mandate is not None:
        yield Need("mandate", mandate)


def find_mandate(view: BlockView, mandate: str | None) -> MandateState | None:
    """Return the mandate a statement names, None where it names none; raises UnknownReference."""
    if mandate is None:
        return None
    found = view.find(MANDATE, mandate)
    if found is None:
        raise UnknownReference(field="mandate", name=mandate, kind="mandate.open")
    return found


def mandate_fault(mandate: MandateState, agent: str, time: int) -> Text | None:
    """Return why `agent` may not act under a mandate at `time` (ms), None where it may."""
    if mandate.agent != agent:
        return Text("the mandate is another agent's", "该委托属于其他代理方")
    if mandate.ended_by is not None:
        return Text("the mandate was ended", "该委托已终止")
    if time >= mandate.until:
        return Text("the mandate has expired", "该委托已到期")
    return None


class Representing(Protocol):
    """A case in which a member acts for a data subject."""

    @property
    def context(self) -> Context:
        """The statement judged."""
        ...

    @property
    def signer(self) -> MemberState:
        """The member that signs."""
        ...

    @property
    def mandate(self) -> MandateState | None:
        """The mandate it names."""
        ...

    @property
    def others(self) -> Collection[str]:
        """Members that may act here without a mandate; empty where any member but an agent may."""
        ...

    @property
    def matter(self) -> Covering:
        """What the act is about."""
        ...

    @property
    def asked(self) -> str:
        """The purpose of the act."""
        ...

    @property
    def purposes(self) -> frozenset[str]:
        """Purpose codes of the catalogue in force."""
        ...


@rule(
    "ACC-5",
    demand=Text(
        "An agent acts for a data subject only under its own live mandate that covers the matter and its purpose; a "
        "consent is withdrawn, or a mandate ended, by the member that recorded it, a mandated agent or a regulator",
        "代理方须依本方有效且涵盖该事项与用途的委托行事；同意与委托由登记方、受托代理方或监管机构撤回或终止",
    ),
    next_step=Text("Open a mandate that covers it, and name it.", "请先登记涵盖该事项的委托并予以引用。"),
)
def acc_5(case: Representing) -> None:
    """ACC-5: a mandate that is named must carry the act; without one, an agent or a stranger may not act."""
    mandate, iss = case.mandate, case.context.iss
    if mandate is None:
        if iss in case.others or (case.others and "regulator" in case.signer.roles):
            return
        if case.others or "agent" in case.signer.roles:
            raise broken("ACC-5", f"{iss} names no mandate", f"{iss} 未引用委托")
        return
    fault = mandate_fault(mandate, iss, case.context.time)
    if fault is not None:
        raise broken("ACC-5", fault.en, fault.zh)
    if not covers_coverage(mandate, case.matter):
        raise broken("ACC-5", "the mandate does not cover it", "该委托不涵盖此事项")
    try:
        check_purpose(mandate.purpose, case.asked, case.purposes)
    except OutsideScope as outside:
        raise broken("ACC-5", outside.detail.en, outside.detail.zh) from outside
