"""Checkpoints (C2SP tlog-checkpoint): the signed head of a log, without extension lines."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.merkle.hashing import HASH_SIZE, MAX_TREE_SIZE
from ledger.notes.encoding import decode_hash, encode_base64, parse_decimal
from ledger.notes.errors import Base64Error, CheckpointFormError, DecimalError, KeyNameError
from ledger.notes.vkey import check_key_name


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Origin, number of leaves and 32-byte root of a log.

    An origin is also the name of the log's keys, so it obeys the rules of key names. Raises
    `CheckpointFormError` when made with values that no checkpoint can carry.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        try:
            check_key_name(self.origin)
        except KeyNameError:
            raise CheckpointFormError(line=1) from None
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise CheckpointFormError(line=2)
        if len(self.root) != HASH_SIZE:
            raise CheckpointFormError(line=3)

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Return the checkpoint of exactly three lines. Raises `CheckpointFormError` naming the line."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise CheckpointFormError(line=min(len(lines), 4))
        try:
            return cls(lines[0], parse_decimal(lines[1]), decode_hash(lines[2]))
        except DecimalError:
            raise CheckpointFormError(line=2) from None
        except Base64Error:
            raise CheckpointFormError(line=3) from None
