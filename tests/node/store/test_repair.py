"""A repair on a real database: rows as in memory, and closure and parity the same at every size."""

from __future__ import annotations

from pathlib import Path

from ledger.lineage.closure import closure
from ledger.lineage.parity import publication_parity
from ledger.times import DAY_MS
from tests.ledger.rules.handing import give, hand_over, single
from tests.ledger.rules.publishing import MIRROR_SITE, SITE, approve, enter, mirror, observe, penalty, publish, stop
from tests.node.stored_world import StoredWorld


def test_a_repair_gives_the_same_answers_from_sql_and_from_replay(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    record = penalty(world)
    lead = publish(world, record)
    copy = world.do("service", "publication.mirror", mirror(world, lead))
    entry = world.do("regulator", "list.enter", enter(world, record))
    hand_over(world, give(world, "source", "lender", data_life=900), single(record))
    world.advance(90 * DAY_MS)
    decided = approve(world, record)
    opened = world.head.size
    world.do("lender", "stop.acknowledge", {"order": decided, "about": record})
    world.do("publisher", "publication.stop", stop(lead))
    world.do("auditor", "publication.observe", observe(world, copy))
    world.do("service", "publication.stop", stop(copy))
    world.do("regulator", "list.exit", {"entry": entry, "reason": "repaired"})
    memory, reader = world.replayed(), world.reader()
    for as_of in range(opened, world.head.size + 1):
        assert closure(reader, decided, as_of) == closure(memory, decided, as_of)
        for site in (SITE, MIRROR_SITE):
            assert publication_parity(reader, site, as_of) == publication_parity(memory, site, as_of)
    assert not closure(reader, decided, opened).closed
    assert closure(reader, decided, world.head.size).closed
    reader.close()
