"""COSE receipts (RFC 9942): a node's signature over a root, with the path of one statement or between two sizes.

The payload is detached: it is the root, which the verifier recomputes from the path. Only the root is signed; size
and index are not, so a receipt alone says nothing about the position. Until a quorum checkpoint with its root is
known, a receipt is INCONCLUSIVE; callers decide that, these functions check what is in the receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.cose import HEADER_ALG, HEADER_CWT_CLAIMS, HEADER_KID, Header, NotSign1, Sign1, decode_sign1, sign1
from ledger.cose import verify_sign1 as _verify
from ledger.encoding import DIGEST_SIZE, CborKey, CborValue, decode_canonical, encode_cbor, require_size
from ledger.errors import FormError, Text
from ledger.keys import PublicKey, Signer
from ledger.merkle import MAX_PATH_HASHES, MAX_TREE_SIZE, root_from_inclusion, verify_consistency

HEADER_RECEIPTS: Final = 394
HEADER_VDS: Final = 395
HEADER_VDP: Final = 396
VDS_RFC9162_SHA256: Final = 1
MAX_RECEIPTS: Final = 64
"""Receipts attached to one statement; a consortium has fewer nodes."""

_INCLUSION, _CONSISTENCY = -1, -2
_CLAIM_ISS, _CLAIM_SUB = 1, 2
_KID_SIZE = 32


class ReceiptMalformed(FormError):
    """A receipt that has not exactly the members it must."""

    code = "form.receipt"
    what = Text("The receipt is malformed: {member}.", "回执格式有误：{member}。")


class ReceiptsMalformed(FormError):
    """An unprotected header that holds something else than an array of receipts."""

    code = "form.receipt.attached"
    what = Text("The statement carries something else than an array of receipts.", "陈述所附内容不是回执数组。")


@dataclass(frozen=True, slots=True)
class InclusionReceipt:
    """A receipt for one entry: signing key, `origin`, `sub` of the statement, and the path to the root."""

    kid: bytes
    origin: str
    sub: str
    size: int
    index: int
    path: tuple[bytes, ...]
    message: Sign1


@dataclass(frozen=True, slots=True)
class ConsistencyReceipt:
    """A receipt that the tree of `size2` extends the tree of `size1`."""

    kid: bytes
    origin: str
    size1: int
    size2: int
    path: tuple[bytes, ...]
    message: Sign1


def sign_inclusion_receipt(
    signer: Signer, *, origin: str, sub: str, size: int, index: int, path: Sequence[bytes], root: bytes
) -> bytes:
    """Sign a receipt for the entry at `index` in the tree of `size` and 32-byte `root`; raises `WrongSize`."""
    claims: dict[CborKey, CborValue] = {_CLAIM_ISS: origin, _CLAIM_SUB: sub}
    return _sign(signer, claims, _INCLUSION, [size, index, list(path)], root)


def sign_consistency_receipt(
    signer: Signer, *, origin: str, size1: int, size2: int, path: Sequence[bytes], root2: bytes
) -> bytes:
    """Sign a receipt that the tree of `size2` and `root2` extends the one of `size1`; raises `WrongSize`."""
    return _sign(signer, {_CLAIM_ISS: origin}, _CONSISTENCY, [size1, size2, list(path)], root2)


def _sign(signer: Signer, claims: dict[CborKey, CborValue], kind: int, proof: list[CborValue], root: bytes) -> bytes:
    protected: Header = {HEADER_CWT_CLAIMS: claims, HEADER_VDS: VDS_RFC9162_SHA256}
    proofs: dict[CborKey, CborValue] = {kind: [encode_cbor(proof)]}
    payload = require_size(root, DIGEST_SIZE, "root")
    return sign1(signer, protected, payload, detached=True, unprotected={HEADER_VDP: proofs}).encode()


def parse_inclusion_receipt(data: bytes) -> InclusionReceipt:
    """Read a receipt for one entry; raises `ReceiptMalformed` or the errors of `decode_sign1`."""
    message, kid, claims, (size, index, path) = _parse(data, _INCLUSION)
    origin, sub = claims.get(_CLAIM_ISS), claims.get(_CLAIM_SUB)
    if len(claims) != 2 or not isinstance(origin, str) or not isinstance(sub, str):
        raise ReceiptMalformed(member="claims")
    return InclusionReceipt(kid, origin, sub, size, index, path, message)


def parse_consistency_receipt(data: bytes) -> ConsistencyReceipt:
    """Read a receipt between two sizes; raises `ReceiptMalformed` or the errors of `decode_sign1`."""
    message, kid, claims, (size1, size2, path) = _parse(data, _CONSISTENCY)
    origin = claims.get(_CLAIM_ISS)
    if len(claims) != 1 or not isinstance(origin, str):
        raise ReceiptMalformed(member="claims")
    return ConsistencyReceipt(kid, origin, size1, size2, path, message)


_Proof = tuple[int, int, tuple[bytes, ...]]


def _parse(data: bytes, kind: int) -> tuple[Sign1, bytes, Header, _Proof]:
    message = decode_sign1(data)
    header = message.header()
    kid, claims = header.get(HEADER_KID), header.get(HEADER_CWT_CLAIMS)
    if set(header) != {HEADER_ALG, HEADER_KID, HEADER_CWT_CLAIMS, HEADER_VDS}:
        raise ReceiptMalformed(member="protected header")
    if header[HEADER_VDS] != VDS_RFC9162_SHA256 or type(header[HEADER_VDS]) is not int:
        raise ReceiptMalformed(member="verifiable data structure")
    if not isinstance(kid, bytes) or len(kid) != _KID_SIZE:
        raise ReceiptMalformed(member="kid")
    if not isinstance(claims, dict):
        raise ReceiptMalformed(member="claims")
    if message.payload is not None:
        raise ReceiptMalformed(member="payload is attached")
    proofs = message.unprotected.get(HEADER_VDP)
    if len(message.unprotected) != 1 or not isinstance(proofs, dict) or list(proofs) != [kind]:
        raise ReceiptMalformed(member="proofs")
    items = proofs[kind]
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], bytes):
        raise ReceiptMalformed(member="proofs")
    return message, kid, claims, _parse_proof(decode_canonical(items[0]))


def _parse_proof(value: CborValue) -> _Proof:
    if not isinstance(value, list) or len(value) != 3:
        raise ReceiptMalformed(member="proof")
    first, second, steps = value
    if type(first) is not int or type(second) is not int or not isinstance(steps, list):
        raise ReceiptMalformed(member="proof")
    if not 0 <= first <= MAX_TREE_SIZE or not 0 <= second <= MAX_TREE_SIZE or len(steps) > 2 * MAX_PATH_HASHES:
        raise ReceiptMalformed(member="proof")
    path: list[bytes] = []
    for step in steps:
        if not isinstance(step, bytes) or len(step) != DIGEST_SIZE:
            raise ReceiptMalformed(member="path")
        path.append(step)
    return first, second, tuple(path)


def verify_inclusion_receipt(receipt: InclusionReceipt, leaf: bytes, public_key: PublicKey) -> bytes:
    """Return the 32-byte root that `public_key` signed and that has the entry with leaf hash `leaf`.

    The caller has still to find that root in a checkpoint it trusts. Raises a `ProofError` or a `SignatureError`.
    """
    root = root_from_inclusion(leaf, receipt.index, receipt.size, receipt.path)
    _verify(receipt.message, public_key, root)
    return root


def verify_consistency_receipt(receipt: ConsistencyReceipt, root1: bytes, root2: bytes, public_key: PublicKey) -> None:
    """Check that `public_key` signed `root2` and that its tree extends that of `root1`.

    Raises a `ProofError` or a `SignatureError`.
    """
    verify_consistency(receipt.size1, root1, receipt.size2, root2, receipt.path)
    _verify(receipt.message, public_key, root2)


def attach_receipts(statement: bytes, receipts: Sequence[bytes]) -> bytes:
    """Return the transparent statement: `statement` with the receipts under label 394 (RFC 9943 section 7).

    The statement must have an empty unprotected header; the receipt of a refusal entry is never attached. Raises
    `ReceiptsMalformed`, `ReceiptMalformed` or the errors of `decode_sign1`.
    """
    message = decode_sign1(statement)
    if message.unprotected or not 1 <= len(receipts) <= MAX_RECEIPTS:
        raise ReceiptsMalformed
    for receipt in receipts:
        parse_inclusion_receipt(receipt)
    return Sign1(message.protected, {HEADER_RECEIPTS: list(receipts)}, message.payload, message.signature).encode()


def strip_receipts(transparent: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the statement as logged, and the receipts that a transparent statement carries.

    A statement without receipts comes back unchanged. Raises `ReceiptsMalformed` or the errors of `decode_sign1`.
    """
    message = decode_sign1(transparent)
    if message.payload is None:
        raise NotSign1
    if not message.unprotected:
        return transparent, ()
    attached = message.unprotected.get(HEADER_RECEIPTS)
    if len(message.unprotected) != 1 or not isinstance(attached, list) or not 1 <= len(attached) <= MAX_RECEIPTS:
        raise ReceiptsMalformed
    receipts: list[bytes] = []
    for receipt in attached:
        if not isinstance(receipt, bytes):
            raise ReceiptsMalformed
        receipts.append(receipt)
    return Sign1(message.protected, {}, message.payload, message.signature).encode(), tuple(receipts)
