"""Hashing and the frontier, against the recursive definition of RFC 9162 section 2.1.1."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import EMPTY_ROOT, MAX_TREE_SIZE, Frontier, leaf_hash, levels_of, node_hash, root_of
from ledger.merkle.errors import FrontierError, HashLengthError, TreeSizeError

LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(300)]


def defined_root(leaves: list[bytes]) -> bytes:
    """The definition, word for word: split at the largest power of two below n."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:])).digest()


def test_leaf_and_node_are_separated_by_their_first_byte() -> None:
    assert leaf_hash(b"") == sha256(b"\x00").digest()
    assert leaf_hash(b"abc") == sha256(b"\x00abc").digest()
    assert node_hash(LEAVES[0], LEAVES[1]) == sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_the_empty_root_is_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY_ROOT == Frontier().root() == sha256(b"").digest()


@pytest.mark.parametrize("size", range(len(LEAVES)))
def test_roots_follow_the_definition(size: int) -> None:
    leaves = LEAVES[:size]
    grown = Frontier()
    for leaf in leaves:
        grown.append(leaf)
    filled = Frontier()
    filled.extend(leaves)
    assert root_of(leaves) == grown.root() == filled.root() == defined_root(leaves)
    assert grown == filled
    assert grown.size == size


@given(st.lists(st.integers(0, 40), max_size=8))
def test_extend_in_any_steps_equals_append(steps: list[int]) -> None:
    at = 0
    frontier = Frontier()
    for step in steps:
        step = min(step, len(LEAVES) - at)
        frontier.extend(iter(LEAVES[at : at + step]))
        at += step
        assert frontier.root() == root_of(LEAVES[:at])
        assert frontier.size == at


@given(st.integers(0, len(LEAVES) - 1))
def test_a_frontier_is_restored_from_size_and_peaks(size: int) -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    restored = Frontier(frontier.size, frontier.peaks)
    assert restored == frontier
    restored.append(LEAVES[size])
    assert restored.root() == root_of(LEAVES[: size + 1])
    assert restored != frontier


def test_a_copy_is_independent() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    copy = frontier.copy()
    copy.append(LEAVES[5])
    assert (frontier.size, frontier.root()) == (5, root_of(LEAVES[:5]))
    assert (copy.size, copy.root()) == (6, root_of(LEAVES[:6]))


def test_a_wrong_frontier_is_refused() -> None:
    with pytest.raises(FrontierError):
        Frontier(3, LEAVES[:1])
    with pytest.raises(FrontierError):
        Frontier(0, LEAVES[:1])
    with pytest.raises(HashLengthError):
        Frontier(1, [LEAVES[0][:31]])
    with pytest.raises(TreeSizeError):
        Frontier(-1)
    with pytest.raises(TreeSizeError):
        Frontier(MAX_TREE_SIZE + 1, LEAVES[:1])


@pytest.mark.parametrize("size", [0, 1, 2, 5, 8, 255, 256])
def test_levels_hold_every_complete_subtree(size: int) -> None:
    levels = levels_of(LEAVES[:size])
    assert len(levels) == size.bit_length()
    for level, hashes in enumerate(levels):
        assert len(hashes) == size >> level
        for index, value in enumerate(hashes):
            assert value == root_of(LEAVES[index << level : (index + 1) << level])
