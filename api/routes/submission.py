"""POST /v1/statements: one statement, or a CBOR sequence of up to 1,000, waiting for a named state.

A plain ASGI route: this is the hot path. The signature is checked here, in the front process, before the statement
crosses to the writer; whether its key is live is judged by the executor at its block. A statement that was logged
before gets its first place: as a success when it was admitted there, as the refusal it is when it was refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import MAX_SEQUENCE_BYTES, WrongMediaType, media_type, read_body
from api.node_face import NodeFace
from api.problems import language_of, problem, problem_response
from ledger.encoding import base64url
from ledger.entries import RefusalEntry, decode_entry
from ledger.errors import FormError, SuyuanError, Text
from ledger.execution import Outcome
from ledger.rules.registry import RuleError, broken
from ledger.rules.signer import UnknownKey
from ledger.statement import MAX_ENTRY_SIZE, Statement, decode_sequence, decode_statement, verify_statement
from node.front_service import NodeService, Submitted, WaitState

ONE = "application/cose"
SEQUENCE = "application/cbor-seq"
WAIT_STATES: tuple[str, ...] = get_args(WaitState)


class UnknownWaitState(FormError):
    """`wait` names no state."""

    code = "query.wait"
    what = Text("There is no state {found} to wait for.", "不存在可等待的状态 {found}。")
    next_step = Text("Use one of: {known}.", "请使用其中之一：{known}。")


def routes(face: NodeFace) -> list[Route]:
    """Return the submission route."""

    async def submit(request: Request) -> Response:
        wait = _wait_state(request)
        kind = media_type(request)
        if kind == ONE:
            statement = decode_statement(await read_body(request, MAX_ENTRY_SIZE + 16, face.patience))
            _check_signature(face.service, statement)
            face.limits.charge([base64url(statement.kid)])
            submitted = await face.service.submit([statement], wait)
            return _answer_one(request, submitted, _first_refusals(face.service, submitted.outcomes))
        if kind == SEQUENCE:
            statements = decode_sequence(await read_body(request, MAX_SEQUENCE_BYTES, face.patience))
            return await _submit_sequence(request, face, statements, wait)
        raise WrongMediaType(expected=f"{ONE}, {SEQUENCE}", found=kind or "-")

    return [Route("/v1/statements", submit, methods=["POST"])]


def _wait_state(request: Request) -> WaitState:
    found = request.query_params.get("wait", "integrated")
    for known in get_args(WaitState):
        if found == known:
            state: WaitState = known
            return state
    raise UnknownWaitState(found=found[:40], known=", ".join(WAIT_STATES))


def _check_signature(service: NodeService, statement: Statement) -> None:
    """Check the signature by the key that the header names; raises UnknownKey or a SignatureError."""
    key = service.reader.public_key(base64url(statement.kid))
    if key is None:
        raise UnknownKey(kid=base64url(statement.kid))
    verify_statement(statement, key)


def _first_refusals(service: NodeService, outcomes: Sequence[Outcome]) -> Mapping[int, RuleError]:
    """Return, by log index, why the first place of a duplicate is a refusal.

    Whoever sends a statement again because the answer was lost must not take a refused one for admitted.
    """
    found: dict[int, RuleError] = {}
    for outcome in outcomes:
        if outcome.status == "duplicate" and outcome.index is not None:
            entry = decode_entry(service.reader.entry(outcome.index))
            if isinstance(entry, RefusalEntry):
                en, zh = f"it was refused at log index {outcome.index}", f"该陈述已在日志序号 {outcome.index} 处被拒绝"
                found[outcome.index] = broken(entry.rule, en, zh)
    return found


def _answer_one(request: Request, submitted: Submitted, refusals: Mapping[int, RuleError]) -> Response:
    outcome = submitted.outcomes[0]
    place = {"id": outcome.statement_id, "index": outcome.index}
    error = outcome.error if outcome.index is None else refusals.get(outcome.index, outcome.error)
    if error is not None and outcome.index is None:
        return problem_response(request, error, id=outcome.statement_id)
    if error is not None:
        return problem_response(request, error, **place, state=submitted.state, size=submitted.size)
    body = {**place, "status": outcome.status, "state": submitted.state, "size": submitted.size}
    status = 200 if outcome.status == "duplicate" else 201
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


async def _submit_sequence(request: Request, face: NodeFace, statements: list[Statement], wait: WaitState) -> Response:
    service = face.service
    language = language_of(request.headers)
    outcomes: list[Outcome | None] = []
    sound: list[Statement] = []
    for statement in statements:
        try:
            _check_signature(service, statement)
        except SuyuanError as error:
            outcomes.append(Outcome(statement.statement_id, "rejected", None, error))
        else:
            outcomes.append(None)
            sound.append(statement)
    face.limits.charge(base64url(statement.kid) for statement in sound)
    submitted = await service.submit(sound, wait)
    answered = iter(submitted.outcomes)
    refusals = _first_refusals(service, submitted.outcomes)
    results = [_result(outcome or next(answered), refusals, language) for outcome in outcomes]
    body = {"results": results, "state": submitted.state, "size": submitted.size}
    return Response(orjson.dumps(body), media_type="application/json")


def _result(outcome: Outcome, refusals: Mapping[int, RuleError], language: str) -> dict[str, object]:
    result: dict[str, object] = {"id": outcome.statement_id, "status": outcome.status}
    error = outcome.error
    if outcome.index is not None:
        result["index"] = outcome.index
        error = refusals.get(outcome.index, error)
    if error is not None:
        result["problem"] = problem(error, language)
    return result
