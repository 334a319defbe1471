"""What is in force now: members, keys, catalogue, and the present rows of grants, hand-overs and records."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.access import require_party
from api.node_face import NodeFace
from api.routes.statements import READERS_OF_ALL, parties_of
from ledger.errors import NotFoundError
from ledger.state.tables import (
    CATALOGUE,
    GRANT,
    HOLDING,
    KEY,
    MEMBER,
    RECORD,
    TRANSFER,
    RecordState,
    StateRow,
)
from ledger.state.view import Need

UsccPath = Annotated[str, Path(pattern="^[0-9A-Z]{18}$")]
StatementIdPath = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


def named(row: StateRow) -> dict[str, object]:
    """Return a state row as an object with named fields; stored rows are arrays."""
    return {name: msgspec.to_builtins(getattr(row, name)) for name in row.__struct_fields__}


def _json(value: object, caching: str = "no-cache") -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json", headers={"cache-control": caching})


def router(face: NodeFace) -> APIRouter:
    """Return the routes of present state."""
    reader = face.service.reader
    api = APIRouter(prefix="/v1", tags=["standing"])

    def keys_of(uscc: str) -> list[dict[str, object]]:
        rows = [(key, row) for key, row in reader.resident().items() if key[0] == KEY.name]
        return [{"kid": key[2], **named(row)} for key, row in sorted(rows) if getattr(row, "member", "") == uscc]

    @api.get("/members", summary="All members")
    async def members() -> Response:
        return _json([named(row) for key, row in sorted(reader.resident().items()) if key[0] == MEMBER.name])

    @api.get("/members/{uscc}", summary="One member with its keys and their history")
    async def member(uscc: UsccPath) -> Response:
        row = reader.resident().get((MEMBER.name, "", uscc))
        if row is None:
            raise NotFoundError(what_kind="member", name=uscc)
        return _json({**named(row), "keys": keys_of(uscc)})

    @api.get("/catalogue", summary="The catalogue in force, or one version of it")
    async def catalogue(version: Annotated[int | None, Query(ge=1)] = None) -> Response:
        row = reader.resident().get((CATALOGUE.name, "", "" if version is None else str(version)))
        if row is None:
            raise NotFoundError(what_kind="catalogue version", name=str(version))
        return _json(named(row))

    async def party_row(request: Request, table: str, wanted: str) -> Response:
        caller = face.caller(request)
        rows = reader.state([Need(table, wanted)])
        require_party(caller, parties_of(rows), *READERS_OF_ALL)
        row = rows.get((table, wanted, ""))
        if row is None:
            raise NotFoundError(what_kind=table, name=wanted)
        return _json(named(row), "private, no-cache")

    @api.get("/transfers/{id}", summary="A hand-over as it stands")
    async def transfer(request: Request, id: StatementIdPath) -> Response:  # noqa: A002
        return await party_row(request, TRANSFER.name, id)

    @api.get("/grants/{id}", summary="A grant as it stands")
    async def grant(request: Request, id: StatementIdPath) -> Response:  # noqa: A002
        return await party_row(request, GRANT.name, id)

    @api.get("/records/{id}", summary="A record or batch as the ledger knows it")
    async def record(request: Request, id: StatementIdPath) -> Response:  # noqa: A002
        caller = face.caller(request)
        rows = reader.state([Need(RECORD.name, id), Need(HOLDING.name, id, caller.uscc)])
        row = rows.get((RECORD.name, id, ""))
        issuer = row.issuer if isinstance(row, RecordState) else ""
        holder = caller.uscc if (HOLDING.name, id, caller.uscc) in rows else ""
        require_party(caller, frozenset((issuer, holder)) - {""}, *READERS_OF_ALL)
        if row is None:
            raise NotFoundError(what_kind="record", name=id)
        return _json(named(row), "private, no-cache")

    return api
