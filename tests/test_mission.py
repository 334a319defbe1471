"""Nothing stands in the mission table without code, and without a test that mentions it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import click
import pytest

from clients.cli.main import cli
from ledger import mission
from ledger.errors import Text
from ledger.findings.catalogue import CODES
from ledger.kinds import KINDS
from ledger.mission import GROUND_OF_FINDING, QUESTIONS, commands_of, findings_of, kinds_of, questions_of, rules_of
from ledger.rules import RULES
from ledger.rules.grounds import GROUNDS

ROOT = Path(__file__).parent.parent
PAGES = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("mission.md", "mission.zh.md")}
OWN = {"test_mission.py", "test_grounds.py", "test_rule_ids.py"}
"""Tests that name everything by rote prove nothing here."""
TESTS = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py") if path.name not in OWN
)

WITH_PAYLOADS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
"""Tests with what they share: some kinds are signed by a function that many tests call."""


def test_every_kind_rule_finding_and_question_has_a_ground() -> None:
    assert {kind for ground in GROUNDS for kind in kinds_of(ground)} == set(KINDS)
    assert sorted(rule for ground in GROUNDS for rule in rules_of(ground)) == sorted(RULES)
    assert sorted(code for ground in GROUNDS for code in findings_of(ground)) == sorted(CODES)
    assert {question.number for ground in GROUNDS for question in questions_of(ground)} == set(range(1, 13))
    assert set(GROUND_OF_FINDING) == set(CODES)
    assert set(mission.COMMANDS_OF) == set(GROUNDS)


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_ground_is_served(ground: str) -> None:
    assert kinds_of(ground)
    assert rules_of(ground)
    assert commands_of(ground)
    assert questions_of(ground)


@pytest.mark.parametrize("command", sorted({command for ground in GROUNDS for command in commands_of(ground)}))
def test_a_named_command_exists(command: str) -> None:
    found: click.Command = cli
    for word in command.split():
        assert isinstance(found, click.Group), command
        sub = found.get_command(click.Context(found), word)
        assert sub is not None, command
        found = sub
    assert not isinstance(found, click.Group), command


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_named_rule_is_tested(rule: str) -> None:
    assert re.search(rf"def test_\w*{rule.replace('-', '_')}(?!\d)", TESTS)


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_named_finding_is_tested(code: str) -> None:
    assert f'"{code}"' in TESTS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_named_kind_is_tested(kind: str) -> None:
    family, _, step = kind.partition(".")
    named = (f'"{kind}"', f'"{step}"') if family == "transfer" else (f'"{kind}"',)
    assert any(name in WITH_PAYLOADS for name in named), kind


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.number))
def test_a_named_question_is_answered_and_tested(question: mission.Question) -> None:
    assert set(question.grounds) <= set(GROUNDS)
    assert question.commands
    for name in question.answered_by:
        module, _, function = name.partition(":")
        assert callable(getattr(importlib.import_module(module), function))
        assert re.search(rf"import[^#]*?\b{function}\b", TESTS), name
        assert re.search(rf"(?<!def )\b{function}\(", TESTS), name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_everything_in_its_language(language: str) -> None:
    page = PAGES["mission.md" if language == "en" else "mission.zh.md"]

    def said(text: Text) -> str:
        return text.zh if language == "zh" else text.en

    for text in (*GROUNDS.values(), *(question.text for question in QUESTIONS), *(c.text for c in CODES.values())):
        assert said(text).lower() in page.lower()
    for name in (*RULES, *CODES, *KINDS):
        assert name in page
    assert len(re.findall(r"^## ", page, re.MULTILINE)) == len(GROUNDS) + 2


def test_both_pages_name_the_same() -> None:
    named = [re.findall(r"`[^`]+`|\[[A-Z]+-\d+\]|F-[A-Z-]+", page) for page in PAGES.values()]
    assert named[0] == named[1]
