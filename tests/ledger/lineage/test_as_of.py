"""`as of` is only a filter: at every size, the whole log answers as a replay that was cut there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.errors import SuyuanError
from ledger.findings.judge import findings_at
from ledger.lineage.contracts import contract_view
from ledger.lineage.grants import grant_tree
from ledger.lineage.holders import holders
from ledger.lineage.source import LineageSource
from ledger.lineage.standing import duties_of, refusals_at
from ledger.lineage.trace import trace_back, trace_forward
from tests.ledger.lineage.story import Story

Question = Callable[[LineageSource, int], object]


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


def about(ask: Callable[[LineageSource, str, int], object], subject: str) -> Question:
    return lambda source, size: ask(source, subject, size)


def holders_then(source: LineageSource, reference: str, size: int) -> object:
    return holders(source, reference, size - 1, size)


def questions(story: Story) -> dict[str, Question]:
    """Return every question about everything in the story."""
    asked: dict[str, Question] = {"findings": findings_at, "refusals": refusals_at}
    references = (story.batch, f"{story.batch}:25", f"{story.batch}:21", story.record, story.row_correction)
    for reference in (*references, story.first, story.second, story.refused_offer, story.verification):
        asked[f"forward {reference}"] = about(trace_forward, reference)
    for reference in (*references, story.second, story.use, story.use_of_all, story.late_use, story.performance):
        asked[f"back {reference}"] = about(trace_back, reference)
    for reference in references:
        asked[f"holders {reference}"] = about(holders_then, reference)
    for grant in (story.upper.grant, story.lower.grant):
        asked[f"tree {grant}"] = about(grant_tree, grant)
    asked["contract"] = about(contract_view, story.contract)
    for name in ("source", "operator", "lender", "buyer"):
        asked[f"duties {name}"] = about(duties_of, story.world.uscc(name))
    return asked


def answer(question: Question, source: LineageSource, size: int) -> object:
    try:
        return question(source, size)
    except SuyuanError as error:
        return error.stable_code, error.message()


def test_the_whole_log_answers_at_every_size_as_the_log_cut_there_does(story: Story) -> None:
    whole = story.replay()
    asked = questions(story)
    seen: dict[str, set[str]] = {name: set() for name in asked}
    for size in range(1, whole.head().size + 1):
        cut = story.replay(size)
        for name, question in asked.items():
            expected = answer(question, cut, size)
            assert answer(question, whole, size) == expected, f"{name} at {size}"
            seen[name].add(repr(expected))
    assert all(len(answers) > 3 for name, answers in seen.items()), "an answer that never changes shows nothing"
