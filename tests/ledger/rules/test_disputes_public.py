"""Disputes of publications and list entries, and what an upheld one asks of whoever shows a record."""

from __future__ import annotations

import pytest

from ledger.state.authority_tables import DISPUTE
from ledger.times import format_time
from tests.ledger.rules.duties import open_duties
from tests.ledger.rules.handing import days, single
from tests.ledger.rules.judging import assert_breaks
from tests.ledger.rules.publishing import civic_world, enter, mirror, penalty, publish, subject
from tests.ledger.rules.test_disputes import DISPUTES, GROUND, raise_, resolve
from tests.world import World


@pytest.fixture
def world() -> World:
    return civic_world()


def mandate(world: World, **covering: object) -> str:
    stated = {"purpose": "credit", "evidence": GROUND, "until": format_time(world.time + days(9))}
    return world.do("agent", "mandate.open", stated | covering)


def stops(world: World, order: str) -> set[tuple[str, str]]:
    return {(duty.party, duty.about) for opener, duty in open_duties(world, "stop") if opener == order}


def test_a_publication_is_disputed_and_whoever_shows_it_resolves(world: World) -> None:
    record = penalty(world)
    publication = publish(world, record)
    copy = world.do("service", "publication.mirror", mirror(world, publication))
    assert_breaks(world, "REC-9", world.submit("lender", DISPUTES, {"about": publication, "ground": GROUND}))
    dispute = raise_(world, publication, "agent", mandate=mandate(world, references=single(record)))
    found = world.row(DISPUTE, dispute)
    assert found is not None
    assert (found.target, found.respondent) == ("publication", world.uscc("publisher"))
    upheld = resolve(world, dispute, "upheld", "publisher")
    assert stops(world, upheld) == {(world.uscc("publisher"), publication)}
    of_mirror = raise_(world, copy, "source")
    upheld = resolve(world, of_mirror, "upheld", "service")
    assert stops(world, upheld) == {(world.uscc("service"), publication)}


def test_REC_10_an_upheld_dispute_of_a_record_reaches_every_copy(world: World) -> None:  # noqa: N802
    record = penalty(world)
    publication = publish(world, record)
    world.do("service", "publication.mirror", mirror(world, publication))
    upheld = resolve(world, raise_(world, record, "source"), "upheld", "regulator")
    assert stops(world, upheld) == {
        (world.uscc("publisher"), publication),
        (world.uscc("service"), publication),
    }


def test_a_list_entry_is_disputed_under_a_mandate_for_its_subject(world: World) -> None:
    record = penalty(world)
    entry = world.do("regulator", "list.enter", enter(world, record))
    other = mandate(world, link=GROUND)
    stated = {"about": entry, "ground": GROUND}
    assert_breaks(world, "REC-9", world.submit("agent", DISPUTES, stated | {"mandate": other}))
    dispute = raise_(world, entry, "agent", mandate=mandate(world, link=subject()["value"]))
    found = world.row(DISPUTE, dispute)
    assert found is not None
    assert (found.target, found.respondent) == ("entry", world.uscc("regulator"))
    resolve(world, dispute, "rejected", "regulator")
