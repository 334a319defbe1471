"""Question 10: usage per source, item and grantee (价值分享), in counts that add up to the ledger's own entries.

Only institutions, items and numbers appear: no record, no subject.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

import msgspec

from ledger.kinds import decode_payload
from ledger.kinds.transfers import UseReport
from ledger.lineage.answers import Answer
from ledger.lineage.source import LineageSource
from ledger.lineage.steps import load
from ledger.references import Reference, ReferenceSet
from ledger.state.authority_tables import QUERY
from ledger.state.tables import RECORD, TRANSFER, RecordState, ReferenceRows, TransferState
from ledger.statement import decode_statement

SourceItem = tuple[str, str]
"""The source (USCC) and the item of records."""


class Metered(msgspec.Struct, frozen=True, kw_only=True):
    """What one grantee took of the records of one or several (source, item).

    Records handed over are told apart by record list, so their rows name one pair. A batch of queries, or a use of a
    whole hand-over, that concerned several is counted once, under all of them. `records_offered` counts those of offers
    in the period that were not released in it.
    """

    of: tuple[SourceItem, ...]
    grantee: str
    records_released: int
    records_offered: int
    query_batches: int
    queries: int
    uses: int


class Metering(Answer, frozen=True, kw_only=True):
    """Question 10: rows in order, and the ledger's entries they add up to, each counted once."""

    first: int
    rows: tuple[Metered, ...]
    offers: int
    releases: int
    records_released: int
    records_offered: int
    query_batches: int
    queries: int
    uses: int


@dataclass(slots=True)
class _Counts:
    records_released: int = 0
    records_offered: int = 0
    query_batches: int = 0
    queries: int = 0
    uses: int = 0


Rows = defaultdict[tuple[tuple[SourceItem, ...], str], _Counts]


def metering(source: LineageSource, as_of: int, first: int = 0, of: str | None = None) -> Metering:
    """Return the usage by statements with `first` <= index < `as_of`, of one source's records when `of` is given.

    With `of` the totals are those of the rows that concern the source; without, of all entries.
    """
    rows: Rows = defaultdict(_Counts)
    offers = {row.id for row in source.of_kind("transfer.offer", first, as_of)}
    releases = _released(source, first, as_of)
    reports = _reports(source, first, as_of)
    transfers = load(source, TRANSFER, offers | releases | {report.transfer for report in reports})
    # A confirmation is a query.batch, too, but has no row of its own: it counts nothing twice.
    queries = load(source, QUERY, {row.id for row in source.of_kind("query.batch", first, as_of)})
    records = _records(source, [*(t.references for t in transfers.values()), *(q.references for q in queries.values())])
    for offer in offers | releases:
        _meter_hand_over(rows, transfers[offer], records, released=offer in releases)
    for query in queries.values():
        counts = rows[_pairs(query.references, records), query.receiver]
        counts.query_batches += 1
        counts.queries += query.count
    for report in reports:
        transfer = transfers[report.transfer]
        used = transfer.references
        if report.reference is not None:
            used = ReferenceSet.of([Reference.parse(report.reference)]).entries
        rows[_pairs(used, records), transfer.receiver].uses += 1
    if of is not None:
        rows = Rows(_Counts, {key: row for key, row in rows.items() if of in {pair[0] for pair in key[0]}})
        concerned = {
            id_
            for id_, transfer in transfers.items()
            if of in {pair[0] for pair in _pairs(transfer.references, records)}
        }
        offers, releases = offers & concerned, releases & concerned
    return _answer(source, as_of, first, rows, len(offers), len(releases))


def _answer(source: LineageSource, as_of: int, first: int, rows: Rows, offers: int, releases: int) -> Metering:
    names = [field.name for field in fields(_Counts)]
    found = [
        Metered(of=of, grantee=grantee, **{name: getattr(counts, name) for name in names})
        for (of, grantee), counts in sorted(rows.items())
    ]
    totals = {name: sum(getattr(row, name) for row in found) for name in names}
    return Metering(
        as_of=as_of,
        time=source.time_at(as_of),
        statements=(),
        first=first,
        rows=tuple(found),
        offers=offers,
        releases=releases,
        **totals,
    )


def _released(source: LineageSource, first: int, as_of: int) -> set[str]:
    """Return the offers whose release stands in the period."""
    steps = [row.id for row in source.of_kind("transfer.release", first, as_of)]
    return {edge.source for edge in source.edges_to(steps, as_of) if edge.kind == "step"}


def _reports(source: LineageSource, first: int, as_of: int) -> list[UseReport]:
    ids = [row.id for row in source.of_kind("use.report", first, as_of)]
    raw = source.raw(ids)
    found: list[UseReport] = []
    for id_ in ids:
        payload = decode_payload("use.report", decode_statement(raw[id_]).payload)
        assert isinstance(payload, UseReport)
        found.append(payload)
    return found


def _records(source: LineageSource, sets: Iterable[ReferenceRows]) -> Mapping[str, RecordState]:
    return load(source, RECORD, {id_ for references in sets for id_, _ in references})


def _meter_hand_over(
    rows: Rows, transfer: TransferState, records: Mapping[str, RecordState], *, released: bool
) -> None:
    for id_, ranges in transfer.references:
        counts = rows[_pairs(((id_, ranges),), records), transfer.receiver]
        number = ReferenceSet(((id_, ranges),)).count
        if released:
            counts.records_released += number
        else:
            counts.records_offered += number


def _pairs(references: ReferenceRows, records: Mapping[str, RecordState]) -> tuple[SourceItem, ...]:
    """Return the (source, item) of a set of records, each once."""
    return tuple(sorted({(records[id_].issuer, records[id_].item) for id_, _ in references}))
