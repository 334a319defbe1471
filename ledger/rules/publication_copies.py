"""publication.stop, publication.mirror, publication.observe: copies agree and end on time (PUB-3, PUB-5, PUB-6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from ledger.errors import StateError, Text
from ledger.kinds.publication import PublicationMirror, PublicationObserve, PublicationStop
from ledger.rules.copies import Copy, clear_findings, copies_of, copy_needs, find_copy, meet_all, put_copy
from ledger.rules.loading import peek
from ledger.rules.publication_start import (
    PublicationDays,
    pub_2,
    pub_5,
    pub_7,
    pub_8,
    same_terms,
    take_site,
)
from ledger.rules.record_chain import Version, versions, versions_needs
from ledger.rules.registry import Context, KindRules, broken, handle, rule
from ledger.rules.standing import meet_duty, member, open_duty
from ledger.state.effects import Effects
from ledger.state.publication_tables import COPY, MIRROR, PUBLICATION, CopyState, MirrorState, Shown
from ledger.state.view import BlockView, Need
from ledger.times import day_end, day_of, day_start

MIRRORING_ROLES = frozenset(("service",))
OBSERVING_ROLES = frozenset(("auditor", "regulator", "agent"))


class AlreadyStopped(StateError):
    """A copy that ended before, and was not seen since."""

    code = "publication.stopped"
    what = Text("{publication} was stopped by {by}.", "{publication} 已由 {by} 终止。")
    next_step = Text("Nothing is to be done.", "无需再次操作。")


@dataclass(frozen=True, slots=True)
class CopyCase:
    """A statement about one copy; `chain` are the versions of the record, for a mirror only."""

    context: Context
    view: BlockView
    payload: PublicationStop | PublicationMirror | PublicationObserve
    copy: Copy
    chain: tuple[Version, ...] = ()
    effects: Effects = field(default_factory=Effects)

    @property
    def lead(self) -> Copy:
        """The publisher's own copy."""
        return copies_of(self.view, self.copy.lead)[0]

    @property
    def shown_by(self) -> str:
        """The member that shows the copy (PUB-2)."""
        return self.copy.member

    @property
    def issuer(self) -> str | None:
        """Nobody publishes here (PUB-2)."""
        return None

    @property
    def site(self) -> str:
        """The site of the copy."""
        return self.copy.site

    @property
    def clash(self) -> Text | None:
        """A mirror takes nobody's place (PUB-8)."""
        return None

    @property
    def changed(self) -> tuple[Copy, ...]:
        """The publisher's copy, which must be public (PUB-7)."""
        return (self.lead,)

    @property
    def version(self) -> Version:
        """The version that is public."""
        return next(each for each in self.chain if str(each.reference) == self.lead.publication.reference)

    @property
    def mirrors(self) -> tuple[Copy, ...]:
        """The mirrors of the publication."""
        return copies_of(self.view, self.copy.lead)[1:]


@rule(
    "PUB-3",
    demand=Text(
        "A copy equals the publisher's content and end day; a difference is a finding",
        "镜像须与公示机构的内容和截止日一致，不一致的形成核查发现",
    ),
    next_step=Text("Show what the publisher shows.", "请与公示机构保持一致。"),
)
def pub_3(case: CopyCase, named: tuple[str, ...]) -> None:
    """PUB-3: turns nothing away; F-PARITY names both statements, and is about the one that shows the difference."""
    id_, member_ = case.context.id, case.copy.member
    case.effects.find("F-PARITY", id_, member_, tuple(dict.fromkeys((*named, id_))), "PUB-3")


def _differs(case: CopyCase, shown: Shown, named: tuple[str, ...]) -> Shown:
    """Begin the finding unless one is open; returns `shown` with it noted."""
    if shown.parity:
        return shown
    pub_3(case, named)
    return replace(shown, parity=case.context.id)


@rule(
    "PUB-6",
    demand=Text(
        "A mirror is a service's, never the publisher's own; an observation an auditor's, a regulator's or an agent's",
        "镜像由征信机构发布，且非公示机构自身；观察由审计、监管或代理机构提交",
    ),
    next_step=Text("Have a member with that role sign.", "请由具备相应角色的成员签署。"),
)
def pub_6(case: CopyCase) -> None:
    """PUB-6: who may mirror, who may observe."""
    roles = frozenset(member(case.view, case.context.iss).roles)
    mirror = isinstance(case.payload, PublicationMirror)
    if not roles & (MIRRORING_ROLES if mirror else OBSERVING_ROLES):
        raise broken("PUB-6", "the signer has no such role", "签署方不具备相应角色")
    if mirror and case.lead.member == case.context.iss:
        raise broken("PUB-6", "the publication is the signer's own", "该公示由签署方自身发起")


def _needs(context: Context, payload: PublicationStop | PublicationObserve, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from copy_needs(view, payload.publication)


def _mirror_needs(context: Context, payload: PublicationMirror, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from copy_needs(view, payload.publication)
    place = peek(view, COPY, payload.publication)
    publication = None if place is None else peek(view, PUBLICATION, place.lead)
    if publication is not None:
        yield from versions_needs(view, publication.reference)


def _stop_case(context: Context, payload: PublicationStop, view: BlockView) -> CopyCase:
    copy = find_copy(view, payload.publication)
    if not copy.public and not copy.shown.expired:
        raise AlreadyStopped(publication=payload.publication, by=copy.shown.stopped)
    return CopyCase(context, view, payload, copy)


def _mirror_case(context: Context, payload: PublicationMirror, view: BlockView) -> CopyCase:
    found = find_copy(view, payload.publication)
    lead = copies_of(view, found.lead)[0]
    if day_end(payload.end_day) <= context.time:
        raise PublicationDays(detail=f"{payload.end_day} is over")
    chain = versions(view, lead.publication.reference)
    shown = Shown(statement=context.id, since=context.time, content=payload.content, end_day=payload.end_day)
    copy = Copy(lead.lead, lead.publication, context.iss, payload.site, mirror=True, shown=shown)
    return CopyCase(context, view, payload, copy, chain)


def _observe_case(context: Context, payload: PublicationObserve, view: BlockView) -> CopyCase:
    copy = find_copy(view, payload.publication)
    if day_start(payload.seen_on) > context.time:
        raise PublicationDays(detail=f"{payload.seen_on} has not come")
    if payload.seen_on < day_of(copy.shown.since):
        raise PublicationDays(detail=f"on {payload.seen_on} other terms were in force")
    day_start(payload.end_day)
    return CopyCase(context, view, payload, copy)


def _stop(case: CopyCase) -> Effects:
    context, effects, copy = case.context, case.effects, case.copy
    meet_all(effects, case.view, context, copy)
    shown = clear_findings(effects, context, copy)
    put_copy(effects, copy, replace(shown, stopped=context.id, stopped_at=context.time))
    effects.edge(copy.shown.statement, context.id, "unpublishes")
    if not copy.mirror and copy.public:
        pub_5(case, case.mirrors, None)
    return effects


def _mirror(case: CopyCase) -> Effects:
    context, effects, copy, lead = case.context, case.effects, case.copy, case.lead
    take_site(effects, case.view, copy.site, context)
    effects.put(COPY, context.id, CopyState(lead=copy.lead, member=context.iss, mirror=True))
    effects.edge(copy.lead, context.id, "mirrors")
    open_duty(effects, context, "publication.stop", context.iss, day_end(copy.shown.end_day))
    before = next((each for each in case.mirrors if each.member == context.iss), None)
    shown = copy.shown
    equal = same_terms(shown, lead.shown)
    if before is not None:
        shown = _carried_on(case, before, equal=equal)
    if not equal:
        shown = _differs(case, shown, (lead.shown.statement,))
    effects.put(MIRROR, copy.lead, MirrorState(site=copy.site, shown=shown), context.iss)
    return effects


def _carried_on(case: CopyCase, before: Copy, *, equal: bool) -> Shown:
    """A mirror replaces the one before: what it still owes goes with it unless it equals the publication now."""
    context, effects, shown = case.context, case.effects, case.copy.shown
    if equal:
        meet_all(effects, case.view, context, before)
        clear_findings(effects, context, before)
        return shown
    # The end day it names now has a duty of its own.
    meet_duty(effects, case.view, context, before.shown.statement, "publication.stop", context.iss)
    kept = clear_findings(effects, context, before, parity=False)
    return replace(shown, ordered=kept.ordered, follow=kept.follow, parity=kept.parity)


def _observe(case: CopyCase) -> Effects:
    context, effects, copy, payload = case.context, case.effects, case.copy, case.payload
    assert isinstance(payload, PublicationObserve)
    effects.edge(copy.shown.statement, context.id, "observed")
    expected = copy.shown if copy.shown.follow else case.lead.shown
    shown = _expired(case, payload, expected)
    if copy.public:
        seen = replace(shown, content=payload.content, end_day=payload.end_day)
        named = (expected.statement, copy.shown.statement)
        if not same_terms(seen, expected):
            shown = _differs(case, shown, named)
        elif shown.parity and same_terms(copy.shown, expected):
            effects.clear("F-PARITY", shown.parity, copy.member, (*named, context.id), "PUB-3")
            shown = replace(shown, parity="")
    if shown != copy.shown:
        put_copy(effects, copy, shown)
    return effects


def _expired(case: CopyCase, payload: PublicationObserve, expected: Shown) -> Shown:
    """F-EXPIRED-PUBLIC: seen after the end day, or after the day on which it was stopped (PUB-1)."""
    copy, context = case.copy, case.context
    last = expected.end_day if copy.public else min(expected.end_day, day_of(copy.shown.stopped_at))
    if payload.seen_on <= last or copy.shown.expired:
        return copy.shown
    stopped = (copy.shown.stopped,) if copy.shown.stopped else ()
    statements = (copy.shown.statement, *stopped, context.id)
    case.effects.find("F-EXPIRED-PUBLIC", context.id, copy.member, statements, "PUB-1")
    return replace(copy.shown, expired=context.id)


handle(KindRules("publication.stop", PublicationStop, _needs, _stop_case, (pub_2,), _stop, meets_duty=True))
handle(KindRules("publication.mirror", PublicationMirror, _mirror_needs, _mirror_case, (pub_6, pub_7, pub_8), _mirror))
handle(KindRules("publication.observe", PublicationObserve, _needs, _observe_case, (pub_6,), _observe))
