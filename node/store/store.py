"""The writer's side of the database: what execution reads, and the transaction in which a block becomes durable.

Everything that the store keeps in memory (head, resident rows, right edge, key indexes) changes only after the
transaction has been committed, so that an error leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, func, select

from ledger.execution import BlockResult, Head
from ledger.genesis import genesis_changes, genesis_head, read_genesis_entry
from ledger.merkle import leaf_hash
from ledger.merkle.hashing import complete_subtrees
from ledger.merkle.prove import root_at
from ledger.state.digest import encode_changes
from ledger.state.effects import StateKey
from ledger.state.tables import RESIDENT, StateRow
from ledger.state.view import Need
from ledger.statement import Statement
from node.errors import AlreadyInitialised, DamagedStore, SignedHeadConflict
from node.failpoints import failpoint
from node.store.block import changes_resident, write_entries, write_lineage, write_state, write_tiles
from node.store.heads import Published, publish, read_head, read_published, read_resident_at, read_signed, write_head
from node.store.merging import Merger
from node.store.migrate import upgrade
from node.store.rows import insert_rows, look_up
from node.store.runs import DEFAULT_SIZES, SegmentSizes
from node.store.schema import LEAF, SIGNED_HEAD
from node.store.segments import IDS, SUBS, KeyIndex, statement_key
from node.store.sqlite import (
    FORCED_CHECKPOINT_BYTES,
    IDLE_CHECKPOINT_BYTES,
    checkpoint_wal,
    open_writer,
    wal_bytes,
)
from node.store.state_rows import load_resident, load_rows
from node.store.subjects import SubjectIndex, write_subjects
from node.store.tree import RightEdge, SqlHashes, load_edge

SEEN_SQL = (
    "WITH q(iat, digest) AS ({values}) SELECT s.digest, s.idx FROM q "
    "JOIN seen s ON s.iat = q.iat AND s.digest = q.digest"
)


def create_store(path: Path, genesis_entry: bytes) -> Head:
    """Create the database at `path` with leaf 0. Raises `AlreadyInitialised` or as `read_genesis_entry`."""
    genesis = read_genesis_entry(genesis_entry)
    head = genesis_head(genesis_entry)
    rows: dict[StateKey, StateRow | None] = dict(genesis_changes(genesis))
    engine = open_writer(path)
    try:
        upgrade(engine)
        with engine.begin() as connection:
            if connection.execute(select(func.count()).select_from(LEAF)).scalar_one():
                raise AlreadyInitialised(path=str(path))
            insert_rows(connection, LEAF, [(0, leaf_hash(genesis_entry), genesis_entry)])
            insert_rows(connection, SIGNED_HEAD, [(1, 0, b"")])
            write_state(connection, encode_changes(rows), rows, {})
            write_head(connection, head, 0)
    finally:
        engine.dispose()
    return head


class Store:
    """A StateSource and a History over the database, and the one place where blocks are committed.

    Opening it checks that the head can be recomputed from what is stored and that it continues what was signed last.
    Raises `NotInitialised`, `DamagedStore` or `SignedHeadConflict`.
    """

    def __init__(self, path: Path, sizes: SegmentSizes = DEFAULT_SIZES) -> None:
        self._path = path
        self._engine: Engine = open_writer(path)
        upgrade(self._engine)
        self._ids = KeyIndex(IDS, sizes, with_filters=True)
        self._subs = KeyIndex(SUBS, sizes, with_filters=True)
        self._subjects = SubjectIndex(sizes)
        with self._engine.begin() as connection:
            self.head = read_head(connection)
            self.resident: dict[StateKey, StateRow] = load_resident(connection)
            self._resident_at = read_resident_at(connection)
            self._edge: RightEdge = load_edge(connection, self.head.size)
            _check_head(connection, self.head)
            for index in (self._ids, self._subs, self._subjects):
                index.refresh(connection, self.head.size)
            self._merger = Merger(connection, sizes, (self._ids, self._subs, self._subjects))

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()

    # What execution reads.

    def load(self, needs: Collection[Need]) -> Mapping[StateKey, StateRow]:
        """See `ledger.state.view.StateSource`."""
        with self._engine.begin() as connection:
            places = self._places(connection, {need.anchor for need in needs if need.anchor})
            return load_rows(connection, needs, places)

    def places(self, statements: Sequence[Statement]) -> Mapping[bytes, int]:
        """See `ledger.execution.History`."""
        keys = [(statement.iat, statement.digest) for statement in statements]
        with self._engine.begin() as connection:
            rows = look_up(connection, lambda values: SEEN_SQL.replace("{values}", values), keys)
            return dict(cast("Iterable[tuple[bytes, int]]", rows))

    def subs(self, statements: Sequence[Statement]) -> Mapping[str, int]:
        """See `ledger.execution.History`."""
        with self._engine.begin() as connection:
            return self._subs.find(connection, {statement.sub for statement in statements}, self.head.size)

    def _places(self, connection: Connection, ids: Collection[str]) -> dict[str, int]:
        """Return log indexes by statement id; what is no id has none."""
        keys = {key: text for text in ids if (key := statement_key(text)) is not None}
        return {keys[key]: place for key, place in self._ids.find(connection, keys, self.head.size).items()}

    # The commit.

    def commit(self, result: BlockResult, checkpoint: Published | None) -> None:
        """Commit a block with entries in one transaction, and with it the checkpoint that may then leave the node.

        Raises `SignedHeadConflict`, or what the database raises; nothing in memory has changed then.
        """
        head = result.head
        edge, tiles = self._edge.extended(result.leaf_hashes)
        ids = {logged.statement.leaf: logged.index for logged in result.logged}
        subs = {logged.statement.sub: logged.index for logged in result.logged}
        resident_at = head.height if changes_resident(result.rows) else self._resident_at
        with self._engine.begin() as connection:
            failpoint("block.begun")
            write_entries(connection, result)
            write_tiles(connection, tiles)
            places = self._anchors(connection, result, ids)
            write_state(connection, result.changes, result.rows, places)
            write_lineage(connection, result, places)
            subjects = write_subjects(connection, result)
            ids_flush = self._ids.flush(connection, ids, self._merger.take_number, head.size)
            subs_flush = self._subs.flush(connection, subs, self._merger.take_number, head.size)
            subjects_flush = self._subjects.flush(connection, subjects, self._merger.take_number, head.size)
            failpoint("block.segments")
            write_head(connection, head, resident_at)
            failpoint("block.head")
            if checkpoint is not None:
                publish(connection, checkpoint)
                failpoint("block.signed")
        failpoint("block.committed")
        self.head, self._edge, self._resident_at = head, edge, resident_at
        self._ids.applied(ids, ids_flush, head.size)
        self._subs.applied(subs, subs_flush, head.size)
        self._subjects.applied(subjects, subjects_flush, head.size)
        self._apply_resident(result.rows)

    def _anchors(self, connection: Connection, result: BlockResult, new: Mapping[bytes, int]) -> dict[str, int]:
        """Return the log index of every anchor of a changed row and every end of an edge."""
        wanted = {anchor for (_, anchor, _), _ in result.changes if anchor}
        wanted.update(end for _, edge in result.edges for end in (edge.source, edge.target))
        places = {leaf.hex(): index for leaf, index in new.items()}
        return {**self._places(connection, wanted - places.keys()), **places}

    def _apply_resident(self, rows: Mapping[StateKey, StateRow | None]) -> None:
        for key, value in rows.items():
            if key[0] in RESIDENT:
                if value is None:
                    self.resident.pop(key, None)
                else:
                    self.resident[key] = value

    def publish(self, checkpoint: Published) -> None:
        """Store a checkpoint of the present head outside a block's transaction. Raises `SignedHeadConflict`."""
        with self._engine.begin() as connection:
            publish(connection, checkpoint)

    def is_published(self) -> bool:
        """Whether the newest checkpoint is the present head's."""
        with self._engine.begin() as connection:
            newest = read_published(connection)
        return newest is not None and newest.size == self.head.size

    # Upkeep between blocks.

    def upkeep(self, *, idle: bool) -> bool:
        """Do one bounded step of work that needs no block; returns whether more is waiting."""
        more = self._merger.has_work()
        if more:
            with self._engine.begin() as connection:
                self._merger.step(connection)
            self._merger.applied()
        if wal_bytes(self._path) > (IDLE_CHECKPOINT_BYTES if idle else FORCED_CHECKPOINT_BYTES):
            checkpoint_wal(self._engine)
        return more


def _check_head(connection: Connection, head: Head) -> None:
    """Check that the head is the one of the stored leaves, and that it continues the last signed head."""
    hashes = SqlHashes(connection, head.size)
    if connection.execute(select(func.max(LEAF.c.idx))).scalar() != head.size - 1:
        raise DamagedStore(detail=f"the log does not end at {head.size}")
    if tuple(hashes.read_hashes(complete_subtrees(0, head.size))) != head.peaks:
        raise DamagedStore(detail=f"the root at {head.size} cannot be recomputed")
    tail = connection.execute(select(LEAF.c.hash, LEAF.c.entry).order_by(LEAF.c.idx.desc()).limit(CHECKED_ENTRIES))
    if any(leaf_hash(entry) != stored for stored, entry in tail):
        raise DamagedStore(detail="an entry does not have the hash stored with it")
    size, root = read_signed(connection)
    if size > head.size or (size and root_at(size, hashes) != root):
        raise SignedHeadConflict(signed=size, size=head.size)


CHECKED_ENTRIES = 512
"""Newest entries that are hashed again when a store is opened; `suyuan audit replay` hashes all of them."""
