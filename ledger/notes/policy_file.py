"""The text of a policy (C2SP tlog-policy, "Policy file syntax and structure")."""

from __future__ import annotations

import re
from typing import Final

from ledger.notes.encoding import parse_decimal
from ledger.notes.errors import (
    DecimalError,
    PolicyFormError,
    PolicyNameError,
    PolicyQuorumLineError,
    PolicySizeError,
    PolicyThresholdError,
)
from ledger.notes.policy import (
    MAX_POLICY_BYTES,
    MAX_POLICY_ENTRIES,
    NO_QUORUM,
    Policy,
    PolicyGroup,
    PolicyLog,
    PolicyWitness,
)
from ledger.notes.vkey import Vkey

_SPACES = re.compile(r"[ \t]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ALL: Final = "all"
_ANY: Final = "any"


def parse_policy(text: str | bytes) -> Policy:
    """Return the policy of a file; see `Policy.parse`."""
    # Surrogate escapes map octets one to one, so names compare as octet strings.
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    if len(data) > MAX_POLICY_BYTES:
        raise PolicySizeError(got=len(data), limit=MAX_POLICY_BYTES)
    reader = _Reader()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        reader.read(line, number)
    if len(reader.quorums) != 1:
        raise PolicyQuorumLineError(got=len(reader.quorums))
    return Policy(tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups), reader.quorums[0])


def format_policy(policy: Policy) -> str:
    """Return the policy as a file: logs, witnesses, groups, quorum, single spaces, no comments."""
    lines = [_line("log", str(log.vkey), log.url) for log in policy.logs]
    lines += [_line("witness", witness.name, str(witness.vkey), witness.url) for witness in policy.witnesses]
    for group in policy.groups:
        # "all" of one member is also "any"; the number is what both mean, the words are what people read.
        threshold = str(group.threshold)
        if group.threshold == len(group.members):
            threshold = _ALL
        elif group.threshold == 1:
            threshold = _ANY
        lines.append(_line("group", group.name, threshold, *group.members))
    lines.append(_line("quorum", policy.quorum))
    return "".join(lines)


def _line(*words: str | None) -> str:
    return " ".join(word for word in words if word is not None) + "\n"


class _Reader:
    """Collects the lines of a file and remembers which names have been defined so far."""

    def __init__(self) -> None:
        self.logs: list[PolicyLog] = []
        self.witnesses: list[PolicyWitness] = []
        self.groups: list[PolicyGroup] = []
        self.quorums: list[str] = []
        self._defined: set[str] = set()

    def read(self, line: str, number: int) -> None:
        if _FORBIDDEN.search(line):
            raise PolicyFormError(line=number)
        stripped = line.strip(" \t")
        if not stripped or stripped.startswith("#"):
            return
        if len(self.logs) + len(self.witnesses) + len(self.groups) >= MAX_POLICY_ENTRIES + 1:
            raise PolicySizeError(got=number, limit=MAX_POLICY_ENTRIES)
        match _SPACES.split(stripped):
            case ["log", vkey]:
                self.logs.append(PolicyLog(Vkey.parse(vkey)))
            case ["log", vkey, url]:
                self.logs.append(PolicyLog(Vkey.parse(vkey), url))
            case ["witness", name, vkey]:
                self._define_witness(PolicyWitness(name, Vkey.parse(vkey)))
            case ["witness", name, vkey, url]:
                self._define_witness(PolicyWitness(name, Vkey.parse(vkey), url))
            case ["group", name, threshold, *members] if members:
                self._define_group(name, threshold, tuple(members))
            case ["quorum", name]:
                if name != NO_QUORUM and name not in self._defined:
                    raise PolicyNameError(name=name)
                self.quorums.append(name)
            case _:
                raise PolicyFormError(line=number)

    def _define_witness(self, witness: PolicyWitness) -> None:
        self.witnesses.append(witness)
        self._define(witness.name)

    def _define_group(self, name: str, threshold: str, members: tuple[str, ...]) -> None:
        for member in members:
            if member not in self._defined:
                raise PolicyNameError(name=member)
        if threshold in (_ALL, _ANY):
            count = len(members) if threshold == _ALL else 1
        else:
            try:
                count = parse_decimal(threshold)
            except DecimalError:
                raise PolicyThresholdError(name=name, want=threshold, members=len(members)) from None
        self.groups.append(PolicyGroup(name, count, members))
        self._define(name)

    def _define(self, name: str) -> None:
        # A witness may be defined after a group in the file, where the policy's values lose that order.
        if name in self._defined:
            raise PolicyNameError(name=name)
        self._defined.add(name)
