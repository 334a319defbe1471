"""Sealing a package: XChaCha20-Poly1305 in libsodium's secretstream, 64 KiB a chunk.

A sealed package is the header (24 bytes) and then the chunks, each 17 bytes longer than its plaintext. Every chunk but
the last holds exactly `CHUNK_SIZE` bytes; the last carries the tag FINAL, so that a cut is noticed. The stream fixes
the order of chunks. The label below is authenticated with each chunk. The header's randomness is libsodium's own: the
binding offers no other way, and the content key is fresh for every package.
"""

from __future__ import annotations

import nacl.bindings as sodium
import nacl.exceptions
from nacl.public import PrivateKey, PublicKey, SealedBox

from ledger.errors import FormError, SignatureError, Text

CHUNK_SIZE = 65_536
CONTENT_KEY_SIZE = sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES
HEADER_SIZE = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
CHUNK_OVERHEAD = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
ONE_TIME_KEY_SIZE = 32
MAX_PLAINTEXT = 1 << 30
"""Bytes of plaintext that one package may hold; more records go into several packages."""
_LABEL = b"suyuan/package/1"
_MORE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL


class PackageTooLarge(FormError):
    """More content than one package holds."""

    code = "package.too_large"
    what = Text("The package would hold {size} bytes, more than {limit}.", "数据包将达 {size} 字节，超过上限 {limit}。")
    next_step = Text("Hand the records over in several packages.", "请分多个数据包交付。")


class PackageUnopened(SignatureError):
    """A package that does not open with the key: other bytes, another key, a cut, or chunks in another order."""

    code = "package.unopened"
    what = Text("The package does not open: {detail}.", "数据包无法打开：{detail}。")
    next_step = Text("Dispute the hand-over.", "请对该次交接提出异议。")


class KeyUnopened(SignatureError):
    """A sealed content key that the one-time key does not open."""

    code = "package.key_unopened"
    what = Text("The sealed content key does not open with the one-time key.", "一次性密钥无法打开所封装的内容密钥。")
    next_step = Text("Dispute the hand-over.", "请对该次交接提出异议。")


def seal_package(plaintext: bytes, key: bytes) -> bytes:
    """Return the sealed package for a plaintext of at least one byte; raises `PackageTooLarge`."""
    if not 0 < len(plaintext) <= MAX_PLAINTEXT:
        raise PackageTooLarge(size=len(plaintext), limit=MAX_PLAINTEXT)
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    parts = [sodium.crypto_secretstream_xchacha20poly1305_init_push(state, key)]
    for start in range(0, len(plaintext), CHUNK_SIZE):
        end = start + CHUNK_SIZE
        tag = _FINAL if end >= len(plaintext) else _MORE
        parts.append(sodium.crypto_secretstream_xchacha20poly1305_push(state, plaintext[start:end], _LABEL, tag))
    return b"".join(parts)


def open_package(sealed: bytes, key: bytes) -> bytes:
    """Return the plaintext of a sealed package; raises `PackageUnopened`, and never returns a part of it."""
    if len(sealed) <= HEADER_SIZE + CHUNK_OVERHEAD:
        raise PackageUnopened(detail="it is too short")
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    parts: list[bytes] = []
    tag = _MORE
    try:
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, sealed[:HEADER_SIZE], key)
        step = CHUNK_SIZE + CHUNK_OVERHEAD
        for start in range(HEADER_SIZE, len(sealed), step):
            if tag != _MORE:
                raise PackageUnopened(detail="bytes follow the last chunk")
            part, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, sealed[start : start + step], _LABEL)
            parts.append(part)
    except (nacl.exceptions.CryptoError, ValueError) as error:
        raise PackageUnopened(detail="a chunk is not authentic") from error
    if tag != _FINAL:
        raise PackageUnopened(detail="the last chunk is missing")
    return b"".join(parts)


def one_time_public(secret: bytes) -> bytes:
    """Return the X25519 public key (32 bytes) of a one-time secret of 32 random bytes."""
    return bytes(PrivateKey(secret).public_key)


def seal_key(content_key: bytes, receiver_key: bytes) -> bytes:
    """Seal a content key to a one-time key (libsodium sealed box, 80 bytes)."""
    return SealedBox(PublicKey(receiver_key)).encrypt(content_key)


def open_key(sealed: bytes, secret: bytes) -> bytes:
    """Return the content key sealed to the one-time key of `secret`; raises `KeyUnopened`."""
    try:
        return SealedBox(PrivateKey(secret)).decrypt(sealed)
    except (nacl.exceptions.CryptoError, ValueError) as error:
        raise KeyUnopened from error
