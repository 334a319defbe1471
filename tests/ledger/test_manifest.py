"""Manifests: order, look-up, row proofs and absence."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import manifest as m
from ledger.encoding import DigestMalformed, WrongSize
from ledger.errors import ProofError
from ledger.manifest_prove import ManifestProver, SubjectPresent
from tests.ledger.test_commitment import slow_root


def value(number: int) -> bytes:
    """Return 32 bytes that sort as the number does."""
    return number.to_bytes(32, "big")


PAIRS = st.sets(st.tuples(st.integers(0, 30).map(value), st.integers(0, 3).map(value)), min_size=1, max_size=40)


@given(PAIRS)
def test_a_manifest_is_its_sorted_rows(pairs: set[tuple[bytes, bytes]]) -> None:
    manifest = m.build_manifest(pairs)
    rows = sorted(subject + commitment for subject, commitment in pairs)
    assert manifest.data == b"".join(rows)
    assert manifest.count == len(rows)
    assert manifest.digest == sha256(manifest.data).digest()
    root = slow_root([sha256(b"\x00suyuan/row/1" + row).digest() for row in rows])
    assert manifest.root() == root
    assert m.check_manifest(manifest.data, digest=manifest.digest, root=root, count=len(rows)) == manifest


@given(PAIRS)
def test_every_row_is_found_and_proven_and_every_other_subject_absent(pairs: set[tuple[bytes, bytes]]) -> None:
    manifest = m.build_manifest(pairs)
    root, prover = manifest.root(), ManifestProver(manifest)
    for subject, commitment in pairs:
        index = manifest.find_row(subject, commitment)
        proof = prover.prove_row(index)
        assert (proof.subject, proof.commitment) == (subject, commitment)
        assert m.RowProof.from_json(proof.to_json()) == proof
        m.verify_row(proof, root, manifest.count)
        assert index in manifest.find_subject(subject)
    present = {subject for subject, _ in pairs}
    for number in range(32):
        subject = value(number)
        expected = [index for index, row in enumerate(manifest.rows()) if row[:32] == subject]
        assert list(manifest.find_subject(subject)) == expected
        if subject in present:
            with pytest.raises(SubjectPresent):
                prover.prove_absence(subject)
            continue
        absence = prover.prove_absence(subject)
        m.verify_absence(subject, absence, root, manifest.count)
        for other in present:
            with pytest.raises(m.AbsenceUnproven):
                m.verify_absence(other, absence, root, manifest.count)


def test_rows_that_are_not_neighbours_prove_no_absence() -> None:
    manifest = m.build_manifest((value(n), value(0)) for n in (1, 3, 5))
    root, prover = manifest.root(), ManifestProver(manifest)
    left, middle, right = (prover.prove_row(n) for n in range(3))
    for absence in (
        m.AbsenceProof(left, right),
        m.AbsenceProof(None, right),
        m.AbsenceProof(left, None),
        m.AbsenceProof(None, None),
        m.AbsenceProof(right, left),
        m.AbsenceProof(middle, middle),
    ):
        with pytest.raises(m.AbsenceUnproven):
            m.verify_absence(value(4), absence, root, 3)
    with pytest.raises(m.AbsenceUnproven):
        m.verify_absence(value(4), m.AbsenceProof(None, None), root, 0)


def test_a_changed_row_proof_fails() -> None:
    manifest = m.build_manifest((value(n), value(0)) for n in range(5))
    root, proof = manifest.root(), ManifestProver(manifest).prove_row(2)
    lies = [replace(proof, index=3), replace(proof, row=bytes(64)), replace(proof, path=proof.path[1:])]
    for lie in lies:
        with pytest.raises(ProofError):
            m.verify_row(lie, root, 5)
    with pytest.raises(ProofError):
        m.verify_row(proof, root, 9)
    with pytest.raises(WrongSize):
        m.verify_row(replace(proof, row=b""), root, 5)


def test_forms() -> None:
    for data in (b"", bytes(63), bytes(65)):
        with pytest.raises(m.ManifestLength):
            m.Manifest(data)
    row = value(1) + value(1)
    for data in (row + row, row + bytes(64)):
        with pytest.raises(m.ManifestOrder):
            m.Manifest(data)
    with pytest.raises(m.ManifestOrder):
        m.build_manifest([(value(1), value(1))] * 2)
    with pytest.raises(WrongSize):
        m.build_manifest([(b"", value(1))])
    manifest = m.Manifest(row)
    for index in (-1, 1):
        with pytest.raises(m.RowNotFound):
            manifest.row(index)
    for subject in (value(0), value(1), value(2)):
        with pytest.raises(m.RowNotFound):
            manifest.find_row(subject, value(2))


def test_a_batch_names_one_manifest() -> None:
    manifest = m.build_manifest([(value(1), value(1))])
    digest, root = manifest.digest, manifest.root()
    for d, r, n in ((bytes(32), root, 1), (digest, bytes(32), 1), (digest, root, 2)):
        with pytest.raises(m.ManifestMismatch):
            m.check_manifest(manifest.data, digest=d, root=r, count=n)


def test_malformed_row_proofs() -> None:
    good = ManifestProver(m.build_manifest([(value(1), value(1)), (value(2), value(1))])).prove_row(0).to_json()
    for bad in (
        {},
        {**good, "index": "0"},
        {**good, "path": "x"},
        {**good, "path": [1]},
        {**good, "more": 1},
        {**good, "path": ["0" * 64] * 64},
    ):
        with pytest.raises(m.RowProofMalformed):
            m.RowProof.from_json(bad)
    with pytest.raises(DigestMalformed):
        m.RowProof.from_json({**good, "subject": "x"})
