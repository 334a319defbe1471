"""Checking inclusion and consistency proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2).

Each check raises a `ProofError` or returns. Position and size fix the length of a path, so the
length is checked before anything is hashed. Nothing here imports the building of proofs.

A root does not contain its size: trees of two sizes can give one leaf a path of the same shape. Size and
root must therefore come together, from one signed checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.merkle.errors import (
    EmptyTreeConsistencyError,
    HashLengthError,
    IndexOutOfRangeError,
    PathLengthError,
    RootMismatchError,
    SizeOrderError,
    TreeSizeError,
)
from ledger.merkle.hashing import HASH_SIZE, MAX_TREE_SIZE, node_hash


def root_from_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that `path` gives leaf `index` of a tree of `size` leaves.

    The caller compares it with a root it trusts. `path` is 32-byte hashes, the leaf's sibling first.
    Raises `IndexOutOfRangeError`, `TreeSizeError`, `PathLengthError`, `HashLengthError`.
    """
    _check_sizes(size)
    if not 0 <= index < size:
        raise IndexOutOfRangeError(index=index, size=size)
    inner, border = _path_shape(index, size - 1)
    _check_hashes((leaf_hash,), 1)
    _check_hashes(path, inner + border)
    root = leaf_hash
    for level, sibling in enumerate(path):
        # Above the inner part only left neighbours remain: the right edge has no right ones.
        is_left = level < inner and not index >> level & 1
        root = node_hash(root, sibling) if is_left else node_hash(sibling, root)
    return root


def verify_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf stands at `index` in the tree of `size` leaves that has this 32-byte `root`.

    Raises as `root_from_inclusion`, and `RootMismatchError`.
    """
    _check_hashes((root,), 1)
    _check_root(root_from_inclusion(leaf_hash, index, size, path), root)


def verify_consistency(size1: int, root1: bytes, size2: int, root2: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree (`size2`, `root2`) extends the tree (`size1`, `root1`).

    Equal sizes need an empty path and equal roots. Raises `EmptyTreeConsistencyError` (a proof from
    size 0 shows nothing), `SizeOrderError`, `TreeSizeError`, `PathLengthError`, `HashLengthError`,
    `RootMismatchError`.
    """
    _check_sizes(size1, size2)
    if size1 > size2:
        raise SizeOrderError(size1=size1, size2=size2)
    if size1 == 0:
        raise EmptyTreeConsistencyError(size2=size2)
    if size1 == size2:
        # Nothing is hashed here, so the roots are compared as they are, whatever their length.
        _check_hashes(path, 0)
        _check_root(root2, root1)
        return
    _check_hashes((root1, root2), 2)
    # The path starts at the largest complete subtree that ends the old tree. Where the old tree is
    # itself complete, that subtree is its root, which the verifier has, so it is not sent.
    level = (size1 & -size1).bit_length() - 1
    index = (size1 - 1) >> level
    inner, border = _path_shape(index, (size2 - 1) >> level)
    sent = 0 if index == 0 else 1
    _check_hashes(path, sent + inner + border)
    old = new = path[0] if sent else root1
    for step, sibling in enumerate(path[sent:]):
        if step < inner and not index >> step & 1:
            new = node_hash(new, sibling)
        else:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
    _check_root(old, root1)
    _check_root(new, root2)


def _path_shape(index: int, last: int) -> tuple[int, int]:
    """Return how many path hashes lie below, and how many above, the point where the path joins the right edge.

    `index` and `last` are the positions, on one level, of the path's start and of the last node.
    """
    inner = (index ^ last).bit_length()
    return inner, (index >> inner).bit_count()


def _check_sizes(*sizes: int) -> None:
    for size in sizes:
        if not 0 <= size <= MAX_TREE_SIZE:
            raise TreeSizeError(size=size)


def _check_hashes(hashes: Sequence[bytes], want: int) -> None:
    if len(hashes) != want:
        raise PathLengthError(got=len(hashes), want=want)
    for value in hashes:
        if len(value) != HASH_SIZE:
            raise HashLengthError(got=len(value))


def _check_root(computed: bytes, expected: bytes) -> None:
    if computed != expected:
        raise RootMismatchError(computed=computed.hex(), expected=expected.hex())
