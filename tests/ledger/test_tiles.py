"""Tiles and bundles, with the worked example of C2SP tlog-tiles."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import leaf_hash, levels_of, root_of, verify_consistency, verify_inclusion
from ledger.merkle.errors import HashSourceError, IndexOutOfRangeError, TreeSizeError
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof, inclusion_proofs, root_at
from ledger.tiles import (
    MAX_ENTRY_SIZE,
    MAX_TILE_INDEX,
    TILE_WIDTH,
    BundleFormError,
    EntrySizeError,
    Tile,
    TilePathError,
    TileSource,
    bundles_of,
    decode_bundle,
    encode_bundle,
    entries_path,
    new_tiles,
    parse_entries_path,
    parse_tile_path,
    partial_width,
    tile_at,
    tile_path,
    tiles_of,
)

EXAMPLE = 70_000
LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(EXAMPLE)]
LEVELS = levels_of(LEAVES)


class StoredTiles:
    """Cuts tiles from whole levels and counts what was read."""

    def __init__(self) -> None:
        self.reads: Counter[tuple[int, int]] = Counter()

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        self.reads[level, index] += 1
        return b"".join(LEVELS[8 * level][TILE_WIDTH * index : TILE_WIDTH * index + width])


def test_the_example_of_the_standard() -> None:
    tiles = list(tiles_of(EXAMPLE))
    full = Counter(tile.level for tile in tiles if tile.is_full)
    partial = {tile.level: tile.width for tile in tiles if not tile.is_full}
    assert full == {0: 273, 1: 1}
    assert partial == {0: 112, 1: 17, 2: 1}
    assert [partial_width(EXAMPLE, level) for level in range(4)] == [112, 17, 1, 0]


def test_a_tree_of_256_has_a_full_tile_and_one_above() -> None:
    assert list(tiles_of(256)) == [Tile(0, 0, 256), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


def test_paths_as_the_standard_writes_them() -> None:
    assert tile_path(1, 1_234_067) == "tile/1/x001/x234/067"
    assert tile_path(0, 273, 112) == "tile/0/273.p/112"
    assert Tile(2, 0, 1).path() == "tile/2/000.p/1"
    assert entries_path(1_234_067) == "tile/entries/x001/x234/067"
    assert entries_path(0, 5) == "tile/entries/000.p/5"


@given(st.integers(0, 63), st.integers(0, MAX_TILE_INDEX), st.integers(1, 256))
def test_paths_round_trip(level: int, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == Tile(level, index, width)
    assert parse_entries_path(entries_path(index, width)) == (index, width)


@pytest.mark.parametrize(
    "rest",
    [
        "", "0", "00", "0000", "x000/000", "x001/x234/67", "x001/234/067", "x001/x234/x067", "001/067", "000.p/0",
        "000.p/256", "000.p/999", "000.p/01", "000.p/", "000.p", "-01", "+01", " 000", "000\n", "000/", "٠٠٠",
        "x999/" * 6 + "999", "x999/" * 400 + "999",
    ],
)  # fmt: skip
def test_every_other_spelling_is_refused(rest: str) -> None:
    with pytest.raises(TilePathError):
        parse_tile_path(f"tile/0/{rest}")
    with pytest.raises(TilePathError):
        parse_entries_path(f"tile/entries/{rest}")


@pytest.mark.parametrize("level", ["64", "-1", "00", "01", "100", "x", "", "٣", "data", "entries"])
def test_a_wrong_level_is_refused(level: str) -> None:
    with pytest.raises(TilePathError):
        parse_tile_path(f"tile/{level}/000")


def test_a_path_is_not_made_of_impossible_numbers() -> None:
    for level, index, width in ((64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, MAX_TILE_INDEX + 1, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(TilePathError):
            tile_path(level, index, width)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537, EXAMPLE])
def test_proofs_from_tiles_equal_proofs_from_the_whole_tree(size: int) -> None:
    root = root_of(LEAVES[:size])
    source = TileSource(size, StoredTiles())
    memory = MemoryTree(LEAVES[:size])
    assert root_at(size, source) == root
    for index in {0, size // 3, size // 2, size - 1}:
        path = inclusion_proof(index, size, source)
        assert path == inclusion_proof(index, size, memory)
        verify_inclusion(LEAVES[index], index, size, path, root)
    for older in {1, size // 3, size // 2, size - 1, size} - {0}:
        path = consistency_proof(older, size, source)
        assert path == consistency_proof(older, size, memory)
        verify_consistency(older, root_of(LEAVES[:older]), size, root, path)


def test_each_tile_is_read_once_a_proof() -> None:
    tiles = StoredTiles()
    inclusion_proofs([5, 6, 69_999], EXAMPLE, TileSource(EXAMPLE, tiles))
    assert set(tiles.reads.values()) == {1}
    assert len(tiles.reads) <= 6


def test_a_tile_source_refuses_what_the_tree_does_not_have() -> None:
    source = TileSource(300, StoredTiles())
    for coordinate in ((0, 300), (8, 1), (9, 0), (0, -1), (-1, 0), (1, 150)):
        with pytest.raises(IndexOutOfRangeError):
            source.read_hashes([coordinate])
    with pytest.raises(TreeSizeError):
        TileSource(-1, StoredTiles())


def test_a_tile_of_wrong_length_is_noticed() -> None:
    class Short:
        def read_tile(self, level: int, index: int, width: int) -> bytes:
            return bytes(32 * width - 1)

    with pytest.raises(HashSourceError):
        inclusion_proof(0, 300, TileSource(300, Short()))


@given(st.integers(0, 200_000), st.integers(0, 70_000))
def test_new_tiles_are_those_the_older_tree_had_not(old: int, more: int) -> None:
    before, after = set(tiles_of(old)), set(tiles_of(old + more))
    assert set(new_tiles(old, old + more)) == after - before


@given(st.integers(1, 1_000_000), st.integers(0, 1_000_000))
def test_bundles_cover_the_leaves_asked_for(size: int, first: int) -> None:
    first = min(first, size - 1)
    bundles = list(bundles_of(size, first))
    assert bundles[0][0] * TILE_WIDTH <= first
    assert sum(width for _, width in bundles) == size - bundles[0][0] * TILE_WIDTH


def test_a_tile_that_does_not_exist_yet_is_refused() -> None:
    assert tile_at(300, 0, 1) == Tile(0, 1, 44)
    for level, index in ((0, 2), (1, 1), (2, 0), (0, -1)):
        with pytest.raises(IndexOutOfRangeError):
            tile_at(300, level, index)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_round_trip(entries: list[bytes]) -> None:
    data = encode_bundle(entries)
    assert decode_bundle(data, len(entries)) == entries
    for wrong in (data[:-1], data + b"\0"):
        with pytest.raises(BundleFormError):
            decode_bundle(wrong, len(entries))
    with pytest.raises(BundleFormError):
        decode_bundle(data, len(entries) + 1)


def test_the_longest_entry_fits_and_one_byte_more_does_not() -> None:
    assert decode_bundle(encode_bundle([bytes(MAX_ENTRY_SIZE)]), 1) == [bytes(MAX_ENTRY_SIZE)]
    with pytest.raises(EntrySizeError):
        encode_bundle([bytes(MAX_ENTRY_SIZE + 1)])
    for count in (0, 257):
        with pytest.raises(BundleFormError):
            encode_bundle([b""] * count)
