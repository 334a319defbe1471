"""The OpenAPI document in docs/ is the running application's."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import Route

from api.app import describe_only
from api.openapi import document

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_kept_document_equals_the_applications() -> None:
    assert json.loads(DOCUMENT.read_text()) == json.loads(json.dumps(document(describe_only())))


def test_every_plain_route_is_described_and_nothing_else() -> None:
    app = describe_only()
    described = {(path, method.upper()) for path, operations in document(app)["paths"].items() for method in operations}
    by_fastapi = {
        (path, method.upper()) for path, operations in FastAPI.openapi(app)["paths"].items() for method in operations
    }
    plain = {
        (route.path, method)
        for route in app.router.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    renamed = {
        ("/tile/{rest:path}", "GET"): ("/tile/{level}/{tile}", "GET"),
        ("/tile/entries/{rest:path}", "GET"): ("/tile/entries/{tile}", "GET"),
        ("/v1/leaves/{index:int}/proof", "GET"): ("/v1/leaves/{index}/proof", "GET"),
    }
    served = {renamed.get(entry, entry) for entry in plain} - {("/openapi.json", "GET")}
    assert len(by_fastapi) >= 12
    assert served | by_fastapi == described
