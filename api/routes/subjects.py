"""Question 4: everything about a subject.

About an institution, by its tags: the hub, which joins them, auditors, and agents whose live mandate names the tag see
everything; a source sees what became of its own records. About a person only the member that keeps the side table and
was asked in a logged access.request, under a live mandate or an authorised case (ACC-1, ACC-3): it gives the references
itself, so that nothing here finds or joins persons.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.responses import Response

from api.access import Caller, RoleMissing
from api.node_face import NodeFace
from api.routes.answers import Asked
from api.routes.asking import described, read_asked
from api.routes.questions import StatementIdPath
from ledger.exchange.scopes import ScopeFile
from ledger.kinds.fields import Digest, Natural, ReferenceSetJson, StatementId, Value
from ledger.lineage.steps import load
from ledger.lineage.subject import Subject, SubjectReport, person_report, subject_report
from ledger.references import Reference, ReferenceSet
from ledger.state.authority_tables import MANDATE
from ledger.state.case_tables import ACCESS
from ledger.state.tables import RECORD
from node.front_service import Reader

MAX_TAGS = 50
"""Most tags of one institution in one question: one for each epoch of the linking key."""
READERS = ("hub", "auditor")
Size = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class Tag(Value, frozen=True):
    """The tag of an institution in one epoch of the linking key."""

    value: Digest
    epoch: Natural


class SubjectQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tags of one institution, and rows of batches that were found in manifests; an agent names its `mandate`."""

    subjects: Annotated[list[Tag], Meta(min_length=1, max_length=MAX_TAGS)]
    given: ReferenceSetJson | None = None
    mandate: StatementId | None = None
    as_of: Size | None = None


class PersonQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the request's scope opens to, what else the side table has, and the access log's other requests."""

    scope: ScopeFile
    given: ReferenceSetJson | None = None
    requests: Annotated[list[StatementId], Meta(max_length=MAX_TAGS)] | None = None
    as_of: Size | None = None


def router(face: NodeFace) -> APIRouter:
    """Return the routes of this question."""
    reader = face.service.reader
    asked = Asked(reader)
    api = APIRouter(prefix="/v1", tags=["questions"])

    @api.post(
        "/subjects/report",
        summary="Question 4: everything about an institution, by its tags",
        openapi_extra=described(SubjectQuestion),
    )
    async def institution(request: Request) -> Response:
        caller = face.caller(request)
        question = await read_asked(request, SubjectQuestion, face.patience)
        at = asked.size(question.as_of)
        found = _institution(reader, caller, question, at)
        return asked.answer(found, at, found.statements)

    @api.post(
        "/access/{id}/report",
        summary="Question 4: everything about a person, for the member that was asked under a mandate or case",
        openapi_extra=described(PersonQuestion),
    )
    async def person(request: Request, id: StatementIdPath) -> Response:  # noqa: A002
        caller = face.caller(request)
        question = await read_asked(request, PersonQuestion, face.patience)
        at = asked.size(question.as_of)
        state = load(reader, ACCESS, [id]).get(id)
        if state is None or state.holder != caller.uscc:
            raise RoleMissing(member=caller.uscc, needed="the member that the access.request asks")
        given = _references(question.given)
        found = person_report(reader, id, question.scope.opening(), given, at, question.requests or ())
        return asked.answer(found, at, found.statements)

    return api


def _references(given: ReferenceSetJson | None) -> ReferenceSet:
    return ReferenceSet() if given is None else ReferenceSet.from_json(given)


def _institution(reader: Reader, caller: Caller, question: SubjectQuestion, at: int) -> SubjectReport:
    subjects = [Subject(value=tag.value, epoch=tag.epoch) for tag in question.subjects]
    given = _references(question.given)
    if caller.has(*READERS) or _mandated(reader, caller, question):
        return subject_report(reader, subjects, at, given)
    if not caller.has("source"):
        needed = ", ".join(("source", *READERS, "an agent with a live mandate for the tag"))
        raise RoleMissing(member=caller.uscc, needed=needed)
    found = _own(reader, caller, subjects, given, at)
    return msgspec.structs.replace(subject_report(reader, (), at, found), subjects=tuple(subjects), searched=("own",))


def _own(reader: Reader, caller: Caller, subjects: list[Subject], given: ReferenceSet, at: int) -> ReferenceSet:
    """Return the references among those found or given that the caller issued."""
    tags = {(subject.value, subject.epoch) for subject in subjects}
    found = reader.records_by_subject({value for value, _ in tags}, at)
    states = load(reader, RECORD, [*found, *(id_ for id_, _ in given.entries)])
    mine = {id_ for id_, state in states.items() if state.issuer == caller.uscc}
    tagged = [id_ for id_ in found if id_ in mine and (states[id_].subject_value, states[id_].epoch) in tags]
    rows = ReferenceSet(tuple(entry for entry in given.entries if entry[0] in mine))
    return ReferenceSet.of(Reference(id_) for id_ in tagged).union(rows)


def _mandated(reader: Reader, caller: Caller, question: SubjectQuestion) -> bool:
    """Whether the caller is an agent whose live mandate names the one tag that is asked about."""
    if question.mandate is None:
        return False
    mandate = load(reader, MANDATE, [question.mandate]).get(question.mandate)
    if mandate is None or mandate.agent != caller.uscc or mandate.ended_by is not None:
        return False
    values = {tag.value for tag in question.subjects}
    return reader.head().time < mandate.until and values == {mandate.link}
