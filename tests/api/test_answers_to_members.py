"""Questions 7, 8, 10, 11, 12 and governance over HTTP: who gets the whole answer, who a part, who none; at any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from clients.sdk import questions, requests
from clients.sdk.answers import Answer
from clients.sdk.wire import Call
from ledger.lineage.closure import Closure, closure
from ledger.lineage.governance import MemberHistory, NodeSet, Proposals
from ledger.lineage.metering import Metering, metering
from ledger.lineage.parity import Parity
from ledger.lineage.products import ProductStanding
from ledger.lineage.quality import Quality
from ledger.times import DAY_MS
from tests.api.asked_node import AskedNode
from tests.ledger.rules.governing import proposed, suspend
from tests.ledger.rules.handing import give, hand_over, rows
from tests.ledger.rules.producing import PRODUCT, report
from tests.ledger.rules.publishing import SITE, approve, mirror, publish, stop

LIFE = 900
NAMED = ("source", "lender", "buyer", "publisher", "service", "supplier", "auditor", "regulator", "hub", "investigator")


@dataclass
class Told:
    """A repair of a published row that was handed to two members, a report on it, and a proposal."""

    node: AskedNode
    batch: str
    product: str
    before: int
    decided: str
    proposal: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    node = AskedNode.at(tmp_path_factory.mktemp("answers") / "n")
    world = node.world
    batch = world.do("source", "record.batch", world.batch(100, "penalty", nodes=("n1",)))
    lead = publish(world, f"{batch}:5")
    world.do("service", "publication.mirror", mirror(world, lead))
    for member in ("lender", "buyer"):
        given = give(world, "source", member, data_life=LIFE)
        hand_over(world, given, rows(batch, (0, 9)), receiver=member)
    product = world.do("lender", PRODUCT, report(references=rows(batch, (5, 6))))
    before = world.head.size
    world.advance(90 * DAY_MS)
    decided = approve(world, f"{batch}:5", applicant="supplier")
    world.do("lender", "stop.acknowledge", {"order": decided, "about": f"{batch}:5"})
    world.do("publisher", "publication.stop", stop(lead))
    proposal = proposed(world, suspend(world, "operator"))
    yield Told(node, batch, product, before, decided, proposal)
    node.close()


def read(told: Told, member: str, call: Call[Answer]) -> Answer:
    answer = told.node.ask(member, call)
    assert answer.complete == "replay"
    assert answer.root == told.node.service.reader.root_at(answer.as_of).hex()
    return answer


@pytest.mark.parametrize("member", ["auditor", "regulator", "source", "supplier"])
def test_a_closure_is_whole_for_who_decided_applied_issued_or_oversees(told: Told, member: str) -> None:
    found = read(told, member, questions.closure(told.decided)).read_as(Closure)
    whole = closure(told.node.service.reader, told.decided, told.node.world.head.size)
    assert found == whole
    assert {actor.status for actor in found.actors} == {"met", "open"}


@pytest.mark.parametrize(("member", "closed"), [("lender", True), ("buyer", False)])
def test_who_must_act_sees_its_own_part_of_a_closure_only(told: Told, member: str, closed: bool) -> None:
    answer = read(told, member, questions.closure(told.decided))
    found = answer.read_as(Closure)
    assert {actor.party for actor in found.actors} == {told.node.world.uscc(member)}
    assert (found.references, found.closed) == ((), closed)
    assert answer.statements == list(found.statements)


@pytest.mark.parametrize("member", ["hub", "investigator", "verifier"])
def test_nobody_else_sees_a_closure(told: Told, member: str) -> None:
    told.node.refuses(member, questions.closure(told.decided), 403, "access.role")


def test_what_has_no_closure_and_what_is_not_logged_are_told_apart(told: Told) -> None:
    told.node.refuses("auditor", questions.closure(told.batch), 409, "lineage.kind")
    told.node.refuses("auditor", questions.closure("0" * 64), 404, "lineage.not_logged")
    told.node.refuses("auditor", questions.closure(told.decided, told.before), 404, "lineage.not_logged")


def test_a_product_stands_until_its_inputs_change_at_any_size(told: Told) -> None:
    call = questions.product_standing(told.product)
    for member in ("lender", "source", "auditor"):
        now = read(told, member, call).read_as(ProductStanding)
        assert [change.by.id for change in now.changes] == [told.decided]
        then = read(told, member, questions.product_standing(told.product, told.before))
        assert then.as_of == told.before
        assert then.read_as(ProductStanding).stands


def test_who_only_knows_a_products_id_learns_whether_it_stands_and_nothing_of_its_inputs(told: Told) -> None:
    answer = read(told, "buyer", questions.product_standing(told.product))
    assert isinstance(answer.answer, dict)
    assert answer.answer.keys() == {"product", "issuer", "form", "issued", "stands", "replaced"}
    assert answer.answer["stands"] is False
    assert answer.statements == [told.product]


def test_parity_is_open_to_the_sites_member_and_those_who_watch(told: Told) -> None:
    for member in ("publisher", "auditor", "regulator", "agent"):
        found = read(told, member, questions.publication_parity(SITE)).read_as(Parity)
        assert not found.equal
        assert [line.differences for line in found.lines] == [(), ("stopped",)]
        then = read(told, member, questions.publication_parity(SITE, told.before)).read_as(Parity)
        assert then.equal
    for member in ("lender", "source", "investigator"):
        told.node.refuses(member, questions.publication_parity(SITE), 403, "access.role")
    told.node.refuses("auditor", questions.publication_parity("elsewhere"), 404, "lineage.site")


def test_usage_is_counted_for_overseers_and_for_each_source_its_own(told: Told) -> None:
    reader = told.node.service.reader
    size = told.node.world.head.size
    for member in ("auditor", "regulator"):
        found = read(told, member, questions.usage()).read_as(Metering)
        assert found == metering(reader, size)
        assert found.records_released == 20
        assert read(told, member, questions.usage(told.node.world.uscc("source"))).read_as(Metering).rows == found.rows
    own = read(told, "source", questions.usage()).read_as(Metering)
    assert own.records_released == 20
    assert read(told, "source_b", questions.usage()).read_as(Metering).rows == ()
    told.node.refuses("lender", questions.usage(told.node.world.uscc("source")), 403, "access.role")
    later = read(told, "auditor", questions.usage(first=told.before)).read_as(Metering)
    assert (later.first, later.rows) == (told.before, ())


def test_quality_is_told_of_every_source_to_overseers_and_of_itself_to_each(told: Told) -> None:
    whole = read(told, "regulator", questions.quality()).read_as(Quality)
    assert [one.records for one in whole.sources] == [100]
    assert read(told, "source", questions.quality()).read_as(Quality).sources == whole.sources
    assert read(told, "lender", questions.quality()).read_as(Quality).sources == ()
    told.node.refuses("lender", questions.quality(told.node.world.uscc("source")), 403, "access.role")


@pytest.mark.parametrize("member", ["lender", "regulator_b"])
def test_governance_is_open_to_every_member(told: Told, member: str) -> None:
    found = read(told, member, questions.proposals("open")).read_as(Proposals)
    assert [one.id for one in found.proposals] == [told.proposal]
    assert read(told, member, questions.proposals(as_of=told.before)).read_as(Proposals).proposals == ()
    assert read(told, member, questions.proposals("rejected")).read_as(Proposals).proposals == ()
    nodes = read(told, member, questions.nodes()).read_as(NodeSet)
    assert ([node.name for node in nodes.nodes], nodes.quorum) == (["n1"], 1)
    history = read(told, member, questions.member_history(told.node.world.uscc("operator"))).read_as(MemberHistory)
    assert (history.status, history.changes) == ("active", ())
    told.node.ask(member, requests.statement(told.proposal))


@pytest.mark.parametrize("path", ["closures", "products"])
def test_a_name_that_is_no_id_is_malformed(told: Told, path: str) -> None:
    call = questions.question(f"/v1/{path}/xyz" + ("/standing" if path == "products" else ""))
    told.node.refuses("auditor", call, 400, "query.invalid")
    told.node.refuses("auditor", questions.closure(told.decided, 10**9), 404, "not_found")


def test_without_a_token_nothing_is_answered(told: Told) -> None:
    for call in (questions.closure(told.decided), questions.usage(), questions.proposals()):
        anonymous = Call(call.request, call.read, bearer=False)
        told.node.refuses("auditor", anonymous, 401, "access.token_missing")


def test_who_must_act_and_who_is_spoken_of_reads_the_statement(told: Told) -> None:
    decided = requests.statement(told.decided)
    for member in ("lender", "buyer", "publisher", "service", "supplier", "source"):
        assert told.node.ask(member, decided).statement.statement_id == told.decided
    for member in ("hub", "verifier", "investigator"):
        told.node.refuses(member, decided, 403, "access.role")
