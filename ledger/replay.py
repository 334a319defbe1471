"""Replay: the whole log executed again from leaf 0, every byte compared.

Fed with the entries in order, it recomputes each block with the code that nodes run and compares block entries and
refusals, and with them the chain of app hashes. What is left afterwards is a ledger in memory that answers every
question, so "and nobody else" can be checked by anybody who has the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ledger.encoding import base64url
from ledger.entries import BlockEntry, GenesisEntry, RefusalEntry, StatementEntry, decode_entry
from ledger.errors import ProofError, SuyuanError, Text
from ledger.execution import BlockResult, Head, execute_block
from ledger.genesis import check_genesis, genesis_changes, genesis_head, read_genesis_entry
from ledger.keys import PublicKey
from ledger.lineage.memory import MemoryLineage
from ledger.lineage.source import StatementRow
from ledger.state.effects import StateKey
from ledger.state.tables import KEY, RESIDENT, KeyState, StateRow
from ledger.statement import Statement, verify_statement


class ReplayDifference(ProofError):
    """An entry is not the one that execution gives."""

    code = "replay.difference"
    what = Text(
        "Leaf {index} is not what execution of the log before it gives: {detail}.",
        "第 {index} 号叶与按此前日志执行所得不符：{detail}。",
    )
    next_step = Text(
        "Keep the entries and the signed checkpoint as evidence: the node that signed it did not follow the rules.",
        "请保留条目与已签名检查点作为证据：签署它的节点未按规则执行。",
    )


class ReplayOrder(ProofError):
    """The entries do not begin with a genesis entry, or one stands where it may not."""

    code = "replay.order"
    what = Text("Leaf {index} may not stand there: {detail}.", "第 {index} 号叶不应出现在此：{detail}。")
    next_step = Text("Feed the entries from leaf 0 in the order of the log.", "请自第 0 号叶起按日志顺序输入条目。")


class ReplaySignature(ProofError):
    """A logged statement whose signature does not verify."""

    code = "replay.signature"
    what = Text(
        "The statement at leaf {index} is not signed by the key it names: {detail}.",
        "第 {index} 号叶的语句签名与其所称密钥不符：{detail}。",
    )


class ReplayHead(ProofError):
    """The log ends in another head than the one that was claimed."""

    code = "replay.head"
    what = Text(
        "Replay gives {name} {found}, the head says {claimed}.", "重放得到的 {name} 为 {found}，树头为 {claimed}。"
    )


@dataclass(slots=True)
class _Pending:
    """A block that may still get entries: only the next block entry, or the end, closes it."""

    block: BlockEntry
    entries: list[bytes]
    statements: list[Statement] = field(default_factory=list)


class _Seen:
    """The `History` of a replay."""

    def __init__(self) -> None:
        self.by_digest: dict[bytes, int] = {}
        self.by_sub: dict[str, int] = {}

    def places(self, statements: Sequence[Statement]) -> Mapping[bytes, int]:
        return {s.digest: self.by_digest[s.digest] for s in statements if s.digest in self.by_digest}

    def subs(self, statements: Sequence[Statement]) -> Mapping[str, int]:
        return {s.sub: self.by_sub[s.sub] for s in statements if s.sub in self.by_sub}


class Replay(MemoryLineage):
    """A log under replay, and the lineage source that it has become.

    Call `feed` with every entry from leaf 0 in order, then `finish`. With `check_signatures` the signature of every
    statement is verified as well; without it a replay trusts that somebody else did.
    """

    def __init__(self, *, check_signatures: bool = True) -> None:
        super().__init__()
        self._check_signatures = check_signatures
        self._size = 0
        self._pending: _Pending | None = None
        self._resident: dict[StateKey, StateRow] = {}
        self._seen = _Seen()
        self._keys: dict[bytes, PublicKey] = {}
        self.app_hashes: list[bytes] = []
        """The app hash after each block, the block of height 1 first."""

    def feed(self, entry: bytes) -> None:
        """Take the next entry. Raises `ReplayOrder`, `ReplayDifference` or `ReplaySignature`, each naming a leaf."""
        index = self._size
        try:
            found = decode_entry(entry)
        except SuyuanError as error:
            raise ReplayDifference(index=index, detail=f"the entry is malformed ({error.stable_code})") from error
        if isinstance(found, GenesisEntry) != (index == 0):
            raise ReplayOrder(index=index, detail="the genesis entry is leaf 0 and only leaf 0")
        if isinstance(found, GenesisEntry):
            self._found(entry)
        elif isinstance(found, BlockEntry):
            self._close()
            self._pending = _Pending(found, [entry])
        else:
            self._body(index, entry, found)
        self._size += 1

    def feed_all(self, entries: Iterable[bytes]) -> Head:
        """Feed every entry, finish, and return the head."""
        for entry in entries:
            self.feed(entry)
        return self.finish()

    def finish(self, *, cut: bool = False) -> Head:
        """Execute the last block and return the head.

        With `cut` the entries may end inside a block, as at an arbitrary tree size: a block entry that stands last
        without a statement then counts for its time only. Raises as `feed`.
        """
        if cut and self._pending is not None and not self._pending.statements:
            self.add_block(self._pending.block.index, self._pending.block.time_ms)
            self._pending = None
        self._close()
        return self.head()

    def check_head(self, size: int, root: bytes, app_hash: bytes | None = None) -> None:
        """Compare the replayed head with a claimed one, e.g. of a signed checkpoint. Raises `ReplayHead`."""
        head = self.head()
        claims: list[tuple[str, str, str]] = [
            ("size", str(head.size), str(size)),
            ("root", head.root().hex(), root.hex()),
        ]
        if app_hash is not None:
            claims.append(("app hash", head.app_hash.hex(), app_hash.hex()))
        for name, found, claimed in claims:
            if found != claimed:
                raise ReplayHead(name=name, found=found, claimed=claimed)

    def _found(self, entry: bytes) -> None:
        try:
            genesis = read_genesis_entry(entry)
            check_genesis(genesis)
            changes = genesis_changes(genesis)
            head = genesis_head(entry)
        except SuyuanError as error:
            raise ReplayDifference(index=0, detail=f"genesis breaks a rule ({error.stable_code})") from error
        self.begin(head)
        self.rows.apply(changes)
        self._resident.update({key: value for key, value in changes.items() if key[0] in RESIDENT})

    def _body(self, index: int, entry: bytes, found: StatementEntry | RefusalEntry) -> None:
        if self._pending is None:
            raise ReplayOrder(index=index, detail="a statement stands before the first block entry")
        self._pending.entries.append(entry)
        self._pending.statements.append(found.statement)

    def _close(self) -> None:
        pending = self._pending
        if pending is None:
            return
        self._pending = None
        first = pending.block.index
        head = self.head()
        if first != head.size:
            raise ReplayDifference(index=head.size, detail=f"the block entry says it is leaf {first}")
        if pending.block.time_ms <= head.time:
            raise ReplayDifference(index=first, detail="the block's time does not grow")
        time = pending.block.time_ms
        result = execute_block(head, time, pending.statements, self._resident, self.rows, self._seen)
        _compare(pending, result)
        self._apply(pending, result)
        if self._check_signatures:
            self._verify(result)

    def _apply(self, pending: _Pending, result: BlockResult) -> None:
        self.rows.apply(result.rows)
        for key, value in result.rows.items():
            if key[0] not in RESIDENT:
                continue
            if value is None:
                self._resident.pop(key, None)
            else:
                self._resident[key] = value
        time = pending.block.time_ms
        self.add_block(pending.block.index, time)
        for logged in result.logged:
            statement = logged.statement
            self._seen.by_digest[statement.digest] = logged.index
            self._seen.by_sub.setdefault(statement.sub, logged.index)
            row = StatementRow(
                id=statement.statement_id,
                index=logged.index,
                kind=statement.kind,
                iss=statement.iss,
                kid=base64url(statement.kid),
                sub=statement.sub,
                iat=statement.iat,
                block_time=time,
                rule=logged.rule,
            )
            self.add_statement(row, statement.raw)
        for index, edge in result.edges:
            self.add_edge(index, edge)
        for index, event in result.findings:
            self.add_finding(index, event)
        self.begin(result.head)
        self.app_hashes.append(result.head.app_hash)

    def _verify(self, result: BlockResult) -> None:
        for logged in result.logged:
            statement = logged.statement
            try:
                verify_statement(statement, self._key(statement.kid))
            except SuyuanError as error:
                raise ReplaySignature(index=logged.index, detail=error.stable_code) from error

    def _key(self, kid: bytes) -> PublicKey:
        key = self._keys.get(kid)
        if key is None:
            row = self.rows.rows[(KEY.name, "", base64url(kid))]
            assert isinstance(row, KeyState)
            key = self._keys[kid] = PublicKey.from_json(_json(row))
        return key


def _json(row: KeyState) -> Mapping[str, object]:
    built: Mapping[str, object] = msgspec.to_builtins(row.key)
    return built


def _compare(pending: _Pending, result: BlockResult) -> None:
    """Compare what was fed with what execution gives, and name the first leaf that differs."""
    first = pending.block.index
    for offset, outcome in enumerate(result.outcomes):
        if outcome.status in ("rejected", "duplicate"):
            reason = "" if outcome.error is None else f" ({outcome.error.stable_code})"
            raise ReplayDifference(index=first + 1 + offset, detail=f"the statement is {outcome.status}{reason}")
    if not result.entries:
        raise ReplayDifference(index=first, detail="a block without statements is not due yet")
    if pending.entries[0] != result.entries[0]:
        raise ReplayDifference(index=first, detail=_block_difference(pending.block, result))
    for offset, (fed, given) in enumerate(zip(pending.entries, result.entries, strict=True)):
        if fed != given:
            outcome = result.outcomes[offset - 1]
            rule = "" if outcome.error is None else f" ({outcome.error.stable_code})"
            raise ReplayDifference(index=first + offset, detail=f"execution says {outcome.status}{rule}")


def _block_difference(block: BlockEntry, result: BlockResult) -> str:
    given = decode_entry(result.entries[0])
    assert isinstance(given, BlockEntry)
    for name in ("origin", "height", "time_ms", "previous_app_hash", "index"):
        if getattr(block, name) != getattr(given, name):
            return f"{name.replace('_', ' ')} differs"
    return "the bytes differ"


__all__ = ["Replay", "ReplayDifference", "ReplayHead", "ReplayOrder", "ReplaySignature"]
