"""What a report says, as values: the same for HTML and PDF."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ledger.errors import Text
from ledger.evidence.checks import CHECKS, FAILED, INCONCLUSIVE, VERIFIED, Report, Verdict
from ledger.evidence.layout import BundleParts
from ledger.notes import TlogProof
from ledger.statement import decode_statement
from ledger.times import format_time

VERDICTS = {
    VERIFIED: Text("Every check passed.", "全部核验项通过。"),
    FAILED: Text("At least one check failed.", "至少一项核验失败。"),
    INCONCLUSIVE: Text("Something could not be checked; nothing failed.", "部分内容无法核验；没有核验失败项。"),
}
"""What each verdict means."""
TITLE = Text("Evidence bundle", "证据包")
KINDS = {"statement": Text("One statement", "单条语句"), "trace": Text("A whole trace", "完整溯源")}
CAUTION = Text(
    "This page is a rendering. Verify the bundle itself with `suyuan verify FILE --policy POLICY`.",
    "本页仅为展示。请使用 `suyuan verify FILE --policy POLICY` 核验证据包本身。",
)
HEADINGS = {
    "about": Text("What it is about", "证明对象"),
    "statements": Text("Statements", "语句"),
    "checks": Text("Checks", "核验项"),
    "problems": Text("What did not pass", "未通过项"),
}


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One statement of the bundle: what, by whom, when it was signed, its log index, and the rule that refused it."""

    id: str
    kind: str
    issuer: str
    signed_at: str
    index: int
    refused: str


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One kind of check: its text, and how often it passed, failed or could not be made."""

    id: str
    text: Text
    passed: int
    failed: int
    open: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One check that did not pass."""

    id: str
    what: str
    result: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything that a report shows; `made_at` is `YYYY-MM-DDTHH:MM:SSZ`."""

    reference: str
    kind: Text
    verdict: Verdict
    meaning: Text
    made_at: str
    statements: tuple[StatementLine, ...]
    checks: tuple[CheckLine, ...]
    problems: tuple[Problem, ...]


def report_content(parts: BundleParts, report: Report, made_at: str) -> ReportContent:
    """Return what there is to say about a bundle that was judged; raises what decoding of its parts raises."""
    lines = [_line(parts, id_, raw) for id_, raw in parts.statements.items()]
    counted = Counter((check.id, check.result) for check in report.checks)
    return ReportContent(
        reference=parts.proves.reference,
        kind=KINDS[parts.proves.kind],
        verdict=report.verdict,
        meaning=VERDICTS[report.verdict],
        made_at=made_at,
        statements=tuple(sorted(lines, key=lambda line: line.index)),
        checks=tuple(
            CheckLine(id_, text, counted[id_, VERIFIED], counted[id_, FAILED], counted[id_, INCONCLUSIVE])
            for id_, text in CHECKS.items()
            if any(check.id == id_ for check in report.checks)
        ),
        problems=tuple(Problem(check.id, check.what, check.result, check.reason) for check in report.failing()),
    )


def _line(parts: BundleParts, id_: str, raw: bytes) -> StatementLine:
    statement = decode_statement(raw)
    return StatementLine(
        id=id_,
        kind=statement.kind,
        issuer=statement.iss,
        signed_at=format_time(statement.iat * 1000),
        index=TlogProof.parse(parts.proofs[id_]).index if id_ in parts.proofs else -1,
        refused=parts.refused.get(id_, ""),
    )
