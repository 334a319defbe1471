"""Grants and hand-overs for tests: payloads that are admitted as they stand, each changed in one place by a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from nacl.bindings import crypto_scalarmult_base

from ledger.encoding import base64url
from ledger.execution import Outcome
from ledger.state.tables import TRANSFER, TransferState
from ledger.times import DAY_MS, format_time
from tests.world import World, changed, digest_of
from tests.world_genesis import BASIS

FIELDS = ["CF_JDRQ", "CF_SY", "CF_WSH"]
SECRET = bytes(range(32))
KEY = base64url(crypto_scalarmult_base(SECRET))
HOUR_MS = 3_600_000
LAW = msgspec.to_builtins(BASIS)
References = list[list[object]]


@dataclass(frozen=True)
class Given:
    """A grant and its acceptance."""

    grant: str
    acceptance: str


def single(*records: str) -> References:
    """Return a set of single records."""
    return [[record, []] for record in sorted(records)]


def rows(batch: str, *ranges: tuple[int, int]) -> References:
    """Return a set of rows of one batch."""
    return [[batch, [list(pair) for pair in ranges]]]


def scope(world: World, **changes: object) -> dict[str, object]:
    """Return a scope over the source's penalties, to be stored for lending in CN; nothing onward."""
    stated: dict[str, object] = {
        "issuers": [world.uscc("source")],
        "items": {"penalty": FIELDS},
        "purpose": "credit.lending",
        "mode": "store",
        "onward": 0,
        "jurisdictions": ["CN"],
    }
    return changed(stated, changes)


def grant(
    world: World, grantee: str = "lender", *, within: Mapping[str, object] | None = None, **changes: object
) -> dict[str, object]:
    """Return a grant.issue payload; `within` changes the scope, the rest the payload."""
    stated: dict[str, object] = {
        "grantee": world.uscc(grantee),
        "scope": scope(world, **(within or {})),
        "valid_from": "2026-03-01T00:00:00Z",
        "valid_until": "2027-03-01T00:00:00Z",
        "data_life": 30,
    }
    return changed(stated, changes)


def give(
    world: World, grantor: str, grantee: str, *, within: Mapping[str, object] | None = None, **changes: object
) -> Given:
    """Issue a grant and accept it."""
    issued = world.do(grantor, "grant.issue", grant(world, grantee, within=within, **changes))
    return Given(issued, world.do(grantee, "grant.accept", {"grant": issued}))


def offer(
    world: World, given: Given, references: Sequence[object], receiver: str = "lender", **changes: object
) -> dict[str, object]:
    """Return a transfer.offer payload under `given`, to be accepted within an hour."""
    stated: dict[str, object] = {
        "grant": given.grant,
        "acceptance": given.acceptance,
        "receiver": world.uscc(receiver),
        "references": references,
        "items": {"penalty": FIELDS},
        "purpose": "credit.lending",
        "content_root": digest_of("content"),
        "key_commitment": digest_of("key"),
        "ciphertext": digest_of("ciphertext"),
        "size": 1000,
        "deadline": format_time(world.time + HOUR_MS),
    }
    return changed(stated, changes)


def accept(offer_id: str) -> dict[str, object]:
    """Return the receiver's transfer.accept."""
    return {"offer": offer_id, "ciphertext": digest_of("ciphertext"), "receiver_key": KEY}


def release(offer_id: str) -> dict[str, object]:
    """Return the sender's transfer.release."""
    return {"offer": offer_id, "sealed_key": "c2VhbGVk"}


def confirm(offer_id: str) -> dict[str, object]:
    """Return the receiver's transfer.confirm."""
    return {"offer": offer_id, "content_root": digest_of("content")}


def dispute(offer_id: str) -> dict[str, object]:
    """Return the receiver's transfer.dispute."""
    return {"offer": offer_id, "reason": "content_root", "one_time_secret": base64url(SECRET)}


def step(world: World, member: str, name: str, offer_id: str) -> Outcome:
    """Submit one step of a hand-over by its short name."""
    payloads: dict[str, Callable[[str], dict[str, object]]] = {
        "accept": accept,
        "release": release,
        "confirm": confirm,
        "dispute": dispute,
        "refuse": lambda id_: {"offer": id_, "reason": "not_wanted"},
        "cancel": lambda id_: {"offer": id_, "reason": "withdrawn"},
    }
    return world.submit(member, f"transfer.{name}", payloads[name](offer_id))


def take(world: World, member: str, name: str, offer_id: str) -> str:
    """As `step`, for one that must be admitted."""
    outcome = step(world, member, name, offer_id)
    assert outcome.status == "admitted", f"{name}: {outcome.error}"
    return outcome.statement_id


def hand_over(
    world: World,
    given: Given,
    references: Sequence[object],
    sender: str = "source",
    receiver: str = "lender",
    **changes: object,
) -> str:
    """Offer, accept and release; returns the offer's id."""
    offered = world.do(sender, "transfer.offer", offer(world, given, references, receiver, **changes))
    take(world, receiver, "accept", offered)
    take(world, sender, "release", offered)
    return offered


def transfer(world: World, offer_id: str) -> TransferState:
    """Return the hand-over as it stands."""
    found = world.row(TRANSFER, offer_id)
    assert found is not None
    return found


def days(count: int) -> int:
    """Return days in ms."""
    return count * DAY_MS
