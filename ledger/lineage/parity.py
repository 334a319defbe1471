"""Question 8: the publication parity of a site at any size: every copy beside the publisher's, with both statements.

All terms are read from the statements themselves, by the edges that lead to them, so that the size is a filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from ledger.errors import NotFoundError, Text
from ledger.kinds import decode_payload
from ledger.kinds.fields import Payload
from ledger.kinds.publication import PublicationMirror, PublicationObserve, PublicationStart
from ledger.lineage.answers import Answer
from ledger.lineage.source import EdgeRow, LineageSource
from ledger.lineage.steps import load
from ledger.state.publication_tables import COPY, SITE, SiteState
from ledger.state.view import Need
from ledger.statement import decode_statement
from ledger.times import day_end, day_of

Difference = Literal["content", "end_day", "stopped", "expired", "seen_content", "seen_end_day", "seen_after_end"]
DIFFERENCES = {
    "content": "the copy's content hash is not the publisher's",
    "end_day": "the copy's end day is not the publisher's",
    "stopped": "the publication ended and the copy did not",
    "expired": "the copy is past its end day and nobody said that it ended",
    "seen_content": "other content was seen than the publisher's",
    "seen_end_day": "another end day was seen than the publisher's",
    "seen_after_end": "it was seen after its end",
}
"""What a line can show, by the word that the answer carries."""


class SiteUnknown(NotFoundError):
    """A site that nothing was published on before the size asked for."""

    code = "lineage.site"
    what = Text(
        "Nothing was published on site {site} before size {as_of}.", "规模 {as_of} 之前网站 {site} 没有任何公示。"
    )
    next_step = Text("Check the name of the site.", "请核对网站名称。")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy shows at the size: the statement in force, and what ended it ("" while public)."""

    statement: str
    member: str
    site: str
    content: str
    end_day: str
    stopped: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The last observation of a copy under the terms in force."""

    statement: str
    observer: str
    content: str
    end_day: str
    seen_on: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One copy beside the publication (for the publisher's own copy the two are the same)."""

    reference: str
    publication: Shown
    copy: Shown
    seen: Seen | None
    differences: tuple[Difference, ...]


class Parity(Answer, frozen=True, kw_only=True):
    """Question 8: `equal` says that no line shows a difference."""

    site: str
    member: str
    equal: bool
    lines: tuple[Line, ...]


@dataclass(slots=True)
class _Story:
    """What the log says of one publication below a size: its starts and mirrors in order, stops, observations."""

    starts: list[str] = field(default_factory=list)
    mirrors: list[str] = field(default_factory=list)


def publication_parity(source: LineageSource, site: str, as_of: int) -> Parity:
    """Return the parity of everything on `site` at size `as_of`; raises `SiteUnknown`.

    On a publisher's site every mirror of what it shows has a line; on a mirror's site what that member mirrors.
    """
    row = source.state([Need(SITE.name, "", site)]).get((SITE.name, "", site))
    if not isinstance(row, SiteState) or row.index >= as_of:
        raise SiteUnknown(site=site[:64], as_of=as_of)
    reader = _Reader(source, as_of)
    lines = tuple(
        line
        for lead in reader.leads(row.member)
        for line in reader.lines(lead)
        if site in (line.publication.site, line.copy.site)
    )
    ids = {name for line in lines for name in _statements(line)}
    return Parity(
        as_of=as_of,
        time=source.time_at(as_of),
        statements=tuple(sorted(ids)),
        site=site,
        member=row.member,
        equal=not any(line.differences for line in lines),
        lines=lines,
    )


def _statements(line: Line) -> Iterator[str]:
    for shown in (line.publication, line.copy):
        yield shown.statement
        if shown.stopped:
            yield shown.stopped
    if line.seen is not None:
        yield line.seen.statement


class _Reader:
    """Reads publications at one size."""

    def __init__(self, source: LineageSource, as_of: int) -> None:
        self.source, self.as_of, self.time = source, as_of, source.time_at(as_of)

    def leads(self, member: str) -> list[str]:
        """Return the publications that a member shows a copy of, each by its first statement, in order of the log.

        Every start and mirror opens a duty to end it, so a member's duties name all of them.
        """
        rows = self.source.duties(self.as_of, member)
        copies = load(self.source, COPY, {row.opener for row in rows if row.duty.kind == "publication.stop"})
        found = self.source.statements({copy.lead for copy in copies.values()})
        return sorted(found, key=lambda id_: found[id_].index)

    def lines(self, lead: str) -> Iterator[Line]:
        """Yield the publisher's own line, then one for each mirror."""
        story = _Story([lead])
        for edge in self.source.edges_from([lead], self.as_of):
            if edge.kind == "republishes":
                story.starts.append(edge.target)
            elif edge.kind == "mirrors":
                story.mirrors.append(edge.target)
        last = story.starts[-1]
        start = self._payload(last)
        assert isinstance(start, PublicationStart)
        own = self._shown(last, start)
        yield self._line(start.reference, own, own)
        by_member: dict[str, str] = {}
        statements = self.source.statements(story.mirrors)
        for id_ in story.mirrors:
            by_member[statements[id_].iss] = id_
        for id_ in by_member.values():
            mirror = self._payload(id_)
            assert isinstance(mirror, PublicationMirror)
            yield self._line(start.reference, own, self._shown(id_, mirror))

    def _payload(self, id_: str) -> Payload:
        statement = decode_statement(self.source.raw([id_])[id_])
        return decode_payload(statement.kind, statement.payload)

    def _edges(self, id_: str, kind: str) -> list[EdgeRow]:
        return [edge for edge in self.source.edges_from([id_], self.as_of) if edge.kind == kind]

    def _shown(self, id_: str, terms: PublicationStart | PublicationMirror) -> Shown:
        stops = self._edges(id_, "unpublishes")
        return Shown(
            statement=id_,
            member=self.source.statements([id_])[id_].iss,
            site=terms.site,
            content=terms.content,
            end_day=terms.end_day,
            stopped=stops[0].target if stops else "",
        )

    def _line(self, reference: str, publication: Shown, copy: Shown) -> Line:
        seen = self._seen(copy.statement)
        found = (*self._declared(publication, copy), *self._observed(publication, copy, seen))
        return Line(reference=reference, publication=publication, copy=copy, seen=seen, differences=found)

    def _seen(self, id_: str) -> Seen | None:
        edges = self._edges(id_, "observed")
        if not edges:
            return None
        name = edges[-1].target
        payload = self._payload(name)
        assert isinstance(payload, PublicationObserve)
        return Seen(
            statement=name,
            observer=self.source.statements([name])[name].iss,
            content=payload.content,
            end_day=payload.end_day,
            seen_on=payload.seen_on,
        )

    def _declared(self, publication: Shown, copy: Shown) -> Iterable[Difference]:
        if copy.stopped:
            return
        if copy.content != publication.content:
            yield "content"
        if copy.end_day != publication.end_day:
            yield "end_day"
        if publication.stopped:
            yield "stopped"
        if self.time > day_end(copy.end_day):
            yield "expired"

    def _observed(self, publication: Shown, copy: Shown, seen: Seen | None) -> Iterable[Difference]:
        if seen is None:
            return
        if not copy.stopped and seen.content != publication.content:
            yield "seen_content"
        if not copy.stopped and seen.end_day != publication.end_day:
            yield "seen_end_day"
        last = publication.end_day
        if copy.stopped:
            last = min(last, day_of(self.source.statements([copy.stopped])[copy.stopped].block_time))
        if seen.seen_on > last:
            yield "seen_after_end"


__all__ = ["DIFFERENCES", "Line", "Parity", "Seen", "Shown", "SiteUnknown", "publication_parity"]
