"""The tree in SQL: the right edge that appending needs, full tiles, and the hashes that proofs are made of.

A tile's row carries its 256 hashes and behind them its inner levels 3 to 7, so that one row answers every hash of the
eight tree levels it spans with at most eight hashes to fold. Partial tiles are computed: at level 0 from the leaves'
rows, above from the roots of the full tiles below.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select

from ledger.merkle.errors import IndexOutOfRangeError
from ledger.merkle.hashing import HASH_SIZE, Coordinate, levels_of, root_of
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH, tile_at
from node.store.schema import LEAF, TILE, TILE_LEVEL_SHIFT

FIRST_INNER_LEVEL: Final = 3
"""Lowest inner level that a tile's row carries; lower ones are folded from at most eight hashes."""

_OFFSETS = {0: 0}
_at = TILE_WIDTH
for _level in range(FIRST_INNER_LEVEL, TILE_HEIGHT):
    _OFFSETS[_level] = _at
    _at += TILE_WIDTH >> _level

TileRow = tuple[int, bytes, bytes]
"""Key, root and data of a full tile."""


def tile_place(level: int, number: int) -> int:
    """Return the key of a tile's row."""
    return level << TILE_LEVEL_SHIFT | number


@dataclass(frozen=True, slots=True)
class RightEdge:
    """For each tile level, the hashes that fill no tile yet, fewer than 256 each; and the tree's size."""

    size: int
    levels: tuple[tuple[bytes, ...], ...]

    def extended(self, hashes: Sequence[bytes]) -> tuple[RightEdge, list[TileRow]]:
        """Return the edge after appending leaf hashes, and the tiles that this completes."""
        rows: list[TileRow] = []
        levels: list[tuple[bytes, ...]] = []
        size, level, new = self.size, 0, list(hashes)
        while new or level < len(self.levels):
            pending = list(self.levels[level]) if level < len(self.levels) else []
            number = (size >> TILE_HEIGHT * level) // TILE_WIDTH
            pending += new
            new = []
            while len(pending) >= TILE_WIDTH:
                root, data = tile_data(pending[:TILE_WIDTH])
                rows.append((tile_place(level, number), root, data))
                new.append(root)
                pending = pending[TILE_WIDTH:]
                number += 1
            levels.append(tuple(pending))
            level += 1
        return RightEdge(size + len(hashes), tuple(levels)), rows


def tile_data(hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return root and row data of a full tile."""
    levels = levels_of(hashes)
    inner = [b"".join(levels[level]) for level in range(FIRST_INNER_LEVEL, TILE_HEIGHT)]
    return levels[TILE_HEIGHT][0], b"".join([*hashes, *inner])


def load_edge(connection: Connection, size: int) -> RightEdge:
    """Return the right edge of the stored tree of `size` leaves."""
    levels: list[tuple[bytes, ...]] = []
    level = 0
    while size >> TILE_HEIGHT * level:
        full, width = divmod(size >> TILE_HEIGHT * level, TILE_WIDTH)
        levels.append(tuple(read_level(connection, level, full * TILE_WIDTH, width)))
        level += 1
    return RightEdge(size, tuple(levels))


def read_level(connection: Connection, level: int, first: int, count: int) -> list[bytes]:
    """Return `count` hashes of tile level `level` from number `first` on, from leaves or from the tiles below."""
    if count == 0:
        return []
    if level == 0:
        rows = connection.execute(
            select(LEAF.c.hash).where(LEAF.c.idx >= first, LEAF.c.idx < first + count).order_by(LEAF.c.idx)
        ).all()
    else:
        low = tile_place(level - 1, first)
        rows = connection.execute(
            select(TILE.c.root).where(TILE.c.place >= low, TILE.c.place < low + count).order_by(TILE.c.place)
        ).all()
    return [row[0] for row in rows]


class TileCache:
    """Rows of tiles lately read, full or partial. A tile only ever grows, so what is here stays right."""

    def __init__(self, limit: int = 512) -> None:
        self._limit = limit
        self._rows: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def get(self, tile: tuple[int, int], width: int) -> bytes | None:
        """Return a tile that has at least `width` hashes."""
        data = self._rows.get(tile)
        return data if data is not None and len(data) >= width * HASH_SIZE else None

    def put(self, tile: tuple[int, int], data: bytes) -> None:
        """Remember a tile, unless a wider one is known."""
        if len(self._rows.get(tile, b"")) < len(data):
            self._rows[tile] = data
        while len(self._rows) > self._limit:
            self._rows.popitem(last=False)


class SqlHashes:
    """A `HashSource` over the stored tree of `size` leaves, one query for all full tiles that a proof needs.

    With a `cache` tiles that were read before are not read again; one cache serves one thread at a time.
    """

    def __init__(self, connection: Connection, size: int, cache: TileCache | None = None) -> None:
        self._connection = connection
        self._cache = TileCache() if cache is None else cache
        self.size = size

    def read_hashes(self, coords: Sequence[Coordinate]) -> list[bytes]:
        """Return the hashes of complete subtrees. Raises `IndexOutOfRangeError` outside the tree."""
        for level, index in coords:
            if level < 0 or index < 0 or (index + 1) << level > self.size:
                raise IndexOutOfRangeError(index=index << max(level, 0), size=self.size)
        rows = self._rows(_tile_of(level, index)[:2] for level, index in coords)
        return [_inner_hash(rows[_tile_of(level, index)[:2]], *_tile_of(level, index)[2:]) for level, index in coords]

    def _rows(self, tiles: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        found: dict[tuple[int, int], bytes] = {}
        missing: dict[int, tuple[int, int]] = {}
        for tile in set(tiles):
            known = self._cache.get(tile, tile_at(self.size, *tile).width)
            if known is None:
                missing[tile_place(*tile)] = tile
            else:
                found[tile] = known
        if missing:
            rows = self._connection.execute(_TILES, {"places": list(missing)})
            read = {missing[place]: bytes(data) for place, data in rows}
            for level, number in set(missing.values()) - read.keys():
                width = tile_at(self.size, level, number).width
                read[level, number] = b"".join(read_level(self._connection, level, number * TILE_WIDTH, width))
            for tile, data in read.items():
                self._cache.put(tile, data)
            found |= read
        return found


_TILES = select(TILE.c.place, TILE.c.data).where(TILE.c.place.in_(bindparam("places", expanding=True)))


def _tile_of(level: int, index: int) -> tuple[int, int, int, int]:
    """Return tile level, tile number, height within the tile and index within that height of a subtree."""
    tile_level, height = divmod(level, TILE_HEIGHT)
    per_tile = TILE_WIDTH >> height
    number, offset = divmod(index, per_tile)
    return tile_level, number, height, offset


def _inner_hash(data: bytes, height: int, offset: int) -> bytes:
    full = len(data) > TILE_WIDTH * HASH_SIZE
    if height == 0 or (full and height >= FIRST_INNER_LEVEL):
        at = (_OFFSETS[height] + offset) * HASH_SIZE
        return data[at : at + HASH_SIZE]
    first, last = offset << height, (offset + 1) << height
    return root_of([data[HASH_SIZE * at : HASH_SIZE * (at + 1)] for at in range(first, last)])


def read_tile(connection: Connection, level: int, number: int, width: int) -> bytes:
    """Return the first `width` hashes of a tile that the stored tree has."""
    data = connection.execute(select(TILE.c.data).where(TILE.c.place == tile_place(level, number))).scalar()
    if data is None:
        data = b"".join(read_level(connection, level, number * TILE_WIDTH, width))
    return bytes(data[: HASH_SIZE * width])
