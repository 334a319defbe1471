"""Bringing a copy of the log up to date: entries and tiles first, each checked, the checkpoint last.

The folder is laid out as C2SP tlog-tiles serves it (checkpoint, tile/<L>/<N>, tile/entries/<N>), so any tool that reads
static tlog-tiles reads it. Files are written whole under another name and then renamed: a fetch that was interrupted
leaves nothing half-written, and what was fetched before is not fetched again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clients.mirror.log_files import FolderFiles, LogFileUnusable, read_bytes
from clients.sdk import requests
from clients.sdk.sync_client import Client
from ledger.errors import ForkError, ProofError
from ledger.merkle import leaf_hash, levels_of, root_of, verify_consistency
from ledger.merkle.prove import MemoryTree, consistency_proof
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.note import SignedNote
from ledger.notes.policy import Policy, VerifiedCheckpoint
from ledger.tiles import CHECKPOINT_PATH, TILE_HEIGHT, TILE_WIDTH, bundles_of, decode_bundle, entries_path, tiles_of

Progressed = Callable[[int, int], None]
"""Called with (leaves so far, leaves in all)."""


def update_mirror(
    client: Client, folder: Path, policy: Policy, progressed: Progressed = lambda _done, _all: None
) -> VerifiedCheckpoint:
    """Fetch what is new since the last time and return the verified checkpoint that now stands in `folder`.

    The client's member must be an auditor. Raises QuorumError or SignatureError for the checkpoint, ProofError when the
    entries are not what it signs, ForkError when the log went back or contradicts the copy, LogFileUnusable, and what
    the client raises.
    """
    note = client.run(requests.checkpoint())
    verified = policy.verify_checkpoint(note)
    size = verified.checkpoint.size
    hashes: list[bytes] = []
    for index, width in bundles_of(size):
        path = folder / entries_path(index, width)
        data = read_bytes(path) if path.is_file() else client.run(requests.entries(index, width))
        hashes.extend(leaf_hash(entry) for entry in decode_bundle(data, width))
        _write(path, data)
        progressed(len(hashes), size)
    if root_of(hashes) != verified.checkpoint.root:
        raise ProofError(detail="the entries do not give the root that the checkpoint signs")
    if (folder / CHECKPOINT_PATH).is_file():
        known = Checkpoint.parse(SignedNote.parse(FolderFiles(folder).checkpoint()).text)
        _check_grown(known, verified.checkpoint, hashes)
    levels = levels_of(hashes)
    for tile in tiles_of(size):
        first = tile.index * TILE_WIDTH
        row = levels[tile.level * TILE_HEIGHT][first : first + tile.width]
        _write(folder / tile.path(), b"".join(row))
    _write(folder / CHECKPOINT_PATH, note.encode("utf-8"))
    return verified


def _check_grown(known: Checkpoint, new: Checkpoint, hashes: list[bytes]) -> None:
    if known.size > new.size:
        raise ForkError(detail=f"the log went back from {known.size} to {new.size} leaves")
    if known.size == 0:
        return
    try:
        path = consistency_proof(known.size, new.size, MemoryTree(hashes))
        verify_consistency(known.size, known.root, new.size, new.root, path)
    except ProofError as error:
        raise ForkError(detail=f"the copy of {known.size} leaves is not a beginning of this log: {error}") from error


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        raise LogFileUnusable(path=str(path), detail=error.strerror or str(error)) from None
