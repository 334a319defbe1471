"""publication.start: a record is made public, or its publication changed (PUB-1, PUB-2, PUB-4, PUB-7, PUB-8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from msgspec.structs import replace

from ledger.errors import StateError, Text
from ledger.kinds.genesis import Item
from ledger.kinds.publication import PublicationStart
from ledger.references import Reference
from ledger.rules.copies import Copy, clear_findings, copies_of, copy_needs, find_copy, meet_all, put_copy
from ledger.rules.copies import public_needs as lead_rows
from ledger.rules.loading import check_sorted, peek
from ledger.rules.purposes import current_catalogue
from ledger.rules.record_chain import Version, first_published, published_needs, versions, versions_needs
from ledger.rules.registry import Context, KindRules, broken, handle, rule
from ledger.rules.standing import catalogue, deadline, item_of, meet_duty, member, open_duty
from ledger.rules.succession import answers_for
from ledger.state.effects import Effects
from ledger.state.publication_tables import (
    COPY,
    PUBLICATION,
    PUBLISHED,
    SITE,
    CopyState,
    PublicationState,
    PublishedState,
    Shown,
    SiteState,
)
from ledger.state.tables import RECORD, row_suffix
from ledger.state.view import BlockView, Need
from ledger.times import DAY_MS, day_end, day_of, day_start


class PublicationDays(StateError):
    """An end day or a day of observation that cannot be."""

    code = "publication.days"
    what = Text("The day does not fit: {detail}.", "日期有误：{detail}。")
    why = Text(
        "A publication ends on a day to come, and nobody sees what is not shown yet.",
        "公示截止日应为今后的日期，且不能观察尚未展示的内容。",
    )
    next_step = Text("Correct the day; nothing was recorded.", "请更正日期；本次未记入账本。")


class Judged(Protocol):
    """What every case here has."""

    @property
    def context(self) -> Context:
        """The statement judged."""
        ...

    @property
    def view(self) -> BlockView:
        """The rows it is judged by."""
        ...

    @property
    def effects(self) -> Effects:
        """What it changes."""
        ...


class Showing(Judged, Protocol):
    """A case about a copy: who shows it already, and the issuer of what is published (None where nothing is)."""

    @property
    def shown_by(self) -> str | None:
        """The member that shows the copy."""
        ...

    @property
    def issuer(self) -> str | None:
        """The issuer of the record."""
        ...


class Publishing(Judged, Protocol):
    """A case about making something public: which version of which record, on which site, instead of or after what."""

    @property
    def site(self) -> str:
        """Where."""
        ...

    @property
    def clash(self) -> Text | None:
        """What stands in the way on that site."""
        ...

    @property
    def version(self) -> Version:
        """What is shown."""
        ...

    @property
    def chain(self) -> tuple[Version, ...]:
        """All versions of the record."""
        ...

    @property
    def changed(self) -> tuple[Copy, ...]:
        """The publication that is changed or mirrored, the publisher's copy first."""
        ...


@dataclass(frozen=True, slots=True)
class StartCase:
    """A record being published: its versions, the copies that the statement changes, what is public already."""

    context: Context
    view: BlockView
    payload: PublicationStart
    chain: tuple[Version, ...]
    version: Version
    changed: tuple[Copy, ...]
    present: tuple[Copy, ...]
    first: int
    effects: Effects = field(default_factory=Effects)

    @property
    def issuer(self) -> str:
        """The issuer of the record."""
        return self.version.record.issuer

    @property
    def shown_by(self) -> str | None:
        """Who shows what is changed."""
        return self.changed[0].member if self.changed else None

    @property
    def site(self) -> str:
        """Where it is shown."""
        return self.payload.site

    @property
    def clash(self) -> Text | None:
        """A publication stays on its site, and a record is public there once."""
        if self.changed and self.changed[0].site != self.site:
            return Text("a publication does not move to another site", "公示不得改换网站")
        lead = self.changed[0].lead if self.changed else None
        for copy in self.present:
            if not copy.mirror and copy.public and copy.site == self.site and copy.lead != lead:
                return Text(f"it is public there under {copy.lead}", f"已由 {copy.lead} 在该网站公示")
        return None

    @property
    def item(self) -> Item:
        """The item of the record in the catalogue in force, which keeps every item (CAT-1)."""
        found = item_of(current_catalogue(self.view), self.version.record.item)
        assert found is not None, "CAT-1 keeps items"
        return found


@rule(
    "PUB-1",
    recorded=True,
    demand=Text(
        "A publication ends within the greatest term of the record's severity, counted from its first publication, and "
        "no later than the record's retention",
        "公示期自首次公示起不得超过该严重程度的最长公示期，且不得晚于信息的保存期限",
    ),
    next_step=Text("Name an earlier end day.", "请填写更早的截止日。"),
)
def pub_1(case: StartCase) -> None:
    """PUB-1: the term counts from the day on which any version was public first, on any site."""
    record, end = case.version.record, day_start(case.payload.end_day)
    if end > day_start(record.retention_end):
        raise broken("PUB-1", f"retention ends on {record.retention_end}", f"保存期限至 {record.retention_end}")
    terms = {term.severity: term.maximum_days for term in case.item.severities or ()}
    if record.severity is None or record.severity not in terms:
        return
    last = day_start(day_of(case.first)) + terms[record.severity] * DAY_MS
    if end > last:
        raise broken("PUB-1", f"the term ends on {day_of(last)}", f"最长公示期至 {day_of(last)}")


@rule(
    "PUB-2",
    demand=Text(
        "A publisher or the record's source publishes; who shows a copy ends it",
        "公示由公示机构或信息来源发起，由展示方终止",
    ),
    next_step=Text("Have the publisher, or the member that shows the copy, sign.", "请由公示机构或展示方签署。"),
)
def pub_2(case: Showing) -> None:
    """PUB-2: publisher by role, or issuer of the record; a publication is changed or ended by whoever shows it."""
    iss = case.context.iss
    source = case.issuer is None or answers_for(case.view, case.issuer, iss)
    if not source and "publisher" not in member(case.view, iss).roles:
        raise broken("PUB-2", f"{iss} is neither publisher nor source", f"{iss} 既非公示机构也非信息来源")
    if case.shown_by is not None and not answers_for(case.view, case.shown_by, iss):
        raise broken("PUB-2", f"it is shown by {case.shown_by}", f"该副本由 {case.shown_by} 展示")


@rule(
    "PUB-4",
    recorded=True,
    demand=Text(
        "Only fields marked public are published, and persons only where the item says so",
        "只能公示标记为公开的字段；涉及自然人的，仅限条目允许公示的情形",
    ),
    next_step=Text("Leave out what the catalogue does not mark public.", "请剔除目录未标记为公开的字段。"),
)
def pub_4(case: StartCase) -> None:
    """PUB-4: by the catalogue that the record was made under, and by the one in force."""
    record = case.version.record
    if record.subject_class == "person" and not case.item.publish_persons:
        raise broken("PUB-4", f"{case.item.code} is not published of persons", f"{case.item.code} 不得公示自然人信息")
    for version in (record.catalogue, None):
        known = catalogue(case.view, version)
        item = None if known is None else item_of(known, record.item)
        shown = {each.name for each in (item.fields if item else ()) if each.sensitivity == "public"}
        hidden = sorted(set(case.payload.fields) - shown)
        if hidden:
            raise broken("PUB-4", f"field {hidden[0]} is not public", f"字段 {hidden[0]} 不是公开字段")


@rule(
    "PUB-7",
    demand=Text(
        "Nothing corrected, withdrawn, stopped, erased or past its retention is made public, and no copy is made of a "
        "publication that ended",
        "已更正、撤回、停止、删除或超过保存期限的信息不得公示，已终止的公示不得再镜像",
    ),
    next_step=Text("Publish the newest version, or nothing.", "请公示最新版本，或不予公示。"),
)
def pub_7(case: Publishing) -> None:
    """PUB-7: the version is in force and in its retention; what is changed or mirrored is public and of this record."""
    ended, record = case.version.ended, case.version.record
    if ended is not None:
        raise broken("PUB-7", f"the record was {ended.how} by {ended.by}", f"该信息已因 {ended.by} 终止（{ended.how}）")
    if case.context.time >= day_end(record.retention_end):
        raise broken("PUB-7", "its retention has ended", "保存期限已届满")
    for copy in case.changed[:1]:
        if not copy.public:
            raise broken("PUB-7", "the publication ended", "该公示已终止")
        if copy.publication.reference not in {str(each.reference) for each in case.chain}:
            raise broken("PUB-7", "the publication is of another record", "该公示属于其他信息")


@rule(
    "PUB-8",
    demand=Text(
        "A site belongs to the member that used its name first, and shows a record once",
        "网站归首先使用其名称的成员所有，同一信息在同一网站只公示一次",
    ),
    next_step=Text("Name the publication in `changes`, or a site of your own.", "请引用已有公示，或使用自有网站。"),
)
def pub_8(case: Publishing) -> None:
    """PUB-8: a site is bound by its first use; `clash` says what the case itself stands in the way of."""
    known = case.view.find(SITE, "", case.site)
    if known is not None and not answers_for(case.view, known.member, case.context.iss):
        raise broken("PUB-8", f"site {case.site} is {known.member}'s", f"网站 {case.site} 属于 {known.member}")
    if case.clash is not None:
        raise broken("PUB-8", case.clash.en, case.clash.zh)


def take_site(effects: Effects, view: BlockView, site: str, context: Context) -> None:
    """Note the member that used the name of a site first."""
    if view.find(SITE, "", site) is None:
        effects.put(SITE, "", SiteState(member=context.iss, index=context.index), site)


def _needs(context: Context, payload: PublicationStart, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from versions_needs(view, payload.reference)
    yield from published_needs(view, payload.reference)
    reference = Reference.parse(payload.reference)
    if peek(view, RECORD, reference.statement_id) is not None:
        yield from lead_rows(view, reference.statement_id, row_suffix(reference.row))
    if payload.changes is not None:
        yield from copy_needs(view, payload.changes)


def _case(context: Context, payload: PublicationStart, view: BlockView) -> StartCase:
    check_sorted("fields", payload.fields)
    chain = versions(view, payload.reference)
    version = next(each for each in chain if str(each.reference) == payload.reference)
    if day_end(payload.end_day) <= context.time:
        raise PublicationDays(detail=f"{payload.end_day} is over")
    changed: tuple[Copy, ...] = ()
    if payload.changes is not None:
        lead = find_copy(view, payload.changes, "changes").lead
        changed = copies_of(view, lead)
    published = view.find(PUBLISHED, version.id, version.suffix)
    present = tuple(copy for lead in (published.leads if published else ()) for copy in copies_of(view, lead))
    first = first_published(view, chain)
    return StartCase(context, view, payload, chain, version, changed, present, context.time if first is None else first)


def _effects(case: StartCase) -> Effects:
    context, payload, effects, version = case.context, case.payload, case.effects, case.version
    lead = case.changed[0].lead if case.changed else context.id
    published = case.view.find(PUBLISHED, version.id, version.suffix)
    leads = tuple(dict.fromkeys((*(published.leads if published else ()), lead)))
    effects.put(PUBLISHED, version.id, PublishedState(first=case.first, leads=leads), version.suffix)
    effects.put(COPY, context.id, CopyState(lead=lead, member=context.iss, mirror=False))
    take_site(effects, case.view, payload.site, context)
    shown = Shown(statement=context.id, since=context.time, content=payload.content, end_day=payload.end_day)
    state = PublicationState(reference=payload.reference, publisher=context.iss, site=payload.site, shown=shown)
    effects.put(PUBLICATION, lead, state)
    effects.edge(version.id, context.id, "publishes", version.ranges)
    open_duty(effects, context, "publication.stop", context.iss, day_end(payload.end_day))
    if case.changed:
        effects.edge(lead, context.id, "republishes")
        meet_all(effects, case.view, context, case.changed[0])
        clear_findings(effects, context, case.changed[0])
        pub_5(case, case.changed[1:], shown)
    return effects


@rule(
    "PUB-5",
    demand=Text(
        "A mirror follows the stop or a change of its publication by the deadline",
        "公示终止或变更后，镜像须在期限内跟随",
    ),
    next_step=Text("Mirror the publication as it is now, or stop the mirror.", "请按现行公示更新镜像，或停止镜像。"),
)
def pub_5(case: Judged, mirrors: tuple[Copy, ...], shown: Shown | None) -> None:
    """PUB-5: one duty for each mirror that differs from `shown` (None: the publication ended). It forbids nothing."""
    context, effects = case.context, case.effects
    due = deadline(case.view, "publication_follow", context.time)
    for copy in mirrors:
        if not copy.public:
            continue
        if shown is not None and same_terms(copy.shown, shown):
            for opener in copy.shown.follow:
                meet_duty(effects, case.view, context, opener, "publication.follow", copy.member, about=copy.lead)
            if copy.shown.parity or copy.shown.follow:
                put_copy(effects, copy, replace(clear_findings(effects, context, copy), follow=()))
            continue
        open_duty(effects, context, "publication.follow", copy.member, due, about=copy.lead)
        put_copy(effects, copy, replace(copy.shown, follow=(*copy.shown.follow, context.id)))


def same_terms(one: Shown, other: Shown) -> bool:
    """Say whether two copies agree in content and end day (PUB-3)."""
    return (one.content, one.end_day) == (other.content, other.end_day)


handle(KindRules("publication.start", PublicationStart, _needs, _case, (pub_2, pub_7, pub_8, pub_1, pub_4), _effects))
