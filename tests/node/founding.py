"""A ledger of one node on disk: the founding genesis of the tests with a node whose keys lie in a data directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ledger.kinds.genesis import Genesis
from node.begin import begin_node
from node.files import DataDirectory
from node.key_store import create_keys
from tests.world_genesis import founding_genesis

NODE = "n1"


def found_node(path: Path) -> tuple[DataDirectory, Genesis]:
    """Create keys, genesis and database of a node in `path`; key files are not encrypted."""
    data = DataDirectory(path)
    genesis = founding_genesis()
    first = genesis.nodes[0]
    entry = create_keys(data, None).genesis_entry(genesis.origin, first.name, first.member)
    genesis = msgspec.structs.replace(genesis, nodes=[entry])
    begin_node(data, genesis, None)
    return data, genesis
