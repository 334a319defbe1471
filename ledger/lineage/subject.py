"""Question 4: everything about a subject.

For institutions by their tags. For a person only through references that a member keeping the side table gives, under
a live mandate or an authorised case that was logged first: nothing here finds, lists or joins persons.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import cast

import msgspec

from ledger.errors import AccessError, Text
from ledger.lineage.answers import Answer, Hop, Step, Trace, Use, Version
from ledger.lineage.ranges import intersect
from ledger.lineage.source import LineageSource
from ledger.lineage.steps import WrongQuestion, in_order, load, logged, steps_of
from ledger.lineage.trace import trace_records
from ledger.lineage.versions import every_version
from ledger.references import Reference, ReferenceSet
from ledger.rules.case_standing import why_not_authorised
from ledger.scope_commitment import ScopeOpening
from ledger.state.authority_tables import MANDATE
from ledger.state.case_tables import ACCESS, CASE, AccessState
from ledger.state.tables import RECORD, Ranges

PUBLISHING = frozenset(("publishes", "republishes", "mirrors", "observed", "unpublishes"))
LISTING = frozenset(("enters", "measures", "exits"))
REPAIRING = frozenset(("applies", "decides", "repairs"))
DISPUTING = frozenset(("disputes", "resolves"))
ERASING = frozenset(("erases", "attests"))
_FOLLOWED = PUBLISHING | LISTING | REPAIRING | DISPUTING | ERASING
"""Edges that an answer about a subject follows. Holds are not among them: they would tell that a case is under way."""


class NoBasis(AccessError):
    """The request does not carry the question."""

    code = "access.no_basis"
    what = Text("Request {request} carries no answer: {detail}.", "查询 {request} 不能据以答复：{detail}。")
    why = Text(
        "A question about a person needs a live mandate or an authorised case, logged before it is answered.",
        "查询自然人信息须先登记查询，并以有效委托或已获授权的案件为依据。",
    )
    next_step = Text("Log an access.request under a live basis.", "请依有效依据登记 access.request。")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The tag of an institution in one epoch of the linking key."""

    value: str
    epoch: int


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked about the person, when (ms), on which basis (mandate.open or case.open), and when it was answered."""

    request: str
    by: str
    holder: str
    basis: str
    time: int
    answered: int | None


class SubjectReport(Answer, frozen=True, kw_only=True):
    """Question 4: records in all versions, hand-overs, uses, products, and what else became of the records.

    `subjects` are the tags asked about, empty for a person. `asked` says who asked about a person: the subject sees it.
    `searched` says where records were looked for: `index` for all single records, `given` for references that were
    given, from manifests or a side table, `own` where only the asking source's own records were.
    """

    subjects: tuple[Subject, ...]
    searched: tuple[str, ...]
    versions: tuple[Version, ...]
    hops: tuple[Hop, ...]
    uses: tuple[Use, ...]
    products: tuple[Step, ...]
    queries: tuple[Step, ...]
    publications: tuple[Step, ...]
    lists: tuple[Step, ...]
    repairs: tuple[Step, ...]
    disputes: tuple[Step, ...]
    erasures: tuple[Step, ...]
    asked: tuple[Asked, ...]


def subject_report(
    source: LineageSource, subjects: Collection[Subject], as_of: int, given: ReferenceSet | None = None
) -> SubjectReport:
    """Return everything at size `as_of` about an institution with these tags.

    `given` are rows of batches that were found in manifests. Raises `WrongQuestion` for a record of a person,
    `NothingLogged`, `TraceTooLarge`.
    """
    asked = {(subject.value, subject.epoch) for subject in subjects}
    found = source.records_by_subject({value for value, _ in asked}, as_of)
    states = load(source, RECORD, found)
    own = [id_ for id_ in found if (states[id_].subject_value, states[id_].epoch) in asked]
    references = ReferenceSet.of(Reference(id_) for id_ in own).union(given or ReferenceSet())
    for id_, state in load(source, RECORD, [id_ for id_, _ in references.entries]).items():
        if state.subject_class == "person":
            raise WrongQuestion(name=id_, found="record of a person", wanted="institutions by their tags")
    searched = ("index", "given") if given else ("index",)
    ordered = tuple(sorted(subjects, key=lambda subject: (subject.epoch, subject.value)))
    return _report(source, references, as_of, ordered, searched, ())


def person_report(
    source: LineageSource,
    request: str,
    opened: ScopeOpening,
    given: ReferenceSet,
    as_of: int,
    requests: Collection[str] = (),
) -> SubjectReport:
    """Return everything at size `as_of` about the person that access.request `request` is about.

    `opened` is what the request's scope opens to, `given` what the answering member's side table says belongs to the
    same person, `requests` the access.requests about that person in its access log. Whether it may be answered is
    judged at the head. Raises `NothingLogged`, `WrongQuestion`, `NoBasis`, `ScopeMismatch`, `TraceTooLarge`.
    """
    head = source.head().size
    state = _access(source, request, head)
    opened.check(state.scope)
    fault = _basis_fault(source, state)
    if fault is not None:
        raise NoBasis(request=request, detail=fault)
    asked = tuple(_asked(source, sorted({request, *requests}), as_of))
    return _report(source, opened.references.union(given), as_of, (), ("given",), asked)


def _access(source: LineageSource, request: str, as_of: int) -> AccessState:
    row = logged(source, request, as_of)
    state = load(source, ACCESS, [request]).get(request)
    if state is None:
        raise WrongQuestion(name=request, found=row.kind, wanted="access requests")
    return state


def _basis_fault(source: LineageSource, state: AccessState) -> str | None:
    """Return why the basis of a request does not carry an answer now, None where it does."""
    time = source.head().time
    if state.mandate is not None:
        mandate = load(source, MANDATE, [state.mandate])[state.mandate]
        if mandate.ended_by is not None:
            return "the mandate was ended"
        if time >= mandate.until:
            return "the mandate has expired"
    if state.case is not None:
        why = why_not_authorised(load(source, CASE, [state.case])[state.case], time)
        return None if why is None else why.en
    return None


def _asked(source: LineageSource, requests: Iterable[str], as_of: int) -> Iterator[Asked]:
    found: list[tuple[int, Asked]] = []
    for request in requests:
        state = _access(source, request, source.head().size)
        answered = state.answered_index
        if state.index >= as_of:
            continue
        seen = answered is not None and answered < as_of
        asked = Asked(
            request=request,
            by=state.by,
            holder=state.holder,
            basis=cast("str", state.mandate or state.case),
            time=source.statements([request])[request].block_time,
            answered=source.statements([state.answered])[state.answered].block_time
            if seen and state.answered is not None
            else None,
        )
        found.append((state.index, asked))
    for _, asked in sorted(found, key=lambda pair: pair[0]):
        yield asked


def _report(
    source: LineageSource,
    references: ReferenceSet,
    as_of: int,
    subjects: tuple[Subject, ...],
    searched: tuple[str, ...],
    asked: tuple[Asked, ...],
) -> SubjectReport:
    trace = trace_records(source, every_version(source, references, as_of), as_of)
    reached = _follow(source, trace, as_of)
    steps = steps_of(source, reached)

    def of(kinds: frozenset[str]) -> tuple[Step, ...]:
        return in_order(steps[id_] for id_, kind in reached.items() if kind in kinds)

    ids = {*trace.statements, *reached, *(entry.request for entry in asked), *(entry.basis for entry in asked)}
    return SubjectReport(
        as_of=as_of,
        time=trace.time,
        statements=tuple(sorted(ids)),
        subjects=subjects,
        searched=searched,
        versions=trace.versions,
        hops=trace.hops,
        uses=trace.uses,
        products=trace.products,
        queries=trace.queries,
        publications=of(PUBLISHING),
        lists=of(LISTING),
        repairs=of(REPAIRING),
        disputes=of(DISPUTING),
        erasures=of(ERASING),
        asked=asked,
    )


def _follow(source: LineageSource, trace: Trace, as_of: int) -> dict[str, str]:
    """Return the statements that the followed edges lead to, with the kind of the first edge to each."""
    lists: dict[str, Ranges] = {version.id: version.rows for version in trace.versions}
    reached: dict[str, str] = {}
    level = [*lists, *(product.id for product in trace.products)]
    while level:
        edges = [edge for edge in source.edges_from(level, as_of) if edge.kind in _FOLLOWED]
        level = []
        for edge in edges:
            outside = edge.source in lists and intersect(lists[edge.source], edge.ranges) is None
            if not outside and edge.target not in reached:
                reached[edge.target] = edge.kind
                level.append(edge.target)
    return reached
