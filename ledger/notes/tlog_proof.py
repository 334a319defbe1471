"""Proof files (C2SP tlog-proof): an entry's index and path, with the checkpoint they lead to.

A file `*.tlog-proof` together with the entry's leaf hash and a policy is verified offline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.merkle.hashing import HASH_SIZE, MAX_PATH_HASHES, MAX_TREE_SIZE
from ledger.merkle.verify import verify_inclusion
from ledger.notes.encoding import decode_base64, decode_hash, encode_base64, parse_decimal
from ledger.notes.errors import Base64Error, DecimalError, NoteSizeError, ProofFileError
from ledger.notes.note import MAX_NOTE_BYTES, SignedNote
from ledger.notes.policy import Policy, VerifiedCheckpoint

PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
"""First line of every proof file."""
PROOF_EXTENSION: Final = ".tlog-proof"
"""File name extension."""
MAX_EXTRA_BYTES: Final = 65_535
"""Longest extra data in bytes; Suyuan itself puts nothing there."""
MAX_PROOF_BYTES: Final = MAX_NOTE_BYTES + 200_000
"""Longest proof file in bytes: a note, 63 hash lines and the extra line fit."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Leaf index, path (32-byte hashes, the leaf's sibling first), signed checkpoint, and extra data.

    `extra` is authenticated by nothing. Raises `ProofFileError` when made with values that no file can carry.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: SignedNote
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if self.extra is not None and not 0 < len(self.extra) <= MAX_EXTRA_BYTES:
            raise ProofFileError(line=2)
        index_line = 2 if self.extra is None else 3
        if not 0 <= self.index <= MAX_TREE_SIZE:
            raise ProofFileError(line=index_line)
        if len(self.path) > MAX_PATH_HASHES or any(len(value) != HASH_SIZE for value in self.path):
            raise ProofFileError(line=index_line + 1)

    def __str__(self) -> str:
        lines = [PROOF_HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines.extend(encode_base64(value) for value in self.path)
        return "\n".join(lines) + f"\n\n{self.checkpoint}"

    @classmethod
    def parse(cls, file: str | bytes) -> TlogProof:
        """Return the proof of a file.

        Raises `ProofFileError` naming the line, `NoteSizeError`, and what `SignedNote.parse` raises.
        """
        try:
            data = file.encode("utf-8") if isinstance(file, str) else file
            if len(data) > MAX_PROOF_BYTES:
                raise NoteSizeError(got=len(data), limit=MAX_PROOF_BYTES)
            head, blank, note = data.decode("utf-8").partition("\n\n")
        except UnicodeError:
            raise ProofFileError(line=1) from None
        lines = head.split("\n")
        if lines[0] != PROOF_HEADER or not blank:
            raise ProofFileError(line=1 if lines[0] != PROOF_HEADER else len(lines) + 1)
        at = 1
        try:
            extra: bytes | None = None
            if len(lines) > at and lines[at].startswith("extra "):
                extra = decode_base64(lines[at].removeprefix("extra "))
                at += 1
            if len(lines) <= at or not lines[at].startswith("index "):
                raise ProofFileError(line=at + 1)
            index = parse_decimal(lines[at].removeprefix("index "))
            path: list[bytes] = []
            for line in lines[at + 1 :]:
                at += 1
                path.append(decode_hash(line))
        except (Base64Error, DecimalError):
            raise ProofFileError(line=at + 1) from None
        return cls(index, tuple(path), SignedNote.parse(note), extra)

    def verify(self, leaf_hash: bytes, policy: Policy) -> VerifiedCheckpoint:
        """Check that the leaf is logged at `index` under a checkpoint that `policy` accepts, and return it.

        Raises as `Policy.verify_checkpoint` and `ledger.merkle.verify.verify_inclusion` do.
        """
        verified = policy.verify_checkpoint(self.checkpoint)
        verify_inclusion(leaf_hash, self.index, verified.checkpoint.size, self.path, verified.checkpoint.root)
        return verified
