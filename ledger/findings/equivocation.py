"""F-EQUIVOCATION: two signed heads of one log that exclude each other, as evidence that anybody can check.

Two heads exclude each other when they have one size and two roots, or when a consistency proof shows that the larger
tree begins with another tree than the smaller head says. This never follows from a log's own leaves: somebody holds
both notes. The file, extension `.equivocation`, is text:

    suyuan/equivocation@v1
    first <bytes of the first note>
    second <bytes of the second note>
    prefix <base64 of the root that the second tree has at the first size>   (only where the sizes differ)
    <base64 of one hash of the consistency proof from there to the second root, a line each>

    <first note><second note>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import FormError, ProofError, Text
from ledger.findings.judge import Finding
from ledger.merkle.hashing import HASH_SIZE, MAX_PATH_HASHES
from ledger.merkle.verify import verify_consistency
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.encoding import decode_hash, encode_base64, parse_decimal
from ledger.notes.errors import Base64Error, DecimalError
from ledger.notes.note import MAX_NOTE_BYTES, SignedNote, verify_note
from ledger.notes.policy import Policy
from ledger.notes.verifiers import verifier_for
from ledger.notes.vkey import Vkey

HEADER: Final = "suyuan/equivocation@v1"
"""First line of every file."""
EXTENSION: Final = ".equivocation"
"""File name extension."""
MAX_FILE_BYTES: Final = 2 * MAX_NOTE_BYTES + 10_000
"""Longest file in bytes: two notes and the lines above them fit."""
CODE: Final = "F-EQUIVOCATION"
RULE: Final = "C2SP tlog-checkpoint"
"""What is broken: a log has one tree, and who signs a head vouches that it continues every one signed before."""


class EquivocationForm(FormError):
    """The file is not of the form that this module describes."""

    code = "equivocation.form"
    what = Text("Line {line} of the equivocation file is malformed.", "相互矛盾树头文件第 {line} 行格式有误。")


class NoEquivocation(ProofError):
    """The two heads do not exclude each other, or nobody of the policy signed both."""

    code = "equivocation.none"
    what = Text("The two heads prove no equivocation: {detail}.", "两个树头不能证明相互矛盾：{detail}。")
    next_step = Text(
        "Where sizes differ, add the consistency proof of the larger tree; check that the policy is the log's.",
        "规模不同的，请附上较大树的一致性证明；并核对信任策略是否属于该账本。",
    )


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Two signed heads, the smaller one first, not yet checked.

    Where the sizes differ, `prefix` is the root that the second tree has at the first size, and `path` the consistency
    proof from it to the second root. Raises `EquivocationForm` when made with values that no file can carry.
    """

    first: SignedNote
    second: SignedNote
    prefix: bytes | None = None
    path: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.prefix is not None and len(self.prefix) != HASH_SIZE:
            raise EquivocationForm(line=4)
        if len(self.path) > MAX_PATH_HASHES or any(len(value) != HASH_SIZE for value in self.path):
            raise EquivocationForm(line=5)
        if self.path and self.prefix is None:
            raise EquivocationForm(line=4)

    def __str__(self) -> str:
        first, second = str(self.first), str(self.second)
        lines = [HEADER, f"first {len(first.encode())}", f"second {len(second.encode())}"]
        if self.prefix is not None:
            lines.append(f"prefix {encode_base64(self.prefix)}")
        lines += [encode_base64(value) for value in self.path]
        return "\n".join(lines) + f"\n\n{first}{second}"

    @classmethod
    def parse(cls, file: bytes) -> Equivocation:
        """Return the evidence of a file. Raises `EquivocationForm` naming the line, or as `SignedNote.parse`."""
        if len(file) > MAX_FILE_BYTES:
            raise EquivocationForm(line=1)
        head, gap, notes = file.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise EquivocationForm(line=1) from None
        if not gap or lines[0] != HEADER or len(lines) < 3:
            raise EquivocationForm(line=1)
        first, second = (_number(lines[at], word, at + 1) for at, word in ((1, "first "), (2, "second ")))
        if len(notes) != first + second:
            raise EquivocationForm(line=3)
        prefix, path = _proof(lines[3:])
        return cls(SignedNote.parse(notes[:first]), SignedNote.parse(notes[first:]), prefix, path)


@dataclass(frozen=True, slots=True)
class ProvenEquivocation:
    """What evidence proves under a policy: the two heads, and who of the policy signed both.

    A signer is a node or witness by the name of its keys, or a log key as `<origin>+<key id in hex>`.
    """

    first: Checkpoint
    second: Checkpoint
    signers: tuple[str, ...]


def check_equivocation(evidence: Equivocation, policy: Policy) -> ProvenEquivocation:
    """Return what the evidence proves under `policy`.

    Every signature by a key of the policy is checked. Raises `NoEquivocation` where the heads do not exclude each other
    or nobody signed both, `ProofError` classes for a wrong consistency proof, and what reading and verifying notes
    raises.
    """
    first, second = Checkpoint.parse(evidence.first.text), Checkpoint.parse(evidence.second.text)
    _check_exclusion(first, second, evidence)
    keys = _signers_by_key(policy, first.origin)
    verifiers = [verifier_for(vkey) for vkey in keys]
    names = {(vkey.name, vkey.key_id): name for vkey, name in keys.items()}
    signed = [
        {names[signature.name, signature.key_id] for signature in verify_note(note, verifiers).verified}
        for note in (evidence.first, evidence.second)
    ]
    both = tuple(sorted(signed[0] & signed[1]))
    if not both:
        raise NoEquivocation(detail="nobody of the policy signed both")
    return ProvenEquivocation(first, second, both)


def equivocation_findings(proven: ProvenEquivocation, at: int) -> tuple[Finding, ...]:
    """Return one finding a signer; `at` is when (ms) the evidence was found, since heads carry no time."""
    about = f"{proven.first.origin}:{proven.first.size}:{proven.second.size}"
    return tuple(
        Finding(code=CODE, rule=RULE, about=about, party=signer, statements=(), since=at, deadline=None, open=True)
        for signer in proven.signers
    )


def _check_exclusion(first: Checkpoint, second: Checkpoint, evidence: Equivocation) -> None:
    if first.origin != second.origin:
        raise NoEquivocation(detail="they are heads of two logs")
    if first.size == second.size:
        if first.root == second.root:
            raise NoEquivocation(detail="they are one head")
        if evidence.prefix is not None:
            raise NoEquivocation(detail="heads of one size need no consistency proof")
        return
    if first.size > second.size:
        raise NoEquivocation(detail="the larger head stands first")
    if evidence.prefix is None:
        raise NoEquivocation(detail="the sizes differ and there is no consistency proof")
    if evidence.prefix == first.root:
        raise NoEquivocation(detail="the second tree begins with the first")
    verify_consistency(first.size, evidence.prefix, second.size, second.root, evidence.path)


def _signers_by_key(policy: Policy, origin: str) -> Mapping[Vkey, str]:
    """Return who stands behind each key: a cosigner's keys share its name, log keys all have the log's."""
    found = {witness.vkey: witness.vkey.name for witness in policy.witnesses}
    for log in policy.logs:
        if log.vkey.name == origin:
            found[log.vkey] = f"{log.vkey.name}+{log.vkey.key_id.hex()}"
    return found


def _number(line: str, word: str, number: int) -> int:
    if not line.startswith(word):
        raise EquivocationForm(line=number)
    try:
        return parse_decimal(line[len(word) :])
    except DecimalError:
        raise EquivocationForm(line=number) from None


def _proof(lines: list[str]) -> tuple[bytes | None, tuple[bytes, ...]]:
    if not lines:
        return None, ()
    if not lines[0].startswith("prefix "):
        raise EquivocationForm(line=4)
    hashes = list(_hashes([lines[0][len("prefix ") :], *lines[1:]]))
    return hashes[0], tuple(hashes[1:])


def _hashes(lines: list[str]) -> Iterator[bytes]:
    for number, line in enumerate(lines, 4):
        try:
            yield decode_hash(line)
        except Base64Error:
            raise EquivocationForm(line=number) from None
