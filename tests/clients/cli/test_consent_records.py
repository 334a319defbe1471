"""`suyuan consent records`: the consents behind a grant, out of a replayed copy of the log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from clients.cli.exits import Exit
from ledger.notes import Policy
from tests.clients.cli.running import Person
from tests.clients.cli.test_audit import write_log
from tests.ledger.evidence.bundles import Proofs, world_policy
from tests.ledger.exchange.test_rebit import Setting
from tests.ledger.rules.handing import grant, single
from tests.world import digest_of


@dataclass
class Copy:
    """What `write_log` writes: a world's proofs and policy."""

    proofs: Proofs
    policy: Policy


def test_consents_of_a_grant_are_written_with_their_withdrawal(tmp_path: Path) -> None:
    setting = Setting()
    world = setting.world
    within = {"items": {"credit_person": ["amount"]}, "references": single(setting.record)}
    issued = world.do("source", "grant.issue", grant(world, within=within, consents=[setting.consent]))
    withdrawal = {"consent": setting.consent, "evidence": digest_of("withdrawn"), "mandate": setting.mandate}
    world.do("agent", "consent.withdraw", withdrawal)
    copy = Copy(Proofs(world), world_policy())
    write_log(tmp_path / "log", copy)
    (tmp_path / "policy.txt").write_text(str(copy.policy))
    person = Person(tmp_path, environment={"SUYUAN_POLICY": str(tmp_path / "policy.txt")})
    out = tmp_path / "records.json"
    words = ("consent", "records", issued, str(out), "--from", str(tmp_path / "log"))
    assert person.data(*words) == {"grant": issued, "records": 1, "file": str(out)}
    (record,) = msgspec.json.decode(out.read_bytes())
    assert setting.consent in out.read_text()
    assert "withdrawn" in msgspec.json.encode(record).decode().lower()
    error = person.fails(Exit.USAGE, "consent", "records", setting.consent, str(out), "--from", str(tmp_path / "log"))
    assert error["code"] == "cli.usage"
