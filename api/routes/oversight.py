"""Question 6: refusals, findings and duties by member, each as of any past head.

Overseers see everybody's; any other member sees its own.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.access import Caller, require_role
from api.node_face import NodeFace
from api.routes.answers import Asked, AsOf
from api.routes.questions import OVERSEERS
from ledger.findings.judge import findings_at
from ledger.lineage.standing import duties_of, refusals_at

UsccQuery = Annotated[str | None, Query(pattern="^[0-9A-Z]{18}$")]


def _whose(caller: Caller, asked: str | None) -> str | None:
    """Return whose rows to show: anybody's for overseers, else the caller's; raises RoleMissing."""
    if asked is not None and asked != caller.uscc:
        require_role(caller, *OVERSEERS)
    return asked if caller.has(*OVERSEERS) else caller.uscc


def router(face: NodeFace) -> APIRouter:
    """Return the routes of question 6."""
    reader = face.service.reader
    asked = Asked(reader)
    api = APIRouter(prefix="/v1", tags=["questions"])

    @api.get("/findings", summary="Question 6: findings, recomputable by anyone")
    async def findings(
        request: Request,
        code: Annotated[str | None, Query(pattern="^F-[A-Z-]{1,30}$")] = None,
        party: UsccQuery = None,
        open: Annotated[bool | None, Query(description="only those still open, or only those put right")] = None,  # noqa: A002 - its name in the query
        as_of: AsOf = None,
    ) -> Response:
        wanted = _whose(face.caller(request), party)
        at = asked.size(as_of)
        found = [
            finding
            for finding in findings_at(reader, at, code=code, party=wanted)
            if open is None or finding.open is open
        ]
        return asked.answer(found, at, sorted({statement for finding in found for statement in finding.statements}))

    @api.get("/refusals", summary="Question 6: attempts without authority")
    async def refusals(
        request: Request,
        member: UsccQuery = None,
        as_of: AsOf = None,
    ) -> Response:
        wanted = _whose(face.caller(request), member)
        at = asked.size(as_of)
        found = refusals_at(reader, at, member=wanted)
        return asked.answer(found, at, found.statements)

    @api.get("/duties", summary="Question 6: what awaits a member, by when")
    async def duties(
        request: Request,
        party: UsccQuery = None,
        as_of: AsOf = None,
    ) -> Response:
        caller = face.gate.caller(request, suspended_too=True)
        wanted = party or caller.uscc
        if wanted != caller.uscc:
            require_role(caller, *OVERSEERS)
        at = asked.size(as_of)
        found = duties_of(reader, wanted, at)
        return asked.answer(found, at, found.statements)

    return api
