"""Checks of a bundle: their ids and texts, their results, and the one verdict that follows.

Each check is listed by id, by what it was about, by result and reason. Everything is checked before the verdict falls;
what could not be checked is INCONCLUSIVE, never tampering and never verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from ledger.errors import InconclusiveError, ProofError, SuyuanError, Text

Verdict: TypeAlias = Literal["VERIFIED", "FAILED", "INCONCLUSIVE"]
VERIFIED: Final = "VERIFIED"
FAILED: Final = "FAILED"
INCONCLUSIVE: Final = "INCONCLUSIVE"

CHECKS: Final[Mapping[str, Text]] = {
    "archive.form": Text("The file is a sound archive with safe names", "文件是完好且名称安全的归档"),
    "archive.listed": Text("Nothing lies in the archive that its manifest does not list", "归档中没有清单未列的文件"),
    "manifest.form": Text("The manifest is well formed", "清单格式正确"),
    "manifest.file": Text("The file has the SHA-256 that the manifest lists", "文件的 SHA-256 与清单一致"),
    "manifest.signature": Text("The manifest is signed by a key of this ledger", "清单由本账本登记的密钥签署"),
    "policy.same": Text("The bundle was made under the given policy", "证据包依据所给策略制作"),
    "checkpoint.quorum": Text("The checkpoint carries the policy's quorum", "检查点达到策略规定的法定签名数"),
    "checkpoint.consistent": Text("The checkpoints belong to one growing log", "各检查点属于同一个不断增长的日志"),
    "genesis.proof": Text("The genesis entry is leaf 0 of the log", "创世条目是日志的第 0 号叶"),
    "genesis.form": Text("The genesis document keeps its rules", "创世文件符合规则"),
    "key.statement": Text(
        "A logged statement of the member registers or ends the key", "密钥由该成员的入账语句登记或终止"
    ),
    "statement.form": Text("The statement is well formed and its id is its leaf hash", "语句格式正确且编号为其叶哈希"),
    "statement.audience": Text("The statement was signed for this log", "语句签给本账本"),
    "statement.proof": Text("The log holds the statement at its index", "日志在该序号处载有此语句"),
    "statement.key": Text("The key was the issuer's and live at that position", "密钥属于签发方且在该位置有效"),
    "statement.signature": Text("The statement is signed by that key", "语句由该密钥签署"),
    "block.proof": Text("The log holds the block entry at its index", "日志在该序号处载有此区块条目"),
    "block.chain": Text("Heights and times of the block entries rise with their indexes", "区块高度与时间随序号递增"),
    "statement.time": Text(
        "A block entry dates the statement, within the time window", "区块条目为语句定时且在时间窗口内"
    ),
    "receipt.signature": Text(
        "A log key of the policy signed the receipt for this entry", "回执由策略中的日志密钥就该条目签署"
    ),
    "receipt.root": Text(
        "The receipt's root stands in a checkpoint with quorum", "回执的树根见于达到法定签名数的检查点"
    ),
    "disclosure.value": Text("The disclosed values open the record's commitment", "披露值与记录承诺相符"),
    "disclosure.form": Text("The disclosed fields are those of the catalogue's item", "披露字段与目录项一致"),
    "subject.present": Text("Every statement that the bundle is about lies in it", "证据包所述语句均在包内"),
    "subject.closed": Text("What the statements of the trace name lies in the bundle", "溯源语句所引用的内容均在包内"),
}
"""Every check by id, with what holds when it passes."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check that was made: `id` of CHECKS, what it was about, its result, and why ("" when it passed plainly)."""

    id: str
    what: str
    result: Verdict
    reason: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All checks in the order made, and the verdict."""

    checks: tuple[Check, ...]
    verdict: Verdict

    def failing(self) -> tuple[Check, ...]:
        """Return the checks that did not pass, failed ones first."""
        order = {FAILED: 0, INCONCLUSIVE: 1}
        return tuple(sorted((c for c in self.checks if c.result != VERIFIED), key=lambda c: order[c.result]))


class BundleFailed(ProofError):
    """A check of the bundle failed."""

    code = "bundle.failed"
    what = Text(
        "The bundle does not verify: {check} ({subject}): {reason}", "证据包核验失败：{check}（{subject}）：{reason}"
    )


class BundleInconclusive(InconclusiveError):
    """Something in the bundle could not be checked, and nothing failed."""

    code = "bundle.inconclusive"
    what = Text(
        "The bundle could not be checked fully: {check} ({subject}): {reason}",
        "证据包未能完整核验：{check}（{subject}）：{reason}",
    )


def require_verified(report: Report) -> None:
    """Return when the verdict is VERIFIED. Raises `BundleFailed` or `BundleInconclusive` with the first such check."""
    failing = report.failing()
    if not failing:
        return
    first = failing[0]
    error = BundleFailed if first.result == FAILED else BundleInconclusive
    raise error(check=first.id, subject=first.what, reason=first.reason)


class Checklist:
    """Collects checks; every id is one of CHECKS."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def note(self, id_: str, what: str, result: Verdict, reason: str = "") -> None:
        """Add one check."""
        if id_ not in CHECKS:
            raise ValueError(f"unknown check {id_}")
        self._checks.append(Check(id=id_, what=what, result=result, reason=reason))

    def passed(self, id_: str, what: str, reason: str = "") -> None:
        """Add a check that passed."""
        self.note(id_, what, VERIFIED, reason)

    def failed(self, id_: str, what: str, reason: str) -> None:
        """Add a check that failed."""
        self.note(id_, what, FAILED, reason)

    def open(self, id_: str, what: str, reason: str) -> None:
        """Add a check that could not be made."""
        self.note(id_, what, INCONCLUSIVE, reason)

    def error(self, id_: str, what: str, error: SuyuanError) -> None:
        """Add a check that ended in an error: inconclusive where the error says so, failed otherwise."""
        result: Verdict = INCONCLUSIVE if isinstance(error, InconclusiveError) else FAILED
        self.note(id_, what, result, f"{error.stable_code}: {error.message()}")

    def report(self) -> Report:
        """Return all checks and the verdict. Without any check nothing was verified."""
        results = {check.result for check in self._checks}
        verdict: Verdict = VERIFIED
        if FAILED in results:
            verdict = FAILED
        elif INCONCLUSIVE in results or not results:
            verdict = INCONCLUSIVE
        return Report(checks=tuple(self._checks), verdict=verdict)
