"""Verification of an evidence bundle: offline, against a policy alone.

The order is fixed: archive, manifest, policy, genesis, blocks, statements in the order of the log with the keys known
at each, receipts, checkpoints, disclosures, what the bundle is about. Every check is listed, whatever came before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from ledger.entries import BlockEntry, decode_entry, encode_refusal_entry
from ledger.errors import SuyuanError
from ledger.evidence.archive import read_archive
from ledger.evidence.checks import Checklist, Report
from ledger.evidence.disclosed import check_disclosure
from ledger.evidence.governed_keys import concerns_keys
from ledger.evidence.keybook import KeyBook
from ledger.evidence.layout import (
    GENESIS,
    GENESIS_PROOF,
    MANIFEST,
    MANIFEST_SIGNATURE,
    BundleManifest,
    Contents,
    Proves,
    manifest_payload,
)
from ledger.evidence.log_checks import LogChecks
from ledger.evidence.naming import named_statements
from ledger.genesis import check_genesis, read_genesis_entry
from ledger.kinds import decode_payload
from ledger.kinds.fields import Payload
from ledger.kinds.genesis import Genesis
from ledger.merkle import leaf_hash
from ledger.notes.policy import Policy
from ledger.rules.signer import TIME_WINDOW_MS
from ledger.signed import BUNDLE_TYP, read_object, verify_object
from ledger.statement import Statement, audience, decode_statement, verify_statement


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What verification found: every check with the verdict, and what the manifest says (None when unreadable)."""

    report: Report
    manifest: BundleManifest | None


def verify_bundle(data: bytes, policy: Policy) -> BundleReport:
    """Check everything in a bundle against `policy` and report every check; nothing is raised for a bad bundle.

    Call `ledger.evidence.checks.require_verified(result.report)` where anything but VERIFIED must stop the program.
    """
    checks = Checklist()
    try:
        files = read_archive(data)
        checks.passed("archive.form", "archive")
    except SuyuanError as error:
        checks.error("archive.form", "archive", error)
        return BundleReport(checks.report(), None)
    manifest = _read_manifest(files, checks)
    if manifest is None:
        return BundleReport(checks.report(), None)
    listed = {name: data for name, data in files.items() if name not in (MANIFEST, MANIFEST_SIGNATURE)}
    _check_listed(manifest, listed, checks)
    book = check_contents(listed, manifest.proves, manifest.refused, policy, checks)
    _check_maker(files, book, checks)
    return BundleReport(checks.report(), manifest)


def check_contents(
    files: Mapping[str, bytes], proves: Proves, refused: Mapping[str, str], policy: Policy, checks: Checklist
) -> KeyBook:
    """Check everything but archive and manifest, and return the keys that the contents prove.

    A maker uses it to judge a bundle before it is signed.
    """
    contents = Contents(files)
    run = _Run(contents, refused, LogChecks(policy, checks), checks)
    run.log.same_policy(contents)
    run.found_genesis()
    run.found_blocks()
    run.found_statements()
    run.judge()
    run.receipts()
    run.log.consistent(contents)
    for number, data in sorted(contents.all("disclosure").items(), key=lambda pair: int(pair[0])):
        check_disclosure(checks, f"disclosures/{number}.json", data, run.proven, run.genesis)
    run.subject(proves)
    return run.book


def _read_manifest(files: Mapping[str, bytes], checks: Checklist) -> BundleManifest | None:
    data = files.get(MANIFEST)
    if data is None:
        checks.open("manifest.form", MANIFEST, "the archive has no manifest")
        return None
    try:
        manifest = BundleManifest.decode(data)
    except SuyuanError as error:
        checks.error("manifest.form", MANIFEST, error)
        return None
    checks.passed("manifest.form", MANIFEST)
    return manifest


def _check_listed(manifest: BundleManifest, files: Mapping[str, bytes], checks: Checklist) -> None:
    """archive.listed and manifest.file: the same names on both sides, and the same bytes."""
    extra = sorted(set(files) - set(manifest.files))
    strange = sorted(set(Contents(files).strange) - set(extra))
    for name in extra:
        checks.failed("archive.listed", name, "the manifest does not list it")
    for name in strange:
        checks.failed("archive.listed", name, "no bundle of this version has such a file")
    if not extra and not strange:
        checks.passed("archive.listed", f"{len(files)} files")
    for name, digest in sorted(manifest.files.items()):
        data = files.get(name)
        if data is None:
            checks.open("manifest.file", name, "the file is missing")
        elif sha256(data).hexdigest() != digest:
            checks.failed("manifest.file", name, "its SHA-256 is another")
        else:
            checks.passed("manifest.file", name)


def _check_maker(files: Mapping[str, bytes], book: KeyBook, checks: Checklist) -> None:
    """manifest.signature: by a key of a member or node that the bundle itself proves."""
    data = files.get(MANIFEST_SIGNATURE)
    if data is None:
        checks.open("manifest.signature", MANIFEST_SIGNATURE, "the signature is missing")
        return
    try:
        key = book.maker(read_object(data, BUNDLE_TYP).kid)
        if key is None:
            checks.open("manifest.signature", MANIFEST_SIGNATURE, "the bundle proves no member or node of that key")
            return
        signed = verify_object(data, BUNDLE_TYP, key)
    except SuyuanError as error:
        checks.error("manifest.signature", MANIFEST_SIGNATURE, error)
        return
    if signed != manifest_payload(files[MANIFEST]):
        checks.failed("manifest.signature", MANIFEST_SIGNATURE, "it was made for another manifest")
    else:
        checks.passed("manifest.signature", MANIFEST_SIGNATURE)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A well-formed statement of the bundle, its leaf, and its proven log index."""

    statement: Statement
    leaf: bytes
    index: int | None


class _Run:
    """The checks of one bundle's contents, in their order."""

    def __init__(self, contents: Contents, refused: Mapping[str, str], log: LogChecks, checks: Checklist) -> None:
        self.contents, self.refused, self.log, self.checks = contents, refused, log, checks
        self.genesis: Genesis | None = None
        self.audience: str | None = None
        self.book = KeyBook(None)
        self.blocks: list[BlockEntry] = []
        self.placed: dict[str, _Placed] = {}
        self.proven: dict[str, Payload] = {}

    def found_genesis(self) -> None:
        """genesis.proof, genesis.form: leaf 0, and with it the founding keys and the audience."""
        entry = self.contents.file(GENESIS)
        if entry is None:
            self.checks.open("genesis.proof", GENESIS, "the genesis entry is missing")
            return
        leaf = leaf_hash(entry)
        index = self.log.prove("genesis.proof", GENESIS, leaf, self.contents.file(GENESIS_PROOF))
        if index is None:
            return
        if index != 0:
            self.checks.failed("genesis.form", GENESIS, f"it is proven as leaf {index}, not as leaf 0")
            return
        try:
            genesis = read_genesis_entry(entry)
            check_genesis(genesis)
        except SuyuanError as error:
            self.checks.error("genesis.form", GENESIS, error)
            return
        if genesis.origin not in {head.origin for head in self.log.accepted}:
            self.checks.failed("genesis.form", GENESIS, f"it begins the log {genesis.origin}, not this one")
            return
        self.checks.passed("genesis.form", GENESIS)
        self.genesis, self.audience = genesis, audience(genesis.origin, leaf)
        self.book = KeyBook(genesis)

    def found_blocks(self) -> None:
        """block.proof, block.chain: block entries at their indexes, rising in height and time."""
        for number, entry in sorted(self.contents.all("block").items(), key=lambda pair: int(pair[0])):
            what = f"block at {number}"
            index = self.log.prove("block.proof", what, leaf_hash(entry), self.contents.all("block-proof").get(number))
            if index is None:
                continue
            try:
                block = decode_entry(entry)
            except SuyuanError as error:
                self.checks.error("block.chain", what, error)
                continue
            if not isinstance(block, BlockEntry) or block.index != index or str(index) != number:
                self.checks.failed("block.chain", what, f"it is no block entry of index {index}")
                continue
            last = self.blocks[-1] if self.blocks else None
            if last is not None and not (last.height < block.height and last.time_ms < block.time_ms):
                self.checks.failed("block.chain", what, "height or time does not rise")
                continue
            self.checks.passed("block.chain", what, f"height {block.height}")
            self.blocks.append(block)

    def found_statements(self) -> None:
        """statement.form, statement.proof: what each file is, and where the log holds it."""
        for id_, raw in sorted(self.contents.all("statement").items()):
            try:
                statement = decode_statement(raw)
            except SuyuanError as error:
                self.checks.error("statement.form", id_, error)
                continue
            if statement.statement_id != id_:
                self.checks.failed("statement.form", id_, f"its leaf hash is {statement.statement_id}")
                continue
            self.checks.passed("statement.form", id_)
            rule = self.refused.get(id_)
            leaf = statement.leaf if rule is None else leaf_hash(encode_refusal_entry(rule, raw))
            index = self.log.prove("statement.proof", id_, leaf, self.contents.all("proof").get(id_))
            self.placed[id_] = _Placed(statement, leaf, index)

    def judge(self) -> None:
        """statement.audience, .time, .key, .signature and key.statement, in the order of the log."""
        last = 2**63
        for placed in sorted(
            self.placed.values(),
            key=lambda one: (last if one.index is None else one.index, one.statement.statement_id),
        ):
            self._judge(placed)

    def _judge(self, placed: _Placed) -> None:
        statement, id_, checks = placed.statement, placed.statement.statement_id, self.checks
        if self.audience is None:
            checks.open("statement.audience", id_, "the genesis entry is not proven")
        elif statement.aud != self.audience:
            checks.failed("statement.audience", id_, f"it was signed for {statement.aud}")
        else:
            checks.passed("statement.audience", id_)
        time = self._time(placed)
        verdict = self.book.judge(statement, placed.index, time)
        checks.note("statement.key", id_, verdict.result, verdict.reason)
        if verdict.key is None:
            checks.open("statement.signature", id_, "its key is not known")
            return
        try:
            verify_statement(statement, verdict.key)
            payload = decode_payload(statement.kind, statement.payload)
        except SuyuanError as error:
            checks.error("statement.signature", id_, error)
            return
        checks.passed("statement.signature", id_)
        if placed.index is None or verdict.result != "VERIFIED" or id_ in self.refused:
            return
        self.proven[id_] = payload
        if concerns_keys(statement.kind):
            self._take_key(statement, payload, placed.index, time)

    def _take_key(self, statement: Statement, payload: Payload, index: int, time: int | None) -> None:
        """key.statement: what the statement makes of the member's keys from here on."""
        id_ = statement.statement_id
        try:
            wrong = self.book.take(statement, payload, index, time)
        except SuyuanError as error:
            self.checks.error("key.statement", id_, error)
            return
        if wrong is None:
            self.checks.passed("key.statement", id_)
        else:
            self.checks.failed("key.statement", id_, wrong)

    def _time(self, placed: _Placed) -> int | None:
        """statement.time: the last block entry of the bundle before the statement, near the time it was signed."""
        id_, statement = placed.statement.statement_id, placed.statement
        before = [block for block in self.blocks if placed.index is not None and block.index < placed.index]
        if not before:
            self.checks.open("statement.time", id_, "no proven block entry stands before it")
            return None
        block = before[-1]
        if abs(statement.iat * 1000 - block.time_ms) > TIME_WINDOW_MS:
            self.checks.failed("statement.time", id_, f"the block entry at {block.index} is of another time")
            return None
        self.checks.passed("statement.time", id_, f"block {block.height} at index {block.index}, {block.time_ms} ms")
        return block.time_ms

    def receipts(self) -> None:
        """receipt.signature, receipt.root."""
        for id_, data in sorted(self.contents.all("receipt").items()):
            placed = self.placed.get(id_)
            if placed is None:
                self.checks.open("receipt.signature", id_, "its statement is not in the bundle")
            else:
                self.log.receipt(id_, placed.leaf, placed.statement.sub, data)

    def subject(self, proves: Proves) -> None:
        """subject.present, subject.closed: what the bundle says it is about lies in it."""
        held = self.contents.all("statement")
        missing = [id_ for id_ in proves.statements if id_ not in held]
        if missing:
            self.checks.open("subject.present", proves.reference, f"{missing[0]} is missing")
        else:
            self.checks.passed("subject.present", proves.reference, f"{len(proves.statements)} statements")
        if proves.kind != "trace":
            return
        named = {
            (one.statement.statement_id, id_)
            for one in self.placed.values()
            for id_ in named_statements(one.statement.payload, kind=one.statement.kind)
        }
        open_ = sorted((by, id_) for by, id_ in named if id_ not in held)
        if open_:
            by, id_ = open_[0]
            self.checks.open("subject.closed", proves.reference, f"{id_}, which {by} names, is missing")
        else:
            self.checks.passed("subject.closed", proves.reference, f"{len(named)} references")
