"""Proofs over a manifest: that a row is in a batch, that a subject is not. Checking is `ledger.manifest`."""

from __future__ import annotations

from ledger.errors import StateError, Text
from ledger.manifest import AbsenceProof, Manifest, RowProof
from ledger.merkle.prove import MemoryTree, inclusion_proof


class SubjectPresent(StateError):
    """Absence was asked for, but the batch has rows of the subject."""

    code = "state.subject_present"
    what = Text("The batch has rows of this subject, from row {row} on.", "该批次含有此主体的行，自第 {row} 行起。")
    next_step = Text("Ask for a proof of those rows.", "请改为索取这些行的证明。")


class ManifestProver:
    """Holds the batch tree of a manifest, about 64 bytes a row, and proves rows from it."""

    __slots__ = ("_manifest", "_tree")

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._tree = MemoryTree(manifest.leaf_hashes())

    def prove_row(self, index: int) -> RowProof:
        """Return the proof of row `index`; raises `RowNotFound`."""
        row = self._manifest.row(index)
        return RowProof(index, row, inclusion_proof(index, self._manifest.count, self._tree))

    def prove_absence(self, subject: bytes) -> AbsenceProof:
        """Return the proof that a 32-byte subject value is absent; raises `SubjectPresent` or `WrongSize`."""
        found = self._manifest.find_subject(subject)
        if found:
            raise SubjectPresent(row=found.start)
        place = found.start
        left = None if place == 0 else self.prove_row(place - 1)
        right = None if place == self._manifest.count else self.prove_row(place)
        return AbsenceProof(left, right)
