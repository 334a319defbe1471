"""Traces, findings and usage as CSV (RFC 4180): UTF-8, one header line, CRLF, times in UTC.

Ids, codes and numbers only. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from ledger.findings.judge import Finding
from ledger.lineage.answers import Ending, Trace
from ledger.lineage.metering import Metering
from ledger.state.tables import ReferenceRows
from ledger.times import format_time

TRACE_COLUMNS = (
    "kind", "id", "index", "time", "member", "to", "grant", "purpose", "status", "responsible", "references", "after",
)  # fmt: skip
FINDING_COLUMNS = ("code", "rule", "about", "party", "since", "deadline", "open", "residual", "statements")
METERING_COLUMNS = (
    "source", "item", "grantee", "records_released", "records_offered", "query_batches", "queries", "uses",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | None


def trace_csv(trace: Trace) -> str:
    """Return a trace: a line for each version, hand-over, use, product, batch of queries and support, by log index."""
    lines: list[tuple[int, Sequence[Cell]]] = []
    for version in trace.versions:
        rows = _references(((version.id, version.rows),))
        head = (version.kind, version.id, version.index, format_time(version.time), version.issuer)
        lines.append((version.index, (*head, "", "", "", _endings(version.endings), "", rows, version.replaces)))
    for hop in trace.hops:
        first = hop.steps[0]
        head = (first.kind, hop.transfer, first.index, format_time(hop.offered_at), hop.sender)
        more = (hop.receiver, hop.grant, hop.purpose, hop.status, hop.responsible)
        lines.append((first.index, (*head, *more, _references(hop.references), " ".join(hop.after))))
    for use in trace.uses:
        head = (use.kind, use.id, use.index, format_time(use.time), use.by)
        lines.append((use.index, (*head, "", "", "", "", "", use.reference or "", use.transfer)))
    for step in (*trace.products, *trace.queries, *trace.supports):
        head = (step.kind, step.id, step.index, format_time(step.time), step.by)
        lines.append((step.index, (*head, "", "", "", "", "", "", "")))
    return _written(TRACE_COLUMNS, (cells for _, cells in sorted(lines, key=lambda line: line[0])))


def findings_csv(findings: Iterable[Finding]) -> str:
    """Return findings in their order, one a line."""
    return _written(
        FINDING_COLUMNS,
        (
            (
                found.code, found.rule, found.about, found.party, format_time(found.since),
                "" if found.deadline is None else format_time(found.deadline), _truth(found.open),
                _truth(found.residual), " ".join(found.statements),
            )
            for found in findings
        ),
    )  # fmt: skip


def metering_csv(metering: Metering) -> str:
    """Return usage: a line for each row; several pairs of source and item in one row stand side by side."""
    return _written(
        METERING_COLUMNS,
        (
            (
                " ".join(source for source, _ in row.of), " ".join(item for _, item in row.of), row.grantee,
                row.records_released, row.records_offered, row.query_batches, row.queries, row.uses,
            )
            for row in metering.rows
        ),
    )  # fmt: skip


def _written(columns: Sequence[str], lines: Iterable[Sequence[Cell]]) -> str:
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    for line in lines:
        writer.writerow([_safe(cell) for cell in line])
    return buffer.getvalue()


def _safe(cell: Cell) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) and isinstance(cell, str) else text


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _endings(endings: Iterable[Ending]) -> str:
    return " ".join(f"{ending.how}:{ending.by}" for ending in endings)


def _references(references: ReferenceRows) -> str:
    texts: list[str] = []
    for list_, rows in references:
        texts += [f"{list_}:{first}-{last}" for first, last in rows] or [list_]
    return " ".join(texts)
