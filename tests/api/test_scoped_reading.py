"""INC-4 and ACC-1 over HTTP: what an investigator reads under a case, and everything about a subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from clients.sdk import questions, requests
from clients.sdk.answers import Json
from clients.sdk.wire import Call, Request
from ledger.encoding import decode_base64url
from ledger.exchange.scopes import scope_file
from ledger.findings.judge import Finding
from ledger.lineage.answers import Duties, Holders, Trace
from ledger.lineage.subject import SubjectReport
from ledger.statement import decode_statement
from tests.api.asked_node import AskedNode
from tests.ledger.rules.casework import authorise, authorised_case, case_open, mandate, scope_of
from tests.ledger.rules.handing import give, hand_over, rows, single
from tests.world import digest_of

TAG = digest_of("tag")


@dataclass
class Told:
    """A batch handed over, records about an institution and about persons, a case over part of the batch."""

    node: AskedNode
    batch: str
    offer: str
    own: str
    others: str
    person: str
    case: str
    waiting: str
    scope: Json


def subject() -> dict[str, object]:
    return {"class": "enterprise", "value": TAG, "epoch": 1}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    node = AskedNode.at(tmp_path_factory.mktemp("scoped") / "n")
    world = node.world
    batch = world.do("source", "record.batch", world.batch(100, "penalty", nodes=("n1",)))
    own = world.do("source", "record.submit", world.record(changes={"subject": subject()}))
    others = world.do("source_b", "record.submit", world.record("permit", changes={"subject": subject()}))
    person = world.do("source", "record.submit", world.record("credit_person"))
    offer = hand_over(world, give(world, "source", "lender"), rows(batch, (0, 9)))
    opening = scope_of(rows(batch, (3, 4)), [world.uscc("lender")])
    case, waiting = authorised_case(world, opening), case_open(world)
    yield Told(node, batch, offer, own, others, person, case, waiting, scope_file(opening))
    node.close()


def ask(told: Told, question: questions.CaseQuestion, **more: str | int | None) -> object:
    return told.node.ask("investigator", questions.case_question(told.case, told.scope, question, **more)).answer


def refuses(told: Told, code: str, question: questions.CaseQuestion, **more: str | int | None) -> None:
    call = questions.case_question(told.case, told.scope, question, **more)
    told.node.refuses("investigator", call, 400 if code.startswith("query") else 403, code)


def test_INC_4_an_investigator_reads_nothing_outside_a_case(told: Told) -> None:  # noqa: N802
    for call in (
        requests.trace_forward(told.batch), requests.trace_back(told.offer), requests.holders(told.batch),
        requests.findings(party=told.node.world.uscc("lender")), requests.refusals(told.node.world.uscc("lender")),
    ):  # fmt: skip
        told.node.refuses("investigator", call, 403, "access.role")
    told.node.refuses("investigator", requests.statement(told.offer), 403, "access.role")
    told.node.refuses("investigator", requests.record(told.batch), 403, "access.role")
    told.node.refuses("investigator", requests.transfer(told.offer), 403, "access.role")


def test_INC_4_under_a_case_it_reads_what_was_authorised(told: Told) -> None:  # noqa: N802
    call = questions.case_question(told.case, told.scope, "forward", reference=f"{told.batch}:3")
    found = told.node.ask("investigator", call).read_as(Trace)
    assert [hop.transfer for hop in found.hops] == [told.offer]
    assert found.hops[0].references == ((told.batch, ((3, 3),)),)
    held = questions.case_question(told.case, told.scope, "holders", reference=f"{told.batch}:4")
    assert len(told.node.ask("investigator", held).read_as(Holders).holders) == 2
    ask(told, "back", reference=f"{told.batch}:4")
    lender = told.node.world.uscc("lender")
    duties = questions.case_question(told.case, told.scope, "duties", party=lender)
    assert {duty.party for duty in told.node.ask("investigator", duties).read_as(Duties).duties} == {lender}
    findings = questions.case_question(told.case, told.scope, "findings", party=lender)
    assert told.node.ask("investigator", findings).read_as(list[Finding]) == []
    ask(told, "refusals", party=lender)


def test_INC_4_statements_are_given_where_a_trace_inside_the_scope_rests_on_them(told: Told) -> None:  # noqa: N802
    for wanted in (told.batch, told.offer):
        answer = ask(told, "statement", reference=f"{told.batch}:3", statement=wanted)
        assert isinstance(answer, dict)
        assert decode_statement(decode_base64url(str(answer["cose"]))).statement_id == wanted
    refuses(told, "access.case_scope", "statement", reference=f"{told.batch}:3", statement=told.own)


@pytest.mark.parametrize("question", ["forward", "back", "holders", "statement"])
def test_INC_4_a_record_outside_the_scope_is_refused(told: Told, question: questions.CaseQuestion) -> None:  # noqa: N802
    for outside in (told.batch, f"{told.batch}:5", told.own):
        refuses(told, "access.case_scope", question, reference=outside)
    refuses(told, "query.body", question)


@pytest.mark.parametrize("question", ["findings", "duties", "refusals"])
def test_INC_4_a_member_outside_the_scope_is_refused(told: Told, question: questions.CaseQuestion) -> None:  # noqa: N802
    refuses(told, "access.case_scope", question, party=told.node.world.uscc("buyer"))
    refuses(told, "query.body", question)


def test_INC_4_the_scope_must_open_the_commitment_of_an_authorised_case_of_ones_own(told: Told) -> None:  # noqa: N802
    wider = scope_file(scope_of(rows(told.batch, (3, 9))))
    row = f"{told.batch}:3"
    told.node.refuses(
        "investigator", questions.case_question(told.case, wider, "forward", reference=row), 422, "scope.mismatch"
    )
    for member, case in (("investigator", told.waiting), ("auditor", told.case), ("lender", told.case)):
        call = questions.case_question(case, told.scope, "forward", reference=row)
        told.node.refuses(member, call, 403, "access.case")


def test_a_body_that_is_no_question_is_malformed(told: Told) -> None:
    good = questions.case_question(told.case, told.scope, "forward", reference=told.batch)
    for body in (b"", b"[]", b'{"scope": {}}', b'{"scope": {"salt": "AA"}, "question": "all"}'):
        call = Call(Request("POST", good.request.path, (), good.request.headers, body), good.read, bearer=True)
        told.node.refuses("investigator", call, 400, "query.body")


def test_the_chain_of_custody_is_open_to_its_investigator_and_overseers(told: Told) -> None:
    for member in ("investigator", "auditor", "regulator"):
        answer = told.node.ask(member, questions.case_custody(told.case))
        assert isinstance(answer.answer, dict)
        assert [step["kind"] for step in answer.answer["steps"]] == ["case.open", "case.authorise"]
    told.node.refuses("lender", questions.case_custody(told.case), 403, "access.role")
    told.node.refuses("auditor", questions.case_custody("0" * 64), 404, "not_found")


def report(told: Told, member: str, **more: object) -> SubjectReport:
    call = questions.subject_report([(TAG, 1)], **more)  # type: ignore[arg-type]  # passed through unchanged
    return told.node.ask(member, call).read_as(SubjectReport)


def test_everything_about_an_institution_for_hub_and_auditor(told: Told) -> None:
    for member in ("hub", "auditor"):
        found = report(told, member)
        assert [version.id for version in found.versions] == [told.own, told.others]
        assert found.searched == ("index",)
    given = rows(told.batch, (7, 7))
    assert {version.id for version in report(told, "hub", given=given).versions} == {told.own, told.others, told.batch}


def test_a_source_sees_its_own_records_of_the_institution_only(told: Told) -> None:
    found = report(told, "source", given=rows(told.batch, (7, 7)))
    assert {version.id for version in found.versions} == {told.own, told.batch}
    assert found.searched == ("own",)
    assert [version.id for version in report(told, "source_b", given=rows(told.batch, (7, 7))).versions] == [
        told.others
    ]


def test_an_agent_sees_everything_under_a_live_mandate_for_the_tag(told: Told) -> None:
    world = told.node.world
    mine, other = mandate(world, link=TAG), mandate(world, link=digest_of("other"))
    assert len(report(told, "agent", mandate=mine).versions) == 2
    ended = mandate(world, link=TAG)
    world.do("agent", "mandate.end", {"mandate": ended, "reason": "withdrawn"})
    for basis in (None, other, ended, told.case):
        told.node.refuses("agent", questions.subject_report([(TAG, 1)], None, basis), 403, "access.role")
    told.node.refuses("lender", questions.subject_report([(TAG, 1)], None, mine), 403, "access.role")


@pytest.mark.parametrize("member", ["lender", "regulator", "investigator", "service", "publisher"])
def test_nobody_else_asks_about_a_subject(told: Told, member: str) -> None:
    told.node.refuses(member, questions.subject_report([(TAG, 1)]), 403, "access.role")


def test_ACC_1_a_person_is_told_of_to_the_member_that_was_asked_under_a_mandate(told: Told) -> None:  # noqa: N802
    world = told.node.world
    opening = scope_of(single(told.person))
    basis = mandate(world, references=single(told.person))
    asked = {"holder": world.uscc("source"), "scope": opening.commitment(), "mandate": basis}
    request = world.do("agent", "access.request", asked)
    call = questions.person_report(request, scope_file(opening))
    found = told.node.ask("source", call).read_as(SubjectReport)
    assert [version.id for version in found.versions] == [told.person]
    assert [entry.by for entry in found.asked] == [world.uscc("agent")]
    for member in ("agent", "auditor", "hub", "regulator"):
        told.node.refuses(member, call, 403, "access.role")
    wrong = questions.person_report(request, scope_file(scope_of(single(told.own))))
    told.node.refuses("source", wrong, 422, "scope.mismatch")
    told.node.refuses("source", questions.person_report(told.case, scope_file(opening)), 403, "access.role")
    world.do("agent", "mandate.end", {"mandate": basis, "reason": "withdrawn"})
    told.node.refuses("source", call, 403, "access.no_basis")


def test_no_value_finds_a_person(told: Told) -> None:
    row = told.node.ask("source", requests.record(told.person))
    link = row.subject_value
    found = told.node.ask("hub", questions.subject_report([(link, row.epoch)])).read_as(SubjectReport)
    assert found.versions == ()
    told.node.refuses("hub", questions.subject_report([(TAG, 1)], single(told.person)), 409, "lineage.kind")


def test_a_case_that_is_authorised_anew_reads_by_its_new_scope_only(told: Told) -> None:
    world = told.node.world
    first, second = scope_of(rows(told.batch, (20, 21))), scope_of(rows(told.batch, (30, 31)))
    case = authorised_case(world, first)
    world.do("regulator", "case.authorise", authorise(world, case, second))
    row = f"{told.batch}:20"
    old = questions.case_question(case, scope_file(first), "forward", reference=row)
    told.node.refuses("investigator", old, 422, "scope.mismatch")
    told.node.ask(
        "investigator", questions.case_question(case, scope_file(second), "forward", reference=f"{told.batch}:30")
    )
