"""Governance at any past head: proposals with their votes, a member's history, the nodes. Every member may read it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.node_face import NodeFace
from api.routes.answers import Asked, AsOf
from api.routes.standing import UsccPath
from ledger.lineage.governance import ProposalStatus, member_history, nodes_at, proposals_at


def router(face: NodeFace) -> APIRouter:
    """Return the routes of governance."""
    reader = face.service.reader
    asked = Asked(reader)
    api = APIRouter(prefix="/v1", tags=["governance"])

    @api.get("/governance/proposals", summary="What regulators propose, who voted how, and what became of it")
    async def proposals(
        request: Request,
        status: Annotated[ProposalStatus | None, Query(description="only those that stand so")] = None,
        as_of: AsOf = None,
    ) -> Response:
        face.caller(request)
        at = asked.size(as_of)
        found = proposals_at(reader, at, status)
        return asked.answer(found, at, found.statements)

    @api.get("/governance/nodes", summary="The nodes that sign what follows, and their quorum")
    async def nodes(request: Request, as_of: AsOf = None) -> Response:
        face.caller(request)
        at = asked.size(as_of)
        found = nodes_at(reader, at)
        return asked.answer(found, at, found.statements)

    @api.get("/members/{uscc}/history", summary="How a member stood, every decision about it, who took its place")
    async def history(request: Request, uscc: UsccPath, as_of: AsOf = None) -> Response:
        face.caller(request)
        at = asked.size(as_of)
        found = member_history(reader, uscc, at)
        return asked.answer(found, at, found.statements)

    return api
