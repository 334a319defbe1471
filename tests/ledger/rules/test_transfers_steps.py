from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from ledger.encoding import base64url
from ledger.state.tables import DUTY, HOLDING, MEMBER, RELEASED, DutyState
from ledger.times import format_time
from tests.ledger.rules.handing import (
    HOUR_MS,
    accept,
    confirm,
    days,
    dispute,
    give,
    grant,
    hand_over,
    offer,
    release,
    rows,
    single,
    step,
    take,
    transfer,
)
from tests.ledger.rules.judging import assert_breaks, assert_needs_every_field
from tests.world import World, digest_of

ORDER: dict[str, tuple[tuple[str, str], ...]] = {
    "offered": (),
    "accepted": (("lender", "accept"),),
    "released": (("lender", "accept"), ("source", "release")),
    "confirmed": (("lender", "accept"), ("source", "release"), ("lender", "confirm")),
    "disputed": (("lender", "accept"), ("source", "release"), ("lender", "dispute")),
    "refused": (("lender", "refuse"),),
    "cancelled": (("source", "cancel"),),
}
"""How a hand-over comes to each status."""
NEXT = {
    ("offered", "accept"), ("offered", "refuse"), ("accepted", "release"), ("released", "confirm"),
    ("released", "dispute"),
}  # fmt: skip
TURN = {"accept": "lender", "refuse": "lender", "release": "source", "confirm": "lender", "dispute": "lender"}


@pytest.fixture
def world() -> World:
    return World.founding()


def at(world: World, status: str) -> str:
    """Bring a hand-over of one record to `status`; returns the offer's id."""
    record = world.do("source", "record.submit", world.record())
    given = give(world, "source", "lender")
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    for member, name in ORDER[status]:
        take(world, member, name, offered)
    assert transfer(world, offered).status == status
    return offered


def duty(world: World, kind: str, party: str, offered: str) -> DutyState:
    found = [
        row
        for key, row in world.state.rows.items()
        if key[0] == DUTY.name and isinstance(row, DutyState) and (row.kind, row.about) == (kind, offered)
    ]
    assert [row.party for row in found] == [world.uscc(party)]
    return found[0]


@pytest.mark.parametrize("status", ORDER)
@pytest.mark.parametrize("name", TURN)
def test_TRA_6_steps_come_in_order_and_once(world: World, status: str, name: str) -> None:  # noqa: N802
    offered = at(world, status)
    outcome = step(world, TURN[name], name, offered)
    if (status, name) in NEXT:
        assert outcome.status == "admitted"
        assert_breaks(world, "TRA-6", step(world, TURN[name], name, offered))
    else:
        assert_breaks(world, "TRA-6", outcome)


@pytest.mark.parametrize(("status", "name"), sorted(NEXT))
@pytest.mark.parametrize("member", ["source", "lender", "hub", "regulator"])
def test_TRA_6_only_the_party_whose_turn_it_is(world: World, status: str, name: str, member: str) -> None:  # noqa: N802
    offered = at(world, status)
    outcome = step(world, member, name, offered)
    if member == TURN[name]:
        assert outcome.status == "admitted"
    else:
        assert_breaks(world, "TRA-6", outcome)


def test_every_required_field_is_required(world: World) -> None:
    offered = at(world, "offered")
    payloads: dict[str, dict[str, object]] = {
        "accept": accept(offered),
        "release": release(offered),
        "confirm": confirm(offered),
        "dispute": dispute(offered),
        "refuse": {"offer": offered, "reason": "terms"},
        "cancel": {"offer": offered, "reason": "error"},
    }
    for name, payload in payloads.items():
        assert_needs_every_field(world, "lender", f"transfer.{name}", payload)


def test_TRA_7_accept_names_the_same_ciphertext(world: World) -> None:  # noqa: N802
    offered = at(world, "offered")
    other = {**accept(offered), "ciphertext": digest_of("other")}
    assert_breaks(world, "TRA-7", world.submit("lender", "transfer.accept", other))
    take(world, "lender", "accept", offered)


def test_TRA_7_confirm_names_the_same_roots(world: World) -> None:  # noqa: N802
    offered = at(world, "released")
    for changes in ({"content_root": digest_of("other")}, {"marked_root": digest_of("marked")}):
        wrong = {**confirm(offered), **changes}
        assert_breaks(world, "TRA-7", world.submit("lender", "transfer.confirm", wrong))
    take(world, "lender", "confirm", offered)


def test_TRA_7_dispute_reveals_the_secret_of_the_one_time_key(world: World) -> None:  # noqa: N802
    offered = at(world, "released")
    wrong = {**dispute(offered), "one_time_secret": base64url(bytes(32))}
    assert_breaks(world, "TRA-7", world.submit("lender", "transfer.dispute", wrong))
    take(world, "lender", "dispute", offered)


@pytest.mark.parametrize("status", ORDER)
@pytest.mark.parametrize("member", ["source", "regulator"])
def test_TRA_9_cancelled_by_the_sender_before_release_or_a_regulator(world: World, status: str, member: str) -> None:  # noqa: N802
    offered = at(world, status)
    outcome = step(world, member, "cancel", offered)
    if status in ("offered", "accepted") or (status == "released" and member == "regulator"):
        assert outcome.status == "admitted"
    else:
        assert_breaks(world, "TRA-9", outcome)


@pytest.mark.parametrize("member", ["lender", "hub", "auditor"])
def test_TRA_9_by_nobody_else(world: World, member: str) -> None:  # noqa: N802
    offered = at(world, "accepted")
    assert_breaks(world, "TRA-9", step(world, member, "cancel", offered))


def test_a_regulators_cancel_after_release_makes_the_receiver_stop(world: World) -> None:
    offered = at(world, "released")
    ended = take(world, "regulator", "cancel", offered)
    assert world.row(DUTY, ended, f"stop:{world.uscc('lender')}:{offered}") is not None
    assert duty(world, "transfer.confirm", "lender", offered).met_by == ended


def ready(world: World, **changes: object) -> tuple[str, str, str]:
    """Return batch, grant and an accepted offer of its first rows."""
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    given = give(world, "source", "lender", **changes)  # type: ignore[arg-type]
    offered = world.do("source", "transfer.offer", offer(world, given, rows(batch, (0, 4))))
    take(world, "lender", "accept", offered)
    return batch, given.grant, offered


def suspend(world: World, member: str) -> None:
    standing = world.row(MEMBER, "", world.uscc(member))
    assert standing is not None
    world.state.apply({(MEMBER.name, "", standing.uscc): msgspec.structs.replace(standing, status="suspended")})


BREAKS: dict[str, Callable[[World, str, str], object]] = {
    "TRA-1": lambda w, _batch, given: w.do("source", "grant.revoke", {"grant": given, "reason": "other"}),
    "TRA-5": lambda w, batch, _given: w.do("source", "record.withdraw", {"reference": f"{batch}:2", "reason": "court"}),
    "suspended": lambda w, _batch, _given: suspend(w, "lender"),
}


@pytest.mark.parametrize("cause", BREAKS)
def test_TRA_8_authority_is_judged_again_at_release(world: World, cause: str) -> None:  # noqa: N802
    batch, given, offered = ready(world)
    BREAKS[cause](world, batch, given)
    outcome = step(world, "source", "release", offered)
    assert_breaks(world, "TRA-8", outcome)
    assert cause in str(outcome.error)
    assert transfer(world, offered).status == "accepted"
    assert world.row(HOLDING, batch, world.uscc("lender")) is None


def test_TRA_8_what_does_not_concern_it_does_not_stop_it(world: World) -> None:  # noqa: N802
    batch, _, offered = ready(world)
    world.do("source", "record.withdraw", {"reference": f"{batch}:5", "reason": "court"})
    other = world.do("source", "grant.issue", grant(world))
    world.do("source", "grant.revoke", {"grant": other, "reason": "other"})
    suspend(world, "service")
    take(world, "source", "release", offered)


@pytest.mark.parametrize(("offset", "released"), [(-1, True), (0, False)])
def test_TRA_8_expiry_at_the_exact_ms(world: World, offset: int, released: bool) -> None:  # noqa: N802
    end = world.time + 60_000
    _, _, offered = ready(world, valid_until=format_time(end))
    world.time = end + offset
    outcome = step(world, "source", "release", offered)
    if released:
        assert outcome.status == "admitted"
    else:
        assert_breaks(world, "TRA-8", outcome)


def test_TRA_8_what_the_sender_lost_since(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    top = give(world, "source", "hub", within={"onward": 1}, data_life=1)
    below = give(world, "hub", "lender", parent=top.grant, data_life=1)
    handed = world.time + 2000
    hand_over(world, top, rows(batch, (0, 4)), receiver="hub")
    deadline = format_time(handed + days(2))
    offered = [
        world.do("hub", "transfer.offer", offer(world, below, rows(batch, (0, 4)), deadline=deadline)) for _ in range(2)
    ]
    for one in offered:
        take(world, "lender", "accept", one)
    world.time = handed + days(1) - 1
    take(world, "hub", "release", offered[0])
    outcome = step(world, "hub", "release", offered[1])
    assert_breaks(world, "TRA-8", outcome)
    assert "TRA-4" in str(outcome.error)


def test_TRA_8_the_charge_of_the_offer_counts_once(world: World) -> None:  # noqa: N802
    _, _, offered = ready(world, within={"count": 5})
    take(world, "source", "release", offered)


@pytest.mark.parametrize(("offset", "released"), [(-1, True), (0, False)])
def test_TRA_8_abroad_the_approval_must_still_be_valid(world: World, offset: int, released: bool) -> None:  # noqa: N802
    record = world.do("source", "record.submit", world.record())
    given = give(world, "source", "lender_abroad", within={"jurisdictions": ["CN", "DE"]})
    end = world.time + HOUR_MS
    terms = {"mechanism": "certification", "approval": digest_of("a"), "valid_until": format_time(end)}
    payload = offer(world, given, single(record), "lender_abroad", abroad=terms)
    offered = world.do("source", "transfer.offer", payload)
    take(world, "lender_abroad", "accept", offered)
    world.time = end + offset
    outcome = step(world, "source", "release", offered)
    if released:
        assert outcome.status == "admitted"
    else:
        assert_breaks(world, "TRA-8", outcome)


def test_TRA_10_a_holding_opens_at_release(world: World) -> None:  # noqa: N802
    batch, given, offered = ready(world, data_life=7)
    assert world.row(HOLDING, batch, world.uscc("lender")) is None
    now = world.time
    take(world, "source", "release", offered)
    state = world.row(HOLDING, batch, world.uscc("lender"))
    assert state is not None
    (entry,) = state.entries
    assert (entry.ranges, entry.hop, entry.grant) == (((0, 4),), offered, given)
    assert (entry.since, entry.life_end, entry.ended_index) == (now, now + days(7), None)
    assert entry.since_index == transfer(world, offered).released_index
    row = world.row(RELEASED, given, world.uscc("lender"))
    assert row is not None
    assert (row.last, row.releases) == (offered, 1)
    assert (batch, offered, ((0, 4),)) in {
        (e.source, e.target, e.ranges) for _, e in world.edges if e.kind == "delivers"
    }


def test_TRA_10_no_holding_outlasts_the_retention(world: World) -> None:  # noqa: N802
    record = world.do("source", "record.submit", world.record(retention_end="2026-03-05"))
    given = give(world, "source", "lender")
    hand_over(world, given, single(record))
    state = world.row(HOLDING, record, world.uscc("lender"))
    assert state is not None
    assert format_time(state.entries[0].life_end) == "2026-03-05T16:00:00Z"


def test_each_step_opens_the_next_duty_and_meets_its_own(world: World) -> None:
    record = world.do("source", "record.submit", world.record())
    given = give(world, "source", "lender")
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    world.advance(2 * HOUR_MS)
    moment = world.time
    accepted = take(world, "lender", "accept", offered)
    late = duty(world, "transfer.accept", "lender", offered)
    assert (late.met_by, late.met_at) == (accepted, moment)
    assert late.due < moment
    assert duty(world, "transfer.release", "source", offered).due == moment + 2 * HOUR_MS
    moment = world.time
    released = take(world, "source", "release", offered)
    assert duty(world, "transfer.release", "source", offered).met_by == released
    assert duty(world, "transfer.confirm", "lender", offered).due == moment + 24 * HOUR_MS
    confirmed = take(world, "lender", "confirm", offered)
    assert duty(world, "transfer.confirm", "lender", offered).met_by == confirmed
    assert [e.target for _, e in world.edges if e.kind == "step"] == [accepted, released, confirmed]


@pytest.mark.parametrize(
    ("status", "member", "name", "kind", "party"),
    [
        ("offered", "lender", "refuse", "transfer.accept", "lender"),
        ("offered", "source", "cancel", "transfer.accept", "lender"),
        ("accepted", "source", "cancel", "transfer.release", "source"),
        ("released", "lender", "dispute", "transfer.confirm", "lender"),
    ],
)
def test_ending_it_meets_the_open_duty(
    world: World, status: str, member: str, name: str, kind: str, party: str
) -> None:
    offered = at(world, status)
    assert duty(world, kind, party, offered).met_by is None
    ended = take(world, member, name, offered)
    assert duty(world, kind, party, offered).met_by == ended


def test_a_dispute_is_a_finding_against_who_packed_it(world: World) -> None:
    offered = at(world, "disputed")
    ((_, event),) = [row for row in world.findings if row[1].code == "F-MISMATCH"]
    assert (event.about, event.party, event.rule) == (offered, world.uscc("source"), "TRA-7")
    assert event.statements[0] == offered
    assert len(set(event.statements)) == 3
    at(world, "confirmed")
    assert world.open_findings("F-MISMATCH") == [offered]


@pytest.mark.parametrize(("status", "name"), [("offered", "refuse"), ("released", "confirm"), ("released", "dispute")])
def test_a_suspended_receiver_still_answers(world: World, status: str, name: str) -> None:
    offered = at(world, status)
    suspend(world, "lender")
    if status == "offered":
        assert_breaks(world, "GOV-5", step(world, "lender", "accept", offered))
    take(world, "lender", name, offered)


def test_a_hand_over_within_one_block(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    top = give(world, "source", "hub", within={"onward": 1})
    below = give(world, "hub", "lender", parent=top.grant)
    first = world.do("source", "transfer.offer", offer(world, top, rows(batch, (0, 4)), "hub"))
    outcomes = world.run(
        world.sign("hub", "transfer.accept", accept(first)),
        world.sign("source", "transfer.release", release(first)),
        world.sign("hub", "transfer.offer", offer(world, below, rows(batch, (0, 4)))),
        world.sign("hub", "transfer.confirm", confirm(first)),
    )
    assert [outcome.status for outcome in outcomes] == ["admitted"] * 4
