"""One proof for many leaves of an RFC 9162 tree: the hashes of exactly the subtrees in which nothing is shown.

Walk the tree from its root, the left half first, splitting as RFC 9162 section 2.1.1 does. A subtree without a shown
leaf gives its hash to the proof; a shown leaf gives nothing; every other subtree is entered. So a proof for all leaves
is empty, and each set of leaves has one proof. The same serves the fields of a record and the rows of a batch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ledger.errors import ProofError, Text
from ledger.merkle import HASH_SIZE, node_hash, root_of


class MultiproofMalformed(ProofError):
    """A proof or a set of leaves that does not fit the tree."""

    code = "proof.multiproof"
    what = Text("The proof of several leaves does not fit the tree: {detail}.", "多叶证明与树不符：{detail}。")


def prove_leaves(leaf_hashes: Sequence[bytes], shown: Sequence[int]) -> tuple[bytes, ...]:
    """Return the proof for the leaves `shown` (rising indices, at least one); raises `MultiproofMalformed`."""
    _check_indices(shown, len(leaf_hashes))
    proof: list[bytes] = []

    def walk(first: int, end: int, low: int, high: int) -> None:
        if low == high:
            proof.append(root_of(leaf_hashes[first:end]))
        elif high - low < end - first:
            middle = _split(first, end)
            cut = bisect_left(shown, middle, low, high)
            walk(first, middle, low, cut)
            walk(middle, end, cut, high)

    walk(0, len(leaf_hashes), 0, len(shown))
    return tuple(proof)


def root_from_leaves(size: int, leaves: Mapping[int, bytes], proof: Sequence[bytes]) -> bytes:
    """Return the root that the leaf hashes `leaves` (by index) and `proof` give a tree of `size` leaves.

    The caller compares it with a root it trusts. Raises `MultiproofMalformed` for indices outside the tree and for a
    proof that is too short, too long or not of 32-byte hashes.
    """
    return _Walk(size, leaves, proof).root()


def narrow_proof(
    size: int, leaves: Mapping[int, bytes], proof: Sequence[bytes], shown: Sequence[int]
) -> tuple[bytes, ...]:
    """Return the proof for the leaves `shown`, a part of `leaves`, from the proof for all of `leaves`.

    So a holder hands on less than it got. Raises `MultiproofMalformed`.
    """
    _check_indices(shown, size)
    if not leaves.keys() >= set(shown):
        raise MultiproofMalformed(detail="a leaf to show is not known")
    walk = _Walk(size, leaves, proof, shown)
    walk.root()
    return tuple(walk.narrowed)


def _split(first: int, end: int) -> int:
    """Return where RFC 9162 divides a range of two or more leaves: after the largest power of two below it."""
    return first + (1 << ((end - first - 1).bit_length() - 1))


def _check_indices(indices: Sequence[int], size: int) -> None:
    if not indices or indices[0] < 0 or indices[-1] >= size:
        raise MultiproofMalformed(detail="indices are missing or outside the tree")
    if any(before >= after for before, after in pairwise(indices)):
        raise MultiproofMalformed(detail="indices do not rise")


class _Walk:
    """One walk over the known leaves, taking proof hashes as they come and gathering those of a narrower proof."""

    def __init__(
        self, size: int, leaves: Mapping[int, bytes], proof: Sequence[bytes], shown: Sequence[int] | None = None
    ) -> None:
        self.indices = sorted(leaves)
        _check_indices(self.indices, size)
        if any(len(value) != HASH_SIZE for value in (*leaves.values(), *proof)):
            raise MultiproofMalformed(detail="a hash has not 32 bytes")
        self.size, self.leaves, self.proof = size, leaves, proof
        self.shown = self.indices if shown is None else shown
        self.taken = 0
        self.narrowed: list[bytes] = []

    def root(self) -> bytes:
        """Return the root; raises `MultiproofMalformed` when proof hashes are left or lacking."""
        root = self._walk(0, self.size, 0, len(self.indices))
        if self.taken != len(self.proof):
            raise MultiproofMalformed(detail=f"{len(self.proof)} hashes where {self.taken} belong")
        return root

    def _walk(self, first: int, end: int, low: int, high: int) -> bytes:
        mark = len(self.narrowed)
        if low == high:
            if self.taken == len(self.proof):
                raise MultiproofMalformed(detail="too few hashes")
            found = self.proof[self.taken]
            self.taken += 1
        elif end - first == 1:
            found = self.leaves[first]
        elif high - low == end - first and self._shows_all_or_none(first, end):
            found = root_of([self.leaves[index] for index in range(first, end)])
        else:
            middle = _split(first, end)
            cut = bisect_left(self.indices, middle, low, high)
            left = self._walk(first, middle, low, cut)
            found = node_hash(left, self._walk(middle, end, cut, high))
        if not self._shown_in(first, end):
            # Nothing of this subtree is shown, so its own hash stands for whatever was gathered inside it.
            self.narrowed[mark:] = [found]
        return found

    def _shown_in(self, first: int, end: int) -> int:
        return bisect_left(self.shown, end) - bisect_left(self.shown, first)

    def _shows_all_or_none(self, first: int, end: int) -> bool:
        return self._shown_in(first, end) in (0, end - first)
