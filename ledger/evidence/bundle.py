"""Making a bundle: collect what proves a statement or a trace, judge it, list it, sign the list, pack it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, Protocol

from ledger.errors import NotFoundError, StateError, Text
from ledger.evidence.archive import write_archive
from ledger.evidence.checks import Checklist, Report, Verdict
from ledger.evidence.layout import (
    MANIFEST,
    MANIFEST_SIGNATURE,
    BundleManifest,
    BundleParts,
    Proves,
    manifest_payload,
)
from ledger.evidence.naming import named_statements
from ledger.evidence.verify import check_contents
from ledger.keys import Signer
from ledger.lineage.source import StatementRow
from ledger.notes import Policy
from ledger.signed import BUNDLE_TYP, sign_object
from ledger.statement import decode_statement

MAX_BUNDLE_STATEMENTS: Final = 10_000
"""Most statements of one bundle."""


class BundleTooLarge(StateError):
    """More statements than one bundle may hold."""

    code = "bundle.too_large"
    what = Text("The bundle would hold more than {limit} statements.", "证据包将超过 {limit} 条语句。")
    next_step = Text("Make it about one row or one hand-over.", "请改为针对单行或单次交接制作。")


class EvidenceSource(Protocol):
    """Where the maker of a bundle gets proofs from: a node's store, or an SDK that asks a node.

    All proofs must lead to one checkpoint that carries the policy's quorum, and whose size covers every index.
    """

    def statements(self, ids: Collection[str]) -> Mapping[str, StatementRow]:
        """Return the logged statements among `ids`, refused ones included."""
        ...

    def raw(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """Return the bytes as signed of the logged statements among `ids`."""
        ...

    def entry(self, index: int) -> bytes:
        """Return the log entry at `index`."""
        ...

    def proof(self, index: int) -> str:
        """Return the C2SP tlog-proof of the entry at `index`."""
        ...

    def block_before(self, index: int) -> int:
        """Return the log index of the block entry of the block that leaf `index` stands in."""
        ...

    def key_statements(self, member: str) -> list[str]:
        """Return the ids of the admitted statements about the keys of `member` (`governed_keys.KeyHistory`)."""
        ...

    def receipt(self, statement_id: str) -> bytes | None:
        """Return a receipt for a logged statement, None where there is none to be had."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What a bundle is to be about: see `ledger.evidence.layout.Proves`."""

    kind: Literal["statement", "trace"]
    reference: str
    statements: tuple[str, ...]


def gather(source: EvidenceSource, request: Request, policy: str) -> BundleParts:
    """Collect everything that proves `request`: statements, those they name (for a trace), keys, blocks, proofs.

    Raises `NotFoundError` for a statement that is not logged, `BundleTooLarge`, and what the source raises.
    """
    rows: dict[str, StatementRow] = {}
    raw: dict[str, bytes] = {}
    new: Iterable[str] = request.statements
    while True:
        wanted = [id_ for id_ in dict.fromkeys(new) if id_ not in rows]
        if not wanted:
            break
        found = source.statements(wanted)
        for id_ in wanted:
            if id_ not in found:
                raise NotFoundError(what_kind="statement", name=id_)
        rows.update(found)
        raw.update(source.raw(wanted))
        if len(rows) > MAX_BUNDLE_STATEMENTS:
            raise BundleTooLarge(limit=MAX_BUNDLE_STATEMENTS)
        new = _named(raw, wanted) if request.kind == "trace" else ()
        new = [*new, *(id_ for member in sorted({found[id_].iss for id_ in wanted}) for id_ in _keys(source, member))]
    blocks = {source.block_before(row.index) for row in rows.values()}
    receipts = {id_: receipt for id_ in request.statements if (receipt := source.receipt(id_)) is not None}
    return BundleParts(
        proves=Proves(kind=request.kind, reference=request.reference, statements=sorted(set(request.statements))),
        policy=policy,
        statements=raw,
        proofs={id_: source.proof(row.index) for id_, row in rows.items()},
        genesis=(source.entry(0), source.proof(0)),
        blocks={index: (source.entry(index), source.proof(index)) for index in sorted(blocks)},
        refused={id_: row.rule for id_, row in rows.items() if row.rule is not None},
        receipts=receipts,
    )


def _named(raw: Mapping[str, bytes], ids: Iterable[str]) -> list[str]:
    found: set[str] = set()
    for id_ in ids:
        statement = decode_statement(raw[id_])
        found |= named_statements(statement.payload, kind=statement.kind)
    return sorted(found)


def _keys(source: EvidenceSource, member: str) -> list[str]:
    return source.key_statements(member)


def judge_parts(parts: BundleParts, policy: Policy) -> Report:
    """Check the parts as a verifier will, before they are listed and signed."""
    checks = Checklist()
    check_contents(parts.files(), parts.proves, parts.refused, policy, checks)
    return checks.report()


def make_bundle(parts: BundleParts, signer: Signer, made_at: str, verdict: Verdict) -> bytes:
    """List, sign and pack a bundle; the same input gives the same bytes.

    `made_at` is `YYYY-MM-DDTHH:MM:SSZ`, `verdict` what `judge_parts` gave. Raises `ArchiveName` or `ArchiveTooLarge`.
    """
    files = parts.files()
    manifest = BundleManifest(
        version=1,
        proves=parts.proves,
        refused=dict(sorted(parts.refused.items())),
        files={name: sha256(data).hexdigest() for name, data in sorted(files.items())},
        verdict=verdict,
        made_at=made_at,
    ).encode()
    files[MANIFEST] = manifest
    files[MANIFEST_SIGNATURE] = sign_object(signer, BUNDLE_TYP, manifest_payload(manifest))
    return write_archive(files)
