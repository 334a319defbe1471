"""The proof cases of transparency-dev/merkle: 98 for inclusion and 98 for consistency."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import msgspec
import pytest

from ledger.errors import ProofError
from ledger.merkle import verify_consistency, verify_inclusion

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "merkle-vectors"
EXPECTED = 98


class InclusionCase(msgspec.Struct, rename="camel"):
    leaf_idx: int
    tree_size: int
    root: str | None
    leaf_hash: str | None
    proof: list[str | None] | None
    desc: str
    want_err: bool


class ConsistencyCase(msgspec.Struct, rename="camel"):
    size1: int
    size2: int
    root1: str | None
    root2: str | None
    proof: list[str | None] | None
    desc: str
    want_err: bool


def read_file(name: str) -> bytes:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip("the outside vectors are not beside this checkout")
    return path.read_bytes()


def decode(text: str | None) -> bytes:
    return b64decode(text or "", validate=True)


def path_of(proof: list[str | None] | None) -> list[bytes]:
    return [decode(line) for line in proof or []]


def test_inclusion_cases() -> None:
    cases = msgspec.json.decode(read_file("inclusion.json"), type=list[InclusionCase])
    assert len(cases) == EXPECTED
    wrong: list[str] = []
    for case in cases:
        try:
            verify_inclusion(
                decode(case.leaf_hash), case.leaf_idx, case.tree_size, path_of(case.proof), decode(case.root)
            )
        except ProofError:
            if not case.want_err:
                wrong.append(case.desc)
        else:
            if case.want_err:
                wrong.append(case.desc)
    assert wrong == []


def test_consistency_cases() -> None:
    cases = msgspec.json.decode(read_file("consistency.json"), type=list[ConsistencyCase])
    assert len(cases) == EXPECTED
    wrong: list[str] = []
    for case in cases:
        try:
            verify_consistency(case.size1, decode(case.root1), case.size2, decode(case.root2), path_of(case.proof))
        except ProofError:
            if not case.want_err:
                wrong.append(case.desc)
        else:
            if case.want_err:
                wrong.append(case.desc)
    assert wrong == []
