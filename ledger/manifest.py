"""Manifests of batches: the sorted fixed-width rows that one batch root covers (docs/spec/records.md).

A row is subject value ‖ record commitment, 64 bytes. Rows rise strictly, so a manifest is its own index, and two
neighbouring rows prove that a subject is absent. Building proofs is `ledger.manifest_prove`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

from ledger.encoding import DIGEST_SIZE, JsonObject, JsonValue, decode_digest, require_size
from ledger.errors import FormError, NotFoundError, ProofError, Text
from ledger.merkle import MAX_PATH_HASHES, leaf_hash, root_of, verify_inclusion

ROW_SIZE: Final = 64
SUBJECT_SIZE: Final = 32
MAX_ROWS: Final = 2**24
"""Rows of one batch: a row number has 24 bits beside the log index."""
ROW_DOMAIN: Final = b"suyuan/row/1"

_LEAF_HEAD = b"\x00" + ROW_DOMAIN


class ManifestLength(FormError):
    """Not a whole number of rows from 1 to the limit."""

    code = "form.manifest.length"
    what = Text(
        "A manifest has 1 to {limit} rows of 64 bytes; this has {size} bytes.",
        "清单应为 1 至 {limit} 行、每行 64 字节，实际共 {size} 字节。",
    )


class ManifestOrder(FormError):
    """Rows that do not rise strictly."""

    code = "form.manifest.order"
    what = Text("Row {row} of the manifest does not rise above the row before it.", "清单第 {row} 行未严格大于前一行。")
    next_step = Text("Sort the rows bytewise and leave out doubles.", "请按字节排序并去除重复行。")


class RowProofMalformed(FormError):
    """A row proof that has not exactly its members."""

    code = "form.manifest.proof"
    what = Text("The row proof is malformed.", "行证明格式有误。")


class ManifestMismatch(ProofError):
    """A manifest that is not the one a batch names."""

    code = "proof.manifest"
    what = Text("The manifest's {member} is not the one that the batch names.", "清单的 {member} 与批次所载不符。")


class AbsenceUnproven(ProofError):
    """Rows that do not show the absence of a subject."""

    code = "proof.absence"
    what = Text("The rows do not enclose the subject: {detail}.", "所给行未能证明主体不存在：{detail}。")


class RowNotFound(NotFoundError):
    """No such row in the manifest."""

    code = "not_found.row"
    what = Text("The manifest has no such row.", "清单中没有该行。")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read: whole rows, strictly rising."""

    data: bytes

    def __post_init__(self) -> None:
        if not self.data or len(self.data) % ROW_SIZE or len(self.data) > MAX_ROWS * ROW_SIZE:
            raise ManifestLength(size=len(self.data), limit=MAX_ROWS)
        for number, (before, after) in enumerate(pairwise(self.rows()), 1):
            if before >= after:
                raise ManifestOrder(row=number)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.data) // ROW_SIZE

    @property
    def digest(self) -> bytes:
        """SHA-256 of the manifest, by which it is named."""
        return sha256(self.data).digest()

    def rows(self) -> list[bytes]:
        """Return all rows in order."""
        return [self.data[start : start + ROW_SIZE] for start in range(0, len(self.data), ROW_SIZE)]

    def row(self, index: int) -> bytes:
        """Return row `index`; raises `RowNotFound`."""
        if not 0 <= index < self.count:
            raise RowNotFound
        return self.data[index * ROW_SIZE : (index + 1) * ROW_SIZE]

    def leaf_hashes(self) -> list[bytes]:
        """Return the leaf hashes of the batch tree."""
        return [sha256(_LEAF_HEAD + row).digest() for row in self.rows()]

    def root(self) -> bytes:
        """Return the batch root."""
        return root_of(self.leaf_hashes())

    def find_subject(self, subject: bytes) -> range:
        """Return the rows of a 32-byte subject value, an empty range at its place where there are none."""
        require_size(subject, SUBJECT_SIZE, "subject value")
        places = range(self.count)
        first = bisect_left(places, subject, key=self._subject_at)
        return range(first, bisect_right(places, subject, lo=first, key=self._subject_at))

    def find_row(self, subject: bytes, commitment: bytes) -> int:
        """Return the number of the row of this subject and commitment; raises `RowNotFound`."""
        row = _join(subject, commitment)
        index = bisect_left(range(self.count), row, key=self.row)
        if index == self.count or self.row(index) != row:
            raise RowNotFound
        return index

    def _subject_at(self, index: int) -> bytes:
        return self.data[index * ROW_SIZE : index * ROW_SIZE + SUBJECT_SIZE]


def _join(subject: bytes, commitment: bytes) -> bytes:
    require_size(subject, SUBJECT_SIZE, "subject value")
    return subject + require_size(commitment, DIGEST_SIZE, "record commitment")


def build_manifest(rows: Iterable[tuple[bytes, bytes]]) -> Manifest:
    """Sort `(subject value, record commitment)` pairs into a manifest.

    Raises `ManifestLength`, `ManifestOrder` for a pair that comes twice, or `WrongSize`.
    """
    return Manifest(b"".join(sorted(_join(subject, commitment) for subject, commitment in rows)))


def check_manifest(data: bytes, *, digest: bytes, root: bytes, count: int) -> Manifest:
    """Return the manifest `data` if it is the one a batch names by digest, root and count.

    Raises `ManifestMismatch` or as `Manifest`.
    """
    if sha256(data).digest() != digest:
        raise ManifestMismatch(member="SHA-256")
    manifest = Manifest(data)
    if manifest.count != count:
        raise ManifestMismatch(member="count")
    if manifest.root() != root:
        raise ManifestMismatch(member="root")
    return manifest


@dataclass(frozen=True, slots=True)
class RowProof:
    """One row of a batch, its number, and the path to the batch root."""

    index: int
    row: bytes
    path: tuple[bytes, ...]

    @property
    def subject(self) -> bytes:
        """The row's subject value."""
        return self.row[:SUBJECT_SIZE]

    @property
    def commitment(self) -> bytes:
        """The row's record commitment."""
        return self.row[SUBJECT_SIZE:]

    def to_json(self) -> JsonObject:
        """Return the JSON form, all bytes in hex."""
        path: list[JsonValue] = [step.hex() for step in self.path]
        return {"index": self.index, "subject": self.subject.hex(), "commitment": self.commitment.hex(), "path": path}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> RowProof:
        """Read the JSON form; raises `RowProofMalformed` or `DigestMalformed`."""
        if set(value) != {"index", "subject", "commitment", "path"}:
            raise RowProofMalformed
        index, path = value["index"], value["path"]
        if type(index) is not int or not isinstance(path, list) or len(path) > MAX_PATH_HASHES:
            raise RowProofMalformed
        digests: list[bytes] = []
        for text in (value["subject"], value["commitment"], *path):
            if not isinstance(text, str):
                raise RowProofMalformed
            digests.append(decode_digest(text))
        return cls(index, digests[0] + digests[1], tuple(digests[2:]))


def verify_row(proof: RowProof, root: bytes, count: int) -> None:
    """Check that the row stands at its number in the batch of `root` and `count`; raises a `ProofError`."""
    require_size(proof.row, ROW_SIZE, "row")
    verify_inclusion(leaf_hash(ROW_DOMAIN + proof.row), proof.index, count, proof.path, root)


@dataclass(frozen=True, slots=True)
class AbsenceProof:
    """The rows beside the place where a subject would stand; None past either end of the batch."""

    left: RowProof | None
    right: RowProof | None


def verify_absence(subject: bytes, proof: AbsenceProof, root: bytes, count: int) -> None:
    """Check that the batch of `root` and `count` has no row of a 32-byte subject value.

    It shows absence because the nodes that signed "held" checked that the rows rise. Raises `AbsenceUnproven` or
    as `verify_row`.
    """
    require_size(subject, SUBJECT_SIZE, "subject value")
    for row in (proof.left, proof.right):
        if row is not None:
            verify_row(row, root, count)
    before = -1 if proof.left is None else proof.left.index
    after = count if proof.right is None else proof.right.index
    if after != before + 1 or count < 1:
        raise AbsenceUnproven(detail="not neighbours")
    if proof.left is not None and proof.left.subject >= subject:
        raise AbsenceUnproven(detail="left")
    if proof.right is not None and proof.right.subject <= subject:
        raise AbsenceUnproven(detail="right")
