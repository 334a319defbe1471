"""Consents behind a grant as consent records with the field names of ISO/IEC TS 27560:2023, and back to consent.give.

A record has one PII principal. It is named by the consent's own id and nothing else, so that no two records of a person
can be joined; what the principal is called stands in the evidence that whoever recorded the consent keeps.

| section (27560, 6.3) | from |
|---|---|
| header: schema_version, record_id, pii_principal_id | the consent's id |
| pii_processing: privacy_notice, purposes (lawful_basis, pii_information, retention_period, …) | consent and grant |
| party_identification | recorder, grantor, grantee, deliverer |
| event: event_time, validity_duration, entity_id, event_type, event_state | the consent and its withdrawal |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.exchange.reading import ForeignDocument, after_prefix, list_of, member_of, text_of
from ledger.kinds.consents import ConsentGive
from ledger.kinds.grants import GrantIssue
from ledger.references import ReferenceSet

SCHEMA: Final = "ISO/IEC TS 27560:2023"
PRINCIPAL, MEMBER, EVIDENCE, LINK = (
    "urn:suyuan:principal:", "urn:suyuan:member:", "urn:suyuan:evidence:", "urn:suyuan:link:",
)  # fmt: skip
Json = dict[str, object]


class NoConsent(ForeignDocument):
    """A grant that rests on no consent has no consent record."""

    code = "exchange.no_consent"


@dataclass(frozen=True, slots=True)
class LoggedConsent:
    """A consent.give as it was logged: its id, signer and time, and when it was withdrawn (times as in payloads)."""

    id: str
    recorded_by: str
    given_at: str
    payload: ConsentGive
    withdrawn_at: str | None = None


def consent_records(grantor: str, grant: GrantIssue, consents: Mapping[str, LoggedConsent]) -> list[Json]:
    """Return one consent record for each consent that the grant names.

    Raises `NoConsent` where it names none, or one that is not among `consents`.
    """
    if grant.consents is None:
        raise NoConsent(path="grant.consents", detail="it rests on no consent")
    missing = [id_ for id_ in grant.consents if id_ not in consents]
    if missing:
        raise NoConsent(path="grant.consents", detail=f"{missing[0]} is not given")
    return [_record(grantor, grant, consents[id_]) for id_ in grant.consents]


def consent_from_record(record: object) -> Json:
    """Return the fields of a consent.give that says what a consent record of ours says; raises `ForeignDocument`."""
    header = member_of(record, "record", "header")
    if text_of(header, "header", "schema_version") != SCHEMA:
        raise ForeignDocument(path="header.schema_version", detail=f"it is not {SCHEMA}")
    processing = member_of(record, "record", "pii_processing")
    purposes = list_of(processing, "pii_processing", "purposes")
    if len(purposes) != 1:
        raise ForeignDocument(path="pii_processing.purposes", detail="a consent has one purpose")
    purpose = purposes[0]
    notice = text_of(processing, "pii_processing", "privacy_notice")
    fields: Json = {
        "purpose": text_of(purpose, "purposes[0]", "purpose"),
        "evidence": after_prefix(notice, EVIDENCE, "pii_processing.privacy_notice"),
        "until": _until(record),
    }
    informations = list_of(purpose, "purposes[0]", "pii_information")
    covered = member_of(informations[0] if informations else None, "pii_information[0]", "pii_attribute_id")
    if isinstance(covered, str):
        fields["link"] = after_prefix(covered, LINK, "pii_information[0].pii_attribute_id")
    else:
        fields["references"] = covered
    limits = member_of(purpose, "purposes[0]", "recipient_third_parties")
    if isinstance(limits, Mapping) and "only" in limits:
        fields["grantee"] = after_prefix(text_of(limits, "recipient_third_parties", "only"), MEMBER, "only")
    return fields


def _until(record: object) -> str:
    given = list_of(record, "record", "event")
    if not given:
        raise ForeignDocument(path="event", detail="the record has no event")
    return text_of(member_of(given[0], "event[0]", "validity_duration"), "event[0].validity_duration", "until")


def _record(grantor: str, grant: GrantIssue, consent: LoggedConsent) -> Json:
    payload = consent.payload
    return {
        "header": {
            "schema_version": SCHEMA,
            "record_id": consent.id,
            "pii_principal_id": PRINCIPAL + consent.id,
        },
        "pii_processing": {
            "privacy_notice": EVIDENCE + payload.evidence,
            "purposes": [_purpose(grantor, grant, payload)],
        },
        "party_identification": _parties(grantor, grant, consent),
        "event": _events(consent),
    }


def _purpose(grantor: str, grant: GrantIssue, payload: ConsentGive) -> Json:
    covered: object
    if payload.link is not None:
        covered = LINK + payload.link
    else:
        covered = ReferenceSet.from_json(payload.references or []).to_json()
    recipients: Json = {"granted": [MEMBER + grant.grantee]}
    if payload.grantee is not None:
        recipients["only"] = MEMBER + payload.grantee
    return {
        "purpose": payload.purpose,
        "purpose_type": "urn:suyuan:purpose:" + payload.purpose,
        "lawful_basis": "consent",
        "pii_information": [
            {"pii_type": item, "pii_attribute_id": covered, "pii_attributes": list(fields)}
            for item, fields in sorted(grant.scope.items.items())
        ],
        "pii_controllers": [MEMBER + grantor],
        "processing_method": grant.scope.mode,
        "retention_period": f"P{grant.data_life}D",
        "processing_locations": list(grant.scope.jurisdictions),
        "recipient_third_parties": recipients,
        "withdrawal_method": "consent.withdraw",
        "jurisdictions": list(grant.scope.jurisdictions),
    }


def _parties(grantor: str, grant: GrantIssue, consent: LoggedConsent) -> list[Json]:
    roles: list[tuple[str, str]] = [(grantor, "PII controller"), (grant.grantee, "recipient")]
    if grant.deliverer is not None:
        roles.append((grant.deliverer, "PII processor"))
    roles.append((consent.recorded_by, "recorder of the consent"))
    return [{"party_id": MEMBER + uscc, "party_role": role} for uscc, role in dict.fromkeys(roles)]


def _events(consent: LoggedConsent) -> list[Json]:
    given: Json = {
        "event_time": consent.given_at,
        "validity_duration": {"from": consent.given_at, "until": consent.payload.until},
        "entity_id": MEMBER + consent.recorded_by,
        "event_type": "explicit consent",
        "event_state": "given",
    }
    if consent.withdrawn_at is None:
        return [given]
    return [given, {"event_time": consent.withdrawn_at, "event_type": "explicit consent", "event_state": "withdrawn"}]
