"""Catalogue versions through governance: what is in force, and what a version may not take away."""

from __future__ import annotations

import msgspec
import pytest

from ledger.kinds.fields import LegalBasis
from ledger.kinds.genesis import Catalogue, Item, Label, Measure
from ledger.rules.catalogue import CatalogueShape, check_catalogue
from ledger.state.tables import CATALOGUE
from tests.ledger.rules.governing import decide, dissolve, propose, proposed, publish, remove_node, set_roles
from tests.ledger.rules.handing import give, hand_over, single
from tests.ledger.rules.judging import assert_breaks
from tests.ledger.rules.test_catalogue import breaks
from tests.world import World
from tests.world_genesis import catalogue, uscc_of


@pytest.fixture
def world() -> World:
    return World.founding()


def version(number: int = 2, **changes: object) -> Catalogue:
    return msgspec.structs.replace(catalogue(), version=number, **changes)


def with_item(code: str, number: int = 2, **changes: object) -> Catalogue:
    items = [msgspec.structs.replace(one, **changes) if one.code == code else one for one in catalogue().items]
    return version(number, items=items)


def item(code: str) -> Item:
    return next(one for one in catalogue().items if one.code == code)


def with_form(code: str, name: str, forms: list[str] | None, number: int = 2) -> Catalogue:
    fields = [
        msgspec.structs.replace(field, forms=forms) if field.name == name else field for field in item(code).fields
    ]
    return with_item(code, number, fields=fields)


def test_REC_2_the_version_in_force_is_the_newest_from_its_leaf_on(world: World) -> None:  # noqa: N802
    assert_breaks(world, "REC-2", world.submit("source", "record.submit", world.record(catalogue=2)))
    record = world.do("source", "record.submit", world.record())
    proposal = proposed(world, publish(version()))
    before = world.sign("source", "record.submit", world.record())
    vote = world.sign("regulator_b", "governance.approve", {"proposal": proposal})
    old, new = (world.sign("source", "record.submit", world.record(catalogue=number)) for number in (1, 2))
    outcomes = world.run(before, vote, old, new)
    assert [outcome.status for outcome in outcomes] == ["admitted", "admitted", "rejected", "admitted"]
    assert_breaks(world, "REC-2", outcomes[2])
    correction = {"reference": record, "reason": "error"}
    assert_breaks(world, "REC-2", world.submit("source", "record.correct", world.record() | correction))
    world.do("source", "record.correct", world.record(catalogue=2) | correction)
    assert_breaks(world, "REC-2", world.submit("source", "record.batch", world.batch()))
    world.do("source", "record.batch", world.batch(catalogue=2))


def test_every_version_stays_where_it_was_put(world: World) -> None:
    decide(world, publish(version(2)))
    decide(world, publish(version(3)))
    rows = [world.row(CATALOGUE, "", suffix) for suffix in ("1", "2", "3", "")]
    assert [None if row is None else row.catalogue.version for row in rows] == [1, 2, 3, 3]


def test_what_a_version_adds_is_there_from_its_leaf_on(world: World) -> None:
    record = world.record("permit", catalogue=2) | {"item": "licence"}
    assert_breaks(world, "REC-2", world.submit("source_b", "record.submit", record | {"catalogue": 1}))
    licence = msgspec.structs.replace(item("permit"), code="licence")
    decide(world, publish(version(items=[*catalogue().items, licence])))
    world.do("source_b", "record.submit", record)


def test_what_went_on_under_an_older_version_goes_on(world: World) -> None:
    record, given = world.do("source", "record.submit", world.record()), give(world, "source", "lender")
    decide(world, publish(version(2)))
    hand_over(world, given, single(record))


@pytest.mark.parametrize("number", [1, 3])
def test_CAT_1_a_published_version_follows_the_one_in_force(world: World, number: int) -> None:  # noqa: N802
    assert_breaks(world, "CAT-1", propose(world, publish(version(number))))


def test_CAT_1_of_two_proposals_for_one_number_one_takes_effect(world: World) -> None:  # noqa: N802
    first, second = proposed(world, publish(version())), proposed(world, publish(version()))
    world.do("regulator_b", "governance.approve", {"proposal": second})
    assert_breaks(world, "CAT-1", world.submit("regulator_b", "governance.approve", {"proposal": first}))


@pytest.mark.parametrize("part", ["items", "purposes", "lists"])
def test_CAT_1_a_version_keeps_what_the_one_before_has(world: World, part: str) -> None:  # noqa: N802
    fewer = version(**{part: getattr(catalogue(), part)[:-1]})
    assert_breaks(world, "CAT-1", propose(world, publish(fewer)))


def test_CAT_1_types_and_severities_stay_and_terms_may_change() -> None:  # noqa: N802
    first, terms = catalogue(), item("penalty").severities
    assert terms is not None
    breaks("CAT-1", with_item("penalty", severities=terms[:-1]), first)
    longer = [msgspec.structs.replace(term, maximum_days=term.maximum_days + 1) for term in terms]
    check_catalogue(with_item("penalty", severities=longer), first)
    fields = item("permit").fields
    breaks("CAT-1", with_item("permit", fields=[msgspec.structs.replace(fields[0], type="day"), *fields[1:]]), first)
    check_catalogue(with_item("permit", fields=list(reversed(fields))), first)


def test_CAT_1_equal_forms_only_grow() -> None:  # noqa: N802
    declared = with_form("permit", "XK_NR", ["absent", "null"])
    check_catalogue(declared, catalogue())
    breaks("CAT-1", with_form("permit", "XK_NR", None, 3), declared)
    breaks("CAT-1", with_form("permit", "XK_NR", ["absent", "empty"], 3), declared)
    check_catalogue(with_form("permit", "XK_NR", ["absent", "null", "empty"], 3), declared)


@pytest.mark.parametrize("forms", [[], ["null"], ["null", "null"]])
def test_equal_forms_are_several_and_different(forms: list[str]) -> None:
    with pytest.raises(CatalogueShape):
        check_catalogue(with_form("permit", "XK_NR", forms), catalogue())


def test_a_version_that_contradicts_itself_is_not_proposed(world: World) -> None:
    twice = version(items=[*catalogue().items, catalogue().items[0]])
    assert_breaks(world, "catalogue.shape", propose(world, publish(twice)))


def measure(rank: str, *, takes_rights: bool) -> Measure:
    basis = msgspec.convert({"rank": rank, "document": "Example Rule", "article": "3"}, LegalBasis)
    label = Label(zh="示例措施", en="Example measure")
    return Measure(code="MSR1", name=label, basis=basis, authority=uscc_of("regulator"), takes_rights=takes_rights)


@pytest.mark.parametrize(
    ("rank", "admitted"),
    [("law", True), ("administrative_regulation", True), ("local_regulation", True), ("central_policy", False)],
)
@pytest.mark.parametrize("sort", ["lists", "measures"])
def test_CAT_2_what_takes_rights_needs_its_rank(world: World, sort: str, rank: str, admitted: bool) -> None:  # noqa: N802
    def with_one(*, takes_rights: bool) -> Catalogue:
        entries = [*getattr(catalogue(), sort), measure(rank, takes_rights=takes_rights)]
        return msgspec.structs.replace(version(), **{sort: entries})

    outcome = propose(world, publish(with_one(takes_rights=True)))
    if admitted:
        assert outcome.status == "admitted"
    else:
        assert_breaks(world, "CAT-2", outcome)
        mild = propose(world, publish(with_one(takes_rights=False)))
        assert mild.status == "admitted"


def test_CAT_3_is_judged_for_every_version(world: World) -> None:  # noqa: N802
    fields = [*item("credit_person").fields]
    wrong = msgspec.structs.replace(fields[0], name="blood_type")
    assert_breaks(world, "CAT-3", propose(world, publish(with_item("credit_person", fields=[*fields, wrong]))))


def test_GOV_8_a_version_names_members_with_their_roles(world: World) -> None:  # noqa: N802
    for wrong in (
        with_item("permit", sources=[world.uscc("lender")]),
        with_item("permit", sources=[uscc_of("nobody")]),
        with_item("penalty", repair_authority=uscc_of("nobody")),
        version(measures=[msgspec.structs.replace(measure("law", takes_rights=True), authority=uscc_of("nobody"))]),
    ):
        assert_breaks(world, "GOV-8", propose(world, publish(wrong)))


def test_GOV_8_a_version_leaves_out_who_lost_its_role_or_is_gone(world: World) -> None:  # noqa: N802
    decide(world, set_roles(world, "source_b", "user"))
    assert_breaks(world, "GOV-8", propose(world, publish(version())))
    decide(world, set_roles(world, "source_b", "source"))
    decide(world, remove_node("n3"))
    decide(world, dissolve(world, "source_b", successor="source"))
    assert_breaks(world, "GOV-8", propose(world, publish(version())))
    only = [world.uscc("source")]
    items = [msgspec.structs.replace(one, sources=only) for one in catalogue().items]
    decide(world, publish(version(items=items)))
    world.do("source", "record.submit", world.record("permit", catalogue=2))
