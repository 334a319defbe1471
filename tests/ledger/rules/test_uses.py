from __future__ import annotations

import pytest

from ledger.state.effects import FindingEvent
from ledger.times import day_end, format_time
from tests.ledger.rules.handing import days, give, hand_over, offer, rows, single, take
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, digest_of

USE = "use.report"


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record())


def use(world: World, transfer: str, **changes: object) -> dict[str, object]:
    return {
        "transfer": transfer,
        "purpose": "credit.lending",
        "used_at": format_time(world.time),
        "outcome": digest_of("outcome"),
        **changes,
    }


def after_stop(world: World) -> list[FindingEvent]:
    return [event for _, event in world.findings if event.code == "F-USED-AFTER-STOP"]


def test_every_required_field_is_required(world: World, record: str) -> None:
    offered = hand_over(world, give(world, "source", "lender"), single(record))
    assert_needs_every_field(world, "lender", USE, use(world, offered))


def test_USE_1_the_purpose_lies_inside_the_grant(world: World, record: str) -> None:  # noqa: N802
    offered = hand_over(world, give(world, "source", "lender"), single(record))
    for purpose in ("credit", "credit.monitoring", "credit.lend", "credit.lendings", "credit.lending.unknown"):
        assert_breaks(world, "USE-1", world.submit("lender", USE, use(world, offered, purpose=purpose)))
    made = world.do("lender", USE, use(world, offered, purpose="credit.lending.approval"))
    assert [(e.source, e.target) for _, e in world.edges if e.kind == "used"] == [(offered, made)]
    assert after_stop(world) == []


def test_USE_2_a_report_after_revocation_is_admitted_and_found(world: World, record: str) -> None:  # noqa: N802
    given = give(world, "source", "lender")
    offered = hand_over(world, given, single(record))
    before = format_time(world.time - 1000)
    end = world.do("source", "grant.revoke", {"grant": given.grant, "reason": "breach"})
    world.do("lender", USE, use(world, offered, used_at=before))
    assert after_stop(world) == []
    used = world.do("lender", USE, use(world, offered))
    (event,) = after_stop(world)
    assert (event.about, event.party, event.rule) == (used, world.uscc("lender"), "USE-2")
    assert event.statements == (offered, end, used)


def test_USE_2_an_ancestors_revocation_counts(world: World, record: str) -> None:  # noqa: N802
    top = give(world, "source", "hub", within={"onward": 1})
    below = give(world, "hub", "lender", parent=top.grant)
    hand_over(world, top, single(record), receiver="hub")
    offered = hand_over(world, below, single(record), sender="hub")
    end = world.do("regulator", "grant.revoke", {"grant": top.grant, "reason": "breach"})
    used = world.do("lender", USE, use(world, offered))
    assert [event.statements for event in after_stop(world)] == [(offered, end, used)]


def test_USE_2_after_the_end_of_data_life(world: World, record: str) -> None:  # noqa: N802
    given = give(world, "source", "lender", data_life=1)
    end = world.time + 2000 + days(1)
    offered = hand_over(world, given, single(record))
    world.time = end + 5000
    world.do("lender", USE, use(world, offered, used_at=format_time(end - 1000)))
    assert after_stop(world) == []
    used = world.do("lender", USE, use(world, offered, used_at=format_time(end)))
    assert [event.statements for event in after_stop(world)] == [(offered, used)]


def test_USE_2_after_a_regulator_cancelled_the_hand_over(world: World, record: str) -> None:  # noqa: N802
    given = give(world, "source", "lender")
    offered, other = hand_over(world, given, single(record)), hand_over(world, given, single(record))
    released = world.do("source", "transfer.offer", offer(world, given, single(record)))
    take(world, "lender", "accept", released)
    take(world, "source", "release", released)
    before = format_time(world.time)
    world.time += 2000
    ended = world.do("regulator", "transfer.cancel", {"offer": released, "reason": "error"})
    world.do("lender", USE, use(world, released, used_at=before))
    for unconcerned in (offered, other):
        world.do("lender", USE, use(world, unconcerned))
    assert after_stop(world) == []
    world.time += 1000
    used = world.do("lender", USE, use(world, released))
    assert [event.statements for event in after_stop(world)] == [(released, ended, used)]


def test_USE_2_after_the_retention_of_the_record_although_the_data_life_lasts(world: World) -> None:  # noqa: N802
    short = world.do("source", "record.submit", world.record(retention_end="2026-03-10"))
    long = world.do("source", "record.submit", world.record(retention_end="2026-03-12"))
    offered = hand_over(world, give(world, "source", "lender", data_life=300), single(short, long))
    world.time = day_end("2026-03-12") - 5000
    end = day_end("2026-03-10")
    for at, reference in ((end - 1000, short), (end, long)):
        world.do("lender", USE, use(world, offered, reference=reference, used_at=format_time(at)))
    world.do("lender", USE, use(world, offered, used_at=format_time(end)))
    assert after_stop(world) == []
    used = world.do("lender", USE, use(world, offered, reference=short, used_at=format_time(end)))
    assert [event.statements for event in after_stop(world)] == [(offered, short, used)]
    world.time = day_end("2026-03-12") + 5000
    used = world.do("lender", USE, use(world, offered, used_at=format_time(day_end("2026-03-12"))))
    assert after_stop(world)[-1].statements == (offered, long, used)


@pytest.mark.parametrize("kind", ["record.withdraw", "record.correct"])
def test_USE_2_after_the_record_ended(world: World, record: str, kind: str) -> None:  # noqa: N802
    offered = hand_over(world, give(world, "source", "lender"), single(record))
    change = {"reference": record, "reason": "error"}
    ended = world.do("source", kind, change if kind == "record.withdraw" else world.record() | change)
    for changes in ({}, {"reference": record}):
        used = world.do("lender", USE, use(world, offered, **changes))
        assert after_stop(world)[-1].statements == (offered, ended, used)
    assert len(after_stop(world)) == 2


def test_USE_2_of_a_batch_only_the_row_that_ended(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    offered = hand_over(world, give(world, "source", "lender"), rows(batch, (0, 5)))
    world.do("source", "record.withdraw", {"reference": f"{batch}:3", "reason": "court"})
    world.do("lender", USE, use(world, offered, reference=f"{batch}:2"))
    world.do("lender", USE, use(world, offered))
    assert after_stop(world) == []
    world.do("lender", USE, use(world, offered, reference=f"{batch}:3"))
    assert len(after_stop(world)) == 1


def test_USE_2_nobody_is_accused_over_a_fraction_of_a_second(world: World, record: str) -> None:  # noqa: N802
    given = give(world, "source", "lender")
    offered = hand_over(world, given, single(record))
    world.time += 500
    second = format_time(world.time)
    world.do("source", "grant.revoke", {"grant": given.grant, "reason": "breach"})
    world.do("lender", USE, use(world, offered, used_at=second))
    assert after_stop(world) == []


@pytest.mark.parametrize("member", ["source", "hub", "regulator"])
def test_USE_3_only_the_receiver_reports(world: World, record: str, member: str) -> None:  # noqa: N802
    offered = hand_over(world, give(world, "source", "lender"), single(record))
    assert_breaks(world, "USE-3", world.submit(member, USE, use(world, offered)))
    world.do("lender", USE, use(world, offered))


def test_USE_3_only_after_the_release_and_of_the_past(world: World, record: str) -> None:  # noqa: N802
    given = give(world, "source", "lender")
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    take(world, "lender", "accept", offered)
    assert_breaks(world, "USE-3", world.submit("lender", USE, use(world, offered)))
    moment = world.time
    take(world, "source", "release", offered)
    for at in (moment - 1000, world.time + 60_000):
        assert_breaks(world, "USE-3", world.submit("lender", USE, use(world, offered, used_at=format_time(at))))
    world.do("lender", USE, use(world, offered, used_at=format_time(moment)))


def test_what_a_use_names_must_have_been_handed_over(world: World, record: str) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    offered = hand_over(world, give(world, "source", "lender"), rows(batch, (0, 5)))
    assert_breaks(world, "reference.unknown", world.submit("lender", USE, use(world, NOWHERE)))
    for reference in (record, f"{batch}:6", batch, NOWHERE):
        assert_breaks(world, "reference.unknown", world.submit("lender", USE, use(world, offered, reference=reference)))
    for reference, code in ((f"{batch}:99999999", "form.reference"), ("x", "payload.schema")):
        assert_breaks(world, code, world.submit("lender", USE, use(world, offered, reference=reference)))
    late = use(world, offered, used_at="2026-02-30T00:00:00Z")
    assert_breaks(world, "payload.time", world.submit("lender", USE, late))
    world.do("lender", USE, use(world, offered, reference=f"{batch}:5"))
