"""Tiles and entry bundles: how the log is served as static files (C2SP tlog-tiles).

A tile is up to 256 neighbouring hashes of one tile level L, which is tree level 8 * L. Paths have no
leading slash; whoever serves them adds the prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.errors import FormError, Text
from ledger.merkle.errors import HashSourceError, IndexOutOfRangeError, TreeSizeError
from ledger.merkle.hashing import HASH_SIZE, MAX_TREE_SIZE, Coordinate, root_of

TILE_HEIGHT: Final = 8
"""Tree levels that one tile spans."""
TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes in a full tile, and entries in a full bundle."""
MAX_TILE_LEVEL: Final = 63
"""Highest tile level that a path can name (C2SP tlog-tiles)."""
MAX_TILE_INDEX: Final = MAX_TREE_SIZE >> TILE_HEIGHT
"""Highest tile number that the largest tree can have."""
MAX_ENTRY_SIZE: Final = 2**16 - 1
"""Longest entry in bytes: its length is a uint16."""
MAX_BUNDLE_SIZE: Final = TILE_WIDTH * (2 + MAX_ENTRY_SIZE)
"""Longest entry bundle in bytes."""
CHECKPOINT_PATH: Final = "checkpoint"
"""Where the newest checkpoint is served."""

_NUMBER = r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
_HASH_TILE = re.compile(rf"tile/(0|[1-9][0-9]?)/{_NUMBER}")
_ENTRIES = re.compile(rf"tile/entries/{_NUMBER}")


class TilePathError(FormError):
    """A path is not the one canonical path of a tile or bundle."""

    code = "tile.path"
    what = Text("This is not the path of a tile: {path}", "这不是瓦片路径：{path}")
    why = Text(
        "Numbers stand in groups of three digits, levels lie in 0 to 63, partial widths in 1 to 255.",
        "编号按三位一组书写，层级为 0 至 63，部分宽度为 1 至 255。",
    )


class BundleFormError(FormError):
    """An entry bundle does not consist of exactly the entries it should."""

    code = "tile.bundle"
    what = Text(
        "The entry bundle is cut short or too long at byte {offset}: {got} entries were read where {want} belong.",
        "条目包在第 {offset} 字节处截断或过长：读得 {got} 条，应为 {want} 条。",
    )
    why = Text("A bundle is exactly its length-prefixed entries.", "条目包仅由带长度前缀的条目组成。")


class EntrySizeError(FormError):
    """An entry is longer than its uint16 length can say."""

    code = "tile.entry-size"
    what = Text("The entry has {size} bytes; at most {limit} fit.", "条目为 {size} 字节，上限为 {limit} 字节。")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A tile's place: level 0 to 63, number within the level, and width 1 to 256 (256 is full)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def is_full(self) -> bool:
        """Whether it has all 256 hashes and will never change its path."""
        return self.width == TILE_WIDTH

    def path(self) -> str:
        """Return `tile/<L>/<N>[.p/<W>]`. Raises `TilePathError`."""
        return tile_path(self.level, self.index, self.width)


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a hash tile, e.g. `tile/1/x001/x234/067.p/17`. Raises `TilePathError`."""
    number = _number_path(index, width)
    if not 0 <= level <= MAX_TILE_LEVEL:
        raise TilePathError(path=f"level {level}")
    return f"tile/{level}/{number}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of an entry bundle, e.g. `tile/entries/000.p/5`. Raises `TilePathError`."""
    return f"tile/entries/{_number_path(index, width)}"


def parse_tile_path(path: str) -> Tile:
    """Return the tile that a path names; only the canonical spelling is accepted. Raises `TilePathError`."""
    match = _HASH_TILE.fullmatch(path)
    if match is None:
        raise TilePathError(path=path[:200])
    index, width = _parse_number(match[2], match[3])
    tile = Tile(int(match[1]), index, width)
    if tile.path() != path:
        raise TilePathError(path=path[:200])
    return tile


def parse_entries_path(path: str) -> tuple[int, int]:
    """Return number and width of the entry bundle that a path names. Raises `TilePathError`."""
    match = _ENTRIES.fullmatch(path)
    if match is None:
        raise TilePathError(path=path[:200])
    index, width = _parse_number(match[1], match[2])
    if entries_path(index, width) != path:
        raise TilePathError(path=path[:200])
    return index, width


def _number_path(index: int, width: int) -> str:
    if not 0 <= index <= MAX_TILE_INDEX or not 1 <= width <= TILE_WIDTH:
        raise TilePathError(path=f"index {index}, width {width}")
    path = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        path = f"x{index % 1000:03d}/{path}"
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def _parse_number(number: str, width: str | None) -> tuple[int, int]:
    # Seven groups exceed the largest index; converting more would only cost time.
    if len(number) > 7 * 5:
        raise TilePathError(path=number[:200])
    digits = number.replace("x", "").replace("/", "")
    if width is not None and int(width) >= TILE_WIDTH:
        raise TilePathError(path=f"{number}.p/{width}")
    return int(digits), TILE_WIDTH if width is None else int(width)


def partial_width(size: int, level: int) -> int:
    """Return the width of the partial tile at `level`: floor(size / 256^level) mod 256; 0 means there is none."""
    return size >> TILE_HEIGHT * level & (TILE_WIDTH - 1)


def tile_at(size: int, level: int, index: int) -> Tile:
    """Return tile `index` of `level` as a tree of `size` leaves has it. Raises `IndexOutOfRangeError`."""
    hashes = size >> TILE_HEIGHT * level
    width = min(hashes - index * TILE_WIDTH, TILE_WIDTH)
    if index < 0 or width < 1:
        raise IndexOutOfRangeError(index=index << TILE_HEIGHT * (level + 1), size=size)
    return Tile(level, index, width)


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every hash tile of a tree of `size` leaves, level by level, the partial one last."""
    yield from new_tiles(0, size)


def new_tiles(old_size: int, size: int) -> Iterator[Tile]:
    """Yield the hash tiles that a tree of `size` leaves has and one of `old_size` has not."""
    level = 0
    while size >> TILE_HEIGHT * level:
        hashes = size >> TILE_HEIGHT * level
        old_hashes = old_size >> TILE_HEIGHT * level
        if hashes > old_hashes:
            for index in range(old_hashes // TILE_WIDTH, (hashes + TILE_WIDTH - 1) // TILE_WIDTH):
                yield tile_at(size, level, index)
        level += 1


def bundles_of(size: int, first: int = 0) -> Iterator[tuple[int, int]]:
    """Yield (number, width) of the entry bundles that hold the leaves from `first` up to `size`."""
    for index in range(first // TILE_WIDTH, (size + TILE_WIDTH - 1) // TILE_WIDTH):
        yield index, min(size - index * TILE_WIDTH, TILE_WIDTH)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the entries, each after its uint16 big-endian length.

    Raises `EntrySizeError`, or `BundleFormError` when there are none or more than 256.
    """
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise BundleFormError(offset=0, got=len(entries), want=TILE_WIDTH)
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_SIZE:
            raise EntrySizeError(size=len(entry), limit=MAX_ENTRY_SIZE)
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def decode_bundle(data: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    """Return exactly `width` entries of a bundle. Raises `BundleFormError`."""
    entries: list[bytes] = []
    offset = 0
    while len(entries) < width:
        start = offset + 2
        end = start + int.from_bytes(data[offset:start], "big")
        if len(data) < start or len(data) < end:
            raise BundleFormError(offset=offset, got=len(entries), want=width)
        entries.append(data[start:end])
        offset = end
    if offset != len(data):
        raise BundleFormError(offset=offset, got=len(entries), want=width)
    return entries


class TileReader(Protocol):
    """Where tiles come from: a directory, an HTTP client, a database."""

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of the tile, 32 bytes each, one after another.

        Duties: return exactly `32 * width` bytes or raise. Where a partial tile is gone, its full
        tile cut to `width` is the same bytes.
        """
        ...


class TileSource:
    """A `HashSource` over tiles for the tree of `size` leaves.

    Tiles are not authenticated here: a proof built from them is worth nothing until it is verified
    against a signed root.
    """

    __slots__ = ("_reader", "size")

    def __init__(self, size: int, reader: TileReader) -> None:
        """Read the tree of `size` leaves through `reader`. Raises `TreeSizeError`."""
        if not 0 <= size <= MAX_TREE_SIZE:
            raise TreeSizeError(size=size)
        self.size = size
        self._reader = reader

    def read_hashes(self, coords: Sequence[Coordinate]) -> list[bytes]:
        """Return the hashes of complete subtrees, reading each tile once.

        Raises `IndexOutOfRangeError` outside the tree, `HashSourceError` for a tile of wrong length.
        """
        tiles: dict[tuple[int, int], bytes] = {}
        hashes: list[bytes] = []
        for level, index in coords:
            if level < 0 or index < 0 or (index + 1) << level > self.size:
                raise IndexOutOfRangeError(index=index << max(level, 0), size=self.size)
            tile_level, height = divmod(level, TILE_HEIGHT)
            number, offset = divmod(index << height, TILE_WIDTH)
            data = tiles.get((tile_level, number))
            if data is None:
                data = self._read(tile_at(self.size, tile_level, number))
                tiles[tile_level, number] = data
            ends = range(offset, offset + (1 << height))
            hashes.append(root_of([data[HASH_SIZE * at : HASH_SIZE * (at + 1)] for at in ends]))
        return hashes

    def _read(self, tile: Tile) -> bytes:
        data = self._reader.read_tile(tile.level, tile.index, tile.width)
        if len(data) != HASH_SIZE * tile.width:
            raise HashSourceError(got=len(data), want=HASH_SIZE * tile.width)
        return data
