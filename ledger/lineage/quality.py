"""Question 11: timeliness and completeness per source (归集共享质效), from the ledger's entries alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from ledger.kinds import decode_payload
from ledger.kinds.disputes import RecordResolve
from ledger.kinds.grants import GrantRequest
from ledger.lineage.answers import Answer
from ledger.lineage.source import LineageSource, StatementRow
from ledger.lineage.standing import met_before
from ledger.lineage.steps import load
from ledger.state.authority_tables import DISPUTE
from ledger.state.tables import RECORD
from ledger.statement import decode_statement
from ledger.times import DAY_MS, day_of, day_start


class SourceQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One source: what it made, how late, and what became of it.

    `delays` are pairs (whole days from event day to entry, records), in order; a batch counts its rows. `late_answers`
    are requests answered, or left open, past their deadline.
    """

    source: str
    entries: int
    records: int
    delays: tuple[tuple[int, int], ...]
    longest_delay: int
    median_delay: int
    corrections: int
    withdrawals: int
    disputes: int
    disputes_upheld: int
    requests: int
    granted: int
    declined: int
    late_answers: int


class Quality(Answer, frozen=True, kw_only=True):
    """Question 11: every member that made records or was asked for them, by code."""

    first: int
    sources: tuple[SourceQuality, ...]


@dataclass(slots=True)
class _Tally:
    entries: int = 0
    corrections: int = 0
    withdrawals: int = 0
    disputes: int = 0
    disputes_upheld: int = 0
    requests: int = 0
    granted: int = 0
    declined: int = 0
    late_answers: int = 0
    delays: dict[int, int] = field(default_factory=dict)


Tallies = defaultdict[str, _Tally]


def quality(source: LineageSource, as_of: int, first: int = 0, of: str | None = None) -> Quality:
    """Return what the statements with `first` <= index < `as_of` say of every source, or of one when `of` is given."""
    tallies: Tallies = defaultdict(_Tally)
    for kind in ("record.submit", "record.batch", "record.correct"):
        rows = source.of_kind(kind, first, as_of)
        _tally_entries(source, tallies, rows)
        if kind == "record.correct":
            for row in rows:
                tallies[row.iss].corrections += 1
    for row in source.of_kind("record.withdraw", first, as_of):
        tallies[row.iss].withdrawals += 1
    _tally_disputes(source, tallies, first, as_of)
    _tally_requests(source, tallies, first, as_of)
    found = tuple(_quality(uscc, tally) for uscc, tally in sorted(tallies.items()) if of in (None, uscc))
    return Quality(as_of=as_of, time=source.time_at(as_of), statements=(), first=first, sources=found)


def _tally_entries(source: LineageSource, tallies: Tallies, rows: Iterable[StatementRow]) -> None:
    made = list(rows)
    states = load(source, RECORD, [row.id for row in made])
    for row in made:
        state, tally = states[row.id], tallies[row.iss]
        # An event day never lies ahead of its entry's day (record.days), so no delay is negative.
        delay = (day_start(day_of(row.block_time)) - day_start(state.event_day)) // DAY_MS
        tally.entries += 1
        tally.delays[delay] = tally.delays.get(delay, 0) + (state.count or 1)


def _tally_disputes(source: LineageSource, tallies: Tallies, first: int, as_of: int) -> None:
    raised = load(source, DISPUTE, [row.id for row in source.of_kind("record.dispute", first, as_of)])
    about_records = {id_: state for id_, state in raised.items() if state.target == "record"}
    for state in about_records.values():
        tallies[state.respondent].disputes += 1
    resolved = [edge for edge in source.edges_from(sorted(about_records), as_of) if edge.kind == "resolves"]
    raw = source.raw([edge.target for edge in resolved])
    for edge in resolved:
        payload = decode_payload("record.resolve", decode_statement(raw[edge.target]).payload)
        assert isinstance(payload, RecordResolve)
        if payload.outcome == "upheld":
            tallies[about_records[edge.source].respondent].disputes_upheld += 1


def _tally_requests(source: LineageSource, tallies: Tallies, first: int, as_of: int) -> None:
    ids = [row.id for row in source.of_kind("grant.request", first, as_of)]
    asked = _asked(source, ids)
    for grantor in asked.values():
        tallies[grantor].requests += 1
    answers = [edge for edge in source.edges_from(ids, as_of) if edge.kind == "answers"]
    kinds = source.statements([edge.target for edge in answers])
    for edge in answers:
        tally = tallies[asked[edge.source]]
        if kinds[edge.target].kind == "grant.decline":
            tally.declined += 1
        else:
            tally.granted += 1
    now = source.time_at(as_of)
    for duty in source.duties(as_of):
        if duty.duty.kind == "grant.answer" and duty.opener in asked:
            done = (duty.duty.met_at or 0) if met_before(duty, as_of) else now
            if done > duty.duty.due:
                tallies[asked[duty.opener]].late_answers += 1


def _asked(source: LineageSource, ids: list[str]) -> Mapping[str, str]:
    """Return whom each request asked."""
    found: dict[str, str] = {}
    for id_, raw in source.raw(ids).items():
        payload = decode_payload("grant.request", decode_statement(raw).payload)
        assert isinstance(payload, GrantRequest)
        found[id_] = payload.grantor
    return found


def _quality(uscc: str, tally: _Tally) -> SourceQuality:
    delays = tuple(sorted(tally.delays.items()))
    records = sum(number for _, number in delays)
    return SourceQuality(
        source=uscc,
        entries=tally.entries,
        records=records,
        delays=delays,
        longest_delay=delays[-1][0] if delays else 0,
        median_delay=_median(delays, records),
        corrections=tally.corrections,
        withdrawals=tally.withdrawals,
        disputes=tally.disputes,
        disputes_upheld=tally.disputes_upheld,
        requests=tally.requests,
        granted=tally.granted,
        declined=tally.declined,
        late_answers=tally.late_answers,
    )


def _median(delays: tuple[tuple[int, int], ...], records: int) -> int:
    """Return the delay of the record in the middle (the lower of two), 0 without records."""
    before = 0
    for delay, number in delays:
        before += number
        if 2 * before >= records:
            return delay
    return 0
