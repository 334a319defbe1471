"""The OpenAPI document: FastAPI's own part, and the plain routes described by hand.

`python -m api.openapi` prints it; `docs/openapi.json` is that output and a check keeps the two equal.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import PROBLEM_TYPE

_PROBLEM = {
    "description": "RFC 9457 problem",
    "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "next"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:suyuan:error:TRA-2"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "stable error code or rule id, see docs/errors.md"},
        "next": {"type": "string", "description": "what to do next"},
        "rule": {"type": "string"},
        "params": {"type": "object"},
    },
}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}
_HASH = {"name": "hash", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}
_BEARER: list[dict[str, list[str]]] = [{"bearer": []}]


def _content(media: str, kind: str = "string") -> dict[str, Any]:
    return {"content": {media: {"schema": {"type": kind}}}}


def _get(
    summary: str, media: str, *, parameters: tuple[dict[str, Any], ...] = (), bearer: bool = False
) -> dict[str, Any]:
    kind = "object" if media == "application/json" else "string"
    described: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": {"description": "found", **_content(media, kind)}, "default": _PROBLEM},
    }
    if parameters:
        described["parameters"] = list(parameters)
    if bearer:
        described["security"] = _BEARER
    return described


def _plain_paths() -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0}
    submit = {
        "summary": "Submit one statement or a CBOR sequence of up to 1,000; waits for a named state",
        "parameters": [
            {
                "name": "wait",
                "in": "query",
                "schema": {"enum": ["sequenced", "integrated", "published", "witnessed"], "default": "integrated"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/cose": {"schema": {"type": "string"}},
                "application/cbor-seq": {"schema": {"type": "string"}},
            },
        },
        "responses": {
            "200": {
                "description": "a duplicate's first place, or the results of a sequence",
                **_content("application/json", "object"),
            },
            "201": {"description": "admitted", **_content("application/json", "object")},
            "403": {
                **_PROBLEM,
                "description": "refused under the rule named in `rule`; recorded at `index`, "
                "which is the first place when the same statement was sent before",
            },
            "429": {
                **_PROBLEM,
                "description": "the queue is full, or the member is above the policy's rate; see Retry-After",
            },
            "default": _PROBLEM,
        },
    }
    put_manifest = {
        "summary": "Upload a batch manifest; answers the node's held signature",
        "security": _BEARER,
        "parameters": [
            _HASH,
            {
                "name": "root",
                "in": "query",
                "required": True,
                "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            },
            {"name": "count", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}},
        ],
        "requestBody": {"required": True, **_content("application/octet-stream")},
        "responses": {"201": {"description": "held", **_content("application/json", "object")}, "default": _PROBLEM},
    }
    put_package = {
        "summary": "Leave a package's ciphertext for its receiver",
        "security": _BEARER,
        "parameters": [_HASH, {"name": "receiver", "in": "query", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"required": True, **_content("application/octet-stream")},
        "responses": {"201": {"description": "stored", **_content("application/json", "object")}, "default": _PROBLEM},
    }
    drop = {
        "summary": "Drop a package",
        "security": _BEARER,
        "parameters": [_HASH],
        "responses": {"204": {"description": "gone"}, "default": _PROBLEM},
    }
    octets, plain, cose, js = "application/octet-stream", "text/plain", "application/cose", "application/json"
    level = {"name": "level", "in": "path", "required": True, "schema": {**number, "maximum": 63}}
    tile = {
        "name": "tile",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": "C2SP tile number, with .p/<width> when partial",
    }
    index = {"name": "index", "in": "path", "required": True, "schema": number}
    return {
        "/v1/statements": {"post": submit},
        "/v1/statements/{id}": {"get": _get("A statement's bytes as signed", cose, parameters=(_ID,), bearer=True)},
        "/v1/statements/{id}/info": {"get": _get("Where a statement stands", js, parameters=(_ID,), bearer=True)},
        "/v1/statements/{id}/receipt": {
            "get": _get("RFC 9942 receipt of the statement's leaf", cose, parameters=(_ID,))
        },
        "/v1/statements/{id}/proof": {"get": _get("C2SP tlog-proof of the statement's leaf", plain, parameters=(_ID,))},
        "/v1/leaves/{index}/proof": {"get": _get("C2SP tlog-proof of any leaf", plain, parameters=(index,))},
        "/checkpoint": {"get": _get("The newest signed checkpoint (C2SP tlog-checkpoint)", plain)},
        "/tile/{level}/{tile}": {"get": _get("A hash tile (C2SP tlog-tiles)", octets, parameters=(level, tile))},
        "/tile/entries/{tile}": {"get": _get("An entry bundle (auditors)", octets, parameters=(tile,), bearer=True)},
        "/v1/log": {"get": _get("The log's identity and head", js)},
        "/v1/genesis": {"get": _get("The genesis document, RFC 8785 form", js)},
        "/v1/policy": {"get": _get("The C2SP tlog-policy file", plain)},
        "/v1/manifests/{hash}": {
            "put": put_manifest,
            "get": _get("A manifest", octets, parameters=(_HASH,), bearer=True),
        },
        "/v1/mailbox/{hash}": {
            "put": put_package,
            "get": _get("A package's ciphertext", octets, parameters=(_HASH,), bearer=True),
            "delete": drop,
        },
        "/livez": {"get": _get("The process lives", plain)},
        "/readyz": {"get": _get("The writer answers", js)},
        "/health": {"get": _get("The checkpoint is fresh", js)},
        "/metrics": {"get": _get("Prometheus metrics", plain)},
    }


def document(app: FastAPI) -> dict[str, Any]:
    """Return the whole OpenAPI 3.1 document of `app`."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    paths: dict[str, Any] = found.setdefault("paths", {})
    for path, operations in paths.items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _PROBLEM
            if path not in ("/v1/members", "/v1/members/{uscc}", "/v1/catalogue"):
                operation["security"] = _BEARER
    paths.update(_plain_paths())
    components = found.setdefault("components", {})
    components["schemas"] = {"Problem": _PROBLEM_SCHEMA}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "CWT (COSE_Sign1, base64url), at most 300 s"}
    }
    return found


def main() -> None:
    """Print the document in the form that is kept in docs/openapi.json."""
    from api.app import describe_only

    json.dump(document(describe_only()), sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
