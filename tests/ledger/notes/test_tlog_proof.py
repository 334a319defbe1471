"""Proof files: their text, and their offline verification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofError, QuorumError
from ledger.merkle import MAX_PATH_HASHES, MAX_TREE_SIZE
from ledger.merkle.prove import MemoryTree, inclusion_proof
from ledger.notes import Policy, TlogProof, consortium_policy
from ledger.notes.encoding import encode_base64
from ledger.notes.errors import NoteLayoutError, NoteSizeError, ProofFileError
from ledger.notes.tlog_proof import MAX_PROOF_BYTES
from tests.ledger.notes.keys import CHECKPOINT, LEAVES, NODE_KEYS, cosigned

POLICY = consortium_policy(NODE_KEYS)
TREE = MemoryTree(LEAVES)
NOTE = cosigned("north", "south", "east")
HASH = st.binary(min_size=32, max_size=32)


def proof_of(index: int, extra: bytes | None = None) -> TlogProof:
    return TlogProof(index, inclusion_proof(index, len(LEAVES), TREE), NOTE, extra)


@pytest.mark.parametrize("index", range(len(LEAVES)))
def test_every_leaf_is_proven_offline(index: int) -> None:
    text = str(proof_of(index))
    verified = TlogProof.parse(text).verify(LEAVES[index], Policy.parse(str(POLICY)))
    assert verified.checkpoint == CHECKPOINT
    for other in range(len(LEAVES)):
        if other != index:
            with pytest.raises(ProofError):
                TlogProof.parse(text).verify(LEAVES[other], POLICY)
            with pytest.raises(ProofError):
                TlogProof.parse(text.replace(f"index {index}\n", f"index {other}\n")).verify(LEAVES[index], POLICY)


def test_a_proof_without_quorum_proves_nothing() -> None:
    path = inclusion_proof(3, len(LEAVES), TREE)
    with pytest.raises(QuorumError):
        TlogProof(3, path, cosigned("north", "south")).verify(LEAVES[3], POLICY)


def test_the_file_is_laid_out_as_the_standard_says() -> None:
    proof = proof_of(3, b"extra")
    lines = str(proof).split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra ZXh0cmE=", "index 3"]
    assert lines[3 : 3 + len(proof.path)] == [encode_base64(value) for value in proof.path]
    assert str(proof).endswith(f"\n\n{NOTE}")


@given(st.integers(0, MAX_TREE_SIZE), st.lists(HASH, max_size=MAX_PATH_HASHES), st.none() | st.binary(min_size=1))
def test_files_round_trip(index: int, path: list[bytes], extra: bytes | None) -> None:
    proof = TlogProof(index, tuple(path), NOTE, extra)
    assert TlogProof.parse(str(proof)) == proof
    assert TlogProof.parse(str(proof).encode()) == proof


GOOD = str(proof_of(3))
LINE = encode_base64(bytes(32))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("\n\n" + GOOD, 1),
        (GOOD.replace("@v1", "@v2"), 1),
        (GOOD.replace("@v1", "@v1 "), 1),
        (GOOD.replace("\n", "\r\n"), 1),
        ("\ud800" + GOOD, 1),
        (GOOD.replace("index 3", "index 03"), 2),
        (GOOD.replace("index 3", "index  3"), 2),
        (GOOD.replace("index 3", "index -3"), 2),
        (GOOD.replace("index 3\n", ""), 2),
        (GOOD.replace("index 3\n", "index 3\nindex 3\n"), 3),
        (GOOD.replace("index 3\n", "extra \nindex 3\n"), 2),
        (GOOD.replace("index 3\n", "extra AB==\nindex 3\n"), 2),
        (GOOD.replace("index 3\n", "extra AA==\nextra AA==\nindex 3\n"), 3),
        (GOOD.replace("index 3\n", "index 3\nextra AA==\n"), 3),
        (GOOD.replace("index 3\n", f"index 3\n{LINE}\nAA==\n"), 4),
        (GOOD.replace("index 3\n", "index 3\n" + f"{LINE}\n" * 63), 3),
        ("c2sp.org/tlog-proof@v1\nindex 3\n", 4),
    ],
)
def test_malformed_files_are_refused_with_their_line(text: str, line: int) -> None:
    with pytest.raises(ProofFileError) as caught:
        TlogProof.parse(text)
    assert caught.value.params["line"] == line


def test_a_file_needs_a_signed_checkpoint_of_bounded_length() -> None:
    with pytest.raises(NoteLayoutError):
        TlogProof.parse(f"c2sp.org/tlog-proof@v1\nindex 0\n\n{CHECKPOINT.text()}")
    with pytest.raises(NoteSizeError):
        TlogProof.parse(b" " * (MAX_PROOF_BYTES + 1))
    with pytest.raises(ProofFileError):
        TlogProof.parse(b"\xff")


def test_a_proof_is_not_made_of_values_no_file_can_carry() -> None:
    for index, path, extra in ((-1, (), None), (0, (b"",), None), (0, (), b""), (0, (bytes(32),) * 64, None)):
        with pytest.raises(ProofFileError):
            TlogProof(index, path, NOTE, extra)
