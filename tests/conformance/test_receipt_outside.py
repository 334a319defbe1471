"""Statements and receipts as an independent implementation of SCITT and COSE receipts reads them (scitt-cose)."""

from __future__ import annotations

import pytest
import scitt_cose
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ledger.cose import ProtectedMalformed
from ledger.keys import EDDSA, Ed25519Signer, PublicKey
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree, inclusion_proof
from ledger.receipt import (
    attach_receipts,
    parse_inclusion_receipt,
    sign_inclusion_receipt,
    strip_receipts,
    verify_inclusion_receipt,
)
from ledger.statement import CONTENT_TYPE, decode_statement
from tests.ledger.keyring import ED, ED2, MEMBER, ORIGIN, P256, sample_statement

STATEMENTS = [sample_statement(f"r-{n}", ED if n % 2 else P256) for n in range(11)]
SUBJECTS = [decode_statement(statement).sub for statement in STATEMENTS]


def pem(key: PublicKey) -> bytes:
    """Return the key as PEM, which the other side reads."""
    loaded: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
    if key.alg == EDDSA:
        loaded = ed25519.Ed25519PublicKey.from_public_bytes(key.raw)
    else:
        loaded = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + key.raw)
    return loaded.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_the_outside_verifies_our_statements() -> None:
    for number, statement in enumerate(STATEMENTS):
        key = (ED if number % 2 else P256).public
        parsed = scitt_cose.parse_signed_statement(statement, public_key_pem=pem(key))
        assert parsed["signature_verified"] is True
        assert (parsed["issuer"], parsed["subject"]) == (MEMBER, SUBJECTS[number])
        assert parsed["content_type"] == CONTENT_TYPE
        wrong = scitt_cose.parse_signed_statement(statement, public_key_pem=pem(ED2.public))
        assert wrong["signature_verified"] is False


def test_the_outside_verifies_our_receipts() -> None:
    tree = MemoryTree(leaf_hash(statement) for statement in STATEMENTS)
    for size in range(1, len(STATEMENTS) + 1):
        for index in range(size):
            receipt = sign_inclusion_receipt(
                ED,
                origin=ORIGIN,
                sub=SUBJECTS[index],
                size=size,
                index=index,
                path=inclusion_proof(index, size, tree),
                root=tree.root(size),
            )
            entry = STATEMENTS[index].hex()
            result = scitt_cose.verify_receipt(receipt, leaf_entry_hex=entry, log_public_key_pem=pem(ED.public))
            assert result.ok, result.errors
            assert (result.root, result.tree_size, result.leaf_index) == (tree.root(size).hex(), size, index)
            assert (result.issuer, result.subject) == (ORIGIN, SUBJECTS[index])
            other = STATEMENTS[(index + 1) % len(STATEMENTS)].hex()
            assert not scitt_cose.verify_receipt(receipt, leaf_entry_hex=other, log_public_key_pem=pem(ED.public)).ok
            transparent = attach_receipts(STATEMENTS[index], [receipt])
            assert scitt_cose.extract_receipts(transparent) == [receipt]
            assert scitt_cose.attach_receipts(STATEMENTS[index], [receipt]) == transparent


def test_roots_and_paths_agree_with_the_outside() -> None:
    tree = MemoryTree(leaf_hash(statement) for statement in STATEMENTS)
    entries = [statement.hex() for statement in STATEMENTS]
    for size in range(1, len(entries) + 1):
        assert scitt_cose.merkle_root(entries[:size]) == tree.root(size).hex()
        for index in range(size):
            path = [step.hex() for step in inclusion_proof(index, size, tree)]
            assert scitt_cose.inclusion_proof(entries[:size], index) == path


def test_receipts_from_outside_are_read_only_in_deterministic_form() -> None:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    private_pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = PublicKey(EDDSA, private.public_key().public_bytes_raw())
    receipt = scitt_cose.build_receipt(
        leaf_entry_hex=STATEMENTS[0].hex(),
        leaf_index=0,
        tree_entries_hex=[STATEMENTS[0].hex()],
        alg="EdDSA",
        log_private_key_pem=private_pem,
        iss=ORIGIN,
        sub=SUBJECTS[0],
        kid=key.thumbprint,
    )
    # The other side keeps the order of insertion in its header, which RFC 9052 allows and our format does not.
    with pytest.raises(ProtectedMalformed):
        parse_inclusion_receipt(receipt)
    ours = Ed25519Signer(bytes(range(32)))
    leaf = leaf_hash(STATEMENTS[0])
    same = sign_inclusion_receipt(ours, origin=ORIGIN, sub=SUBJECTS[0], size=1, index=0, path=[], root=leaf)
    assert verify_inclusion_receipt(parse_inclusion_receipt(same), leaf, key) == leaf
    assert strip_receipts(attach_receipts(STATEMENTS[0], [same])) == (STATEMENTS[0], (same,))
