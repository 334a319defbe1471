"""POST /v1/statements: one statement, or a CBOR sequence of up to 1,000, waiting for a named state.

A plain ASGI route: this is the hot path. The signature is checked here, in the front process, before the statement
crosses to the writer; whether its key is live is judged by the executor at its block.
"""

from __future__ import annotations

from typing import get_args

import orjson
from node.front_service import NodeService, Submitted, WaitState
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import MAX_SEQUENCE_BYTES, WrongMediaType, media_type, read_body
from api.node_face import NodeFace, guarded
from api.problems import language_of, problem, problem_response
from ledger.encoding import base64url
from ledger.errors import FormError, SuyuanError, Text
from ledger.execution import Outcome
from ledger.rules.signer import UnknownKey
from ledger.statement import MAX_ENTRY_SIZE, Statement, decode_sequence, decode_statement, verify_statement

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
            statement = decode_statement(await read_body(request, MAX_ENTRY_SIZE + 16))
            _check_signature(face.service, statement)
            return _answer_one(request, await face.service.submit([statement], wait))
        if kind == SEQUENCE:
            statements = decode_sequence(await read_body(request, MAX_SEQUENCE_BYTES))
            return await _submit_sequence(request, face.service, statements, wait)
        raise WrongMediaType(expected=f"{ONE}, {SEQUENCE}", found=kind or "-")

    return [Route("/v1/statements", guarded(submit), methods=["POST"])]


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


def _answer_one(request: Request, submitted: Submitted) -> Response:
    outcome = submitted.outcomes[0]
    place = {"id": outcome.statement_id, "index": outcome.index, "status": outcome.status}
    if outcome.status == "rejected" and outcome.error is not None:
        return problem_response(request, outcome.error, id=outcome.statement_id)
    if outcome.status == "refused" and outcome.error is not None:
        return problem_response(request, outcome.error, **place, state=submitted.state, size=submitted.size)
    body = {**place, "state": submitted.state, "size": submitted.size}
    status = 200 if outcome.status == "duplicate" else 201
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


async def _submit_sequence(
    request: Request, service: NodeService, statements: list[Statement], wait: WaitState
) -> Response:
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
    submitted = await service.submit(sound, wait)
    answered = iter(submitted.outcomes)
    results = [_result(outcome or next(answered), language) for outcome in outcomes]
    body = {"results": results, "state": submitted.state, "size": submitted.size}
    return Response(orjson.dumps(body), media_type="application/json")


def _result(outcome: Outcome, language: str) -> dict[str, object]:
    result: dict[str, object] = {"id": outcome.statement_id, "status": outcome.status}
    if outcome.index is not None:
        result["index"] = outcome.index
    if outcome.error is not None:
        result["problem"] = problem(outcome.error, language)
    return result
