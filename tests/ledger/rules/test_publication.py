"""publication.*: PUB-1 to PUB-8, F-PARITY, F-EXPIRED-PUBLIC."""

from __future__ import annotations

import pytest

from ledger.findings.judge import Finding, findings_at
from ledger.replay import Replay
from ledger.state.publication_tables import MIRROR, PUBLICATION, PUBLISHED
from ledger.times import DAY_MS, day_end
from tests.ledger.rules.governing import decide, dissolve
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.ledger.rules.publishing import (
    MIRROR_SITE,
    SITE,
    brief,
    civic_world,
    day,
    mirror,
    observe,
    penalty,
    publish,
    start,
    stop,
)
from tests.world import World, digest_of

START, STOP, MIRRORED, OBSERVE = (f"publication.{name}" for name in ("start", "stop", "mirror", "observe"))


@pytest.fixture
def world() -> World:
    return civic_world()


@pytest.fixture
def record(world: World) -> str:
    return penalty(world)


def found(world: World, code: str) -> list[Finding]:
    replay = Replay(check_signatures=False)
    replay.feed_all(world.entries)
    return findings_at(replay, replay.head().size, code)


def tick(world: World) -> None:
    world.do("source_b", "record.submit", world.record("permit", retention_end="2036-01-01"))


def test_every_required_field_is_required(world: World, record: str) -> None:
    lead = publish(world, record)
    assert_needs_every_field(world, "publisher", START, start(world, record))
    assert_needs_every_field(world, "publisher", STOP, stop(lead))
    assert_needs_every_field(world, "service", MIRRORED, mirror(world, lead))
    assert_needs_every_field(world, "auditor", OBSERVE, observe(world, lead))


def test_dangling_references_leave_no_leaf(world: World, record: str) -> None:
    for name in (NOWHERE, f"{record}:0", f"{NOWHERE}:1"):
        assert_breaks(world, "reference.unknown", world.submit("publisher", START, start(world, name)))
    for wrong in (NOWHERE, record):
        changes = start(world, record, changes=wrong)
        assert_breaks(world, "reference.unknown", world.submit("publisher", START, changes))
        assert_breaks(world, "reference.unknown", world.submit("publisher", STOP, stop(wrong)))
        assert_breaks(world, "reference.unknown", world.submit("service", MIRRORED, mirror(world, wrong)))
        assert_breaks(world, "reference.unknown", world.submit("auditor", OBSERVE, observe(world, wrong)))
    unsorted = start(world, record, fields=["CF_WSH", "CF_SY"])
    assert_breaks(world, "payload.set_order", world.submit("publisher", START, unsorted))


def test_PUB_1_ends_within_the_greatest_term_of_the_severity(world: World, record: str) -> None:  # noqa: N802
    assert_breaks(world, "PUB-1", world.submit("publisher", START, start(world, record, end_day=day(world, 366))))
    lead = publish(world, record, end_day=day(world, 365))
    row = world.row(PUBLICATION, lead)
    assert row is not None
    assert (row.publisher, row.site, row.shown.end_day) == (world.uscc("publisher"), SITE, day(world, 365))


def test_PUB_1_counts_from_the_first_publication_of_any_version(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    world.do("publisher", STOP, stop(lead))
    world.advance(30 * DAY_MS)
    new = world.do("source", "record.correct", world.record(reference=record, reason="error"))
    late = start(world, new, end_day=day(world, 336))
    assert_breaks(world, "PUB-1", world.submit("publisher", START, late))
    publish(world, new, end_day=day(world, 335))
    first, second = world.row(PUBLISHED, record), world.row(PUBLISHED, new)
    assert first is not None
    assert second is not None
    assert first.first == second.first


def test_PUB_1_never_outlives_retention_and_begins_before_it_ends(world: World) -> None:  # noqa: N802
    short = penalty(world, retention_end=day(world, 20))
    assert_breaks(world, "PUB-1", world.submit("publisher", START, start(world, short, end_day=day(world, 21))))
    publish(world, short, end_day=day(world, 20))
    permit = world.do("source_b", "record.submit", world.record("permit", retention_end="2030-01-01"))
    publish(world, permit, fields=["XK_NR"], end_day="2030-01-01")
    other = penalty(world)
    for wrong, code in ((day(world, -1), "publication.days"), ("2026-02-30", "payload.time")):
        assert_breaks(world, code, world.submit("publisher", START, start(world, other, end_day=wrong)))
    publish(world, other, end_day=day(world))


@pytest.mark.parametrize("member", ["source_b", "lender", "service", "regulator", "hub"])
def test_PUB_2_by_the_publisher_or_the_source(world: World, record: str, member: str) -> None:  # noqa: N802
    own = start(world, record, site=f"{member}.example")
    assert_breaks(world, "PUB-2", world.submit(member, START, own))
    lead = world.do("source", START, start(world, record, site="source.example"))
    for other in (member, "publisher"):
        assert_breaks(world, "PUB-2", world.submit(other, STOP, stop(lead)))
        if other == "publisher":
            changes = start(world, record, site="source.example", changes=lead)
            assert_breaks(world, "PUB-2", world.submit(other, START, changes))
    world.do("source", STOP, stop(lead))


def test_PUB_3_a_mirror_that_differs_is_found_with_both_statements(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    wrong = world.do("service", MIRRORED, mirror(world, lead, content=digest_of("other")))
    (finding,) = found(world, "F-PARITY")
    assert (finding.party, finding.rule, finding.open) == (world.uscc("service"), "PUB-3", True)
    assert finding.statements == (lead, wrong)
    later = world.do("service", MIRRORED, mirror(world, lead, end_day=day(world, 99)))
    assert [f.about for f in found(world, "F-PARITY") if f.open] == [wrong]
    world.do("service", MIRRORED, mirror(world, later))
    assert [f.open for f in found(world, "F-PARITY")] == [False]
    assert found(world, "F-EXPIRED-PUBLIC") == []


@pytest.mark.parametrize("member", ["auditor", "regulator", "agent"])
def test_PUB_3_what_was_seen_differs(world: World, record: str, member: str) -> None:  # noqa: N802
    lead = publish(world, record)
    world.do("service", MIRRORED, mirror(world, lead))
    seen = world.do(member, OBSERVE, observe(world, lead, content=digest_of("other")))
    (finding,) = found(world, "F-PARITY")
    assert (finding.party, finding.statements) == (world.uscc("publisher"), (lead, seen))
    world.do(member, OBSERVE, observe(world, lead))
    assert [f.open for f in found(world, "F-PARITY")] == [False]


def test_PUB_3_the_seen_mirror_is_compared_with_the_publisher(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    copy = world.do("service", MIRRORED, mirror(world, lead))
    world.do("auditor", OBSERVE, observe(world, copy))
    assert found(world, "F-PARITY") == []
    seen = world.do("auditor", OBSERVE, observe(world, copy, end_day=day(world, 500)))
    (finding,) = found(world, "F-PARITY")
    assert (finding.party, finding.statements) == (world.uscc("service"), (lead, copy, seen))
    world.do("service", STOP, stop(copy))
    assert [f.open for f in found(world, "F-PARITY")] == [False]


def test_PUB_4_only_fields_marked_public(world: World, record: str) -> None:  # noqa: N802
    for fields in (["CF_LIMITED"], ["CF_LIMITED", "CF_SY"], ["NO_SUCH"]):
        assert_breaks(world, "PUB-4", world.submit("publisher", START, start(world, record, fields=fields)))


def test_PUB_4_persons_only_where_the_item_says_so(world: World) -> None:  # noqa: N802
    hidden = world.do("source", "record.submit", world.record("credit_person"))
    assert_breaks(world, "PUB-4", world.submit("publisher", START, start(world, hidden, fields=["duration"])))
    person = {"class": "person", "value": digest_of("link"), "epoch": 1}
    shown = world.do("source", "record.submit", world.record("honour_person", subject=person))
    publish(world, shown, fields=["honour"])


def test_PUB_5_mirrors_follow_a_change_by_the_deadline(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    copy = world.do("service", MIRRORED, mirror(world, lead))
    change = publish(world, record, end_day=day(world, 50), changes=lead)
    service = world.uscc("service")
    assert ("publication.follow", service, lead, False) in brief(world, change)
    assert brief(world, lead) == {("publication.stop", world.uscc("publisher"), lead, True)}
    world.do("auditor", OBSERVE, observe(world, copy))
    assert found(world, "F-PARITY") == [], "the mirror has until the deadline"
    world.advance(20 * DAY_MS)
    tick(world)
    (finding,) = found(world, "F-PARITY")
    assert (finding.rule, finding.party, finding.open) == ("PUB-5", service, True)
    world.do("service", MIRRORED, mirror(world, change, end_day=day(world, 30)))
    assert ("publication.follow", service, lead, True) in brief(world, change)
    assert [f.open for f in found(world, "F-PARITY")] == [False]


def test_PUB_5_mirrors_follow_a_stop(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    copy = world.do("service", MIRRORED, mirror(world, lead))
    end = world.do("publisher", STOP, stop(lead))
    assert brief(world, end) == {("publication.follow", world.uscc("service"), lead, False)}
    assert_breaks(world, "PUB-7", world.submit("service", MIRRORED, mirror(world, lead)))
    assert_breaks(world, "publication.stopped", world.submit("publisher", STOP, stop(lead)))
    world.do("service", STOP, stop(copy))
    assert brief(world, end) == {("publication.follow", world.uscc("service"), lead, True)}
    assert brief(world, copy) == {("publication.stop", world.uscc("service"), copy, True)}


def test_PUB_5_a_change_to_what_the_mirror_shows_asks_nothing(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    world.do("service", MIRRORED, mirror(world, lead, end_day=day(world, 50)))
    change = publish(world, record, end_day=day(world, 50), changes=lead)
    assert {kind for kind, *_ in brief(world, change)} == {"publication.stop"}
    assert [f.open for f in found(world, "F-PARITY")] == [False]


def test_PUB_5_a_change_back_to_what_the_mirror_shows_meets_what_it_owed(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    world.do("service", MIRRORED, mirror(world, lead))
    change = publish(world, record, end_day=day(world, 50), changes=lead)
    publish(world, record, changes=change)
    assert ("publication.follow", world.uscc("service"), lead, True) in brief(world, change)
    world.advance(20 * DAY_MS)
    tick(world)
    assert found(world, "F-PARITY") == []


@pytest.mark.parametrize("member", ["publisher", "source", "lender", "hub", "investigator"])
def test_PUB_6_who_mirrors_and_who_observes(world: World, record: str, member: str) -> None:  # noqa: N802
    lead = publish(world, record)
    own = mirror(world, lead, site=f"{member}.example")
    assert_breaks(world, "PUB-6", world.submit(member, MIRRORED, own))
    assert_breaks(world, "PUB-6", world.submit(member, OBSERVE, observe(world, lead)))


@pytest.mark.parametrize("how", ["withdrawn", "corrected", "retention"])
def test_PUB_7_nothing_that_ended_is_published(world: World, how: str) -> None:  # noqa: N802
    record = penalty(world, retention_end=day(world, 3))
    lead = publish(world, record, end_day=day(world, 3))
    if how == "withdrawn":
        world.do("source", "record.withdraw", {"reference": record, "reason": "error"})
    elif how == "corrected":
        world.do("source", "record.correct", world.record(reference=record, reason="error"))
    else:
        world.advance(4 * DAY_MS)
    again = start(world, record, site="other.example", end_day=day(world, 3))
    assert_breaks(world, "PUB-7", world.submit("publisher", START, again))
    assert_breaks(world, "PUB-7", world.submit("service", MIRRORED, mirror(world, lead, end_day=day(world, 3))))


def test_PUB_7_what_is_changed_is_public_and_of_this_record(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    other = penalty(world)
    assert_breaks(world, "PUB-7", world.submit("publisher", START, start(world, other, changes=lead)))
    world.do("publisher", STOP, stop(lead))
    assert_breaks(world, "PUB-7", world.submit("publisher", START, start(world, record, changes=lead)))


def test_PUB_8_a_site_is_one_members_and_shows_a_record_once(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    assert_breaks(world, "PUB-8", world.submit("publisher", START, start(world, record)))
    assert_breaks(world, "PUB-8", world.submit("source", START, start(world, record)))
    assert_breaks(world, "PUB-8", world.submit("service", MIRRORED, mirror(world, lead, site=SITE)))
    moved = start(world, record, changes=lead, site="other.example")
    assert_breaks(world, "PUB-8", world.submit("publisher", START, moved))
    world.do("service", MIRRORED, mirror(world, lead))
    assert_breaks(world, "PUB-8", world.submit("source", START, start(world, record, site=MIRROR_SITE)))
    world.do("publisher", STOP, stop(lead))
    publish(world, record)


def test_a_correction_reaches_the_publisher_and_every_mirror(world: World, record: str) -> None:
    lead = publish(world, record)
    world.do("service", MIRRORED, mirror(world, lead))
    new = world.do("source", "record.correct", world.record(reference=record, reason="error"))
    publisher, service = world.uscc("publisher"), world.uscc("service")
    assert brief(world, new) == {("stop", publisher, lead, False), ("stop", service, lead, False)}
    change = publish(world, new, changes=lead, content=digest_of("corrected"))
    assert ("stop", publisher, lead, True) in brief(world, new)
    assert ("stop", service, lead, False) in brief(world, new)
    world.do("service", MIRRORED, mirror(world, change, content=digest_of("corrected")))
    assert brief(world, new) == {("stop", publisher, lead, True), ("stop", service, lead, True)}
    world.do("source", "record.withdraw", {"reference": new, "reason": "court"})
    world.advance(20 * DAY_MS)
    tick(world)
    late = found(world, "F-OVERDUE-STOP")
    assert {(f.party, f.about, f.rule) for f in late} == {(publisher, lead, "REC-10"), (service, lead, "REC-10")}


def test_f_expired_public_while_nobody_says_that_it_ended(world: World, record: str) -> None:
    lead = publish(world, record, end_day=day(world, 5))
    end = day_end(day(world, 5))
    world.time = end
    tick(world)
    assert found(world, "F-EXPIRED-PUBLIC") == [], "the end of the day is in time"
    tick(world)
    (finding,) = found(world, "F-EXPIRED-PUBLIC")
    assert (finding.party, finding.about, finding.deadline) == (world.uscc("publisher"), lead, end)
    world.do("publisher", STOP, stop(lead, reason="expired"))
    assert [f.open for f in found(world, "F-EXPIRED-PUBLIC")] == [False]


def test_f_expired_public_seen_after_the_stop(world: World, record: str) -> None:
    lead = publish(world, record)
    end = world.do("publisher", STOP, stop(lead))
    world.do("auditor", OBSERVE, observe(world, lead))
    assert found(world, "F-EXPIRED-PUBLIC") == [], "it was public on that day"
    world.advance(DAY_MS)
    seen = world.do("auditor", OBSERVE, observe(world, lead))
    (finding,) = found(world, "F-EXPIRED-PUBLIC")
    assert (finding.party, finding.statements, finding.open) == (world.uscc("publisher"), (lead, end, seen), True)
    world.do("publisher", STOP, stop(lead))
    assert [f.open for f in found(world, "F-EXPIRED-PUBLIC")] == [False]


def test_nobody_sees_what_is_not_shown_yet(world: World, record: str) -> None:
    lead = publish(world, record)
    for wrong in (day(world, 1), day(world, -1)):
        outcome = world.submit("auditor", OBSERVE, observe(world, lead, seen_on=wrong))
        assert_breaks(world, "publication.days", outcome)
    over = mirror(world, lead, end_day=day(world, -1))
    assert_breaks(world, "publication.days", world.submit("service", MIRRORED, over))


def test_a_row_of_a_batch_is_published_like_a_record(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    lead = publish(world, f"{batch}:7")
    row = world.row(PUBLISHED, batch, "00000007")
    assert row is not None
    assert row.leads == (lead,)
    gone = world.do("source", "record.withdraw", {"reference": f"{batch}:7", "reason": "error"})
    assert brief(world, gone) == {("stop", world.uscc("publisher"), lead, False)}
    assert world.row(MIRROR, lead, world.uscc("service")) is None


def test_two_publications_in_one_block(world: World, record: str) -> None:
    raws = [world.sign("publisher", START, start(world, record)) for _ in range(2)]
    assert [outcome.status for outcome in world.run(*raws)] == ["admitted", "rejected"]


def test_PUB_2_the_heir_of_a_publisher_ends_what_it_left(world: World, record: str) -> None:  # noqa: N802
    lead = publish(world, record)
    decide(world, dissolve(world, "publisher", successor="hub"))
    world.do("hub", STOP, stop(lead))
    assert brief(world, lead) == {("publication.stop", world.uscc("publisher"), lead, True)}
