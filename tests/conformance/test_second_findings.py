"""Two implementations of findings agree: on a story that holds every finding, and on the golden log."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest

from ledger.findings.catalogue import CODES
from ledger.findings.judge import findings_at
from ledger.replay import Replay
from tests.conformance import findings_story, golden_story, second_findings
from tests.conformance.second_told import block_ends
from tests.world import World

HERE = Path(__file__).parent
FROM_TWO_LOGS = {"F-EQUIVOCATION"}
"""Codes that no single log can show."""
NEVER_PUT_RIGHT = {"F-MISMATCH", "F-REFUSED", "F-USED-AFTER-STOP", "F-CODE", "F-KEY-DOUBT"}
"""Codes of what cannot be undone: they stay open."""
PLAIN = {"__future__", "collections", "collections.abc", "dataclasses", "datetime", "functools", "re", "typing"}
OUTSIDE = {"base64", "cbor2", "hashlib", "json", "nacl.bindings", "nacl.exceptions", "struct"}
"""Packages for formats and signatures that the second reader's own modules use."""


def assert_agreement(entries: Sequence[bytes], sizes: Sequence[int]) -> None:
    """Both implementations find the same at each of `sizes`."""
    replay = Replay(check_signatures=False)
    replay.feed_all(entries)
    for size in sizes:
        found = sorted((one.code, one.about, one.party, one.open) for one in findings_at(replay, size))
        assert found == second_findings.findings(entries[:size]), f"at size {size}"


@pytest.fixture(scope="module")
def story() -> World:
    return findings_story.tell()


def test_the_story_holds_every_finding_open_and_put_right(story: World) -> None:
    found = {(code, is_open) for code, _, _, is_open in second_findings.findings(story.entries)}
    wanted = {(code, True) for code in CODES} | {(code, False) for code in CODES.keys() - NEVER_PUT_RIGHT}
    assert found == {(code, is_open) for code, is_open in wanted if code not in FROM_TWO_LOGS}


def test_both_agree_on_the_story_at_every_block(story: World) -> None:
    assert_agreement(story.entries, block_ends(story.entries))


def test_both_agree_on_the_golden_log_at_every_block() -> None:
    log = golden_story.tell()
    entries = [bytes.fromhex(log.genesis), *(bytes.fromhex(entry) for block in log.blocks for entry in block.entries)]
    assert_agreement(entries, block_ends(entries))


def test_every_code_has_one_function() -> None:
    assert set(second_findings.CODES) == set(CODES) - FROM_TWO_LOGS
    for code, function in second_findings.CODES.items():
        assert function.__name__ == code.lower().replace("-", "_")


def test_the_second_implementation_is_independent() -> None:
    todo, seen = ["second_findings"], set()
    while todo:
        name = todo.pop()
        seen.add(name)
        tree = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.Name) and node.id in ("__import__", "exec", "eval")), name
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= PLAIN | OUTSIDE, name
            elif isinstance(node, ast.ImportFrom):
                module = node.module or ""
                assert node.level == 0, name
                if module == "tests.conformance":
                    found = [alias.name for alias in node.names]
                elif module.startswith("tests.conformance."):
                    found = [module.rpartition(".")[2]]
                else:
                    assert module in PLAIN | OUTSIDE, (name, module)
                    continue
                assert all(each.startswith("second_") for each in found), name
                todo += [each for each in found if each not in seen]
    assert {"second_findings", "second_told", "second_public"} <= seen
