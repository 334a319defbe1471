"""Duties to stop in the second implementation of findings, and uses that came after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.conformance.second_hands import Hands
from tests.conformance.second_public import Shows
from tests.conformance.second_told import Duty, Said, Told, atoms, first, list_of, time_ms


@dataclass(frozen=True)
class Stop:
    """A duty to stop, and the statement that ordered it."""

    order: Said
    duty: Duty


def stops(told: Told) -> Iterator[Stop]:
    """Yield every duty to stop: of each holder of what ended, was revoked, cancelled or repaired, or is over."""
    hands, shows = Hands(told), Shows(told)
    seen: set[tuple[str, str, str]] = set()
    for one in hands.walk():
        for order, party, about, start in [*_ordered(told, hands, one), *_later_orders(told, hands, one)]:
            if (order.id, party, about) not in seen:
                seen.add((order.id, party, about))
                yield _stop(told, hands, one, order, party, about, start)
        yield from (Stop(one, duty) for duty in shows.ordered(one))


def _stop(told: Told, hands: Hands, at: Said, order: Said, party: str, about: str, start: int) -> Stop:
    met = [
        one.time
        for one in told.naming("stop.acknowledge", "order", order.id)
        if one.payload.get("holder", one.iss) == party and one.payload["about"] == about
    ]
    if order.kind == "record.correct":
        met += [one.time for one in told.of("transfer.release") if _replaces(told, hands, one, order, party)]
    return Stop(order, Duty(party, about, told.deadline(at, "stop", start), first(met)))


def _replaces(told: Told, hands: Hands, release: Said, order: Said, party: str) -> bool:
    """Say whether a release brought `party` the version that `order` made, or one that came after it."""
    offer = hands.offers[release.payload["offer"]]
    if offer.payload["receiver"] != party or release.index < order.index:
        return False
    for atom in atoms(offer.payload["references"]):
        while atom in told.records and told.records[atom].kind == "record.correct":
            if atom == order.id:
                return True
            atom = told.records[atom].payload["reference"]
    return False


Order = tuple[Said, str, str, int]
"""Statement that orders, party, what about, and from when the deadline counts (ms)."""


def _ordered(told: Told, hands: Hands, one: Said) -> Iterator[Order]:
    """Yield what a statement orders of those who hold something when it comes."""
    payload = one.payload
    if one.kind in ("record.correct", "record.withdraw"):
        for holder in hands.holders(payload["reference"]):
            yield one, holder, payload["reference"], one.time
    elif one.kind == "record.resolve" and payload["outcome"] == "upheld":
        about = told.one(payload["dispute"]).payload["about"]
        if list_of(about) in told.records:
            for holder in hands.holders(about):
                yield one, holder, about, one.time
    elif one.kind == "repair.decide" and payload["outcome"] == "approved":
        reference = told.one(payload["application"]).payload["reference"]
        for version in told.versions([reference], one.index):
            for holder in hands.holders(version):
                yield one, holder, version, one.time
    elif one.kind == "consent.withdraw":
        for held in hands.held:
            if _rests_on(told, hands, held.grant, payload["consent"], held.ends, one):
                yield one, held.holder, payload["consent"], one.time
    elif one.kind == "transfer.cancel":
        offer = hands.offers[payload["offer"]]
        if any(step.index < one.index for step in told.naming("transfer.release", "offer", offer.id)):
            yield one, offer.payload["receiver"], offer.id, one.time
    elif one.kind == "grant.revoke":
        start = time_ms(payload["effective"]) if "effective" in payload else one.time
        for holder in _under(told, hands, payload["grant"], one.index):
            yield one, holder, payload["grant"], start


def _under(told: Told, hands: Hands, grant: str, index: int) -> set[str]:
    """Return whoever was handed something under a grant or one below it."""
    offers = (hands.offers[one.payload["offer"]] for one in told.of("transfer.release") if one.index < index)
    return {one.payload["receiver"] for one in offers if grant in hands.chain(one.payload["grant"])}


def _rests_on(told: Told, hands: Hands, grant: str, consent: str, ends: dict[str, int], at: Said) -> bool:
    """Say whether something held under a grant rests on a consent, there or in a grant above it."""
    said = told.one(consent)
    for id_ in hands.chain(grant):
        if not hands.rests_on(id_, consent, at.index):
            continue
        listed = hands.listed(id_, at.index)
        if any(atom in listed and hands.subject_class(atom) == "person" and hands.covers(said, atom) for atom in ends):
            return True
    return False


def _later_orders(told: Told, hands: Hands, one: Said) -> Iterator[Order]:
    """Yield what a release orders at once: to stop when data life or retention ends, and for revocations to come."""
    if one.kind != "transfer.release":
        return
    offer = hands.offers[one.payload["offer"]]
    receiver, until = offer.payload["receiver"], hands.life[offer.id]
    yield one, receiver, offer.id, until
    for id_ in {list_of(atom) for atom in atoms(offer.payload["references"])}:
        if hands.retained(id_) < until:
            yield one, receiver, id_, hands.retained(id_)
    for grant in hands.chain(offer.payload["grant"]):
        revocations = [each for each in told.naming("grant.revoke", "grant", grant) if each.index < one.index]
        if revocations:
            start = time_ms(revocations[-1].payload["effective"])
            yield revocations[-1], receiver, grant, start


def used_after(told: Told) -> Iterator[tuple[str, str]]:
    """Yield report and reporter of each use at or after a stop, a revocation, a destruction or the end of data life."""
    hands = Hands(told)
    for one in hands.walk():
        if one.kind == "use.report":
            used_at = time_ms(one.payload["used_at"])
            if any(end <= used_at for end in _ends(told, hands, one)):
                yield one.id, one.iss


def _ends(told: Told, hands: Hands, report: Said) -> Iterator[int]:
    offer = hands.offers[report.payload["transfer"]]
    yield hands.life[offer.id]
    yield from (one.time for one in told.naming("transfer.cancel", "offer", offer.id) if one.index < report.index)
    chain = hands.chain(offer.payload["grant"])
    for grant in chain:
        end = hands.revoked(grant, report.index)
        if end is not None:
            yield end
    carried = sorted(atoms(offer.payload["references"]))
    atom = report.payload.get("reference") or (carried[0] if len(carried) == 1 else None)
    yield max(hands.retained(each) for each in ([atom] if atom else carried))
    if atom is None:
        return
    before = [one for one in told.said if one.index < report.index]
    for one in before:
        payload = one.payload
        if one.kind in ("record.correct", "record.withdraw") and payload["reference"] == atom:
            yield one.time
        elif one.kind == "record.resolve" and payload["outcome"] == "upheld":
            if told.one(payload["dispute"]).payload["about"] == atom:
                yield one.time
        elif one.kind == "repair.decide" and payload["outcome"] == "approved":
            if atom == told.newest(told.one(payload["application"]).payload["reference"], one.index):
                yield one.time
        elif one.kind == "consent.withdraw":
            rests = [hands.consents(grant, report.index) or [] for grant in chain]
            named = [each for consents in rests for each in consents if each.id == payload["consent"]]
            if any(hands.covers(each, atom) for each in named):
                yield one.time
        elif one.kind == "erasure.attest" and payload.get("holder", one.iss) == report.iss:
            yield from [one.time] if atom in hands.erasures.destroyed[one.id] else []
