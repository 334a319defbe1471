"""Questions 10 and 11: counts that add up to the ledger's own entries."""

from __future__ import annotations

from collections import Counter

import pytest

from ledger.entries import StatementEntry, decode_entry
from ledger.lineage.metering import Metering, metering
from ledger.lineage.quality import SourceQuality, quality
from ledger.statement import decode_statement
from ledger.times import format_time
from tests.ledger.lineage.replaying import replayed
from tests.ledger.lineage.story import Story
from tests.ledger.lineage.test_products import Made
from tests.ledger.rules.handing import days, give, hand_over, offer, rows, single, take
from tests.world import World, digest_of

TOTALS = ("records_released", "records_offered", "query_batches", "queries", "uses")


def kinds(world: World) -> Counter[str]:
    """Count the admitted statements in the log by kind, from its entries alone."""
    entries = (decode_entry(entry) for entry in world.entries)
    return Counter(entry.statement.kind for entry in entries if isinstance(entry, StatementEntry))


def of(world: World, found: Metering) -> dict[tuple[tuple[str, ...], str], tuple[int, ...]]:
    names = {world.uscc(name): name for name in ("source", "source_b", "lender", "operator", "hub", "service")}
    return {
        (tuple(f"{names[uscc]}/{item}" for uscc, item in row.of), names[row.grantee]): tuple(
            getattr(row, name) for name in TOTALS
        )
        for row in found.rows
    }


def test_rows_add_up_to_the_logs_own_entries() -> None:
    for world in (Story().world, Made().world):
        found = metering(replayed(world), world.head.size)
        for name in TOTALS:
            assert sum(getattr(row, name) for row in found.rows) == getattr(found, name)
        logged = kinds(world)
        assert found.offers == logged["transfer.offer"]
        assert found.releases == logged["transfer.release"]
        assert found.uses == logged["use.report"]
        assert found.query_batches == logged["query.batch"]


def test_usage_per_source_item_and_grantee() -> None:
    made = Made()
    world = made.world
    given = give(world, "source_b", "lender", within={"issuers": [world.uscc("source_b")]})
    other = world.do("source_b", "record.submit", world.record())
    offered = hand_over(world, given, single(other), sender="source_b")
    world.do("source_b", "transfer.offer", offer(world, given, single(other)))
    world.do(
        "lender", "use.report",
        {"transfer": offered, "purpose": "credit.lending", "used_at": format_time(world.time),
         "outcome": digest_of("outcome")},
    )  # fmt: skip
    found = metering(replayed(world), world.head.size)
    assert of(world, found) == {
        (("source/penalty",), "lender"): (20, 0, 0, 0, 0),
        (("source/penalty",), "hub"): (1, 0, 0, 0, 0),
        (("source/penalty",), "service"): (0, 0, 1, 3, 0),
        (("source_b/penalty",), "lender"): (1, 1, 0, 0, 1),
    }
    only = metering(replayed(world), world.head.size, of=world.uscc("source_b"))
    assert of(world, only) == {(("source_b/penalty",), "lender"): (1, 1, 0, 0, 1)}
    assert (only.offers, only.releases, only.records_released) == (2, 1, 1)


def test_periods_add_up_to_the_whole() -> None:
    made = Made()
    source, size = replayed(made.world), made.world.head.size
    whole = metering(source, size)
    for cut in range(1, size, 5):
        parts = metering(source, cut), metering(source, size, first=cut)
        for name in ("records_released", "query_batches", "queries", "uses", "offers", "releases"):
            assert sum(getattr(part, name) for part in parts) == getattr(whole, name), (cut, name)


def test_a_confirmation_counts_nothing_twice() -> None:
    made = Made()
    world = made.world
    before = metering(replayed(world), world.head.size)
    first = replayed(world).raw([made.query])[made.query]
    stated = {k: v for k, v in decode_statement(first).payload.items() if k not in ("v", "kind", "sub")}
    world.do("source", "query.batch", {**stated, "confirms": made.query})
    after = metering(replayed(world), world.head.size)
    assert (after.queries, after.query_batches) == (before.queries, before.query_batches) == (3, 1)


@pytest.fixture
def world() -> World:
    return World.founding()


def quality_of(world: World, name: str, as_of: int | None = None) -> SourceQuality:
    size = world.head.size if as_of is None else as_of
    (found,) = quality(replayed(world), size, of=world.uscc(name)).sources
    return found


def test_delays_corrections_and_withdrawals_of_a_source(world: World) -> None:
    record = world.do("source", "record.submit", world.record(event_day="2026-03-02"))
    batch = world.do("source", "record.batch", world.batch(100, "penalty", event_day="2026-02-20"))
    first = world.head.size
    world.do(
        "source", "record.correct", world.record(event_day="2026-03-01") | {"reference": record, "reason": "error"}
    )
    world.do("source", "record.withdraw", {"reference": f"{batch}:7", "reason": "error"})
    found = quality_of(world, "source")
    assert found.delays == ((0, 1), (1, 1), (10, 100))
    assert (found.entries, found.records, found.longest_delay, found.median_delay) == (3, 102, 10, 10)
    assert (found.corrections, found.withdrawals) == (1, 1)
    before = quality_of(world, "source", first)
    assert (before.entries, before.corrections, before.median_delay) == (2, 0, 10)
    assert quality(replayed(world), world.head.size, of=world.uscc("hub")).sources == ()


def test_disputes_and_requests_of_a_source(world: World) -> None:
    record = world.do("source", "record.submit", world.record())
    given = give(world, "source", "lender")
    hand_over(world, given, single(record))
    upheld = world.do("lender", "record.dispute", {"about": record, "ground": digest_of("ground")})
    world.do("source", "record.dispute", {"about": record, "ground": digest_of("ground")})
    world.do("source", "record.resolve", {"dispute": upheld, "outcome": "upheld"})
    asked = {"grantor": world.uscc("source"), "items": {"penalty": ["CF_WSH"]}, "purpose": "credit.lending"}
    declined, granted, left = (world.do("lender", "grant.request", asked) for _ in range(3))
    world.do("source", "grant.decline", {"request": declined, "reason": "no_basis"})
    give(world, "source", "lender", request=granted)
    in_time = quality_of(world, "source")
    assert (in_time.disputes, in_time.disputes_upheld) == (2, 1)
    assert (in_time.requests, in_time.granted, in_time.declined, in_time.late_answers) == (3, 1, 1, 0)
    world.advance(days(30))
    world.do("source", "grant.decline", {"request": left, "reason": "no_basis"})
    late = quality_of(world, "source")
    assert (late.declined, late.late_answers) == (2, 1)


def test_released_in_another_period_than_offered(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    given = give(world, "source", "lender")
    offered = world.do("source", "transfer.offer", offer(world, given, rows(batch, (0, 9))))
    cut = world.head.size
    take(world, "lender", "accept", offered)
    take(world, "source", "release", offered)
    source = replayed(world)
    assert metering(source, cut).records_offered == 10
    assert metering(source, world.head.size, first=cut).records_released == 10
    assert metering(source, world.head.size).records_offered == 0
