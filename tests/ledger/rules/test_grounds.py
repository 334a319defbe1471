"""Every rule names its ground, one of the themes that the project serves, and shows it wherever it is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from clients.cli.main import cli
from ledger.rules import RULES, grounds
from ledger.rules.grounds import GROUND_OF, GROUNDS, ground_of

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
SOURCE = Path(grounds.__file__).read_text(encoding="utf-8")


def test_every_rule_has_one_ground() -> None:
    assert set(GROUND_OF) == set(RULES)
    assert set(GROUND_OF.values()) == set(GROUNDS)
    for rule_id in RULES:
        assert len(re.findall(rf"\b{rule_id}\b", SOURCE)) == 1, rule_id


def test_every_ground_is_named_in_both_languages() -> None:
    for key, text in GROUNDS.items():
        assert text.en
        assert re.search("[\u4e00-\u9fff]", text.zh), key
    assert len({text.zh for text in GROUNDS.values()}) == len(GROUNDS)


def test_an_unknown_rule_has_no_ground() -> None:
    with pytest.raises(KeyError):
        ground_of("TRA-999")


@pytest.mark.parametrize("rule_id", ["CAT-2", "TRA-2", "REP-3", "PLE-1"])
def test_explain_prints_the_ground(rule_id: str) -> None:
    done = CliRunner().invoke(cli, ["explain", rule_id])
    assert done.exit_code == 0, done.output
    assert ground_of(rule_id).en in done.output
    assert ground_of(rule_id).zh in done.output


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_the_page_prints_the_ground(rule_id: str) -> None:
    section = PAGE.partition(f"## {rule_id}\n")[2].partition("\n## ")[0]
    assert f"- Ground: {ground_of(rule_id).en} · {ground_of(rule_id).zh}" in section
