"""The log as C2SP serves it: checkpoint, tiles, entry bundles; and proofs and receipts by statement id."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access import require_role
from api.node_face import NodeFace
from ledger.errors import NotFoundError
from ledger.tiles import parse_entries_path, parse_tile_path

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "public, max-age=2"
OCTETS = "application/octet-stream"
PLAIN = "text/plain; charset=utf-8"
ENTRY_READERS = ("auditor",)


def routes(face: NodeFace) -> list[Route]:
    """Return the routes of the log; see docs/privacy.md for what is public."""
    reader = face.service.reader

    async def checkpoint(_: Request) -> Response:
        note = reader.checkpoint()
        return Response(note, media_type=PLAIN, headers={"cache-control": FRESH})

    async def tile(request: Request) -> Response:
        wanted = parse_tile_path(request.url.path.lstrip("/"))
        data = reader.tile(wanted.level, wanted.index, wanted.width)
        if data is None:
            raise NotFoundError(what_kind="tile", name=request.url.path)
        return Response(data, media_type=OCTETS, headers={"cache-control": IMMUTABLE})

    async def entries(request: Request) -> Response:
        require_role(face.caller(request), *ENTRY_READERS)
        index, width = parse_entries_path(request.url.path.lstrip("/"))
        data = reader.bundle(index, width)
        if data is None:
            raise NotFoundError(what_kind="entry bundle", name=request.url.path)
        return Response(data, media_type=OCTETS, headers={"cache-control": "private, max-age=31536000, immutable"})

    async def log(_: Request) -> Response:
        head, identity = reader.head(), face.service.log
        body = {
            "origin": identity.origin,
            "genesis": identity.genesis_hash,
            "audience": identity.audience,
            "node": identity.node,
            "size": head.size,
            "root": head.root().hex(),
            "height": head.height,
            "time": head.time,
            "app_hash": head.app_hash.hex(),
        }
        return Response(orjson.dumps(body), media_type="application/json", headers={"cache-control": "no-cache"})

    async def genesis(_: Request) -> Response:
        return Response(reader.genesis_json(), media_type="application/json", headers={"cache-control": IMMUTABLE})

    async def policy(_: Request) -> Response:
        return Response(reader.policy_text(), media_type=PLAIN, headers={"cache-control": FRESH})

    async def receipt(request: Request) -> Response:
        data = reader.receipt(request.path_params["id"])
        return Response(data, media_type="application/cose", headers={"cache-control": FRESH})

    async def proof(request: Request) -> Response:
        text = reader.proof(request.path_params["id"])
        return Response(text, media_type=PLAIN, headers={"cache-control": FRESH})

    async def proof_at(request: Request) -> Response:
        text = reader.proof_of_index(int(request.path_params["index"]))
        return Response(text, media_type=PLAIN, headers={"cache-control": FRESH})

    return [
        Route("/checkpoint", checkpoint),
        Route("/tile/entries/{rest:path}", entries),
        Route("/tile/{rest:path}", tile),
        Route("/v1/log", log),
        Route("/v1/genesis", genesis),
        Route("/v1/policy", policy),
        Route("/v1/statements/{id}/receipt", receipt),
        Route("/v1/statements/{id}/proof", proof),
        Route("/v1/leaves/{index:int}/proof", proof_at),
    ]
