"""Bringing the copy up to date: checkpoint, then entries and tiles, each checked before the checkpoint is kept."""

from __future__ import annotations

from collections.abc import Callable

from clients.mirror.directory import MirrorDirectory
from clients.sdk import requests
from clients.sdk.sync_client import Client
from ledger.errors import NotFoundError, ProofError
from ledger.merkle import leaf_hash, levels_of, root_of, verify_consistency
from ledger.merkle.prove import MemoryTree, consistency_proof
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.note import SignedNote
from ledger.notes.policy import Policy, VerifiedCheckpoint
from ledger.tiles import CHECKPOINT_PATH, TILE_HEIGHT, TILE_WIDTH, bundles_of, decode_bundle, entries_path, tiles_of

Progressed = Callable[[int, int], None]
"""Called with (leaves so far, leaves in all)."""


def update_mirror(
    client: Client, mirror: MirrorDirectory, policy: Policy, progressed: Progressed = lambda _done, _all: None
) -> VerifiedCheckpoint:
    """Fetch what is new since the last time and return the verified checkpoint that now stands in the mirror.

    The client's member must be an auditor. Raises QuorumError or SignatureError for the checkpoint, ProofError when the
    entries are not what it signs or when the log did not only grow, and what the client raises.
    """
    note = client.run(requests.checkpoint())
    verified = policy.verify_checkpoint(note)
    size = verified.checkpoint.size
    known = _known(mirror)
    hashes: list[bytes] = []
    for index, width in bundles_of(size):
        path = entries_path(index, width)
        data = mirror.read(path) if mirror.has(path) else client.run(requests.entries(index, width))
        hashes.extend(leaf_hash(entry) for entry in decode_bundle(data, width))
        mirror.write(path, data)
        progressed(len(hashes), size)
    if root_of(hashes) != verified.checkpoint.root:
        raise ProofError(detail="the entries do not give the root that the checkpoint signs")
    if known is not None:
        _check_grown(known, verified.checkpoint, hashes)
    _write_tiles(mirror, hashes, size)
    mirror.write(CHECKPOINT_PATH, note.encode("utf-8"))
    return verified


def _known(mirror: MirrorDirectory) -> Checkpoint | None:
    try:
        return Checkpoint.parse(SignedNote.parse(mirror.note()).text)
    except NotFoundError:
        return None


def _check_grown(known: Checkpoint, new: Checkpoint, hashes: list[bytes]) -> None:
    if known.size > new.size:
        raise ProofError(detail=f"the log went back from {known.size} to {new.size} leaves")
    path = consistency_proof(known.size, new.size, MemoryTree(hashes))
    verify_consistency(known.size, known.root, new.size, new.root, path)


def _write_tiles(mirror: MirrorDirectory, hashes: list[bytes], size: int) -> None:
    levels = levels_of(hashes)
    for tile in tiles_of(size):
        first = tile.index * TILE_WIDTH
        row = levels[tile.level * TILE_HEIGHT][first : first + tile.width]
        mirror.write(tile.path(), b"".join(row))
