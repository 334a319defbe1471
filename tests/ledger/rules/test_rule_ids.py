"""Every rule id stands in four places: its code, its error, a test's name and its documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.rules import RULES
from ledger.rules.registry import broken, code_of

ROOT = Path(__file__).parents[3]
TESTS = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
PAGE = (ROOT / "docs" / "rules.md").read_text()

RULES_OF_THESE_KINDS = (
    *(f"REC-{n}" for n in range(1, 12)),
    *(f"CON-{n}" for n in range(1, 7)),
    *(f"GRA-{n}" for n in range(1, 11)),
    *(f"TRA-{n}" for n in range(1, 12)),
    *(f"GOV-{n}" for n in range(1, 8)),
    *(f"PUB-{n}" for n in range(1, 6)),
    *(f"LST-{n}" for n in range(1, 4)),
    *(f"REP-{n}" for n in range(1, 6)),
    "PLE-1",
    *(f"ERA-{n}" for n in range(1, 4)),
    *(f"INC-{n}" for n in range(1, 6)),
    *(f"ACC-{n}" for n in range(1, 5)),
    *(f"PRO-{n}" for n in range(1, 4)),
    *("CAT-1", "CAT-2", "CAT-3", "USE-1", "USE-2"),
)
"""The ids of the rules; ids are added, never renamed or dropped."""


@pytest.mark.parametrize("rule_id", RULES_OF_THESE_KINDS)
def test_rule_of_the_domain_has_code(rule_id: str) -> None:
    assert rule_id in RULES


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_rule_stands_in_code_error_test_and_page(rule_id: str) -> None:
    assert code_of(rule_id).__name__ == rule_id.lower().replace("-", "_")
    error = broken(rule_id, "what was wrong", "错误所在")
    assert error.stable_code == rule_id
    assert error.message("en").startswith(rule_id)
    assert rule_id in error.message("zh")
    assert error.advice("en") != error.advice("zh")
    assert re.search(rf"def test_{rule_id.replace('-', '_')}\w*\(", TESTS), f"no test named test_{rule_id}_…"
    assert f"## {rule_id}\n" in PAGE
