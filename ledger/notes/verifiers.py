"""Verifiers for the three key types; `verifier_for` chooses by the key's type."""

from __future__ import annotations

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import VerifyKey

from ledger.notes.checkpoint import Checkpoint
from ledger.notes.cosignature import (
    ED25519_SIGNATURE_SIZE,
    ML_DSA_44_SIGNATURE_SIZE,
    checkpoint_message,
    ed25519_message,
    split_timestamp,
)
from ledger.notes.errors import MlDsaUnavailableError, NoteSignatureError, NoteTextError
from ledger.notes.note import NoteSignature, Verifier
from ledger.notes.vkey import KeyType, Vkey


class _KeyVerifier:
    """What the three verifiers share: the key they check for."""

    def __init__(self, vkey: Vkey) -> None:
        self.vkey = vkey
        self.name = vkey.name
        self.key_id = vkey.key_id

    def _check_ed25519(self, message: bytes, signature: bytes) -> None:
        # The length is checked here because libsodium's wrapper would raise another kind of error.
        if len(signature) != ED25519_SIGNATURE_SIZE:
            raise NoteSignatureError(name=self.name)
        try:
            VerifyKey(self.vkey.public_key).verify(message, signature)
        except (BadSignatureError, CryptoError):
            raise NoteSignatureError(name=self.name) from None


class Ed25519Verifier(_KeyVerifier):
    """Checks note signatures of type 0x01 (libsodium's notion of validity)."""

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check 64 signature bytes over the note's text. Raises `NoteSignatureError`."""
        self._check_ed25519(message, signature)


class Ed25519CosignatureVerifier(_KeyVerifier):
    """Checks cosignatures of type 0x04."""

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check time and signature over the note's text. Raises `NoteSignatureError`."""
        time, raw = split_timestamp(self.name, signature, ED25519_SIGNATURE_SIZE)
        self._check_ed25519(ed25519_message(message, time), raw)


class MlDsa44CosignatureVerifier(_KeyVerifier):
    """Checks cosignatures of type 0x06, which cover only origin, size and root of a checkpoint."""

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check time and signature over the checkpoint that the note's text is.

        Raises `NoteSignatureError`, `CheckpointFormError` when the text is no checkpoint (without extension
        lines, which this type would leave unsigned), `NoteTextError`, `MlDsaUnavailableError`.
        """
        time, raw = split_timestamp(self.name, signature, ML_DSA_44_SIGNATURE_SIZE)
        try:
            checkpoint = Checkpoint.parse(message.decode("utf-8"))
        except UnicodeDecodeError:
            raise NoteTextError from None
        try:
            from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
        except ImportError:
            raise MlDsaUnavailableError from None
        try:
            key = MLDSA44PublicKey.from_public_bytes(self.vkey.public_key)
            key.verify(raw, checkpoint_message(self.name, time, checkpoint))
        except UnsupportedAlgorithm:
            raise MlDsaUnavailableError from None
        except (InvalidSignature, ValueError):
            raise NoteSignatureError(name=self.name) from None


def verifier_for(vkey: Vkey) -> Verifier:
    """Return the verifier of a key's type."""
    match vkey.key_type:
        case KeyType.ED25519:
            return Ed25519Verifier(vkey)
        case KeyType.ED25519_COSIGNATURE:
            return Ed25519CosignatureVerifier(vkey)
        case KeyType.ML_DSA_44_COSIGNATURE:
            return MlDsa44CosignatureVerifier(vkey)


def cosignature_time(vkey: Vkey, signature: NoteSignature) -> int:
    """Return the POSIX second of a cosignature by a key of type 0x04 or 0x06. Raises `NoteSignatureError`."""
    size = ML_DSA_44_SIGNATURE_SIZE if vkey.key_type is KeyType.ML_DSA_44_COSIGNATURE else ED25519_SIGNATURE_SIZE
    return split_timestamp(vkey.name, signature.signature, size)[0]
