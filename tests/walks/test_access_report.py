"""An agent asks, for a person, what is kept and who had it; the member that keeps the side table answers."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest

from ledger.lineage.trace import trace_forward
from ledger.state.case_tables import ACCESS
from tests.ledger.rules.casework import mandate, scope_of
from tests.ledger.rules.duties import open_duties
from tests.ledger.rules.handing import days, give, hand_over, single
from tests.ledger.rules.judging import assert_breaks
from tests.walks.asking import replayed, tick, told
from tests.world import World

REQUEST, ANSWER = "access.request", "access.answer"
PERSON = {"credit_person": ["amount", "duration"]}
STATUTE = {"rank": "law", "document": "Example Law", "article": "1"}


@pytest.fixture
def world() -> World:
    return World.founding()


def test_what_an_agent_learns_for_a_person(world: World) -> None:
    mine = world.do("source", "record.submit", world.record("credit_person"))
    other = world.do("source", "record.submit", world.record("credit_person"))
    given = give(world, "source", "lender", within={"items": PERSON}, basis=STATUTE)
    hand_over(world, given, single(mine, other), items=PERSON)
    scope = scope_of(single(mine))
    asked = {"holder": world.uscc("source"), "scope": scope.commitment()}
    assert_breaks(world, "ACC-1", world.submit("agent", REQUEST, asked))
    under = mandate(world, references=single(mine))
    assert_breaks(world, "ACC-1", world.submit("lender", REQUEST, asked | {"mandate": under}))
    request = world.do("agent", REQUEST, asked | {"mandate": under})
    assert {duty.party for _, duty in open_duties(world, ANSWER)} == {world.uscc("source")}
    assert scope.commitment() != scope_of(single(other)).commitment()

    # The side table leads to the record; from there on the ledger answers.
    log = replayed(world)
    report = trace_forward(log, mine, log.head().size)
    assert {hop.receiver for hop in report.hops} == {world.uscc("lender")}
    written = msgspec.json.encode(report)
    assert mine.encode() in written
    assert other.encode() not in written
    answer = {"request": request, "answer": sha256(written).hexdigest()}
    assert_breaks(world, "ACC-3", world.submit("agent", ANSWER, answer))
    world.advance(days(30))
    tick(world)
    assert told(world, "F-ACCESS-OVERDUE") == [("F-ACCESS-OVERDUE", world.uscc("source"), "ACC-2", True)]
    answered = world.do("source", ANSWER, answer)
    assert told(world, "F-ACCESS-OVERDUE") == [("F-ACCESS-OVERDUE", world.uscc("source"), "ACC-2", False)]
    assert_breaks(world, "ACC-3", world.submit("source", ANSWER, answer))

    # The subject sees who asked, by the edge from its agent's mandate, and that it was answered.
    assert [edge.target for _, edge in world.edges if (edge.kind, edge.source) == ("asks", under)] == [request]
    state = world.row(ACCESS, request)
    assert state is not None
    assert state.answered == answered
    world.do("agent", "mandate.end", {"mandate": under, "reason": "fulfilled"})
    assert_breaks(world, "ACC-1", world.submit("agent", REQUEST, asked | {"mandate": under}))
