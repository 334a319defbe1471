"""The RFC 9162 tree: hashing, appending and verifying.

Building proofs is `ledger.merkle.prove` and is imported from there, on purpose: a program that only
verifies never loads it.
"""

from ledger.merkle.frontier import Frontier
from ledger.merkle.hashing import (
    EMPTY_ROOT,
    HASH_SIZE,
    MAX_PATH_HASHES,
    MAX_TREE_SIZE,
    Coordinate,
    leaf_hash,
    levels_of,
    node_hash,
    root_of,
)
from ledger.merkle.verify import root_from_inclusion, verify_consistency, verify_inclusion

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "MAX_PATH_HASHES",
    "MAX_TREE_SIZE",
    "Coordinate",
    "Frontier",
    "leaf_hash",
    "levels_of",
    "node_hash",
    "root_from_inclusion",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]
