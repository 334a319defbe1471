"""Question 12 and what traces say of products and queries."""

from __future__ import annotations

import pytest

from ledger.lineage.grants import grant_tree
from ledger.lineage.products import ProductStanding, product_standing
from ledger.lineage.steps import NothingLogged, WrongQuestion
from ledger.lineage.trace import trace_back, trace_forward
from ledger.times import format_time
from tests.ledger.lineage.replaying import replayed
from tests.ledger.rules.handing import Given, give, hand_over, rows, single
from tests.ledger.rules.producing import PRODUCT, report
from tests.world import World, digest_of


class Made:
    """A lender's report on ten rows, a second one on the first, and a hub that reports on one row."""

    def __init__(self) -> None:
        world = self.world = World.founding()
        self.batch = world.do("source", "record.batch", world.batch(100, "penalty"))
        self.given: Given = give(world, "source", "lender")
        self.first = hand_over(world, self.given, rows(self.batch, (0, 19)))
        self.report = world.do("lender", PRODUCT, report(references=rows(self.batch, (0, 9))))
        self.over = world.do("lender", PRODUCT, report(products=[self.report], transfers=[self.first]))
        hub = give(world, "source", "hub")
        self.second = hand_over(world, hub, rows(self.batch, (30, 30)), receiver="hub")
        self.hubs = world.do("hub", PRODUCT, report(references=rows(self.batch, (30, 30))))
        query = give(world, "source", "service", within={"mode": "query"})
        self.query = world.do(
            "service", "query.batch",
            {"grant": query.grant, "acceptance": query.acceptance, "sender": world.uscc("source"),
             "receiver": world.uscc("service"), "mode": "query", "references": rows(self.batch, (9, 9)),
             "items": {"penalty": ["CF_WSH"]}, "purpose": "credit.lending", "count": 3, "root": digest_of("rows"),
             "period": {"begin": format_time(world.time - 2000), "end": format_time(world.time)}},
        )  # fmt: skip

    def standing(self, product: str, as_of: int | None = None) -> ProductStanding:
        return product_standing(replayed(self.world), product, self.world.head.size if as_of is None else as_of)


@pytest.fixture
def made() -> Made:
    return Made()


def test_a_product_stands_while_nothing_changed(made: Made) -> None:
    found = made.standing(made.over)
    assert (found.stands, found.changes, found.disputes, found.replaced) == (True, (), (), "")
    assert found.inputs == ((made.batch, ((0, 19),)),)
    assert found.products == (made.report,)
    assert found.issuer == made.world.uscc("lender")
    assert found.issued.id == made.over


def test_every_change_of_an_input_is_told_as_of_any_size(made: Made) -> None:
    world = made.world
    before = world.head.size
    gone = world.do("source", "record.withdraw", {"reference": f"{made.batch}:2", "reason": "error"})
    after_first = world.head.size
    correction = world.record() | {"reference": f"{made.batch}:15", "reason": "update"}
    corrected = world.do("source", "record.correct", correction)
    world.do("source", "record.withdraw", {"reference": f"{made.batch}:50", "reason": "error"})
    assert made.standing(made.report, before).stands
    low = made.standing(made.report)
    assert [(c.id, c.rows, c.how, c.by.id) for c in low.changes] == [(made.batch, ((2, 2),), "withdrawn", gone)]
    over = made.standing(made.over)
    assert [c.by.id for c in over.changes] == [gone, corrected]
    assert [c.by.id for c in made.standing(made.over, after_first).changes] == [gone]
    assert not over.stands
    assert made.standing(made.hubs).stands
    assert {gone, corrected, made.report, made.over, made.batch} <= set(over.statements)


def test_disputes_are_told_while_open_and_change_when_upheld(made: Made) -> None:
    world, ground = made.world, digest_of("ground")
    dispute = world.do("lender", "record.dispute", {"about": f"{made.batch}:3", "ground": ground})
    of_product = world.do("lender", "record.dispute", {"about": made.report, "ground": ground})
    found = made.standing(made.over)
    assert found.stands
    assert [(d.id, d.rows, d.dispute.id) for d in found.disputes] == [
        (made.batch, ((3, 3),), dispute),
        (made.report, (), of_product),
    ]
    opened = world.head.size
    world.do("source", "record.resolve", {"dispute": dispute, "outcome": "rejected"})
    upheld = world.do("lender", "record.resolve", {"dispute": of_product, "outcome": "upheld"})
    found = made.standing(made.over)
    assert [(c.id, c.how, c.by.id) for c in found.changes] == [(made.report, "dispute_upheld", upheld)]
    assert found.disputes == ()
    assert len(made.standing(made.over, opened).disputes) == 2


def test_erasure_of_the_issuers_copy_and_replacement(made: Made) -> None:
    world = made.world
    request = world.do("source", "erasure.request", {"references": rows(made.batch, (30, 30)), "ground": "subject"})
    assert made.standing(made.hubs).stands
    world.do("source", "erasure.attest", {"request": request, "destroyed": ["values"]})
    assert made.standing(made.hubs).stands
    erased = world.do("hub", "erasure.attest", {"request": request, "destroyed": ["packages", "values"]})
    assert [(c.how, c.by.id) for c in made.standing(made.hubs).changes] == [("erased", erased)]
    better = world.do("lender", PRODUCT, report(references=rows(made.batch, (0, 1)), replaces=made.report))
    found = made.standing(made.report)
    assert (found.replaced, found.stands) == (better, False)


def test_only_products_are_asked_about(made: Made) -> None:
    with pytest.raises(WrongQuestion):
        made.standing(made.batch)
    with pytest.raises(NothingLogged):
        made.standing("f" * 64)
    with pytest.raises(NothingLogged):
        made.standing(made.over, 3)


def test_a_trace_forward_reaches_products_and_queries(made: Made) -> None:
    source, size = replayed(made.world), made.world.head.size
    one = trace_forward(source, f"{made.batch}:9", size)
    assert [step.id for step in one.products] == [made.report, made.over]
    assert [step.id for step in one.queries] == [made.query]
    other = trace_forward(source, f"{made.batch}:12", size)
    assert [step.id for step in other.products] == [made.over]
    assert other.queries == ()
    assert [step.id for step in trace_forward(source, made.report, size).products] == [made.report, made.over]
    assert [step.id for step in trace_forward(source, f"{made.batch}:30", size).products] == [made.hubs]


def test_a_trace_back_leads_from_a_product_to_the_originals(made: Made) -> None:
    source, size = replayed(made.world), made.world.head.size
    over = trace_back(source, made.over, size)
    assert [step.id for step in over.products] == [made.report, made.over]
    assert [hop.transfer for hop in over.hops] == [made.first]
    assert [(version.id, version.rows) for version in over.versions] == [(made.batch, ((0, 19),))]
    hubs = trace_back(source, made.hubs, size)
    assert [hop.transfer for hop in hubs.hops] == [made.second]
    assert [(version.id, version.rows) for version in hubs.versions] == [(made.batch, ((30, 30),))]


def test_a_product_on_own_records_needs_no_hop(made: Made) -> None:
    record = made.world.do("source", "record.submit", made.world.record())
    product = made.world.do("source", PRODUCT, report(references=single(record)))
    trace = trace_back(replayed(made.world), product, made.world.head.size)
    assert (trace.hops, [version.id for version in trace.versions]) == ((), [record])


def test_the_tree_of_a_grant_counts_its_queries(made: Made) -> None:
    source, size = replayed(made.world), made.world.head.size
    grant = next(edge.source for edge in source.edges_to([made.query], size) if edge.kind == "queries")
    (node,) = grant_tree(source, grant, size).nodes
    assert [step.id for step in node.queries] == [made.query]
    assert (node.limits.used, node.hops) == (3, ())
    (before,) = grant_tree(source, grant, size - 2).nodes
    assert (before.limits.used, before.queries) == (0, ())
