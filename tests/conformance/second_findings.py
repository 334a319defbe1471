"""A second implementation of all findings: from the entries of a log alone, one function a code.

It imports nothing of the ledger and shares no idea with it but docs/spec: full scans over plain lists instead of state
rows, sets of single records and rows instead of ranges, and every duty told anew from the statements. It takes for
granted that what was admitted was rightly admitted.

A finding is (code, about, party, open). F-EQUIVOCATION is about two logs and does not follow from one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from tests.conformance import second_contracts as contracts
from tests.conformance.second_hands import Hands
from tests.conformance.second_keys import key_of
from tests.conformance.second_products import confirmations, stale_products
from tests.conformance.second_public import Shows, exits, lifts, pledges
from tests.conformance.second_stops import Stop, stops, used_after
from tests.conformance.second_told import (
    Duty,
    Said,
    Told,
    block_ends,
    first,
    overdue,
    read_log,
    time_ms,
)

Finding = tuple[str, str, str, bool]
"""Code, what it is about, who is responsible, whether it is open."""
Found = Iterator[tuple[str, str, bool]]
TIME_WINDOW_MS = 600_000


def f_hop(told: Told) -> Found:
    """A step of a hand-over, or the confirmation of queries, is missing at its deadline."""
    return overdue([*_steps(told), *confirmations(told)], told.now)


def _steps(told: Told) -> Iterator[Duty]:
    hands = Hands(told)
    for offer in told.of("transfer.offer"):
        said = {one.kind: one for one in told.said if one.payload.get("offer") == offer.id}
        over = [said[kind].time for kind in ("transfer.cancel",) if kind in said]
        receiver = offer.payload["receiver"]

        def met(*kinds: str, said: Mapping[str, Said] = said, over: Sequence[int] = tuple(over)) -> int | None:
            return first([*over, *(said[kind].time for kind in kinds if kind in said)])

        deadline = time_ms(offer.payload["deadline"])
        yield Duty(receiver, offer.id, deadline, met("transfer.accept", "transfer.refuse"))
        if "transfer.accept" in said:
            due = told.deadline(said["transfer.accept"], "transfer_release")
            yield Duty(hands.releaser(offer), offer.id, due, met("transfer.release"))
        if "transfer.release" in said:
            due = told.deadline(said["transfer.release"], "transfer_confirm")
            yield Duty(receiver, offer.id, due, met("transfer.confirm", "transfer.dispute"))


def f_mismatch(told: Told) -> Found:
    """The receiver disputes what was released; whoever released it is responsible."""
    hands = Hands(told)
    for one in told.of("transfer.dispute"):
        offer = hands.offers[one.payload["offer"]]
        yield offer.id, hands.releaser(offer), True


def f_refused(told: Told) -> Found:
    """Every refusal entry."""
    return ((one.id, one.iss, True) for one in told.leaves if one.rule is not None)


def f_overdue_stop(told: Told) -> Found:
    """A stop that a repair, revocation, correction, withdrawal, dispute or cancellation ordered is late."""
    return overdue((stop.duty for stop in stops(told) if not _is_retention(stop)), told.now)


def f_retention(told: Told) -> Found:
    """A copy whose data life, or whose retention, is over was not stopped in time."""
    return overdue((stop.duty for stop in stops(told) if _is_retention(stop)), told.now)


def _is_retention(stop: Stop) -> bool:
    return stop.order.kind == "transfer.release"


def f_used_after_stop(told: Told) -> Found:
    """A use was reported for a time at which it was barred."""
    return ((report, member, True) for report, member in used_after(told))


def f_parity(told: Told) -> Found:
    """A copy differs from the publication, or did not follow it in time."""
    shows = Shows(told)
    yield from ((one.about, one.party, one.open) for one in shows.noted if one.code == "F-PARITY")
    yield from overdue(shows.duties("follow"), told.now)


def f_expired_public(told: Told) -> Found:
    """A copy was not ended by its end day, or was seen after it ended."""
    shows = Shows(told)
    yield from ((one.about, one.party, one.open) for one in shows.noted if one.code == "F-EXPIRED-PUBLIC")
    yield from overdue(shows.duties("end"), told.now)


def f_list(told: Told) -> Found:
    """A list entry or a measure lives on after its end day, its repair or the exit."""
    return overdue([*exits(told), *lifts(told)], told.now)


def f_contract_sum(told: Told) -> Found:
    """Payments and performance do not add up."""
    return contracts.sums(told)


def f_payment_overdue(told: Told) -> Found:
    """An instalment is not paid at its day's end."""
    return overdue(contracts.payments(told), told.now)


def f_contract_disputed(told: Told) -> Found:
    """Verifiers differ."""
    return contracts.disputed(told)


def f_unverified(told: Told) -> Found:
    """Performance is claimed beyond what was verified."""
    return contracts.unverified(told)


def f_code(told: Told) -> Found:
    """A quoted code fails its check."""
    return contracts.quoted(told)


def f_dispute_overdue(told: Told) -> Found:
    """A dispute is not resolved in time by whom it is addressed to."""
    return overdue(_resolutions(told), told.now)


def _resolutions(told: Told) -> Iterator[Duty]:
    shows = Shows(told)
    for one in told.of("record.dispute"):
        about = told.one(one.payload["about"].partition(":")[0])
        party = about.iss
        if about.id in shows.copy_of:
            party = shows.copy_of[about.id].member
        met = first(each.time for each in told.naming("record.resolve", "dispute", one.id))
        yield Duty(party, one.id, told.deadline(one, "dispute_resolve"), met)


def f_erasure_overdue(told: Told) -> Found:
    """An erasure is not attested in time by whoever answers for a holder."""
    hands = Hands(told)
    for _ in hands.walk():
        pass
    return overdue(hands.erasures.duties(), told.now)


def f_pledge_overdue(told: Told) -> Found:
    """Nobody settled a pledge by its due day."""
    return overdue(pledges(told), told.now)


def f_stale_product(told: Told) -> Found:
    """An input of a product changed, and nothing took its place."""
    return stale_products(told)


def f_incident_overdue(told: Told) -> Found:
    """An incident is not notified, or not contained by each member concerned, in time."""
    return overdue(_incident_duties(told), told.now)


def _incident_duties(told: Told) -> Iterator[Duty]:
    for one in told.of("incident.open"):
        noticed = time_ms(one.payload["noticed_at"])
        told_of = list(told.naming("incident.notify", "incident", one.id))
        due = told.deadline(one, "incident_notify", noticed)
        yield Duty(one.iss, one.id, due, first(each.time for each in told_of))
        due = told.deadline(one, "incident_contain", noticed)
        yield Duty(one.iss, one.id, due, _contained(told, one, one.iss))
        for notice in told_of:
            due = told.deadline(notice, "incident_contain")
            for member in notice.payload["members"]:
                if member != one.iss:
                    yield Duty(member, one.id, due, _contained(told, one, member))


def _contained(told: Told, incident: Said, member: str) -> int | None:
    """Return when a member, or who took its place, said that it contained an incident."""
    said = told.naming("incident.contain", "incident", incident.id)
    return first(one.time for one in said if told.heir(member, one.index) == one.iss)


def f_access_overdue(told: Told) -> Found:
    """A question about a data subject is not answered in time."""
    return overdue(
        (
            Duty(
                one.payload["holder"],
                one.id,
                told.deadline(one, "access_answer"),
                first(each.time for each in told.naming("access.answer", "request", one.id)),
            )
            for one in told.of("access.request")
        ),
        told.now,
    )


def f_share_overdue(told: Told) -> Found:
    """A request for data is neither granted nor declined in time."""
    return overdue(
        (
            Duty(
                one.payload["grantor"],
                one.id,
                told.deadline(one, "grant_answer"),
                first(
                    each.time
                    for each in told.of("grant.issue", "grant.decline")
                    if each.payload.get("request") == one.id
                ),
            )
            for one in told.of("grant.request")
        ),
        told.now,
    )


def f_key_doubt(told: Told) -> Found:
    """Whatever was signed with a key between the time from which it is suspect and its revocation."""
    revocations = [(one.index, one.payload["kid"], one.payload) for one in told.of("key.revoke")]
    for decided in told.decided:
        if decided.action["act"] == "member.replace_key":
            revocations.append((decided.index, decided.action["old"], decided.action))
    for index, kid, payload in revocations:
        if "suspect_from" not in payload:
            continue
        since = time_ms(payload["suspect_from"])
        for one in told.leaves:
            near = one.iat * 1000 >= since - TIME_WINDOW_MS
            if one.kid == kid and one.index < index and one.time >= since and near:
                yield one.id, one.iss, True


CODES: Mapping[str, Callable[[Told], Found]] = {
    "F-HOP": f_hop,
    "F-MISMATCH": f_mismatch,
    "F-REFUSED": f_refused,
    "F-OVERDUE-STOP": f_overdue_stop,
    "F-USED-AFTER-STOP": f_used_after_stop,
    "F-PARITY": f_parity,
    "F-EXPIRED-PUBLIC": f_expired_public,
    "F-LIST": f_list,
    "F-CONTRACT-SUM": f_contract_sum,
    "F-PAYMENT-OVERDUE": f_payment_overdue,
    "F-CONTRACT-DISPUTED": f_contract_disputed,
    "F-UNVERIFIED": f_unverified,
    "F-DISPUTE-OVERDUE": f_dispute_overdue,
    "F-ERASURE-OVERDUE": f_erasure_overdue,
    "F-RETENTION": f_retention,
    "F-PLEDGE-OVERDUE": f_pledge_overdue,
    "F-CODE": f_code,
    "F-STALE-PRODUCT": f_stale_product,
    "F-INCIDENT-OVERDUE": f_incident_overdue,
    "F-ACCESS-OVERDUE": f_access_overdue,
    "F-SHARE-OVERDUE": f_share_overdue,
    "F-KEY-DOUBT": f_key_doubt,
}
"""How each code follows from a log."""


def findings(entries: Sequence[bytes]) -> list[Finding]:
    """Return every finding of a log, sorted; one that occurs twice stands twice."""
    told = read_log(entries)
    return sorted((code, *found) for code, find in CODES.items() for found in find(told))


__all__ = ["CODES", "Finding", "block_ends", "findings", "key_of"]
