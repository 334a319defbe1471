"""Key files: a private key as PKCS#8 PEM, encrypted under a passphrase (RFC 5958, RFC 7468, PBES2 of RFC 8018).

Bytes in, bytes out; reading and writing files is left to the caller. Encryption draws a salt inside the library,
which is the one place in `ledger` where the result is not a function of the arguments
(docs/decisions, "Key files carry a salt that the library draws").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.errors import ConfigError, Text
from ledger.keys import Ed25519Signer, EncryptionKey, P256Signer, Signer

MAX_KEY_FILE_SIZE: Final = 16_384
"""Bytes of a key file that is read; a real one has a few hundred."""
MIN_PASSPHRASE_LENGTH: Final = 8
"""Characters of a passphrase that a new key file accepts."""
SECRET_SIZE: Final = 32
"""Bytes of every private key here: a seed (Ed25519), a scalar (P-256, big-endian; X25519 as RFC 7748 has it)."""

KeyKind = Literal["Ed25519", "P-256", "X25519"]


class KeyFileMalformed(ConfigError):
    """Not a PEM private key of a kind that is used here."""

    code = "keyfile.malformed"
    what = Text("The key file is not a PKCS#8 private key of a known kind.", "密钥文件不是受支持的 PKCS#8 私钥。")
    next_step = Text("Use an Ed25519, P-256 or X25519 key file.", "请使用 Ed25519、P-256 或 X25519 密钥文件。")


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A passphrase, and where it was read from (an option, a variable, a file), which an error may name."""

    text: str = field(repr=False)
    source: str


class PassphraseWrong(ConfigError):
    """The passphrase does not open the key file."""

    code = "keyfile.passphrase"
    what = Text("The passphrase from {source} does not open the key file.", "取自 {source} 的口令无法解开该密钥文件。")
    next_step = Text("Give the passphrase it was written with.", "请提供写入该文件时的口令。")


class PassphraseMissing(ConfigError):
    """The key file is encrypted and no passphrase was given."""

    code = "keyfile.passphrase_missing"
    what = Text("The key file is encrypted and no passphrase was given.", "密钥文件已加密，但未提供口令。")
    next_step = Text("Give it by file, by environment or at the prompt.", "请通过文件、环境变量或提示输入口令。")


class PassphraseNotNeeded(ConfigError):
    """A passphrase was given for a key file that has none."""

    code = "keyfile.not_encrypted"
    what = Text("The key file is not encrypted, but a passphrase was given.", "密钥文件未加密，却提供了口令。")
    why = Text("Whoever relies on a passphrase is told that there is none.", "以免误以为该文件受口令保护。")
    next_step = Text("Write the file again under a passphrase.", "请以口令重新写入该文件。")


class PassphraseShort(ConfigError):
    """A passphrase that is too short for a new key file."""

    code = "keyfile.passphrase_short"
    what = Text("A passphrase needs at least {limit} characters.", "口令至少需要 {limit} 个字符。")
    next_step = Text("Choose a longer one.", "请选择更长的口令。")


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key of 32 bytes and its kind. Raises `KeyFileMalformed` for another length."""

    kind: KeyKind
    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_SIZE:
            raise KeyFileMalformed

    def __repr__(self) -> str:
        """Return the kind alone: a secret must not end up in a log."""
        return f"PrivateKey({self.kind})"

    def signer(self) -> Signer:
        """Return the signer of a signing key. Raises `KeyFileMalformed` for an X25519 key."""
        if self.kind == "Ed25519":
            return Ed25519Signer(self.secret)
        if self.kind == "P-256":
            return P256Signer(_p256(self.secret))
        raise KeyFileMalformed

    def encryption_key(self) -> EncryptionKey:
        """Return the public half of an X25519 key. Raises `KeyFileMalformed` for a signing key."""
        if self.kind != "X25519":
            raise KeyFileMalformed
        return EncryptionKey(X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw())


def _p256(secret: bytes) -> EllipticCurvePrivateKey:
    try:
        return derive_private_key(int.from_bytes(secret, "big"), SECP256R1())
    except ValueError as error:
        raise KeyFileMalformed from error


def dump_key(key: PrivateKey, passphrase: str | None) -> bytes:
    """Return the key as PEM, encrypted under `passphrase`; None writes it in the clear, which is for tests only.

    Raises `PassphraseShort`, `KeyFileMalformed`.
    """
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        if len(passphrase) < MIN_PASSPHRASE_LENGTH:
            raise PassphraseShort(limit=MIN_PASSPHRASE_LENGTH)
        encryption = BestAvailableEncryption(passphrase.encode())
    private: Ed25519PrivateKey | X25519PrivateKey | EllipticCurvePrivateKey
    if key.kind == "Ed25519":
        private = Ed25519PrivateKey.from_private_bytes(key.secret)
    elif key.kind == "X25519":
        private = X25519PrivateKey.from_private_bytes(key.secret)
    else:
        private = _p256(key.secret)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def load_key(data: bytes, passphrase: Passphrase | str | None) -> PrivateKey:
    """Return the key of a PEM file; give a `Passphrase` where the error is to name its source.

    Raises `KeyFileMalformed`, `PassphraseMissing`, `PassphraseWrong` or `PassphraseNotNeeded`.
    """
    if len(data) > MAX_KEY_FILE_SIZE:
        raise KeyFileMalformed
    given = Passphrase(passphrase, "the caller") if isinstance(passphrase, str) else passphrase
    encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data
    if encrypted and given is None:
        raise PassphraseMissing
    if not encrypted and given is not None and b"-----BEGIN PRIVATE KEY-----" in data:
        raise PassphraseNotNeeded
    try:
        private = load_pem_private_key(data, None if given is None else given.text.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if given is not None and encrypted:
            raise PassphraseWrong(source=given.source) from error
        raise KeyFileMalformed from error
    if isinstance(private, Ed25519PrivateKey):
        return PrivateKey("Ed25519", private.private_bytes_raw())
    if isinstance(private, X25519PrivateKey):
        return PrivateKey("X25519", private.private_bytes_raw())
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return PrivateKey("P-256", private.private_numbers().private_value.to_bytes(SECRET_SIZE, "big"))
    raise KeyFileMalformed
