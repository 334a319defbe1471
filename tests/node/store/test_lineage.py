"""The lineage source on SQL answers every question as the one in memory does, at every size of the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.lineage.source import LineageSource
from ledger.state.view import Need
from node.reader import Reader
from tests.node.stored_world import StoredWorld
from tests.node.story import tell
from tests.world import digest_of


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredWorld, LineageSource, Reader]:
    world = StoredWorld.at(tmp_path_factory.mktemp("told") / "n")
    tell(world)
    return world, world.replayed(), world.reader()


Told = tuple[StoredWorld, LineageSource, Reader]


def _ids(world: StoredWorld) -> list[str]:
    return [logged.statement.statement_id for block in world.blocks for logged in block.logged]


def test_statements_and_bytes_are_the_same(told: Told) -> None:
    world, memory, reader = told
    source: LineageSource = reader
    assert source.head() == memory.head()
    ids = [*_ids(world), "0" * 64, "no id"]
    assert reader.statements(ids) == memory.statements(ids)
    assert reader.raw(ids) == memory.raw(ids)
    assert len(reader.raw(ids)) == len(ids) - 2


def test_edges_findings_duties_and_refusals_are_the_same_at_every_size(told: Told) -> None:
    world, memory, reader = told
    ids = _ids(world)
    parties = {row.duty.party for row in memory.duties(world.head.size)}
    codes = {row.event.code for row in memory.findings(world.head.size)}
    assert parties
    assert codes
    for as_of in range(1, world.head.size + 1):
        assert reader.time_at(as_of) == memory.time_at(as_of)
        assert reader.edges_from(ids, as_of) == memory.edges_from(ids, as_of)
        assert reader.edges_to(ids, as_of) == memory.edges_to(ids, as_of)
        assert reader.findings(as_of) == memory.findings(as_of)
        assert reader.duties(as_of) == memory.duties(as_of)
        assert reader.refusals(as_of) == memory.refusals(as_of)
    size = world.head.size
    assert any(reader.edges_from(ids, size))
    for party in parties:
        assert reader.duties(size, party) == memory.duties(size, party)
    for code in codes:
        assert reader.findings(size, code) == memory.findings(size, code)
    assert reader.refusals(size, world.uscc("lender")) == memory.refusals(size, world.uscc("lender"))
    assert reader.refusals(size, world.uscc("hub")) == []


def test_statements_by_key_are_the_same(told: Told) -> None:
    world, memory, reader = told
    rows = list(memory.statements(_ids(world)).values())
    for kid in {row.kid for row in rows}:
        for from_ms in (0, rows[0].iat * 1000, rows[len(rows) // 2].iat * 1000, rows[-1].iat * 1000 + 1):
            for until in (0, world.head.size // 2, world.head.size):
                assert reader.signed_by(kid, from_ms, until) == memory.signed_by(kid, from_ms, until)


def test_present_rows_are_the_same(told: Told) -> None:
    world, memory, reader = told
    needs = {Need(table, anchor, suffix) for table, anchor, suffix in world.state.rows}
    needs |= {Need(table, anchor, None) for table, anchor, _ in world.state.rows}
    assert reader.state(needs) == memory.state(needs) == world.state.rows
    assert dict(reader.resident()) == world.resident()


def test_a_reader_follows_the_writer(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    reader = world.reader()
    for _ in range(40):
        statement_id = world.do("source", "record.submit", world.record())
        place = reader.place(statement_id)
        assert place is not None
        assert place.index == world.head.size - 1
    assert reader.place("0" * 64) is None
    reader.close()
    world.store.close()


def test_records_by_subject_are_the_same_at_every_size(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    values = [digest_of(f"tag {number}") for number in range(3)]
    for number in range(30):
        subject = {"class": "enterprise", "value": values[number % 2], "epoch": 1}
        world.do("source", "record.submit", world.record(subject=subject))
    person = {"class": "person", "value": values[2], "epoch": 1}
    world.do("source", "record.submit", world.record("credit_person", subject=person))
    world.reopen()
    memory, reader = world.replayed(), world.reader()
    for as_of in range(world.head.size + 1):
        for asked in (values, values[:1], values[2:], []):
            assert reader.records_by_subject(asked, as_of) == memory.records_by_subject(asked, as_of)
    assert len(reader.records_by_subject([*values, "no tag"], world.head.size)) == 30
    # A reader that follows finds what was logged after its first answer.
    last = {"class": "enterprise", "value": values[0], "epoch": 2}
    newest = world.do("source", "record.submit", world.record(subject=last))
    assert reader.records_by_subject(values[:1], world.head.size)[-1] == newest
    reader.close()
