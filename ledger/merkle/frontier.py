"""The right edge of a growing tree: all that appending needs (RFC 9162 section 2.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.merkle.errors import FrontierError, HashLengthError, TreeSizeError
from ledger.merkle.hashing import EMPTY_ROOT, HASH_SIZE, MAX_TREE_SIZE, fold_right, node_hash, pair_up


class Frontier:
    """A tree reduced to its peaks: the complete subtrees that its size decomposes into, largest first.

    The object is mutable; take a `copy()` before a step that may have to be undone. `size` and
    `peaks` are its whole state, so `Frontier(size, peaks)` restores it.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Restore a frontier from its size and its 32-byte peaks, largest first.

        Raises `TreeSizeError`, `FrontierError` (wrong number of peaks) or `HashLengthError`.
        """
        if not 0 <= size <= MAX_TREE_SIZE:
            raise TreeSizeError(size=size)
        if len(peaks) != size.bit_count():
            raise FrontierError(got=len(peaks), size=size)
        for peak in peaks:
            if len(peak) != HASH_SIZE:
                raise HashLengthError(got=len(peak))
        self._size = size
        self._peaks = list(peaks)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The 32-byte peaks, largest subtree first; as many as the size has binary ones."""
        return tuple(self._peaks)

    def copy(self) -> Frontier:
        """Return an independent frontier of the same tree."""
        return Frontier(self._size, self._peaks)

    def append(self, leaf_hash: bytes) -> None:
        """Add one 32-byte leaf hash on the right."""
        peaks = self._peaks
        size = self._size
        while size & 1:
            leaf_hash = node_hash(peaks.pop(), leaf_hash)
            size >>= 1
        peaks.append(leaf_hash)
        self._size += 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaf hashes on the right, level by level, which is faster than one at a time."""
        nodes = list(leaf_hashes)
        peaks = self._peaks
        size = self._size
        self._size = size + len(nodes)
        new_peaks: list[bytes] = []
        while nodes:
            # An existing peak of this level is the left neighbour of the first new node.
            if size & 1:
                nodes.insert(0, peaks.pop())
            if len(nodes) & 1:
                new_peaks.append(nodes.pop())
            nodes = pair_up(nodes)
            size >>= 1
        peaks.extend(reversed(new_peaks))

    def root(self) -> bytes:
        """Return the 32-byte root of the tree as it is now."""
        return fold_right(self._peaks) if self._peaks else EMPTY_ROOT

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frontier):
            return NotImplemented
        return self._size == other._size and self._peaks == other._peaks

    __hash__ = None  # type: ignore[assignment]  # Mutable, so it must not be a key.

    def __repr__(self) -> str:
        return f"Frontier(size={self._size}, root={self.root().hex()})"
