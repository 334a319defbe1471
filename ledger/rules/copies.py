"""A publication and its mirrors: looking them up, writing them, and ordering that they end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.rules.loading import peek
from ledger.rules.registry import Context, UnknownReference
from ledger.rules.standing import meet_duty, open_duty
from ledger.state.effects import Effects, duty_suffix
from ledger.state.publication_tables import COPY, MIRROR, PUBLICATION, PUBLISHED, PublicationState, Shown
from ledger.state.view import BlockView, Need, NotLoaded


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a publication: the publisher's own, or a mirror, shown by `member` on `site`."""

    lead: str
    publication: PublicationState
    member: str
    site: str
    mirror: bool
    shown: Shown

    @property
    def public(self) -> bool:
        """Whether nobody said that it ended."""
        return not self.shown.stopped


def lead_needs(view: BlockView, lead: str) -> Iterator[Need]:
    """Name a publication with its mirrors, and the duties that wait for each of its copies."""
    yield Need("publication", lead)
    yield Need("mirror", lead, None)
    publication = peek(view, PUBLICATION, lead)
    if publication is None:
        return
    yield from _duty_needs(lead, publication.publisher, publication.shown)
    for member, state in _mirrors(view, lead):
        yield from _duty_needs(lead, member, state)


def copy_needs(view: BlockView, statement: str) -> Iterator[Need]:
    """Name the publication to which a publication.start or publication.mirror belongs, as `lead_needs`."""
    yield Need("copy", statement)
    found = peek(view, COPY, statement)
    if found is not None:
        yield from lead_needs(view, found.lead)


def public_needs(view: BlockView, record: str, suffix: str) -> Iterator[Need]:
    """Name every publication of one version, as `lead_needs`."""
    yield Need("published", record, suffix)
    published = peek(view, PUBLISHED, record, suffix)
    for lead in published.leads if published else ():
        yield from lead_needs(view, lead)


def _mirrors(view: BlockView, lead: str) -> list[tuple[str, Shown]]:
    try:
        return [(member, state.shown) for member, state in view.scan(MIRROR, lead)]
    except NotLoaded:
        return []


def _duty_needs(lead: str, member: str, shown: Shown) -> Iterator[Need]:
    for opener, kind, about in _waiting(lead, shown):
        yield Need("duty", opener, duty_suffix(kind, member, about, opener))


def _waiting(lead: str, shown: Shown) -> Iterator[tuple[str, str, str]]:
    """Yield opener, kind and about of each duty that a copy may still have to meet."""
    yield shown.statement, "publication.stop", shown.statement
    for opener in shown.ordered:
        yield opener, "stop", lead
    for opener in shown.follow:
        yield opener, "publication.follow", lead


def find_copy(view: BlockView, statement: str, field: str = "publication") -> Copy:
    """Return the copy that a publication.start or publication.mirror shows; raises UnknownReference."""
    place = view.find(COPY, statement)
    if place is None:
        raise UnknownReference(field=field, name=statement, kind="publication.start or publication.mirror")
    return next(
        copy
        for copy in copies_of(view, place.lead)
        if copy.mirror == place.mirror and (not place.mirror or copy.member == place.member)
    )


def copies_of(view: BlockView, lead: str) -> tuple[Copy, ...]:
    """Return the publication that began with `lead` and its mirrors, the publisher's own copy first."""
    found = view.find(PUBLICATION, lead)
    assert found is not None, "a copy belongs to a logged publication"
    mirrors = [
        Copy(lead, found, member, state.site, mirror=True, shown=state.shown)
        for member, state in view.scan(MIRROR, lead)
    ]
    return (Copy(lead, found, found.publisher, found.site, mirror=False, shown=found.shown), *mirrors)


def published_copies(view: BlockView, record: str, suffix: str) -> tuple[Copy, ...]:
    """Return all copies of the publications of one version, ended ones included."""
    published = view.find(PUBLISHED, record, suffix)
    return tuple(copy for lead in (published.leads if published else ()) for copy in copies_of(view, lead))


def put_copy(effects: Effects, copy: Copy, shown: Shown) -> None:
    """Set what a copy shows."""
    key = copy.member if copy.mirror else ""
    table = MIRROR.name if copy.mirror else PUBLICATION.name
    # Several changes of one copy by one statement build on each other.
    before = effects.puts.get((table, copy.lead, key))
    if copy.mirror:
        from_view = MIRROR.row(site=copy.site, shown=copy.shown)
        base = before if isinstance(before, MIRROR.row) else from_view
        effects.put(MIRROR, copy.lead, msgspec.structs.replace(base, shown=shown), key)
        return
    base_lead = before if isinstance(before, PUBLICATION.row) else copy.publication
    effects.put(PUBLICATION, copy.lead, msgspec.structs.replace(base_lead, shown=shown))


def order_stop(effects: Effects, context: Context, copy: Copy, due: int) -> None:
    """Open the duty of whoever shows a copy to end it (REC-10, REP-3), unless it ended."""
    if copy.public:
        open_duty(effects, context, "stop", copy.member, due, about=copy.lead)
        put_copy(effects, copy, msgspec.structs.replace(copy.shown, ordered=(*copy.shown.ordered, context.id)))


def meet_all(effects: Effects, view: BlockView, context: Context, copy: Copy) -> None:
    """Meet every duty that waited for this copy to end or to be replaced."""
    for opener, kind, about in _waiting(copy.lead, copy.shown):
        meet_duty(effects, view, context, opener, kind, copy.member, about=about)


def clear_findings(effects: Effects, context: Context, copy: Copy, *, parity: bool = True) -> Shown:
    """End what is open against a copy; returns what it shows with these marks taken off."""
    shown = copy.shown
    if parity and shown.parity:
        effects.clear("F-PARITY", shown.parity, copy.member, (shown.statement, context.id), "PUB-3")
        shown = msgspec.structs.replace(shown, parity="")
    if shown.expired:
        effects.clear("F-EXPIRED-PUBLIC", shown.expired, copy.member, (shown.statement, context.id), "PUB-1")
        shown = msgspec.structs.replace(shown, expired="")
    return shown
