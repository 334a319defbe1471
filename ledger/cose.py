"""COSE_Sign1 (RFC 9052 section 4.2), tagged, with deterministic encoding and an attached or detached payload."""

from __future__ import annotations

from dataclasses import dataclass

import cbor2

from ledger.encoding import (
    TAG_SIGN1,
    CborKey,
    CborValue,
    decode_canonical,
    encode_cbor,
)
from ledger.errors import FormError, SignatureError, Text
from ledger.keys import PublicKey, Signer, verify

HEADER_ALG = 1
HEADER_CONTENT_TYPE = 3
HEADER_KID = 4
HEADER_CWT_CLAIMS = 15
HEADER_TYP = 16

_CONTEXT = b"\x84\x6aSignature1"
_START = b"\xd2\x84"
_EMPTY_MAP = 0xA0
_SHORT, _ONE_BYTE, _TWO_BYTES, _FOUR_BYTES = 0x40, 0x58, 0x59, 0x5A

Header = dict[CborKey, CborValue]


class NotSign1(FormError):
    """Not a tagged COSE_Sign1 of four members."""

    code = "form.cose.not_sign1"
    what = Text("The bytes are not a tagged COSE_Sign1.", "字节不是带标签的 COSE_Sign1。")


class UnprotectedNotEmpty(FormError):
    """An unprotected header where none may be."""

    code = "form.cose.unprotected"
    what = Text("The unprotected header is not empty.", "非保护头不为空。")
    why = Text("What is not signed is not taken.", "未经签名的内容不予接受。")


class ProtectedMalformed(FormError):
    """A protected header that is no deterministic map."""

    code = "form.cose.protected"
    what = Text("The protected header is not a deterministic CBOR map.", "保护头不是确定性编码的 CBOR 映射。")


class PayloadMissing(FormError):
    """A payload that is detached and was not given, or attached and given again."""

    code = "form.cose.payload"
    what = Text("The payload must be given once: attached or beside the object.", "载荷应且只应给出一次：内嵌或分离。")


class AlgorithmMismatch(SignatureError):
    """The header names another algorithm than the key has."""

    code = "signature.algorithm_mismatch"
    what = Text("The header names algorithm {header}, the key is for {key}.", "头部算法为 {header}，密钥算法为 {key}。")


class KidMismatch(SignatureError):
    """The header names another key."""

    code = "signature.kid_mismatch"
    what = Text("The header names another key than the one given.", "头部所指密钥与所给密钥不同。")


def byte_string(data: bytes) -> bytes:
    """Return the deterministic CBOR byte string over `data`."""
    return bytes(cbor2.dumps(data))


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Return the bytes that are signed: the Sig_structure with empty external data (RFC 9052 section 4.4)."""
    return b"".join((_CONTEXT, byte_string(protected), b"\x40", byte_string(payload)))


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1: `protected` as signed, `unprotected` map, `payload` (None when detached), `signature`."""

    protected: bytes
    unprotected: Header
    payload: bytes | None
    signature: bytes

    def encode(self) -> bytes:
        """Return the tagged deterministic encoding."""
        members: list[CborValue] = [self.protected, self.unprotected, self.payload, self.signature]
        return encode_cbor(cbor2.CBORTag(TAG_SIGN1, members))

    def header(self) -> Header:
        """Return the protected header; raises `ProtectedMalformed`."""
        try:
            value = decode_canonical(self.protected)
        except FormError as error:
            raise ProtectedMalformed from error
        if not isinstance(value, dict):
            raise ProtectedMalformed
        return value


def decode_sign1(data: bytes) -> Sign1:
    """Read a tagged deterministic COSE_Sign1 that fills `data`; raises `NotSign1` or what `decode_canonical` raises."""
    value = decode_canonical(data)
    if not isinstance(value, cbor2.CBORTag):
        raise NotSign1
    members = value.value
    if not isinstance(members, list) or len(members) != 4:
        raise NotSign1
    protected, unprotected, payload, signature = members
    if not isinstance(protected, bytes) or not isinstance(unprotected, dict) or not isinstance(signature, bytes):
        raise NotSign1
    if payload is not None and not isinstance(payload, bytes):
        raise NotSign1
    return Sign1(protected, unprotected, payload, signature)


def sign1(
    signer: Signer,
    protected: Header,
    payload: bytes,
    *,
    detached: bool = False,
    unprotected: Header | None = None,
) -> Sign1:
    """Sign `payload` under `protected` with `alg` and `kid` of the signer added; raises what the signer raises."""
    header = {HEADER_ALG: signer.public.alg, HEADER_KID: signer.public.thumbprint, **protected}
    encoded = encode_cbor(header)
    signature = signer.sign(sig_structure(encoded, payload))
    return Sign1(encoded, {} if unprotected is None else unprotected, None if detached else payload, signature)


def verify_sign1(message: Sign1, public_key: PublicKey, payload: bytes | None = None) -> Header:
    """Check `message` by `public_key` and return its protected header; `payload` is given when it is detached.

    Raises `AlgorithmMismatch`, `KidMismatch`, `PayloadMissing`, `ProtectedMalformed` or a `SignatureError`.
    """
    header = message.header()
    alg = header.get(HEADER_ALG)
    if type(alg) is not int or alg != public_key.alg:
        raise AlgorithmMismatch(header=str(alg), key=public_key.alg)
    if header.get(HEADER_KID) != public_key.thumbprint:
        raise KidMismatch
    signed = payload if message.payload is None else message.payload
    if signed is None or (payload is not None and message.payload is not None):
        raise PayloadMissing
    verify(public_key, sig_structure(message.protected, signed), message.signature)
    return header


def read_plain_sign1(data: bytes, start: int = 0) -> tuple[bytes, bytes, bytes, int]:
    """Read the COSE_Sign1 with an empty unprotected header and an attached payload that begins at `start`.

    Returns protected header, payload, signature and the position after it. Shortest lengths are demanded, so what
    is read is deterministic by construction. This is the hot way in; it raises `NotSign1` or `UnprotectedNotEmpty`.
    """
    if data[start : start + 2] != _START:
        raise NotSign1
    protected, position = _read_bytes(data, start + 2)
    if position >= len(data):
        raise NotSign1
    if data[position] != _EMPTY_MAP:
        raise UnprotectedNotEmpty if 0xA0 < data[position] <= 0xBF else NotSign1
    payload, position = _read_bytes(data, position + 1)
    signature, position = _read_bytes(data, position)
    return protected, payload, signature, position


def _read_bytes(data: bytes, position: int) -> tuple[bytes, int]:
    """Read the byte string at `position` of a length written in the shortest way; returns it and what comes after."""
    first = data[position] if position < len(data) else 0
    if _SHORT <= first < _ONE_BYTE:
        length, begin = first - _SHORT, position + 1
    else:
        width = {_ONE_BYTE: 1, _TWO_BYTES: 2, _FOUR_BYTES: 4}.get(first)
        if width is None:
            raise NotSign1
        begin = position + 1 + width
        length = int.from_bytes(data[position + 1 : begin], "big")
        if length < {1: 24, 2: 256, 4: 65_536}[width]:
            raise NotSign1
    end = begin + length
    if end > len(data):
        raise NotSign1
    return data[begin:end], end
