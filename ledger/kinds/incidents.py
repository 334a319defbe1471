"""Payloads of `incident.*` (docs/spec/kinds.md): what is affected stays a commitment until notification."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import Bytes32, Digest, Payload, ReferenceSetJson, StatementId, Time, Uscc

MAX_NAMED = 200


class IncidentOpen(Payload, frozen=True, kw_only=True, tag_field="kind", tag="incident.open"):
    """Something went wrong at the signer; `noticed_at` starts the deadlines.

    `affected` commits to the affected references and members (`ledger.scope_commitment`); `report` to the
    description kept off the ledger; `parent` is an incident that this one is part of.
    """

    category: Literal["leak", "loss", "tampering", "misuse", "key", "outage", "other"]
    noticed_at: Time
    affected: Digest
    report: Digest | None = None
    parent: StatementId | None = None


class IncidentContain(Payload, frozen=True, kw_only=True, tag_field="kind", tag="incident.contain"):
    """What the signer did to contain the incident; `measures` commits to the description."""

    incident: StatementId
    measures: Digest


class IncidentNotify(Payload, frozen=True, kw_only=True, tag_field="kind", tag="incident.notify"):
    """Opens the commitment of incident.open: the affected members, each of which must now act, and references."""

    incident: StatementId
    salt: Bytes32
    members: Annotated[list[Uscc], Meta(min_length=1, max_length=MAX_NAMED)]
    references: ReferenceSetJson | None = None


class IncidentClose(Payload, frozen=True, kw_only=True, tag_field="kind", tag="incident.close"):
    """A regulator closes the incident; `outcome` says how it ended."""

    incident: StatementId
    outcome: Literal["resolved", "unfounded", "residual"]
    ground: Digest | None = None
