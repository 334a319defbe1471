"""Tiles and proofs from SQL against a whole tree in memory, over full tiles of three levels' worth of leaves."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest
from sqlalchemy import Engine

from ledger.merkle.errors import IndexOutOfRangeError
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof, root_at
from ledger.tiles import tiles_of
from node.store.migrate import upgrade
from node.store.rows import insert_rows
from node.store.schema import LEAF, TILE
from node.store.sqlite import open_writer
from node.store.tree import RightEdge, SqlHashes, load_edge, read_tile

SIZE = 66_100
"""One full tile of level 1 (65,536 leaves), two of level 0 beyond it, and a partial one."""
STEPS = (1, 254, 1, 1, 255, 256, 700, 4096, 60_000, 500, 36)


@pytest.fixture(scope="module")
def hashes() -> list[bytes]:
    return [sha256(at.to_bytes(4, "big")).digest() for at in range(SIZE)]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, hashes: list[bytes]) -> Iterator[Engine]:
    engine = open_writer(tmp_path_factory.mktemp("tree") / "t.db")
    upgrade(engine)
    edge = RightEdge(0, ())
    with engine.begin() as connection:
        for count in STEPS:
            new = hashes[edge.size : edge.size + count]
            insert_rows(connection, LEAF, [(edge.size + at, leaf, b"") for at, leaf in enumerate(new)])
            edge, tiles = edge.extended(new)
            insert_rows(connection, TILE, tiles)
            assert load_edge(connection, edge.size) == edge
    assert edge.size == sum(STEPS)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def tree(hashes: list[bytes]) -> MemoryTree:
    return MemoryTree(hashes[: sum(STEPS)])


def test_every_tile_is_the_one_of_the_tree(engine: Engine, tree: MemoryTree) -> None:
    with engine.begin() as connection:
        for tile in tiles_of(tree.size):
            first = tile.index * 256
            wanted = tree.read_hashes([(tile.level * 8, first + at) for at in range(tile.width)])
            assert read_tile(connection, tile.level, tile.index, tile.width) == b"".join(wanted)
            assert read_tile(connection, tile.level, tile.index, 1) == wanted[0]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, sum(STEPS)])
def test_proofs_are_the_ones_of_the_tree(engine: Engine, tree: MemoryTree, size: int) -> None:
    with engine.begin() as connection:
        source = SqlHashes(connection, tree.size)
        assert root_at(size, source) == tree.root(size)
        for index in {0, 1, size // 3, size // 2, size - 1} - {size}:
            assert inclusion_proof(index, size, source) == inclusion_proof(index, size, tree)
        for old in {1, 255, 256, size // 2, size}:
            if 0 < old <= size:
                assert consistency_proof(old, size, source) == consistency_proof(old, size, tree)


def test_every_inner_hash_of_a_tile_is_read_as_stored(engine: Engine, tree: MemoryTree) -> None:
    coordinates = [(level, at) for level in range(17) for at in {0, 1, (tree.size >> level) - 1} if at << level < SIZE]
    coordinates = [(level, at) for level, at in coordinates if at >= 0 and (at + 1) << level <= tree.size]
    with engine.begin() as connection:
        assert SqlHashes(connection, tree.size).read_hashes(coordinates) == tree.read_hashes(coordinates)


def test_nothing_outside_the_tree_is_answered(engine: Engine, tree: MemoryTree) -> None:
    with engine.begin() as connection:
        source = SqlHashes(connection, 1000)
        for coordinate in ((0, 1000), (9, 1), (-1, 0), (0, -1)):
            with pytest.raises(IndexOutOfRangeError):
                source.read_hashes([coordinate])
