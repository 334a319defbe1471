from __future__ import annotations

import pytest

from ledger.findings.judge import findings_at
from ledger.replay import Replay
from ledger.state.authority_tables import QUERY
from ledger.state.tables import USAGE
from ledger.times import format_time
from tests.ledger.rules.duties import duties, open_duties
from tests.ledger.rules.handing import FIELDS, Given, days, give, hand_over, rows, single
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, changed, digest_of

QUERY_BATCH = "query.batch"
HOUR = 3_600_000


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record())


@pytest.fixture
def given(world: World) -> Given:
    return give(world, "source", "lender", within={"mode": "query", "count": 100})


def queries(world: World, given: Given, references: list[list[object]], **changes: object) -> dict[str, object]:
    """Return a query.batch payload over the last hour, 40 queries by the lender of the source."""
    stated: dict[str, object] = {
        "grant": given.grant,
        "acceptance": given.acceptance,
        "sender": world.uscc("source"),
        "receiver": world.uscc("lender"),
        "mode": "query",
        "references": references,
        "items": {"penalty": FIELDS},
        "purpose": "credit.lending",
        "count": 40,
        "root": digest_of("rows"),
        "period": {"begin": format_time(world.time - HOUR), "end": format_time(world.time)},
    }
    return changed(stated, changes)


def charged(world: World, grant: str) -> int:
    usage = world.row(USAGE, grant)
    return 0 if usage is None else usage.total


def test_every_required_field_is_required(world: World, record: str, given: Given) -> None:
    assert_needs_every_field(world, "source", QUERY_BATCH, queries(world, given, single(record)))


def test_a_batch_is_charged_once_and_confirmed_by_the_other_side(world: World, record: str, given: Given) -> None:
    stated = queries(world, given, single(record))
    first = world.do("lender", QUERY_BATCH, stated)
    assert charged(world, given.grant) == 40
    assert [(duty.party, duty.about) for _, duty in open_duties(world, "query.confirm")] == [
        (world.uscc("source"), first)
    ]
    world.do("source", "grant.revoke", {"grant": given.grant, "reason": "breach"})
    confirmed = world.do("source", QUERY_BATCH, stated | {"confirms": first})
    found = world.row(QUERY, first)
    assert found is not None
    assert (found.by, found.confirmed) == (world.uscc("lender"), confirmed)
    assert charged(world, given.grant) == 40
    assert [duty.met_by for _, duty in duties(world, "query.confirm")] == [confirmed]
    edges = {(e.source, e.target, e.kind) for _, e in world.edges}
    assert {(given.grant, first, "queries"), (record, first, "queried"), (first, confirmed, "confirms")} <= edges


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"references": [[NOWHERE, []]]}, "reference.unknown"),
        ({"acceptance": NOWHERE}, "reference.unknown"),
        ({"grant": NOWHERE}, "reference.unknown"),
        ({"confirms": NOWHERE}, "reference.unknown"),
        ({"receiver": World.founding().uscc("nobody")}, "member.unknown"),
        ({"items": {"penalty": ["CF_WSH", "CF_SY"]}}, "payload.set_order"),
        ({"period": {"begin": "2026-03-02T00:00:03Z", "end": "2026-03-02T00:00:02Z"}}, "query.period"),
        ({"period": {"begin": "2026-03-02T00:00:00Z", "end": "2026-03-03T00:00:00Z"}}, "query.period"),
        ({"period": {"begin": "2026-02-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}}, "query.period"),
    ],
)
def test_bad_terms_are_errors(world: World, record: str, given: Given, changes: dict[str, object], code: str) -> None:
    stated = queries(world, given, single(record)) | changes
    assert_breaks(world, code, world.submit("source", QUERY_BATCH, stated))


def test_no_fewer_queries_than_records(world: World, given: Given) -> None:
    batch = world.do("source", "record.batch", world.batch(100, "penalty"))
    stated = queries(world, given, rows(batch, (0, 40)))
    assert_breaks(world, "query.count", world.submit("source", QUERY_BATCH, stated))


def test_TRA_1_a_query_needs_a_live_accepted_grant(world: World, record: str, given: Given) -> None:  # noqa: N802
    stated = queries(world, given, single(record))
    assert_breaks(world, "TRA-1", world.submit("lender", QUERY_BATCH, stated | {"acceptance": given.grant}))
    world.do("source", "grant.revoke", {"grant": given.grant, "reason": "breach"})
    assert_breaks(world, "TRA-1", world.submit("lender", QUERY_BATCH, stated))


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "view"},
        {"purpose": "credit.monitoring"},
        {"items": {"penalty": ["CF_NR"]}},
        {"count": 101},
        {"items": {"permit": ["XK_NR"]}},
    ],
)
def test_TRA_2_queries_lie_inside_the_grant(  # noqa: N802
    world: World, record: str, given: Given, changes: dict[str, object]
) -> None:
    stated = queries(world, given, single(record)) | changes
    assert_breaks(world, "TRA-2", world.submit("lender", QUERY_BATCH, stated))


def test_TRA_2_count_runs_out(world: World, record: str, given: Given) -> None:  # noqa: N802
    for _ in range(2):
        world.do("lender", QUERY_BATCH, queries(world, given, single(record)))
    assert_breaks(world, "TRA-2", world.submit("lender", QUERY_BATCH, queries(world, given, single(record))))


def test_TRA_2_who_may_query_may_not_store(world: World, record: str, given: Given) -> None:  # noqa: N802
    with pytest.raises(AssertionError, match="TRA-2"):
        hand_over(world, given, single(record))
    stored = give(world, "source", "lender")
    world.do("lender", QUERY_BATCH, queries(world, stored, single(record), mode="view"))


def test_TRA_4_and_TRA_5_what_is_queried_is_held_and_in_force(world: World, record: str, given: Given) -> None:  # noqa: N802
    foreign = world.do("source_b", "record.submit", world.record())
    outcome = world.submit("lender", QUERY_BATCH, queries(world, given, single(foreign)))
    assert_breaks(world, "TRA-2", outcome)
    world.do("source", "record.withdraw", {"reference": record, "reason": "error"})
    assert_breaks(world, "TRA-5", world.submit("lender", QUERY_BATCH, queries(world, given, single(record))))


def test_TRA_13_signed_by_one_side_confirmed_by_the_other(world: World, record: str, given: Given) -> None:  # noqa: N802
    stated = queries(world, given, single(record))
    assert_breaks(world, "TRA-13", world.submit("hub", QUERY_BATCH, stated))
    first = world.do("lender", QUERY_BATCH, stated)
    assert_breaks(world, "TRA-13", world.submit("lender", QUERY_BATCH, stated | {"confirms": first}))
    other = stated | {"confirms": first, "count": 39}
    assert_breaks(world, "TRA-13", world.submit("source", QUERY_BATCH, other))
    world.do("source", QUERY_BATCH, stated | {"confirms": first})
    assert_breaks(world, "TRA-13", world.submit("source", QUERY_BATCH, stated | {"confirms": first}))


def test_a_missing_confirmation_is_found(world: World, record: str, given: Given) -> None:
    first = world.do("lender", QUERY_BATCH, queries(world, given, single(record)))
    world.advance(days(30))
    world.do("source_b", "record.submit", world.record("permit"))
    replay = Replay(check_signatures=False)
    replay.feed_all(world.entries)
    (finding,) = findings_at(replay, replay.head().size, "F-HOP")
    assert (finding.rule, finding.party, finding.about) == ("TRA-13", world.uscc("source"), first)
