"""Question 10 and 11: usage per source, item and grantee; timeliness and completeness per source.

Regulators and auditors see everybody's counts, any other member what concerns its own records. No subject appears.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.access import Caller, require_role
from api.node_face import NodeFace
from api.routes.answers import Asked, AsOf
from api.routes.oversight import UsccQuery
from ledger.lineage.metering import metering
from ledger.lineage.quality import quality

COUNTERS = ("auditor", "regulator")
First = Annotated[int, Query(ge=0, description="log index to count from")]


def _whose(caller: Caller, asked: str | None) -> str | None:
    """Return whose records to count: anybody's for those who count all, else the caller's; raises RoleMissing."""
    if asked is not None and asked != caller.uscc:
        require_role(caller, *COUNTERS)
    return asked if caller.has(*COUNTERS) else caller.uscc


def router(face: NodeFace) -> APIRouter:
    """Return the routes of these questions."""
    reader = face.service.reader
    asked = Asked(reader)
    api = APIRouter(prefix="/v1", tags=["questions"])

    @api.get("/usage", summary="Question 10: what grantees took of whose records, in counts")
    async def usage(request: Request, source: UsccQuery = None, first: First = 0, as_of: AsOf = None) -> Response:
        wanted = _whose(face.caller(request), source)
        at = asked.size(as_of)
        found = metering(reader, at, first, wanted)
        return asked.answer(found, at, found.statements)

    @api.get("/quality", summary="Question 11: delays, corrections, withdrawals and requests declined, per source")
    async def per_source(request: Request, source: UsccQuery = None, first: First = 0, as_of: AsOf = None) -> Response:
        wanted = _whose(face.caller(request), source)
        at = asked.size(as_of)
        found = quality(reader, at, first, wanted)
        return asked.answer(found, at, found.statements)

    return api
