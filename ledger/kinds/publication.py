"""Payloads of `publication.*`, `list.*`, `measure.*`, `repair.*`, `stop.acknowledge` and `pledge.*` (公示, 名单, 修复).

A content hash is the content root (docs/spec) over the one record with its published fields, so
that a disclosure proves it from the record's commitment.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import (
    MAX_ITEMS,
    Code,
    Day,
    Digest,
    LegalBasis,
    Name,
    Payload,
    RecordReference,
    ReferenceSetJson,
    StatementId,
    Uscc,
    Value,
)
from ledger.kinds.records import Subject

MAX_GROUNDS = 50
"""Most records one list entry may rest on."""
MAX_KEPT = 20
"""Most bases on which a holder may keep parts of what it was told to stop."""


class PublicationStart(Payload, frozen=True, kw_only=True, tag_field="kind", tag="publication.start"):
    """A record is public on a site until the end of a day; `fields` are those shown, sorted.

    `changes` names the publication (by any of its publication.start) that this one takes the place of: the same record
    or a later version of it, on the same site, in other terms.
    """

    reference: RecordReference
    site: Code
    fields: Annotated[list[Name], Meta(min_length=1, max_length=MAX_ITEMS)]
    content: Digest
    end_day: Day
    changes: StatementId | None = None


class PublicationStop(Payload, frozen=True, kw_only=True, tag_field="kind", tag="publication.stop"):
    """A publication, or a mirror of one, is public no longer; `publication` is any statement that started it."""

    publication: StatementId
    reason: Literal["expired", "repaired", "corrected", "withdrawn", "error", "court", "other"]
    ground: Digest | None = None


class PublicationMirror(Payload, frozen=True, kw_only=True, tag_field="kind", tag="publication.mirror"):
    """A service agency shows a copy of a publication on its own site; a later one by the same agency replaces it."""

    publication: StatementId
    site: Code
    content: Digest
    end_day: Day


class PublicationObserve(Payload, frozen=True, kw_only=True, tag_field="kind", tag="publication.observe"):
    """What was seen of a publication, or of a mirror, on a day; `capture` is the hash of the page as it was kept."""

    publication: StatementId
    content: Digest
    end_day: Day
    seen_on: Day
    capture: Digest


class ListEnter(Payload, frozen=True, kw_only=True, tag_field="kind", tag="list.enter", rename={"list_": "list"}):
    """A subject enters a list of the catalogue on the ground of records, until the end of a day."""

    list_: Code
    subject: Subject
    grounds: Annotated[list[RecordReference], Meta(min_length=1, max_length=MAX_GROUNDS)]
    basis: LegalBasis
    end_day: Day


class ListExit(Payload, frozen=True, kw_only=True, tag_field="kind", tag="list.exit"):
    """A subject leaves the list."""

    entry: StatementId
    reason: Literal["expired", "repaired", "withdrawn", "error", "court", "other"]
    ground: Digest | None = None


class MeasureApply(Payload, frozen=True, kw_only=True, tag_field="kind", tag="measure.apply"):
    """A measure of the catalogue is applied to the subject of a list entry, until the end of a day."""

    measure: Code
    entry: StatementId
    basis: LegalBasis
    end_day: Day


class MeasureLift(Payload, frozen=True, kw_only=True, tag_field="kind", tag="measure.lift"):
    """A measure is lifted."""

    measure: StatementId
    reason: Literal["expired", "exited", "repaired", "error", "court", "other"]


class RepairApply(Payload, frozen=True, kw_only=True, tag_field="kind", tag="repair.apply"):
    """The subject of a record, or an agent under its `mandate`, applies for repair; `evidence` commits to the proof."""

    reference: RecordReference
    evidence: Digest
    mandate: StatementId | None = None


class RepairAccept(Payload, frozen=True, kw_only=True, tag_field="kind", tag="repair.accept"):
    """The repair authority registers an application."""

    application: StatementId


class RepairDecide(Payload, frozen=True, kw_only=True, tag_field="kind", tag="repair.decide"):
    """The repair authority decides; `reason` commits to the reasons kept off the ledger."""

    application: StatementId
    outcome: Literal["approved", "rejected"]
    reason: Digest


class Kept(Value, frozen=True):
    """What a holder keeps although it was told to stop, and on which legal basis."""

    references: ReferenceSetJson
    basis: LegalBasis


class StopAcknowledge(Payload, frozen=True, kw_only=True, tag_field="kind", tag="stop.acknowledge"):
    """A holder says what it stopped and what it keeps, and on which basis.

    `order` is the statement that opened the duty and `about` what the duty is about: a record or row, a grant, or the
    offer of a hand-over. `holder` names a dissolved member whose place the signer has taken.
    """

    order: StatementId
    about: RecordReference
    holder: Uscc | None = None
    stopped: ReferenceSetJson | None = None
    kept: Annotated[list[Kept], Meta(min_length=1, max_length=MAX_KEPT)] | None = None


class PledgeMake(Payload, frozen=True, kw_only=True, tag_field="kind", tag="pledge.make"):
    """A subject pledges something to an authority by a day; `what` commits to the words."""

    subject: Subject
    authority: Uscc
    what: Digest
    due_day: Day


class PledgeFulfil(Payload, frozen=True, kw_only=True, tag_field="kind", tag="pledge.fulfil"):
    """The authority finds the pledge kept."""

    pledge: StatementId
    evidence: Digest


class PledgeBreach(Payload, frozen=True, kw_only=True, tag_field="kind", tag="pledge.breach"):
    """The authority finds the pledge broken."""

    pledge: StatementId
    evidence: Digest


__all__ = [
    "Kept",
    "ListEnter",
    "ListExit",
    "MeasureApply",
    "MeasureLift",
    "PledgeBreach",
    "PledgeFulfil",
    "PledgeMake",
    "PublicationMirror",
    "PublicationObserve",
    "PublicationStart",
    "PublicationStop",
    "RepairAccept",
    "RepairApply",
    "RepairDecide",
    "StopAcknowledge",
]
