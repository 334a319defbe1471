"""Signed notes (C2SP signed-note): a text, a blank line, and signature lines under it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.notes.encoding import decode_base64, encode_base64
from ledger.notes.errors import (
    Base64Error,
    KeyNameError,
    NoteLayoutError,
    NoteSizeError,
    NoteTextError,
    SignatureCountError,
    SignatureLineError,
    UnsignedNoteError,
)
from ledger.notes.vkey import KEY_ID_SIZE, check_key_name

MAX_SIGNATURES: Final = 100
"""Most signature lines of a note. The standard asks for at least 16; golang's note package stops at 100."""
MAX_NOTE_BYTES: Final = 1_000_000
"""Longest note in bytes of UTF-8, as in golang's note package."""

_DASH: Final = "\u2014 "


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: key name, four-byte key id, and the signature bytes of that key's type."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"


class NoteSigner(Protocol):
    """Someone who can sign a note: a key in memory, or a device that holds one."""

    @property
    def name(self) -> str:
        """Key name."""
        ...

    @property
    def key_id(self) -> bytes:
        """Four bytes, as the vkey has them."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature bytes over the UTF-8 of the note's text, without the key id."""
        ...


class Verifier(Protocol):
    """Someone who can check one key's signatures."""

    @property
    def name(self) -> str:
        """Key name."""
        ...

    @property
    def key_id(self) -> bytes:
        """Four bytes, as the vkey has them."""
        ...

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check signature bytes over the UTF-8 of the note's text.

        Raises `NoteSignatureError` for anything wrong with the signature, `InconclusiveError` when it
        cannot be checked at all.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note as parsed; nothing about its signatures has been checked.

    `text` includes its final newline, not the blank line. `signatures` is in the order of the lines.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    def adding(self, signatures: Iterable[NoteSignature]) -> SignedNote:
        """Return the note with further signatures below; a line that stands there already is not repeated.

        Raises `SignatureCountError` above `MAX_SIGNATURES`.
        """
        merged = tuple(dict.fromkeys((*self.signatures, *signatures)))
        _check_count(len(merged))
        return SignedNote(self.text, merged)

    @classmethod
    def parse(cls, note: str | bytes) -> SignedNote:
        """Return text and signatures of a note, split at its last blank line.

        Raises `NoteSizeError`, `NoteTextError`, `NoteLayoutError`, `SignatureCountError`, `SignatureLineError`.
        """
        whole = _decode(note)
        at = whole.rfind("\n\n")
        if at < 0 or at + 2 == len(whole):
            raise NoteLayoutError
        return cls(whole[: at + 1], parse_signature_lines(whole[at + 2 :]))


@dataclass(frozen=True, slots=True)
class VerifiedNote:
    """A note at least one known key signed; `verified` holds every signature by known keys, all valid."""

    text: str
    verified: tuple[NoteSignature, ...]
    unknown: tuple[NoteSignature, ...]


def check_text(text: str) -> None:
    """Check that `text` can be signed: valid UTF-8, no control characters but newline, newline at the end.

    Raises `NoteTextError`.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise NoteTextError from None
    if not text.endswith("\n") or any(char < " " and char != "\n" for char in text):
        raise NoteTextError


def parse_signature_lines(lines: str) -> tuple[NoteSignature, ...]:
    """Return the signatures of one or more lines, as they stand in a note or a witness's answer.

    Raises `SignatureCountError`, `SignatureLineError` (lines are counted from 1).
    """
    if not lines.endswith("\n"):
        raise SignatureLineError(line=lines.count("\n") + 1)
    split = lines[:-1].split("\n")
    _check_count(len(split))
    return tuple(_parse_line(line, number) for number, line in enumerate(split, 1))


def sign_note(text: str, signers: Iterable[NoteSigner]) -> SignedNote:
    """Return `text` signed by each signer, in their order. Raises `NoteTextError`, `SignatureCountError`."""
    check_text(text)
    message = text.encode("utf-8")
    signatures = tuple(NoteSignature(signer.name, signer.key_id, signer.sign(message)) for signer in signers)
    _check_count(len(signatures))
    return SignedNote(text, signatures)


def verify_note(note: SignedNote, verifiers: Iterable[Verifier]) -> VerifiedNote:
    """Check every signature whose name and key id are known, and ignore the others.

    C2SP signed-note, "Signatures". Raises `NoteSignatureError` when one of a known key is wrong,
    `UnsignedNoteError` when no known key signed.
    """
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    message = note.text.encode("utf-8")
    verified: list[NoteSignature] = []
    unknown: list[NoteSignature] = []
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            unknown.append(signature)
        else:
            verifier.verify(message, signature.signature)
            verified.append(signature)
    if not verified:
        raise UnsignedNoteError
    return VerifiedNote(note.text, tuple(verified), tuple(unknown))


def _decode(note: str | bytes) -> str:
    try:
        data = note.encode("utf-8") if isinstance(note, str) else note
        if len(data) > MAX_NOTE_BYTES:
            raise NoteSizeError(got=len(data), limit=MAX_NOTE_BYTES)
        text = data.decode("utf-8")
    except UnicodeError:
        raise NoteTextError from None
    check_text(text)
    return text


def _check_count(count: int) -> None:
    if count > MAX_SIGNATURES:
        raise SignatureCountError(got=count, limit=MAX_SIGNATURES)


def _parse_line(line: str, number: int) -> NoteSignature:
    name, space, encoded = line[len(_DASH) :].partition(" ")
    if not line.startswith(_DASH) or not space:
        raise SignatureLineError(line=number)
    try:
        check_key_name(name)
        blob = decode_base64(encoded)
    except (KeyNameError, Base64Error):
        raise SignatureLineError(line=number) from None
    if len(blob) <= KEY_ID_SIZE:
        raise SignatureLineError(line=number)
    return NoteSignature(name, blob[:KEY_ID_SIZE], blob[KEY_ID_SIZE:])
