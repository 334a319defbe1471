"""A world whose blocks are executed twice: on dictionaries, and on a real SQLite file; every head is compared."""

from __future__ import annotations

from pathlib import Path

from ledger.execution import Outcome, execute_block
from ledger.kinds.genesis import Genesis
from ledger.lineage.source import LineageSource
from ledger.replay import Replay
from ledger.statement import decode_statement
from node.checkpoints import CheckpointSigner
from node.files import DataDirectory
from node.key_store import load_keys
from node.reader import Reader
from node.store.runs import SegmentSizes
from node.store.store import Store
from tests.node.founding import NODE, found_node
from tests.world import World

SMALL = SegmentSizes(flush_keys=8, chunk_rows=3, fan_in=3, step_chunks=2)
"""Segments so small that a story of a few dozen statements flushes and merges many times."""


class StoredWorld(World):
    """A ledger in memory and on disk at once."""

    def __init__(self, data: DataDirectory, genesis: Genesis, sizes: SegmentSizes = SMALL) -> None:
        super().__init__(genesis)
        self.data = data
        self.sizes = sizes
        self.keys = load_keys(data, None)
        self.node_signer = CheckpointSigner(self.keys, genesis.origin, NODE, len(genesis.nodes))
        self.store = Store(data.database, sizes)

    @classmethod
    def at(cls, path: Path, sizes: SegmentSizes = SMALL) -> StoredWorld:
        """Found a node in `path`."""
        return cls(*found_node(path), sizes)

    def run(self, *raws: bytes) -> list[Outcome]:
        """Execute a block on the database, commit it, then the same in memory."""
        statements = [decode_statement(raw) for raw in raws]
        result = execute_block(self.store.head, self.time, statements, self.store.resident, self.store, self.store)
        if result.entries:
            self.store.commit(result, self.node_signer.sign(result.head, self.time // 1000))
        while self.store.upkeep(idle=False):
            pass
        outcomes = super().run(*raws)
        assert self.store.head == self.head
        assert [(o.statement_id, o.status, o.index) for o in outcomes] == [
            (o.statement_id, o.status, o.index) for o in result.outcomes
        ]
        return outcomes

    def reopen(self) -> None:
        """Close the database and open it again, as after the end of the process."""
        before = self.store.head
        self.store.close()
        self.store = Store(self.data.database, self.sizes)
        assert self.store.head == before

    def reader(self) -> Reader:
        """Return a reader of the database, as a front has it."""
        return Reader(self.data, self.keys.receipt_signer())

    def replayed(self) -> LineageSource:
        """Return the log replayed in memory from the entries on disk, every signature checked."""
        reader = self.reader()
        replay = Replay()
        replay.feed_all(reader.entry(index) for index in range(self.head.size))
        reader.close()
        assert [app_hash.hex() for app_hash in replay.app_hashes] == [app_hash.hex() for app_hash in self.app_hashes]
        return replay
