"""What a log tells, for the second implementation of findings: statements, block times, and what governance decided.

Nothing of the ledger is imported. Everything is kept as plain lists in the order of the log and looked up by scanning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.conformance.second_bytes import as_bytes, as_int, as_list, as_text, base64url, decode_cbor, decode_json
from tests.conformance.second_statement import due, read_statement, time_ms

TAG_18 = b"\xd2"
DAY_MS = 86_400_000
UNNAMED = {"n": 10, "unit": "working_days"}
"""How long a deadline is that the policy does not name."""
Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """One statement leaf: `rule` is the rule that refused it, None where it was admitted; `time` is its block's."""

    index: int
    time: int
    id: str
    kind: str
    iss: str
    kid: str
    iat: int
    payload: Payload
    rule: str | None


@dataclass(frozen=True)
class Decided:
    """An action of governance that came into effect with the leaf `index`."""

    index: int
    time: int
    action: Payload


@dataclass(frozen=True)
class Duty:
    """What `party` must do by `due` about `about`; `met` is when it did, None while it did not."""

    party: str
    about: str
    due: int
    met: int | None


@dataclass
class Told:
    """A log, or its beginning: `now` is the time of its last block entry."""

    genesis: dict[str, Any] = field(default_factory=dict)
    leaves: list[Said] = field(default_factory=list)
    now: int = 0

    @cached_property
    def said(self) -> list[Said]:
        """Return what was admitted, in order."""
        return [one for one in self.leaves if one.rule is None]

    def of(self, *kinds: str) -> list[Said]:
        """Return the admitted statements of these kinds, in order."""
        return [one for one in self.said if one.kind in kinds]

    @cached_property
    def by_id(self) -> dict[str, Said]:
        """Return the admitted statements by id."""
        return {one.id: one for one in self.said}

    def naming(self, kind: str, name: str, value: str) -> Iterator[Said]:
        """Yield the admitted statements of a kind whose field `name` is `value`."""
        return (one for one in self.of(kind) if one.payload.get(name) == value)

    def one(self, id_: str) -> Said:
        """Return an admitted statement."""
        return self.by_id[id_]

    def deadline(self, at: Said, name: str, start: int | None = None) -> int:
        """Return by when what statement `at` opens is due: from its block's time, or from `start` (both ms)."""
        policy = self.policy(at.index)
        return due(at.time if start is None else start, policy["deadlines"].get(name, UNNAMED), policy["calendar"])

    # Governance

    def policy(self, index: int) -> Payload:
        """Return the policy by which leaf `index` is judged."""
        found: Payload = self.genesis["policy"]
        for decided in self.decided:
            if decided.index < index and decided.action["act"] == "policy.set":
                found = decided.action["policy"]
        return found

    @cached_property
    def decided(self) -> list[Decided]:
        """Return every action that reached the threshold of regulators, in order."""
        found: list[Decided] = []
        roles, status = self._founders()
        threshold = self.genesis["policy"]["governance_threshold"]
        actions: dict[str, Payload] = {}
        approvals: dict[str, set[str]] = {}
        done: set[str] = set()
        for one in self.of("governance.propose", "governance.approve"):
            name = one.id if one.kind == "governance.propose" else one.payload["proposal"]
            if one.kind == "governance.propose":
                actions[name], approvals[name] = one.payload["action"], set()
            approvals[name].add(one.iss)
            counted = [who for who in approvals[name] if "regulator" in roles[who] and status[who] == "active"]
            if name in done or len(counted) < threshold:
                continue
            done.add(name)
            action = actions[name]
            found.append(Decided(one.index, one.time, action))
            if action["act"] == "policy.set":
                threshold = action["policy"]["governance_threshold"]
            elif action["act"] == "member.admit":
                roles[action["member"]["uscc"]] = list(action["member"]["roles"])
                status[action["member"]["uscc"]] = "active"
            elif action["act"] == "member.set_roles":
                roles[action["member"]] = list(action["roles"])
            elif action["act"] in STATUS_AFTER:
                status[action["member"]] = STATUS_AFTER[action["act"]]
        return found

    def _founders(self) -> tuple[dict[str, list[str]], dict[str, str]]:
        members = self.genesis["members"]
        return {one["uscc"]: list(one["roles"]) for one in members}, {one["uscc"]: "active" for one in members}

    def heir(self, uscc: str, index: int) -> str | None:
        """Return who answers for a member just before leaf `index`: itself, its successor, or None for nobody."""
        for decided in self.decided:
            action = decided.action
            if decided.index < index and action["act"] == "member.dissolve" and action["member"] == uscc:
                successor = action.get("successor")
                return None if successor is None else self.heir(successor, index)
        return uscc

    # Records

    @cached_property
    def records(self) -> dict[str, Said]:
        """Return every statement that makes a record, batch or version, by id."""
        return {one.id: one for one in self.of("record.submit", "record.batch", "record.correct")}

    def versions(self, references: Iterable[str], index: int) -> set[str]:
        """Return `references` with every version of them before and after, as known just before leaf `index`."""
        found = set(references)
        while True:
            more = set(found)
            for one in self.of("record.correct"):
                if one.index < index and (one.id in found or one.payload["reference"] in found):
                    more |= {one.id, one.payload["reference"]}
            if more == found:
                return found
            found = more

    def newest(self, reference: str, index: int) -> str:
        """Return the newest version of a record as known before leaf `index`."""
        for one in self.naming("record.correct", "reference", reference):
            if one.index < index:
                return self.newest(one.id, index)
        return reference

    def is_withdrawn(self, reference: str, index: int) -> bool:
        """Say whether a version was withdrawn, or an approved repair ended it, before leaf `index`."""
        if any(one.index < index for one in self.naming("record.withdraw", "reference", reference)):
            return True
        for one in self.naming("repair.decide", "outcome", "approved"):
            if one.index < index:
                repaired = self.one(one.payload["application"]).payload["reference"]
                if self.newest(repaired, one.index) == reference:
                    return True
        return False


STATUS_AFTER = {"member.suspend": "suspended", "member.restore": "active", "member.dissolve": "dissolved"}


def read_log(entries: Sequence[bytes]) -> Told:
    """Return what the entries of a log tell; the last block may be cut off anywhere."""
    told = Told()
    for index, entry in enumerate(entries):
        if entry[:1] == TAG_18:
            told.leaves.append(_said(index, told.now, entry, None))
            continue
        members = as_list(decode_cbor(entry))
        if members[0] == "suyuan/genesis":
            told.genesis = decode_json(as_bytes(members[3]))
        elif members[0] == "suyuan/block":
            told.now = as_int(members[4])
        else:
            told.leaves.append(_said(index, told.now, as_bytes(members[3]), as_text(members[2])))
    return told


def _said(index: int, time: int, data: bytes, rule: str | None) -> Said:
    read = read_statement(data)
    return Said(index, time, read.id, read.kind, read.iss, base64url(read.kid), read.iat, read.payload, rule)


def block_ends(entries: Sequence[bytes]) -> list[int]:
    """Return the size of the log after each block."""
    starts = [
        index
        for index, entry in enumerate(entries)
        if entry[:1] != TAG_18 and as_list(decode_cbor(entry))[0] == "suyuan/block"
    ]
    return [*starts[1:], len(entries)] if starts else []


def atoms(references: Iterable[Any]) -> frozenset[str]:
    """Return the single records and rows of a reference set as payloads carry it."""
    found: set[str] = set()
    for id_, ranges in references:
        if not ranges:
            found.add(id_)
        for first, last in ranges:
            found.update(f"{id_}:{row}" for row in range(first, last + 1))
    return frozenset(found)


def list_of(atom: str) -> str:
    """Return the statement that made the record, or the batch, of an atom."""
    return atom.partition(":")[0]


def end_of_day(day: str) -> int:
    """Return the first instant (ms) after a day in UTC+08:00."""
    return time_ms(f"{day}T00:00:00Z") - 28_800_000 + DAY_MS


def first(times: Iterable[int]) -> int | None:
    """Return the earliest of times, None where there is none."""
    return min(times, default=None)


def overdue(duties: Iterable[Duty], now: int) -> Iterator[tuple[str, str, bool]]:
    """Yield about, party and whether it is still open, of every duty that was or is late at `now`."""
    for duty in duties:
        if (now if duty.met is None else duty.met) > duty.due:
            yield duty.about, duty.party, duty.met is None


__all__ = [
    "DAY_MS",
    "Decided",
    "Duty",
    "Payload",
    "Said",
    "Told",
    "atoms",
    "block_ends",
    "end_of_day",
    "first",
    "list_of",
    "overdue",
    "read_log",
    "time_ms",
]
