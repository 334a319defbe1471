"""The second reader's keys and signatures: COSE_Sign1, Ed25519 by PyNaCl, P-256 by arithmetic of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import cbor2
import nacl.bindings
import nacl.exceptions

from tests.conformance.second_bytes import (
    SIGN1_TAG,
    Broken,
    as_bytes,
    as_list,
    as_map,
    decode_cbor,
    encode_cbor,
    from_base64url,
    require,
)

EDDSA, ES256 = -8, -7
ALG, CONTENT_TYPE, KID, CLAIMS, TYP = 1, 3, 4, 15, 16

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_Point = tuple[int, int] | None


@dataclass(frozen=True)
class Key:
    """A public key: algorithm (None for X25519, which signs nothing), raw bytes, and its RFC 9679 thumbprint."""

    alg: int | None
    raw: bytes
    kid: bytes


def key_of(jwk: Mapping[str, object]) -> Key:
    """Read a key as payloads carry it."""
    shape = (jwk.get("kty"), jwk.get("crv"), *sorted(set(jwk) - {"kty", "crv"}))
    x = from_base64url(str(jwk.get("x")))
    require(len(x) == 32, "a coordinate of another length")
    if shape == ("OKP", "Ed25519", "x"):
        require(nacl.bindings.crypto_core_ed25519_is_valid_point(x), "an unsafe Ed25519 key")
        return Key(EDDSA, x, sha256(encode_cbor({1: 1, -1: 6, -2: x})).digest())
    if shape == ("OKP", "X25519", "x"):
        return Key(None, x, sha256(encode_cbor({1: 1, -1: 4, -2: x})).digest())
    if shape == ("EC", "P-256", "x", "y"):
        y = from_base64url(str(jwk["y"]))
        point = (int.from_bytes(x, "big"), int.from_bytes(y, "big"))
        require(len(y) == 32 and _on_curve(point), "no point of P-256")
        return Key(ES256, x + y, sha256(encode_cbor({1: 2, -1: 1, -2: x, -3: y})).digest())
    raise Broken("a key of no known type")


def verify(key: Key, message: bytes, signature: bytes) -> None:
    """Check 64 signature bytes."""
    require(len(signature) == 64, "a signature of another length")
    if key.alg == EDDSA:
        check_ed25519(key.raw, message, signature)
        return
    require(key.alg == ES256, "a key that signs nothing")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    require(0 < r < _N and 0 < s <= _N // 2, "r or s out of range")
    inverse = pow(s, -1, _N)
    hashed = int.from_bytes(sha256(message).digest(), "big")
    point = (int.from_bytes(key.raw[:32], "big"), int.from_bytes(key.raw[32:], "big"))
    found = _add(_times(hashed * inverse % _N, _G), _times(r * inverse % _N, point))
    require(found is not None and found[0] % _N == r, "the signature is wrong")


def check_ed25519(public: bytes, message: bytes, signature: bytes) -> None:
    """Check an Ed25519 signature; validity is libsodium's."""
    try:
        nacl.bindings.crypto_sign_open(signature + message, public)
    except (nacl.exceptions.CryptoError, ValueError) as error:
        raise Broken("the signature is wrong") from error


def _on_curve(point: tuple[int, int]) -> bool:
    x, y = point
    return x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0


def _add(left: _Point, right: _Point) -> _Point:
    if left is None or right is None:
        return right if left is None else left
    if left[0] == right[0]:
        if (left[1] + right[1]) % _P == 0:
            return None
        slope = (3 * left[0] * left[0] - 3) * pow(2 * left[1], -1, _P)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, _P)
    x = (slope * slope - left[0] - right[0]) % _P
    return x, (slope * (left[0] - x) - left[1]) % _P


def _times(number: int, point: _Point) -> _Point:
    total: _Point = None
    while number:
        if number & 1:
            total = _add(total, point)
        point, number = _add(point, point), number >> 1
    return total


@dataclass(frozen=True)
class Sign1:
    """A COSE_Sign1 in parts; `payload` is None when detached."""

    protected: bytes
    header: dict[object, object]
    unprotected: dict[object, object]
    payload: bytes | None
    signature: bytes

    def signed_bytes(self, payload: bytes | None = None) -> bytes:
        """Return the Sig_structure (RFC 9052 section 4.4)."""
        body = self.payload if payload is None else payload
        require(body is not None, "no payload")
        return encode_cbor(["Signature1", self.protected, b"", body])

    def check(self, key: Key, payload: bytes | None = None) -> None:
        """Check that the header names this key and that it signed."""
        require(self.header.get(ALG) == key.alg and self.header.get(KID) == key.kid, "the header names another key")
        verify(key, self.signed_bytes(payload), self.signature)


def read_sign1(data: bytes) -> Sign1:
    """Read a tagged deterministic COSE_Sign1."""
    value = decode_cbor(data)
    if not isinstance(value, cbor2.CBORTag) or value.tag != SIGN1_TAG:
        raise Broken("no COSE_Sign1")
    protected, unprotected, payload, signature = as_list(value.value, 4)
    return Sign1(
        as_bytes(protected),
        as_map(decode_cbor(as_bytes(protected))),
        as_map(unprotected),
        None if payload is None else as_bytes(payload),
        as_bytes(signature, 64),
    )


def check_object(data: bytes, typ: str, key: Key, payload: bytes) -> None:
    """Check a small signed object: exactly alg, kid and typ, an empty unprotected header, and this payload."""
    found = read_sign1(data)
    require(set(found.header) == {ALG, KID, TYP} and found.header[TYP] == typ, "a signed object of another typ")
    require(not found.unprotected and found.payload == payload, "a signed object that says something else")
    found.check(key)
