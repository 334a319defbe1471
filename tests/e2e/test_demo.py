"""The demonstration, performed once from nothing, and every number of its summary recounted from the log itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clients.demo.twelve import answer_all, read_asking
from clients.mirror.log_files import FolderFiles, entries_from, replay_log
from ledger.evidence.verify import verify_bundle
from ledger.findings.judge import findings_at
from ledger.lineage.closure import closure
from ledger.lineage.governance import proposals_at
from ledger.lineage.parity import publication_parity
from ledger.lineage.trace import trace_forward
from ledger.notes.policy import Policy
from ledger.replay import Replay
from tests.conformance import second_findings
from tests.conformance.second_reader import read_folder

PERFORMANCE_SECONDS = 240

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PERFORMANCE_SECONDS + 60)]


@pytest.fixture(scope="module")
def performed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "clients.demo", "--root", str(root / "demo")],
        capture_output=True,
        text=True,
        timeout=PERFORMANCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return root / "demo"


@pytest.fixture(scope="module")
def summary(performed: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((performed / "summary.json").read_text())
    return found


@pytest.fixture(scope="module")
def replay(performed: Path) -> Replay:
    policy = Policy.parse((performed / "auditor" / "policy.txt").read_text())
    return replay_log(FolderFiles(performed / "auditor" / "log"), policy).replay


def test_summary_has_every_member_in_the_agreed_form(summary: dict[str, object]) -> None:
    assert set(summary) == {
        "version", "members", "statements", "records", "transfers", "refusals", "findings", "questions", "trace",
        "verified", "checkpoint", "seconds",
    }  # fmt: skip
    assert summary["version"] == 1
    assert summary["records"] == 1001, "a thousand loans and one synthetic penalty"
    assert summary["verified"] == {"statements": summary["statements"], "bundles": 1, "tampered_rejected": 5}


def test_counts_equal_those_of_a_reader_that_shares_no_code(performed: Path, summary: dict[str, object]) -> None:
    counted = read_folder(performed / "auditor" / "log", performed / "auditor" / "policy.txt")
    for name in ("members", "statements", "records", "refusals"):
        assert counted[name] == summary[name], name
    transfers, confirmed = counted["transfers"], summary["transfers"]
    assert isinstance(transfers, dict)
    assert {"confirmed": transfers["confirmed"]} == confirmed
    checkpoint, claimed = counted["checkpoint"], summary["checkpoint"]
    assert isinstance(checkpoint, dict)
    assert isinstance(claimed, dict)
    assert {name: checkpoint[name] for name in ("size", "root")} == claimed


def test_findings_equal_those_of_an_implementation_that_shares_no_code(
    performed: Path, summary: dict[str, object]
) -> None:
    log = FolderFiles(performed / "auditor" / "log")
    policy = Policy.parse((performed / "auditor" / "policy.txt").read_text())
    entries = list(entries_from(log, policy.verify_checkpoint(log.checkpoint()).checkpoint.size))
    found = second_findings.findings(entries)
    assert sorted({code for code, *_ in found}) == summary["findings"]
    standing = {(code, is_open) for code, _, _, is_open in found}
    assert {("F-OVERDUE-STOP", False), ("F-PARITY", False), ("F-STALE-PRODUCT", True)} <= standing


def test_all_twelve_questions_were_answered_and_rest_on_logged_statements(
    performed: Path, replay: Replay, summary: dict[str, object]
) -> None:
    assert summary["questions"] == list(range(1, 13))
    logged = {row.id for row in replay.all_statements()}
    answers = answer_all(replay, read_asking(performed / "auditor"))
    assert [each.number for each in answers] == summary["questions"]
    for each in answers:
        assert each.statements, each.question
        assert logged.issuperset(each.statements), each.question


def test_the_repair_reached_five_copies_one_of_them_late(performed: Path, replay: Replay) -> None:
    asking, size = read_asking(performed / "auditor"), replay.head().size
    found = closure(replay, asking.repair, size)
    stops = [actor for actor in found.actors if actor.kind == "stop"]
    assert found.closed
    assert len(stops) == 5, "three holders, the publication and its mirror"
    assert [actor.party for actor in stops if actor.status == "met_late"] == [asking.member]
    then = publication_parity(replay, asking.site, asking.seen_at)
    assert [line.differences for line in then.lines if line.differences] == [("end_day",)]
    assert publication_parity(replay, asking.site, size).equal


def test_two_regulators_decided_and_every_duty_of_the_incident_is_met(replay: Replay) -> None:
    size = replay.head().size
    (proposal,) = proposals_at(replay, size).proposals
    assert (proposal.status, len(proposal.votes)) == ("effective", 2)
    duties = [row.duty for row in replay.duties(size)]
    for kind in ("incident.contain", "incident.notify", "access.answer", "erase", "list.exit", "measure.lift"):
        mine = [duty for duty in duties if duty.kind == kind]
        assert mine, kind
        assert all(duty.met_by is not None for duty in mine), kind


def test_findings_and_hops_follow_from_the_replayed_log(replay: Replay, summary: dict[str, object]) -> None:
    size = replay.head().size
    assert sorted({finding.code for finding in findings_at(replay, size)}) == summary["findings"]
    batches = [row.id for row in replay.all_statements() if row.kind == "record.batch"]
    hops = [len(trace_forward(replay, f"{batch}:7", size).hops) for batch in batches]
    assert summary["trace"] == {"hops": max(hops)}
    assert max(hops) >= 3


def test_the_contract_disagrees_with_itself_and_three_attempts_were_refused(
    replay: Replay, summary: dict[str, object]
) -> None:
    findings = findings_at(replay, replay.head().size)
    assert {"F-CONTRACT-SUM", "F-UNVERIFIED"} <= {finding.code for finding in findings if finding.open}
    assert len(replay.refusals(replay.head().size)) == 3
    refusals = summary["refusals"]
    assert isinstance(refusals, list)
    assert len(refusals) == 3


def test_the_bundle_verifies_and_no_value_of_a_record_is_on_the_ledger(performed: Path) -> None:
    policy = Policy.parse((performed / "auditor" / "policy.txt").read_text())
    bundle = (performed / "auditor" / "evidence.suyuan").read_bytes()
    assert verify_bundle(bundle, policy).report.verdict == "VERIFIED"
    entries = b"".join(
        path.read_bytes() for path in (performed / "auditor" / "log" / "tile" / "entries").rglob("*") if path.is_file()
    )
    assert b"credit_amount" in entries, "grants name fields"
    for value in (b'"A121"', b'"A34"', b'"A43"'):
        assert value not in entries
