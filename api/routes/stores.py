"""Content-addressed uploads: batch manifests and the mailbox of packages."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access import RoleMissing, require_role
from api.bodies import read_body
from api.node_face import NodeFace
from ledger.encoding import base64url, decode_digest
from ledger.errors import FormError, Text

OCTETS = "application/octet-stream"


class QueryMissing(FormError):
    """A query parameter is missing or not of its form."""

    code = "query.parameter"
    what = Text("The query parameter {name} is missing or malformed.", "查询参数 {name} 缺失或格式有误。")
    next_step = Text("See the OpenAPI document.", "请参阅 OpenAPI 文档。")


def routes(face: NodeFace) -> list[Route]:
    """Return the routes of manifests and mailbox; all need a token."""
    manifests, mailbox = face.service.manifests, face.service.mailbox

    async def put_manifest(request: Request) -> Response:
        require_role(face.caller(request), "source")
        name = decode_digest(request.path_params["hash"]).hex()
        root, count = decode_digest(_query(request, "root")), _number(request, "count")
        body = await read_body(request, manifests.limit, face.patience)
        held = manifests.put(name, body, root=root, count=count)
        return Response(orjson.dumps({"held": base64url(held)}), status_code=201, media_type="application/json")

    async def get_manifest(request: Request) -> Response:
        require_role(face.caller(request), "source", "hub", "operator", "service", "user", "auditor")
        data = manifests.get(decode_digest(request.path_params["hash"]).hex())
        return Response(data, media_type=OCTETS, headers={"cache-control": "private, max-age=31536000, immutable"})

    async def put_package(request: Request) -> Response:
        caller = face.caller(request)
        name = decode_digest(request.path_params["hash"]).hex()
        body = await read_body(request, mailbox.limit, face.patience)
        mailbox.put(name, body, sender=caller.uscc, receiver=_query(request, "receiver"))
        return Response(orjson.dumps({"stored": name}), status_code=201, media_type="application/json")

    async def get_package(request: Request) -> Response:
        caller = face.caller(request)
        data = mailbox.get(decode_digest(request.path_params["hash"]).hex(), member=caller.uscc)
        return Response(data, media_type=OCTETS, headers={"cache-control": "no-store"})

    async def drop_package(request: Request) -> Response:
        caller = face.caller(request)
        name = decode_digest(request.path_params["hash"]).hex()
        if caller.uscc not in mailbox.parties(name):
            raise RoleMissing(member=caller.uscc, needed="its sender or receiver")
        mailbox.drop(name)
        return Response(status_code=204)

    return [
        Route("/v1/manifests/{hash}", put_manifest, methods=["PUT"]),
        Route("/v1/manifests/{hash}", get_manifest),
        Route("/v1/mailbox/{hash}", put_package, methods=["PUT"]),
        Route("/v1/mailbox/{hash}", get_package),
        Route("/v1/mailbox/{hash}", drop_package, methods=["DELETE"]),
    ]


def _query(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise QueryMissing(name=name)
    return value


def _number(request: Request, name: str) -> int:
    value = _query(request, name)
    if not (value.isascii() and value.isdecimal() and len(value) < 16):
        raise QueryMissing(name=name)
    return int(value)
