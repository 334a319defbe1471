"""CSV of traces and findings: every part of an answer has its line, and no cell is a formula."""

from __future__ import annotations

import csv
from io import StringIO

import msgspec
import pytest

from clients.exports.csv_files import FINDING_COLUMNS, TRACE_COLUMNS, findings_csv, metering_csv, trace_csv
from ledger.findings.judge import Finding, findings_at
from ledger.lineage.metering import metering
from ledger.lineage.trace import trace_back, trace_forward
from ledger.replay import Replay
from tests.ledger.lineage.story import Story


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def replay(story: Story) -> Replay:
    return story.replay()


def read(text: str) -> list[dict[str, str]]:
    assert text.endswith("\r\n")
    assert "\r\r" not in text
    return list(csv.DictReader(StringIO(text, newline="")))


def test_a_trace_has_a_line_for_each_of_its_parts_in_the_order_of_the_log(story: Story, replay: Replay) -> None:
    for reference in (story.batch, story.record, story.verification):
        trace = trace_forward(replay, reference, replay.head().size)
        found = read(trace_csv(trace))
        parts = (trace.versions, trace.hops, trace.uses, trace.supports, trace.products, trace.queries)
        assert len(found) == sum(len(part) for part in parts)
        indexes = [int(line["index"]) for line in found]
        assert indexes == sorted(indexes)
        assert tuple(found[0]) == TRACE_COLUMNS


def test_a_hand_over_names_where_its_content_came_from(story: Story, replay: Replay) -> None:
    found = read(trace_csv(trace_back(replay, story.second, replay.head().size)))
    second = next(line for line in found if line["id"] == story.second)
    assert second["after"] == story.first
    assert second["references"] == f"{story.batch}:20-29"
    assert second["status"] == "disputed"
    ended = next(line for line in found if line["id"] == story.batch)
    assert f"corrected:{story.row_correction}" in ended["status"]


def test_findings_read_back_as_they_were(replay: Replay) -> None:
    findings = findings_at(replay, replay.head().size)
    found = read(findings_csv(findings))
    assert len(found) == len(findings) > 3
    for line, finding in zip(found, findings, strict=True):
        assert tuple(line) == FINDING_COLUMNS
        assert (line["code"], line["about"], line["party"]) == (finding.code, finding.about, finding.party)
        assert (line["open"] == "true", line["statements"].split()) == (finding.open, list(finding.statements))


def test_usage_adds_up_in_the_file_as_in_the_answer(replay: Replay) -> None:
    answer = metering(replay, replay.head().size)
    found = read(metering_csv(answer))
    assert sum(int(line["records_released"]) for line in found) == answer.records_released > 0
    assert sum(int(line["uses"]) for line in found) == answer.uses


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(replay: Replay, start: str) -> None:
    (finding, *_) = findings_at(replay, replay.head().size)
    wicked = msgspec.structs.replace(finding, about=f"{start}HYPERLINK(1)")
    assert isinstance(wicked, Finding)
    (line,) = read(findings_csv([wicked]))
    assert line["about"] == f"'{start}HYPERLINK(1)"
