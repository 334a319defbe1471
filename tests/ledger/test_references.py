"""Reference sets behave as sets of records do, and have one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import references as r

BATCHES = [letter * 64 for letter in "abc"]
SINGLES = [letter * 64 for letter in "def"]
REFERENCES = st.builds(r.Reference, st.sampled_from(BATCHES), st.integers(0, 40)) | st.builds(
    r.Reference, st.sampled_from(SINGLES)
)
SETS = st.sets(REFERENCES, max_size=60)


@given(SETS, SETS)
def test_sets_of_ranges_are_sets_of_records(left: set[r.Reference], right: set[r.Reference]) -> None:
    one, two = r.ReferenceSet.of(left), r.ReferenceSet.of(right)
    assert set(one) == left
    assert one.count == len(left)
    assert bool(one) == bool(left)
    assert list(one) == sorted(left, key=lambda reference: reference.order)
    assert set(one.union(two)) == left | right
    assert set(one.intersection(two)) == left & right
    assert set(one.difference(two)) == left - right
    assert one.covers(two) == (left >= right)
    assert all((reference in one) == (reference in left) for reference in right)
    assert one.union(two) == two.union(one)
    assert one.intersection(two) == two.intersection(one)
    assert one.range_count <= one.count


@given(SETS)
def test_json_goes_round(references: set[r.Reference]) -> None:
    found = r.ReferenceSet.of(references)
    assert r.ReferenceSet.from_json(found.to_json()) == found


@given(REFERENCES)
def test_text_goes_round(reference: r.Reference) -> None:
    assert r.Reference.parse(str(reference)) == reference


def test_a_million_rows_are_one_range() -> None:
    whole = r.ReferenceSet(((BATCHES[0], ((0, 999_999),)),))
    part = r.ReferenceSet(((BATCHES[0], ((500_000, 500_000),)),))
    assert whole.covers(part)
    assert not part.covers(whole)
    assert whole.count == 1_000_000
    assert whole.difference(part).entries == ((BATCHES[0], ((0, 499_999), (500_001, 999_999))),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "A" * 64,
        "a" * 63,
        "a" * 64 + ":",
        "a" * 64 + ":01",
        "a" * 64 + ":-1",
        "a" * 64 + ":16777216",
        "a" * 64 + "\n",
    ],
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(r.ReferenceMalformed):
        r.Reference.parse(text)


def test_references_are_checked_when_made() -> None:
    for statement_id, row in (("x", None), ("a" * 64, -1), ("a" * 64, True), ("a" * 64, r.MAX_ROW + 1)):
        with pytest.raises(r.ReferenceMalformed):
            r.Reference(statement_id, row)


A, B = BATCHES[:2]
BAD_SETS: list[object] = [
    "a",
    5,
    {},
    [[A]],
    [[A, 5]],
    [[5, []]],
    [["x", []]],
    [[A, [[1]]]],
    [[A, [["1", 2]]]],
    [[A, [[True, 2]]]],
    [[A, [[2, 1]]]],
    [[A, [[-1, 1]]]],
    [[A, [[0, r.MAX_ROW + 1]]]],
    [[A, [[0, 1], [2, 3]]]],
    [[A, [[0, 3], [2, 5]]]],
    [[A, [[5, 6], [1, 2]]]],
    [[B, []], [A, []]],
    [[A, []], [A, []]],
]


@pytest.mark.parametrize("value", BAD_SETS)
def test_sets_have_one_form(value: object) -> None:
    with pytest.raises(r.ReferenceSetMalformed):
        r.ReferenceSet.from_json(value)


def test_an_id_is_one_record_or_a_batch() -> None:
    single, rows = r.Reference(A), r.Reference(A, 0)
    with pytest.raises(r.MixedReference):
        r.ReferenceSet.of([single, rows])
    one, two = r.ReferenceSet.of([single]), r.ReferenceSet.of([rows])
    with pytest.raises(r.MixedReference):
        one.union(two)
    assert not one.intersection(two)
    assert one.difference(two) == one
    assert not one.covers(two)
