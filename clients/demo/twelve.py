"""The twelve questions, answered by pure functions over a copy of the log, each with the statements it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from ledger.findings.judge import findings_at
from ledger.lineage.answers import Answer
from ledger.lineage.closure import closure
from ledger.lineage.contracts import contract_view
from ledger.lineage.grants import grant_tree
from ledger.lineage.holders import holders
from ledger.lineage.metering import metering
from ledger.lineage.parity import publication_parity
from ledger.lineage.products import product_standing
from ledger.lineage.quality import quality
from ledger.lineage.source import LineageSource
from ledger.lineage.standing import duties_of, refusals_at
from ledger.lineage.subject import Subject, subject_report
from ledger.lineage.trace import trace_back, trace_forward

QUESTIONS_FILE = "questions.json"

_METERED = ("transfer.offer", "transfer.release", "query.batch", "use.report")
_RECORDED = ("record.submit", "record.batch", "record.correct")
_RATED = (*_RECORDED, "record.withdraw", "record.dispute", "record.resolve", "grant.request", "grant.decline")
"""Kinds that questions 10 and 11 count: their answers rest on every statement of them, and on no other."""


class Asking(msgspec.Struct, frozen=True):
    """What is asked about: a record, the report made of it, an institution by its tag, a grant, a member, a repair.

    `site` is asked about at tree size `seen_at`, when a mirror differed.
    """

    record: str
    report: str
    tag: str
    epoch: int
    grant: str
    member: str
    repair: str
    site: str
    seen_at: int
    contract: str


class Answered(msgspec.Struct, frozen=True):
    """One answer for people, and the ids of all statements that it rests on."""

    number: int
    question: str
    said: str
    statements: tuple[str, ...]


class Unfounded(AssertionError):
    """An answer that rests on nothing, or does not add up to the log's own entries."""


def read_asking(folder: Path) -> Asking:
    """Return what the file of questions in a folder asks; raises as `msgspec.json.decode`."""
    return msgspec.json.decode((folder / QUESTIONS_FILE).read_bytes(), type=Asking)


def answer_all(source: LineageSource, asking: Asking) -> list[Answered]:
    """Answer all twelve at the head. Raises `Unfounded`, or as the question's own function."""
    return [answer(source, asking) for answer in _ANSWERS]


def _answered(number: int, question: str, said: str, *answers: Answer, also: Iterable[str] = ()) -> Answered:
    ids = {id_ for each in answers for id_ in each.statements}.union(also)
    if not ids:
        raise Unfounded(question)
    return Answered(number, question, said, tuple(sorted(ids)))


def _forward(source: LineageSource, asking: Asking) -> Answered:
    found = trace_forward(source, asking.record, source.head().size)
    said = f"{len(found.versions)} versions, {len(found.hops)} hand-overs, {len(found.products)} report"
    return _answered(1, "Where did this record go?", said, found)


def _back(source: LineageSource, asking: Asking) -> Answered:
    found = trace_back(source, asking.report, source.head().size)
    issuers = {version.issuer for version in found.versions}
    said = f"{len(found.hops)} hand-overs, back to the originals of {len(issuers)} source"
    return _answered(2, "What was this report made of?", said, found)


def _holders(source: LineageSource, asking: Asking) -> Answered:
    size = source.head().size
    found = holders(source, asking.record, size - 1, size)
    may = {holder.member for holder in found.holders if holder.may_still}
    said = f"{len({holder.member for holder in found.holders})} members hold a version, {len(may)} still may"
    return _answered(3, "Who holds this record, and may they still?", said, found)


def _subject(source: LineageSource, asking: Asking) -> Answered:
    found = subject_report(source, [Subject(value=asking.tag, epoch=asking.epoch)], source.head().size)
    said = (
        f"{len(found.versions)} record, {len(found.hops)} hand-overs, {len(found.publications)} on publication, "
        f"{len(found.lists)} on lists, {len(found.repairs)} on repair"
    )
    return _answered(4, "What is known of this enterprise?", said, found)


def _grant(source: LineageSource, asking: Asking) -> Answered:
    found = grant_tree(source, asking.grant, source.head().size)
    limits = found.nodes[0].limits
    said = (
        f"{len(found.nodes)} grants, {limits.left} of {limits.count} records left, {len(found.violations)} violations"
    )
    return _answered(5, "What happened under this grant?", said, found)


def _standing(source: LineageSource, asking: Asking) -> Answered:
    size = source.head().size
    refused, duties = refusals_at(source, size), duties_of(source, asking.member, size)
    found = findings_at(source, size)
    waiting = sum(1 for duty in duties.duties if duty.met_by is None)
    said = f"{len(refused.refusals)} refusals, {len(found)} findings; {waiting} duties await the lender"
    rest = (statement for finding in found for statement in finding.statements)
    return _answered(6, "What was refused, what is wrong, what is due?", said, refused, duties, also=rest)


def _closure(source: LineageSource, asking: Asking) -> Answered:
    found = closure(source, asking.repair, source.head().size)
    late = sum(1 for actor in found.actors if actor.status in ("overdue", "met_late"))
    said = f"{len(found.actors)} duties, {late} late, {'closed' if found.closed else 'not closed'}"
    return _answered(7, "Did the repair reach everyone?", said, found)


def _parity(source: LineageSource, asking: Asking) -> Answered:
    then = publication_parity(source, asking.site, asking.seen_at)
    differing = [word.replace("_", " ") for line in then.lines for word in line.differences]
    now = publication_parity(source, asking.site, source.head().size)
    before = f"at size {asking.seen_at} not: {', '.join(differing)}" if differing else f"at size {asking.seen_at} yes"
    said = f"{before}; now {'yes' if now.equal else 'not'}"
    return _answered(8, "Do the copies of a publication agree?", said, then, now)


def _contract(source: LineageSource, asking: Asking) -> Answered:
    found = contract_view(source, asking.contract, source.head().size)
    unverified = sum(1 for milestone in found.milestones if not milestone.verified)
    said = f"{found.paid / found.value:.0%} paid, {unverified} of {len(found.milestones)} milestones unverified"
    return _answered(9, "Was this contract performed?", said, found)


def _usage(source: LineageSource, asking: Asking) -> Answered:
    del asking
    size = source.head().size
    found = metering(source, size)
    counted = {kind: source.of_kind(kind, 0, size) for kind in _METERED}
    if (found.offers, found.releases) != (len(counted["transfer.offer"]), len(counted["transfer.release"])):
        raise Unfounded("metering does not add up to the log")
    said = f"{found.records_released} records in {found.releases} releases, {found.uses} uses, {len(found.rows)} rows"
    rest = (row.id for rows in counted.values() for row in rows)
    return _answered(10, "Who used how much of whose data?", said, found, also=rest)


def _quality(source: LineageSource, asking: Asking) -> Answered:
    del asking
    size = source.head().size
    found = quality(source, size)
    counted = {kind: source.of_kind(kind, 0, size) for kind in _RATED}
    if sum(each.entries for each in found.sources) != sum(len(counted[kind]) for kind in _RECORDED):
        raise Unfounded("quality does not add up to the log")
    longest = max(each.longest_delay for each in found.sources)
    corrections = sum(each.corrections for each in found.sources)
    said = f"{len(found.sources)} sources, {longest} days at most from event to entry, {corrections} correction"
    rest = (row.id for rows in counted.values() for row in rows)
    return _answered(11, "How well do the sources deliver?", said, found, also=rest)


def _true(source: LineageSource, asking: Asking) -> Answered:
    found = product_standing(source, asking.report, source.head().size)
    changes = ", ".join(sorted({change.how for change in found.changes}))
    said = "yes" if found.stands else f"no: {len(found.changes)} input {changes}"
    return _answered(12, "Is this report still true?", said, found)


_ANSWERS: tuple[Callable[[LineageSource, Asking], Answered], ...] = (
    _forward, _back, _holders, _subject, _grant, _standing, _closure, _parity, _contract, _usage, _quality, _true,
)  # fmt: skip
"""In the order of their numbers."""
