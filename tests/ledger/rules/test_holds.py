from __future__ import annotations

import pytest

from ledger.findings.judge import findings_at
from ledger.replay import Replay
from ledger.rules.standing import deadline
from ledger.state.case_tables import CASE, ERASURE_HOLDER
from ledger.state.view import BlockView
from tests.ledger.rules.casework import attest, authorise, authorised_case, case_open, erasure
from tests.ledger.rules.duties import duties, open_duties
from tests.ledger.rules.handing import days, give, hand_over, rows, single
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World

PLACE, LIFT = "hold.place", "hold.lift"


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record())


def place(world: World, case: str, references: list[list[object]], by: str = "investigator") -> str:
    return world.do(by, PLACE, {"case": case, "references": references})


def owing(world: World) -> set[str]:
    return {duty.party for _, duty in open_duties(world, "erase")}


def late(world: World) -> list[str]:
    world.do("source_b", "record.submit", world.record("permit"))
    log = Replay(check_signatures=False)
    log.feed_all(world.entries)
    return [finding.party for finding in findings_at(log, log.head().size, "F-ERASURE-OVERDUE")]


def test_every_required_field_is_required(world: World, record: str) -> None:
    case = authorised_case(world)
    assert_needs_every_field(world, "investigator", PLACE, {"case": case, "references": single(record)})
    held = place(world, case, single(record))
    assert_needs_every_field(world, "investigator", LIFT, {"hold": held})


def test_dangling_references(world: World, record: str) -> None:
    case = authorised_case(world)
    for payload in ({"case": NOWHERE, "references": single(record)}, {"case": case, "references": single(NOWHERE)}):
        assert_breaks(world, "reference.unknown", world.submit("investigator", PLACE, payload))
    assert_breaks(world, "reference.unknown", world.submit("investigator", LIFT, {"hold": record}))


def test_ERA_3_only_for_an_authorised_case(world: World, record: str) -> None:  # noqa: N802
    case = case_open(world)
    hold = {"case": case, "references": single(record)}
    assert_breaks(world, "ERA-3", world.submit("investigator", PLACE, hold))
    world.do("regulator", "case.authorise", authorise(world, case))
    for name in ("source", "lender", "agent"):
        assert_breaks(world, "ERA-3", world.submit(name, PLACE, hold))
    world.do("regulator_b", PLACE, hold)
    world.advance(days(31))
    assert_breaks(world, "ERA-3", world.submit("investigator", PLACE, hold))


def test_ERA_3_not_for_a_closed_case(world: World, record: str) -> None:  # noqa: N802
    case = authorised_case(world)
    world.do("investigator", "case.close", {"case": case, "outcome": "unfounded"})
    hold = {"case": case, "references": single(record)}
    assert_breaks(world, "ERA-3", world.submit("investigator", PLACE, hold))


def test_ERA_3_a_hold_pauses_erasure_and_its_lifting_gives_the_full_deadline(world: World, record: str) -> None:  # noqa: N802
    hand_over(world, give(world, "source", "lender"), single(record))
    asked = world.do("source", "erasure.request", erasure(single(record)))
    case = authorised_case(world)
    hold = place(world, case, single(record))
    assert owing(world) == set()
    assert {row.met_by for _, row in duties(world, "erase")} == {hold}
    world.advance(days(40))
    assert late(world) == []
    at = world.time
    lifted = world.do("regulator", LIFT, {"hold": hold})
    due = deadline(BlockView(world.resident(), at), "erasure", at)
    assert [(opener, row.due, row.about) for opener, row in open_duties(world, "erase")] == [(lifted, due, asked)] * 2
    world.do("lender", "erasure.attest", attest(asked))
    world.do("source", "erasure.attest", attest(asked))
    assert owing(world) == set()
    assert late(world) == []


def test_ERA_3_two_holds_and_a_request_that_comes_later(world: World, record: str) -> None:  # noqa: N802
    case = authorised_case(world)
    first, second = place(world, case, single(record)), place(world, case, single(record))
    world.do("source", "erasure.request", erasure(single(record)))
    assert owing(world) == set()
    world.do("investigator", LIFT, {"hold": first})
    assert owing(world) == set()
    world.do("investigator", LIFT, {"hold": second})
    assert owing(world) == {world.uscc("source")}


def test_ERA_3_a_hold_covers_every_version(world: World, record: str) -> None:  # noqa: N802
    newest = world.do("source", "record.correct", world.record() | {"reference": record, "reason": "error"})
    asked = world.do("source", "erasure.request", erasure(single(record)))
    place(world, authorised_case(world), single(newest))
    assert owing(world) == set()
    state = world.row(ERASURE_HOLDER, asked, world.uscc("source"))
    assert state is not None
    assert {id_ for id_, _ in state.outstanding} == {record, newest}


def test_ERA_5_the_rest_is_erased_while_a_part_is_held(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    asked = world.do("source", "erasure.request", erasure(rows(batch, (0, 9))))
    hold = place(world, authorised_case(world), rows(batch, (3, 4)))
    assert owing(world) == {world.uscc("source")}
    assert_breaks(world, "ERA-5", world.submit("source", "erasure.attest", attest(asked)))
    wide = attest(asked, remains=[{"references": rows(batch, (3, 6)), "reason": "hold"}])
    assert_breaks(world, "ERA-5", world.submit("source", "erasure.attest", wide))
    exact = attest(asked, remains=[{"references": rows(batch, (3, 4)), "reason": "hold"}])
    world.do("source", "erasure.attest", exact)
    assert owing(world) == set()
    world.do("investigator", LIFT, {"hold": hold})
    assert owing(world) == {world.uscc("source")}
    state = world.row(ERASURE_HOLDER, asked, world.uscc("source"))
    assert state is not None
    assert state.outstanding == ((batch, ((3, 4),)),)
    world.do("source", "erasure.attest", attest(asked))
    assert owing(world) == set()


def test_ERA_6_a_hold_is_lifted_once_by_who_may(world: World, record: str) -> None:  # noqa: N802
    hold = place(world, authorised_case(world), single(record))
    for name in ("source", "lender", "agent"):
        assert_breaks(world, "ERA-6", world.submit(name, LIFT, {"hold": hold}))
    world.do("investigator", LIFT, {"hold": hold})
    assert_breaks(world, "ERA-6", world.submit("regulator", LIFT, {"hold": hold}))


def test_INC_8_a_case_with_a_standing_hold_is_not_closed(world: World, record: str) -> None:  # noqa: N802
    case = authorised_case(world)
    hold = place(world, case, single(record))
    closing = {"case": case, "outcome": "inconclusive"}
    assert_breaks(world, "INC-8", world.submit("investigator", "case.close", closing))
    world.do("investigator", LIFT, {"hold": hold})
    state = world.row(CASE, case)
    assert state is not None
    assert state.holds == 0
    world.do("investigator", "case.close", closing)
