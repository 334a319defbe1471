"""Hashes of the tree: RFC 9162 section 2.1.1 with SHA-256.

leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right), and the empty tree has the
hash of the empty string. The prefixes keep a leaf from ever being read as a node.

A complete subtree is named by its coordinate `(level, index)`: it covers the leaves from
`index << level` up to, not including, `(index + 1) << level`. Level 0 is the leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32
"""Length of every hash in bytes."""

MAX_TREE_SIZE: Final = 2**63 - 1
"""The largest number of leaves accepted anywhere; other implementations use signed 64-bit sizes."""

MAX_PATH_HASHES: Final = 63
"""No inclusion or witness proof carries more hashes than this (C2SP tlog-witness, add-checkpoint)."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves."""

Coordinate = tuple[int, int]
"""(level, index) of a complete subtree."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of a log entry (RFC 9162 section 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node over its two 32-byte children (RFC 9162 section 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def pair_up(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the parents of neighbouring hashes; the last one of an odd number is left out."""
    sha = sha256
    walk = iter(hashes)
    return [sha(b"\x01" + left + right).digest() for left, right in zip(walk, walk, strict=False)]


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over 32-byte leaf hashes, the empty root when there are none.

    Pairing level by level and carrying an odd last hash upwards unchanged gives the same tree as
    splitting at the largest power of two below n (RFC 9162 section 2.1.1).
    """
    if not leaf_hashes:
        return EMPTY_ROOT
    level: Sequence[bytes] = leaf_hashes
    while len(level) > 1:
        parents = pair_up(level)
        if len(level) & 1:
            parents.append(level[-1])
        level = parents
    return level[0]


def levels_of(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return the complete subtrees of every level over the leaf hashes: item [level][index].

    The first list is the leaf hashes themselves; an incomplete subtree on the right edge appears
    nowhere. There are no lists for no leaves.
    """
    levels: list[list[bytes]] = []
    current = list(leaf_hashes)
    while current:
        levels.append(current)
        current = pair_up(current)
    return levels


def complete_subtrees(first: int, end: int) -> list[Coordinate]:
    """Return the complete subtrees, left to right, that make up the leaves `first` to `end - 1`.

    `first` must be a multiple of the largest power of two that is at most `end - first`, which holds
    for every range that RFC 9162 splits a tree into. The root over the range is their right-to-left fold.
    """
    coordinates: list[Coordinate] = []
    while first < end:
        level = (end - first).bit_length() - 1
        coordinates.append((level, first >> level))
        first += 1 << level
    return coordinates


def fold_right(hashes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring complete subtrees given from left to right, largest first.

    There must be at least one.
    """
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root
