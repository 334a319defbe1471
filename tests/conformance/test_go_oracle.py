"""An outside oracle: golang.org/x/mod/sumdb reads a log directory that this project wrote.

It verifies the checkpoints with the verifier key, recomputes the root from the tiles, proves and checks leaves,
and checks our consistency path and proof files. The program is `tests/conformance/go`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from ledger.merkle import leaf_hash, levels_of, root_of
from ledger.merkle.prove import consistency_proof, inclusion_proof
from ledger.notes import AddCheckpoint, Checkpoint, Ed25519NoteSigner, SignedNote, TlogProof, sign_note
from ledger.tiles import TILE_WIDTH, TileSource, bundles_of, encode_bundle, entries_path, tile_path, tiles_of
from tests.ledger.notes.keys import EDS, ORIGIN, PQS, TIME, seed

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).parent / "go"
CACHE = ROOT / ".cache"
BUILD_SECONDS = 240
SIGNER = Ed25519NoteSigner(ORIGIN, seed("oracle log"))

pytestmark = pytest.mark.go


def without_oracle(reason: str) -> NoReturn:
    """Skip on a developer's machine; in continuous integration a missing oracle is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def logcheck() -> Path:
    """Build the oracle with whichever Go is on PATH or in the virtual environment."""
    scripts = ROOT / ".venv" / "bin"
    go = shutil.which("go") or shutil.which("go", path=str(scripts))
    if go is None:
        without_oracle("there is no Go toolchain")
    target = CACHE / "logcheck"
    environment = dict(
        os.environ,
        GOCACHE=str(CACHE / "go-build"),
        GOMODCACHE=str(CACHE / "go-mod"),
        GOFLAGS="-mod=readonly -modcacherw -buildvcs=false",
        GOTOOLCHAIN="local",
        GOWORK="off",
        CGO_ENABLED="0",
    )
    CACHE.mkdir(exist_ok=True)
    built = subprocess.run(
        [go, "build", "-o", str(target), "."],
        cwd=SOURCE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if built.returncode:
        without_oracle(f"the oracle cannot be built: {built.stderr[-500:]}")
    return target


class FolderTiles:
    """Reads tiles back from the directory, so that proofs come from the same files the oracle reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        return (self._folder / tile_path(level, index, width)).read_bytes()


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def signed(size: int, root: bytes) -> SignedNote:
    checkpoint = Checkpoint(ORIGIN, size, root)
    cosignatures = [EDS["north"].cosign(checkpoint, TIME), PQS["north"].cosign(checkpoint, TIME)]
    return sign_note(checkpoint.text(), [SIGNER]).adding(cosignatures)


def write_log(folder: Path, older: int, size: int, stride: int) -> int:
    """Write a log of `size` leaves with everything the oracle reads; return the number of proof files."""
    entries = [b"entry %d " % number + bytes(number % 50) for number in range(size)]
    leaves = [leaf_hash(entry) for entry in entries]
    levels = levels_of(leaves)
    for tile in tiles_of(size):
        hashes = levels[8 * tile.level][TILE_WIDTH * tile.index : TILE_WIDTH * tile.index + tile.width]
        write(folder / tile.path(), b"".join(hashes))
    for index, width in bundles_of(size):
        start = TILE_WIDTH * index
        write(folder / entries_path(index, width), encode_bundle(entries[start : start + width]))
    source = TileSource(size, FolderTiles(folder))
    old_note, note = signed(older, root_of(leaves[:older])), signed(size, root_of(leaves))
    write(folder / "checkpoint.old", str(old_note).encode())
    write(folder / "checkpoint", str(note).encode())
    write(folder / "request", str(AddCheckpoint(older, consistency_proof(older, size, source), note)).encode())
    places = range(0, size, stride)
    for index in places:
        proof = TlogProof(index, inclusion_proof(index, size, source), note)
        write(folder / "proofs" / f"{index}.tlog-proof", str(proof).encode())
    return len(places)


def run(logcheck: Path, folder: Path, stride: int = 1) -> subprocess.CompletedProcess[str]:
    command = [str(logcheck), "-dir", str(folder), "-vkey", str(SIGNER.vkey), "-stride", str(stride)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("older", "size", "stride"),
    [(1, 1, 1), (1, 2, 1), (3, 7, 1), (255, 256, 1), (256, 257, 1), (300, 1_500, 1), (65_535, 70_000, 997)],
)
def test_the_oracle_accepts_our_log(logcheck: Path, tmp_path: Path, older: int, size: int, stride: int) -> None:
    files = write_log(tmp_path, older, size, max(stride, 7))
    result = run(logcheck, tmp_path, stride)
    leaves = len(range(0, size, stride))
    assert result.stdout == f"size {size} entries {size} leaves {leaves} files {files}\n"
    assert result.returncode == 0


@pytest.mark.parametrize(
    "name", ["checkpoint", "tile/0/000", "tile/entries/001.p/44", "request", "proofs/7.tlog-proof"]
)
def test_the_oracle_notices_damage(logcheck: Path, tmp_path: Path, name: str) -> None:
    write_log(tmp_path, 100, 300, 7)
    path = tmp_path / name
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    assert run(logcheck, tmp_path).returncode == 1


def test_the_oracle_refuses_another_key(logcheck: Path, tmp_path: Path) -> None:
    write_log(tmp_path, 3, 7, 7)
    other = Ed25519NoteSigner(ORIGIN, seed("another log"))
    command = [str(logcheck), "-dir", str(tmp_path), "-vkey", str(other.vkey)]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 1
