"""Checkpoints and cosignatures of both kinds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import MAX_TREE_SIZE
from ledger.notes import (
    Checkpoint,
    Cosigner,
    NoteSignature,
    SignedNote,
    Vkey,
    cosignature_time,
    sign_note,
    verifier_for,
    verify_note,
)
from ledger.notes.cosignature import ed25519_message, ml_dsa_44_message
from ledger.notes.errors import (
    CheckpointFormError,
    CosignatureTimeError,
    KeyNameError,
    NoteSignatureError,
    NoteTextError,
)
from tests.ledger.notes.keys import CHECKPOINT, EDS, LOGS, ORIGIN, PQS, TIME

EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_example_of_the_standard_parses() -> None:
    checkpoint = Checkpoint.parse(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text() == EXAMPLE


@given(st.integers(0, MAX_TREE_SIZE), st.binary(min_size=32, max_size=32))
def test_checkpoints_round_trip(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        (EXAMPLE[:-1], 3),
        (EXAMPLE + "\n", 4),
        (EXAMPLE + "extension\n", 4),
        (EXAMPLE.replace("example.com", ""[:0]).replace("/behind-the-sofa", ""), 1),
        (EXAMPLE.replace("behind", "behind it"), 1),
        (EXAMPLE.replace("behind", "behind+"), 1),
        (EXAMPLE.replace("208", "0208"), 2),
        (EXAMPLE.replace("208", "+208"), 2),
        (EXAMPLE.replace("208", "-208"), 2),
        (EXAMPLE.replace("20852163", "9223372036854775808"), 2),
        (EXAMPLE.replace("20852163", ""), 2),
        (EXAMPLE.replace("=", ""), 3),
        (EXAMPLE.replace("2I=", "2J="), 3),
        (EXAMPLE.replace("CsUYapGG", ""), 3),
    ],
)
def test_malformed_checkpoints_are_refused_with_their_line(text: str, line: int) -> None:
    with pytest.raises(CheckpointFormError) as caught:
        Checkpoint.parse(text)
    assert caught.value.params["line"] == line


def test_a_checkpoint_is_not_made_of_impossible_values() -> None:
    for origin, size, root in (("", 1, bytes(32)), ("a", -1, bytes(32)), ("a", 2**63, bytes(32)), ("a", 1, b"")):
        with pytest.raises(CheckpointFormError):
            Checkpoint(origin, size, root)


def test_the_ed25519_message_is_the_one_printed_in_the_standard() -> None:
    assert ed25519_message(EXAMPLE.encode(), 1_679_315_147) == b"cosignature/v1\ntime 1679315147\n" + EXAMPLE.encode()


def test_the_ml_dsa_message_is_laid_out_as_the_standard_says() -> None:
    root = bytes(range(32))
    assert ml_dsa_44_message("w.example/1", TIME, ORIGIN, 77, root) == (
        b"subtree/v1\n\0"
        b"\x0bw.example/1"
        + TIME.to_bytes(8, "big")
        + b"\x15ledger.example/credit"
        + bytes(8)
        + (77).to_bytes(8, "big")
        + root
    )
    assert ml_dsa_44_message("w", 0, ORIGIN, 8, root, start=4)[-48:-40] == (4).to_bytes(8, "big")


def test_a_subtree_that_does_not_start_the_log_carries_no_time() -> None:
    with pytest.raises(CosignatureTimeError):
        ml_dsa_44_message("w", TIME, ORIGIN, 8, bytes(32), start=4)
    with pytest.raises(KeyNameError):
        ml_dsa_44_message("w" * 256, 0, ORIGIN, 8, bytes(32))


@pytest.mark.parametrize("cosigner", [EDS["north"], PQS["north"]], ids=["ed25519", "ml-dsa-44"])
class TestBothKinds:
    def cosigned(self, cosigner: Cosigner) -> SignedNote:
        return sign_note(CHECKPOINT.text(), [LOGS["north"]]).adding([cosigner.cosign(CHECKPOINT, TIME)])

    def test_a_cosignature_verifies_and_carries_its_time(self, cosigner: Cosigner) -> None:
        note = SignedNote.parse(str(self.cosigned(cosigner)))
        verified = verify_note(note, [verifier_for(Vkey.parse(str(cosigner.vkey)))])
        assert [signature.name for signature in verified.verified] == [cosigner.vkey.name]
        assert cosignature_time(cosigner.vkey, verified.verified[0]) == TIME

    @pytest.mark.parametrize("change", ["origin", "size", "root"])
    def test_it_holds_for_one_checkpoint_only(self, cosigner: Cosigner, change: str) -> None:
        other = {
            "origin": Checkpoint("ledger.example/other", CHECKPOINT.size, CHECKPOINT.root),
            "size": Checkpoint(ORIGIN, CHECKPOINT.size + 1, CHECKPOINT.root),
            "root": Checkpoint(ORIGIN, CHECKPOINT.size, bytes(32)),
        }[change]
        with pytest.raises(NoteSignatureError):
            verify_note(SignedNote(other.text(), self.cosigned(cosigner).signatures), [verifier_for(cosigner.vkey)])

    def test_every_damaged_byte_is_noticed(self, cosigner: Cosigner) -> None:
        good = cosigner.cosign(CHECKPOINT, TIME)
        verifier = verifier_for(cosigner.vkey)
        message = CHECKPOINT.text().encode()
        verifier.verify(message, good.signature)
        for at in (*range(20), len(good.signature) // 2, len(good.signature) - 1):
            wrong = bytearray(good.signature)
            wrong[at] ^= 1
            with pytest.raises(NoteSignatureError):
                verifier.verify(message, bytes(wrong))
        for wrong_length in (good.signature[:-1], good.signature + b"\0", b"", good.signature[8:]):
            with pytest.raises(NoteSignatureError):
                verifier.verify(message, wrong_length)
        with pytest.raises(NoteSignatureError):
            verifier.verify(message, b"\xff" * 8 + good.signature[8:])

    @pytest.mark.parametrize("time", [0, -1, 2**63])
    def test_only_a_real_time_is_signed(self, cosigner: Cosigner, time: int) -> None:
        with pytest.raises(CosignatureTimeError):
            cosigner.cosign(CHECKPOINT, time)

    def test_another_key_under_the_same_name_does_not_verify(self, cosigner: Cosigner) -> None:
        others = EDS if cosigner is EDS["north"] else PQS
        forged = NoteSignature("", b"", others["south"].cosign(CHECKPOINT, TIME).signature)
        with pytest.raises(NoteSignatureError):
            verifier_for(cosigner.vkey).verify(CHECKPOINT.text().encode(), forged.signature)


def test_ml_dsa_commits_to_the_cosigners_name() -> None:
    key = PQS["north"].vkey
    renamed = Vkey("witness.example/other", key.key_type, key.public_key)
    with pytest.raises(NoteSignatureError):
        verifier_for(renamed).verify(CHECKPOINT.text().encode(), PQS["north"].cosign(CHECKPOINT, TIME).signature)


def test_ml_dsa_refuses_texts_it_would_not_cover() -> None:
    blob = PQS["north"].cosign(CHECKPOINT, TIME).signature
    verifier = verifier_for(PQS["north"].vkey)
    with pytest.raises(CheckpointFormError):
        verifier.verify(CHECKPOINT.text().encode() + b"extension\n", blob)
    with pytest.raises(NoteTextError):
        verifier.verify(b"\xff", blob)
