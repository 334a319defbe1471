"""The pages of the specification name what the code has: links, kinds, edges, findings, duties, entries, constants."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger import statement
from ledger.evidence.checks import CHECKS
from ledger.evidence.layout import BundleManifest
from ledger.execution import HEARTBEAT_MS
from ledger.findings.catalogue import CODE_OF_DUTY, CODES, KEY_DOUBT
from ledger.kinds import KINDS
from ledger.replay import Replay
from ledger.rules.disputed import NOTICE
from ledger.rules.signer import TIME_WINDOW_MS
from ledger.rules.standing import DEADLINE_NAMES
from ledger.state.effects import EDGE_KINDS
from ledger.state.tables import TABLES
from tests.conformance.golden_story import tell

FOLDER = Path(__file__).parents[2] / "docs" / "spec"
PAGES = sorted(FOLDER.glob("*.md"))


def page(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def first_cells(text: str) -> set[str]:
    """The names in back quotes that stand in the first column of any table."""
    rows = re.findall(r"(?m)^\| ([^|]*) \|", text)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([a-z./-]+\.[a-z]+)\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if not (FOLDER / link).exists()]
    assert missing == []


def test_every_page_is_listed() -> None:
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", page("README.md")))
    assert {path.name for path in PAGES} - {"README.md"} <= listed


def test_every_edge_kind_is_specified() -> None:
    section = page("lineage.md").partition("## Edges")[2].partition("## Holdings")[0]
    assert first_cells(section) == set(EDGE_KINDS)


def test_every_kind_says_what_it_changes() -> None:
    section = page("state.md").partition("## What each kind changes")[2]
    assert first_cells(section) == set(KINDS)


def test_every_table_is_listed() -> None:
    assert set(re.findall(r"(?m)^## `(\w+)`$", page("state-tables.md"))) == set(TABLES)


def test_every_finding_is_named_and_no_other() -> None:
    assert set(re.findall(r"F-[A-Z]+(?:-[A-Z]+)*", page("lineage.md"))) == set(CODES)


WITHOUT_FINDING = {"governance.decide", NOTICE}
"""Duties that are no finding when their time has passed; the page says why."""


def test_duties_and_events_of_a_whole_log_are_specified() -> None:
    _, _, text = page("lineage.md").partition("## Duties")
    duties, _, findings = text.partition("## Findings")
    replay = Replay(check_signatures=False)
    log = tell()
    replay.feed_all(
        bytes.fromhex(entry) for entry in (log.genesis, *(one for each in log.blocks for one in each.entries))
    )
    opened = {row.duty.kind for row in replay.duties(replay.head().size)}
    assert opened <= first_cells(duties), "the golden log opens none that is not specified"
    assert first_cells(duties) - WITHOUT_FINDING == set(CODE_OF_DUTY)
    events = {code.code for code in CODES.values() if code.origin in ("event", "both")}
    assert events <= set(re.findall(r"(?m)^\| (F-[A-Z-]+) \|", findings))
    assert {row.event.code for row in replay.findings(replay.head().size)} <= events
    specified = set(re.findall(r"\| (F-[A-Z-]+) \|", findings))
    assert {CODE_OF_DUTY[kind] for kind in opened if kind in CODE_OF_DUTY} <= specified
    assert KEY_DOUBT in findings


def test_the_deadlines_of_the_policy_are_specified() -> None:
    assert [name for name in DEADLINE_NAMES if f"`{name}`" not in page("state.md")] == []


def test_every_check_of_a_bundle_is_specified() -> None:
    assert {name for name in CHECKS if f"`{name}`" not in page("evidence.md")} == set()
    assert {name for name in BundleManifest.__struct_fields__ if f'"{name}"' not in page("evidence.md")} == set()


def test_numbers_are_those_of_the_code() -> None:
    for name, number in (
        ("statement.md", statement.MAX_PAYLOAD_SIZE),
        ("statement.md", statement.MAX_ENTRY_SIZE),
        ("statement.md", statement.MAX_SEQUENCE),
        ("statement.md", TIME_WINDOW_MS),
        ("state.md", HEARTBEAT_MS),
        ("log.md", statement.MAX_ENTRY_SIZE),
    ):
        assert f"{number:,}" in page(name), (name, number)
