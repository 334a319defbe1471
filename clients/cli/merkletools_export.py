"""Export for programs that use the package merkletools: its tree over the ids of a range of statements, signed.

That tree pairs SHA-256(left ‖ right) without telling leaves from nodes and carries an odd last node up, so it proves
less than the log itself does; it is offered for old verifiers only. What is signed is CBOR
["suyuan/export", 1, "merkletools", origin, first, last, count, root, checkpoint], typ application/suyuan-export+cose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from ledger.encoding import base64url, encode_cbor
from ledger.errors import NotFoundError, StateError, Text
from ledger.keys import Signer
from ledger.signed import EXPORT_TYP, sign_object

EXPORT_VERSION: Final = 1
MAX_EXPORT: Final = 100_000
"""Statements in one export."""


class ExportTooLarge(StateError):
    """More statements than one export holds."""

    code = "export.too_large"
    what = Text("The range holds more than {limit} statements.", "该范围内的陈述超过 {limit} 条。")
    next_step = Text("Export smaller ranges.", "请缩小导出范围。")


class ExportedProof(msgspec.Struct, frozen=True):
    """One statement: its id, log index, and the arguments of `validate_proof`: proof and target_hash."""

    id: str
    index: int
    target_hash: str
    proof: list[dict[str, str]]


class Export(msgspec.Struct, frozen=True):
    """The whole file; `signed` is the COSE_Sign1 over range, root and checkpoint, base64url."""

    format: str
    hash: str
    origin: str
    first: int
    last: int
    count: int
    merkle_root: str
    checkpoint: str
    signed: str
    proofs: list[ExportedProof]


@dataclass(frozen=True, slots=True)
class Range:
    """The log indexes from `first` to `last` (both included) of a log, and its signed checkpoint."""

    origin: str
    first: int
    last: int
    checkpoint: str


def build_levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the levels of merkletools' tree over 32-byte leaves, leaves first, root last."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [sha256(below[at] + below[at + 1]).digest() for at in range(0, len(below) - 1, 2)]
        levels.append(above + below[len(below) - len(below) % 2 :])
    return levels


def proof_of(levels: Sequence[Sequence[bytes]], position: int) -> list[dict[str, str]]:
    """Return the proof of a leaf in the form of `get_proof`: each sibling as {"left": hex} or {"right": hex}."""
    proof: list[dict[str, str]] = []
    for level in levels[:-1]:
        sibling = position ^ 1
        if sibling < len(level):
            proof.append({"right" if position % 2 == 0 else "left": level[sibling].hex()})
        position //= 2
    return proof


def export_merkletools(statements: Sequence[tuple[int, str]], covered: Range, signer: Signer) -> Export:
    """Return the export of statements given as (log index, id in hex).

    Raises `NotFoundError` when there is none and `ExportTooLarge`.
    """
    if not statements:
        raise NotFoundError(what_kind="statement", name=f"{covered.first}-{covered.last}")
    if len(statements) > MAX_EXPORT:
        raise ExportTooLarge(limit=MAX_EXPORT)
    levels = build_levels([bytes.fromhex(id_) for _, id_ in statements])
    root = levels[-1][0]
    said = encode_cbor(
        ["suyuan/export", EXPORT_VERSION, "merkletools", covered.origin, covered.first, covered.last,
         len(statements), root, covered.checkpoint]
    )  # fmt: skip
    proofs = [
        ExportedProof(id_, index, id_, proof_of(levels, position)) for position, (index, id_) in enumerate(statements)
    ]
    return Export(
        "merkletools", "sha256", covered.origin, covered.first, covered.last, len(statements), root.hex(),
        covered.checkpoint, base64url(sign_object(signer, EXPORT_TYP, said)), proofs,
    )  # fmt: skip
