"""Question 7: the closure of a repair, revocation, correction, withdrawal or erasure.

Who must act, who did, who is late, and who used it afterwards, at any size. The duties hang on the statement itself;
those that a publication's end or an exit from a list opened in turn are followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, cast

import msgspec

from ledger.kinds import decode_payload
from ledger.kinds.grants import GrantRevoke
from ledger.kinds.transfers import TransferOffer, UseReport
from ledger.lineage.answers import Answer
from ledger.lineage.ranges import WHOLE, as_references, grow, intersect, intersect_sets
from ledger.lineage.source import DutyRow, LineageSource, StatementRow
from ledger.lineage.standing import duty_status, met_before
from ledger.lineage.steps import WrongQuestion, load, logged
from ledger.references import Reference, ReferenceSet
from ledger.state.tables import DUTY, TRANSFER, DutyState, Ranges, ReferenceRows
from ledger.state.view import Need
from ledger.statement import decode_statement
from ledger.times import parse_time

CLOSING = (
    "repair.decide",
    "record.correct",
    "record.withdraw",
    "record.resolve",
    "grant.revoke",
    "consent.withdraw",
    "erasure.request",
    "publication.stop",
    "list.exit",
)
"""Kinds whose closure can be asked for."""

DUTIES = frozenset(("stop", "erase", "list.exit", "measure.lift", "publication.follow"))
"""Kinds of duty that belong to a closure."""

_RECORD_EDGES = frozenset(("repairs", "corrects", "withdraws", "erases"))


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """One duty of the closure: who must do what by when, and whether it did; times in ms."""

    kind: str
    party: str
    about: str
    opener: str
    due: int
    status: Literal["open", "overdue", "met", "met_late"]
    met_by: str | None
    met_at: int | None


class LaterUse(msgspec.Struct, frozen=True, kw_only=True):
    """A use after the end: reported in `statement`, or attempted in an offer that was refused under `rule`."""

    statement: str
    kind: Literal["use.report", "transfer.offer"]
    party: str
    transfer: str
    at: int
    rule: str


class Closure(Answer, frozen=True, kw_only=True):
    """Question 7. `since` is from when (ms) it acts; `references` every version of the records it is about.

    `closed` says that nobody is left to act. `used_after` is what holders say or tried themselves.
    """

    statement: str
    kind: str
    since: int
    references: ReferenceRows
    closed: bool
    actors: tuple[Actor, ...]
    used_after: tuple[LaterUse, ...]


def closure(source: LineageSource, statement: str, as_of: int) -> Closure:
    """Return the closure of `statement` at size `as_of`; raises `NothingLogged` or `WrongQuestion`."""
    row = logged(source, statement, as_of)
    if row.kind not in CLOSING:
        raise WrongQuestion(name=statement, found=row.kind, wanted="repairs, revocations, corrections and erasures")
    since = _since(source, row)
    actors = tuple(_actors(source, row.id, as_of))
    lists = _records(source, row.id, as_of)
    grants = _grants(source, row.id, as_of)
    used = (*_reported(source, lists, grants, since, as_of), *_attempts(source, row, actors, lists, grants, as_of))
    ids = {row.id} | {actor.opener for actor in actors} | {actor.met_by for actor in actors if actor.met_by}
    ids |= set(lists) | set(grants) | {use.statement for use in used} | {use.transfer for use in used if use.transfer}
    return Closure(
        as_of=as_of,
        time=source.time_at(as_of),
        statements=tuple(sorted(ids)),
        statement=row.id,
        kind=row.kind,
        since=since,
        references=as_references(lists),
        closed=all(actor.met_by is not None for actor in actors),
        actors=actors,
        used_after=tuple(sorted(used, key=lambda use: (use.at, use.statement))),
    )


def _since(source: LineageSource, row: StatementRow) -> int:
    """Return from when (ms) a statement acts: its block, or the later time that a revocation names."""
    if row.kind == "grant.revoke":
        payload = decode_payload(row.kind, decode_statement(source.raw([row.id])[row.id]).payload)
        assert isinstance(payload, GrantRevoke)
        return row.block_time if payload.effective is None else parse_time(payload.effective)
    return row.block_time


def _actors(source: LineageSource, opener: str, as_of: int) -> Iterator[Actor]:
    """Yield the duties that hang on a statement, then those on what met them, level by level."""
    now = source.time_at(as_of)
    asked, level = {opener}, [opener]
    while level:
        states = source.state([Need(DUTY.name, id_, None) for id_ in level])
        rows = [DutyRow(anchor, cast("DutyState", duty)) for (_, anchor, _), duty in sorted(states.items())]
        rows = [row for row in rows if row.duty.kind in DUTIES and row.duty.opened_index < as_of]
        level = []
        for row in rows:
            met = met_before(row, as_of)
            yield Actor(
                kind=row.duty.kind,
                party=row.duty.party,
                about=row.duty.about,
                opener=row.opener,
                due=row.duty.due,
                status=duty_status(row, as_of, now),
                met_by=row.duty.met_by if met else None,
                met_at=row.duty.met_at if met else None,
            )
            # A correction that meets a stop is the next closure, not a part of this one.
            following = row.duty.met_by if met and row.duty.kind in ("stop", "list.exit") else None
            if following is not None and following not in asked and _goes_on(source, following):
                asked.add(following)
                level.append(following)


def _goes_on(source: LineageSource, id_: str) -> bool:
    return source.statements([id_])[id_].kind in ("publication.stop", "publication.start", "list.exit")


def _records(source: LineageSource, id_: str, as_of: int) -> dict[str, Ranges]:
    """Return the records that a statement ended, found disputed or shall have erased, and every version before them.

    What a correction put in their place is another matter: it may be used.
    """
    found: dict[str, Ranges] = {}
    level: dict[str, Ranges] = {}
    for edge in source.edges_to([id_], as_of):
        if edge.kind in _RECORD_EDGES:
            grow(level, {edge.source: edge.ranges})
        elif edge.kind == "resolves":
            disputed = source.edges_to([edge.source], as_of)
            grow(level, {each.source: each.ranges for each in disputed if each.kind == "disputes"})
    while level:
        grow(found, level)
        edges = [edge for edge in source.edges_to(sorted(level), as_of) if edge.kind == "corrects"]
        level = {edge.source: edge.ranges for edge in edges if edge.source not in found}
    return found


def _grants(source: LineageSource, id_: str, as_of: int) -> set[str]:
    """Return the grant that a statement revoked with its subtree; empty for any other statement."""
    if source.statements([id_])[id_].kind != "grant.revoke":
        return set()
    level = [edge.source for edge in source.edges_to([id_], as_of) if edge.kind == "acts"]
    found = set(level)
    while level:
        children = {edge.target for edge in source.edges_from(level, as_of) if edge.kind == "child"}
        level = sorted(children - found)
        found.update(level)
    return found


def _reported(
    source: LineageSource, lists: Mapping[str, Ranges], grants: set[str], since: int, as_of: int
) -> Iterator[LaterUse]:
    """Yield the reports of uses of these records, or under these grants, at or after `since`."""
    delivered = [
        edge.target
        for edge in source.edges_from(sorted(lists), as_of)
        if edge.kind == "delivers" and intersect(lists[edge.source], edge.ranges) is not None
    ]
    under = [edge.target for edge in source.edges_from(sorted(grants), as_of) if edge.kind == "under"]
    offers = sorted({*delivered, *under})
    uses = [edge for edge in source.edges_from(offers, as_of) if edge.kind == "used"]
    rows = source.statements([edge.target for edge in uses])
    raw = source.raw([edge.target for edge in uses])
    transfers = load(source, TRANSFER, offers)
    for edge in uses:
        payload = decode_payload("use.report", decode_statement(raw[edge.target]).payload)
        assert isinstance(payload, UseReport)
        at = parse_time(payload.used_at)
        wanted = transfers[edge.source].grant in grants or _names(payload, transfers[edge.source].references, lists)
        if at >= since and wanted:
            party = rows[edge.target].iss
            yield LaterUse(statement=edge.target, kind="use.report", party=party, transfer=edge.source, at=at, rule="")


def _names(payload: UseReport, carried: ReferenceRows, lists: Mapping[str, Ranges]) -> bool:
    """Say whether a report is about these records: it names one, or its hand-over carried nothing else."""
    if payload.reference is None:
        return ReferenceSet(carried).count == 1
    named = Reference.parse(payload.reference)
    rows: Ranges = WHOLE if named.row is None else ((named.row, named.row),)
    return named.statement_id in lists and intersect(lists[named.statement_id], rows) is not None


def _attempts(
    source: LineageSource,
    row: StatementRow,
    actors: tuple[Actor, ...],
    lists: Mapping[str, Ranges],
    grants: set[str],
    as_of: int,
) -> Iterator[LaterUse]:
    """Yield the refused offers of these records, or under these grants, by those who had to act."""
    for party in sorted({actor.party for actor in actors}):
        refused = [
            each for each in source.refusals(as_of, party) if each.kind == "transfer.offer" and each.index > row.index
        ]
        raw = source.raw([each.id for each in refused])
        for each in refused:
            payload = decode_payload(each.kind, decode_statement(raw[each.id]).payload)
            assert isinstance(payload, TransferOffer)
            named = dict(ReferenceSet.from_json(payload.references).entries)
            if payload.grant in grants or intersect_sets(lists, named):
                yield LaterUse(
                    statement=each.id,
                    kind="transfer.offer",
                    party=party,
                    transfer="",
                    at=each.block_time,
                    rule=each.rule or "",
                )


__all__ = ["CLOSING", "DUTIES", "Actor", "Closure", "LaterUse", "closure"]
