"""Execution of a block: statements in order → entries, state changes, lineage, findings and the next head.

The same function runs in the embedded node, in the consortium, in replay and in tests. It is pure: the block's time and
what the store holds are passed in, and equal inputs give equal bytes everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol

from ledger.encoding import base64url
from ledger.entries import app_hash, encode_block_entry, encode_refusal_entry
from ledger.errors import SuyuanError
from ledger.kinds import decode_payload
from ledger.kinds.fields import Payload
from ledger.merkle import Frontier, leaf_hash
from ledger.rules.registry import HANDLERS, Context, RuleError
from ledger.rules.signer import SignerCase, check_envelope, gov_5, rec_5, rec_6, signing_key
from ledger.state.digest import encode_changes, next_digest
from ledger.state.effects import Edge, Effects, FindingEvent, StateKey
from ledger.state.tables import StateRow
from ledger.state.view import BlockView, Need, StateSource
from ledger.statement import Statement

HEARTBEAT_MS = 600_000
"""A block that executes nothing still gets an entry when this long passed since the last block entry."""

ZERO_APP_HASH = bytes(32)
INDEX_ROOT = bytes(32)
"""32 zero bytes until a verifiable index exists (docs/spec)."""

_LOAD_ROUNDS = 64
"""A chain of corrections is walked one version a round; a kind that asks for more has a defect."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the ledger stands after a block: everything the next block needs besides the state rows.

    `peaks` are the frontier's hashes, `time` the last block entry's time in ms (0 at genesis).
    """

    origin: str
    genesis_hash: str
    height: int
    size: int
    peaks: tuple[bytes, ...]
    app_hash: bytes
    state_digest: bytes
    time: int

    @property
    def audience(self) -> str:
        """The `aud` claim every statement must carry."""
        return f"{self.origin}#{self.genesis_hash}"

    def root(self) -> bytes:
        """The RFC 9162 root at `size`."""
        return Frontier(self.size, list(self.peaks)).root()


class History(Protocol):
    """What is known of statements logged before this block.

    `places` maps the digest (SHA-256 of Sig_structure) of each already logged statement to its log index, `subs` each
    already used `sub` to the log index of its first use. Absent ones are left out.
    """

    def places(self, statements: Sequence[Statement]) -> Mapping[bytes, int]:
        """Return log indexes of those that are logged already, refused ones included."""
        ...

    def subs(self, statements: Sequence[Statement]) -> Mapping[str, int]:
        """Return log indexes of the first use of each `sub` that was used."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one statement. A rejected one has no index; a duplicate has its first place."""

    statement_id: str
    status: Literal["admitted", "refused", "duplicate", "rejected"]
    index: int | None
    error: SuyuanError | None = None


@dataclass(frozen=True, slots=True)
class LoggedStatement:
    """One statement leaf of a block; `rule` is set when it was refused."""

    index: int
    statement: Statement
    rule: str | None


@dataclass(slots=True)
class BlockResult:
    """Everything one SQL transaction has to store, and the outcome of each statement in the order given."""

    head: Head
    outcomes: list[Outcome]
    first_index: int
    entries: list[bytes] = field(default_factory=list)
    leaf_hashes: list[bytes] = field(default_factory=list)
    logged: list[LoggedStatement] = field(default_factory=list)
    changes: list[tuple[StateKey, bytes | None]] = field(default_factory=list)
    rows: Mapping[StateKey, StateRow | None] = field(default_factory=dict)
    edges: list[tuple[int, Edge]] = field(default_factory=list)
    findings: list[tuple[int, FindingEvent]] = field(default_factory=list)


def execute_block(
    head: Head,
    time: int,
    statements: Sequence[Statement],
    resident: Mapping[StateKey, StateRow],
    source: StateSource,
    history: History,
) -> BlockResult:
    """Execute `statements` in order at block time `time` (ms) on top of `head`.

    Signatures were checked before (`ledger.statement.verify_statement`); whether the key was live is judged here.
    Returns a result without entries when nothing was executed and no heartbeat is due; its head is then unchanged.
    Raises ValueError when `time` does not lie after the head's.
    """
    if time <= head.time:
        raise ValueError("block time must grow")
    run = _Run(head, time, BlockView(resident, time), source)
    run.execute(statements, history.places(statements), history.subs(statements))
    return run.result()


class _Run:
    """The execution of one block."""

    def __init__(self, head: Head, time: int, view: BlockView, source: StateSource) -> None:
        self.head, self.time, self.view, self.source = head, time, view, source
        self.outcomes: list[Outcome] = []
        self.bodies: list[bytes] = []
        self.logged: list[LoggedStatement] = []
        self.edges: list[tuple[int, Edge]] = []
        self.findings: list[tuple[int, FindingEvent]] = []

    def execute(self, statements: Sequence[Statement], places: Mapping[bytes, int], subs: Mapping[str, int]) -> None:
        digests, used = dict(places), dict(subs)
        payloads = [_decode(statement) for statement in statements]
        self._preload(statements, payloads)
        for statement, payload in zip(statements, payloads, strict=True):
            first = digests.get(statement.digest)
            if first is not None:
                self.outcomes.append(Outcome(statement.statement_id, "duplicate", first))
                continue
            outcome = self._one(statement, payload, used.get(statement.sub))
            self.outcomes.append(outcome)
            if outcome.index is not None:
                digests[statement.digest] = outcome.index
                used[statement.sub] = outcome.index

    def _context(self, statement: Statement) -> Context:
        return Context(
            id=statement.statement_id,
            kind=statement.kind,
            iss=statement.iss,
            sub=statement.sub,
            kid=base64url(statement.kid),
            iat=statement.iat,
            index=self.head.size + 1 + len(self.bodies),
            time=self.time,
            origin=self.head.origin,
        )

    def _preload(self, statements: Sequence[Statement], payloads: Sequence[Payload | SuyuanError]) -> None:
        """Load the rows of the whole block, a round for each level of reference."""
        pairs = [
            (self._context(statement), payload)
            for statement, payload in zip(statements, payloads, strict=True)
            if isinstance(payload, Payload)
        ]
        self._load(pairs, strict=False)

    def _load(self, pairs: Collection[tuple[Context, Payload]], *, strict: bool) -> None:
        """Load what the statements need, round by round.

        Naming needs may fail, at once for references that cannot be read, later by what was loaded. Unless `strict`
        such a statement is left out: it is rejected when its turn comes.
        """
        failed: set[str] = set()
        for _ in range(_LOAD_ROUNDS):
            wanted: set[Need] = set()
            for context, payload in pairs:
                if context.id in failed:
                    continue
                try:
                    wanted |= self.view.missing(HANDLERS[context.kind].needs(context, payload, self.view))
                except SuyuanError:
                    if strict:
                        raise
                    failed.add(context.id)
            if not wanted:
                return
            self.view.add_loaded(wanted, self.source.load(wanted))
        raise RuntimeError("needs() keeps asking for more rows")

    def _one(self, statement: Statement, payload: Payload | SuyuanError, first_use: int | None) -> Outcome:
        context = self._context(statement)
        try:
            effects = self._judge(context, statement, payload, first_use)
        except RuleError as error:
            if not error.recorded:
                return Outcome(context.id, "rejected", None, error)
            self._log(context, statement, encode_refusal_entry(error.rule, statement.raw), error.rule)
            found = FindingEvent("F-REFUSED", context.id, context.iss, (context.id,), error.rule)
            self.findings.append((context.index, found))
            return Outcome(context.id, "refused", context.index, error)
        except SuyuanError as error:
            return Outcome(context.id, "rejected", None, error)
        self._log(context, statement, statement.raw, None)
        self._apply(context, effects)
        return Outcome(context.id, "admitted", context.index)

    def _judge(
        self, context: Context, statement: Statement, payload: Payload | SuyuanError, first_use: int | None
    ) -> Effects:
        check_envelope(context, statement.aud, self.head.audience)
        if isinstance(payload, SuyuanError):
            raise payload
        handler = HANDLERS[context.kind]
        key = signing_key(context, self.view)
        gov_5(SignerCase(context, self.view, key, handler.meets_duty))
        rec_5(first_use)
        rec_6(statement.payload)
        self._load([(context, payload)], strict=True)
        return handler.admit(context, payload, self.view)

    def _log(self, context: Context, statement: Statement, entry: bytes, rule: str | None) -> None:
        self.bodies.append(entry)
        self.logged.append(LoggedStatement(context.index, statement, rule))

    def _apply(self, context: Context, effects: Effects) -> None:
        self.view.apply(effects)
        self.edges.extend((context.index, edge) for edge in effects.edges)
        self.findings.extend((context.index, found) for found in effects.findings)

    def result(self) -> BlockResult:
        head = self.head
        if not self.bodies and (head.height > 0 and self.time - head.time < HEARTBEAT_MS):
            return BlockResult(head, self.outcomes, head.size)
        block = encode_block_entry(head.origin, head.height + 1, self.time, head.app_hash, head.size)
        entries = [block, *self.bodies]
        hashes = [leaf_hash(entry) for entry in entries]
        frontier = Frontier(head.size, list(head.peaks))
        frontier.extend(hashes)
        changes = encode_changes(self.view.changes)
        digest = next_digest(head.state_digest, changes)
        after = Head(
            origin=head.origin,
            genesis_hash=head.genesis_hash,
            height=head.height + 1,
            size=frontier.size,
            peaks=tuple(frontier.peaks),
            app_hash=app_hash(sha256(block).digest(), frontier.size, frontier.root(), digest, INDEX_ROOT),
            state_digest=digest,
            time=self.time,
        )
        return BlockResult(
            after, self.outcomes, head.size, entries, hashes, self.logged, changes, self.view.changes, self.edges,
            self.findings,
        )  # fmt: skip


def _decode(statement: Statement) -> Payload | SuyuanError:
    """Return the typed payload, or the form error that rejects the statement."""
    try:
        return decode_payload(statement.kind, statement.payload)
    except SuyuanError as error:
        return error
