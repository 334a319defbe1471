"""Verifier keys (C2SP signed-note, "Verifier keys"): `name+hex(key id)+base64(type || public key)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from nacl.bindings import crypto_core_ed25519_is_valid_point

from ledger.notes.encoding import decode_base64, encode_base64
from ledger.notes.errors import Base64Error, KeyNameError, KeyPointError, KeyTypeError, VkeyError

KEY_ID_SIZE: Final = 4
"""Bytes of a key id."""
MAX_KEY_NAME_BYTES: Final = 255
"""Longest key name or origin in UTF-8 bytes: an ML-DSA-44 cosignature gives them a uint8 length."""
MAX_VKEY_CHARS: Final = 4096
"""Longest verifier key in characters; an ML-DSA-44 key takes about 1,800 and the longest name 255."""


class KeyType(IntEnum):
    """Signature types of C2SP signed-note that Suyuan verifies."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44_COSIGNATURE = 0x06


PUBLIC_KEY_SIZE: Final = {
    KeyType.ED25519: 32,
    KeyType.ED25519_COSIGNATURE: 32,
    KeyType.ML_DSA_44_COSIGNATURE: 1312,
}
"""Bytes of a public key by type."""

_KEY_ID = re.compile(r"[0-9a-f]{8}")


def check_key_name(name: str) -> None:
    """Check that a name is non-empty and has no Unicode space, plus or control character.

    C2SP signed-note, "Format". Raises `KeyNameError`.
    """
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        size = 0
    # A space character below U+0020 is a control character anyway.
    if not 0 < size <= MAX_KEY_NAME_BYTES or any(char.isspace() or char < " " or char == "+" for char in name):
        raise KeyNameError(name=ascii(name[:MAX_KEY_NAME_BYTES])[1:-1], limit=MAX_KEY_NAME_BYTES)


def key_id(name: str, key_type: KeyType, public_key: bytes) -> bytes:
    """Return the four bytes SHA-256(name || 0x0A || type || public key)[:4]."""
    return sha256(name.encode("utf-8") + b"\n" + bytes([key_type]) + public_key).digest()[:KEY_ID_SIZE]


@dataclass(frozen=True, slots=True)
class Vkey:
    """A named public key of one signature type.

    Raises when made: `KeyNameError`, `VkeyError` (wrong length), `KeyPointError` (unsound Ed25519 key).
    """

    name: str
    key_type: KeyType
    public_key: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.public_key) != PUBLIC_KEY_SIZE[self.key_type]:
            raise VkeyError(name=self.name)
        if self.key_type is not KeyType.ML_DSA_44_COSIGNATURE and not crypto_core_ed25519_is_valid_point(
            self.public_key
        ):
            raise KeyPointError(name=self.name)

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before this key's signatures."""
        return key_id(self.name, self.key_type, self.public_key)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.key_type]) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> Vkey:
        """Return the key of a vkey text.

        Raises `VkeyError` (form, or key id of another key), `KeyTypeError`, `KeyNameError`, `KeyPointError`.
        """
        # Base64 may hold plus signs; a name and a key id never do.
        parts = text.split("+", 2)
        if len(text) > MAX_VKEY_CHARS or len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
            raise VkeyError(name=ascii(parts[0][:MAX_KEY_NAME_BYTES])[1:-1])
        check_key_name(parts[0])
        try:
            material = decode_base64(parts[2])
        except Base64Error:
            raise VkeyError(name=parts[0]) from None
        if not material:
            raise VkeyError(name=parts[0])
        try:
            key_type = KeyType(material[0])
        except ValueError:
            raise KeyTypeError(name=parts[0], key_type=material[0]) from None
        vkey = cls(parts[0], key_type, material[1:])
        if vkey.key_id.hex() != parts[1]:
            raise VkeyError(name=parts[0])
        return vkey
