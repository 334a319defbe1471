"""`suyuan audit equivocation`: evidence out of two signed heads, and the exit code of a fork."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.cli.exits import Exit
from ledger.notes import consortium_policy
from tests.clients.cli.running import Person, envelope
from tests.ledger.findings.test_equivocation import LOG, OTHER_HEAD
from tests.ledger.notes.keys import NODE_KEYS, ORIGIN, cosigned


@pytest.fixture
def person(tmp_path: Path) -> Person:
    policy = tmp_path / "policy.txt"
    policy.write_text(str(consortium_policy(NODE_KEYS)))
    return Person(tmp_path, environment={"SUYUAN_POLICY": str(policy)})


def heads(folder: Path) -> tuple[str, str]:
    """Write two heads of one size with other roots, both signed by one log key and one cosigner."""
    first, second = folder / "first", folder / "second"
    first.write_text(str(cosigned("north", "south", "east")))
    second.write_text(str(cosigned("south", "west", checkpoint=OTHER_HEAD)))
    return str(first), str(second)


def test_heads_that_exclude_each_other_end_with_11_and_name_who_signed_both(person: Person) -> None:
    out = person.folder / "evidence"
    for words in ([*heads(person.folder), "--out", str(out)], [str(out)]):
        result = person.run("audit", "equivocation", *words, "--json")
        assert result.exit_code == Exit.FORK, result.output
        data = envelope(result)["data"]
        assert isinstance(data, dict)
        assert data["code"] == "F-EQUIVOCATION"
        assert set(data["signers"]) == {LOG, f"{ORIGIN}/south"}


def test_a_head_and_itself_prove_nothing(person: Person) -> None:
    first, _ = heads(person.folder)
    error = person.fails(Exit.PROOF_FAILED, "audit", "equivocation", first, first)
    assert error["code"] == "equivocation.none"


def test_three_files_are_too_many(person: Person) -> None:
    first, second = heads(person.folder)
    person.fails(Exit.USAGE, "audit", "equivocation", first, second, first)
