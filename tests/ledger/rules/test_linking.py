from __future__ import annotations

import pytest

from ledger.state.governance_tables import LINKING
from ledger.subject import epoch_commitment
from tests.ledger.rules.judging import assert_breaks, assert_needs_every_field
from tests.world import World, digest_of


@pytest.fixture
def world() -> World:
    return World.founding()


def epoch(number: int, key: str = "organisations", commitment: str | None = None) -> dict[str, object]:
    made = epoch_commitment(bytes([number]) * 32, number, persons=key == "persons").hex()
    return {"key": key, "epoch": number, "commitment": commitment or made}


def tagged(world: World, number: int, item: str = "penalty") -> dict[str, object]:
    payload = world.record(item)
    subject = payload["subject"]
    assert isinstance(subject, dict)
    return {**payload, "subject": {**subject, "epoch": number}}


def test_every_required_field_is_required(world: World) -> None:
    assert_needs_every_field(world, "hub", "linking.epoch", epoch(2))


@pytest.mark.parametrize("name", ["source", "regulator", "operator", "lender"])
def test_GOV_6_a_hub_begins_epochs(world: World, name: str) -> None:  # noqa: N802
    assert_breaks(world, "GOV-6", world.submit(name, "linking.epoch", epoch(2)))
    world.do("hub", "linking.epoch", epoch(2))


def test_GOV_6_epochs_only_grow(world: World) -> None:  # noqa: N802
    world.do("hub", "linking.epoch", epoch(2))
    for number in (0, 1, 2):
        again = epoch(number, commitment=digest_of("fresh"))
        assert_breaks(world, "GOV-6", world.submit("hub", "linking.epoch", again))
    world.do("hub", "linking.epoch", epoch(7))
    world.do("hub", "linking.epoch", epoch(3, "persons"))
    first, newest = world.row(LINKING, "", "organisations:2"), world.row(LINKING, "", "organisations")
    assert first is not None
    assert newest is not None
    assert (first.epoch, newest.epoch) == (2, 7)


def test_GOV_6_each_epoch_has_a_commitment_of_its_own(world: World) -> None:  # noqa: N802
    world.do("hub", "linking.epoch", epoch(1, commitment=digest_of("one")))
    for key in ("organisations", "persons"):
        again = epoch(2, key, digest_of("one"))
        assert_breaks(world, "GOV-6", world.submit("hub", "linking.epoch", again))


def test_GOV_9_new_records_are_of_the_newest_epoch(world: World) -> None:  # noqa: N802
    world.do("source", "record.submit", tagged(world, 1))
    world.do("hub", "linking.epoch", epoch(2))
    for number in (1, 3):
        assert_breaks(world, "GOV-9", world.submit("source", "record.submit", tagged(world, number)))
        batch = world.batch(item="penalty", epoch=number)
        assert_breaks(world, "GOV-9", world.submit("source", "record.batch", batch))
    world.do("source", "record.submit", tagged(world, 2))
    world.do("source", "record.batch", world.batch(item="penalty", epoch=2))
    world.do("source", "record.submit", tagged(world, 1, "credit_person"))
    world.do("hub", "linking.epoch", epoch(2, "persons"))
    assert_breaks(world, "GOV-9", world.submit("source", "record.submit", tagged(world, 1, "credit_person")))


def test_GOV_9_what_used_an_older_epoch_may_stay_in_it(world: World) -> None:  # noqa: N802
    record = world.do("source", "record.submit", tagged(world, 1))
    world.do("hub", "linking.epoch", epoch(2))
    change = {"reference": record, "reason": "error"}
    assert_breaks(world, "GOV-9", world.submit("source", "record.correct", tagged(world, 3) | change))
    kept = world.do("source", "record.correct", tagged(world, 1) | change)
    world.do("source", "record.correct", tagged(world, 2) | change | {"reference": kept})
