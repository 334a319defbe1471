from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.kinds.fields import Mode
from ledger.kinds.grants import Rate
from ledger.metering import charge, check_left, credit, used_in_window, window_start
from ledger.references import ReferenceSet
from ledger.scope import OutsideScope, Scope, check_jurisdiction, check_purpose, legal_area, windows_met
from ledger.state.tables import UsageState

ROOT, OTHER = "a" * 64, "b" * 64
PURPOSES = (
    "credit",
    "credit.lending",
    "credit.lending.approval",
    "credit.lendings",
    "credit.monitoring",
    "supervision",
)
WIDE = Scope(
    issuers=("S1", "S2"),
    items={"penalty": ("a", "b"), "permit": ("c",)},
    references=ReferenceSet(((ROOT, ((0, 9),)), (OTHER, ()))),
    purpose="credit",
    grantee="G",
    mode="store",
    valid_from=1000,
    valid_until=9000,
    data_life=30,
    onward=2,
    jurisdictions=("CN", "DE-BE"),
    count=10,
    rate=Rate(count=5, window=60),
)


def dimension_of(wide: Scope, other: Scope) -> str | None:
    try:
        wide.covers(other, PURPOSES)
    except OutsideScope as outside:
        return outside.dimension
    return None


@pytest.mark.parametrize(
    ("dimension", "changes"),
    [
        ("grantee", {"grantee": "H"}),
        ("grantee", {"grantee": None}),
        ("issuers", {"issuers": ("S1", "S3")}),
        ("items", {"items": {"performance": ("a",)}}),
        ("fields", {"items": {"penalty": ("a", "c")}}),
        ("references", {"references": None}),
        ("references", {"references": ReferenceSet(((ROOT, ((9, 10),)),))}),
        ("references", {"references": ReferenceSet(((OTHER, ((0, 0),)),))}),
        ("references", {"references": ReferenceSet((("c" * 64, ()),))}),
        ("purpose", {"purpose": "supervision"}),
        ("purpose", {"purpose": "credit.unknown"}),
        ("count", {"count": 11}),
        ("count", {"count": None}),
        ("rate", {"rate": Rate(count=6, window=60)}),
        ("rate", {"rate": Rate(count=3, window=30)}),
        ("rate", {"rate": Rate(count=3, window=90)}),
        ("rate", {"rate": None}),
        ("time", {"valid_from": 999}),
        ("time", {"valid_until": 9001}),
        ("data_life", {"data_life": 31}),
        ("onward", {"onward": 3}),
        ("jurisdictions", {"jurisdictions": ("CN", "FR")}),
        ("jurisdictions", {"jurisdictions": ("DE",)}),
        ("jurisdictions", {"jurisdictions": ("CN-HK",)}),
    ],
)
def test_the_first_dimension_that_does_not_fit_is_named(dimension: str, changes: dict[str, Any]) -> None:
    assert dimension_of(WIDE, WIDE) is None
    assert dimension_of(WIDE, replace(WIDE, **changes)) == dimension


def test_the_error_speaks_both_languages() -> None:
    with pytest.raises(OutsideScope) as caught:
        WIDE.covers(replace(WIDE, count=11), PURPOSES)
    assert caught.value.stable_code == "scope.outside"
    assert caught.value.message("en") == "Outside the authority in count: 11 exceeds 10."
    assert caught.value.message("zh") == "超出授权范围（数量）：11 超过 10。"


def test_modes_are_ordered() -> None:
    order: tuple[Mode, ...] = ("query", "view", "store")
    for place, mode in enumerate(order):
        for other_place, other in enumerate(order):
            found = dimension_of(replace(WIDE, mode=mode), replace(WIDE, mode=other))
            assert found == ("mode" if other_place > place else None)


@pytest.mark.parametrize(
    ("allowed", "purpose", "fits"),
    [
        ("credit", "credit", True),
        ("credit", "credit.lending.approval", True),
        ("credit.lending", "credit.lending.approval", True),
        ("credit.lending", "credit.lendings", False),
        ("credit.lending", "credit", False),
        ("credit.lending", "credit.monitoring", False),
        ("credit", "credit.none", False),
        ("none", "none", False),
    ],
)
def test_purposes_compare_by_the_tree_never_by_text(allowed: str, purpose: str, fits: bool) -> None:
    if fits:
        check_purpose(allowed, purpose, PURPOSES)
    else:
        with pytest.raises(OutsideScope):
            check_purpose(allowed, purpose, PURPOSES)


def test_a_country_covers_its_parts_but_not_separate_areas() -> None:
    check_jurisdiction(("CN",), "CN-31")
    check_jurisdiction(("CN-HK",), "CN-HK")
    for allowed, asked in (("CN-31", "CN"), ("CN-31", "CN-32"), ("CN", "CN-MO"), ("CN", "DE")):
        with pytest.raises(OutsideScope):
            check_jurisdiction((allowed,), asked)
    assert [legal_area(code) for code in ("CN", "CN-31", "CN-HK")] == ["CN", "CN", "CN-HK"]


def rates() -> st.SearchStrategy[Rate]:
    return st.builds(Rate, count=st.integers(1, 12), window=st.integers(1, 24))


@given(st.integers(1, 40), st.integers(1, 40))
def test_windows_met_is_exact(inner: int, outer: int) -> None:
    met = [
        (first + outer - 1) // inner - first // inner + 1 for first in range(0, inner * outer, outer)
    ]  # seconds of each outer window → inner windows they fall in
    assert max(met) == windows_met(inner, outer)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values), min_size=1).map(lambda chosen: tuple(sorted(chosen)))


def reference_sets() -> st.SearchStrategy[ReferenceSet]:
    def build(rows: set[int], whole: bool) -> ReferenceSet:
        ranges = tuple((row, row) for row in sorted(rows) if row % 2 == 0)
        entries = [(ROOT, ranges)] if ranges else []
        return ReferenceSet(tuple([*entries, (OTHER, ())] if whole or not entries else entries))

    return st.builds(build, st.sets(st.integers(0, 12)), st.booleans())


def scopes() -> st.SearchStrategy[Scope]:
    return st.builds(
        Scope,
        issuers=some(("S1", "S2")),
        items=st.dictionaries(st.sampled_from(("penalty", "permit")), some(("a", "b")), min_size=1),
        references=st.none() | reference_sets(),
        purpose=st.sampled_from(PURPOSES),
        grantee=st.none() | st.sampled_from(("G", "H")),
        mode=st.sampled_from(("query", "view", "store")),
        valid_from=st.integers(0, 3),
        valid_until=st.integers(4, 8),
        data_life=st.integers(1, 3),
        onward=st.integers(0, 3),
        jurisdictions=some(("CN", "CN-31", "CN-HK", "DE")),
        count=st.none() | st.integers(1, 4),
        rate=st.none() | rates(),
    )


def narrowed(draw: st.DrawFn, scope: Scope) -> Scope:
    """Draw a scope that mostly lies inside `scope`, so that the properties below are met often enough."""
    changes: dict[str, Any] = {
        "issuers": draw(some(scope.issuers)),
        "items": {item: draw(some(fields)) for item, fields in scope.items.items()},
        "purpose": draw(st.sampled_from([code for code in PURPOSES if code.startswith(scope.purpose)])),
        "onward": draw(st.integers(0, scope.onward)),
        "valid_from": draw(st.integers(scope.valid_from, 3)),
        "count": None if scope.count is None else draw(st.integers(1, scope.count)),
        "rate": None
        if scope.rate is None
        else Rate(
            count=draw(st.integers(1, scope.rate.count)),
            window=draw(st.sampled_from([scope.rate.window, 2 * scope.rate.window, 1])),
        ),
        "jurisdictions": draw(some(scope.jurisdictions)),
    }
    kept = draw(st.sets(st.sampled_from(sorted(changes))))
    return replace(scope, **{name: changes[name] for name in kept})


@st.composite
def nested(draw: st.DrawFn) -> tuple[Scope, Scope, Scope]:
    """Draw three scopes, each mostly inside the one before; sometimes an unrelated one."""
    top = draw(scopes())
    middle = narrowed(draw, top) if draw(st.booleans()) else draw(scopes())
    return top, middle, narrowed(draw, middle)


@given(nested())
def test_no_child_allows_what_its_parent_does_not(drawn: tuple[Scope, Scope, Scope]) -> None:
    parent, child, use = drawn
    assume(dimension_of(parent, child) is None)
    assume(dimension_of(child, use) is None)
    assert dimension_of(parent, use) is None


@given(scopes())
def test_what_is_passed_on_is_one_hop_less_and_nothing_more(scope: Scope) -> None:
    passed = scope.passed_on()
    assert passed.onward == max(scope.onward - 1, 0)
    assert dimension_of(replace(scope, grantee=None), passed) is None
    assert dimension_of(passed, replace(passed, grantee="anybody")) is None


@given(rates(), rates(), st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 6)), max_size=30))
def test_a_rate_that_fits_can_never_be_used_beyond_its_parents(
    wide: Rate, narrow: Rate, uses: list[tuple[int, int]]
) -> None:
    assume(dimension_of(replace(WIDE, rate=wide), replace(WIDE, rate=narrow)) is None)
    usage: UsageState | None = None
    charged: list[tuple[int, int]] = []
    for time, count in sorted((at * 50, count) for at, count in uses):
        try:
            check_left((None, narrow), usage, count, time)
        except OutsideScope:
            continue
        usage = charge(narrow, usage, count, time)
        charged.append((time, count))
    for time, _ in charged:
        window = window_start(wide, time)
        assert sum(count for at, count in charged if window_start(wide, at) == window) <= wide.count


@given(st.integers(1, 50), st.lists(st.tuples(st.integers(0, 3), st.integers(1, 20), st.booleans()), max_size=40))
def test_siblings_together_never_exceed_their_parent(limit: int, uses: list[tuple[int, int, bool]]) -> None:
    parent: UsageState | None = None
    children: dict[int, UsageState] = {}
    for child, count, given_back in uses:
        try:
            check_left((limit, None), parent, count, 0)
            check_left((limit, None), children.get(child), count, 0)
        except OutsideScope:
            continue
        parent, children[child] = charge(None, parent, count, 0), charge(None, children.get(child), count, 0)
        if given_back:
            parent, children[child] = credit(None, parent, count, 0), credit(None, children[child], count, 0)
        assert parent.total == sum(usage.total for usage in children.values()) <= limit


def test_a_window_begins_at_its_edge() -> None:
    rate = Rate(count=3, window=60)
    usage = charge(rate, None, 2, 119_999)
    assert used_in_window(rate, usage, 119_999) == 2
    assert used_in_window(rate, usage, 60_000) == 2
    assert used_in_window(rate, usage, 120_000) == 0
    later = charge(rate, usage, 1, 120_000)
    assert (later.total, later.window, later.in_window) == (3, 120_000, 1)
    assert credit(rate, later, 2, 119_999) == UsageState(total=1, window=120_000, in_window=1)
    assert credit(rate, later, 1, 179_999) == UsageState(total=2, window=120_000, in_window=0)
    with pytest.raises(OutsideScope):
        check_left((None, rate), later, 3, 179_999)
    check_left((None, rate), later, 3, 180_000)
