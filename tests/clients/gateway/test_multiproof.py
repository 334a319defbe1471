"""Proofs for several leaves: every set of leaves of every small tree, and everything that is not one."""

from __future__ import annotations

from hashlib import sha256
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.gateway.multiproof import MultiproofMalformed, narrow_proof, prove_leaves, root_from_leaves
from ledger.merkle import root_of
from ledger.merkle.prove import MemoryTree, inclusion_proof


def leaves_of(size: int) -> list[bytes]:
    return [sha256(bytes([index])).digest() for index in range(size)]


def shown_of(leaves: list[bytes], shown: tuple[int, ...]) -> dict[int, bytes]:
    return {index: leaves[index] for index in shown}


@pytest.mark.parametrize("size", range(1, 10))
def test_every_set_of_leaves_of_small_trees_leads_to_the_root(size: int) -> None:
    leaves = leaves_of(size)
    for count in range(1, size + 1):
        for shown in combinations(range(size), count):
            proof = prove_leaves(leaves, shown)
            assert root_from_leaves(size, shown_of(leaves, shown), proof) == root_of(leaves)


@pytest.mark.parametrize("size", range(1, 70))
def test_one_leaf_has_the_hashes_of_its_inclusion_proof(size: int) -> None:
    leaves = leaves_of(size)
    tree = MemoryTree(leaves)
    for index in range(size):
        proof = prove_leaves(leaves, (index,))
        assert sorted(proof) == sorted(inclusion_proof(index, size, tree))


def test_all_leaves_need_no_proof() -> None:
    assert prove_leaves(leaves_of(37), range(37)) == ()


@st.composite
def nested(draw: st.DrawFn) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    size = draw(st.integers(1, 200))
    outer = sorted(draw(st.sets(st.integers(0, size - 1), min_size=1)))
    inner = sorted(draw(st.sets(st.sampled_from(outer), min_size=1)))
    return size, tuple(outer), tuple(inner)


@given(nested())
def test_a_narrowed_proof_is_the_one_the_whole_tree_would_give(
    case: tuple[int, tuple[int, ...], tuple[int, ...]],
) -> None:
    size, outer, inner = case
    leaves = leaves_of(256)[:size]
    proof = prove_leaves(leaves, outer)
    narrowed = narrow_proof(size, shown_of(leaves, outer), proof, inner)
    assert narrowed == prove_leaves(leaves, inner)
    assert root_from_leaves(size, shown_of(leaves, inner), narrowed) == root_of(leaves)


@given(nested(), st.data())
def test_any_changed_hash_changes_the_root(
    case: tuple[int, tuple[int, ...], tuple[int, ...]], data: st.DataObject
) -> None:
    size, shown, _ = case
    leaves = leaves_of(256)[:size]
    known, proof = shown_of(leaves, shown), list(prove_leaves(leaves, shown))
    place = data.draw(st.integers(0, len(known) + len(proof) - 1))
    if place < len(known):
        known[shown[place]] = bytes(32)
    else:
        proof[place - len(known)] = bytes(32)
    assert root_from_leaves(size, known, proof) != root_of(leaves)


def test_a_proof_that_does_not_fit_is_refused() -> None:
    leaves = leaves_of(7)
    known, proof = shown_of(leaves, (1, 4)), prove_leaves(leaves, (1, 4))
    for wrong in (proof[:-1], (*proof, bytes(32)), (proof[0][:31], *proof[1:])):
        with pytest.raises(MultiproofMalformed):
            root_from_leaves(7, known, wrong)
    for size, indices in ((7, {}), (4, known), (7, {-1: bytes(32)})):
        with pytest.raises(MultiproofMalformed):
            root_from_leaves(size, indices, proof)
    for shown in ((), (4, 1), (1, 1), (7,)):
        with pytest.raises(MultiproofMalformed):
            prove_leaves(leaves, shown)
    with pytest.raises(MultiproofMalformed):
        narrow_proof(7, known, proof, (2,))
