"""Public keys of members and nodes, signatures, and signers.

Algorithms (RFC 9053): EdDSA (-8) only with Ed25519, ES256 (-7) only with P-256 and s at most half the group order,
so that nobody can turn one valid signature into another. A key's name is its RFC 9679 thumbprint: the SHA-256 of the
deterministic COSE_Key with the required members only. In payloads a key is an object after RFC 7517 and RFC 8037:
`{"kty":"OKP","crv":"Ed25519","x":…}`, `{"kty":"EC","crv":"P-256","x":…,"y":…}`, `{"kty":"OKP","crv":"X25519","x":…}`.

A value of `PublicKey` or `EncryptionKey` exists only for a point that is safe to use: constructing it checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final, Protocol

import nacl.bindings
import nacl.exceptions
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ledger.encoding import CborKey, CborValue, JsonObject, base64url, decode_base64url, decode_canonical
from ledger.encoding import encode_cbor as _encode
from ledger.errors import FormError, SignatureError, Text

EDDSA: Final = -8
ES256: Final = -7
SEED_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64
"""Bytes of a signature in both algorithms: R ‖ S, or r ‖ s."""

_KTY, _CRV, _X, _Y = 1, -1, -2, -3
_OKP, _EC2 = 1, 2
_CRV_P256, _CRV_X25519, _CRV_ED25519 = 1, 4, 6
_COORDINATE = 32
_FIELD_25519 = 2**255 - 19
_ORDER_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ECDSA = ec.ECDSA(hashes.SHA256())
_ECDSA_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class KeyShape(FormError):
    """A key object with other members, or members of another form, than its type has."""

    code = "form.key.shape"
    what = Text("The key is not of a known type with exactly its members.", "密钥类型未知或成员不符。")
    next_step = Text("Use an Ed25519, P-256 or X25519 public key.", "请使用 Ed25519、P-256 或 X25519 公钥。")


class UnsafeKey(FormError):
    """A public key under which signatures or secrets prove nothing."""

    code = "form.key.unsafe"
    what = Text("The {curve} public key is not a safe point of its curve.", "该 {curve} 公钥不是曲线上的安全点。")
    why = Text(
        "Points off the curve, of small order or not in canonical form are never registered.",
        "不在曲线上、小阶或非规范形式的点一律不予登记。",
    )
    next_step = Text("Generate a new key pair.", "请重新生成密钥对。")


class UnknownAlgorithm(SignatureError):
    """An algorithm number without a meaning here."""

    code = "signature.algorithm"
    what = Text("Signature algorithm {alg} is not known.", "未知的签名算法 {alg}。")


class BadSignature(SignatureError):
    """The signature is not the key's over this message."""

    code = "signature.wrong"
    what = Text("The signature is not by this key over these bytes.", "签名与该密钥及内容不符。")


class SignatureLength(SignatureError):
    """A signature of the wrong length."""

    code = "signature.length"
    what = Text("The signature has {found} bytes instead of {wanted}.", "签名应为 {wanted} 字节，实际 {found} 字节。")


class HighS(SignatureError):
    """An ECDSA signature whose s lies above half the group order."""

    code = "signature.high_s"
    what = Text("The signature's s lies above half of the group order.", "签名的 s 值大于群阶的一半。")
    why = Text("Every such signature has a twin; only the lower one counts.", "此类签名存在孪生值，仅接受较小者。")
    next_step = Text("Replace s by the order minus s.", "请以群阶减去 s 作为新的 s。")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies signatures: `alg` and 32 bytes (Ed25519) or 64 bytes x ‖ y (P-256).

    Raises `UnsafeKey` for a point that must not be used, `KeyShape` for a wrong length,
    `UnknownAlgorithm` for any other algorithm.
    """

    alg: int
    raw: bytes
    thumbprint: bytes = field(init=False, compare=False, repr=False)
    """32 bytes, RFC 9679 with SHA-256; it is the `kid` in headers."""

    def __post_init__(self) -> None:
        if self.alg == EDDSA:
            _check_ed25519(self.raw)
        elif self.alg == ES256:
            _load_p256(self.raw)
        else:
            raise UnknownAlgorithm(alg=self.alg)
        object.__setattr__(self, "thumbprint", sha256(self.to_cose()).digest())

    def to_cose(self) -> bytes:
        """Return the deterministic COSE_Key with its required members (RFC 9679 section 4)."""
        if self.alg == EDDSA:
            return _encode({_KTY: _OKP, _CRV: _CRV_ED25519, _X: self.raw})
        x, y = self.raw[:_COORDINATE], self.raw[_COORDINATE:]
        return _encode({_KTY: _EC2, _CRV: _CRV_P256, _X: x, _Y: y})

    def to_json(self) -> JsonObject:
        """Return the form that payloads carry."""
        if self.alg == EDDSA:
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url(self.raw)}
        x, y = base64url(self.raw[:_COORDINATE]), base64url(self.raw[_COORDINATE:])
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    @classmethod
    def from_cose(cls, data: bytes) -> PublicKey:
        """Read a deterministic COSE_Key with exactly the required members; raises as the class, or `KeyShape`."""
        value = decode_canonical(data)
        if not isinstance(value, dict):
            raise KeyShape
        members: dict[CborKey, CborValue] = value
        x = members.get(_X)
        if isinstance(x, bytes):
            if members == {_KTY: _OKP, _CRV: _CRV_ED25519, _X: x}:
                return cls(EDDSA, x)
            y = members.get(_Y)
            if isinstance(y, bytes) and members == {_KTY: _EC2, _CRV: _CRV_P256, _X: x, _Y: y}:
                if len(x) != _COORDINATE:
                    raise KeyShape
                return cls(ES256, x + y)
        raise KeyShape

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> PublicKey:
        """Read the form that payloads carry; raises `KeyShape`, `UnsafeKey`, `Base64Malformed`."""
        if value.get("kty") == "EC" and value.get("crv") == "P-256":
            members = _json_members(value, ("x", "y"))
            return cls(ES256, members["x"] + members["y"])
        if value.get("kty") == "OKP" and value.get("crv") == "Ed25519":
            return cls(EDDSA, _json_members(value, ("x",))["x"])
        raise KeyShape


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """An X25519 public key of 32 bytes, to which content keys are sealed. Raises `KeyShape` or `UnsafeKey`."""

    raw: bytes
    thumbprint: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _COORDINATE:
            raise KeyShape
        if int.from_bytes(self.raw, "little") >= _FIELD_25519:
            raise UnsafeKey(curve="X25519")
        try:
            # Clamped scalars are multiples of eight, so exactly the points of small order give zero, which is refused.
            nacl.bindings.crypto_scalarmult(b"\x01" * _COORDINATE, self.raw)
        except nacl.exceptions.RuntimeError as error:
            raise UnsafeKey(curve="X25519") from error
        object.__setattr__(self, "thumbprint", sha256(self.to_cose()).digest())

    def to_cose(self) -> bytes:
        """Return the deterministic COSE_Key with its required members."""
        return _encode({_KTY: _OKP, _CRV: _CRV_X25519, _X: self.raw})

    def to_json(self) -> JsonObject:
        """Return the form that payloads carry."""
        return {"kty": "OKP", "crv": "X25519", "x": base64url(self.raw)}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> EncryptionKey:
        """Read the form that payloads carry; raises `KeyShape`, `UnsafeKey`, `Base64Malformed`."""
        if value.get("kty") != "OKP" or value.get("crv") != "X25519":
            raise KeyShape
        return cls(_json_members(value, ("x",))["x"])


def _json_members(value: Mapping[str, object], names: tuple[str, ...]) -> dict[str, bytes]:
    """Return the coordinates of a JSON key that has `kty`, `crv` and exactly `names`."""
    if set(value) != {"kty", "crv", *names}:
        raise KeyShape
    coordinates: dict[str, bytes] = {}
    for name in names:
        text = value[name]
        if not isinstance(text, str):
            raise KeyShape
        coordinates[name] = decode_base64url(text, _COORDINATE)
    return coordinates


def _check_ed25519(raw: bytes) -> None:
    if len(raw) != _COORDINATE:
        raise KeyShape
    # libsodium: canonical encoding, on the curve, in the prime-order subgroup, not of small order.
    if not nacl.bindings.crypto_core_ed25519_is_valid_point(raw):
        raise UnsafeKey(curve="Ed25519")


@lru_cache(maxsize=4096)
def _load_p256(raw: bytes) -> ec.EllipticCurvePublicKey:
    if len(raw) != 2 * _COORDINATE:
        raise KeyShape
    x, y = int.from_bytes(raw[:_COORDINATE], "big"), int.from_bytes(raw[_COORDINATE:], "big")
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise UnsafeKey(curve="P-256") from error


def verify(public_key: PublicKey, message: bytes, signature: bytes) -> None:
    """Check `signature` (64 bytes) by `public_key` over `message`.

    Ed25519 validity is libsodium's. Raises `SignatureLength`, `HighS` or `BadSignature`, all `SignatureError`.
    """
    if len(signature) != SIGNATURE_SIZE:
        raise SignatureLength(found=len(signature), wanted=SIGNATURE_SIZE)
    if public_key.alg == EDDSA:
        try:
            nacl.bindings.crypto_sign_open(signature + message, public_key.raw)
        except nacl.exceptions.BadSignatureError as error:
            raise BadSignature from error
        return
    r, s = int.from_bytes(signature[:_COORDINATE], "big"), int.from_bytes(signature[_COORDINATE:], "big")
    if s > _ORDER_P256 // 2:
        raise HighS
    try:
        _load_p256(public_key.raw).verify(utils.encode_dss_signature(r, s), message, _ECDSA)
    except InvalidSignature as error:
        raise BadSignature from error


class Signer(Protocol):
    """Whoever can sign: a key in memory, a key file, a hardware module.

    Duty: `sign` returns 64 bytes that `verify(self.public, message, …)` accepts, or raises; it never signs two
    meanings with one key, which is why every structure that is signed names its own type.
    """

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`."""
        ...


class Ed25519Signer:
    """Signs with the Ed25519 key of a 32-byte seed (RFC 8032); raises `KeyShape` for another length."""

    __slots__ = ("_public", "_secret")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_SIZE:
            raise KeyShape
        raw, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)
        self._public = PublicKey(EDDSA, raw)

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this signs."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`."""
        return bytes(nacl.bindings.crypto_sign(message, self._secret)[:SIGNATURE_SIZE])


class P256Signer:
    """Signs with a P-256 private key: nonces after RFC 6979, so no randomness is used, and s always the lower one."""

    __slots__ = ("_private", "_public")

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private_key.curve, ec.SECP256R1):
            raise KeyShape
        numbers = private_key.public_key().public_numbers()
        self._private = private_key
        self._public = PublicKey(ES256, numbers.x.to_bytes(_COORDINATE, "big") + numbers.y.to_bytes(_COORDINATE, "big"))

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this signs."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return r ‖ s over `message`, 64 bytes."""
        r, s = utils.decode_dss_signature(self._private.sign(message, _ECDSA_DETERMINISTIC))
        low = min(s, _ORDER_P256 - s)
        return r.to_bytes(_COORDINATE, "big") + low.to_bytes(_COORDINATE, "big")
