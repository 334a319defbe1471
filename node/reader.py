"""What a front reads: the log as C2SP serves it, proofs, receipts, present state, and the rows behind questions.

Reading happens on connections of its own, one transaction a call, in any thread. Rows that every node keeps in memory
are read again only after a block has changed one of them.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from ledger.errors import NotFoundError, SuyuanError
from ledger.execution import Head
from ledger.keys import PublicKey, Signer
from ledger.lineage.source import DutyRow, EdgeRow, FindingRow, StatementRow
from ledger.merkle.prove import consistency_proof, inclusion_proof, root_at
from ledger.notes.note import SignedNote
from ledger.notes.tlog_proof import TlogProof
from ledger.receipt import sign_inclusion_receipt
from ledger.state.effects import StateKey
from ledger.state.tables import KEY, KeyState, StateRow
from ledger.state.view import Need
from ledger.tiles import MAX_TILE_LEVEL, TILE_HEIGHT, TILE_WIDTH, encode_bundle
from node.files import DataDirectory
from node.store.heads import Published, read_head, read_published, read_resident_at, read_size
from node.store.lineage import Snapshot
from node.store.runs import DEFAULT_SIZES
from node.store.schema import LEAF
from node.store.segments import IDS, KeyIndex, statement_key
from node.store.sqlite import open_reader
from node.store.state_rows import load_resident
from node.store.subjects import SubjectIndex
from node.store.tree import SqlHashes, TileCache, read_tile


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands, and the rule under which it was refused."""

    index: int
    refused_rule: str | None


class NotPublishedError(NotFoundError):
    """There is no signed checkpoint that covers what was asked for."""

    code = "not_found.published"


class Reader:
    """Reads one node's database; a LineageSource. `receipts` signs receipts with the log key."""

    def __init__(self, data: DataDirectory, receipts: Signer) -> None:
        self._data = data
        self._engine = open_reader(data.database)
        self._receipts = receipts
        self._ids = KeyIndex(IDS, DEFAULT_SIZES)
        self._subjects = SubjectIndex()
        self._lock = threading.Lock()
        self._tiles = TileCache()
        self._origin = ""
        self._resident: tuple[int, dict[StateKey, StateRow]] = (-1, {})
        self._keys: dict[str, PublicKey] = {}

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Give several reads of one state of the database."""
        with self._connection() as connection:
            yield Snapshot(connection, self._find)

    def _find(self, connection: Connection, keys: Collection[bytes]) -> Mapping[bytes, int]:
        # One look-up at a time: the index in memory follows the newest snapshot, an older one sees less of it.
        with self._lock:
            size = read_size(connection)
            self._ids.refresh(connection, size)
            return self._ids.find(connection, keys, size)

    # Heads and the log.

    def head(self) -> Head:
        """Return the newest head."""
        with self._connection() as connection:
            return read_head(connection)

    def published(self) -> Published:
        """Return the newest signed checkpoint. Raises `NotPublishedError` before the first."""
        with self._connection() as connection:
            return _published(connection)

    def checkpoint(self) -> str:
        """Return the newest checkpoint as a signed note. Raises `NotPublishedError`."""
        return self.published().note

    def root_at(self, size: int) -> bytes:
        """Return the root of the first `size` leaves. Raises `NotFoundError` beyond the head."""
        with self._connection() as connection:
            head = read_head(connection)
            if not 0 <= size <= head.size:
                raise NotFoundError(what_kind="tree size", name=str(size))
            return root_at(size, SqlHashes(connection, head.size))

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        """Return a hash tile of the published tree, None where it has none."""
        if not 0 <= level <= MAX_TILE_LEVEL or not 1 <= width <= TILE_WIDTH:
            return None
        with self._connection() as connection:
            hashes = _published(connection).size >> TILE_HEIGHT * level
            if index < 0 or index * TILE_WIDTH + width > hashes:
                return None
            return read_tile(connection, level, index, width)

    def bundle(self, index: int, width: int) -> bytes | None:
        """Return an entry bundle of the published tree, None where it has none."""
        with self._connection() as connection:
            first = index * TILE_WIDTH
            if index < 0 or not 1 <= width <= TILE_WIDTH or first + width > _published(connection).size:
                return None
            rows = connection.execute(
                select(LEAF.c.entry).where(LEAF.c.idx >= first, LEAF.c.idx < first + width).order_by(LEAF.c.idx)
            )
            return encode_bundle([bytes(entry) for (entry,) in rows])

    def entry(self, index: int) -> bytes:
        """Return the entry at a log index. Raises `NotFoundError`."""
        with self._connection() as connection:
            entry = connection.execute(select(LEAF.c.entry).where(LEAF.c.idx == index)).scalar()
        if entry is None:
            raise NotFoundError(what_kind="entry", name=str(index))
        return bytes(entry)

    def leaf_inclusion(self, index: int, size: int) -> Sequence[bytes]:
        """Return the path from a leaf to the root of `size` leaves. Raises `IndexOutOfRangeError`."""
        with self._connection() as connection:
            return inclusion_proof(index, size, SqlHashes(connection, read_size(connection)))

    def consistency(self, size1: int, size2: int) -> Sequence[bytes]:
        """Return the proof that the tree of `size2` leaves extends the one of `size1`. Raises a `ProofError`."""
        with self._connection() as connection:
            return consistency_proof(size1, size2, SqlHashes(connection, read_size(connection)))

    # Proofs and receipts of one statement.

    def place(self, statement_id: str) -> Place | None:
        """Return where a statement stands, None for one that is not logged."""
        row = self.statements([statement_id]).get(statement_id)
        return None if row is None else Place(row.index, row.rule)

    def receipt(self, statement_id: str) -> bytes:
        """Return an RFC 9942 receipt over the statement's entry at the newest published size.

        Raises `NotFoundError` for a statement that is not logged, `NotPublishedError` for one not yet published.
        """
        with self._connection() as connection:
            row = Snapshot(connection, self._find).statements([statement_id]).get(statement_id)
            published = _published(connection)
            if row is None:
                raise NotFoundError(what_kind="statement", name=statement_id[:64])
            _check_covered(row.index, published)
            path = self._path(connection, row.index, published)
            # The origin never changes, so it is read once.
            self._origin = self._origin or read_head(connection).origin
        return sign_inclusion_receipt(
            self._receipts,
            origin=self._origin,
            sub=row.sub,
            size=published.size,
            index=row.index,
            path=path,
            root=published.root,
        )

    def _path(self, connection: Connection, index: int, published: Published) -> tuple[bytes, ...]:
        with self._lock:
            return inclusion_proof(index, published.size, SqlHashes(connection, published.size, self._tiles))

    def proof(self, statement_id: str) -> str:
        """Return a C2SP tlog-proof of the statement's entry. Raises as `receipt`."""
        place = self.place(statement_id)
        if place is None:
            raise NotFoundError(what_kind="statement", name=statement_id[:64])
        return self.proof_of_index(place.index)

    def proof_of_index(self, index: int) -> str:
        """Return a C2SP tlog-proof of a leaf against the newest checkpoint. Raises `NotPublishedError`."""
        with self._connection() as connection:
            published = _published(connection)
            _check_covered(index, published)
            path = self._path(connection, index, published)
        return str(TlogProof(index, path, SignedNote.parse(published.note)))

    # Files of the data directory that outsiders may read.

    def genesis_json(self) -> bytes:
        """Return the genesis document, RFC 8785 JSON."""
        return self._data.genesis.read_bytes()

    def policy_text(self) -> str:
        """Return the policy file."""
        return self._data.policy.read_text(encoding="utf-8")

    # Present state.

    def resident(self) -> Mapping[StateKey, StateRow]:
        """Return the rows that every node keeps in memory; the mapping is never changed, only replaced."""
        with self._connection() as connection:
            changed_at = read_resident_at(connection)
            if self._resident[0] != changed_at:
                rows = load_resident(connection)
                self._keys = _signing_keys(rows)
                self._resident = (changed_at, rows)
        return self._resident[1]

    def public_key(self, kid: str) -> PublicKey | None:
        """Return the signing key of a thumbprint (base64url), live or not; None for one that no member has.

        Keys are never taken away, so a known one needs no look at the database.
        """
        if kid not in self._keys:
            self.resident()
        return self._keys.get(kid)

    # LineageSource.

    def time_at(self, as_of: int) -> int:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.time_at(as_of)

    def statements(self, ids: Collection[str]) -> Mapping[str, StatementRow]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.statements(ids)

    def raw(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.raw(ids)

    def edges_from(self, ids: Collection[str], as_of: int) -> list[EdgeRow]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.edges("source", ids, as_of)

    def edges_to(self, ids: Collection[str], as_of: int) -> list[EdgeRow]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.edges("target", ids, as_of)

    def state(self, needs: Collection[Need]) -> Mapping[StateKey, StateRow]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.state(needs)

    def duties(self, as_of: int, party: str | None = None) -> list[DutyRow]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.duties(as_of, party)

    def findings(self, as_of: int, code: str | None = None) -> list[FindingRow]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.findings(as_of, code)

    def refusals(self, as_of: int, member: str | None = None) -> list[StatementRow]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.refusals(as_of, member)

    def signed_by(self, kid: str, from_ms: int, until_index: int) -> list[StatementRow]:
        """See LineageSource."""
        with self.snapshot() as snapshot:
            return snapshot.signed_by(kid, from_ms, until_index)

    def records_by_subject(self, values: Collection[str], as_of: int) -> list[str]:
        """See LineageSource."""
        keys = [key for value in values if (key := statement_key(value)) is not None]
        with self._connection() as connection:
            with self._lock:
                size = read_head(connection).size
                self._subjects.refresh(connection, size)
                places = self._subjects.places(connection, keys, min(as_of, size))
            return Snapshot(connection, self._find).ids_at(places)

    def of_kind(self, kind: str, first: int, end: int) -> list[StatementRow]:
        """Return the admitted statements of a kind with `first` <= index < `end`."""
        with self.snapshot() as snapshot:
            return snapshot.of_kind(kind, first, end)


def _published(connection: Connection) -> Published:
    newest = read_published(connection)
    if newest is None:
        raise NotPublishedError(what_kind="checkpoint", name="")
    return newest


def _check_covered(index: int, published: Published) -> None:
    if not 0 <= index < published.size:
        raise NotPublishedError(what_kind="published leaf", name=str(index))


def _signing_keys(rows: Mapping[StateKey, StateRow]) -> dict[str, PublicKey]:
    keys: dict[str, PublicKey] = {}
    for (table, _, kid), row in rows.items():
        if table == KEY.name and isinstance(row, KeyState) and row.use == "sign":
            try:
                keys[kid] = PublicKey.from_json(msgspec.to_builtins(row.key))
            except SuyuanError:
                # A key that cannot verify anything was never admitted; leaving it out answers "unknown".
                continue
    return keys
