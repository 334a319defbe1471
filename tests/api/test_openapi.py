"""The OpenAPI document in docs/ is the running application's."""

from __future__ import annotations

import json
from pathlib import Path

from api.app import describe_only
from api.openapi import document

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_kept_document_equals_the_applications() -> None:
    assert json.loads(DOCUMENT.read_text()) == json.loads(json.dumps(document(describe_only())))


def test_every_route_of_the_application_is_described() -> None:
    app = describe_only()
    described = {
        (path.replace("{index}", "{index:int}"), method.upper())
        for path, operations in document(app)["paths"].items()
        for method in operations
    }
    served = set()
    for route in app.router.routes:
        path = getattr(route, "path", "")
        for method in (getattr(route, "methods", None) or set()) - {"HEAD"}:
            served.add((path, method))
    served -= {("/openapi.json", "GET")}
    renamed = {
        ("/tile/{rest:path}", "GET"): ("/tile/{level}/{tile}", "GET"),
        ("/tile/entries/{rest:path}", "GET"): ("/tile/entries/{tile}", "GET"),
    }
    assert {renamed.get(entry, entry) for entry in served} == described
