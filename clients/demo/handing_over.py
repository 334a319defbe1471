"""Grants and hand-overs as the members of the story make them."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from clients.demo.founding import JURISDICTION, LOAN_FIELDS, LOAN_ITEM
from clients.demo.stage import Actor
from clients.gateway.send import Delivery
from clients.sdk.edge import SYSTEM
from clients.sdk.errors import RefusedProblem
from ledger.kinds.fields import LegalBasis
from ledger.kinds.grants import GrantAccept, GrantIssue, ScopeJson
from ledger.references import Reference, ReferenceSet
from ledger.times import format_time

BASIS = LegalBasis(
    rank="administrative_regulation", document="Demonstration Regulation on Credit Information", article="14"
)
HOUR = 3_600
YEAR = 365 * 24 * HOUR
ALL_FIELDS = tuple(sorted(name for name, _, _, _ in LOAN_FIELDS))
OPERATOR_FIELDS = tuple(name for name in ALL_FIELDS if name not in ("foreign", "sex_status", "tel"))
LENDER_FIELDS = ("credit_amount", "credit_hist", "duration", "housing", "job", "savings", "target")


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant that was issued and accepted: ids of both statements, and what it allows."""

    grant: str
    acceptance: str
    grantee: str
    fields: tuple[str, ...]
    purpose: str
    item: str = LOAN_ITEM


def in_seconds(seconds: int) -> str:
    """Return the time so many seconds from now, as payloads carry it."""
    return format_time((SYSTEM.now_s() + seconds) * 1000)


def all_of(statement_id: str, rows: tuple[int, int] | None = None) -> ReferenceSet:
    """Return a single record, or rows `first` to `last` of a batch, as a reference set."""
    return ReferenceSet.from_json([[statement_id, [] if rows is None else [list(rows)]]])


def listed(references: ReferenceSet) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return a reference set as payload structs hold it."""
    return msgspec.convert(references.to_json(), list[tuple[str, list[tuple[int, int]]]])


def one(reference: str) -> ReferenceSet:
    """Return the set of one reference."""
    return ReferenceSet.of([Reference.parse(reference)])


def grant(
    grantor: Actor,
    grantee: Actor,
    issuer: Actor,
    fields: tuple[str, ...],
    purpose: str,
    *,
    onward: int,
    count: int,
    parent: str | None = None,
    references: ReferenceSet | None = None,
    item: str = LOAN_ITEM,
) -> Granted:
    """Let `grantor` grant and `grantee` accept; the records are those of `issuer`, of one item."""
    scope = ScopeJson(
        issuers=[issuer.uscc],
        items={item: list(fields)},
        purpose=purpose,
        mode="store",
        onward=onward,
        jurisdictions=[JURISDICTION],
        references=None if references is None else listed(references),
        count=count,
    )
    issued = grantor.client.sign_and_submit(
        GrantIssue(
            **grantor.identity.head(GrantIssue),
            grantee=grantee.uscc,
            scope=scope,
            valid_from=in_seconds(-HOUR),
            valid_until=in_seconds(YEAR // 2 - (0 if parent is None else HOUR * (2 - onward))),
            data_life=180 if parent is None else 90 * (1 + onward) // 2,
            parent=parent,
            basis=BASIS,
        )
    )
    accepted = grantee.client.sign_and_submit(
        GrantAccept(**grantee.identity.head(GrantAccept), grant=issued.statement_id)
    )
    return Granted(issued.statement_id, accepted.statement_id, grantee.uscc, fields, purpose, item)


def delivery(
    granted: Granted,
    references: ReferenceSet,
    *,
    receiver: str | None = None,
    fields: tuple[str, ...] | None = None,
    deadline: int = HOUR,
) -> Delivery:
    """Return what to hand over under a grant; everything of the grant unless said otherwise."""
    return Delivery(
        grant=granted.grant,
        acceptance=granted.acceptance,
        receiver=receiver or granted.grantee,
        references=references,
        items={granted.item: list(fields or granted.fields)},
        purpose=granted.purpose,
        deadline=in_seconds(deadline),
    )


def hand_over(sender: Actor, receiver: Actor, wanted: Delivery) -> str:
    """Run all five steps: offer, accept, release, confirm, and the sender's tidying up; return the offer's id."""
    sending, receiving = sender.sender(), receiver.receiver()
    (transfer,) = sending.prepare(wanted)
    offer = sending.offer(transfer)
    sending.deliver(transfer)
    receiving.accept(offer)
    sending.release(transfer)
    receiving.confirm(offer)
    sending.finish(transfer)
    return offer


def attempt(sender: Actor, wanted: Delivery) -> RefusedProblem:
    """Offer something that must be refused and return the refusal; raises AssertionError when it is admitted."""
    sending = sender.sender()
    (transfer,) = sending.prepare(wanted)
    try:
        offer = sending.offer(transfer)
    except RefusedProblem as refused:
        return refused
    raise AssertionError(f"offer {offer} was admitted and should not have been")
