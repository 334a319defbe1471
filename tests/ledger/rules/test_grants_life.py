from __future__ import annotations

import msgspec
import pytest

from ledger.rules.standing import deadline
from ledger.state.tables import DUTY, GRANT, MEMBER, REQUEST
from ledger.state.view import BlockView
from ledger.times import format_time
from tests.ledger.rules.handing import FIELDS, LAW, days, give, grant, hand_over, offer, rows, single, take
from tests.ledger.rules.judging import NOWHERE, assert_breaks
from tests.world import START_MS, World


@pytest.fixture
def world() -> World:
    return World.founding()


def request(world: World, **changes: object) -> dict[str, object]:
    return {"grantor": world.uscc("source"), "items": {"penalty": FIELDS}, "purpose": "credit.lending", **changes}


def revoke(grant_id: str, **changes: object) -> dict[str, object]:
    return {"grant": grant_id, "reason": "withdrawn", **changes}


def test_GRA_4_only_the_grantee_accepts_once(world: World) -> None:  # noqa: N802
    issued = world.do("source", "grant.issue", grant(world))
    for member in ("source", "hub", "regulator"):
        assert_breaks(world, "GRA-4", world.submit(member, "grant.accept", {"grant": issued}))
    accepted = world.do("lender", "grant.accept", {"grant": issued, "receiver_seed": "a" * 64})
    assert_breaks(world, "GRA-4", world.submit("lender", "grant.accept", {"grant": issued}))
    state = world.row(GRANT, issued)
    assert state is not None
    assert (state.accepted, state.receiver_seed) == (accepted, "a" * 64)


def test_GRA_4_not_after_the_end(world: World) -> None:  # noqa: N802
    end = START_MS + 10_000
    issued = [world.do("source", "grant.issue", grant(world, valid_until=format_time(end))) for _ in range(2)]
    world.time = end - 1
    world.do("lender", "grant.accept", {"grant": issued[0]})
    world.time = end
    assert_breaks(world, "GRA-4", world.submit("lender", "grant.accept", {"grant": issued[1]}))


def test_GRA_5_what_is_revoked_takes_nothing_more(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    listed = {"references": rows(batch, (0, 1))}
    revoked = world.do("source", "grant.issue", grant(world, within=listed))
    world.do("source", "grant.revoke", revoke(revoked))
    more = {"grant": revoked, "references": rows(batch, (2, 2))}
    assert_breaks(world, "GRA-5", world.submit("lender", "grant.accept", {"grant": revoked}))
    assert_breaks(world, "GRA-5", world.submit("source", "grant.extend", more))
    assert_breaks(world, "GRA-5", world.submit("source", "grant.revoke", revoke(revoked)))
    live = world.do("source", "grant.issue", grant(world, within=listed))
    world.do("source", "grant.extend", {**more, "grant": live})
    world.do("lender", "grant.accept", {"grant": live})


def test_GRA_5_revoking_ends_the_subtree(world: World) -> None:  # noqa: N802
    above = give(world, "source", "hub", within={"onward": 1})
    below = world.do("hub", "grant.issue", grant(world, parent=above.grant))
    world.do("source", "grant.revoke", revoke(above.grant))
    assert_breaks(world, "GRA-5", world.submit("lender", "grant.accept", {"grant": below}))
    assert_breaks(world, "GRA-5", world.submit("hub", "grant.revoke", revoke(below)))


def test_GRA_5_from_this_block_or_later_never_before(world: World) -> None:  # noqa: N802
    issued = world.do("source", "grant.issue", grant(world))
    before = revoke(issued, effective=format_time(world.time - 1000))
    assert_breaks(world, "GRA-5", world.submit("source", "grant.revoke", before))
    later = revoke(issued, effective=format_time(world.time + 60_000))
    world.do("source", "grant.revoke", later)
    assert_breaks(world, "GRA-5", world.submit("source", "grant.revoke", later))
    world.do("regulator", "grant.revoke", revoke(issued, effective=format_time(world.time + 30_000)))
    state = world.row(GRANT, issued)
    assert state is not None
    assert state.revoked is not None
    assert state.revoked.member == world.uscc("regulator")


def test_GRA_5_a_later_end_leaves_the_grant_usable_until_its_exact_ms(world: World) -> None:  # noqa: N802
    records = [world.do("source", "record.submit", world.record()) for _ in range(2)]
    given = give(world, "source", "lender")
    end = world.time + 5_000
    world.do("source", "grant.revoke", revoke(given.grant, effective=format_time(end)))
    world.time = end - 1
    world.do("source", "transfer.offer", offer(world, given, single(records[0])))
    world.time = end
    assert_breaks(world, "TRA-1", world.submit("source", "transfer.offer", offer(world, given, single(records[1]))))


@pytest.mark.parametrize("member", ["operator", "lender", "source_b", "auditor"])
def test_GRA_9_who_revokes(world: World, member: str) -> None:  # noqa: N802
    top = give(world, "source", "hub", within={"onward": 2})
    below = give(world, "hub", "operator", within={"onward": 1}, parent=top.grant)
    issued = [world.do("operator", "grant.issue", grant(world, parent=below.grant)) for _ in range(4)]
    if member != "operator":
        assert_breaks(world, "GRA-9", world.submit(member, "grant.revoke", revoke(issued[0])))
    for grant_id, entitled in zip(issued, ("operator", "hub", "source", "regulator"), strict=True):
        world.do(entitled, "grant.revoke", revoke(grant_id))


def stop_duties(world: World, opener: str) -> dict[str, int]:
    return {
        row.party: row.due  # type: ignore[attr-defined]
        for key, row in world.state.rows.items()
        if key[0] == DUTY.name and key[1] == opener and key[2].startswith("stop:")
    }


def test_GRA_6_every_holder_in_the_subtree_gets_a_stop_duty(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    top = give(world, "source", "hub", within={"onward": 1})
    beside = give(world, "source", "service")
    below = give(world, "hub", "lender", parent=top.grant)
    world.do("hub", "grant.issue", grant(world, "operator", parent=top.grant))
    hand_over(world, top, rows(batch, (0, 9)), receiver="hub")
    hand_over(world, beside, rows(batch, (0, 9)), receiver="service")
    hand_over(world, below, rows(batch, (0, 3)), sender="hub")
    hand_over(world, below, rows(batch, (4, 5)), sender="hub")
    at = world.time
    end = world.do("source", "grant.revoke", revoke(top.grant))
    due = deadline(BlockView(world.resident(), at), "stop", at)
    assert stop_duties(world, end) == {world.uscc("hub"): due, world.uscc("lender"): due}


def test_GRA_6_who_holds_nothing_yet_when_a_later_end_is_logged_gets_the_duty_at_release(world: World) -> None:  # noqa: N802
    record = world.do("source", "record.submit", world.record())
    given = give(world, "source", "lender")
    at = world.time + 10_000
    end = world.do("source", "grant.revoke", revoke(given.grant, effective=format_time(at)))
    assert stop_duties(world, end) == {}
    hand_over(world, given, single(record))
    assert stop_duties(world, end) == {world.uscc("lender"): deadline(BlockView(world.resident(), at), "stop", at)}


def test_GRA_6_the_end_of_data_life_is_a_duty_from_the_release_on(world: World) -> None:  # noqa: N802
    record = world.do("source", "record.submit", world.record())
    given = give(world, "source", "lender", data_life=7)
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    take(world, "lender", "accept", offered)
    at = world.time
    released = take(world, "source", "release", offered)
    due = deadline(BlockView(world.resident(), at), "stop", at + days(7))
    assert stop_duties(world, released) == {world.uscc("lender"): due}


def test_GRA_10_a_request_is_answered_once_by_whom_was_asked(world: World) -> None:  # noqa: N802
    asked = world.do("lender", "grant.request", request(world, basis=LAW))
    decline = {"request": asked, "reason": "no_basis"}
    assert_breaks(world, "GRA-10", world.submit("hub", "grant.decline", decline))
    other = grant(world, "service", request=asked)
    assert_breaks(world, "GRA-10", world.submit("source", "grant.issue", other))
    issued = world.do("source", "grant.issue", grant(world, request=asked))
    assert_breaks(world, "GRA-10", world.submit("source", "grant.decline", decline))
    assert_breaks(world, "GRA-10", world.submit("source", "grant.issue", grant(world, request=asked)))
    state = world.row(REQUEST, asked)
    assert state is not None
    assert state.answered == issued


@pytest.mark.parametrize("answer", ["issue", "decline"])
def test_GRA_10_the_answer_meets_the_duty(world: World, answer: str) -> None:  # noqa: N802
    opened = world.time
    asked = world.do("lender", "grant.request", request(world))
    suffix = f"grant.answer:{world.uscc('source')}"
    duty = world.row(DUTY, asked, suffix)
    assert duty is not None
    assert duty.due == deadline(BlockView(world.resident(), opened), "grant_answer", opened)
    assert duty.met_by is None
    if answer == "issue":
        by = world.do("source", "grant.issue", grant(world, request=asked))
    else:
        by = world.do("source", "grant.decline", {"request": asked, "reason": "no_basis"})
    met = world.row(DUTY, asked, suffix)
    assert met is not None
    assert met.met_by == by
    assert [edge.target for _, edge in world.edges if edge.kind == "answers"] == [by]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grantor": "outsider"}, "member.unknown"),
        ({"grantor": "lender"}, "grant.request_self"),
        ({"purpose": "credit.nothing"}, "GRA-8"),
        ({"items": {"nothing": ["a"]}}, "catalogue.unknown_item"),
        ({"references": [[NOWHERE, []]]}, "reference.unknown"),
    ],
)
def test_a_request_names_what_exists(world: World, changes: dict[str, object], code: str) -> None:
    if "grantor" in changes:
        changes = {"grantor": world.uscc(str(changes["grantor"]))}
    assert_breaks(world, code, world.submit("lender", "grant.request", request(world, **changes)))
    world.do("lender", "grant.request", request(world))


def test_an_extension_is_judged_like_the_grant(world: World) -> None:
    mine, theirs = (world.do(name, "record.submit", world.record()) for name in ("source", "source_b"))
    person = world.do("source", "record.submit", world.record("credit_person"))
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    listed = {"references": rows(batch, (0, 3)), "onward": 1}
    top = give(world, "source", "hub", within=listed)
    below = world.do("hub", "grant.issue", grant(world, parent=top.grant, within={"references": rows(batch, (0, 0))}))
    extend = "grant.extend"
    assert_breaks(world, "GRA-1", world.submit("lender", extend, {"grant": below, "references": rows(batch, (1, 1))}))
    assert_breaks(world, "GRA-2", world.submit("hub", extend, {"grant": below, "references": rows(batch, (3, 4))}))
    assert_breaks(world, "GRA-1", world.submit("source", extend, {"grant": top.grant, "references": single(theirs)}))
    assert_breaks(world, "GRA-3", world.submit("source", extend, {"grant": top.grant, "references": single(person)}))
    assert_breaks(
        world, "reference.unknown", world.submit("source", extend, {"grant": top.grant, "references": single(NOWHERE)})
    )
    world.do("hub", extend, {"grant": below, "references": rows(batch, (2, 3))})
    world.do("source", extend, {"grant": top.grant, "references": single(mine)})
    state = world.row(GRANT, below)
    assert state is not None
    assert state.scope.references == [(batch, [(0, 0), (2, 3)])]
    everything = give(world, "source", "lender").grant
    outcome = world.submit("source", extend, {"grant": everything, "references": single(mine)})
    assert_breaks(world, "grant.not_a_set", outcome)


def test_what_hangs_on_a_grant_must_be_logged(world: World) -> None:
    for kind, payload in (
        ("grant.accept", {"grant": NOWHERE}),
        ("grant.revoke", revoke(NOWHERE)),
        ("grant.extend", {"grant": NOWHERE, "references": single(NOWHERE)}),
        ("grant.decline", {"request": NOWHERE, "reason": "other"}),
    ):
        assert_breaks(world, "reference.unknown", world.submit("source", kind, payload))


def test_a_suspended_grantor_may_still_decline_but_not_grant(world: World) -> None:
    asked = world.do("lender", "grant.request", request(world))
    standing = world.row(MEMBER, "", world.uscc("source"))
    assert standing is not None
    suspended = msgspec.structs.replace(standing, status="suspended")
    world.state.apply({(MEMBER.name, "", world.uscc("source")): suspended})
    assert_breaks(world, "GOV-5", world.submit("source", "grant.issue", grant(world, request=asked)))
    world.do("source", "grant.decline", {"request": asked, "reason": "other"})


def test_edges_lead_from_a_grant_to_what_acts_on_it(world: World) -> None:
    top = give(world, "source", "hub", within={"onward": 1})
    below = give(world, "hub", "lender", parent=top.grant)
    end = world.do("source", "grant.revoke", revoke(top.grant))
    edges = {(edge.source, edge.target, edge.kind) for _, edge in world.edges}
    assert edges == {
        (top.grant, top.acceptance, "acts"),
        (top.grant, below.grant, "child"),
        (below.grant, below.acceptance, "acts"),
        (top.grant, end, "acts"),
    }
