"""Signed notes and verifier keys, with the examples printed in C2SP signed-note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.notes import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Ed25519NoteSigner,
    KeyType,
    NoteSignature,
    SignedNote,
    Vkey,
    sign_note,
    verifier_for,
    verify_note,
)
from ledger.notes.encoding import decode_base64, decode_hash, encode_base64, parse_decimal
from ledger.notes.errors import (
    Base64Error,
    DecimalError,
    KeyNameError,
    KeyPointError,
    KeyTypeError,
    NoteLayoutError,
    NoteSignatureError,
    NoteSizeError,
    NoteTextError,
    SignatureCountError,
    SignatureLineError,
    UnsignedNoteError,
    VkeyError,
)
from ledger.notes.vkey import PUBLIC_KEY_SIZE, check_key_name
from tests.ledger.notes.keys import EDS, LOGS, PQS, seed

EXAMPLE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
SIGNER = Ed25519NoteSigner("example.com/one", seed("one"))
OTHER = Ed25519NoteSigner("example.com/two", seed("two"))
LINE = sign_note("a\n", [SIGNER]).signatures[0].line()

names = st.text(
    st.characters(codec="utf-8", exclude_characters="+", min_codepoint=0x21), min_size=1, max_size=40
).filter(lambda name: not any(char.isspace() for char in name))
texts = st.text(st.characters(codec="utf-8", min_codepoint=0x20) | st.just("\n")).map(lambda text: text + "\n")


def test_the_example_of_the_standard_verifies() -> None:
    vkey = Vkey.parse(EXAMPLE_VKEY)
    assert (vkey.name, vkey.key_type, vkey.key_id.hex()) == ("example.com/foo", KeyType.ED25519, "530d903a")
    assert str(vkey) == EXAMPLE_VKEY
    note = SignedNote.parse(EXAMPLE_NOTE)
    verified = verify_note(note, [verifier_for(vkey)])
    assert verified.text == "This is an example message.\n"
    assert verified.verified == note.signatures
    assert str(note) == EXAMPLE_NOTE


def test_the_text_may_hold_blank_lines() -> None:
    text = "sta solo\n\n\ned è subito sera.\n"
    note = SignedNote.parse(str(sign_note(text, [SIGNER])))
    assert note.text == text
    verify_note(note, [verifier_for(SIGNER.vkey)])


@given(texts, st.lists(st.tuples(names, st.binary(min_size=5, max_size=90)), min_size=1, max_size=6))
def test_notes_round_trip(text: str, lines: list[tuple[str, bytes]]) -> None:
    note = SignedNote(text, tuple(NoteSignature(name, blob[:4], blob[4:]) for name, blob in lines))
    assert SignedNote.parse(str(note)) == note
    assert SignedNote.parse(str(note).encode()) == note


@given(texts)
def test_signed_notes_verify_and_changed_ones_do_not(text: str) -> None:
    note = SignedNote.parse(str(sign_note(text, [SIGNER, OTHER])))
    verifier = verifier_for(SIGNER.vkey)
    verified = verify_note(note, [verifier])
    assert [signature.name for signature in verified.verified] == [SIGNER.name]
    assert [signature.name for signature in verified.unknown] == [OTHER.name]
    with pytest.raises(NoteSignatureError):
        verify_note(SignedNote("x" + text, note.signatures), [verifier])


def test_unknown_keys_are_ignored_even_with_a_known_name_or_id() -> None:
    good = sign_note("a\n", [SIGNER])
    same_name = NoteSignature(SIGNER.name, b"\0\0\0\1", bytes(64))
    same_id = NoteSignature("example.com/three", SIGNER.key_id, bytes(64))
    verified = verify_note(good.adding([same_name, same_id]), [verifier_for(SIGNER.vkey)])
    assert verified.unknown == (same_name, same_id)


def test_a_known_keys_wrong_signature_spoils_the_note() -> None:
    verifiers = [verifier_for(SIGNER.vkey), verifier_for(OTHER.vkey)]
    good = sign_note("a\n", [SIGNER])
    for blob in (bytes(64), bytes(63), bytes(65), b"x"):
        with pytest.raises(NoteSignatureError):
            verify_note(good.adding([NoteSignature(OTHER.name, OTHER.key_id, blob)]), verifiers)
        with pytest.raises(NoteSignatureError):
            verify_note(good.adding([NoteSignature(SIGNER.name, SIGNER.key_id, blob)]), verifiers)


def test_a_note_no_known_key_signed_is_refused() -> None:
    with pytest.raises(UnsignedNoteError):
        verify_note(sign_note("a\n", [SIGNER]), [verifier_for(OTHER.vkey)])
    with pytest.raises(UnsignedNoteError):
        verify_note(sign_note("a\n", [SIGNER]), [])


@pytest.mark.parametrize(
    ("note", "error"),
    [
        ("", NoteTextError),
        ("a\n", NoteLayoutError),
        ("a\n\n", NoteLayoutError),
        (f"a\n{LINE}", NoteLayoutError),
        (f"a\n\n{LINE}\n", NoteLayoutError),
        (f"a\n\n{LINE}"[:-1], NoteTextError),
        (f"a\tb\n\n{LINE}", NoteTextError),
        (f"a\r\n\n{LINE}", NoteTextError),
        (f"a\0\n\n{LINE}", NoteTextError),
        (f"\ud800\n\n{LINE}", NoteTextError),
        (f"a\n\n{LINE}b\n", SignatureLineError),
        (f"a\n\n{LINE}".replace("— ", "- "), SignatureLineError),
        (f"a\n\n{LINE}".replace("— ", "—  "), SignatureLineError),
        (f"a\n\n{LINE}".replace("— ", "—"), SignatureLineError),
        (f"a\n\n {LINE}", SignatureLineError),
        (f"a\n\n{LINE}".replace("/one ", "/one  "), SignatureLineError),
        (f"a\n\n{LINE}".replace("/one", "+one"), SignatureLineError),
        (f"a\n\n{LINE}".replace("/one", "\u00a0one"), SignatureLineError),
        (f"a\n\n{LINE}".replace("=\n", "\n"), SignatureLineError),
        (f"a\n\n{LINE}".replace("=\n", "= \n"), SignatureLineError),
        ("a\n\n— name\n", SignatureLineError),
        ("a\n\n— name \n", SignatureLineError),
        ("a\n\n— name AAAAAA==\n", SignatureLineError),
        ("a\n\n— name AAAAAAB=\n", SignatureLineError),
    ],
)
def test_malformed_notes_are_refused(note: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        SignedNote.parse(note)


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(NoteTextError):
        SignedNote.parse(b"\xff\n\n" + LINE.encode())


def test_the_number_of_signatures_is_bounded_above_sixteen() -> None:
    lines = [NoteSignature("n", number.to_bytes(4, "big"), b"x") for number in range(MAX_SIGNATURES + 1)]
    text = "a\n\n" + "".join(line.line() for line in lines[:MAX_SIGNATURES])
    assert MAX_SIGNATURES >= 16
    assert len(SignedNote.parse(text).signatures) == MAX_SIGNATURES
    with pytest.raises(SignatureCountError):
        SignedNote.parse(text + lines[-1].line())
    with pytest.raises(SignatureCountError):
        SignedNote("a\n", ()).adding(lines)


def test_the_length_of_a_note_is_bounded() -> None:
    text = "a" * (MAX_NOTE_BYTES - len(LINE.encode()) - 2) + f"\n\n{LINE}"
    assert len(SignedNote.parse(text).signatures) == 1
    with pytest.raises(NoteSizeError):
        SignedNote.parse("a" + text)


def test_adding_a_signature_twice_changes_nothing() -> None:
    note = sign_note("a\n", [SIGNER])
    assert note.adding(note.signatures) == note


@pytest.mark.parametrize("text", ["", "a", "a\t\n", "a\r\n", "\ud800\n"])
def test_what_is_no_plain_text_is_not_signed(text: str) -> None:
    with pytest.raises(NoteTextError):
        sign_note(text, [SIGNER])


@given(names, st.sampled_from([LOGS["north"].vkey, EDS["north"].vkey, PQS["north"].vkey]))
def test_vkeys_round_trip(name: str, key: Vkey) -> None:
    vkey = Vkey(name, key.key_type, key.public_key)
    assert Vkey.parse(str(vkey)) == vkey


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\u2003b", "a\u0085b", "a\nb", "a\x1fb", "\ud800", "a" * 256, "é" * 128]
)
def test_names_that_cannot_be_key_names(name: str) -> None:
    with pytest.raises(KeyNameError):
        check_key_name(name)


@pytest.mark.parametrize(
    ("vkey", "error"),
    [
        ("", VkeyError),
        ("example.com/foo", VkeyError),
        ("example.com/foo+530d903a", VkeyError),
        (EXAMPLE_VKEY.replace("530d903a", "530D903A"), VkeyError),
        (EXAMPLE_VKEY.replace("530d903a", "530d903b"), VkeyError),
        (EXAMPLE_VKEY.replace("foo", "bar"), VkeyError),
        (EXAMPLE_VKEY[:-1], VkeyError),
        (EXAMPLE_VKEY + "\n", VkeyError),
        (EXAMPLE_VKEY.replace("example.com/foo", ""), KeyNameError),
        (EXAMPLE_VKEY.replace("foo", "f o"), KeyNameError),
        (f"n+00000000+{encode_base64(bytes([2]) + bytes(32))}", KeyTypeError),
        (f"n+00000000+{encode_base64(bytes([255]) + bytes(32))}", KeyTypeError),
        (f"n+00000000+{encode_base64(bytes([1]) + bytes(31))}", VkeyError),
        (f"n+00000000+{encode_base64(bytes([6]) + bytes(32))}", VkeyError),
        ("n+00000000+", VkeyError),
        ("n" * 5000, VkeyError),
    ],
)
def test_malformed_vkeys_are_refused(vkey: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Vkey.parse(vkey)


@pytest.mark.parametrize(
    "point",
    [
        bytes(32),
        b"\x01" + bytes(31),
        b"\xec" + b"\xff" * 30 + b"\x7f",
        b"\xed" + b"\xff" * 30 + b"\x7f",
        b"\xff" * 32,
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    ],
)
def test_unsound_ed25519_keys_are_refused(point: bytes) -> None:
    for key_type in (KeyType.ED25519, KeyType.ED25519_COSIGNATURE):
        with pytest.raises(KeyPointError):
            Vkey("n", key_type, point)


def test_public_keys_have_the_length_of_their_type() -> None:
    for key_type, size in PUBLIC_KEY_SIZE.items():
        with pytest.raises(VkeyError):
            Vkey("n", key_type, bytes(size + 1))


@given(st.integers(0, 2**63 - 1))
def test_decimals_round_trip(value: int) -> None:
    assert parse_decimal(str(value)) == value


@pytest.mark.parametrize(
    "text", ["", "00", "01", "+1", "-1", " 1", "1 ", "1\n", "1_0", "0x1", "١", "9223372036854775808", "1" * 5000]
)
def test_other_spellings_of_numbers_are_refused(text: str) -> None:
    with pytest.raises(DecimalError):
        parse_decimal(text)


def test_decimals_respect_the_callers_limit() -> None:
    assert parse_decimal("5", 5) == 5
    with pytest.raises(DecimalError):
        parse_decimal("6", 5)


@given(st.binary(max_size=100))
def test_base64_round_trips(data: bytes) -> None:
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize(
    "text", ["A", "AA", "AA=", "AB==", "AA==\n", " AA==", "AA==AA==", "A-_A", "AA===", "ÄAAA", "AAAA="]
)
def test_other_base64_is_refused(text: str) -> None:
    with pytest.raises(Base64Error):
        decode_base64(text)


def test_a_hash_line_has_32_bytes() -> None:
    assert decode_hash(encode_base64(bytes(32))) == bytes(32)
    for size in (0, 31, 33):
        with pytest.raises(Base64Error):
            decode_hash(encode_base64(bytes(size)))
