"""Statements by id: the signed bytes and where they stand, to those whom the reading rules allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access import Caller, RoleMissing
from api.node_face import NodeFace
from api.routes.concern import concerns
from ledger.encoding import JsonValue
from ledger.errors import NotFoundError
from ledger.lineage.source import StatementRow
from ledger.state.effects import StateKey
from ledger.state.tables import (
    CONTRACT,
    GRANT,
    HOLDING,
    TRANSFER,
    ContractState,
    GrantState,
    StateRow,
    TransferState,
)
from ledger.state.view import Need
from ledger.statement import decode_statement
from node.front_service import Reader

READERS_OF_ALL = ("auditor",)
"""Roles that read every statement. An investigator reads under an authorised case (INC-4, `api.routes.cases`)."""

OPEN_KINDS = frozenset(("key.add", "key.rotate", "key.revoke"))
"""Kinds that every member may read: keys are public."""

_ANCHOR_FIELDS = ("offer", "grant", "contract", "transfer", "parent", "request")


def routes(face: NodeFace) -> list[Route]:
    """Return the routes of single statements."""
    reader = face.service.reader

    async def raw(request: Request) -> Response:
        row, data = _readable(face, request)
        headers = {"suyuan-index": str(row.index), "suyuan-status": "refused" if row.rule else "admitted"}
        headers["cache-control"] = "private, max-age=31536000, immutable"
        return Response(data, media_type="application/cose", headers=headers)

    async def info(request: Request) -> Response:
        row, data = _readable(face, request)
        body = {
            "id": row.id,
            "index": row.index,
            "kind": row.kind,
            "iss": row.iss,
            "kid": row.kid,
            "sub": row.sub,
            "iat": row.iat,
            "block_time": row.block_time,
            "status": "refused" if row.rule else "admitted",
            "rule": row.rule,
            "payload": decode_statement(data).payload,
            "size": reader.head().size,
        }
        return Response(orjson.dumps(body), media_type="application/json", headers={"cache-control": "private"})

    return [
        Route("/v1/statements/{id}", raw),
        Route("/v1/statements/{id}/info", info),
    ]


def _readable(face: NodeFace, request: Request) -> tuple[StatementRow, bytes]:
    """Return row and bytes of the statement asked for; raises NotFoundError or RoleMissing."""
    caller = face.caller(request)
    wanted: str = request.path_params["id"]
    reader = face.service.reader
    row = reader.statements([wanted]).get(wanted)
    data = reader.raw([wanted]).get(wanted)
    if row is None or data is None:
        raise NotFoundError(what_kind="statement", name=wanted[:64])
    if not may_read(reader, caller, row, data):
        raise RoleMissing(member=caller.uscc, needed=", ".join(("its parties", *READERS_OF_ALL)))
    return row, data


def may_read(reader: Reader, caller: Caller, row: StatementRow, data: bytes) -> bool:
    """Whether `caller` signed, received or is named in the statement, or has a role that reads all."""
    if caller.uscc == row.iss or row.kind in OPEN_KINDS or caller.has(*READERS_OF_ALL):
        return True
    payload = decode_statement(data).payload
    strings = set(_strings(payload))
    if caller.uscc in strings or concerns(reader, caller, row, strings):
        return True
    anchors = [value for name in _ANCHOR_FIELDS if isinstance(value := payload.get(name), str)]
    # A holder must learn what a correction or withdrawal asks of it, so it reads what names the record it holds.
    about = payload.get("reference")
    held = {row.id, about.partition(":")[0]} if isinstance(about, str) else {row.id}
    needs = [Need(HOLDING.name, anchor, caller.uscc) for anchor in held]
    needs += [Need(table.name, anchor) for anchor in anchors for table in (TRANSFER, GRANT, CONTRACT)]
    found = reader.state(needs)
    return any((HOLDING.name, anchor, caller.uscc) in found for anchor in held) or caller.uscc in parties_of(found)


def parties_of(rows: Mapping[StateKey, StateRow]) -> frozenset[str]:
    """Return every member that is a party of one of the grants, hand-overs and contracts in `rows`."""
    parties: set[str] = set()
    for value in rows.values():
        match value:
            case TransferState():
                parties |= {value.sender, value.receiver}
            case GrantState():
                parties |= {value.grantor, value.grantee, value.deliverer or value.grantor}
            case ContractState():
                parties |= {value.buyer, value.supplier, value.registrant}
    return frozenset(parties)


def _strings(value: JsonValue) -> Iterable[str]:
    """Yield every string in a payload, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
