"""The copy on disk, laid out as C2SP tlog-tiles serves it: checkpoint, tile/<L>/<N>, tile/entries/<N>.

Any tool that reads static tlog-tiles reads this directory. Files are written whole (new name, then renamed), so a
fetch that was interrupted leaves nothing half-written, and the checkpoint is written last.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ledger.errors import NotFoundError
from ledger.merkle import leaf_hash, root_of
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.note import SignedNote
from ledger.tiles import CHECKPOINT_PATH, Tile, bundles_of, decode_bundle, entries_path, tile_at


class MirrorDirectory:
    """The files of one copy under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, data: bytes) -> None:
        """Write one file whole; `path` is relative and in C2SP form."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".new")
        fresh.write_bytes(data)
        fresh.replace(target)

    def read(self, path: str) -> bytes:
        """Return one file; raises NotFoundError."""
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(what_kind="file of the mirror", name=path) from None

    def has(self, path: str) -> bool:
        """Whether the file is there."""
        return (self.root / path).is_file()

    def note(self) -> str:
        """Return the signed checkpoint; raises NotFoundError for an empty mirror."""
        return self.read(CHECKPOINT_PATH).decode("utf-8")

    def size(self) -> int:
        """Return the tree size of the checkpoint; raises NotFoundError and the errors of the note."""
        return Checkpoint.parse(SignedNote.parse(self.note()).text).size

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return a hash tile; a TileReader (see `ledger.tiles`)."""
        return self.read(Tile(level, index, width).path())

    def entries(self) -> Iterator[bytes]:
        """Yield every entry from leaf 0 to the checkpoint's size."""
        for index, width in bundles_of(self.size()):
            yield from decode_bundle(self.read(entries_path(index, width)), width)

    def tile_of(self, size: int, level: int, index: int) -> Tile:
        """Return the tile (level, index) as wide as a tree of `size` has it."""
        return tile_at(size, level, index)

    def root_hash(self) -> bytes:
        """Return the root recomputed from the entries."""
        return root_of([leaf_hash(entry) for entry in self.entries()])
