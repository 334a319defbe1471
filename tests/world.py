"""A whole ledger in memory for tests: real keys, real statements, real execution; only the store is a dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TypeVar, cast

import msgspec

from ledger.encoding import base64url
from ledger.execution import BlockResult, Head, Outcome, execute_block
from ledger.genesis import check_genesis, genesis_changes, genesis_head, make_genesis_entry
from ledger.keys import Signer
from ledger.kinds.genesis import Genesis
from ledger.signed import sign_held
from ledger.state.effects import Edge, FindingEvent, StateKey
from ledger.state.tables import RESIDENT, StateRow, Table
from ledger.state.view import MemoryState
from ledger.statement import Statement, build_statement, decode_statement, verify_statement
from tests.world_genesis import BASIS, NODES, ORIGIN, founding_genesis, signer_of, uscc_of

START_MS = 1_772_409_600_000
"""2026-03-02T00:00:00Z, a Monday: time of the first block."""
BLOCK_MS = 1000
V = TypeVar("V", bound=StateRow)
Payload = dict[str, object]
"""The fields of a statement's kind, as `World.sign` takes them."""


class MemoryHistory:
    """A History over dictionaries."""

    def __init__(self) -> None:
        self.digests: dict[bytes, int] = {}
        self.used: dict[str, int] = {}

    def places(self, statements: Sequence[Statement]) -> Mapping[bytes, int]:
        return {s.digest: self.digests[s.digest] for s in statements if s.digest in self.digests}

    def subs(self, statements: Sequence[Statement]) -> Mapping[str, int]:
        return {s.sub: self.used[s.sub] for s in statements if s.sub in self.used}


class World:
    """One ledger. `time` is the next block's time in ms; every block moves it on by BLOCK_MS."""

    def __init__(self, genesis: Genesis) -> None:
        check_genesis(genesis)
        entry = make_genesis_entry(genesis)
        self.genesis = genesis
        self.head: Head = genesis_head(entry)
        self.state = MemoryState()
        self.state.apply(genesis_changes(genesis))
        self.history = MemoryHistory()
        self.entries: list[bytes] = [entry]
        self.edges: list[tuple[int, Edge]] = []
        self.findings: list[tuple[int, FindingEvent]] = []
        self.app_hashes: list[bytes] = []
        self.blocks: list[BlockResult] = []
        self.time = START_MS
        self._signers: dict[str, Signer] = {}
        self._made = 0

    @classmethod
    def founding(cls) -> World:
        """Return a ledger that holds leaf 0 only."""
        return cls(founding_genesis())

    def uscc(self, member: str) -> str:
        """Return a member's code by its name in tests."""
        return uscc_of(member)

    def signer(self, label: str) -> Signer:
        """Return the signer of a label: a member's name, or any label of a key made later."""
        return self._signers.setdefault(label, signer_of(label))

    def sign(
        self,
        member: str,
        kind: str,
        payload: Mapping[str, object],
        *,
        id: str | None = None,  # noqa: A002 — it is the id of the statement
        key: Signer | None = None,
        iat: int | None = None,
        aud: str | None = None,
    ) -> bytes:
        """Return a signed statement of `member`; ids and ctis are counted, `iat` (s) defaults to the next block's."""
        self._made += 1
        return build_statement(
            key or self.signer(member),
            iss=self.uscc(member),
            kind=kind,
            sub_id=id or f"t-{self._made}",
            aud=aud or self.head.audience,
            iat=self.time // 1000 if iat is None else iat,
            cti=sha256(f"cti {self._made}".encode()).digest()[:16],
            payload=payload,
        )

    def run(self, *raws: bytes) -> list[Outcome]:
        """Execute one block of these statements and commit it; signatures are checked where the key is known."""
        statements = [decode_statement(raw) for raw in raws]
        resident = self.resident()
        result = execute_block(self.head, self.time, statements, resident, self.state, self.history)
        self._commit(result)
        self.time += BLOCK_MS
        return result.outcomes

    def _commit(self, result: BlockResult) -> None:
        self.head = result.head
        self.blocks.append(result)
        if not result.entries:
            return
        self.entries += result.entries
        self.app_hashes.append(result.head.app_hash)
        self.edges += result.edges
        self.findings += result.findings
        self.state.apply(result.rows)
        for logged in result.logged:
            self.history.digests[logged.statement.digest] = logged.index
            self.history.used.setdefault(logged.statement.sub, logged.index)

    def submit(self, member: str, kind: str, payload: Mapping[str, object], **signing: object) -> Outcome:
        """Sign and execute one statement in a block of its own; `signing` as for `sign`."""
        raw = self.sign(member, kind, payload, **signing)  # type: ignore[arg-type]  # passed through unchanged
        verify_statement(decode_statement(raw), cast("Signer", signing.get("key", self.signer(member))).public)
        return self.run(raw)[0]

    def do(self, member: str, kind: str, payload: Mapping[str, object], **signing: object) -> str:
        """As `submit`, for what must be admitted; returns the statement's id."""
        outcome = self.submit(member, kind, payload, **signing)
        assert outcome.status == "admitted", f"{kind}: {outcome.status}: {outcome.error}"
        return outcome.statement_id

    def advance(self, ms: int) -> None:
        """Let time pass before the next block."""
        self.time += ms

    def resident(self) -> dict[StateKey, StateRow]:
        """Return the rows that every node keeps in memory."""
        return {key: row for key, row in self.state.rows.items() if key[0] in RESIDENT}

    def row(self, table: Table[V], anchor: str, suffix: str = "") -> V | None:
        """Return one committed state row."""
        return cast("V | None", self.state.rows.get((table.name, anchor, suffix)))

    def open_findings(self, code: str) -> list[str]:
        """Return what open findings of `code` are about, in order of their beginning."""
        found: list[str] = []
        for _, event in self.findings:
            if event.code == code:
                if event.cleared:
                    found.remove(event.about)
                elif event.about not in found:
                    found.append(event.about)
        return found

    # Payloads that many tests need; `changes` overwrite fields, None takes one out.

    def record(self, item: str = "penalty", changes: Mapping[str, object] | None = None, **more: object) -> Payload:
        """Return a record.submit payload of one of the catalogue's items with a fresh commitment."""
        self._made += 1
        person, adverse = item == "credit_person", item == "penalty"
        payload: dict[str, object] = {
            "item": item,
            "catalogue": 1,
            "subject": {
                "class": "person" if person else "enterprise",
                "value": digest_of(f"subject {self._made}"),
                "epoch": 1,
            },
            "commitment": digest_of(f"commitment {self._made}"),
            "event_day": "2026-02-20",
            "retention_end": "2028-02-20",
        }
        if adverse:
            payload |= {"severity": "general", "basis": msgspec.to_builtins(BASIS)}
        return changed(payload, {**(changes or {}), **more})

    def batch(
        self,
        count: int = 1000,
        item: str = "credit_person",
        nodes: Sequence[str] = ("n1", "n2", "n3"),
        changes: Mapping[str, object] | None = None,
        **more: object,
    ) -> Payload:
        """Return a record.batch payload of `count` rows, held by `nodes`."""
        self._made += 1
        root, manifest = digest_of(f"root {self._made}"), digest_of(f"manifest {self._made}")
        payload: dict[str, object] = {
            "item": item,
            "catalogue": 1,
            "subject_class": "person" if item == "credit_person" else "enterprise",
            "epoch": 1,
            "count": count,
            "root": root,
            "manifest": manifest,
            "event_day": "2026-02-20",
            "retention_end": "2028-02-20",
            "held": [held_by(node, root, manifest, count) for node in nodes],
        }
        if item == "penalty":
            payload |= {"severity": "general", "basis": msgspec.to_builtins(BASIS)}
        return changed(payload, {**(changes or {}), **more})


def held_by(node: str, root: str, manifest: str, count: int, *, origin: str | None = None) -> str:
    """Return a node's "held" signature as a payload carries it."""
    return base64url(
        sign_held(
            signer_of(f"node:{node}"),
            origin=origin or ORIGIN,
            manifest_hash=bytes.fromhex(manifest),
            root=bytes.fromhex(root),
            count=count,
        )
    )


def digest_of(text: str) -> str:
    """Return a digest in hex that stands for anything the ledger holds only the hash of."""
    return sha256(text.encode()).hexdigest()


def changed(payload: dict[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return `payload` with fields overwritten, or taken out where the change is None."""
    merged = {**payload, **changes}
    return {name: value for name, value in merged.items() if value is not None}


__all__ = ["BLOCK_MS", "NODES", "START_MS", "MemoryHistory", "World", "changed", "digest_of", "held_by"]
