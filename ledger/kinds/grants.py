"""Payloads of `grant.*` (docs/spec/kinds.md; seeds, code key and carriers serve leak tracing)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import (
    MAX_ITEMS,
    Bytes32,
    Carrier,
    Code,
    Count,
    Digest,
    Jurisdiction,
    LegalBasis,
    Mode,
    Name,
    Payload,
    Purpose,
    ReferenceSetJson,
    StatementId,
    Time,
    Uscc,
    Value,
)

MAX_ONWARD_DEPTH = 16
MAX_TRUSTEES = 40
ItemFields = Annotated[
    dict[Code, Annotated[list[Name], Meta(min_length=1, max_length=MAX_ITEMS)]],
    Meta(min_length=1, max_length=MAX_ITEMS, description="item code → sorted field names"),
]
Window = Annotated[int, Meta(ge=1, le=366 * 86400, description="seconds")]


class Rate(Value, frozen=True):
    """At most `count` records in each window of `window` seconds, windows counted from the epoch."""

    count: Count
    window: Window


class ScopeJson(Value, frozen=True):
    """Every dimension of authority but the times and the parties; absent = not limited there.

    `items` maps item codes to the allowed fields. `references` absent means all records of `issuers`.
    `onward` is how many further hops are allowed (0 = forbidden).
    """

    issuers: Annotated[list[Uscc], Meta(min_length=1, max_length=MAX_ITEMS)]
    items: ItemFields
    purpose: Purpose
    mode: Mode
    onward: Annotated[int, Meta(ge=0, le=MAX_ONWARD_DEPTH)]
    jurisdictions: Annotated[list[Jurisdiction], Meta(min_length=1, max_length=MAX_ITEMS)]
    references: ReferenceSetJson | None = None
    count: Count | None = None
    rate: Rate | None = None


class Trustee(Value, frozen=True):
    """A member that holds one Shamir share of the escrowed secret; `share` is its public share on ristretto255."""

    member: Uscc
    share: Bytes32


class Escrow(Value, frozen=True):
    """Mode M1 of leak tracing: `gateway` marks and signs releases; `threshold` of `trustees` answer for its keys.

    Trustees are sorted by member; the proofs of what they send are checked against their public shares.
    """

    gateway: Uscc
    threshold: Annotated[int, Meta(ge=1, le=MAX_TRUSTEES)]
    trustees: Annotated[list[Trustee], Meta(min_length=1, max_length=MAX_TRUSTEES)]


class GrantRequest(Payload, frozen=True, kw_only=True, tag_field="kind", tag="grant.request"):
    """Asks `grantor` for records; answered by grant.issue or grant.decline by the deadline (GRA-10)."""

    grantor: Uscc
    items: ItemFields
    purpose: Purpose
    basis: LegalBasis | None = None
    references: ReferenceSetJson | None = None


class GrantDecline(Payload, frozen=True, kw_only=True, tag_field="kind", tag="grant.decline"):
    """The grantor declines a request."""

    request: StatementId
    reason: Literal["no_basis", "not_held", "purpose", "protected", "other"]
    ground: Digest | None = None


class GrantIssue(Payload, frozen=True, kw_only=True, tag_field="kind", tag="grant.issue"):
    """Authority from the signing member (grantor) to `grantee`; later statements name it by this statement's id.

    `data_life` is the number of days the receiver may keep what a release gave it. `carriers` are the marks it
    allows, `code_key` the hash of the sender's code key. Marks are made from two seeds, of which `sender_seed` commits
    the sender's (leak tracing, M0), or, where `escrow` stands, by its gateway from the trustees' answers (M1).
    """

    grantee: Uscc
    scope: ScopeJson
    valid_from: Time
    valid_until: Time
    data_life: Annotated[int, Meta(ge=1, le=36600)]
    deliverer: Uscc | None = None
    parent: StatementId | None = None
    request: StatementId | None = None
    basis: LegalBasis | None = None
    consents: Annotated[list[StatementId], Meta(min_length=1, max_length=MAX_ITEMS)] | None = None
    carriers: Annotated[list[Carrier], Meta(min_length=1, max_length=6)] | None = None
    sender_seed: Digest | None = None
    code_key: Digest | None = None
    escrow: Escrow | None = None


class GrantExtend(Payload, frozen=True, kw_only=True, tag_field="kind", tag="grant.extend"):
    """Adds references to a grant that names a set, with the consents that the addition rests on."""

    grant: StatementId
    references: ReferenceSetJson
    consents: Annotated[list[StatementId], Meta(min_length=1, max_length=MAX_ITEMS)] | None = None


class GrantAccept(Payload, frozen=True, kw_only=True, tag_field="kind", tag="grant.accept"):
    """The grantee takes the grant with its duties; `receiver_seed` commits its half of the marking seed."""

    grant: StatementId
    receiver_seed: Digest | None = None


class GrantRevoke(Payload, frozen=True, kw_only=True, tag_field="kind", tag="grant.revoke"):
    """Ends the grant and its subtree from this block, or from the later time `effective`."""

    grant: StatementId
    reason: Literal["withdrawn", "breach", "expired_basis", "repair", "other"]
    effective: Time | None = None


__all__ = [
    "Escrow",
    "GrantAccept",
    "GrantDecline",
    "GrantExtend",
    "GrantIssue",
    "GrantRequest",
    "GrantRevoke",
    "ItemFields",
    "Rate",
    "ScopeJson",
    "Trustee",
]
