"""The FastAPI application over one node's service."""

from __future__ import annotations

from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from api.measures import Measured
from api.node_face import NodeFace
from api.openapi import document
from api.problems import problem_response
from api.routes import (
    cases,
    closures,
    governance,
    health,
    log,
    oversight,
    publications,
    questions,
    standing,
    statements,
    stores,
    subjects,
    submission,
    usage,
)
from ledger.errors import FormError, NotFoundError, SuyuanError, Text
from node.front_service import NodeService

TITLE = "Suyuan 溯源"
VERSION = "1"
DESCRIPTION = (
    "A permissioned, append-only, Merkle-chained ledger for the lineage of credit data. "
    "信用数据流转的许可制、只增、可验证账本。"
)

logger = structlog.get_logger(__name__)


class QueryInvalid(FormError):
    """A path or query parameter is malformed."""

    code = "query.invalid"
    what = Text("The parameter {name} is malformed: {detail}.", "参数 {name} 格式有误：{detail}。")
    next_step = Text("See the OpenAPI document.", "请参阅 OpenAPI 文档。")


class MethodNotAllowed(FormError):
    """The route exists, the method does not."""

    code = "http.method"
    what = Text("The route takes {allowed}, not {method}.", "该接口支持 {allowed}，不支持 {method} 方法。")
    next_step = Text("See the OpenAPI document.", "请参阅 OpenAPI 文档。")


def create_app(service: NodeService) -> FastAPI:
    """Return the application that serves `service`."""
    return _assemble(NodeFace.of(service))


def describe_only() -> FastAPI:
    """Return an application without a node behind it, only to describe its routes."""
    return _assemble(cast("NodeFace", _Undescribed()))


class _Undescribed:
    """Stands where a node would; describing routes never calls it."""

    def __getattr__(self, _: str) -> _Undescribed:
        return self


def _assemble(face: NodeFace) -> FastAPI:
    app = FastAPI(
        title=TITLE, version=VERSION, description=DESCRIPTION, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    for module in (submission, log, statements, stores, health):
        app.router.routes.extend(module.routes(face))
    for part in (questions, oversight, closures, publications, usage, governance, subjects, cases, standing):
        app.include_router(part.router(face))
    app.add_middleware(Measured)
    app.add_exception_handler(SuyuanError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_defect)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to replace the document.
    return app


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SuyuanError)
    return problem_response(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][1:])
    return problem_response(request, QueryInvalid(name=name, detail=str(first["msg"])))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return problem_response(request, NotFoundError(what_kind="route", name=request.url.path[:200]))
    named = {name for name in (error.headers or {}).get("Allow", "").split(", ") if name}
    allowed = ", ".join(sorted(named | _methods_of(request)))
    return problem_response(request, MethodNotAllowed(method=request.method, allowed=allowed))


def _methods_of(request: Request) -> set[str]:
    """Return the methods of all routes of the path: the framework itself names those of the first one only."""
    app: FastAPI = request.app
    found: set[str] = set()
    for route in app.router.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return found


async def _on_defect(request: Request, error: Exception) -> Response:
    logger.error("defect", path=request.url.path, error=type(error).__name__, exc_info=error)
    return problem_response(request, SuyuanError())
