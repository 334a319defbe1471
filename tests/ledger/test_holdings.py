from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.holdings import cover, end_part, held_at, live_entries, part, with_holding
from ledger.references import Reference, ReferenceSet
from ledger.state.tables import Holding, HoldingState, Ranges

BATCH = "a" * 64


def ranges_of(rows: set[int]) -> Ranges:
    return ReferenceSet.of(Reference(BATCH, row) for row in rows).entries[0][1]


def entry(rows: set[int], life_end: int = 100, since: int = 1, ended: int | None = None) -> Holding:
    return Holding(
        ranges=ranges_of(rows), hop=f"hop {since}", since_index=since, since=0, life_end=life_end, ended_index=ended
    )


row_sets = st.sets(st.integers(0, 30), min_size=1)


@given(row_sets, st.lists(st.tuples(row_sets, st.integers(1, 5)), max_size=6))
def test_cover_agrees_with_sets_of_rows(wanted: set[int], held: list[tuple[set[int], int]]) -> None:
    entries = [entry(rows, life_end, since) for since, (rows, life_end) in enumerate(held)]
    found = cover(BATCH, ranges_of(wanted), entries)
    union = set().union(*(rows for rows, _ in held))
    missing = wanted - union
    assert found.missing == (part(BATCH, ranges_of(missing)) if missing else ReferenceSet())
    assert set().union(*(_rows(used.ranges) for used in found.used)) >= wanted & union
    lives = {row: max((life for rows, life in held if row in rows), default=0) for row in wanted & union}
    assert found.life_end == (min(lives.values()) if lives else None)


def _rows(ranges: Ranges) -> set[int]:
    return {row for first, last in ranges for row in range(first, last + 1)}


def test_live_entries_leave_out_what_is_over_or_elsewhere() -> None:
    state = HoldingState(
        entries=(entry({1, 2}, 100), entry({1}, 50), entry({9}, 100), entry({1}, 100, since=4, ended=7))
    )
    assert live_entries(state, BATCH, ((1, 1),), 49) == state.entries[:2]
    assert live_entries(state, BATCH, ((1, 1),), 50) == state.entries[:1]
    assert live_entries(None, BATCH, ((1, 1),), 0) == ()


def test_a_single_record_is_held_whole() -> None:
    whole = Holding(ranges=(), hop="h", since_index=3, since=0, life_end=10)
    state = with_holding(None, whole)
    assert live_entries(state, BATCH, (), 9) == (whole,)
    assert cover(BATCH, (), (whole,)).missing == ReferenceSet()
    assert cover(BATCH, (), ()).missing == part(BATCH, ())
    assert with_holding(state, whole).entries == (whole, whole)


def test_held_at_an_index() -> None:
    state = HoldingState(entries=(entry({1}, since=3), entry({2}, since=5, ended=8)))
    held = {index: [found.since_index for found in held_at(state, index)] for index in (2, 3, 5, 7, 8)}
    assert held == {2: [], 3: [3], 5: [3, 5], 7: [3, 5], 8: [3]}
    assert held_at(None, 3) == ()


def rows_in(entries: list[Holding]) -> set[int]:
    return {row for one in entries for first, last in one.ranges for row in range(first, last + 1)}


@given(st.lists(row_sets, min_size=1, max_size=4), row_sets)
def test_what_is_destroyed_ends_and_the_rest_stays(held: list[set[int]], gone: set[int]) -> None:
    state = HoldingState(entries=tuple(entry(rows, since=at) for at, rows in enumerate(held)))
    after = end_part(state, BATCH, ranges_of(gone), 50)
    for at, rows in enumerate(held):
        mine = [one for one in after.entries if one.hop == f"hop {at}"]
        assert rows_in([one for one in mine if one.ended_index is None]) == rows - gone
        assert rows_in([one for one in mine if one.ended_index == 50]) == rows & gone
    assert end_part(after, BATCH, ranges_of(gone), 60) == after


def test_a_single_record_ends_as_a_whole() -> None:
    state = HoldingState(entries=(Holding(ranges=(), hop="hop", since_index=1, since=1, life_end=100),))
    assert [one.ended_index for one in end_part(state, BATCH, (), 7).entries] == [7]
