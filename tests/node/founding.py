"""A ledger of one node on disk: the founding genesis of the tests, with node n1 alone and its keys in key files."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ledger.keyfile import PrivateKey, dump_key
from ledger.kinds.genesis import Genesis
from node.begin import begin_node
from node.files import PRIVATE, DataDirectory, write_atomic
from tests.world_genesis import founding_genesis, seed_of

NODE = "n1"
PER_MINUTE = 10_000_000
"""Statements a member may submit in a minute: more than any test or benchmark does, unless it is about that."""


def write_keys(data: DataDirectory, node: str = NODE) -> None:
    """Write the keys of a node of the tests' world, not encrypted."""
    data.create()
    for name, label in (("log", "log"), ("cosigner", "cosigner"), ("service", "node")):
        key = PrivateKey("Ed25519", seed_of(f"{label}:{node}"))
        write_atomic(data.keys / f"{name}.pem", dump_key(key, None), PRIVATE)


def lone_genesis(per_minute: int = PER_MINUTE) -> Genesis:
    """Return the founding genesis with one node and a policy of `per_minute` statements for each member."""
    genesis = founding_genesis()
    nodes = [node for node in genesis.nodes if node.name == NODE]
    policy = msgspec.structs.replace(genesis.policy, statements_per_minute=per_minute)
    return msgspec.structs.replace(genesis, nodes=nodes, policy=policy)


def found_node(path: Path, per_minute: int = PER_MINUTE) -> tuple[DataDirectory, Genesis]:
    """Create keys, genesis and database of a node in `path`."""
    data, genesis = DataDirectory(path), lone_genesis(per_minute)
    write_keys(data)
    begin_node(data, genesis, None)
    return data, genesis
