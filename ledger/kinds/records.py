"""Payloads of `record.*` (docs/spec/records.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import (
    Code,
    Count,
    Day,
    Digest,
    LegalBasis,
    Natural,
    Payload,
    RecordReference,
    Severity,
    StatementId,
    SubjectClass,
    Value,
)

MAX_HELD_SIGNATURES = 100
HeldSignature = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,1024}(?![\s\S])", description="COSE_Sign1, base64url")]


class Subject(Value, frozen=True, rename={"class_": "class"}):
    """The subject of one record: its class and its tag, or for a person the record's own link."""

    class_: SubjectClass
    value: Digest
    epoch: Natural


class RecordSubmit(Payload, frozen=True, kw_only=True, tag_field="kind", tag="record.submit"):
    """One record by its commitment. `performance` cites the contract.verify it rests on (CON-6)."""

    item: Code
    catalogue: Count
    subject: Subject
    commitment: Digest
    event_day: Day
    retention_end: Day
    severity: Severity | None = None
    basis: LegalBasis | None = None
    performance: StatementId | None = None


class RecordBatch(Payload, frozen=True, kw_only=True, tag_field="kind", tag="record.batch"):
    """`count` records of one item by the root and SHA-256 of their manifest; rows share every attribute."""

    item: Code
    catalogue: Count
    subject_class: SubjectClass
    epoch: Natural
    count: Annotated[int, Meta(ge=1, le=2**24)]
    root: Digest
    manifest: Digest
    event_day: Day
    retention_end: Day
    held: Annotated[list[HeldSignature], Meta(min_length=1, max_length=MAX_HELD_SIGNATURES)]
    severity: Severity | None = None
    basis: LegalBasis | None = None


class RecordCorrect(Payload, frozen=True, kw_only=True, tag_field="kind", tag="record.correct"):
    """Replaces the record or row `reference` by all attributes anew; a new version with its own id."""

    reference: RecordReference
    item: Code
    catalogue: Count
    subject: Subject
    commitment: Digest
    event_day: Day
    retention_end: Day
    reason: Literal["error", "update", "court", "dispute"]
    severity: Severity | None = None
    basis: LegalBasis | None = None
    performance: StatementId | None = None


class RecordWithdraw(Payload, frozen=True, kw_only=True, tag_field="kind", tag="record.withdraw"):
    """Takes the record or row back; `ground` commits to the explanation kept off the ledger."""

    reference: RecordReference
    reason: Literal["error", "duplicate", "court", "dispute", "other"]
    ground: Digest | None = None
