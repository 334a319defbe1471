"""Witness requests (C2SP tlog-witness, "add-checkpoint"): their body, and what must hold before cosigning.

The HTTP status of each error is fixed by the standard: `WitnessRequestError`, `WitnessOldSizeError` and other
form errors 400, `UnknownOriginError` 404, `SignatureError` 403, `WitnessConflictError` 409 with `known_size` as
`text/x.tlog.size`, `ProofError` 422.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.merkle.errors import PathLengthError, RootMismatchError
from ledger.merkle.hashing import EMPTY_ROOT, HASH_SIZE, MAX_PATH_HASHES, MAX_TREE_SIZE
from ledger.merkle.verify import verify_consistency
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.encoding import decode_hash, encode_base64, parse_decimal
from ledger.notes.errors import (
    Base64Error,
    DecimalError,
    NoteSizeError,
    UnknownOriginError,
    WitnessConflictError,
    WitnessOldSizeError,
    WitnessRequestError,
)
from ledger.notes.note import MAX_NOTE_BYTES, SignedNote, verify_note
from ledger.notes.verifiers import verifier_for
from ledger.notes.vkey import Vkey

SIZE_CONTENT_TYPE: Final = "text/x.tlog.size"
"""Content type of a 409 answer, whose body is the known size and a newline."""
MAX_REQUEST_BYTES: Final = MAX_NOTE_BYTES + 4_096
"""Longest add-checkpoint body in bytes: a note, the old line and 63 hash lines fit."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """An add-checkpoint request: the size cosigned before, the consistency path, the signed checkpoint.

    Raises `WitnessRequestError` when made with values that no body can carry.
    """

    old_size: int
    path: tuple[bytes, ...]
    checkpoint: SignedNote

    def __post_init__(self) -> None:
        if not 0 <= self.old_size <= MAX_TREE_SIZE:
            raise WitnessRequestError(line=1)
        if len(self.path) > MAX_PATH_HASHES or any(len(value) != HASH_SIZE for value in self.path):
            raise WitnessRequestError(line=2)

    def __str__(self) -> str:
        hashes = "".join(encode_base64(value) + "\n" for value in self.path)
        return f"old {self.old_size}\n{hashes}\n{self.checkpoint}"

    @classmethod
    def parse(cls, body: str | bytes) -> AddCheckpoint:
        """Return the request of a body.

        Raises `WitnessRequestError` naming the line, `NoteSizeError`, and what `SignedNote.parse` raises.
        """
        try:
            data = body.encode("utf-8") if isinstance(body, str) else body
            if len(data) > MAX_REQUEST_BYTES:
                raise NoteSizeError(got=len(data), limit=MAX_REQUEST_BYTES)
            head, blank, note = data.decode("utf-8").partition("\n\n")
        except UnicodeError:
            raise WitnessRequestError(line=1) from None
        lines = head.split("\n")
        if not lines[0].startswith("old ") or not blank:
            raise WitnessRequestError(line=1)
        path: list[bytes] = []
        number = 1
        try:
            old_size = parse_decimal(lines[0].removeprefix("old "))
            for line in lines[1:]:
                number += 1
                path.append(decode_hash(line))
        except (DecimalError, Base64Error):
            raise WitnessRequestError(line=number) from None
        return cls(old_size, tuple(path), SignedNote.parse(note))


def check_add_checkpoint(request: AddCheckpoint, log_keys: Iterable[Vkey], known: Checkpoint | None) -> Checkpoint:
    """Return the checkpoint that may now be cosigned, in the standard's order of checks.

    `log_keys` are the trusted log keys, whose names are the origins they sign for; `known` is the newest checkpoint
    cosigned for this origin, or None. The caller must store the returned checkpoint as the newest one, by
    compare-and-swap on `known`, before the cosignature leaves. Raises `CheckpointFormError`, `UnknownOriginError`,
    `NoteSignatureError`, `UnsignedNoteError`, `WitnessOldSizeError`, `WitnessConflictError`, `ProofError` classes.
    """
    checkpoint = Checkpoint.parse(request.checkpoint.text)
    verifiers = [verifier_for(vkey) for vkey in log_keys if vkey.name == checkpoint.origin]
    if not verifiers:
        raise UnknownOriginError(origin=checkpoint.origin)
    verify_note(request.checkpoint, verifiers)
    if request.old_size > checkpoint.size:
        raise WitnessOldSizeError(old_size=request.old_size, size=checkpoint.size)
    known_size = 0 if known is None else known.size
    if request.old_size != known_size:
        raise WitnessConflictError(old_size=request.old_size, known_size=known_size)
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise RootMismatchError(computed=EMPTY_ROOT.hex(), expected=checkpoint.root.hex())
    if known is None or known_size == 0:
        if request.path:
            raise PathLengthError(got=len(request.path), want=0)
    else:
        verify_consistency(known_size, known.root, checkpoint.size, checkpoint.root, request.path)
    return checkpoint
