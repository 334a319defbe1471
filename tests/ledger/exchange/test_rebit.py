"""Consent artefacts of account aggregators as grants; the artefact is made up here from the published field names."""

from __future__ import annotations

import pytest

from ledger.exchange.reading import ForeignDocument
from ledger.exchange.rebit import RebitTerms, grant_from_rebit
from ledger.references import ReferenceSet
from ledger.times import format_time
from tests.ledger.rules.handing import days, single
from tests.world import World, digest_of


def artefact(**changes: object) -> dict[str, object]:
    """Return an artefact whose ConsentDetail is changed in some members; None takes one out."""
    detail: dict[str, object] = {
        "consentStart": "2026-03-02T05:30:00.153+05:30",
        "consentExpiry": "2026-12-31T23:59:59.999Z",
        "consentMode": "STORE",
        "fetchType": "PERIODIC",
        "consentTypes": ["PROFILE", "TRANSACTIONS"],
        "fiTypes": ["DEPOSIT", "TERM_DEPOSIT"],
        "DataConsumer": {"id": "FIU-1", "type": "FIU"},
        "DataProvider": {"id": "FIP-1", "type": "FIP"},
        "Customer": {"id": "somebody@aggregator"},
        "Accounts": [{"fiType": "DEPOSIT", "linkRefNumber": "x"}],
        "Purpose": {"code": "101", "text": "Loan", "Category": {"type": "personal"}},
        "FIDataRange": {"from": "2025-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        "DataLife": {"unit": "MONTH", "value": 2},
        "Frequency": {"unit": "DAY", "value": 3},
        "DataFilter": [{"type": "TRANSACTIONAMOUNT", "operator": ">", "value": "1"}],
        **changes,
    }
    return {"ver": "1.1.2", "ConsentDetail": {name: value for name, value in detail.items() if value is not None}}


class Setting:
    """A ledger with a person's record, a consent to it, and what the artefact's codes mean there."""

    def __init__(self) -> None:
        world = self.world = World.founding()
        self.record = world.do("source", "record.submit", world.record("credit_person"))
        self.mandate = self._mandate()
        self.consent = world.do(
            "agent", "consent.give",
            {"purpose": "credit.lending", "evidence": digest_of("artefact"), "references": single(self.record),
             "until": format_time(world.time + days(300)), "mandate": self.mandate},
        )  # fmt: skip
        self.terms = RebitTerms(
            members={"FIP-1": world.uscc("source"), "FIU-1": world.uscc("lender")},
            items={
                "DEPOSIT": ("credit_person", ("duration", "amount")),
                "TERM_DEPOSIT": ("credit_person", ("amount", "existing_credits")),
            },
            purposes={"101": "credit.lending"},
            references=ReferenceSet.from_json(single(self.record)),
            jurisdictions=("CN",),
            consents=(self.consent,),
        )

    def _mandate(self) -> str:
        world = self.world
        stated = {"purpose": "credit", "evidence": digest_of("form"), "references": single(self.record)}
        return world.do("agent", "mandate.open", stated | {"until": format_time(world.time + days(300))})


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_an_artefact_becomes_a_grant_that_is_admitted(setting: Setting) -> None:
    found = grant_from_rebit(artefact(), setting.terms)
    assert found.grantor == setting.world.uscc("source")
    assert found.left_out == ("Accounts", "Customer", "DataFilter", "FIDataRange", "consentTypes")
    scope = found.fields["scope"]
    assert isinstance(scope, dict)
    assert scope["items"] == {"credit_person": ["amount", "duration", "existing_credits"]}
    assert (scope["mode"], scope["onward"], scope["rate"]) == ("store", 0, {"count": 3, "window": 86_400})
    assert (found.fields["valid_from"], found.fields["valid_until"]) == ("2026-03-02T00:00:00Z", "2026-12-31T23:59:59Z")
    assert found.fields["data_life"] == 60
    assert "somebody" not in str(found.fields)
    setting.world.do("source", "grant.issue", found.fields)


def test_one_fetch_is_a_count_and_a_bare_detail_is_read(setting: Setting) -> None:
    detail = artefact(fetchType="ONETIME", Frequency=None)["ConsentDetail"]
    found = grant_from_rebit(detail, setting.terms)
    scope = found.fields["scope"]
    assert isinstance(scope, dict)
    assert (scope["count"], "rate" in scope) == (1, False)


@pytest.mark.parametrize(
    "name",
    ["consentStart", "consentExpiry", "consentMode", "fetchType", "fiTypes", "DataConsumer", "DataProvider", "Purpose",
     "DataLife", "Frequency"],
)  # fmt: skip
def test_each_member_that_is_read_is_required(setting: Setting, name: str) -> None:
    with pytest.raises(ForeignDocument) as raised:
        grant_from_rebit(artefact(**{name: None}), setting.terms)
    assert name in raised.value.message()


@pytest.mark.parametrize(
    "changes",
    [
        {"consentMode": "STREAM"},
        {"fetchType": "SOMETIMES"},
        {"fiTypes": ["EQUITIES"]},
        {"fiTypes": []},
        {"fiTypes": "DEPOSIT"},
        {"DataConsumer": {"id": "FIU-9"}},
        {"Purpose": {"code": "105"}},
        {"DataLife": {"unit": "INF", "value": 1}},
        {"DataLife": {"unit": "DAY", "value": 0}},
        {"DataLife": {"unit": "DAY", "value": "3"}},
        {"Frequency": {"unit": "WEEK", "value": 1}},
        {"Frequency": {"unit": "DAY", "value": 0}},
        {"consentStart": "tomorrow"},
        {"consentStart": "2026-03-02T00:00:00"},
    ],
)
def test_what_has_no_counterpart_is_an_error(setting: Setting, changes: dict[str, object]) -> None:
    with pytest.raises(ForeignDocument):
        grant_from_rebit(artefact(**changes), setting.terms)
