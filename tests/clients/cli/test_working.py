"""The command line at work over a simulated node: import, grant, hand over, receive, correct, contracts, duties."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.codes import fictional_uscc
from tests.clients.cli.running import Person, text
from tests.clients.simulated_node import SimulatedNode
from tests.world_genesis import uscc_of

CSV = "code,day,name\n" + "".join(
    f"{fictional_uscc(200 + number)},2026-02-01,Example {number}\n" for number in range(6)
)
MAPPING = """
item = "penalty"
subject_class = "enterprise"
identifier = "code"
batch = 4
severity = "general"
event_day = { column = "day" }
retention_end = "2028-02-01"
basis = { rank = "law", document = "Example Law", article = "3" }
[fields]
CF_XDR_MC = "name"
"""
LINKING = f'[organisations]\nepoch = 1\nkey = "{"ab" * 32}"\n'
HOLDERS = tuple(word for name in ("n2", "n3") for word in ("--nodes", f"http://{name}.example"))


class Office:
    """A source and a lender at one node."""

    def __init__(self, folder: Path) -> None:
        self.node = SimulatedNode()
        linking = folder / "linking.toml"
        linking.write_text(LINKING)
        self.source = Person(folder / "source", self.node, "source", {"SUYUAN_LINKING_KEYS": str(linking)})
        self.lender = Person(folder / "lender", self.node, "lender")
        self.csv, self.mapping = folder / "rows.csv", folder / "map.toml"
        self.csv.write_text(CSV)
        self.mapping.write_text(MAPPING)

    def imported(self, *more: str) -> list[dict[str, object]]:
        words = ("record", "import", str(self.csv), "--mapping", str(self.mapping), "--held-by", "3", *HOLDERS, *more)
        data = self.source.data(*words)
        assert isinstance(data, dict)
        statements: list[dict[str, object]] = data["statements"]
        return statements

    def granted(self, *more: str) -> str:
        words = ("--item", "penalty=CF_XDR_MC", "--purpose", "credit.lending", "--basis", "law;Example Law;3")
        grant = text(self.source.data("grant", "issue", uscc_of("lender"), *words, *more), "id")
        self.lender.data("grant", "accept", grant)
        return grant


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_import_then_resume_submits_nothing_twice(office: Office) -> None:
    first = office.imported()
    assert [(row["rows"], row["earlier"]) for row in first] == [(4, False), (2, False)]
    words = ("record", "import", str(office.csv), "--mapping", str(office.mapping))
    assert office.source.fails(14, *words, "--held-by", "3", *HOLDERS)["code"] == "import.begun"
    again = office.imported("--resume")
    assert [(row["id"], row["earlier"]) for row in again] == [(row["id"], True) for row in first]


def test_a_dry_run_lists_wrong_rows_and_signs_nothing(office: Office) -> None:
    office.csv.write_text(CSV.replace("2026-02-01,Example 3", "someday,Example 3"))
    words = ("record", "import", str(office.csv), "--mapping", str(office.mapping), "--dry-run")
    size = office.node.tree.size
    error = office.source.fails(2, *words)
    assert (error["code"], error["params"]) == ("import.rows", {"wrong": 1, "total": 6, "file": "rows.csv"})
    people = office.source.run(*words, "--lang", "zh")
    assert people.exit_code == 2
    assert "import.day" in people.stdout
    assert office.node.tree.size == size
    office.csv.write_text(CSV)
    assert office.source.data(*words) == {"file": "rows.csv", "rows": 6, "wrong": 0, "problems": []}
    assert office.node.tree.size == size


def test_a_hand_over_from_end_to_end(office: Office) -> None:
    batch, grant = str(office.imported()[0]["id"]), office.granted()
    prepared = office.source.data("transfer", "send", grant, "--reference", f"{batch}:0-2", "--prepare")
    transfer = text(prepared, 0, "transfer")
    offer = text(office.source.data("transfer", "offer", transfer), "offer")
    duties = office.lender.data("duty", "list")
    assert isinstance(duties, dict)
    assert office.lender.data("transfer", "show", offer)
    office.lender.data("transfer", "accept", offer)
    office.source.data("transfer", "release", transfer)
    received = office.lender.data("transfer", "confirm", offer)
    assert isinstance(received, dict)
    assert received["records"] == 3
    shown = office.lender.data("record", "show", f"{batch}:1", "--values")
    assert isinstance(shown, dict)
    own = office.source.data("record", "show", f"{batch}:1", "--values")
    assert isinstance(own, dict)
    assert shown["disclosed"] == [{"offer": offer, "values": own["values"]}]
    assert "values" not in shown
    assert "disclosed" not in own
    assert "disclosed" not in office.lender.run("record", "show", f"{batch}:1").stdout
    assert office.lender.fails(5, "record", "show", f"{batch}:3", "--values")["code"] == "vault.missing"
    finished = office.source.data("transfer", "finish", transfer)
    assert finished == {"transfer": transfer, "status": "confirmed"}
    reported = office.lender.data(
        "use", "report", offer, "--purpose", "credit.lending", "--outcome", "cd" * 32, "--reference", f"{batch}:1"
    )
    assert text(reported, "status") == "admitted"


def test_what_was_received_is_erased_here_and_only_when_told(office: Office) -> None:
    batch, grant = str(office.imported()[0]["id"]), office.granted()
    prepared = office.source.data("transfer", "send", grant, "--reference", f"{batch}:0-2", "--prepare")
    transfer = text(prepared, 0, "transfer")
    offer = text(office.source.data("transfer", "offer", transfer), "offer")
    office.lender.data("transfer", "accept", offer)
    office.source.data("transfer", "release", transfer)
    office.lender.data("transfer", "confirm", offer)
    size = office.node.tree.size
    erase = ("erase", "local", f"{batch}:0-1")
    assert office.lender.fails(2, *erase)["code"] == "cli.usage"
    asked = office.lender.run(*erase, stdin="n\n")
    assert (asked.exit_code, "without an attestation" in asked.stderr) == (1, True)
    office.lender.data("record", "show", f"{batch}:0", "--values")
    erased = office.lender.data(*erase, "--yes")
    assert isinstance(erased, dict)
    assert (erased["records"], erased["disclosures"]) == (0, 2)
    assert office.lender.fails(5, "record", "show", f"{batch}:0", "--values")["code"] == "vault.missing"
    office.lender.data("record", "show", f"{batch}:2", "--values")
    office.source.data("record", "show", f"{batch}:0", "--values")
    # A batch without rows names nothing that a vault holds, and nothing of it is signed.
    assert office.lender.fails(5, "erase", "local", batch, "--yes")["code"] == "vault.missing"
    assert office.node.tree.size == size


def test_a_statement_is_saved_with_its_proof_and_verified_offline(office: Office) -> None:
    grant = office.granted()
    raw, proof = office.source.folder / "grant.cose", office.source.folder / "grant.tlog-proof"
    words = ("statement", "get", grant, "--out", str(raw), "--proof", str(proof))
    got = office.source.data(*words)
    assert isinstance(got, dict)
    assert (got["kind"], got["status"], got["statement"], got["proof"]) == (
        "grant.issue", "admitted", str(raw), str(proof)
    )  # fmt: skip
    assert text(office.source.data("verify", str(proof), "--statement", str(raw)), "verdict") == "VERIFIED"
    assert office.source.fails(3, *words)["code"] == "cli.file"
    office.source.fails(5, "statement", "get", "00" * 32)


def test_a_refused_offer_ends_with_14_and_names_its_rule(office: Office) -> None:
    batch, grant = str(office.imported()[0]["id"]), office.granted()
    words = ("transfer", "send", grant, "--reference", f"{batch}:0", "--purpose", "supervision", "--patience", "1")
    error = office.source.fails(14, *words)
    assert error["code"] == "TRA-2"


def test_revoking_ends_what_can_be_sent(office: Office) -> None:
    batch, grant = str(office.imported()[0]["id"]), office.granted()
    office.source.data("grant", "revoke", grant, "--reason", "breach")
    error = office.source.fails(14, "transfer", "send", grant, "--reference", f"{batch}:0", "--patience", "1")
    assert error["code"] == "TRA-1"


def test_a_single_record_is_submitted_corrected_and_withdrawn(office: Office) -> None:
    file = office.source.folder / "record.json"
    file.write_text(f'{{"class": "enterprise", "identifier": "{fictional_uscc(77)}", "values": {{"CF_NR": "fine"}}}}')
    shared = (
        "--item", "penalty", "--event-day", "2026-02-01", "--retention-end", "2028-02-01", "--severity", "minor",
        "--basis", "law;Example Law;3",
    )  # fmt: skip
    first = text(office.source.data("record", "submit", str(file), *shared), "id")
    shown = office.source.data("record", "show", first, "--values")
    assert isinstance(shown, dict)
    assert shown["values"] == {"CF_NR": "fine"}
    assert "count" not in office.source.run("record", "show", first).stdout
    second = text(office.source.data("record", "correct", first, str(file), *shared, "--reason", "update"), "id")
    office.source.data("record", "withdraw", second, "--reason", "duplicate")
    office.source.fails(5, "record", "show", "00" * 32)


def test_any_kind_is_submitted_from_json(office: Office) -> None:
    file = office.lender.folder / "fields.json"
    grantor = uscc_of("source")
    file.write_text(f'{{"grantor": "{grantor}", "items": {{"penalty": ["CF_NR"]}}, "purpose": "credit.lending"}}')
    dry = office.lender.data(
        "submit", "grant.request", str(file), "--dry-run", "--save", str(file.with_suffix(".cose"))
    )
    assert text(dry, "status") == "signed"
    assert file.with_suffix(".cose").stat().st_size > 100
    assert text(office.lender.data("submit", "grant.request", str(file)), "status") == "admitted"
    file.write_text('{"grantor": 1}')
    assert office.lender.fails(2, "submit", "grant.request", str(file))["code"] == "payload.schema"
    asked = office.lender.data("grant", "request", grantor, "--item", "penalty=CF_NR", "--purpose", "credit.lending")
    office.source.data("grant", "decline", text(asked, "id"), "--reason", "no_basis")


def test_contracts_are_previewed_by_a_dry_run(office: Office) -> None:
    facts = Path(__file__).resolve().parents[3] / "clients" / "demo" / "facts" / "contract_ocds.json"
    parties = ("--party", f"@buyer={fictional_uscc(10)}", "--party", f"@supplier={fictional_uscc(11)}")
    data = office.lender.data("contract", "import", str(facts), *parties, "--dry-run")
    assert isinstance(data, list)
    (contract,) = data
    assert (len(contract["milestones"]), len(contract["payments"])) == (12, 11)
    assert contract["paid"] == contract["value"]["amount"] == 131_126_400
    assert office.lender.fails(2, "contract", "import", str(facts), "--dry-run")["code"] == "import.party"


def test_the_real_contract_is_imported_once_however_often_it_is_run(office: Office) -> None:
    facts = Path(__file__).resolve().parents[3] / "clients" / "demo" / "facts" / "contract_ocds.json"
    parties = ("--party", f"@buyer={uscc_of('lender')}", "--party", f"@supplier={fictional_uscc(11)}")
    words = ("contract", "import", str(facts), *parties)
    data = office.lender.data(*words)
    assert isinstance(data, list)
    assert (len(data[0]["milestones"]), len(data[0]["payments"])) == (12, 11)
    assert office.node.world.open_findings("F-CONTRACT-SUM")
    size = office.node.tree.size
    assert office.lender.data(*words) == data
    assert office.node.tree.size == size


def test_a_token_is_signed_for_the_node(office: Office) -> None:
    data = office.lender.data("token", "--life", "60")
    assert isinstance(data, dict)
    assert data["node"] == "n1"
    assert len(str(data["token"])) > 100


def test_keys_are_added_rotated_and_revoked(office: Office) -> None:
    office.lender.environment["SUYUAN_PASSPHRASE"] = "long enough words"
    file = office.lender.folder / "second.pem"
    kid = text(office.lender.data("key", "new", str(file)), "kid")
    assert text(office.lender.data("key", "add", str(file), "--kind", "use"), "kid") == kid
    third = office.lender.folder / "third.pem"
    office.lender.data("key", "new", str(third), "--p256")
    office.lender.data("key", "rotate", str(third))
    office.lender.data("key", "rotate", "--cancel")
    office.lender.data("key", "revoke", kid, "--reason", "superseded")
    assert office.lender.fails(2, "key", "rotate")["code"] == "cli.usage"
