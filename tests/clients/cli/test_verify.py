"""`suyuan verify`: every check is listed, one verdict, and the exit code says of what kind it is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from clients.cli.exits import Exit
from clients.cli.verifying import exit_of_report
from ledger.evidence.checks import FAILED, VERIFIED, Checklist, Verdict
from tests.clients.cli.running import Person, envelope
from tests.ledger.evidence.bundles import Proofs, Story, flip, repack
from tests.world_genesis import signer_of


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture
def person(tmp_path: Path, story: Story) -> Person:
    policy = tmp_path / "policy.txt"
    policy.write_text(str(story.policy))
    return Person(tmp_path, environment={"SUYUAN_POLICY": str(policy)})


def verdict(person: Person, code: int, *words: str) -> str:
    result = person.run("verify", *words, "--json")
    assert result.exit_code == code, result.output
    body = envelope(result)
    data = body["data"]
    assert isinstance(data, dict)
    assert data["checks"]
    assert body["ok"] is (code == 0)
    return str(data["verdict"])


def test_a_sound_bundle_is_verified(person: Person, story: Story) -> None:
    file = person.folder / "a.suyuan"
    file.write_bytes(story.bundle())
    assert verdict(person, 0, str(file)) == "VERIFIED"
    result = person.run("verify", str(file), "--lang", "zh")
    assert "VERIFIED" in result.stdout


def test_a_tampered_statement_fails_and_a_missing_one_is_inconclusive(person: Person, story: Story) -> None:
    bundle, name = story.bundle(), f"statements/{story.record}.cose"
    raw = story.world.entries[story.proofs.lineage.statements([story.record])[story.record].index]
    file = person.folder / "a.suyuan"
    file.write_bytes(repack(bundle, {name: flip(raw)}))
    assert verdict(person, 10, str(file)) == "FAILED"
    file.write_bytes(repack(bundle, {name: None}))
    assert verdict(person, 15, str(file)) == "INCONCLUSIVE"
    file.write_bytes(b"no archive")
    assert verdict(person, 10, str(file)) == "FAILED"


def test_a_proof_file_with_its_statement(person: Person, story: Story) -> None:
    index = story.proofs.lineage.statements([story.record])[story.record].index
    proof, statement, signer = (person.folder / name for name in ("a.tlog-proof", "a.cose", "signer.json"))
    proof.write_text(story.proofs.proof(index))
    statement.write_bytes(story.world.entries[index])
    signer.write_bytes(msgspec.json.encode(signer_of("source").public.to_json()))
    given = (str(proof), "--statement", str(statement))
    assert verdict(person, 0, *given) == "VERIFIED"
    assert verdict(person, 0, *given, "--signer", str(signer)) == "VERIFIED"
    signer.write_bytes(msgspec.json.encode(signer_of("lender").public.to_json()))
    assert verdict(person, 12, *given, "--signer", str(signer)) == "FAILED"
    assert verdict(person, 10, *given, "--refused-under", "REC-1") == "FAILED"
    person.fails(2, "verify", str(proof))


def test_a_refused_statement_is_proven_as_a_refusal(person: Person, story: Story) -> None:
    row = story.proofs.lineage.statements([story.refused])[story.refused]
    proof, statement = person.folder / "a.tlog-proof", person.folder / "a.cose"
    proof.write_text(story.proofs.proof(row.index))
    statement.write_bytes(story.proofs.lineage.raw([story.refused])[story.refused])
    assert row.rule is not None
    given = (str(proof), "--statement", str(statement))
    assert verdict(person, 0, *given, "--refused-under", row.rule) == "VERIFIED"
    assert verdict(person, 10, *given) == "FAILED"


def test_a_checkpoint_without_quorum_ends_with_13_and_a_wrong_signature_with_12(person: Person, story: Story) -> None:
    index = story.proofs.lineage.statements([story.record])[story.record].index
    proof, statement = person.folder / "a.tlog-proof", person.folder / "a.cose"
    statement.write_bytes(story.world.entries[index])
    given = (str(proof), "--statement", str(statement))
    proof.write_text(Proofs(story.world, cosigners=("n1",)).proof(index))
    assert verdict(person, 13, *given) == "FAILED"
    sound = story.proofs.proof(index)
    lines = sound.splitlines()
    last = lines[-1]
    lines[-1] = last[:-8] + ("AAAA" if last[-8:-4] != "AAAA" else "BBBB") + last[-4:]
    proof.write_text("\n".join(lines) + "\n")
    assert verdict(person, 12, *given) == "FAILED"


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([], Exit.INCONCLUSIVE),
        ([("statement.form", VERIFIED, "")], Exit.OK),
        ([("statement.proof", FAILED, "")], Exit.PROOF_FAILED),
        ([("statement.signature", FAILED, ""), ("checkpoint.quorum", FAILED, "quorum.policy: x")], Exit.BAD_SIGNATURE),
        ([("checkpoint.quorum", FAILED, "quorum.policy: x")], Exit.QUORUM_MISSING),
        ([("checkpoint.consistent", FAILED, "two roots"), ("statement.signature", FAILED, "")], Exit.FORK),
        ([("statement.key", "INCONCLUSIVE", "")], Exit.INCONCLUSIVE),
    ],
)
def test_the_gravest_failure_decides_the_exit_code(checks: list[tuple[str, Verdict, str]], code: Exit) -> None:
    found = Checklist()
    for id_, result, reason in checks:
        found.note(id_, "x", result, reason)
    assert exit_of_report(found.report()) is code
