"""What an investigator may read (INC-4): questions under a case, within what a regulator authorised.

The ledger has only a commitment to the scope; the investigator opens it with every question, and the node keeps nothing
of it. The chain of custody of a case is open to its investigator, to whom it names, and to overseers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta
from starlette.responses import Response

from api.access import require_party
from api.node_face import NodeFace
from api.routes.answers import Asked, AsOf
from api.routes.asking import QuestionMalformed, described, read_asked
from api.routes.questions import StatementIdPath
from ledger.encoding import base64url
from ledger.errors import NotFoundError
from ledger.exchange.scopes import ScopeFile
from ledger.findings.judge import findings_at
from ledger.kinds.fields import Natural, RecordReference, StatementId, Uscc
from ledger.lineage.answers import Step
from ledger.lineage.cases import CaseScope, OutsideCaseScope, case_scope, case_steps
from ledger.lineage.holders import holders
from ledger.lineage.standing import duties_of, refusals_at
from ledger.lineage.trace import trace_back, trace_forward
from ledger.state.case_tables import CASE, CASE_PARTY, CaseState
from ledger.state.view import Need
from node.front_service import Reader

OVERSEERS = ("auditor", "regulator")
Size = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class CaseQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question under a case. `reference` is a record or row of the scope, `party` one of its members.

    `statement` asks for the bytes of one of the statements that a trace of `reference` rests on; `at` is a log index.
    """

    scope: ScopeFile
    question: Literal["forward", "back", "holders", "statement", "findings", "duties", "refusals"]
    reference: RecordReference | None = None
    party: Uscc | None = None
    statement: StatementId | None = None
    at: Natural | None = None
    as_of: Size | None = None


class Custody(msgspec.Struct, frozen=True, kw_only=True):
    """The chain of custody of a case: its statements in the order of the log."""

    case: str
    steps: tuple[Step, ...]


class SignedStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement's bytes as signed, base64url."""

    id: str
    cose: str


def router(face: NodeFace) -> APIRouter:
    """Return the routes of cases."""
    reader = face.service.reader
    asked = Asked(reader)
    api = APIRouter(prefix="/v1", tags=["cases"])

    @api.get("/cases/{id}", summary="The chain of custody of a case")
    async def custody(request: Request, id: StatementIdPath, as_of: AsOf = None) -> Response:  # noqa: A002
        caller = face.caller(request)
        rows = reader.state([Need(CASE.name, id), Need(CASE_PARTY.name, id, caller.uscc)])
        case = rows.get((CASE.name, id, ""))
        parties = {case.investigator} if isinstance(case, CaseState) else set()
        named = {caller.uscc} if (CASE_PARTY.name, id, caller.uscc) in rows else set()
        require_party(caller, frozenset(parties | named), *OVERSEERS)
        if case is None:
            raise NotFoundError(what_kind="case", name=id)
        at = asked.size(as_of)
        steps = case_steps(reader, id, at)
        return asked.answer(Custody(case=id, steps=steps), at, [step.id for step in steps])

    @api.post(
        "/cases/{id}/questions",
        summary="A question of the case's investigator, within the scope that was authorised",
        openapi_extra=described(CaseQuestion),
    )
    async def ask(request: Request, id: StatementIdPath) -> Response:  # noqa: A002
        caller = face.caller(request)
        question = await read_asked(request, CaseQuestion, face.patience)
        scope = case_scope(reader, id, caller.uscc, question.scope.opening())
        at = asked.size(question.as_of)
        value, statements = _ANSWERS[question.question](reader, scope, question, at)
        return asked.answer(value, at, statements)

    return api


Answered = tuple[object, list[str]]


def _reference(scope: CaseScope, question: CaseQuestion) -> str:
    if question.reference is None:
        raise QuestionMalformed(detail=f"{question.question} needs `reference`")
    scope.check(question.reference)
    return question.reference


def _party(scope: CaseScope, question: CaseQuestion) -> str:
    if question.party is None:
        raise QuestionMalformed(detail=f"{question.question} needs `party`")
    if question.party not in scope.members:
        raise OutsideCaseScope(reference=question.party, case=scope.case)
    return question.party


def _forward(reader: Reader, scope: CaseScope, question: CaseQuestion, at: int) -> Answered:
    found = trace_forward(reader, _reference(scope, question), at)
    return found, list(found.statements)


def _back(reader: Reader, scope: CaseScope, question: CaseQuestion, at: int) -> Answered:
    found = trace_back(reader, _reference(scope, question), at)
    return found, list(found.statements)


def _holders(reader: Reader, scope: CaseScope, question: CaseQuestion, at: int) -> Answered:
    index = at - 1 if question.at is None else min(question.at, at - 1)
    found = holders(reader, _reference(scope, question), index, at)
    return found, list(found.statements)


def _statement(reader: Reader, scope: CaseScope, question: CaseQuestion, at: int) -> Answered:
    reference = _reference(scope, question)
    wanted = question.statement or reference.partition(":")[0]
    traces = (trace(reader, reference, at) for trace in (trace_forward, trace_back))
    if not any(wanted in trace.statements for trace in traces):
        raise OutsideCaseScope(reference=wanted, case=scope.case)
    return SignedStatement(id=wanted, cose=base64url(reader.raw([wanted])[wanted])), [wanted]


def _findings(reader: Reader, scope: CaseScope, question: CaseQuestion, at: int) -> Answered:
    found = findings_at(reader, at, party=_party(scope, question))
    return found, sorted({statement for finding in found for statement in finding.statements})


def _duties(reader: Reader, scope: CaseScope, question: CaseQuestion, at: int) -> Answered:
    found = duties_of(reader, _party(scope, question), at)
    return found, list(found.statements)


def _refusals(reader: Reader, scope: CaseScope, question: CaseQuestion, at: int) -> Answered:
    found = refusals_at(reader, at, member=_party(scope, question))
    return found, list(found.statements)


_ANSWERS: dict[str, Callable[[Reader, CaseScope, CaseQuestion, int], Answered]] = {
    "forward": _forward,
    "back": _back,
    "holders": _holders,
    "statement": _statement,
    "findings": _findings,
    "duties": _duties,
    "refusals": _refusals,
}
