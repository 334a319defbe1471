"""Question 8: the parity of what is public on a site, for its member and those who watch publications."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.access import require_party
from api.node_face import NodeFace
from api.routes.answers import Asked, AsOf
from ledger.lineage.parity import publication_parity

WATCHERS = ("auditor", "regulator", "publisher", "agent")
"""Who may look at any site: what it shows is public; what stands here is whether the copies agree."""

SiteQuery = Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="name of the site")]


def router(face: NodeFace) -> APIRouter:
    """Return the route of this question."""
    reader = face.service.reader
    asked = Asked(reader)
    api = APIRouter(prefix="/v1", tags=["questions"])

    @api.get("/publications/parity", summary="Question 8: every copy beside the publisher's")
    async def parity(request: Request, site: SiteQuery, as_of: AsOf = None) -> Response:
        caller = face.caller(request)
        at = asked.size(as_of)
        found = publication_parity(reader, site, at)
        require_party(caller, frozenset((found.member,)), *WATCHERS)
        return asked.answer(found, at, found.statements)

    return api
