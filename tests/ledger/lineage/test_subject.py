"""Question 4: everything about a subject, and what an investigator may read of it."""

from __future__ import annotations

import pytest

from ledger.errors import SuyuanError
from ledger.lineage.cases import CaseNotReadable, OutsideCaseScope, case_scope, case_steps
from ledger.lineage.steps import NothingLogged, WrongQuestion
from ledger.lineage.subject import NoBasis, Subject, SubjectReport, person_report, subject_report
from ledger.references import Reference, ReferenceSet
from ledger.replay import Replay
from ledger.scope_commitment import ScopeMismatch, ScopeOpening
from ledger.times import format_time
from tests.ledger.rules.casework import (
    SALT,
    attest,
    authorised_case,
    case_open,
    erasure,
    extracted,
    mandate,
    scope_of,
)
from tests.ledger.rules.handing import days, give, hand_over, rows, single
from tests.ledger.rules.judging import NOWHERE
from tests.world import World, digest_of

TAG, OTHER = digest_of("tag"), digest_of("other tag")


@pytest.fixture
def world() -> World:
    return World.founding()


def about(value: str, epoch: int = 1) -> dict[str, object]:
    return {"class": "enterprise", "value": value, "epoch": epoch}


def log_of(world: World) -> Replay:
    replay = Replay(check_signatures=False)
    replay.feed_all(world.entries)
    return replay


def ask(world: World, *tags: Subject, as_of: int | None = None) -> SubjectReport:
    log = log_of(world)
    return subject_report(log, tags, log.head().size if as_of is None else as_of)


def tag(value: str = TAG, epoch: int = 1) -> Subject:
    return Subject(value=value, epoch=epoch)


def use(world: World, offered: str) -> str:
    report = {"transfer": offered, "purpose": "credit.lending", "outcome": digest_of("outcome")}
    return world.do("lender", "use.report", {**report, "used_at": format_time(world.time)})


def test_everything_about_an_institution(world: World) -> None:
    first = world.do("source", "record.submit", world.record(subject=about(TAG)))
    second = world.do("source_b", "record.submit", world.record("permit", subject=about(TAG)))
    world.do("source", "record.submit", world.record(subject=about(OTHER)))
    world.do("source", "record.submit", world.record(subject=about(TAG, 2)))
    given = give(world, "source", "lender")
    offered = hand_over(world, given, single(first))
    used = use(world, offered)
    before = world.head.size
    change = world.record(subject=about(TAG)) | {"reference": first, "reason": "error"}
    newest = world.do("source", "record.correct", change)
    asked = world.do("source", "erasure.request", erasure(single(newest)))
    gone = world.do("lender", "erasure.attest", attest(asked))
    report = ask(world, tag())
    assert [version.id for version in report.versions] == [first, second, newest]
    assert [hop.transfer for hop in report.hops] == [offered]
    assert [step.id for step in report.uses] == [used]
    assert [step.id for step in report.erasures] == [asked, gone]
    assert {first, second, newest, offered, used, asked, gone, given.grant} <= set(report.statements)
    assert report.complete == "replay"
    then = ask(world, tag(), as_of=before)
    assert [version.id for version in then.versions] == [first, second]
    assert then.erasures == ()
    assert len(ask(world, tag(), tag(epoch=2)).versions) == 4
    assert ask(world, tag(digest_of("nobody"))).versions == ()


def test_rows_of_batches_come_from_their_manifests(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(100, "penalty"))
    inside = hand_over(world, give(world, "source", "lender"), rows(batch, (0, 9)))
    hand_over(world, give(world, "source", "lender"), rows(batch, (50, 59)))
    log = log_of(world)
    given = ReferenceSet.of([Reference(batch, 7)])
    report = subject_report(log, [tag()], log.head().size, given)
    assert report.searched == ("index", "given")
    assert [(version.id, version.rows) for version in report.versions] == [(batch, ((7, 7),))]
    assert [hop.transfer for hop in report.hops] == [inside]


def test_no_person_is_found_by_any_value(world: World) -> None:
    person = world.do("source", "record.submit", world.record("credit_person"))
    log = log_of(world)
    payload = world.state.rows["record", person, ""]
    link = payload.subject_value  # type: ignore[attr-defined]
    assert subject_report(log, [tag(link)], log.head().size).versions == ()
    with pytest.raises(WrongQuestion):
        subject_report(log, [tag()], log.head().size, ReferenceSet.of([Reference(person)]))


def opening(*records: str) -> ScopeOpening:
    return scope_of(single(*records))


def test_an_agents_report_about_a_person(world: World) -> None:
    first = world.do("source", "record.submit", world.record("credit_person"))
    second = world.do("source", "record.submit", world.record("credit_person"))
    world.do("source", "record.submit", world.record("credit_person"))
    under = mandate(world, references=single(first))
    earlier = world.do(
        "investigator",
        "access.request",
        {"holder": world.uscc("source"), "scope": opening(first).commitment(), "case": authorised_case(world)},
    )
    ask_about = {"holder": world.uscc("source"), "scope": opening(first).commitment(), "mandate": under}
    request = world.do("agent", "access.request", ask_about)
    world.do("source", "access.answer", {"request": earlier, "answer": digest_of("answer")})
    log = log_of(world)
    table = ReferenceSet.of([Reference(first), Reference(second)])
    size = log.head().size
    report = person_report(log, request, opening(first), table, size, [earlier])
    assert {version.id for version in report.versions} == {first, second}
    assert report.subjects == ()
    assert report.searched == ("given",)
    assert [(entry.request, entry.by, entry.answered is not None) for entry in report.asked] == [
        (earlier, world.uscc("investigator"), True),
        (request, world.uscc("agent"), False),
    ]
    assert {request, earlier, under} <= set(report.statements)
    with pytest.raises(ScopeMismatch):
        person_report(log, request, opening(second), table, size)
    with pytest.raises(WrongQuestion):
        person_report(log, first, opening(first), table, size)
    with pytest.raises(NothingLogged):
        person_report(log, NOWHERE, opening(first), table, size)


@pytest.mark.parametrize("how", ["ended", "expired"])
def test_a_person_is_not_answered_about_without_a_live_mandate(world: World, how: str) -> None:
    record = world.do("source", "record.submit", world.record("credit_person"))
    under = mandate(world, references=single(record), until=format_time(world.time + days(2)))
    ask_about = {"holder": world.uscc("source"), "scope": opening(record).commitment(), "mandate": under}
    request = world.do("agent", "access.request", ask_about)
    if how == "ended":
        world.do("agent", "mandate.end", {"mandate": under, "reason": "withdrawn"})
    else:
        world.advance(days(3))
        world.do("source_b", "record.submit", world.record("permit"))
    log = log_of(world)
    # Asking at an earlier size does not bring the mandate back.
    with pytest.raises(NoBasis):
        person_report(log, request, opening(record), ReferenceSet(), log.head().size - 1)


def test_nor_in_a_case_that_is_closed(world: World) -> None:
    record = world.do("source", "record.submit", world.record("credit_person"))
    case = authorised_case(world)
    ask_about = {"holder": world.uscc("source"), "scope": opening(record).commitment(), "case": case}
    request = world.do("investigator", "access.request", ask_about)
    world.do("investigator", "case.close", {"case": case, "outcome": "unfounded"})
    log = log_of(world)
    with pytest.raises(NoBasis):
        person_report(log, request, opening(record), ReferenceSet(), log.head().size)


def test_INC_4_an_investigator_reads_the_scope_that_was_authorised(world: World) -> None:  # noqa: N802
    record = world.do("source", "record.submit", world.record())
    newest = world.do("source", "record.correct", world.record() | {"reference": record, "reason": "error"})
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    other = world.do("source", "record.submit", world.record())
    named = sorted([*single(record), *rows(batch, (3, 4))], key=str)
    scope = scope_of(named, [world.uscc("lender")])
    case = authorised_case(world, scope)
    me = world.uscc("investigator")
    found = case_scope(log_of(world), case, me, scope)
    assert found.members == (world.uscc("lender"),)
    for inside in (record, newest, f"{batch}:3"):
        found.check(inside)
    for outside in (other, f"{batch}:5", batch):
        with pytest.raises(OutsideCaseScope):
            found.check(outside)
    with pytest.raises(ScopeMismatch):
        case_scope(log_of(world), case, me, ScopeOpening(SALT, scope.references))
    with pytest.raises(CaseNotReadable):
        case_scope(log_of(world), case, world.uscc("auditor"), scope)
    with pytest.raises(WrongQuestion):
        case_scope(log_of(world), record, me, scope)


def test_INC_4_nothing_is_read_before_after_or_without_an_authorisation(world: World) -> None:  # noqa: N802
    scope, me = scope_of(), world.uscc("investigator")
    waiting = case_open(world)
    with pytest.raises(CaseNotReadable):
        case_scope(log_of(world), waiting, me, scope)
    case = authorised_case(world, scope)
    case_scope(log_of(world), case, me, scope)
    world.advance(days(31))
    world.do("source_b", "record.submit", world.record("permit"))
    with pytest.raises(CaseNotReadable):
        case_scope(log_of(world), case, me, scope)
    closed = authorised_case(world, scope)
    world.do("investigator", "case.close", {"case": closed, "outcome": "unfounded"})
    with pytest.raises(CaseNotReadable):
        case_scope(log_of(world), closed, me, scope)


def test_the_chain_of_custody_of_a_case(world: World) -> None:
    case = authorised_case(world)
    read = extracted(world, case)
    log = log_of(world)
    steps = case_steps(log, case, log.head().size)
    assert [step.kind for step in steps] == ["case.open", "case.authorise", "case.exhibit", "case.extract"]
    assert steps[-1].id == read
    with pytest.raises(SuyuanError):
        case_steps(log, case, 1)
