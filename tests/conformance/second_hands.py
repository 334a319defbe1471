"""Grants, consents and hand-overs in the second implementation of findings: who holds what, and until when.

One walk over the log keeps, in dictionaries, what each member holds as single records and rows. Everything else is
looked up by scanning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.conformance.second_erasures import Erasures
from tests.conformance.second_told import DAY_MS, Said, Told, atoms, end_of_day, list_of, time_ms

FOREVER = 1 << 60


@dataclass
class Held:
    """What a member holds through one hop: `ends` says until when (ms) for each record or row that is left."""

    holder: str
    offer: str
    grant: str
    since: int
    ends: dict[str, int]


class Hands:
    """All hand-overs of a log, and the holdings that they open, as they stand before any leaf."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.offers = {one.id: one for one in told.of("transfer.offer")}
        self.held: list[Held] = []
        """The holdings, as of the leaf that `walk` yields."""
        self.erasures = Erasures(told)
        self.life: dict[str, int] = {}
        """When (ms) the data life of each released offer ends."""

    def walk(self) -> Iterator[Said]:
        """Yield every admitted statement; while it is looked at, `held` says what stood just before it."""
        for one in self.told.said:
            if one.kind == "transfer.release":
                opened = self._opened(one)
                yield one
                self.held.append(opened)
                continue
            yield one
            if one.kind == "stop.acknowledge":
                self._stop(one)
            self.erasures.take(one, self.holders)
            for held in self.held:
                if one.kind == "erasure.attest" and held.holder == one.payload.get("holder", one.iss):
                    for atom in self.erasures.destroyed[one.id]:
                        held.ends.pop(atom, None)

    # Grants

    def chain(self, grant: str) -> list[str]:
        """Return a grant and its ancestors, the nearest first."""
        parent = self.told.one(grant).payload.get("parent")
        return [grant, *(self.chain(parent) if parent else [])]

    def revoked(self, grant: str, index: int) -> int | None:
        """Return from when (ms) a grant itself is revoked, as known before leaf `index`."""
        said = [one for one in self.told.naming("grant.revoke", "grant", grant) if one.index < index]
        return min(
            (time_ms(one.payload["effective"]) if "effective" in one.payload else one.time for one in said),
            default=None,
        )

    def stands(self, grant: str, at: Said) -> bool:
        """Say whether neither a grant nor an ancestor is revoked, and no party of them left without an heir."""
        for id_ in self.chain(grant):
            issued, end = self.told.one(id_), self.revoked(id_, at.index)
            if end is not None and end <= at.time:
                return False
            if None in (self.told.heir(issued.iss, at.index), self.told.heir(issued.payload["grantee"], at.index)):
                return False
        return True

    def consents(self, grant: str, index: int) -> list[Said] | None:
        """Return the consents that one grant rests on, None for one that rests on none (its basis is statutory)."""
        issued = self.told.one(grant)
        named: set[str] = set()
        for one in (issued, *self.told.naming("grant.extend", "grant", grant)):
            if one.index < index:
                named.update(one.payload.get("consents", []))
        basis = issued.payload.get("basis", {}).get("rank")
        statutory = basis in ("law", "administrative_regulation", "local_regulation")
        return None if statutory or not named else [self.told.one(id_) for id_ in sorted(named)]

    def covers(self, consent: Said, atom: str) -> bool:
        """Say whether a consent covers a record or row."""
        if "link" not in consent.payload:
            return atom in atoms(consent.payload["references"])
        record = self.told.one(list_of(atom))
        return ":" not in atom and record.payload.get("subject", {}).get("value") == consent.payload["link"]

    def lost(self, grant: str, atom: str, at: Said) -> bool:
        """Say whether a person's record lost a consent on which the grant, or one above it, rests."""
        if self.subject_class(atom) != "person":
            return False
        for id_ in self.chain(grant):
            consents = self.consents(id_, at.index)
            if consents is not None and not any(
                self.covers(one, atom) and self.consent_lives(one, at) for one in consents
            ):
                return True
        return False

    def consent_lives(self, consent: Said, at: Said) -> bool:
        """Say whether a consent is neither withdrawn nor over at a statement."""
        withdrawn = any(one.index < at.index for one in self.told.naming("consent.withdraw", "consent", consent.id))
        return not withdrawn and at.time < time_ms(consent.payload["until"])

    def subject_class(self, atom: str) -> str:
        """Return the subject class of a record or row."""
        payload = self.told.one(list_of(atom)).payload
        return str(payload["subject_class"] if "subject_class" in payload else payload["subject"]["class"])

    # Hand-overs

    def releaser(self, offer: Said) -> str:
        """Return who signs the release: the gateway in marking mode M1, otherwise the sender."""
        escrow = self.told.one(offer.payload["grant"]).payload.get("escrow")
        if escrow and offer.payload.get("marking", {}).get("mode") == "M1":
            return str(escrow["gateway"])
        return offer.iss

    def _opened(self, release: Said) -> Held:
        offer = self.offers[release.payload["offer"]]
        grant = self.told.one(offer.payload["grant"])
        wanted = atoms(offer.payload["references"])
        until = release.time + grant.payload["data_life"] * DAY_MS
        for atom in wanted:
            issuer = self.told.heir(self.told.one(list_of(atom)).iss, release.index)
            if issuer != offer.iss:
                until = min(until, self._passed_on(offer, grant, atom, release))
        self.life[offer.id] = until
        ends = {atom: min(until, self.retained(atom)) for atom in wanted}
        return Held(offer.payload["receiver"], offer.id, grant.id, release.index, ends)

    def _passed_on(self, offer: Said, grant: Said, atom: str, at: Said) -> int:
        """Return until when the sender's best copy lasts that it may pass on under this grant."""
        acts_for = offer.iss != self.told.heir(grant.iss, at.index)
        best = 0
        for held in self.held:
            if held.holder != offer.iss or atom not in held.ends or self.cancelled(held.offer, at.index):
                continue
            if not self.stands(held.grant, at) or self.lost(held.grant, atom, at):
                continue
            hops = self.told.one(held.grant).payload["scope"]["onward"]
            # A copy lasts as long as the whole hop it came by, whose parts end together or with their retention.
            if acts_for or hops > grant.payload["scope"]["onward"]:
                best = max(best, held.ends[atom])
        return best

    def retained(self, atom: str) -> int:
        """Return when (ms) the retention of a record ends."""
        return end_of_day(self.told.one(list_of(atom)).payload["retention_end"])

    def cancelled(self, offer: str, index: int) -> bool:
        """Say whether a hand-over was cancelled before leaf `index`."""
        return any(one.index < index for one in self.told.naming("transfer.cancel", "offer", offer))

    def holders(self, atom: str) -> set[str]:
        """Return who holds a record or row by a hop, as `walk` stands."""
        return {held.holder for held in self.held if atom in held.ends}

    def _stop(self, said: Said) -> None:
        """End what an acknowledgement says is stopped: of the record, through the hand-over, or under the grant."""
        about, payload = said.payload["about"], said.payload
        kept = {atom for each in payload.get("kept", []) for atom in atoms(each["references"])}
        for held in self.held:
            if held.holder != said.payload.get("holder", said.iss):
                continue
            order = self.told.by_id.get(list_of(about))
            if order is not None and order.kind == "transfer.offer":
                concerned = held.offer == about
            elif order is not None and order.kind == "grant.issue":
                concerned = about in self.chain(held.grant)
            elif order is not None and order.kind == "consent.give":
                concerned = any(self.rests_on(id_, about, said.index) for id_ in self.chain(held.grant))
            else:
                concerned = True
            for atom in list(held.ends):
                if "stopped" in payload:
                    stopped = atom in atoms(payload["stopped"])
                else:
                    stopped = atom not in kept and self._is_asked(about, atom)
                if concerned and stopped:
                    del held.ends[atom]

    def _is_asked(self, about: str, atom: str) -> bool:
        """Say whether an order about a hand-over, grant, consent, record or row is about `atom` of what it concerns."""
        if about in self.offers:
            return atom in atoms(self.offers[about].payload["references"])
        if about in self.told.by_id and self.told.one(about).kind == "grant.issue":
            return True
        if about in self.told.by_id and self.told.one(about).kind == "consent.give":
            consent = self.told.one(about)
            grants = [one.id for one in self.told.of("grant.issue") if self.rests_on(one.id, about, FOREVER)]
            return self.covers(consent, atom) and any(atom in self.listed(id_, FOREVER) for id_ in grants)
        return atom == about or (":" not in about and list_of(atom) == about)

    def rests_on(self, grant: str, consent: str, index: int) -> bool:
        """Say whether one grant rests on a consent, as known before leaf `index`."""
        return consent in [one.id for one in self.consents(grant, index) or []]

    def listed(self, grant: str, index: int) -> frozenset[str]:
        """Return the records that a grant lists, with those that were added before leaf `index`."""
        found = atoms(self.told.one(grant).payload["scope"].get("references", []))
        for one in self.told.naming("grant.extend", "grant", grant):
            if one.index < index:
                found |= atoms(one.payload["references"])
        return found
