from __future__ import annotations

import pytest

from ledger.findings.judge import findings_at
from ledger.replay import Replay
from ledger.state.case_tables import ACCESS
from ledger.times import format_time
from tests.ledger.rules.casework import authorised_case, case_open, mandate, scope_of
from tests.ledger.rules.duties import open_duties
from tests.ledger.rules.governing import decide, dissolve, set_roles, suspend
from tests.ledger.rules.handing import days, single
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, changed, digest_of

REQUEST, ANSWER = "access.request", "access.answer"


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record("credit_person"))


def ask(world: World, record: str, **changes: object) -> dict[str, object]:
    commitment = scope_of(single(record)).commitment()
    return changed({"holder": world.uscc("source"), "scope": commitment}, changes)


def answer(request: str) -> dict[str, object]:
    return {"request": request, "answer": digest_of("answer")}


def late(world: World) -> list[tuple[str, str, bool]]:
    world.do("source_b", "record.submit", world.record("permit"))
    log = Replay(check_signatures=False)
    log.feed_all(world.entries)
    found = findings_at(log, log.head().size, "F-ACCESS-OVERDUE")
    return [(finding.party, finding.rule, finding.open) for finding in found]


def test_every_required_field_is_required(world: World, record: str) -> None:
    under = mandate(world, references=single(record))
    assert_needs_every_field(world, "agent", REQUEST, ask(world, record, mandate=under))
    asked = world.do("agent", REQUEST, ask(world, record, mandate=under))
    assert_needs_every_field(world, "source", ANSWER, answer(asked))


def test_dangling_references(world: World, record: str) -> None:
    for changes in ({"mandate": NOWHERE}, {"case": NOWHERE}):
        assert_breaks(world, "reference.unknown", world.submit("agent", REQUEST, ask(world, record, **changes)))
    under = mandate(world, references=single(record))
    elsewhere = ask(world, record, mandate=under, holder=world.uscc("lender"))
    assert_breaks(world, "access.holder", world.submit("agent", REQUEST, elsewhere))
    nobody = ask(world, record, mandate=under, holder=world.uscc("nobody"))
    assert_breaks(world, "member.unknown", world.submit("agent", REQUEST, nobody))


def test_ACC_1_a_person_is_asked_about_under_a_live_mandate(world: World, record: str) -> None:  # noqa: N802
    until = format_time(world.time + days(2))
    under = mandate(world, references=single(record), until=until)
    assert_breaks(world, "ACC-1", world.submit("agent", REQUEST, ask(world, record)))
    for name in ("lender", "regulator", "investigator"):
        assert_breaks(world, "ACC-1", world.submit(name, REQUEST, ask(world, record, mandate=under)))
    asked = world.do("agent", REQUEST, ask(world, record, mandate=under))
    assert ("asks", under, asked) in [(edge.kind, edge.source, edge.target) for _, edge in world.edges]
    world.advance(days(3))
    assert_breaks(world, "ACC-1", world.submit("agent", REQUEST, ask(world, record, mandate=under)))


def test_ACC_1_not_under_a_mandate_that_was_ended(world: World, record: str) -> None:  # noqa: N802
    under = mandate(world, references=single(record))
    world.do("agent", "mandate.end", {"mandate": under, "reason": "withdrawn"})
    assert_breaks(world, "ACC-1", world.submit("agent", REQUEST, ask(world, record, mandate=under)))


def test_ACC_1_or_in_an_authorised_case(world: World, record: str) -> None:  # noqa: N802
    waiting = case_open(world)
    assert_breaks(world, "ACC-1", world.submit("investigator", REQUEST, ask(world, record, case=waiting)))
    case = authorised_case(world, scope_of(single(record)))
    assert_breaks(world, "ACC-1", world.submit("regulator", REQUEST, ask(world, record, case=case)))
    asked = world.do("investigator", REQUEST, ask(world, record, case=case))
    assert ("case", case, asked) in [(edge.kind, edge.source, edge.target) for _, edge in world.edges]
    world.do("investigator", "case.close", {"case": case, "outcome": "unfounded"})
    assert_breaks(world, "ACC-1", world.submit("investigator", REQUEST, ask(world, record, case=case)))


def test_ACC_2_an_answer_is_owed_by_the_deadline(world: World, record: str) -> None:  # noqa: N802
    under = mandate(world, references=single(record))
    asked = world.do("agent", REQUEST, ask(world, record, mandate=under))
    assert late(world) == []
    world.advance(days(20))
    assert late(world) == [(world.uscc("source"), "ACC-2", True)]
    world.do("source", ANSWER, answer(asked))
    assert late(world) == [(world.uscc("source"), "ACC-2", False)]
    assert open_duties(world, ANSWER) == []


def test_ACC_2_a_suspended_member_may_still_answer(world: World, record: str) -> None:  # noqa: N802
    asked = world.do("agent", REQUEST, ask(world, record, mandate=mandate(world, references=single(record))))
    decide(world, suspend(world, "source"))
    world.do("source", ANSWER, answer(asked))


def test_ACC_3_no_answer_before_its_request_is_logged(world: World, record: str) -> None:  # noqa: N802
    under = mandate(world, references=single(record))
    assert_breaks(world, "reference.unknown", world.submit("source", ANSWER, answer(NOWHERE)))
    assert_breaks(world, "reference.unknown", world.submit("source", ANSWER, answer(record)))
    asked = world.do("agent", REQUEST, ask(world, record, mandate=under))
    for name in ("hub", "agent", "source_b", "regulator"):
        assert_breaks(world, "ACC-3", world.submit(name, ANSWER, answer(asked)))
    given = world.do("source", ANSWER, answer(asked))
    state = world.row(ACCESS, asked)
    assert state is not None
    assert state.answered == given
    assert_breaks(world, "ACC-3", world.submit("source", ANSWER, answer(asked)))


def test_ACC_3_an_heir_answers(world: World, record: str) -> None:  # noqa: N802
    under = mandate(world, references=single(record))
    decide(world, set_roles(world, "service", "hub"))
    asked = world.do("agent", REQUEST, ask(world, record, mandate=under, holder=world.uscc("service")))
    decide(world, dissolve(world, "service", successor="source"))
    world.do("source", ANSWER, answer(asked))
    assert open_duties(world, ANSWER) == []
