"""Erasures and holds in the second implementation of findings: who still owes what to which request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.conformance.second_told import Duty, Said, Told, atoms, list_of


@dataclass
class Owing:
    """What the party that answers for `holder` owes a request: `left`, and by when while something of it is due."""

    request: Said
    holder: str
    party: str
    left: set[str]
    due: int | None = None

    @property
    def about(self) -> str:
        """Return what the duty is about: the request, and for an heir whose copy it is."""
        return self.request.id if self.party == self.holder else f"{self.request.id}/{self.holder}"


class Erasures:
    """All erasures of a log, as far as it was walked: `take` is called with each statement in order."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.owing: list[Owing] = []
        self.destroyed: dict[str, set[str]] = {}
        """By attestation: the records and rows that it says are destroyed."""
        self._gone: dict[str, set[str]] = {}
        self._holds: dict[str, set[str]] = {}
        self._done: list[Duty] = []

    def take(self, one: Said, holders: Callable[[str], set[str]]) -> None:
        """Take the next statement; `holders` says who holds a record or row by a hop just before it."""
        payload = one.payload
        if one.kind == "erasure.request":
            self._request(one, holders)
        elif one.kind == "erasure.attest":
            self._attest(one)
        elif one.kind == "hold.place":
            self._holds[one.id] = self.told.versions(atoms(payload["references"]), one.index)
            self._settle(one)
        elif one.kind == "hold.lift":
            del self._holds[payload["hold"]]
            self._settle(one)

    def duties(self) -> Iterator[Duty]:
        """Yield every duty to erase so far, those that a hold ended included."""
        yield from self._done
        yield from (Duty(one.party, one.about, one.due, None) for one in self.owing if one.due is not None)

    def would_destroy(self, one: Said) -> set[str]:
        """Return what an attestation that is not taken yet says is destroyed."""
        payload, holder = one.payload, one.payload.get("holder", one.iss)
        if "unattainable" in payload:
            return set()
        kept = {atom for each in payload.get("remains", []) for atom in atoms(each["references"])}
        left = (each.left for each in self.owing if each.request.id == payload["request"] and each.holder == holder)
        return set().union(*left) - kept

    def _request(self, one: Said, holders: Callable[[str], set[str]]) -> None:
        copies: dict[str, set[str]] = {}
        for atom in self.told.versions(atoms(one.payload["references"]), one.index):
            for member in {*holders(atom), self.told.one(list_of(atom)).iss}:
                if atom not in self._gone.get(member, ()):
                    copies.setdefault(member, set()).add(atom)
        for member, copy in sorted(copies.items()):
            party = self.told.heir(member, one.index) or member
            self.owing.append(Owing(one, member, party, copy))
        self._settle(one)

    def _attest(self, one: Said) -> None:
        payload, holder = one.payload, one.payload.get("holder", one.iss)
        self.destroyed[one.id] = gone = self.would_destroy(one)
        self._gone.setdefault(holder, set()).update(gone)
        if "unattainable" in payload:
            return
        remains = payload.get("remains", [])
        held = {atom for each in remains if each["reason"] == "hold" for atom in atoms(each["references"])}
        for owing in self.owing:
            if owing.request.id == payload["request"] and owing.holder == holder:
                owing.left &= held
        self._settle(one)

    def _settle(self, one: Said) -> None:
        """Begin, pause or end the duty of everybody who owes something, by what is under a hold now."""
        held = set().union(*self._holds.values())
        for owing in self.owing:
            is_due = bool(owing.left - held)
            if is_due and owing.due is None:
                owing.due = self.told.deadline(one, "erasure")
            elif not is_due and owing.due is not None:
                self._done.append(Duty(owing.party, owing.about, owing.due, one.time))
                owing.due = None
