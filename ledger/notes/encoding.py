"""The three small codecs every text format here shares: decimals, base64 and hash lines."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from typing import Final

from ledger.merkle.hashing import HASH_SIZE, MAX_TREE_SIZE
from ledger.notes.errors import Base64Error, DecimalError

_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_MAX_DIGITS: Final = len(str(MAX_TREE_SIZE))
_SHOWN: Final = 80
"""Characters of a wrong value that an error quotes."""


def parse_decimal(text: str, limit: int = MAX_TREE_SIZE) -> int:
    """Return the number of an ASCII decimal without leading zeroes, 0 to `limit` (at most 2^63 - 1).

    Raises `DecimalError`.
    """
    if len(text) > _MAX_DIGITS or not _DECIMAL.fullmatch(text) or int(text) > limit:
        raise DecimalError(value=text[:_SHOWN], limit=limit)
    return int(text)


def encode_base64(data: bytes) -> str:
    """Return standard base64 with padding (RFC 4648 section 4)."""
    return b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Return the bytes of canonical standard base64 with padding. Raises `Base64Error`.

    One text per value: what does not re-encode to itself is refused.
    """
    try:
        data = b64decode(text, validate=True)
    except (BinasciiError, ValueError):
        raise Base64Error(value=text[:_SHOWN]) from None
    if encode_base64(data) != text:
        raise Base64Error(value=text[:_SHOWN])
    return data


def decode_hash(text: str) -> bytes:
    """Return the 32 bytes of a base64 hash line. Raises `Base64Error`."""
    data = decode_base64(text)
    if len(data) != HASH_SIZE:
        raise Base64Error(value=text[:_SHOWN])
    return data
