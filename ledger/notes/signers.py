"""Signers over keys in memory. Seeds are 32 bytes that the caller keeps; times are the caller's too.

A key in a device is used by implementing `NoteSigner` or `Cosigner` over it. Each name needs a key of its
own: an Ed25519 cosignature does not say who signed, so a shared key would count for two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nacl.signing import SigningKey

from ledger.notes.checkpoint import Checkpoint
from ledger.notes.cosignature import checkpoint_message, ed25519_message, join_timestamp
from ledger.notes.errors import CosignatureTimeError, MlDsaUnavailableError
from ledger.notes.note import NoteSignature
from ledger.notes.vkey import KeyType, Vkey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey


class Cosigner(Protocol):
    """Someone who can cosign a checkpoint at a time."""

    @property
    def vkey(self) -> Vkey:
        """The public half, with name and key id."""
        ...

    def cosign(self, checkpoint: Checkpoint, time: int) -> NoteSignature:
        """Return the cosignature at POSIX second `time` (above 0). Raises `CosignatureTimeError`.

        Duty of the caller: the checkpoint extends every one this key has cosigned for its origin.
        """
        ...


class Ed25519NoteSigner:
    """Signs notes with Ed25519 (type 0x01); a `NoteSigner`."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take a key name and a 32-byte seed. Raises `KeyNameError`."""
        self._key = SigningKey(seed)
        self.vkey = Vkey(name, KeyType.ED25519, bytes(self._key.verify_key))
        self.name = name
        self.key_id = self.vkey.key_id

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over the note's text."""
        return self._key.sign(message).signature


class Ed25519Cosigner:
    """Cosigns checkpoints with Ed25519 (type 0x04, `cosignature/v1`); a `Cosigner`."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take a key name and a 32-byte seed. Raises `KeyNameError`."""
        self._key = SigningKey(seed)
        self.vkey = Vkey(name, KeyType.ED25519_COSIGNATURE, bytes(self._key.verify_key))

    def cosign(self, checkpoint: Checkpoint, time: int) -> NoteSignature:
        """Return the cosignature at POSIX second `time`. Raises `CosignatureTimeError`."""
        message = ed25519_message(checkpoint.text().encode("utf-8"), time)
        blob = join_timestamp(time, self._key.sign(message).signature)
        return NoteSignature(self.vkey.name, self.vkey.key_id, blob)


class MlDsa44Cosigner:
    """Cosigns checkpoints with ML-DSA-44 (type 0x06, `subtree/v1`); a `Cosigner`.

    FIPS 204 lets the library mix fresh randomness into each signature, so two signatures over the same
    message may differ. Nothing in the ledger depends on their bytes.
    """

    def __init__(self, name: str, seed: bytes) -> None:
        """Take a key name and a 32-byte seed. Raises `KeyNameError`, `MlDsaUnavailableError`."""
        self._key = _ml_dsa_44_key(seed)
        self.vkey = Vkey(name, KeyType.ML_DSA_44_COSIGNATURE, self._key.public_key().public_bytes_raw())

    def cosign(self, checkpoint: Checkpoint, time: int) -> NoteSignature:
        """Return the cosignature at POSIX second `time`. Raises `CosignatureTimeError`."""
        if time < 1:
            raise CosignatureTimeError(time=time)
        message = checkpoint_message(self.vkey.name, time, checkpoint)
        return NoteSignature(self.vkey.name, self.vkey.key_id, join_timestamp(time, self._key.sign(message)))


def _ml_dsa_44_key(seed: bytes) -> MLDSA44PrivateKey:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
    except ImportError:
        raise MlDsaUnavailableError from None
    try:
        return MLDSA44PrivateKey.from_seed_bytes(seed)
    except UnsupportedAlgorithm:
        raise MlDsaUnavailableError from None
