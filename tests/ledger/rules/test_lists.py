"""list.*, measure.*, pledge.*: LST-1 to LST-5, PLE-1, PLE-2, F-LIST, F-PLEDGE-OVERDUE."""

from __future__ import annotations

import pytest

from ledger.state.publication_tables import ENTRY, PLEDGE
from ledger.times import DAY_MS
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.ledger.rules.publishing import LAW, POLICY_RANK, apply, brief, civic_world, day, enter, penalty, subject
from tests.ledger.rules.test_publication import found, tick
from tests.world import World, digest_of

ENTER, EXIT, APPLY, LIFT = "list.enter", "list.exit", "measure.apply", "measure.lift"


@pytest.fixture
def world() -> World:
    return civic_world()


@pytest.fixture
def record(world: World) -> str:
    return penalty(world)


@pytest.fixture
def entry(world: World, record: str) -> str:
    return world.do("regulator", ENTER, enter(world, record))


def pledge(world: World, **changes: object) -> dict[str, object]:
    return {
        "subject": subject(),
        "authority": world.uscc("source"),
        "what": digest_of("words"),
        "due_day": day(world, 10),
        **changes,
    }


def test_every_required_field_is_required(world: World, record: str, entry: str) -> None:
    measure = world.do("hub", APPLY, apply(world, entry))
    made = world.do("supplier", "pledge.make", pledge(world))
    assert_needs_every_field(world, "regulator", ENTER, enter(world, record))
    assert_needs_every_field(world, "regulator", EXIT, {"entry": entry, "reason": "error"})
    assert_needs_every_field(world, "hub", APPLY, apply(world, entry))
    assert_needs_every_field(world, "hub", LIFT, {"measure": measure, "reason": "error"})
    assert_needs_every_field(world, "supplier", "pledge.make", pledge(world))
    for kind in ("pledge.fulfil", "pledge.breach"):
        assert_needs_every_field(world, "source", kind, {"pledge": made, "evidence": digest_of("e")})


@pytest.mark.parametrize("wrong", ["nowhere", "record"])
def test_dangling_references_leave_no_leaf(world: World, record: str, wrong: str) -> None:
    name = record if wrong == "record" else NOWHERE
    for member, kind, payload in (
        ("regulator", EXIT, {"entry": name, "reason": "error"}),
        ("hub", APPLY, apply(world, name)),
        ("hub", LIFT, {"measure": name, "reason": "error"}),
        ("source", "pledge.fulfil", {"pledge": name, "evidence": digest_of("e")}),
        ("source", "pledge.breach", {"pledge": name, "evidence": digest_of("e")}),
        ("regulator", ENTER, enter(world, f"{name}:0")),
    ):
        assert_breaks(world, "reference.unknown", world.submit(member, kind, payload))
    unsorted = enter(world, record, grounds=[record, record])
    assert_breaks(world, "payload.set_order", world.submit("regulator", ENTER, unsorted))


def test_LST_1_code_and_rank_of_the_basis(world: World, record: str) -> None:  # noqa: N802
    for changes in ({"list": "NOLIST"}, {"list": "MEA1"}, {"basis": POLICY_RANK}):
        assert_breaks(world, "LST-1", world.submit("regulator", ENTER, enter(world, record, **changes)))
    world.do("regulator", ENTER, enter(world, record, list="PRAISE", basis=POLICY_RANK))
    entry = world.do("regulator", ENTER, enter(world, record))
    for changes in ({"measure": "NONE"}, {"measure": "LST1"}, {"basis": POLICY_RANK}):
        assert_breaks(world, "LST-1", world.submit("hub", APPLY, apply(world, entry, **changes)))
    local = {**LAW, "rank": "local_regulation"}
    world.do("hub", APPLY, apply(world, entry, basis=local))


def test_LST_2_lift_follows_exit_by_the_deadline(world: World, entry: str) -> None:  # noqa: N802
    first, second = (world.do("hub", APPLY, apply(world, entry)) for _ in range(2))
    world.do("hub", LIFT, {"measure": first, "reason": "error"})
    exit_ = world.do("regulator", EXIT, {"entry": entry, "reason": "error"})
    assert brief(world, exit_) == {("measure.lift", world.uscc("hub"), second, False)}
    assert brief(world, entry) == {("list.exit", world.uscc("regulator"), entry, True)}
    world.advance(20 * DAY_MS)
    tick(world)
    (finding,) = found(world, "F-LIST")
    assert (finding.party, finding.about, finding.rule) == (world.uscc("hub"), second, "LST-2")
    assert finding.statements == (second, exit_)
    world.do("hub", LIFT, {"measure": second, "reason": "exited"})
    assert [f.open for f in found(world, "F-LIST")] == [False]
    assert brief(world, second) == {("measure.lift", world.uscc("hub"), second, True)}


def test_f_list_past_the_end_day(world: World, record: str) -> None:
    entry = world.do("regulator", ENTER, enter(world, record, end_day=day(world, 2)))
    measure = world.do("hub", APPLY, apply(world, entry, end_day=day(world, 1)))
    world.advance(4 * DAY_MS)
    tick(world)
    assert [f.about for f in found(world, "F-LIST")] == [measure, entry]


@pytest.mark.parametrize("member", ["regulator_b", "source", "hub", "lender"])
def test_LST_3_only_the_authority_that_the_list_names(world: World, record: str, entry: str, member: str) -> None:  # noqa: N802
    assert_breaks(world, "LST-3", world.submit(member, ENTER, enter(world, record)))
    assert_breaks(world, "LST-3", world.submit(member, EXIT, {"entry": entry, "reason": "error"}))
    measure = world.do("hub", APPLY, apply(world, entry))
    if member != "hub":
        assert_breaks(world, "LST-3", world.submit(member, APPLY, apply(world, entry)))
        assert_breaks(world, "LST-3", world.submit(member, LIFT, {"measure": measure, "reason": "error"}))


def test_LST_4_grounds_are_in_force_and_of_the_subject(world: World, record: str) -> None:  # noqa: N802
    other = penalty(world, "enterprise two")
    both = sorted([record, other])
    assert_breaks(world, "LST-4", world.submit("regulator", ENTER, enter(world, record, grounds=both)))
    assert_breaks(world, "LST-4", world.submit("regulator", ENTER, enter(world, other)))
    classed = enter(world, record, subject={**subject(), "class": "organisation"})
    assert_breaks(world, "LST-4", world.submit("regulator", ENTER, classed))
    world.do("source", "record.withdraw", {"reference": record, "reason": "error"})
    assert_breaks(world, "LST-4", world.submit("regulator", ENTER, enter(world, record)))
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    world.do("regulator", ENTER, enter(world, f"{batch}:9"))


def test_LST_5_a_measure_rests_on_an_entry_in_force(world: World, entry: str) -> None:  # noqa: N802
    world.do("regulator", EXIT, {"entry": entry, "reason": "error"})
    assert_breaks(world, "LST-5", world.submit("hub", APPLY, apply(world, entry)))
    state = world.row(ENTRY, entry)
    assert state is not None
    assert state.measures == ()


def test_what_is_over_is_not_ended_again(world: World, entry: str) -> None:
    measure = world.do("hub", APPLY, apply(world, entry))
    for member, kind, payload in (
        ("hub", LIFT, {"measure": measure, "reason": "error"}),
        ("regulator", EXIT, {"entry": entry, "reason": "error"}),
    ):
        world.do(member, kind, payload)
        assert_breaks(world, "list.over", world.submit(member, kind, payload))


def test_end_days_lie_ahead(world: World, record: str, entry: str) -> None:
    yesterday = day(world, -1)
    assert_breaks(world, "list.days", world.submit("regulator", ENTER, enter(world, record, end_day=yesterday)))
    assert_breaks(world, "list.days", world.submit("hub", APPLY, apply(world, entry, end_day=yesterday)))
    late = pledge(world, due_day=yesterday)
    assert_breaks(world, "pledge.days", world.submit("supplier", "pledge.make", late))


@pytest.mark.parametrize("kind", ["pledge.fulfil", "pledge.breach"])
def test_PLE_1_by_that_authority_and_once(world: World, kind: str) -> None:  # noqa: N802
    made = world.do("supplier", "pledge.make", pledge(world))
    payload = {"pledge": made, "evidence": digest_of("e")}
    for member in ("supplier", "source_b", "regulator"):
        assert_breaks(world, "PLE-1", world.submit(member, kind, payload))
    settled = world.do("source", kind, payload)
    row = world.row(PLEDGE, made)
    assert row is not None
    assert (row.settled, row.kept) == (settled, kind == "pledge.fulfil")
    assert brief(world, made) == {("pledge.settle", world.uscc("source"), made, True)}
    assert_breaks(world, "pledge.settled", world.submit("source", kind, payload))


def test_PLE_2_a_pledge_is_made_to_an_authority(world: World) -> None:  # noqa: N802
    for member in ("lender", "service", "publisher"):
        wrong = pledge(world, authority=world.uscc(member))
        assert_breaks(world, "PLE-2", world.submit("supplier", "pledge.make", wrong))
    stranger = pledge(world, authority=world.uscc("stranger"))
    assert_breaks(world, "member.unknown", world.submit("supplier", "pledge.make", stranger))
    world.do("supplier", "pledge.make", pledge(world, authority=world.uscc("regulator")))


def test_f_pledge_overdue_is_closed_by_the_authoritys_word(world: World) -> None:
    made = world.do("supplier", "pledge.make", pledge(world))
    world.advance(11 * DAY_MS)
    tick(world)
    (finding,) = found(world, "F-PLEDGE-OVERDUE")
    assert (finding.party, finding.about, finding.rule) == (world.uscc("source"), made, "PLE-1")
    world.do("source", "pledge.breach", {"pledge": made, "evidence": digest_of("e")})
    assert [f.open for f in found(world, "F-PLEDGE-OVERDUE")] == [False]
