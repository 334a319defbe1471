from __future__ import annotations

import pytest

from ledger.state.authority_tables import PRODUCT as PRODUCTS
from ledger.times import format_time
from tests.ledger.rules.handing import (
    FIELDS,
    LAW,
    Given,
    days,
    give,
    hand_over,
    offer,
    rows,
    single,
    take,
)
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.ledger.rules.producing import PERSON_ITEMS, PRODUCT, evaluation, report, stale
from tests.world import World, digest_of


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record())


@pytest.fixture
def given(world: World) -> Given:
    return give(world, "source", "lender")


@pytest.fixture
def batch(world: World) -> str:
    """A batch of persons' records that the lender and the hub hold on a statutory basis."""
    made = world.do("source", "record.batch", world.batch(100))
    fields = ["amount", "duration", "foreign"]
    for receiver in ("lender", "hub"):
        held = give(world, "source", receiver, within={"items": {"credit_person": fields}}, basis=LAW)
        hand_over(world, held, rows(made, (0, 49)), receiver=receiver, items=PERSON_ITEMS)
    return made


def test_every_required_field_is_required(world: World, record: str) -> None:
    assert_needs_every_field(world, "source", PRODUCT, report(references=single(record)))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"references": [[NOWHERE, []]]}, "reference.unknown"),
        ({"transfers": [NOWHERE]}, "reference.unknown"),
        ({"products": [NOWHERE]}, "reference.unknown"),
        ({"consents": [NOWHERE]}, "reference.unknown"),
        ({"replaces": NOWHERE}, "reference.unknown"),
        ({"items": {"penalty": ["CF_WSH", "CF_SY"]}}, "payload.set_order"),
        ({"items": {"penalty": ["none"]}}, "catalogue.unknown_item"),
        ({"transfers": [NOWHERE, NOWHERE]}, "payload.set_order"),
        ({"references": None}, "product.form"),
        ({"serves": "other"}, "product.form"),
        ({"form": "score"}, "product.form"),
        ({"form": "absence"}, "product.form"),
        ({"period": {"first": "2026-01-01", "last": "2026-02-01"}}, "product.form"),
        ({"form": "absence", "period": {"first": "2026-02-01", "last": "2026-01-01"}}, "product.form"),
        ({"purpose": "credit.unknown"}, "GRA-8"),
    ],
)
def test_bad_fields_are_errors(world: World, record: str, changes: dict[str, object], code: str) -> None:
    stated = {"references": single(record), **changes}
    assert_breaks(world, code, world.submit("source", PRODUCT, report(**stated)))


def test_PRO_1_inputs_are_own_or_released(world: World, record: str, given: Given) -> None:  # noqa: N802
    asked = report(references=single(record))
    assert_breaks(world, "PRO-1", world.submit("lender", PRODUCT, asked))
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    take(world, "lender", "accept", offered)
    assert_breaks(world, "PRO-1", world.submit("lender", PRODUCT, report(transfers=[offered])))
    take(world, "source", "release", offered)
    assert_breaks(world, "PRO-1", world.submit("hub", PRODUCT, report(transfers=[offered])))
    made = world.do("lender", PRODUCT, report(transfers=[offered]))
    also = world.do("lender", PRODUCT, asked)
    assert_breaks(world, "PRO-1", world.submit("hub", PRODUCT, report(products=[made])))
    over = world.do("lender", PRODUCT, report(products=sorted((made, also))))
    edges = {(e.source, e.target) for _, e in world.edges if e.kind == "input"}
    assert {(offered, made), (record, made), (record, also), (made, over), (also, over)} == edges
    found = world.row(PRODUCTS, over)
    assert found is not None
    assert found.inputs == ((record, ()),)


def test_PRO_1_only_the_rows_that_were_released(world: World, batch: str) -> None:  # noqa: N802
    world.do("lender", PRODUCT, evaluation(references=rows(batch, (10, 49))))
    assert_breaks(world, "PRO-1", world.submit("lender", PRODUCT, evaluation(references=rows(batch, (10, 50)))))


def test_PRO_2_ended_inputs_are_not_used(world: World, record: str, given: Given) -> None:  # noqa: N802
    hand_over(world, given, single(record))
    asked = report(references=single(record))
    made = world.do("lender", PRODUCT, asked)
    world.do("source", "record.withdraw", {"reference": record, "reason": "error"})
    assert_breaks(world, "PRO-2", world.submit("lender", PRODUCT, asked))
    assert_breaks(world, "PRO-2", world.submit("source", PRODUCT, asked))
    assert_breaks(world, "PRO-2", world.submit("lender", PRODUCT, report(products=[made])))


def test_PRO_2_revoked_and_outlived_inputs_are_not_used(world: World, record: str) -> None:  # noqa: N802
    short = give(world, "source", "lender", data_life=1)
    hand_over(world, short, single(record))
    asked = report(references=single(record))
    world.advance(days(2))
    assert_breaks(world, "PRO-2", world.submit("lender", PRODUCT, asked))
    again = give(world, "source", "lender")
    hand_over(world, again, single(record))
    world.do("lender", PRODUCT, asked)
    world.do("source", "grant.revoke", {"grant": again.grant, "reason": "breach"})
    assert_breaks(world, "PRO-2", world.submit("lender", PRODUCT, asked))
    world.do("source", PRODUCT, asked)
    world.advance(days(1000))
    assert_breaks(world, "PRO-2", world.submit("source", PRODUCT, asked))


def test_PRO_2_an_upheld_dispute_bars_an_input(world: World, record: str) -> None:  # noqa: N802
    disputed = world.do("source", "record.dispute", {"about": record, "ground": digest_of("ground")})
    world.do("source", PRODUCT, report(references=single(record)))
    world.do("source", "record.resolve", {"dispute": disputed, "outcome": "upheld"})
    assert_breaks(world, "PRO-2", world.submit("source", PRODUCT, report(references=single(record))))


def test_PRO_2_erased_inputs_are_not_used(world: World, record: str, given: Given) -> None:  # noqa: N802
    hand_over(world, given, single(record))
    asked = report(references=single(record))
    made = world.do("lender", PRODUCT, asked)
    own = world.do("source", PRODUCT, asked)
    request = world.do("source", "erasure.request", {"references": single(record), "ground": "subject"})
    assert_breaks(world, "PRO-2", world.submit("lender", PRODUCT, asked))
    assert stale(world) == []
    world.do("lender", "erasure.attest", {"request": request, "destroyed": ["packages", "values"]})
    assert stale(world) == [made]
    world.do("source", "erasure.attest", {"request": request, "destroyed": ["record_keys", "values"]})
    assert stale(world) == [made, own]


def test_PRO_3_persons_are_evaluated_by_evaluable_fields_only(world: World, batch: str) -> None:  # noqa: N802
    items = {"credit_person": ["amount", "foreign"]}
    asked = {"references": rows(batch, (0, 9)), "items": items}
    assert_breaks(world, "PRO-3", world.submit("lender", PRODUCT, evaluation(**asked)))
    assert_breaks(world, "PRO-3", world.submit("lender", PRODUCT, evaluation(**asked, subject_class="enterprise")))
    assert_breaks(world, "PRO-3", world.submit("lender", PRODUCT, evaluation(**asked, form="score")))
    listing = report(**asked, subject_class="person")
    world.do("lender", PRODUCT, listing)


def test_PRO_3_the_public_sector_evaluates_persons_for_incentives_only(world: World, batch: str) -> None:  # noqa: N802
    asked = {"references": rows(batch, (0, 9))}
    for member in ("hub", "source"):
        assert_breaks(world, "PRO-3", world.submit(member, PRODUCT, evaluation(**asked)))
        world.do(member, PRODUCT, evaluation(**asked, serves="incentive"))
    world.do("lender", PRODUCT, evaluation(**asked))


def test_PRO_4_inside_the_grants_of_the_inputs(world: World, record: str, given: Given) -> None:  # noqa: N802
    hand_over(world, given, single(record))
    for changes in (
        {"purpose": "credit.monitoring"},
        {"items": {"penalty": [*FIELDS, "CF_YJ"]}},
        {"items": {"permit": ["XK_NR"]}},
    ):
        asked = report(references=single(record), **changes)
        assert_breaks(world, "PRO-4", world.submit("lender", PRODUCT, asked))
    world.do("lender", PRODUCT, report(references=single(record), purpose="credit.lending.approval"))
    world.do("source", PRODUCT, report(references=single(record), purpose="supervision"))


def test_an_absence_names_items_and_period_and_may_rest_on_nothing(world: World) -> None:
    made = world.do("lender", PRODUCT, report(form="absence", period={"first": "2025-01-01", "last": "2026-03-01"}))
    found = world.row(PRODUCTS, made)
    assert found is not None
    assert (found.form, found.inputs) == ("absence", ())


def test_PRO_5_a_change_of_any_input_makes_products_stale(world: World, batch: str) -> None:  # noqa: N802
    low = world.do("lender", PRODUCT, evaluation(references=rows(batch, (0, 9))))
    high = world.do("lender", PRODUCT, evaluation(references=rows(batch, (5, 19))))
    over = world.do("lender", PRODUCT, evaluation(products=[low]))
    top = world.do("lender", PRODUCT, evaluation(products=sorted((over, high))))
    hubs = world.do("hub", PRODUCT, evaluation(references=rows(batch, (0, 49)), serves="incentive"))
    world.do("source", "record.withdraw", {"reference": f"{batch}:50", "reason": "error"})
    assert stale(world) == []
    gone = world.do("source", "record.withdraw", {"reference": f"{batch}:2", "reason": "error"})
    assert sorted(stale(world)) == sorted((low, over, top, hubs))
    events = [event for _, event in world.findings if event.code == "F-STALE-PRODUCT"]
    assert {event.statements for event in events} == {(product, gone) for product in (low, over, top, hubs)}
    assert {event.party for event in events} == {world.uscc("lender"), world.uscc("hub")}
    world.do("source", "record.withdraw", {"reference": f"{batch}:3", "reason": "error"})
    assert len([event for _, event in world.findings if event.code == "F-STALE-PRODUCT"]) == 4
    correction = world.record("credit_person") | {"reference": f"{batch}:15", "reason": "update"}
    world.do("source", "record.correct", correction)
    assert high in stale(world)


def test_PRO_5_an_upheld_dispute_makes_stale_and_a_replacement_puts_it_right(  # noqa: N802
    world: World, record: str, given: Given
) -> None:
    hand_over(world, given, single(record))
    made = world.do("lender", PRODUCT, report(references=single(record)))
    over = world.do("lender", PRODUCT, report(products=[made]))
    ground = digest_of("ground")
    dispute = world.do("lender", "record.dispute", {"about": made, "ground": ground})
    assert_breaks(world, "REC-9", world.submit("hub", "record.dispute", {"about": made, "ground": ground}))
    world.do("lender", "record.resolve", {"dispute": dispute, "outcome": "upheld"})
    assert stale(world) == [made, over]
    better = world.do("lender", PRODUCT, report(references=single(record), replaces=made))
    assert stale(world) == [over]
    assert_breaks(
        world,
        "product.replaces",
        world.submit("lender", PRODUCT, report(references=single(record), replaces=made)),
    )
    assert_breaks(
        world,
        "product.replaces",
        world.submit("source", PRODUCT, report(references=single(record), replaces=better)),
    )


def test_a_product_names_the_consents_it_rests_on(world: World) -> None:
    record = world.do("source", "record.submit", world.record("credit_person"))
    consent = world.do(
        "lender", "consent.give",
        {"purpose": "credit.lending", "evidence": digest_of("form"), "until": format_time(world.time + days(9)),
         "references": single(record)},
    )  # fmt: skip
    held = give(world, "source", "lender", within={"items": PERSON_ITEMS, "references": single(record)},
                consents=[consent])  # fmt: skip
    hand_over(world, held, single(record), items=PERSON_ITEMS)
    asked = evaluation(references=single(record), consents=[consent])
    made = world.do("lender", PRODUCT, asked)
    assert (consent, made) in {(e.source, e.target) for _, e in world.edges if e.kind == "consents"}
    world.do("lender", "consent.withdraw", {"consent": consent, "evidence": digest_of("letter")})
    assert_breaks(world, "PRO-2", world.submit("lender", PRODUCT, asked))
