"""repair.* and stop.acknowledge: REP-1 to REP-6, and what a repair reaches."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.state.tables import ENDED, HOLDING
from ledger.times import CHINA_OFFSET_MS, DAY_MS, day_end, format_time
from tests.ledger.rules.governing import decide, dissolve, suspend
from tests.ledger.rules.handing import give, hand_over, offer, rows, single
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.ledger.rules.publishing import (
    LAW,
    apply,
    approve,
    brief,
    civic_world,
    duties,
    enter,
    mirror,
    penalty,
    publish,
    stop,
)
from tests.ledger.rules.test_publication import found, tick
from tests.world import World, digest_of

APPLY, ACCEPT, DECIDE, ACKNOWLEDGE = "repair.apply", "repair.accept", "repair.decide", "stop.acknowledge"
HOLDERS = ("lender", "buyer", "supplier", "service", "operator")
LIFE = 900


@pytest.fixture
def world() -> World:
    return civic_world()


def shown(world: World) -> str:
    """A record that was public long enough."""
    record = penalty(world)
    publish(world, record)
    world.advance(90 * DAY_MS)
    return record


def application(world: World, reference: str, **changes: object) -> dict[str, object]:
    return {"reference": reference, "evidence": digest_of("evidence"), **changes}


def decision(name: str, outcome: str = "approved") -> dict[str, object]:
    return {"application": name, "outcome": outcome, "reason": digest_of("reason")}


def acknowledge(order: str, about: str, **changes: object) -> dict[str, object]:
    return {"order": order, "about": about, **changes}


def test_every_required_field_is_required(world: World) -> None:
    record = shown(world)
    hand_over(world, give(world, "source", "lender", data_life=LIFE), single(record))
    assert_needs_every_field(world, "supplier", APPLY, application(world, record))
    applied = world.do("supplier", APPLY, application(world, record))
    assert_needs_every_field(world, "source", ACCEPT, {"application": applied})
    world.do("source", ACCEPT, {"application": applied})
    assert_needs_every_field(world, "source", DECIDE, decision(applied))
    decided = world.do("source", DECIDE, decision(applied))
    assert_needs_every_field(world, "lender", ACKNOWLEDGE, acknowledge(decided, record))


def test_dangling_references_leave_no_leaf(world: World) -> None:
    record = shown(world)
    for name in (NOWHERE, f"{record}:0"):
        assert_breaks(world, "reference.unknown", world.submit("supplier", APPLY, application(world, name)))
    named = application(world, record, mandate=NOWHERE)
    assert_breaks(world, "reference.unknown", world.submit("agent", APPLY, named))
    for wrong in (NOWHERE, record):
        assert_breaks(world, "reference.unknown", world.submit("source", ACCEPT, {"application": wrong}))
        assert_breaks(world, "reference.unknown", world.submit("source", DECIDE, decision(wrong)))
    nothing = acknowledge(record, NOWHERE)
    assert_breaks(world, "reference.unknown", world.submit("lender", ACKNOWLEDGE, nothing))
    more = acknowledge(record, record, stopped=[[NOWHERE, []]])
    assert_breaks(world, "reference.unknown", world.submit("lender", ACKNOWLEDGE, more))


def test_REP_1_the_least_term_has_passed_since_the_first_publication(world: World) -> None:  # noqa: N802
    record = penalty(world)
    assert_breaks(world, "REP-1", world.submit("supplier", APPLY, application(world, record)))
    publish(world, record)
    world.advance(89 * DAY_MS)
    assert_breaks(world, "REP-1", world.submit("supplier", APPLY, application(world, record)))
    new = world.do("source", "record.correct", world.record(reference=record, reason="error"))
    world.advance(DAY_MS)
    world.do("supplier", APPLY, application(world, new))
    assert_breaks(world, "record.ended", world.submit("supplier", APPLY, application(world, record)))


@pytest.mark.parametrize("member", ["source_b", "regulator", "publisher", "supplier", "agent"])
def test_REP_2_decided_by_the_items_repair_authority(world: World, member: str) -> None:  # noqa: N802
    applied = world.do("supplier", APPLY, application(world, shown(world)))
    assert_breaks(world, "REP-2", world.submit(member, ACCEPT, {"application": applied}))
    world.do("source", ACCEPT, {"application": applied})
    assert_breaks(world, "REP-2", world.submit(member, DECIDE, decision(applied)))


def test_REP_3_one_record_its_copies_holders_entries_and_measures(world: World) -> None:  # noqa: N802
    record = penalty(world)
    lead = publish(world, record)
    copy = world.do("service", "publication.mirror", mirror(world, lead))
    alone = world.do("regulator", "list.enter", enter(world, record))
    other = penalty(world)
    shared = world.do("regulator", "list.enter", enter(world, record, grounds=sorted([record, other])))
    measure = world.do("hub", "measure.apply", apply(world, alone))
    world.do("hub", "measure.apply", apply(world, shared))
    top = give(world, "source", "operator", within={"onward": 1}, data_life=LIFE)
    below = give(world, "operator", "lender", parent=top.grant, data_life=LIFE)
    hand_over(world, top, single(record), receiver="operator")
    hand_over(world, below, single(record), sender="operator")
    world.advance(90 * DAY_MS)
    decided = approve(world, record)
    uscc = world.uscc
    assert brief(world, decided) == {
        ("stop", uscc("publisher"), lead, False),
        ("stop", uscc("service"), lead, False),
        ("stop", uscc("operator"), record, False),
        ("stop", uscc("lender"), record, False),
        ("list.exit", uscc("regulator"), alone, False),
        ("measure.lift", uscc("hub"), measure, False),
    }
    ended = world.row(ENDED, record)
    assert ended is not None
    assert (ended.how, ended.by) == ("stopped", decided)
    again = offer(world, top, single(record), "operator")
    assert_breaks(world, "TRA-5", world.submit("source", "transfer.offer", again))
    world.do("publisher", "publication.stop", stop(lead))
    world.do("service", "publication.stop", stop(copy))
    world.do("regulator", "list.exit", {"entry": alone, "reason": "repaired"})
    world.do("hub", "measure.lift", {"measure": measure, "reason": "repaired"})
    for member in ("operator", "lender"):
        world.do(member, ACKNOWLEDGE, acknowledge(decided, record))
    assert all(met for *_, met in brief(world, decided))
    world.advance(20 * DAY_MS)
    tick(world)
    assert found(world, "F-OVERDUE-STOP") == []
    assert found(world, "F-LIST") == []


def test_REP_3_a_row_that_five_holders_have(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(1000, "penalty"))
    row = f"{batch}:500"
    publish(world, row)
    for number, holder in enumerate(HOLDERS):
        given = give(world, "source", holder, data_life=LIFE)
        hand_over(world, given, rows(batch, (400 + number, 600)), receiver=holder)
    hand_over(world, give(world, "source", "verifier", data_life=LIFE), rows(batch, (0, 499)), receiver="verifier")
    world.advance(90 * DAY_MS)
    decided = approve(world, row)
    waiting = {(duty.party, duty.about) for duty in duties(world, decided) if duty.about == row}
    assert waiting == {(world.uscc(holder), row) for holder in HOLDERS}
    for holder in HOLDERS[:4]:
        world.do(holder, ACKNOWLEDGE, acknowledge(decided, row, stopped=rows(batch, (500, 500))))
    state = world.row(HOLDING, batch, world.uscc("lender"))
    assert state is not None
    assert [(entry.ranges, entry.ended_index is None) for entry in state.entries] == [
        (((400, 499), (501, 600)), True),
        (((500, 500),), False),
    ]
    world.advance(20 * DAY_MS)
    tick(world)
    late = [finding for finding in found(world, "F-OVERDUE-STOP") if finding.about == row]
    assert [(f.party, f.rule, f.open) for f in late] == [(world.uscc("operator"), "REP-3", True)]
    world.do("operator", ACKNOWLEDGE, acknowledge(decided, row))
    assert [f.open for f in found(world, "F-OVERDUE-STOP") if f.about == row] == [False]


def test_REP_3_holders_of_every_version(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    old = f"{batch}:3"
    publish(world, old)
    hand_over(world, give(world, "source", "lender", data_life=LIFE), rows(batch, (0, 9)))
    new = world.do("source", "record.correct", world.record(reference=old, reason="error"))
    hand_over(world, give(world, "source", "buyer", data_life=LIFE), single(new), receiver="buyer")
    world.advance(90 * DAY_MS)
    decided = approve(world, new)
    assert {("stop", world.uscc("lender"), old, False), ("stop", world.uscc("buyer"), new, False)} <= brief(
        world, decided
    )


def test_REP_3_a_correction_after_the_application_does_not_escape(world: World) -> None:  # noqa: N802
    record = shown(world)
    applied = world.do("supplier", APPLY, application(world, record))
    world.do("source", ACCEPT, {"application": applied})
    new = world.do("source", "record.correct", world.record(reference=record, reason="error"))
    decided = world.do("source", DECIDE, decision(applied))
    ended = world.row(ENDED, new)
    assert ended is not None
    assert (ended.how, ended.by) == ("stopped", decided)


def test_a_rejection_opens_nothing(world: World) -> None:
    record = shown(world)
    applied = world.do("supplier", APPLY, application(world, record))
    world.do("source", ACCEPT, {"application": applied})
    decided = world.do("source", DECIDE, decision(applied, "rejected"))
    assert brief(world, decided) == set()
    assert world.row(ENDED, record) is None


def test_REP_4_by_who_has_to_stop_and_once(world: World) -> None:  # noqa: N802
    record = shown(world)
    hand_over(world, give(world, "source", "lender", data_life=LIFE), single(record))
    decided = approve(world, record)
    for member in ("buyer", "source", "publisher"):
        assert_breaks(world, "REP-4", world.submit(member, ACKNOWLEDGE, acknowledge(decided, record)))
    half = acknowledge(decided, record, stopped=[[penalty(world), []]])
    assert_breaks(world, "REP-4", world.submit("lender", ACKNOWLEDGE, half))
    kept = [{"references": single(record), "basis": LAW}]
    twice = acknowledge(decided, record, stopped=single(record), kept=kept)
    assert_breaks(world, "REP-4", world.submit("lender", ACKNOWLEDGE, twice))
    world.do("lender", ACKNOWLEDGE, acknowledge(decided, record, kept=kept))
    state = world.row(HOLDING, record, world.uscc("lender"))
    assert state is not None
    assert state.entries[0].ended_index is None, "what is kept on a basis is still held"
    assert_breaks(world, "REP-4", world.submit("lender", ACKNOWLEDGE, acknowledge(decided, record)))


def test_REP_4_after_a_revocation_only_what_came_under_the_grant_ends(world: World) -> None:  # noqa: N802
    record = penalty(world)
    first, second = (give(world, "source", "lender", data_life=LIFE) for _ in range(2))
    for given in (first, second):
        hand_over(world, given, single(record))
    revoked = world.do("source", "grant.revoke", {"grant": first.grant, "reason": "breach"})
    world.do("lender", ACKNOWLEDGE, acknowledge(revoked, first.grant, stopped=single(record)))
    state = world.row(HOLDING, record, world.uscc("lender"))
    assert state is not None
    assert [(entry.grant, entry.ended_index is None) for entry in state.entries] == [
        (first.grant, False),
        (second.grant, True),
    ]
    assert all(met for *_, met in brief(world, revoked))


def test_REP_4_after_a_revocation_all_that_is_held_under_the_grant_is_accounted_for(world: World) -> None:  # noqa: N802
    batch, record = world.do("source", "record.batch", world.batch(10, "penalty")), penalty(world)
    top = give(world, "source", "operator", data_life=LIFE, within={"onward": 1})
    below = give(world, "operator", "lender", data_life=LIFE, parent=top.grant)
    carried = single(record) + rows(batch, (0, 9))
    hand_over(world, top, sorted(carried), receiver="operator")
    for part in (single(record), rows(batch, (0, 3)), rows(batch, (2, 5))):
        hand_over(world, below, part, sender="operator")
    revoked = world.do("source", "grant.revoke", {"grant": top.grant, "reason": "breach"})
    for half in (single(record), rows(batch, (0, 5)), sorted(single(record) + rows(batch, (0, 4)))):
        said = acknowledge(revoked, top.grant, stopped=half)
        assert_breaks(world, "REP-4", world.submit("lender", ACKNOWLEDGE, said))
    kept = [{"references": rows(batch, (4, 5)), "basis": LAW}]
    world.do("lender", ACKNOWLEDGE, acknowledge(revoked, top.grant, kept=kept))
    state = world.row(HOLDING, batch, world.uscc("lender"))
    assert state is not None
    assert sorted((entry.ranges, entry.ended_index is None) for entry in state.entries) == [
        (((0, 3),), False),
        (((2, 3),), False),
        (((4, 5),), True),
    ]
    single_one = world.row(HOLDING, record, world.uscc("lender"))
    assert single_one is not None
    assert [entry.ended_index is None for entry in single_one.entries] == [False]
    world.do("operator", ACKNOWLEDGE, acknowledge(revoked, top.grant))
    assert all(met for *_, met in brief(world, revoked))


def test_REP_4_the_end_of_a_data_life_is_acknowledged_and_else_f_retention(world: World) -> None:  # noqa: N802
    record = penalty(world)
    offered = hand_over(world, give(world, "source", "lender", data_life=1), single(record))
    releases = [logged.statement for block in world.blocks for logged in block.logged]
    release = next(s.statement_id for s in releases if s.kind == "transfer.release")
    world.advance(20 * DAY_MS)
    tick(world)
    (finding,) = found(world, "F-RETENTION")
    assert (finding.party, finding.about, finding.rule) == (world.uscc("lender"), offered, "GRA-6")
    world.do("lender", ACKNOWLEDGE, acknowledge(release, offered))
    assert [f.open for f in found(world, "F-RETENTION")] == [False]
    state = world.row(HOLDING, record, world.uscc("lender"))
    assert state is not None
    assert state.entries[0].ended_index is not None


def test_f_retention_where_the_record_ends_before_the_data_life(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty", retention_end="2026-03-10"))
    hand_over(world, give(world, "source", "lender", data_life=LIFE), rows(batch, (0, 4)))
    releases = [logged.statement for block in world.blocks for logged in block.logged]
    release = next(s.statement_id for s in releases if s.kind == "transfer.release")
    world.advance(30 * DAY_MS)
    tick(world)
    assert [f.about for f in found(world, "F-RETENTION")] == [batch]
    world.do("lender", ACKNOWLEDGE, acknowledge(release, batch, stopped=rows(batch, (0, 4))))
    assert [f.open for f in found(world, "F-RETENTION")] == [False]


def test_REP_5_by_the_subject_or_a_mandated_agent(world: World) -> None:  # noqa: N802
    record = shown(world)
    for member in ("agent", "source"):
        assert_breaks(world, "REP-5", world.submit(member, APPLY, application(world, record)))
    until = format_time(world.time + 10 * DAY_MS)
    opened = {"purpose": "credit", "evidence": digest_of("e"), "until": until}
    other = world.do("agent", "mandate.open", {**opened, "references": single(penalty(world))})
    assert_breaks(world, "REP-5", world.submit("agent", APPLY, application(world, record, mandate=other)))
    mandate = world.do("agent", "mandate.open", {**opened, "references": single(record)})
    assert_breaks(world, "REP-5", world.submit("supplier", APPLY, application(world, record, mandate=mandate)))
    world.do("agent", APPLY, application(world, record, mandate=mandate))
    world.advance(11 * DAY_MS)
    assert_breaks(world, "REP-5", world.submit("agent", APPLY, application(world, record, mandate=mandate)))
    person = {"class": "person", "value": digest_of("link"), "epoch": 1}
    honour = world.do("source", "record.submit", world.record("honour_person", subject=person))
    publish(world, honour, fields=["honour"])
    assert_breaks(world, "REP-5", world.submit("supplier", APPLY, application(world, honour)))
    until = format_time(world.time + 10 * DAY_MS)
    linked = world.do("agent", "mandate.open", {**opened, "until": until, "link": digest_of("link")})
    world.do("agent", APPLY, application(world, honour, mandate=linked))


def test_REP_6_registered_once_then_decided_once(world: World) -> None:  # noqa: N802
    applied = world.do("supplier", APPLY, application(world, shown(world)))
    assert_breaks(world, "REP-6", world.submit("source", DECIDE, decision(applied)))
    world.do("source", ACCEPT, {"application": applied})
    assert_breaks(world, "REP-6", world.submit("source", ACCEPT, {"application": applied}))
    world.do("source", DECIDE, decision(applied, "rejected"))
    assert_breaks(world, "REP-6", world.submit("source", DECIDE, decision(applied)))


def test_f_used_after_stop_after_a_repair(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    publish(world, f"{batch}:3")
    offered = hand_over(world, give(world, "source", "lender", data_life=LIFE), rows(batch, (0, 9)))
    world.advance(90 * DAY_MS)
    decided = approve(world, f"{batch}:3")
    use = {"transfer": offered, "purpose": "credit.lending", "outcome": digest_of("o")}
    before, after = (
        world.do(
            "lender",
            "use.report",
            {**use, "used_at": format_time(world.time), "reference": f"{batch}:{row}"},
        )
        for row in (2, 3)
    )
    assert before != after
    (finding,) = found(world, "F-USED-AFTER-STOP")
    assert finding.statements == (offered, decided, after)


def test_a_suspended_holder_may_still_acknowledge(world: World) -> None:
    record = shown(world)
    hand_over(world, give(world, "source", "lender", data_life=LIFE), single(record))
    decided = approve(world, record)
    decide(world, suspend(world, "lender"))
    assert_breaks(world, "GOV-5", world.submit("lender", APPLY, application(world, record)))
    world.do("lender", ACKNOWLEDGE, acknowledge(decided, record))


@pytest.mark.parametrize("hour", [0, 15, 16, 23])
def test_deadlines_in_a_year_without_a_calendar_are_monday_to_friday(world: World, hour: int) -> None:
    record = penalty(world, retention_end="2028-12-31", event_day="2026-02-20")
    publish(world, record)
    hand_over(
        world, give(world, "source", "lender", valid_until="2029-01-01T00:00:00Z", data_life=LIFE), single(record)
    )
    # Thursday, 31 December 2026 in UTC: the calendar knows nothing of 2027.
    opened = (date(2026, 12, 31).toordinal() - date(1970, 1, 1).toordinal()) * DAY_MS + hour * 3_600_000
    world.time = opened - 2000
    decided = approve(world, record)
    (due,) = {duty.due for duty in duties(world, decided) if duty.kind == "stop"}
    later = opened + CHINA_OFFSET_MS >= (date(2027, 1, 1).toordinal() - date(1970, 1, 1).toordinal()) * DAY_MS
    # Friday, Monday, Tuesday; or, where it is Friday in UTC+08:00 already, Monday to Wednesday.
    assert due == day_end("2027-01-06" if later else "2027-01-05")


def test_REP_4_an_heir_acknowledges_for_whom_it_succeeded(world: World) -> None:  # noqa: N802
    record = shown(world)
    hand_over(world, give(world, "source", "lender", data_life=LIFE), single(record))
    decided = approve(world, record)
    named = acknowledge(decided, record, holder=world.uscc("lender"))
    assert_breaks(world, "REP-4", world.submit("buyer", ACKNOWLEDGE, named))
    decide(world, dissolve(world, "lender", successor="buyer"))
    assert_breaks(world, "REP-4", world.submit("supplier", ACKNOWLEDGE, named))
    assert_breaks(world, "REP-4", world.submit("buyer", ACKNOWLEDGE, acknowledge(decided, record)))
    world.do("buyer", ACKNOWLEDGE, named)
    assert ("stop", world.uscc("lender"), record, True) in brief(world, decided)
