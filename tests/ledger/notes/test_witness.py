"""Add-checkpoint requests, and the checks before a witness cosigns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofError, SignatureError
from ledger.merkle import EMPTY_ROOT, MAX_PATH_HASHES, MAX_TREE_SIZE, root_of
from ledger.merkle.prove import MemoryTree, consistency_proof
from ledger.notes import (
    AddCheckpoint,
    Checkpoint,
    Ed25519NoteSigner,
    NoteSignature,
    SignedNote,
    check_add_checkpoint,
    parse_signature_lines,
    sign_note,
)
from ledger.notes.encoding import encode_base64
from ledger.notes.errors import (
    CheckpointFormError,
    NoteSignatureError,
    NoteSizeError,
    SignatureLineError,
    UnknownOriginError,
    UnsignedNoteError,
    WitnessConflictError,
    WitnessOldSizeError,
    WitnessRequestError,
)
from ledger.notes.witness import MAX_REQUEST_BYTES
from tests.ledger.notes.keys import CHECKPOINT, EDS, LEAVES, LOGS, ORIGIN, TIME, seed, signed

TREE = MemoryTree(LEAVES)
KEYS = [LOGS["north"].vkey, LOGS["south"].vkey]
HASH = st.binary(min_size=32, max_size=32)


def at(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of(LEAVES[:size]))


def request(old: int, new: int) -> AddCheckpoint:
    path = consistency_proof(old, new, TREE) if old else ()
    return AddCheckpoint(old, path, signed(at(new)))


def test_every_growth_is_admitted() -> None:
    for new in range(len(LEAVES) + 1):
        assert check_add_checkpoint(request(0, new), KEYS, None) == at(new)
        for old in range(new + 1):
            assert check_add_checkpoint(request(old, new), KEYS, at(old)) == at(new)


def test_the_answer_is_signature_lines() -> None:
    lines = [EDS[node].cosign(CHECKPOINT, TIME) for node in ("north", "south")]
    assert parse_signature_lines("".join(line.line() for line in lines)) == tuple(lines)
    for wrong in ("", "\n", lines[0].line()[:-1], "\n" + lines[0].line(), lines[0].line() + "\n"):
        with pytest.raises(SignatureLineError):
            parse_signature_lines(wrong)


@given(st.integers(0, MAX_TREE_SIZE), st.lists(HASH, max_size=MAX_PATH_HASHES))
def test_bodies_round_trip(old: int, path: list[bytes]) -> None:
    body = AddCheckpoint(old, tuple(path), signed())
    assert AddCheckpoint.parse(str(body)) == body
    assert AddCheckpoint.parse(str(body).encode()) == body


def test_the_body_is_laid_out_as_the_standard_says() -> None:
    body = request(5, 12)
    hashes = "".join(encode_base64(value) + "\n" for value in body.path)
    assert str(body) == f"old 5\n{hashes}\n{signed(at(12))}"


GOOD = str(request(5, 12))
LINE = encode_base64(bytes(32))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("\n" + GOOD, 1),
        (GOOD.replace("old 5", "old 05"), 1),
        (GOOD.replace("old 5", "old  5"), 1),
        (GOOD.replace("old 5", "old 9223372036854775808"), 1),
        (GOOD.replace("old 5", "5"), 1),
        ("old 5\n", 1),
        (GOOD.replace("old 5\n", "old 5\nAA==\n"), 2),
        (GOOD.replace("old 5\n", f"old 5\n{LINE}\nold 5\n"), 3),
        (GOOD.replace("old 5\n", "old 5\n" + f"{LINE}\n" * 63), 2),
        ("\ud800" + GOOD, 1),
    ],
)
def test_malformed_bodies_are_refused_with_their_line(text: str, line: int) -> None:
    with pytest.raises(WitnessRequestError) as caught:
        AddCheckpoint.parse(text)
    assert caught.value.params["line"] == line


def test_a_body_has_bounded_length_and_possible_values() -> None:
    with pytest.raises(NoteSizeError):
        AddCheckpoint.parse(b" " * (MAX_REQUEST_BYTES + 1))
    with pytest.raises(WitnessRequestError):
        AddCheckpoint(-1, (), signed())
    with pytest.raises(WitnessRequestError):
        AddCheckpoint(1, (b"short",), signed())


def test_an_unknown_log_is_not_found() -> None:
    other = Checkpoint("ledger.example/other", 0, EMPTY_ROOT)
    note = sign_note(other.text(), [Ed25519NoteSigner(other.origin, seed("other"))])
    with pytest.raises(UnknownOriginError):
        check_add_checkpoint(AddCheckpoint(0, (), note), KEYS, None)


def test_only_the_logs_own_signature_opens_the_door() -> None:
    with pytest.raises(UnsignedNoteError):
        check_add_checkpoint(AddCheckpoint(0, (), signed(log="east")), KEYS, None)
    forged = NoteSignature(ORIGIN, LOGS["north"].key_id, bytes(64))
    with pytest.raises(NoteSignatureError):
        check_add_checkpoint(AddCheckpoint(0, (), SignedNote(CHECKPOINT.text(), (forged,))), KEYS, None)


def test_the_old_size_is_below_the_checkpoint_and_the_one_known() -> None:
    with pytest.raises(WitnessOldSizeError):
        check_add_checkpoint(AddCheckpoint(13, (), signed(at(12))), KEYS, at(13))
    for old, known in ((5, at(6)), (5, None), (0, at(6))):
        with pytest.raises(WitnessConflictError) as caught:
            check_add_checkpoint(request(old, 12), KEYS, known)
        assert caught.value.known_size == (known.size if known else 0)


def test_signatures_are_judged_before_sizes() -> None:
    with pytest.raises(SignatureError):
        check_add_checkpoint(AddCheckpoint(13, (), signed(at(12), log="east")), KEYS, at(5))


def test_a_proof_that_does_not_verify_is_refused() -> None:
    wrong_root = Checkpoint(ORIGIN, 12, bytes(32))
    for body, known in (
        (AddCheckpoint(5, request(5, 12).path[:-1], signed(at(12))), at(5)),
        (AddCheckpoint(5, request(5, 12).path, signed(wrong_root)), at(5)),
        (request(5, 12), Checkpoint(ORIGIN, 5, bytes(32))),
        (AddCheckpoint(0, (bytes(32),), signed(at(12))), None),
        (AddCheckpoint(12, (), signed(wrong_root)), at(12)),
        (AddCheckpoint(0, (), signed(Checkpoint(ORIGIN, 0, bytes(32)))), None),
    ):
        with pytest.raises(ProofError):
            check_add_checkpoint(body, KEYS, known)


def test_a_note_that_is_no_checkpoint_is_malformed() -> None:
    note = sign_note("hello\n", [LOGS["north"]])
    with pytest.raises(CheckpointFormError):
        check_add_checkpoint(AddCheckpoint(0, (), note), KEYS, None)
