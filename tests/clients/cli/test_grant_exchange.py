"""`suyuan grant import`: documents of other systems become the fields of a grant.issue; what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from clients.cli.exits import Exit
from ledger.exchange.odrl import grant_as_odrl
from ledger.kinds import decode_payload
from ledger.kinds.grants import GrantIssue
from tests.clients.cli.running import Person
from tests.ledger.exchange.test_rebit import Setting, artefact
from tests.ledger.rules.handing import grant
from tests.world import World


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path / "person")


def write(path: Path, value: object) -> str:
    path.write_bytes(msgspec.json.encode(value))
    return str(path)


def test_a_grant_comes_back_from_its_odrl_document(person: Person) -> None:
    world = World.founding()
    fields = grant(world)
    payload = decode_payload("grant.issue", {"v": 1, "kind": "grant.issue", "sub": "urn:suyuan:grant:x:y", **fields})
    assert isinstance(payload, GrantIssue)
    file = write(person.folder / "grant.jsonld", grant_as_odrl("ab" * 32, world.uscc("source"), payload))
    out = person.folder / "fields.json"
    result = person.run("grant", "import", file, "--form", "odrl", "--out", str(out), "--json")
    assert result.exit_code == Exit.OK, result.output
    assert msgspec.json.decode(result.stdout)["data"]["grantor"] == world.uscc("source")
    again = {"v": 1, "kind": "grant.issue", "sub": "urn:suyuan:grant:x:y", **msgspec.json.decode(out.read_bytes())}
    assert decode_payload("grant.issue", again) == payload


def test_a_consent_artefact_becomes_a_grant_and_what_has_no_counterpart_is_told(person: Person) -> None:
    setting = Setting()
    terms = {
        "members": dict(setting.terms.members),
        "items": {name: [item, list(fields)] for name, (item, fields) in setting.terms.items.items()},
        "purposes": dict(setting.terms.purposes),
        "references": setting.terms.references.to_json(),
        "jurisdictions": list(setting.terms.jurisdictions),
        "consents": list(setting.terms.consents),
    }
    words = ["grant", "import", write(person.folder / "artefact.json", artefact()), "--form", "rebit"]
    without = person.run(*words, "--json")
    assert without.exit_code == Exit.USAGE
    result = person.run(*words, "--terms", write(person.folder / "terms.json", terms), "--json")
    assert result.exit_code == Exit.OK, result.output
    found = msgspec.json.decode(result.stdout)["data"]
    assert found["grantor"] == setting.world.uscc("source")
    assert found["fields"]["consents"] == [setting.consent]
    assert found["left_out"]


def test_a_document_of_another_form_is_turned_away(person: Person) -> None:
    file = write(person.folder / "other.json", {"@type": "Offer"})
    result = person.run("grant", "import", file, "--form", "odrl", "--json")
    assert result.exit_code != Exit.OK
    assert msgspec.json.decode(result.stdout)["ok"] is False
