"""Each page of a walk names tests that exist, and everything that it names is in those tests or in the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

from clients.cli.main import cli
from ledger.findings.catalogue import CODES
from ledger.kinds import KINDS
from ledger.rules import RULES

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "walks").glob("*.md"))
HEADINGS = ["Who", "Steps", "Findings", "What can be asked afterwards", "Tests"]
TEST = re.compile(r"^- `(tests/[\w/]+\.py)::(test_\w+)`$", re.MULTILINE)
KIND = re.compile(r"`([a-z]+\.[a-z]+)`")
OUTCOMES = ("admitted", "both admitted", "refused", "error", "off the ledger")
STATES = {"dispute.resolve"}
"""Duties that a page names and that are no kinds."""


def section(page: Path, heading: str) -> str:
    """Return the text below one heading."""
    return page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def sources_named(page: Path) -> str:
    """Return the source of the files whose tests the page names."""
    return "\n".join((ROOT / file).read_text(encoding="utf-8") for file in {file for file, _ in named_tests(page)})


def named_tests(page: Path) -> list[tuple[str, str]]:
    """Return file and name of each test that the page names."""
    return TEST.findall(section(page, "Tests"))


def test_there_is_a_page_for_every_walk() -> None:
    assert len(PAGES) >= 9


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_its_parts_and_names_tests_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    assert re.search("^# .* · .*[\u4e00-\u9fff]", text)
    assert len(named_tests(page)) == len(re.findall(r"^- ", section(page, "Tests"), re.MULTILINE)) > 0
    for file, name in named_tests(page):
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {item.name for item in tree.body if isinstance(item, ast.FunctionDef)}, f"{file}::{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_claims_is_judged_in_its_tests(page: Path) -> None:
    text, tests = page.read_text(encoding="utf-8"), sources_named(page)
    for rule in set(re.findall(r"\b[A-Z]{3}-\d+\b", text)):
        assert rule in RULES
        assert rule in tests or rule.replace("-", "_") in tests, rule
    for code in set(re.findall(r"\bF-[A-Z-]+[A-Z]\b", text)):
        assert code in CODES
        assert code in tests, code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_steps_name_kinds_and_outcomes_that_fit_their_rule(page: Path) -> None:
    rows = re.findall(r"^\| \d+ \| (.*) \| (.*) \| (.*) \|$", section(page, "Steps"), re.MULTILINE)
    assert len(rows) >= 7
    for _, what, outcome in rows:
        for kind in KIND.findall(what):
            assert kind in KINDS, kind
        assert outcome.startswith(OUTCOMES), outcome
        judged = re.match(r"(refused|error), ([A-Z]{3}-\d+)", outcome)
        if judged:
            assert RULES[judged[2]].recorded is (judged[1] == "refused"), outcome


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_can_be_asked_is_a_command(page: Path) -> None:
    asked = re.findall(r"^- `suyuan ([^`]+)`: ", section(page, "What can be asked afterwards"), re.MULTILINE)
    assert asked
    for words in asked:
        found: click.Command = cli
        for word in words.split()[:2]:
            assert isinstance(found, click.Group)
            sub = found.get_command(click.Context(found), word)
            assert sub is not None, words
            found = sub
