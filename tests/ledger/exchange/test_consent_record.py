"""Consents as records with the field names of ISO/IEC TS 27560, and back."""

from __future__ import annotations

import msgspec
import pytest

from ledger.exchange.consent_record import SCHEMA, LoggedConsent, NoConsent, consent_from_record, consent_records
from ledger.exchange.reading import ForeignDocument
from ledger.kinds import decode_payload
from ledger.kinds.consents import ConsentGive
from tests.ledger.exchange.test_odrl import issued
from tests.ledger.rules.handing import grant
from tests.world import World, digest_of

WORLD = World.founding()
SOURCE, LENDER = WORLD.uscc("source"), WORLD.uscc("lender")
SECTIONS = {
    "header": {"schema_version", "record_id", "pii_principal_id"},
    "pii_processing": {"privacy_notice", "purposes"},
}
PURPOSE = {
    "purpose", "purpose_type", "lawful_basis", "pii_information", "pii_controllers", "processing_method",
    "retention_period", "processing_locations", "recipient_third_parties", "withdrawal_method", "jurisdictions",
}  # fmt: skip


def consent(**changes: object) -> ConsentGive:
    """Return a consent.give payload over two rows."""
    stated: dict[str, object] = {
        "purpose": "credit.lending",
        "evidence": digest_of("form"),
        "until": "2027-01-01T00:00:00Z",
        "references": [[digest_of("batch"), [[3, 3], [9, 9]]]],
        **changes,
    }
    given = {name: value for name, value in stated.items() if value is not None}
    payload = decode_payload("consent.give", {"v": 1, "kind": "consent.give", "sub": "urn:suyuan:consent:x:y", **given})
    assert isinstance(payload, ConsentGive)
    return payload


def logged(payload: ConsentGive, withdrawn_at: str | None = None) -> LoggedConsent:
    """Return the consent as the lender logged it."""
    return LoggedConsent(digest_of("consent"), LENDER, "2026-03-02T00:00:00Z", payload, withdrawn_at)


def records(one: LoggedConsent) -> list[dict[str, object]]:
    """Return the records of a grant that rests on one consent."""
    within = {"items": {"credit_person": ["amount"]}, "references": [[digest_of("batch"), [[3, 3]]]]}
    return consent_records(SOURCE, issued(grant(WORLD, "lender", within=within, consents=[one.id])), {one.id: one})


def test_a_record_has_the_sections_and_names_of_the_standard() -> None:
    (record,) = records(logged(consent()))
    assert set(record) == {"header", "pii_processing", "party_identification", "event"}
    for name, members in SECTIONS.items():
        section = record[name]
        assert isinstance(section, dict)
        assert set(section) == members
    (purpose,) = record["pii_processing"]["purposes"]  # type: ignore[index]
    assert set(purpose) == PURPOSE
    assert purpose["lawful_basis"] == "consent"
    assert purpose["retention_period"] == "P30D"
    parties = record["party_identification"]
    assert isinstance(parties, list)
    assert {party["party_role"] for party in parties} == {"PII controller", "recipient", "recorder of the consent"}


def test_the_principal_is_named_by_the_consent_alone() -> None:
    (first,) = records(logged(consent()))
    assert first["header"]["pii_principal_id"] == f"urn:suyuan:principal:{digest_of('consent')}"  # type: ignore[index]
    assert first["header"]["schema_version"] == SCHEMA  # type: ignore[index]


def test_a_withdrawal_is_an_event() -> None:
    (record,) = records(logged(consent(), "2026-05-01T00:00:00Z"))
    events = record["event"]
    assert isinstance(events, list)
    assert [event["event_state"] for event in events] == ["given", "withdrawn"]
    assert events[1]["event_time"] == "2026-05-01T00:00:00Z"


@pytest.mark.parametrize("changes", [{}, {"grantee": LENDER}, {"references": None, "link": digest_of("link")}])
def test_a_consent_is_read_back_as_it_was(changes: dict[str, object]) -> None:
    given = consent(**changes)
    (record,) = records(logged(given))
    assert msgspec.to_builtins(consent(**{"references": None, **consent_from_record(record)})) == msgspec.to_builtins(
        given
    )


def test_a_grant_without_consents_has_no_record() -> None:
    with pytest.raises(NoConsent):
        consent_records(SOURCE, issued(grant(WORLD, "lender")), {})
    with pytest.raises(NoConsent):
        consent_records(SOURCE, issued(grant(WORLD, "lender", consents=[digest_of("other")])), {})


@pytest.mark.parametrize("section", ["header", "pii_processing", "event"])
def test_a_record_without_a_section_is_an_error(section: str) -> None:
    (record,) = records(logged(consent()))
    del record[section]
    with pytest.raises(ForeignDocument):
        consent_from_record(record)


def test_another_schema_is_an_error() -> None:
    (record,) = records(logged(consent()))
    record["header"] = {"schema_version": "other"}
    with pytest.raises(ForeignDocument):
        consent_from_record(record)
