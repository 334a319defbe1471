"""The summary that other programs read: `.demo/summary.json`, recountable from the log itself."""

from __future__ import annotations

import msgspec

from clients.demo.auditing import Audited
from clients.demo.story import Told
from ledger.findings.judge import Finding
from ledger.lineage.answers import Trace

SUMMARY_VERSION = 1
QUESTIONS = 12


class Transfers(msgspec.Struct):
    """Hand-overs that were confirmed."""

    confirmed: int


class Hops(msgspec.Struct):
    """Hops of the forward trace."""

    hops: int


class Verified(msgspec.Struct):
    """What the auditor verified offline, and how many tampered variants it rejected."""

    statements: int
    bundles: int
    tampered_rejected: int


class Tree(msgspec.Struct):
    """The checkpoint everything was verified against."""

    size: int
    root: str


class Summary(msgspec.Struct):
    """The whole summary. `statements` counts statement leaves, refused ones included; `records` original records.

    `questions` are the numbers of those answered offline whose every statement was proven.
    """

    version: int
    members: int
    statements: int
    records: int
    transfers: Transfers
    refusals: list[str]
    findings: list[str]
    questions: list[int]
    trace: Hops
    verified: Verified
    checkpoint: Tree
    seconds: float


def summarise(
    told: Told, audited: Audited, trace: Trace, findings: list[Finding], members: int, seconds: float
) -> Summary:
    """Return the summary of a performance; raises RuntimeError when something the story promises did not happen."""
    rejected = sum(1 for verdict in audited.tampered.values() if verdict != "VERIFIED")
    if audited.bundle != "VERIFIED" or rejected != len(audited.tampered):
        raise RuntimeError(f"verification went wrong: {audited}")
    if len(trace.hops) < 3:
        raise RuntimeError(f"the trace has only {len(trace.hops)} hops")
    if len(audited.questions) != QUESTIONS:
        raise RuntimeError(f"only {len(audited.questions)} of {QUESTIONS} questions were answered with proofs")
    return Summary(
        version=SUMMARY_VERSION,
        members=members,
        statements=audited.statements,
        records=told.records,
        transfers=Transfers(len(told.transfers)),
        refusals=sorted(refused.rule for refused in told.refused),
        findings=sorted({finding.code for finding in findings}),
        questions=[each.number for each in audited.questions],
        trace=Hops(len(trace.hops)),
        verified=Verified(audited.statements, 1, rejected),
        checkpoint=Tree(audited.size, audited.root),
        seconds=round(seconds, 1),
    )
