"""Payloads of `transfer.*` and `use.report` (docs/spec/kinds.md, docs/architecture.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import (
    Bytes32,
    Carrier,
    Digest,
    Natural,
    Payload,
    Purpose,
    RecordReference,
    ReferenceSetJson,
    SealedBytes,
    StatementId,
    Time,
    Uscc,
    Value,
)
from ledger.kinds.grants import ItemFields


class Marking(Value, frozen=True):
    """What is committed about the marks of this copy before delivery (leak tracing, layer C).

    `record_list` is the root over the record list, `depth` the first order position d0. `number` is the hand-over's
    own within its grant. `keys` (of the marking keys and a salt) and `code_key` are hashes and stand here only in mode
    M1, where the gateway marks.
    """

    mode: Literal["M0", "M1"]
    carriers: Annotated[list[Carrier], Meta(min_length=1, max_length=6)]
    record_list: Digest
    marked_root: Digest
    number: Natural
    depth: Annotated[int, Meta(ge=0, le=64)]
    keys: Digest | None = None
    code_key: Digest | None = None


class Abroad(Value, frozen=True):
    """The mechanism under which data leaves the jurisdiction (TRA-11)."""

    mechanism: Literal["assessment", "standard_contract", "certification"]
    approval: Digest
    valid_until: Time


class TransferOffer(Payload, frozen=True, kw_only=True, tag_field="kind", tag="transfer.offer"):
    """Step 1, by the sender. Later steps name the hand-over by this statement's id.

    `grant` and `acceptance` are the ids of grant.issue and grant.accept; `references` are in order of the set,
    `disputed` the part of them with an open dispute; `ciphertext` is the SHA-256 of the package of `size` bytes.
    """

    grant: StatementId
    acceptance: StatementId
    receiver: Uscc
    references: ReferenceSetJson
    items: ItemFields
    purpose: Purpose
    content_root: Digest
    key_commitment: Digest
    ciphertext: Digest
    size: Natural
    deadline: Time
    disputed: ReferenceSetJson | None = None
    marking: Marking | None = None
    abroad: Abroad | None = None
    correlation: Bytes32 | None = None


class TransferAccept(Payload, frozen=True, kw_only=True, tag_field="kind", tag="transfer.accept"):
    """Step 3, by the receiver: it holds that ciphertext; `receiver_key` is X25519, made for this hand-over only."""

    offer: StatementId
    ciphertext: Digest
    receiver_key: Bytes32


class TransferRelease(Payload, frozen=True, kw_only=True, tag_field="kind", tag="transfer.release"):
    """Step 4, by the sender (in mode M1 by the gateway): the content key sealed to the receiver's one-time key."""

    offer: StatementId
    sealed_key: SealedBytes


class TransferConfirm(Payload, frozen=True, kw_only=True, tag_field="kind", tag="transfer.confirm"):
    """Step 5, by the receiver: every row checked against the ledger, same content root (and marked root)."""

    offer: StatementId
    content_root: Digest
    marked_root: Digest | None = None


class TransferDispute(Payload, frozen=True, kw_only=True, tag_field="kind", tag="transfer.dispute"):
    """Step 5 otherwise: what was wrong; `one_time_secret` lets the arbiter open the sealed key."""

    offer: StatementId
    reason: Literal["undecryptable", "content_root", "commitment", "missing_rows", "fields", "other"]
    one_time_secret: Bytes32


class TransferRefuse(Payload, frozen=True, kw_only=True, tag_field="kind", tag="transfer.refuse"):
    """The receiver does not want it (instead of accept)."""

    offer: StatementId
    reason: Literal["not_wanted", "ciphertext", "terms", "other"]


class TransferCancel(Payload, frozen=True, kw_only=True, tag_field="kind", tag="transfer.cancel"):
    """The sender, before release, or a regulator, ends the hand-over."""

    offer: StatementId
    reason: Literal["withdrawn", "error", "authority", "other"]


class UseReport(Payload, frozen=True, kw_only=True, tag_field="kind", tag="use.report"):
    """A use of what a hand-over gave (`transfer`: the offer's id), for one record when `reference` is given."""

    transfer: StatementId
    purpose: Purpose
    used_at: Time
    outcome: Digest
    reference: RecordReference | None = None
