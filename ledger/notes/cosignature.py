"""Cosignatures (C2SP tlog-cosignature): what is signed, and how the signature bytes are laid out.

Signature bytes are a uint64 big-endian POSIX time in seconds, then the signature. The Ed25519 message
is the whole text; the ML-DSA-44 message names the cosigner and the tree.
"""

from __future__ import annotations

from typing import Final

from ledger.merkle.hashing import MAX_TREE_SIZE
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.errors import CosignatureTimeError, NoteSignatureError
from ledger.notes.vkey import check_key_name

ED25519_SIGNATURE_SIZE: Final = 64
"""Bytes of an Ed25519 signature."""
ML_DSA_44_SIGNATURE_SIZE: Final = 2420
"""Bytes of an ML-DSA-44 signature (FIPS 204)."""
TIMESTAMP_SIZE: Final = 8
"""Bytes of the time before a cosignature."""
MAX_COSIGNATURE_TIME: Final = 2**63 - 1
"""Latest time in POSIX seconds (C2SP tlog-cosignature, "Format")."""

_ML_DSA_LABEL: Final = b"subtree/v1\n\x00"


def ed25519_message(text: bytes, time: int) -> bytes:
    """Return what an Ed25519 cosigner signs: header, time line, and the checkpoint's text."""
    return b"cosignature/v1\ntime %d\n" % time + text


def ml_dsa_44_message(name: str, time: int, origin: str, end: int, root: bytes, start: int = 0) -> bytes:
    """Return what an ML-DSA-44 cosigner signs about the leaves `start` to `end - 1` of a log.

    For a checkpoint `start` is 0 and `end` its size. Raises `KeyNameError` when a name is longer than
    its uint8 length can say, `CosignatureTimeError` for a time outside 0 to 2^63 - 1 or a time that is not
    zero beside a `start` that is not zero.
    """
    check_key_name(name)
    check_key_name(origin)
    if not 0 <= time <= MAX_COSIGNATURE_TIME or (start and time) or not 0 <= start <= end <= MAX_TREE_SIZE:
        raise CosignatureTimeError(time=time)
    name_bytes, origin_bytes = name.encode("utf-8"), origin.encode("utf-8")
    return b"".join(
        (
            _ML_DSA_LABEL,
            bytes([len(name_bytes)]),
            name_bytes,
            time.to_bytes(8, "big"),
            bytes([len(origin_bytes)]),
            origin_bytes,
            start.to_bytes(8, "big"),
            end.to_bytes(8, "big"),
            root,
        )
    )


def checkpoint_message(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    """Return what the ML-DSA-44 cosigner `name` signs about a checkpoint. Raises as `ml_dsa_44_message`."""
    return ml_dsa_44_message(name, time, checkpoint.origin, checkpoint.size, checkpoint.root)


def join_timestamp(time: int, signature: bytes) -> bytes:
    """Return the bytes of a cosignature. Raises `CosignatureTimeError` unless 0 < time < 2^63."""
    if not 0 < time <= MAX_COSIGNATURE_TIME:
        raise CosignatureTimeError(time=time)
    return time.to_bytes(TIMESTAMP_SIZE, "big") + signature


def split_timestamp(name: str, blob: bytes, signature_size: int) -> tuple[int, bytes]:
    """Return time and signature of a cosignature by `name`. Raises `NoteSignatureError` for a wrong layout."""
    time = int.from_bytes(blob[:TIMESTAMP_SIZE], "big")
    if len(blob) != TIMESTAMP_SIZE + signature_size or time > MAX_COSIGNATURE_TIME:
        raise NoteSignatureError(name=name)
    return time, blob[TIMESTAMP_SIZE:]
