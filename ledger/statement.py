"""Statements: what members sign and the ledger orders (docs/spec/statement.md).

A statement is a COSE_Sign1 whose protected header has exactly the labels 1, 3, 4, 15 and 16, whose unprotected header
is empty and whose payload is JSON in RFC 8785 form. Its id is the RFC 9162 leaf hash of its bytes.

Every payload has `v` (1), `kind` and `sub` (the same as in the header) beside the fields of its kind; what those
fields may be is the business of `ledger.kinds`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import cbor2
import msgspec

from ledger.cose import (
    HEADER_ALG,
    HEADER_CONTENT_TYPE,
    HEADER_CWT_CLAIMS,
    HEADER_KID,
    HEADER_TYP,
    AlgorithmMismatch,
    KidMismatch,
    ProtectedMalformed,
    Sign1,
    read_plain_sign1,
    sig_structure,
)
from ledger.encoding import MAX_SAFE_INTEGER, JsonObject, decode_json_object, encode_json, load_cbor
from ledger.errors import SuyuanError
from ledger.keys import EDDSA, ES256, SIGNATURE_SIZE, PublicKey, Signer, verify
from ledger.merkle import leaf_hash
from ledger.statement_errors import (
    HeaderLabels,
    PayloadTooLarge,
    ReservedField,
    SequenceEmpty,
    SequenceItem,
    SequenceTooLong,
    SignatureSize,
    StatementTooLarge,
    SubjectMismatch,
    TrailingBytes,
    WrongAlgorithm,
    WrongClaims,
    WrongContentType,
    WrongKid,
    WrongKind,
    WrongTyp,
    WrongVersion,
)

CONTENT_TYPE: Final = "application/suyuan+json"
STATEMENT_TYP: Final = "application/suyuan-statement+cose"
PAYLOAD_VERSION: Final = 1
MAX_PAYLOAD_SIZE: Final = 60_000
"""Bytes of a statement's payload."""
MAX_ENTRY_SIZE: Final = 65_535
"""Bytes of a log entry: an entry bundle writes the length in 16 bits (C2SP tlog-tiles)."""
MAX_SEQUENCE: Final = 1000
"""Statements in one CBOR sequence."""
CTI_SIZE: Final = 16
COMMON_FIELDS: Final = frozenset(("v", "kind", "sub"))
"""Payload fields that the statement itself fills in."""

_CLAIM_ISS, _CLAIM_SUB, _CLAIM_AUD, _CLAIM_IAT, _CLAIM_CTI = 1, 2, 3, 6, 7
_KID_SIZE = 32
_KIND = re.compile(r"[a-z]+\.[a-z]+")
_ISS = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_AUD = re.compile(r"[^\s+#]{1,255}#[0-9a-f]{64}")
_HEADER_LABELS = [HEADER_ALG, HEADER_CONTENT_TYPE, HEADER_KID, HEADER_CWT_CLAIMS, HEADER_TYP]
_CLAIM_LABELS = [_CLAIM_ISS, _CLAIM_SUB, _CLAIM_AUD, _CLAIM_IAT, _CLAIM_CTI]


class Statement(msgspec.Struct, frozen=True):
    """A statement as read: well formed, its signature not yet checked."""

    raw: bytes
    """The bytes as signed and logged."""
    leaf: bytes
    """RFC 9162 leaf hash of `raw`, 32 bytes."""
    digest: bytes
    """SHA-256 of the Sig_structure, 32 bytes: the same for every signature over the same content."""
    alg: int
    kid: bytes
    iss: str
    sub: str
    aud: str
    iat: int
    """Seconds since 1970-01-01 UTC."""
    cti: bytes
    kind: str
    payload: JsonObject
    to_be_signed: bytes
    """The Sig_structure."""
    signature: bytes

    @property
    def statement_id(self) -> str:
        """The leaf hash in lower-case hex."""
        return self.leaf.hex()

    @property
    def local_id(self) -> str:
        """The id that the issuer chose: the last part of `sub`."""
        return self.sub.rpartition(":")[2]


def subject_urn(kind: str, iss: str, local_id: str) -> str:
    """Return `urn:suyuan:<kind before the dot>:<iss>:<id>`; raises `WrongKind`, `WrongClaims`, `SubjectMismatch`."""
    if _KIND.fullmatch(kind) is None:
        raise WrongKind
    if _ISS.fullmatch(iss) is None:
        raise WrongClaims(claim=_CLAIM_ISS)
    if _ID.fullmatch(local_id) is None:
        raise SubjectMismatch
    return f"urn:suyuan:{kind.partition('.')[0]}:{iss}:{local_id}"


def audience(origin: str, genesis_leaf: bytes) -> str:
    """Return the `aud` of a ledger: `<origin>#<genesis leaf hash, hex>`."""
    return f"{origin}#{genesis_leaf.hex()}"


def build_statement(
    signer: Signer,
    *,
    iss: str,
    kind: str,
    sub_id: str,
    aud: str,
    iat: int,
    cti: bytes,
    payload: Mapping[str, object],
) -> bytes:
    """Sign one statement and return its bytes; `payload` has the fields of the kind only.

    `cti` is 16 random bytes, `iat` seconds since 1970. Raises the errors of `decode_statement`, and `ReservedField`.
    """
    reserved = COMMON_FIELDS.intersection(payload)
    if reserved:
        raise ReservedField(field=min(reserved))
    sub = subject_urn(kind, iss, sub_id)
    body = encode_json({"v": PAYLOAD_VERSION, "kind": kind, "sub": sub, **payload})
    if len(body) > MAX_PAYLOAD_SIZE:
        raise PayloadTooLarge(size=len(body), limit=MAX_PAYLOAD_SIZE)
    _check_claims(iss, sub, aud, iat, cti)
    key = signer.public
    protected = _encode_protected(key.alg, key.thumbprint, (iss, sub, aud, iat, cti))
    signature = signer.sign(sig_structure(protected, body))
    return Sign1(protected, {}, body, signature).encode()


def _encode_protected(alg: int, kid: bytes, claims: tuple[str, str, str, int, bytes]) -> bytes:
    # All labels are one byte long, so rising labels are the deterministic order and the plain encoder keeps it.
    header = {
        HEADER_ALG: alg,
        HEADER_CONTENT_TYPE: CONTENT_TYPE,
        HEADER_KID: kid,
        HEADER_CWT_CLAIMS: dict(zip(_CLAIM_LABELS, claims, strict=True)),
        HEADER_TYP: STATEMENT_TYP,
    }
    return bytes(cbor2.dumps(header))


def _check_claims(iss: object, sub: object, aud: object, iat: object, cti: object) -> tuple[str, str, str, int, bytes]:
    if type(iss) is not str or _ISS.fullmatch(iss) is None:
        raise WrongClaims(claim=_CLAIM_ISS)
    if type(sub) is not str:
        raise WrongClaims(claim=_CLAIM_SUB)
    if type(aud) is not str or _AUD.fullmatch(aud) is None:
        raise WrongClaims(claim=_CLAIM_AUD)
    if type(iat) is not int or not 0 <= iat <= MAX_SAFE_INTEGER:
        raise WrongClaims(claim=_CLAIM_IAT)
    if type(cti) is not bytes or len(cti) != CTI_SIZE:
        raise WrongClaims(claim=_CLAIM_CTI)
    return iss, sub, aud, iat, cti


def decode_statement(data: bytes) -> Statement:
    """Read a statement that fills `data`, strictly; the signature is left to `verify_statement`.

    Raises a `FormError`: each way of being wrong has its own code, all of them in `ledger.statement_errors`,
    `ledger.cose` and `ledger.encoding`.
    """
    if len(data) > MAX_ENTRY_SIZE:
        raise StatementTooLarge(size=len(data), limit=MAX_ENTRY_SIZE)
    protected, body, signature, end = read_plain_sign1(data)
    if end != len(data):
        raise TrailingBytes(count=len(data) - end)
    return _from_parts(data, protected, body, signature)


def _from_parts(raw: bytes, protected: bytes, body: bytes, signature: bytes) -> Statement:
    if len(body) > MAX_PAYLOAD_SIZE:
        raise PayloadTooLarge(size=len(body), limit=MAX_PAYLOAD_SIZE)
    if len(signature) != SIGNATURE_SIZE:
        raise SignatureSize(found=len(signature), wanted=SIGNATURE_SIZE)
    alg, kid, (iss, sub, aud, iat, cti) = _decode_protected(protected)
    payload = decode_json_object(body)
    kind = payload.get("kind")
    if type(payload.get("v")) is not int or payload["v"] != PAYLOAD_VERSION:
        raise WrongVersion(wanted=PAYLOAD_VERSION)
    if type(kind) is not str or _KIND.fullmatch(kind) is None:
        raise WrongKind
    prefix = f"urn:suyuan:{kind.partition('.')[0]}:{iss}:"
    if payload.get("sub") != sub or not sub.startswith(prefix) or _ID.fullmatch(sub, len(prefix)) is None:
        raise SubjectMismatch
    to_be_signed = sig_structure(protected, body)
    return Statement(
        raw=raw,
        leaf=leaf_hash(raw),
        digest=sha256(to_be_signed).digest(),
        alg=alg,
        kid=kid,
        iss=iss,
        sub=sub,
        aud=aud,
        iat=iat,
        cti=cti,
        kind=kind,
        payload=payload,
        to_be_signed=to_be_signed,
        signature=signature,
    )


def _decode_protected(protected: bytes) -> tuple[int, bytes, tuple[str, str, str, int, bytes]]:
    header = load_cbor(protected)
    if not isinstance(header, dict):
        raise ProtectedMalformed
    if set(header) != set(_HEADER_LABELS):
        raise HeaderLabels
    alg, kid, claims = header[HEADER_ALG], header[HEADER_KID], header[HEADER_CWT_CLAIMS]
    if type(alg) is not int or alg not in (EDDSA, ES256):
        raise WrongAlgorithm(found=str(alg))
    if header[HEADER_CONTENT_TYPE] != CONTENT_TYPE:
        raise WrongContentType(wanted=CONTENT_TYPE)
    if header[HEADER_TYP] != STATEMENT_TYP:
        raise WrongTyp(wanted=STATEMENT_TYP)
    if type(kid) is not bytes or len(kid) != _KID_SIZE:
        raise WrongKid
    if not isinstance(claims, dict):
        raise WrongClaims(claim=HEADER_CWT_CLAIMS)
    for label in set(claims).symmetric_difference(_CLAIM_LABELS):
        raise WrongClaims(claim=str(label))
    checked = _check_claims(*(claims[label] for label in _CLAIM_LABELS))
    if _encode_protected(alg, kid, checked) != protected:
        raise ProtectedMalformed
    return alg, kid, checked


def verify_statement(statement: Statement, public_key: PublicKey) -> None:
    """Check the signature by the key that the header names.

    Raises `AlgorithmMismatch`, `KidMismatch` or what `ledger.keys.verify` raises.
    """
    if statement.alg != public_key.alg:
        raise AlgorithmMismatch(header=statement.alg, key=public_key.alg)
    if statement.kid != public_key.thumbprint:
        raise KidMismatch
    verify(public_key, statement.to_be_signed, statement.signature)


def decode_sequence(data: bytes, limit: int = MAX_SEQUENCE) -> list[Statement]:
    """Read a CBOR sequence (RFC 8742) of 1 to `limit` statements.

    Raises `SequenceEmpty`, `SequenceTooLong`, or `SequenceItem` with the position (from 0) and code of the bad one.
    """
    if not data:
        raise SequenceEmpty
    statements: list[Statement] = []
    start = 0
    while start < len(data):
        if len(statements) == limit:
            raise SequenceTooLong(limit=limit)
        try:
            protected, body, signature, end = read_plain_sign1(data, start)
            if end - start > MAX_ENTRY_SIZE:
                raise StatementTooLarge(size=end - start, limit=MAX_ENTRY_SIZE)
            statements.append(_from_parts(data[start:end], protected, body, signature))
        except SuyuanError as error:
            raise SequenceItem(position=len(statements), cause=error.stable_code) from error
        start = end
    return statements
