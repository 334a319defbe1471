"""Every inclusion and consistency proof of every tree up to 100 leaves, and every wrong one near it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from ledger.errors import ProofError
from ledger.merkle import (
    EMPTY_ROOT,
    MAX_TREE_SIZE,
    Coordinate,
    leaf_hash,
    root_from_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from ledger.merkle.errors import (
    EmptyTreeConsistencyError,
    HashLengthError,
    HashSourceError,
    IndexOutOfRangeError,
    PathLengthError,
    RootMismatchError,
    SizeOrderError,
    TreeSizeError,
)
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof, inclusion_proofs, root_at

LARGEST = 100
LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(LARGEST)]
TREE = MemoryTree(LEAVES)
ROOTS = [root_of(LEAVES[:size]) for size in range(LARGEST + 1)]
SIZES = range(1, LARGEST + 1)
STRANGE = bytes(32)


def damaged(path: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Paths with one hash changed, lost, added at either end, doubled, or swapped with its neighbour."""
    for at, value in enumerate(path):
        yield [*path[:at], bytes([value[0] ^ 1]) + value[1:], *path[at + 1 :]]
        yield [*path[:at], value[:-1] + bytes([value[-1] ^ 0x80]), *path[at + 1 :]]
        yield [*path[:at], *path[at + 1 :]]
        yield [*path[:at], value, *path[at:]]
    for at in range(len(path) - 1):
        yield [*path[:at], path[at + 1], path[at], *path[at + 2 :]]
    yield [STRANGE, *path]
    yield [*path, STRANGE]


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_verifies_in_its_place_only(size: int) -> None:
    root = ROOTS[size]
    assert root_at(size, TREE) == TREE.root(size) == root
    for index in range(size):
        path = inclusion_proof(index, size, TREE)
        verify_inclusion(LEAVES[index], index, size, path, root)
        assert root_from_inclusion(LEAVES[index], index, size, path) == root
        with pytest.raises(RootMismatchError):
            verify_inclusion(STRANGE, index, size, path, root)
        with pytest.raises(RootMismatchError):
            verify_inclusion(LEAVES[index], index, size, path, STRANGE)
        for other in {size, size + 1, -1, index ^ 1, index + 64, index - 1, index + 1} - {index}:
            with pytest.raises(ProofError):
                verify_inclusion(LEAVES[index], other, size, path, root)


@pytest.mark.parametrize("size", SIZES)
def test_an_inclusion_proof_fits_every_index_of_its_own_only(size: int) -> None:
    for index in range(size):
        path = inclusion_proof(index, size, TREE)
        for other in range(size):
            if other != index:
                with pytest.raises((RootMismatchError, PathLengthError)):
                    verify_inclusion(LEAVES[index], other, size, path, ROOTS[size])


@pytest.mark.parametrize("size", SIZES)
def test_a_damaged_inclusion_proof_fails(size: int) -> None:
    for index in {0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)):
        for path in damaged(inclusion_proof(index, size, TREE)):
            with pytest.raises(ProofError):
                verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])


@pytest.mark.parametrize("size", SIZES)
def test_an_inclusion_proof_fails_at_the_root_of_another_size(size: int) -> None:
    for index in {0, size // 2, size - 1}:
        path = inclusion_proof(index, size, TREE)
        for other in range(LARGEST + 1):
            if other != size:
                with pytest.raises(ProofError):
                    verify_inclusion(LEAVES[index], index, other, path, ROOTS[other])


@pytest.mark.parametrize("size2", SIZES)
def test_every_consistency_proof_verifies(size2: int) -> None:
    for size1 in range(1, size2 + 1):
        path = consistency_proof(size1, size2, TREE)
        verify_consistency(size1, ROOTS[size1], size2, ROOTS[size2], path)
        for wrong1, wrong2 in ((STRANGE, ROOTS[size2]), (ROOTS[size1], STRANGE), (ROOTS[size1 - 1], ROOTS[size2])):
            with pytest.raises(RootMismatchError):
                verify_consistency(size1, wrong1, size2, wrong2, path)
        if size1 < size2:
            assert path
            with pytest.raises(SizeOrderError):
                verify_consistency(size2, ROOTS[size2], size1, ROOTS[size1], path)


@pytest.mark.parametrize("size2", SIZES)
def test_a_consistency_proof_fails_between_other_sizes(size2: int) -> None:
    for size1 in range(1, size2 + 1):
        path = consistency_proof(size1, size2, TREE)
        for other in ({size1 - 1, size1 + 1, size1 ^ 1, size1 * 2, 1, size2} & set(SIZES)) - {size1}:
            with pytest.raises(ProofError):
                verify_consistency(other, ROOTS[other], size2, ROOTS[size2], path)
        for other in ({size2 - 1, size2 + 1, size2 ^ 1, size2 * 2, size1} & set(SIZES)) - {size2}:
            with pytest.raises(ProofError):
                verify_consistency(size1, ROOTS[size1], other, ROOTS[other], path)


@pytest.mark.parametrize("size2", SIZES)
def test_a_damaged_consistency_proof_fails(size2: int) -> None:
    for size1 in {1, 2, size2 // 3, size2 // 2, size2 - 2, size2 - 1, size2} & set(range(1, size2 + 1)):
        for path in damaged(consistency_proof(size1, size2, TREE)):
            with pytest.raises(ProofError):
                verify_consistency(size1, ROOTS[size1], size2, ROOTS[size2], path)


def test_the_cases_every_verifier_must_refuse() -> None:
    with pytest.raises(IndexOutOfRangeError):
        verify_inclusion(LEAVES[0], 0, 0, [], EMPTY_ROOT)
    with pytest.raises(IndexOutOfRangeError):
        verify_inclusion(LEAVES[0], 1, 1, [], ROOTS[1])
    with pytest.raises(IndexOutOfRangeError):
        verify_inclusion(LEAVES[0], -1, 1, [], ROOTS[1])
    with pytest.raises(PathLengthError):
        verify_inclusion(LEAVES[0], 0, 1, [STRANGE], ROOTS[1])
    with pytest.raises(TreeSizeError):
        verify_inclusion(LEAVES[0], 0, MAX_TREE_SIZE + 1, [], ROOTS[1])
    with pytest.raises(EmptyTreeConsistencyError):
        verify_consistency(0, EMPTY_ROOT, 1, ROOTS[1], [])
    with pytest.raises(EmptyTreeConsistencyError):
        verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    with pytest.raises(TreeSizeError):
        verify_consistency(-1, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    with pytest.raises(PathLengthError):
        verify_consistency(3, ROOTS[3], 3, ROOTS[3], [STRANGE])
    with pytest.raises(RootMismatchError):
        verify_consistency(3, ROOTS[3], 3, ROOTS[4], [])
    with pytest.raises(HashLengthError):
        verify_inclusion(LEAVES[0], 0, 2, [LEAVES[1] + b"\0"], ROOTS[2])
    with pytest.raises(HashLengthError):
        verify_inclusion(LEAVES[0], 0, 2, [b""], ROOTS[2])
    with pytest.raises(HashLengthError):
        verify_inclusion(b"short", 0, 1, [], b"short")
    with pytest.raises(HashLengthError):
        verify_consistency(1, b"", 2, ROOTS[2], [LEAVES[1]])
    with pytest.raises(HashLengthError):
        verify_consistency(1, ROOTS[1], 2, b"", [LEAVES[1]])


def test_building_refuses_what_has_no_proof() -> None:
    with pytest.raises(IndexOutOfRangeError):
        inclusion_proof(3, 3, TREE)
    with pytest.raises(IndexOutOfRangeError):
        inclusion_proof(-1, 3, TREE)
    with pytest.raises(SizeOrderError):
        consistency_proof(4, 3, TREE)
    with pytest.raises(EmptyTreeConsistencyError):
        consistency_proof(0, 3, TREE)
    with pytest.raises(TreeSizeError):
        root_at(MAX_TREE_SIZE + 1, TREE)
    with pytest.raises(IndexOutOfRangeError):
        inclusion_proof(0, LARGEST + 1, TREE)
    with pytest.raises(HashLengthError):
        MemoryTree([b"short"])
    assert root_at(0, MemoryTree()) == MemoryTree().root() == EMPTY_ROOT


class Recorder:
    """A source over TREE that counts reads and can break its contract on purpose."""

    def __init__(self, spoil: Callable[[list[bytes]], list[bytes]] = lambda hashes: hashes) -> None:
        self.reads: list[Sequence[Coordinate]] = []
        self._spoil = spoil

    def read_hashes(self, coords: Sequence[Coordinate]) -> list[bytes]:
        self.reads.append(coords)
        return self._spoil(TREE.read_hashes(coords))


def test_many_paths_need_one_read_without_repeats() -> None:
    source = Recorder()
    indexes = [5, 0, 99, 5, 42]
    assert inclusion_proofs(indexes, 100, source) == [inclusion_proof(index, 100, TREE) for index in indexes]
    assert len(source.reads) == 1
    assert len(set(source.reads[0])) == len(source.reads[0])


@pytest.mark.parametrize("spoil", [lambda hashes: hashes[:-1], lambda hashes: [*hashes, STRANGE], lambda _: [b"x"] * 7])
def test_a_source_that_breaks_its_contract_is_noticed(spoil: Callable[[list[bytes]], list[bytes]]) -> None:
    with pytest.raises(HashSourceError):
        inclusion_proof(5, 100, Recorder(spoil))


def test_verifying_never_loads_the_building_of_proofs() -> None:
    program = (
        "import sys, ledger.merkle, ledger.merkle.verify, ledger.notes, ledger.notes.tlog_proof;"
        "sys.exit('ledger.merkle.prove' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
