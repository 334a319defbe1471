"""Commits blocks on the data directory named first and says so line by line, until killed or for as many as named."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

from ledger.statement import decode_statement
from node.checkpoints import CheckpointSigner
from node.failpoints import failpoint
from node.files import DataDirectory
from node.genesis_file import read_genesis
from node.key_store import load_keys
from node.orderer import Orderer
from node.store.runs import SegmentSizes
from node.store.store import Store
from node.talk import set_up
from tests.node.founding import NODE
from tests.node.members import make_record

SIZES = SegmentSizes(flush_keys=6, chunk_rows=4, fan_in=2, step_chunks=1)


def main(path: Path, blocks: int) -> None:
    """Make blocks of three statements; an id is printed only after its block is durable."""
    data = DataDirectory(path)
    genesis = read_genesis(data)
    signer = CheckpointSigner(load_keys(data, None), genesis.origin, NODE, 1)
    store = Store(data.database, SIZES)
    orderer = Orderer(store, signer, lambda: time.time_ns() // 1_000_000, set_up("committing", "error"))
    orderer.resign()
    for _ in range(blocks) if blocks else itertools.repeat(None):
        statements = [decode_statement(make_record(store.head.audience)) for _ in range(3)]
        for outcome in orderer.settle(statements):
            assert outcome.status == "admitted", outcome
            sys.stdout.write(f"acknowledged {outcome.statement_id} {outcome.index}\n")
        sys.stdout.write(f"signed {store.head.root().hex()} {store.head.size}\n")
        sys.stdout.flush()
        failpoint("block.answered")
        store.upkeep(idle=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
