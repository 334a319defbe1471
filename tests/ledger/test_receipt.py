"""Receipts: for inclusion, for consistency, attached to statements."""

from __future__ import annotations

import pytest

from ledger import receipt as r
from ledger.cose import KidMismatch, NotSign1, Sign1, decode_sign1, sign1
from ledger.encoding import CborKey, CborValue, NotCanonical, WrongSize, encode_cbor
from ledger.errors import ProofError
from ledger.keys import BadSignature
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof
from tests.ledger.keyring import ED, ED2, ORIGIN, P256, sample_statement

STATEMENTS = [sample_statement(f"r-{n}") for n in range(13)]
LEAVES = [leaf_hash(statement) for statement in STATEMENTS]
TREE = MemoryTree(LEAVES)


def receipt_for(index: int, size: int = 13, signer: object = ED) -> bytes:
    """Return the receipt of one statement at a tree size."""
    assert signer in (ED, P256)
    return r.sign_inclusion_receipt(
        ED if signer is ED else P256,
        origin=ORIGIN,
        sub=f"r-{index}",
        size=size,
        index=index,
        path=inclusion_proof(index, size, TREE),
        root=TREE.root(size),
    )


def test_every_leaf_of_every_size() -> None:
    for size in range(1, 14):
        for index in range(size):
            found = r.parse_inclusion_receipt(receipt_for(index, size))
            assert (found.kid, found.origin, found.sub) == (ED.public.thumbprint, ORIGIN, f"r-{index}")
            assert r.verify_inclusion_receipt(found, LEAVES[index], ED.public) == TREE.root(size)
            with pytest.raises(BadSignature):
                r.verify_inclusion_receipt(found, LEAVES[(index + 1) % 13], ED.public)


def test_p256_receipts_and_other_keys() -> None:
    found = r.parse_inclusion_receipt(receipt_for(3, signer=P256))
    assert r.verify_inclusion_receipt(found, LEAVES[3], P256.public) == TREE.root()
    with pytest.raises(KidMismatch):
        r.verify_inclusion_receipt(r.parse_inclusion_receipt(receipt_for(3)), LEAVES[3], ED2.public)


def test_consistency() -> None:
    for size2 in range(1, 14):
        for size1 in range(1, size2 + 1):
            data = r.sign_consistency_receipt(
                ED,
                origin=ORIGIN,
                size1=size1,
                size2=size2,
                path=consistency_proof(size1, size2, TREE),
                root2=TREE.root(size2),
            )
            found = r.parse_consistency_receipt(data)
            assert (found.size1, found.size2, found.origin) == (size1, size2, ORIGIN)
            r.verify_consistency_receipt(found, TREE.root(size1), TREE.root(size2), ED.public)
            with pytest.raises(ProofError):
                r.verify_consistency_receipt(found, bytes(32), TREE.root(size2), ED.public)
            with pytest.raises(KidMismatch):
                r.verify_consistency_receipt(found, TREE.root(size1), TREE.root(size2), ED2.public)
    between = r.sign_consistency_receipt(ED, origin=ORIGIN, size1=1, size2=1, path=[], root2=TREE.root(1))
    with pytest.raises(r.ReceiptMalformed):
        r.parse_inclusion_receipt(between)
    with pytest.raises(r.ReceiptMalformed):
        r.parse_consistency_receipt(receipt_for(0))


def test_attaching_and_stripping() -> None:
    receipts = [receipt_for(4), receipt_for(4, 9)]
    transparent = r.attach_receipts(STATEMENTS[4], receipts)
    assert r.strip_receipts(transparent) == (STATEMENTS[4], tuple(receipts))
    assert r.strip_receipts(STATEMENTS[4]) == (STATEMENTS[4], ())
    with pytest.raises(r.ReceiptsMalformed):
        r.attach_receipts(transparent, receipts)
    with pytest.raises(r.ReceiptsMalformed):
        r.attach_receipts(STATEMENTS[4], [])
    with pytest.raises(r.ReceiptsMalformed):
        r.attach_receipts(STATEMENTS[4], receipts[:1] * (r.MAX_RECEIPTS + 1))
    with pytest.raises(r.ReceiptMalformed):
        r.attach_receipts(STATEMENTS[4], [STATEMENTS[4]])
    message = decode_sign1(STATEMENTS[4])
    bad: list[dict[CborKey, CborValue]] = [{394: b""}, {394: []}, {394: [1]}, {394: [b""], 4: b""}, {4: b""}]
    for unprotected in bad:
        with pytest.raises(r.ReceiptsMalformed):
            r.strip_receipts(Sign1(message.protected, unprotected, message.payload, message.signature).encode())
    with pytest.raises(NotSign1):
        r.strip_receipts(receipt_for(0))


GOOD_HEADER: dict[CborKey, CborValue] = {15: {1: ORIGIN, 2: "s"}, 395: 1}


def proof(value: CborValue) -> dict[CborKey, CborValue]:
    """Return the unprotected header that carries `value` as the one inclusion proof."""
    return {396: {-1: [encode_cbor(value)]}}


HEADERS: list[dict[CborKey, CborValue]] = [
    {**GOOD_HEADER, 395: 2},
    {**GOOD_HEADER, 395: True},
    {**GOOD_HEADER, 16: "x"},
    {395: 1},
    {**GOOD_HEADER, 15: {1: ORIGIN}},
    {**GOOD_HEADER, 15: {1: ORIGIN, 2: "s", 6: 1}},
    {**GOOD_HEADER, 15: {1: 5, 2: "s"}},
    {**GOOD_HEADER, 15: []},
    {**GOOD_HEADER, 4: b"short"},
]
PROOFS: list[dict[CborKey, CborValue]] = [
    {},
    {396: []},
    {396: {-1: []}},
    {396: {-1: [5]}},
    {396: {-1: [b"\x80"]}},
    {**proof([1, 0, []]), 4: b""},
    proof([1, 0]),
    proof(["1", 0, []]),
    proof([1, True, []]),
    proof([1, -1, []]),
    proof([2**63, 0, []]),
    proof([1, 0, [b"x"]]),
    proof([1, 0, ["x" * 32]]),
    proof([1, 0, [bytes(32)] * 200]),
]


def test_malformed_receipts() -> None:
    make = [sign1(ED, header, bytes(32), detached=True, unprotected=proof([1, 0, []])) for header in HEADERS]
    make += [sign1(ED, GOOD_HEADER, bytes(32), detached=True, unprotected=unprotected) for unprotected in PROOFS]
    make.append(sign1(ED, GOOD_HEADER, bytes(32), unprotected=proof([1, 0, []])))
    for message in make:
        with pytest.raises(r.ReceiptMalformed):
            r.parse_inclusion_receipt(message.encode())
    good = sign1(ED, GOOD_HEADER, LEAVES[0], detached=True, unprotected=proof([1, 0, []])).encode()
    assert r.verify_inclusion_receipt(r.parse_inclusion_receipt(good), LEAVES[0], ED.public) == LEAVES[0]
    with pytest.raises(NotCanonical):
        r.parse_inclusion_receipt(good + b"\x00")
    with pytest.raises(WrongSize):
        r.sign_inclusion_receipt(ED, origin=ORIGIN, sub="s", size=1, index=0, path=[], root=b"")
