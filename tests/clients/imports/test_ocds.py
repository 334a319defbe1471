"""Contracts of the Open Contracting Data Standard become contract.register, contract.milestone, contract.payment."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from clients.imports.errors import AmountUnusable, DayUnreadable, ImportMalformed, PartyUnmapped
from clients.imports.ocds import ImportedContract, local_id, read_ocds
from clients.imports.parties import parse_parties, read_parties
from clients.sdk.identity import Head
from ledger.codes import fictional_uscc
from ledger.identifiers import scan_identifiers
from ledger.kinds import decode_payload
from ledger.kinds.fields import Payload
from ledger.rules.contracts import code_passes

ROOT = Path(__file__).resolve().parents[3]
FACTS = ROOT / "clients" / "demo" / "facts" / "contract_ocds.json"
OUTSIDE = ROOT.parent / "shared" / "data" / "ocds"
BUYER, SUPPLIER = fictional_uscc(10), fictional_uscc(11)
PARTIES = {"@buyer": BUYER, "@supplier": SUPPLIER}
CONTRACT_ID = "ab" * 32


def heads(payload_type: type[Payload]) -> Head:
    kind = str(payload_type.__struct_config__.tag)
    return {"v": 1, "sub": f"urn:suyuan:{kind.partition('.')[0]}:{BUYER}:x"}


def payloads(contract: ImportedContract) -> list[Payload]:
    return [
        contract.register(heads),
        *contract.milestone_payloads(CONTRACT_ID, heads),
        *contract.payment_payloads(CONTRACT_ID, heads),
    ]


def package(contract: dict[str, object], **more: object) -> bytes:
    release = {"ocid": "o-1", "id": "1", "date": "2026-01-01T00:00:00Z", "buyer": {"id": "@buyer"}, **more}
    full = {"id": "c", "suppliers": [{"id": "@supplier"}], "value": {"amount": 1, "currency": "CNY"}, **contract}
    return json.dumps({"releases": [{**release, "contracts": [full]}]}).encode()


def test_the_real_contract_is_one_register_twelve_milestones_eleven_payments() -> None:
    (contract,) = read_ocds(FACTS.read_bytes(), PARTIES)
    kinds = [str(type(payload).__struct_config__.tag) for payload in payloads(contract)]
    assert kinds.count("contract.register") == 1
    assert kinds.count("contract.milestone") == 12
    assert kinds.count("contract.payment") == 11
    assert (contract.value.amount, contract.value.currency) == (131_126_400, "MXN")
    assert contract.paid == contract.value.amount
    assert {claim.status for claim in contract.claims} == {"partially_met"}
    assert {(payment.payer, payment.payee) for payment in contract.payments} == {(BUYER, SUPPLIER)}
    assert contract.payments[0].day == "2016-04-08"
    assert contract.quoted == ()


def test_every_payload_of_an_import_fits_its_kind_and_names_no_person() -> None:
    for contract in read_ocds(FACTS.read_bytes(), PARTIES):
        for payload in payloads(contract):
            fields = msgspec.to_builtins(payload)
            decode_payload(fields["kind"], fields)
            assert scan_identifiers(fields) is None


def test_parties_without_a_code_are_all_named() -> None:
    with pytest.raises(PartyUnmapped) as caught:
        read_ocds(FACTS.read_bytes(), {})
    assert caught.value.params["parties"] == "@buyer, @supplier"


def test_a_release_of_version_1_1() -> None:
    text = package(
        {
            "value": {"amount": 17875000, "currency": "PYG"},
            "milestones": [{"id": "m", "status": "notMet", "dueDate": "2026-02-28"}],
            "implementation": {
                "transactions": [
                    {
                        "id": "t", "date": "2026-01-31T17:00:00Z", "value": {"amount": 2372509.0, "currency": "PYG"},
                        "payer": {"id": "p"}, "payee": {"id": "q"},
                    }
                ]
            },
        },
        parties=[
            {"id": "p", "identifier": {"scheme": "USCC", "id": BUYER}},
            {"id": "q", "identifier": {"scheme": "XX", "id": "77"}},
        ],
    )  # fmt: skip
    (contract,) = read_ocds(text, {**PARTIES, "XX:77": SUPPLIER})
    (payment,) = contract.payments
    assert contract.value.amount == 17_875_000
    assert (payment.amount.amount, payment.payer, payment.payee) == (2_372_509, BUYER, SUPPLIER)
    assert payment.day == "2026-02-01"
    assert (contract.claims[0].status, contract.milestones[0].due) == ("not_met", "2026-02-28")


def test_amounts_stay_exact_and_fractions_of_a_minor_unit_are_an_error() -> None:
    text = package({}).replace(b'"amount": 1,', b'"amount": 90071992547409.91,')
    assert read_ocds(text, PARTIES)[0].value.amount == 9_007_199_254_740_991
    for amount, currency in (("0.001", "CNY"), ("1.5", "JPY"), ("90071992547409.92", "CNY"), ("1", "yuan")):
        bad = package({}).replace(
            b'"amount": 1, "currency": "CNY"', f'"amount": {amount}, "currency": "{currency}"'.encode()
        )
        with pytest.raises(AmountUnusable):
            read_ocds(bad, PARTIES)


def test_quoted_codes_are_kept_as_they_stand_so_that_f_code_can_be_found() -> None:
    wrong = BUYER[:-1] + ("0" if BUYER[-1] != "0" else "1")
    buyer = {"id": "@buyer", "identifier": {"scheme": "USCC", "id": wrong}}
    (contract,) = read_ocds(package({}, buyer=buyer), PARTIES)
    (quoted,) = contract.quoted
    assert (quoted.scheme, quoted.code, code_passes(quoted)) == ("USCC", wrong, False)
    assert contract.buyer == BUYER


def test_several_releases_of_one_process_are_compiled_to_the_newest() -> None:
    older = json.loads(
        package({"title": "old", "implementation": {"milestones": [{"id": "a", "status": "scheduled"}]}})
    )
    newer = json.loads(package({"implementation": {"milestones": [{"id": "a", "status": "met"}, {"id": "b"}]}}))
    newer["releases"][0]["date"] = "2026-05-01T00:00:00Z"
    both = {"releases": newer["releases"] + older["releases"]}
    (contract,) = read_ocds(json.dumps(both).encode(), PARTIES)
    assert [milestone.id for milestone in contract.milestones] == ["a", "b"]
    assert [(claim.milestone, claim.status) for claim in contract.claims] == [("a", "met")]
    record = {"records": [{"ocid": "o-1", "releases": both["releases"]}]}
    assert read_ocds(json.dumps(record).encode(), PARTIES) == [contract]
    linked = {"records": [{"ocid": "o-1", "releases": [{"url": "urn:x"}]}]}
    with pytest.raises(ImportMalformed):
        read_ocds(json.dumps(linked).encode(), PARTIES)


@pytest.mark.parametrize(
    "data", [b"[]", b"{", b'{"x": 1}', b'{"releases": [1]}', b'{"releases": [{}]}', b'{"releases": [], "n": NaN}']
)
def test_what_is_no_package_is_malformed(data: bytes) -> None:
    with pytest.raises(ImportMalformed):
        read_ocds(data, {})


def test_a_status_or_date_that_does_not_exist_is_named_by_its_place() -> None:
    with pytest.raises(ImportMalformed, match=r"contracts\[0\].milestones\[0\].status"):
        read_ocds(package({"milestones": [{"id": "m", "status": "done"}]}), PARTIES)
    with pytest.raises(DayUnreadable, match=r"milestones\[0\].dueDate"):
        read_ocds(package({"milestones": [{"id": "m", "dueDate": "soon"}]}), PARTIES)


def test_ids_take_the_form_of_the_ledger_and_never_look_like_a_persons_number() -> None:
    assert local_id("CA-004/2016") == "CA-004/2016"
    assert local_id("a b") != local_id("a-b")
    assert local_id("4111111111111111") == "x4111111111111111"
    assert len(local_id("ñ" * 300)) <= 96


def test_party_mappings_by_line_and_by_table() -> None:
    assert parse_parties([f"a=b={BUYER}", "", "# comment"]) == {"a=b": BUYER}
    assert read_parties(f'[parties]\n"@buyer" = "{BUYER}"\n') == {"@buyer": BUYER}
    assert read_parties(f"@buyer={BUYER}\n") == {"@buyer": BUYER}


@pytest.mark.skipif(not OUTSIDE.is_dir(), reason="the outside data set is not beside the project")
def test_outside_files_import_with_their_sums() -> None:
    mapping = dict.fromkeys(("GDF9712054NA", "0901", "(buyer)", "b57cc866981fddc03d7928d923463fb1"), BUYER)
    others = ("C&C021030KX2", "BSM971107ME6", "11 DE SETIEMBRE SRL", "745a4d642e0e904e935a8fbd93b5366e")
    mapping |= dict.fromkeys(others, SUPPLIER)
    releases = read_ocds((OUTSIDE / "cdmx-release-package.json").read_bytes(), mapping)
    records = read_ocds((OUTSIDE / "cdmx-record-package.json").read_bytes(), mapping)
    assert releases == records
    first = next(contract for contract in releases if contract.process == "OCDS-87SD3T-AD-SF-DRM-063-2015")
    assert (len(first.payments), first.paid, first.value.amount) == (11, 131_126_400, 131_126_400)
    (paraguay,) = read_ocds((OUTSIDE / "paraguay-release-package.json").read_bytes(), mapping)
    assert (paraguay.value.amount, paraguay.value.currency, paraguay.paid) == (17_875_000, "PYG", 2_372_509)
