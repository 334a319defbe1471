"""Trust policies (C2SP tlog-policy): whose signatures make a checkpoint valid.

With the log itself, a policy is all that an auditor trusts. A checkpoint is valid when a log key of its
origin signed it and the witnesses that cosigned it reach the quorum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ledger.notes.checkpoint import Checkpoint
from ledger.notes.errors import (
    KeyTypeError,
    LogSignatureError,
    PolicyKeyError,
    PolicyNameError,
    PolicyQuorumError,
    PolicySizeError,
    PolicyThresholdError,
)
from ledger.notes.note import SignedNote, VerifiedNote, Verifier, verify_note
from ledger.notes.verifiers import cosignature_time, verifier_for
from ledger.notes.vkey import KeyType, Vkey

MAX_POLICY_ENTRIES: Final = 1024
"""Most logs, witnesses and groups together; the standard recommends at least 32 of each."""
MAX_POLICY_BYTES: Final = 4_000_000
"""Longest policy in bytes."""
NO_QUORUM: Final = "none"
"""The predefined name of a quorum that asks for no cosignature."""

LOG_KEY_TYPES: Final = frozenset({KeyType.ED25519, KeyType.ML_DSA_44_COSIGNATURE})
"""Types a log may sign its own checkpoints with (C2SP tlog-checkpoint, "Signatures")."""
WITNESS_KEY_TYPES: Final = frozenset({KeyType.ED25519_COSIGNATURE, KeyType.ML_DSA_44_COSIGNATURE})
"""Types a witness may cosign with (C2SP tlog-cosignature)."""


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A `log` line: a key whose name is the origin of its log, and optionally where the log answers."""

    vkey: Vkey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A `witness` line: a name within the policy, a cosigner's key, and optionally where it answers."""

    name: str
    vkey: Vkey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyGroup:
    """A `group` line: it has witnessed when at least `threshold` of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


class CosignedBy(NamedTuple):
    """A valid cosignature: the witness's name in the policy, and its POSIX time in seconds."""

    name: str
    time: int


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint that a policy accepts.

    `log_key` is the first log key of its origin that signed; `cosigners` are all valid cosignatures by
    witnesses of the policy, in the policy's order, each key once with its latest time.
    """

    checkpoint: Checkpoint
    log_key: Vkey
    cosigners: tuple[CosignedBy, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Known logs, known witnesses, groups in order of definition, and the quorum's name (or `none`).

    Made only when it is sound: raises `PolicyNameError`, `PolicyKeyError`, `PolicyThresholdError`,
    `PolicySizeError`, `KeyTypeError`.
    """

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    quorum: str
    _verifiers: tuple[Verifier, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        entries = len(self.logs) + len(self.witnesses) + len(self.groups)
        if entries > MAX_POLICY_ENTRIES:
            raise PolicySizeError(got=entries, limit=MAX_POLICY_ENTRIES)
        _check_keys((log.vkey for log in self.logs), LOG_KEY_TYPES)
        _check_keys((witness.vkey for witness in self.witnesses), WITNESS_KEY_TYPES)
        _check_names(self)
        vkeys = [log.vkey for log in self.logs] + [witness.vkey for witness in self.witnesses]
        known: dict[tuple[str, bytes], Vkey] = {}
        for vkey in vkeys:
            # Two keys of one name and key id could not be told apart in a signature line.
            if known.setdefault((vkey.name, vkey.key_id), vkey) != vkey:
                raise PolicyKeyError(name=vkey.name)
        object.__setattr__(self, "_verifiers", tuple(verifier_for(vkey) for vkey in known.values()))

    @classmethod
    def parse(cls, text: str | bytes) -> Policy:
        """Return the policy of a file.

        Non-ASCII octets are opaque, as the standard has it: bytes that are not UTF-8 stay distinct. The last
        line may lack its newline. Raises `PolicyFormError` and its subclasses, `PolicyQuorumLineError` without exactly
        one quorum, and what `Vkey.parse` raises.
        """
        from ledger.notes.policy_file import parse_policy

        return parse_policy(text)

    def __str__(self) -> str:
        from ledger.notes.policy_file import format_policy

        return format_policy(self)

    def is_reached_by(self, witnesses: Iterable[str]) -> bool:
        """Whether cosignatures by these witnesses (names in the policy) would reach the quorum.

        For choosing whom to ask. What relies on a checkpoint calls `verify_checkpoint`, which raises.
        """
        return self.quorum == NO_QUORUM or self.quorum in self._witnessed(set(witnesses))

    def verify_checkpoint(self, signed_note: str | bytes | SignedNote) -> VerifiedCheckpoint:
        """Return the checkpoint of a signed note when this policy accepts it.

        Every signature by a key of the policy is checked, others are ignored. Raises `FormError` classes for the
        note or the checkpoint, `NoteSignatureError` when a known key's signature is wrong, `UnsignedNoteError` and
        `LogSignatureError` when no log key of that origin signed, `PolicyQuorumError` without the quorum, and
        `MlDsaUnavailableError` when a known key's signature cannot be checked here.
        """
        note = signed_note if isinstance(signed_note, SignedNote) else SignedNote.parse(signed_note)
        checkpoint = Checkpoint.parse(note.text)
        verified = verify_note(note, self._verifiers)
        signed = {(signature.name, signature.key_id) for signature in verified.verified}
        for log in self.logs:
            if log.vkey.name == checkpoint.origin and (log.vkey.name, log.vkey.key_id) in signed:
                break
        else:
            raise LogSignatureError(origin=checkpoint.origin)
        cosigners = self._cosigners(verified)
        self._check_quorum({cosigner.name for cosigner in cosigners})
        return VerifiedCheckpoint(checkpoint, log.vkey, cosigners)

    def _cosigners(self, verified: VerifiedNote) -> tuple[CosignedBy, ...]:
        cosigners: list[CosignedBy] = []
        for witness in self.witnesses:
            vkey = witness.vkey
            times = [
                cosignature_time(vkey, signature)
                for signature in verified.verified
                if signature.name == vkey.name and signature.key_id == vkey.key_id
            ]
            if times:
                cosigners.append(CosignedBy(witness.name, max(times)))
        return tuple(cosigners)

    def _witnessed(self, names: set[str]) -> set[str]:
        """Return the names, with those of all groups they satisfy; members stand before their groups."""
        reached = set(names)
        for group in self.groups:
            if sum(member in reached for member in group.members) >= group.threshold:
                reached.add(group.name)
        return reached

    def _check_quorum(self, names: set[str]) -> None:
        reached = self._witnessed(names)
        if self.quorum == NO_QUORUM or self.quorum in reached:
            return
        got, want = 0, 1
        for group in self.groups:
            if group.name == self.quorum:
                got, want = sum(member in reached for member in group.members), group.threshold
        raise PolicyQuorumError(quorum=self.quorum, cosigners=len(names), got=got, want=want)


def check_word(word: str) -> None:
    """Check that a name can stand in a policy: not empty, no space, no control character.

    C2SP tlog-policy, "Character set". Raises `PolicyNameError`.
    """
    if not word or any(char <= " " or char == "\x7f" for char in word):
        raise PolicyNameError(name=ascii(word)[1:-1])


def _check_keys(vkeys: Iterable[Vkey], types: frozenset[KeyType]) -> None:
    seen: set[bytes] = set()
    for vkey in vkeys:
        if vkey.key_type not in types:
            raise KeyTypeError(name=vkey.name, key_type=int(vkey.key_type))
        if vkey.public_key in seen:
            raise PolicyKeyError(name=vkey.name)
        seen.add(vkey.public_key)


def _check_names(policy: Policy) -> None:
    defined: set[str] = set()
    members: set[str] = set()

    def define(name: str) -> None:
        check_word(name)
        if name in defined or name == NO_QUORUM:
            raise PolicyNameError(name=name)
        defined.add(name)

    for url in [log.url for log in policy.logs] + [witness.url for witness in policy.witnesses]:
        if url is not None:
            check_word(url)
    for witness in policy.witnesses:
        define(witness.name)
    for group in policy.groups:
        for member in group.members:
            if member not in defined or member in members:
                raise PolicyNameError(name=member)
            members.add(member)
        if not 1 <= group.threshold <= len(group.members):
            raise PolicyThresholdError(name=group.name, want=group.threshold, members=len(group.members))
        define(group.name)
    if policy.quorum != NO_QUORUM and policy.quorum not in defined:
        raise PolicyNameError(name=policy.quorum)
