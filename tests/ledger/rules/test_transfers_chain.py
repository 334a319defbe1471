"""Chains of hops: source → hub → operator → lender, with what may happen in the middle."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ledger.state.tables import DUTY, HOLDING, RELEASED, DutyState
from tests.ledger.rules.handing import Given, days, give, grant, hand_over, offer, rows, single, take, transfer
from tests.ledger.rules.judging import assert_breaks
from tests.world import World

CHAIN = ("source", "hub", "operator", "lender")


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def batch(world: World) -> str:
    return world.do("source", "record.batch", world.batch(100, "penalty"))


def grants_along(world: World, **changes: object) -> list[Given]:
    """Give authority along CHAIN, one hop less each time."""
    given: list[Given] = []
    for place, (grantor, grantee) in enumerate(pairwise(CHAIN)):
        parent = {"parent": given[-1].grant} if given else {}
        given.append(give(world, grantor, grantee, within={"onward": 2 - place}, **parent, **changes))
    return given


def hand_along(world: World, given: list[Given], references: list[list[object]]) -> list[str]:
    """Hand over along CHAIN; returns the offers."""
    return [
        hand_over(world, held, references, sender=sender, receiver=receiver)
        for held, sender, receiver in zip(given, CHAIN, CHAIN[1:], strict=False)
    ]


def stop_duties(world: World, opener: str) -> dict[str, DutyState]:
    return {
        row.party: row
        for key, row in world.state.rows.items()
        if key[:2] == (DUTY.name, opener) and isinstance(row, DutyState) and row.kind == "stop"
    }


def test_a_chain_leaves_its_lineage(world: World, batch: str) -> None:
    given = grants_along(world)
    offers = hand_along(world, given, rows(batch, (0, 9)))
    onward = [(edge.source, edge.target) for _, edge in world.edges if edge.kind == "onward"]
    assert onward == [(offers[0], offers[1]), (offers[1], offers[2])]
    delivered = [(edge.source, edge.target) for _, edge in world.edges if edge.kind == "delivers"]
    assert delivered == [(batch, offer_id) for offer_id in offers]
    for held, receiver in zip(given, CHAIN[1:], strict=True):
        for below in CHAIN[CHAIN.index(receiver) :]:
            assert world.row(RELEASED, held.grant, world.uscc(below)) is not None


def test_revocation_in_the_middle_ends_what_lies_below_and_nothing_above(world: World, batch: str) -> None:
    given = grants_along(world)
    offers = hand_along(world, given, rows(batch, (0, 9)))
    end = world.do("hub", "grant.revoke", {"grant": given[1].grant, "reason": "breach"})
    assert set(stop_duties(world, end)) == {world.uscc("operator"), world.uscc("lender")}
    again = rows(batch, (0, 9))
    assert_breaks(world, "TRA-1", world.submit("hub", "transfer.offer", offer(world, given[1], again, "operator")))
    assert_breaks(world, "TRA-1", world.submit("operator", "transfer.offer", offer(world, given[2], again)))
    assert_breaks(
        world,
        "GRA-1",
        world.submit("operator", "grant.issue", grant(world, "service", parent=given[1].grant)),
    )
    world.do("source", "transfer.offer", offer(world, given[0], again, "hub"))
    sibling = give(world, "hub", "service", parent=given[0].grant)
    hand_over(world, sibling, again, sender="hub", receiver="service")
    assert transfer(world, offers[2]).status == "released"


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_TRA_3_onward_depth_of_the_grants(world: World, batch: str, depth: int) -> None:  # noqa: N802
    above: Given | None = None
    for place, (grantor, grantee) in enumerate(pairwise(CHAIN)):
        left = max(depth - place, 0)
        payload = grant(world, grantee, within={"onward": left}, parent=None if above is None else above.grant)
        if place > depth:
            assert_breaks(world, "GRA-1", world.submit(grantor, "grant.issue", payload))
            return
        issued = world.do(grantor, "grant.issue", payload)
        above = Given(issued, world.do(grantee, "grant.accept", {"grant": issued}))
        hand_over(world, above, rows(batch, (0, 4)), sender=grantor, receiver=grantee)
    assert depth == 2


def test_TRA_3_what_came_under_a_closed_grant_goes_no_further(world: World, batch: str) -> None:  # noqa: N802
    closed = give(world, "source", "hub")
    shared = give(world, "source", "hub", within={"onward": 1})
    below = give(world, "hub", "lender", parent=shared.grant)
    hand_over(world, closed, rows(batch, (0, 9)), receiver="hub")
    payload = offer(world, below, rows(batch, (0, 4)))
    assert_breaks(world, "TRA-3", world.submit("hub", "transfer.offer", payload))
    hand_over(world, shared, rows(batch, (0, 3)), receiver="hub")
    assert_breaks(world, "TRA-3", world.submit("hub", "transfer.offer", payload))
    world.do("hub", "transfer.offer", offer(world, below, rows(batch, (0, 3))))


def test_TRA_3_hops_left_of_what_was_received_bound_the_next_grant(world: World, batch: str) -> None:  # noqa: N802
    one = give(world, "source", "hub", within={"onward": 1})
    two = give(world, "source", "hub", within={"onward": 2})
    far = give(world, "hub", "operator", within={"onward": 1}, parent=two.grant)
    hand_over(world, one, rows(batch, (0, 9)), receiver="hub")
    payload = offer(world, far, rows(batch, (0, 9)), "operator")
    assert_breaks(world, "TRA-3", world.submit("hub", "transfer.offer", payload))
    near = give(world, "hub", "operator", parent=two.grant)
    world.do("hub", "transfer.offer", offer(world, near, rows(batch, (0, 9)), "operator"))


def test_a_deliverer_acts_for_the_source(world: World, batch: str) -> None:
    stored = give(world, "source", "hub")
    hand_over(world, stored, rows(batch, (0, 9)), receiver="hub")
    through = give(world, "source", "lender", deliverer=world.uscc("hub"))
    offered = hand_over(world, through, rows(batch, (0, 4)), sender="hub")
    assert transfer(world, offered).sender == world.uscc("hub")
    assert_breaks(world, "TRA-4", world.submit("hub", "transfer.offer", offer(world, through, rows(batch, (9, 10)))))


def test_no_copy_outlives_the_one_it_was_made_from(world: World, batch: str) -> None:
    given = grants_along(world, data_life=10)
    first = hand_over(world, given[0], rows(batch, (0, 9)), receiver="hub")
    world.advance(days(6))
    second = hand_over(world, given[1], rows(batch, (0, 9)), sender="hub", receiver="operator")
    assert transfer(world, second).life_end == transfer(world, first).life_end
    fresh = hand_over(world, given[0], rows(batch, (0, 9)), receiver="hub")
    third = hand_over(world, given[1], rows(batch, (0, 9)), sender="hub", receiver="operator")
    assert transfer(world, third).life_end == transfer(world, fresh).life_end


def correct(world: World, reference: str) -> str:
    changes = {"reference": reference, "reason": "error"}
    return world.do("source", "record.correct", world.record() | changes)


def test_a_row_corrected_after_hand_over_binds_holders_until_they_have_the_new_version(
    world: World, batch: str
) -> None:
    given = grants_along(world)
    hand_along(world, given, rows(batch, (0, 9)))
    newer = correct(world, f"{batch}:5")
    duties = stop_duties(world, newer)
    assert set(duties) == {world.uscc(name) for name in CHAIN[1:]}
    assert {duty.met_by for duty in duties.values()} == {None}
    assert_breaks(
        world, "TRA-5", world.submit("hub", "transfer.offer", offer(world, given[1], rows(batch, (0, 9)), "operator"))
    )
    world.do("hub", "transfer.offer", offer(world, given[1], rows(batch, (0, 4), (6, 9)), "operator"))
    offered = world.do("source", "transfer.offer", offer(world, given[0], single(newer), "hub"))
    take(world, "hub", "accept", offered)
    released = take(world, "source", "release", offered)
    met = {party: duty.met_by for party, duty in stop_duties(world, newer).items()}
    assert met == {world.uscc("hub"): released, world.uscc("operator"): None, world.uscc("lender"): None}


def test_the_newest_version_meets_the_duties_of_all_it_replaces(world: World, batch: str) -> None:
    given = give(world, "source", "lender")
    hand_over(world, given, rows(batch, (0, 9)))
    versions = [correct(world, f"{batch}:5")]
    versions += [correct(world, versions[-1])]
    hand_over(world, given, single(versions[-1]))
    versions += [correct(world, versions[-1])]
    assert stop_duties(world, versions[2])[world.uscc("lender")].met_by is None
    hand_over(world, given, single(versions[-1]))
    for version in (versions[0], versions[2]):
        assert stop_duties(world, version)[world.uscc("lender")].met_by is not None
    assert stop_duties(world, versions[1]) == {}


def test_a_withdrawal_is_not_met_by_another_record(world: World, batch: str) -> None:
    given = give(world, "source", "lender")
    hand_over(world, given, rows(batch, (0, 9)))
    withdrawn = world.do("source", "record.withdraw", {"reference": f"{batch}:5", "reason": "error"})
    other = world.do("source", "record.submit", world.record())
    hand_over(world, given, single(other))
    assert stop_duties(world, withdrawn)[world.uscc("lender")].met_by is None


def test_a_hand_over_of_a_million_rows_writes_a_handful_of_rows(world: World) -> None:
    huge = world.do("source", "record.batch", world.batch(1_000_000, "penalty"))
    given = give(world, "source", "lender")
    hand_over(world, given, rows(huge, (0, 999_999)))
    assert len(world.blocks[-1].rows) < 10
    state = world.row(HOLDING, huge, world.uscc("lender"))
    assert state is not None
    assert state.entries[0].ranges == ((0, 999_999),)
