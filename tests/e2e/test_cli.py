"""The command line against a real node: founding, import, hand-over, questions, audit, evidence, and its errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.codes import fictional_resident_number, fictional_uscc
from ledger.receipt import parse_inclusion_receipt
from ledger.times import day_of
from tests.clients.cli.running import Person, text
from tests.node.founding import found_node
from tests.node.node_process import running_node
from tests.world_genesis import uscc_of

ROWS = 25
LINKING = f'[persons]\nepoch = 1\nkey = "{"ab" * 32}"\n'
MAPPING = """
item = "credit_person"
subject_class = "person"
identifier = "document"
event_day = { column = "day" }
retention_end = { days = 365 }
[fields]
duration = "months"
amount = "amount"
"""
FACTS = Path(__file__).resolve().parents[2] / "clients" / "demo" / "facts" / "contract_ocds.json"
DAY = day_of(int(time.time() * 1000))


class Town:
    """The members of the tests' world, each with a command line, at one real node."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        linking = folder / "linking.toml"
        linking.write_text(LINKING)
        (folder / "map.toml").write_text(MAPPING)
        lines = [f"{fictional_resident_number(7000 + n)},{DAY},{12 + n},{1000 * n}" for n in range(ROWS)]
        (folder / "rows.csv").write_text("\n".join(["document,day,months,amount", *lines]) + "\n")
        self.more: dict[str, str | None] = {
            "SUYUAN_NODE": url,
            "SUYUAN_POLICY": str(folder / "node" / "policy.txt"),
            "SUYUAN_LINKING_KEYS": str(linking),
            "SUYUAN_WAIT": "published",
        }

    def person(self, member: str) -> Person:
        folder = self.folder / member
        return Person(folder, None, member, {**self.more, "SUYUAN_HEAD": str(folder / "head")})

    def start(self, member: str, *words: str) -> subprocess.Popen[bytes]:
        """Start the program itself, as a process of its own."""
        given = {name: value for name, value in self.person(member).environment.items() if value is not None}
        command = [sys.executable, "-m", "clients.cli.main", *words, "--json"]
        return subprocess.Popen(command, env={**os.environ, **given}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    found_node(folder / "node")
    with running_node(folder / "node") as node:
        yield Town(folder, node.url)


@pytest.fixture(scope="module")
def batch(town: Town) -> str:
    words = ("record", "import", str(town.folder / "rows.csv"), "--mapping", str(town.folder / "map.toml"))
    data = town.person("source").data(*words)
    assert isinstance(data, dict)
    assert data["rows"] == ROWS
    return text(data, "statements", 0, "id")


@pytest.fixture(scope="module")
def handed_over(town: Town, batch: str) -> tuple[str, str]:
    """Return grant and offer of a hand-over of ten rows, one call a side."""
    source, lender = town.person("source"), town.person("lender")
    grant = text(
        source.data(
            "grant", "issue", uscc_of("lender"), "--item", "credit_person=duration,amount", "--purpose",
            "credit.lending", "--basis", "law;Example Law;1",
        ),
        "id",
    )  # fmt: skip
    lender.data("grant", "accept", grant)
    with town.start("source", "transfer", "send", grant, "--reference", f"{batch}:0-9", "--patience", "60") as sending:
        received: list[dict[str, object]] = []
        deadline = time.monotonic() + 60
        while not received and time.monotonic() < deadline:
            found = lender.data("transfer", "receive", "--patience", "60")
            assert isinstance(found, list)
            received = found
        out, errors = sending.communicate(timeout=60)
    assert sending.returncode == 0, errors.decode()
    sent = json.loads(out)["data"]
    assert (sent[0]["offer"], received[0]["records"]) == (received[0]["offer"], 10)
    return grant, str(sent[0]["offer"])


def test_members_and_catalogue_are_listed(town: Town) -> None:
    members = town.person("lender").data("member", "list")
    assert isinstance(members, list)
    assert uscc_of("source") in {row["uscc"] for row in members}
    item = town.person("lender").data("catalogue", "show", "credit_person")
    assert text(item, "code") == "credit_person"
    keys = town.person("lender").data("key", "list")
    assert isinstance(keys, list)
    assert {key["use"] for key in keys} == {"sign", "encrypt"}


def test_an_import_is_never_doubled(town: Town, batch: str) -> None:
    words = ("record", "import", str(town.folder / "rows.csv"), "--mapping", str(town.folder / "map.toml"))
    assert town.person("source").fails(14, *words)["code"] == "import.begun"
    again = town.person("source").data(*words, "--resume")
    assert isinstance(again, dict)
    assert [(row["id"], row["earlier"]) for row in again["statements"]] == [(batch, True)]


def test_traces_name_every_hop_and_holder(town: Town, batch: str, handed_over: tuple[str, str]) -> None:
    grant, offer = handed_over
    forward = town.person("source").data("trace", "forward", f"{batch}:3")
    assert isinstance(forward, dict)
    (hop,) = forward["answer"]["hops"]
    assert (hop["transfer"], hop["grant"], hop["receiver"]) == (offer, grant, uscc_of("lender"))
    assert hop["status"] == "confirmed"
    back = town.person("lender").data("trace", "back", offer)
    assert isinstance(back, dict)
    assert batch in back["statements"]
    holders = town.person("auditor").data("trace", "holders", f"{batch}:3")
    assert isinstance(holders, dict)
    assert {holder["member"] for holder in holders["answer"]["holders"]} == {uscc_of("source"), uscc_of("lender")}
    tree = town.person("source").data("grant", "tree", grant)
    assert isinstance(tree, dict)
    assert tree["answer"]["nodes"][0]["limits"]["used"] == 10
    for words in (["trace", "forward", batch], ["grant", "tree", grant], ["duty", "list"], ["findings", "list"]):
        shown = town.person("source").run(*words)
        assert shown.exit_code == 0, shown.output


def test_a_refusal_is_recorded_and_listed(town: Town, batch: str, handed_over: tuple[str, str]) -> None:
    words = ("transfer", "send", handed_over[0], "--reference", f"{batch}:11", "--purpose", "supervision")
    assert town.person("source").fails(14, *words)["code"] == "TRA-2"
    refusals = town.person("source").data("findings", "refusals", "--by", uscc_of("source"))
    assert isinstance(refusals, dict)
    assert refusals["answer"]["refusals"][-1]["rule"] == "TRA-2"


def test_the_contract_yields_its_findings(town: Town) -> None:
    buyer = town.person("lender")
    parties = ("--party", f"@buyer={uscc_of('lender')}", "--party", f"@supplier={fictional_uscc(11)}")
    data = buyer.data("contract", "import", str(FACTS), *parties)
    contract = text(data, 0, "id")
    view = buyer.data("contract", "show", contract)
    assert isinstance(view, dict)
    assert view["answer"]["paid"] == view["answer"]["value"] == 131_126_400
    codes = {finding["code"] for finding in view["answer"]["findings"]}
    assert {"F-CONTRACT-SUM", "F-UNVERIFIED"} <= codes


def test_an_auditor_replays_and_bundles_and_anyone_verifies(
    town: Town, batch: str, handed_over: tuple[str, str]
) -> None:
    auditor, folder = town.person("auditor"), town.folder / "copy"
    replayed = auditor.data("audit", "replay")
    assert text(replayed, "verdict") == "VERIFIED"
    followed = auditor.data("audit", "follow")
    assert isinstance(followed, dict)
    auditor.data("audit", "fetch", str(folder))
    again = auditor.data("audit", "replay", "--from", str(folder))
    assert text(again, "verdict") == "VERIFIED"
    file = town.folder / "trace.suyuan"
    made = auditor.data("audit", "bundle", f"{batch}:3", str(file), "--about", "trace", "--from", str(folder))
    assert text(made, "verdict") == "VERIFIED"
    stranger = Person(town.folder / "stranger", environment={"SUYUAN_POLICY": str(town.more["SUYUAN_POLICY"])})
    assert text(stranger.data("verify", str(file)), "verdict") == "VERIFIED"
    file.write_bytes(file.read_bytes().replace(b"credit.lending", b"credit.lendinh"))
    assert stranger.run("verify", str(file)).exit_code == 10
    # Entry bundles are not for everybody.
    town.person("lender").fails(4, "audit", "replay")


def test_a_statement_is_kept_with_proof_and_receipt(town: Town, handed_over: tuple[str, str]) -> None:
    folder = town.folder / "kept"
    folder.mkdir()
    files = {name: folder / f"grant.{name}" for name in ("cose", "tlog-proof", "receipt")}
    got = town.person("source").data(
        "statement", "get", handed_over[0], "--out", str(files["cose"]), "--proof", str(files["tlog-proof"]),
        "--receipt", str(files["receipt"]),
    )  # fmt: skip
    stranger = Person(town.folder / "stranger", environment={"SUYUAN_POLICY": str(town.more["SUYUAN_POLICY"])})
    verified = stranger.data("verify", str(files["tlog-proof"]), "--statement", str(files["cose"]))
    assert text(verified, "verdict") == "VERIFIED"
    assert isinstance(got, dict)
    assert parse_inclusion_receipt(files["receipt"].read_bytes()).index == got["index"]


def test_doctor_finds_everything_in_place(town: Town) -> None:
    lines = town.person("source").data("doctor")
    assert isinstance(lines, list)
    assert {line["check"]: line["result"] for line in lines} == dict.fromkeys(
        ("settings", "key", "node", "clock", "registered", "head"), "ok"
    )


def test_an_address_without_a_node_is_unreachable(town: Town) -> None:
    person = town.person("source")
    person.environment["SUYUAN_NODE"] = "http://127.0.0.1:9"
    error = person.fails(6, "token")
    assert error["code"] == "remote.unreachable"
    assert person.fails(3, "doctor")["code"] == "cli.doctor"


def suyuan(*words: str) -> list[str]:
    return [sys.executable, "-m", "clients.cli.main", *words]


def test_the_node_is_looked_at_through_its_own_program(town: Town) -> None:
    for words in (["node", "status", "--json", "--data"], ["--json", "node", "status", "--data"]):
        command = suyuan(*words, str(town.folder / "node"))
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        told = json.loads(done.stdout)
        assert (told["version"], told["command"], told["ok"]) == (1, "suyuan node status", True)
        assert told["data"]["size"] > 0
    done = subprocess.run(suyuan("node", "init", "--help"), capture_output=True, check=False, timeout=60)
    assert b"--genesis" in done.stdout
    missing = subprocess.run(
        suyuan("node", "status", "--data", "no-such"), capture_output=True, check=False, timeout=60
    )
    assert missing.returncode == 3


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_node_started_from_here_stops_when_told(tmp_path: Path, sent: signal.Signals) -> None:
    found_node(tmp_path / "node")
    command = suyuan("node", "start", "--data", str(tmp_path / "node"), "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"] is True
        # A terminal sends its interrupt to every program in front of it.
        (os.killpg if sent is signal.SIGINT else os.kill)(process.pid, sent)
        assert process.wait(timeout=60) == 0
    assert not list((tmp_path / "node" / "run").glob("*.pid"))
