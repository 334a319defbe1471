"""Building inclusion and consistency proofs (RFC 9162 sections 2.1.3.1 and 2.1.4.1).

Storage enters through one port, `HashSource`. Verification lives in `ledger.merkle.verify`, which
never imports this module: a mistake made here cannot make a wrong proof pass there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ledger.merkle.errors import (
    EmptyTreeConsistencyError,
    HashLengthError,
    HashSourceError,
    IndexOutOfRangeError,
    SizeOrderError,
    TreeSizeError,
)
from ledger.merkle.hashing import (
    EMPTY_ROOT,
    HASH_SIZE,
    MAX_TREE_SIZE,
    Coordinate,
    complete_subtrees,
    fold_right,
    node_hash,
)

LeafRange = tuple[int, int]
"""First leaf and the leaf after the last of a subtree, complete or on the right edge."""


class HashSource(Protocol):
    """Where the hashes of complete subtrees come from."""

    def read_hashes(self, coords: Sequence[Coordinate]) -> list[bytes]:
        """Return the 32-byte hash of each complete subtree, in the order of `coords`.

        Duties: answer every coordinate that lies inside the tree the caller named, with exactly
        one hash each; raise when one cannot be had, never return fewer, none or a placeholder;
        answer the same coordinate with the same bytes for ever. `coords` has no duplicates and may
        be empty. The caller asks once per proof, so a source can fetch everything together.
        """
        ...


class MemoryTree:
    """A whole tree in memory: a `HashSource` for tests, small trees and trees rebuilt from a file."""

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        """Build the tree over 32-byte leaf hashes. Raises `HashLengthError`."""
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaf_hashes:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    def append(self, leaf_hash: bytes) -> None:
        """Add one 32-byte leaf hash on the right. Raises `HashLengthError`."""
        if len(leaf_hash) != HASH_SIZE:
            raise HashLengthError(got=len(leaf_hash))
        self._levels[0].append(leaf_hash)
        level = 0
        while len(self._levels[level]) % 2 == 0:
            left, right = self._levels[level][-2:]
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(node_hash(left, right))

    def root(self, size: int | None = None) -> bytes:
        """Return the root at `size` leaves, by default at the present size."""
        return root_at(self.size if size is None else size, self)

    def read_hashes(self, coords: Sequence[Coordinate]) -> list[bytes]:
        """Return the hashes of complete subtrees. Raises `IndexOutOfRangeError` outside the tree."""
        hashes: list[bytes] = []
        for level, index in coords:
            if not 0 <= level < len(self._levels) or not 0 <= index < len(self._levels[level]):
                raise IndexOutOfRangeError(index=index << max(level, 0), size=self.size)
            hashes.append(self._levels[level][index])
        return hashes


def root_at(size: int, source: HashSource) -> bytes:
    """Return the root of the first `size` leaves. Raises `TreeSizeError`, `HashSourceError`."""
    _check_size(size)
    return EMPTY_ROOT if size == 0 else _read_ranges([(0, size)], source)[0]


def inclusion_proof(index: int, size: int, source: HashSource) -> tuple[bytes, ...]:
    """Return the path from leaf `index` to the root of `size` leaves, the leaf's sibling first.

    RFC 9162 section 2.1.3.1. Raises `IndexOutOfRangeError`, `TreeSizeError`, `HashSourceError`, and
    whatever the source raises.
    """
    return inclusion_proofs((index,), size, source)[0]


def inclusion_proofs(indexes: Sequence[int], size: int, source: HashSource) -> list[tuple[bytes, ...]]:
    """Return one path for each leaf of `indexes`, with a single read of the source for all of them.

    Raises as `inclusion_proof` does.
    """
    _check_size(size)
    ranges_of = [_inclusion_ranges(index, size) for index in indexes]
    distinct = list(dict.fromkeys(leaf_range for ranges in ranges_of for leaf_range in ranges))
    found = dict(zip(distinct, _read_ranges(distinct, source), strict=True))
    return [tuple(found[leaf_range] for leaf_range in ranges) for ranges in ranges_of]


def consistency_proof(size1: int, size2: int, source: HashSource) -> tuple[bytes, ...]:
    """Return the proof that the tree of `size2` leaves extends the one of `size1`; empty for equal sizes.

    RFC 9162 section 2.1.4.1. Raises `EmptyTreeConsistencyError`, `SizeOrderError`, `TreeSizeError`,
    `HashSourceError`, and whatever the source raises.
    """
    _check_size(size1)
    _check_size(size2)
    if size1 > size2:
        raise SizeOrderError(size1=size1, size2=size2)
    if size1 == 0:
        raise EmptyTreeConsistencyError(size2=size2)
    return tuple(_read_ranges(_consistency_ranges(size1, size2), source))


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_TREE_SIZE:
        raise TreeSizeError(size=size)


def _split(first: int, end: int) -> int:
    """Return where RFC 9162 divides a range of two or more leaves: after the largest power of two below it."""
    return first + (1 << ((end - first - 1).bit_length() - 1))


def _inclusion_ranges(index: int, size: int) -> list[LeafRange]:
    if not 0 <= index < size:
        raise IndexOutOfRangeError(index=index, size=size)
    ranges: list[LeafRange] = []
    first, end = 0, size
    while end - first > 1:
        middle = _split(first, end)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    ranges.reverse()
    return ranges


def _consistency_ranges(size1: int, size2: int) -> list[LeafRange]:
    ranges: list[LeafRange] = []
    first, end = 0, size2
    while end != size1:
        middle = _split(first, end)
        if size1 <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    # A subtree that starts at leaf 0 is the old tree itself, whose root the verifier has.
    if first:
        ranges.append((first, end))
    ranges.reverse()
    return ranges


def _read_ranges(ranges: Sequence[LeafRange], source: HashSource) -> list[bytes]:
    """Return the root over each range, reading all complete subtrees at once."""
    parts_of = [complete_subtrees(first, end) for first, end in ranges]
    wanted = list(dict.fromkeys(part for parts in parts_of for part in parts))
    hashes = source.read_hashes(wanted) if wanted else []
    if len(hashes) != len(wanted):
        raise HashSourceError(got=len(hashes), want=len(wanted))
    for value in hashes:
        if len(value) != HASH_SIZE:
            raise HashSourceError(got=len(value), want=HASH_SIZE)
    found = dict(zip(wanted, hashes, strict=True))
    return [fold_right([found[part] for part in parts]) for parts in parts_of]
