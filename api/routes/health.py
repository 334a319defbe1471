"""Liveness, readiness, freshness and metrics."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest, multiprocess
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.node_face import NodeFace
from ledger.errors import SuyuanError
from ledger.execution import HEARTBEAT_MS

STALE_AFTER_MS = HEARTBEAT_MS + 60_000
"""A node whose last block entry is older than this is not fresh: a quiet ledger still gets one each heartbeat."""


def routes(face: NodeFace, clock: Callable[[], float] = time.time) -> list[Route]:
    """Return the health routes; none of them needs a token and none shows more than the log does."""
    service = face.service

    async def livez(_: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    async def readyz(_: Request) -> Response:
        try:
            await service.ping()
            size = service.reader.head().size
        except SuyuanError as error:
            return _json(503, {"ready": False, "code": error.stable_code, "detail": error.message()})
        return _json(200, {"ready": True, "size": size})

    async def health(_: Request) -> Response:
        head, published = service.reader.head(), service.reader.published()
        age = max(0, int(clock() * 1000) - head.time) if head.time else None
        fresh = age is not None and age <= STALE_AFTER_MS and published.size > 0
        body = {"fresh": fresh, "size": head.size, "published": published.size, "last_block_age_ms": age}
        return _json(200 if fresh else 503, body)

    async def metrics(_: Request) -> Response:
        registry = CollectorRegistry()
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # It has no types.
        size = Gauge("suyuan_tree_size", "Leaves in the log", registry=registry)
        size.set(service.reader.head().size)
        published = Gauge("suyuan_published_size", "Leaves covered by the newest signed checkpoint", registry=registry)
        published.set(service.reader.published().size)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/health", health),
        Route("/metrics", metrics),
    ]


def _json(status: int, body: Mapping[str, object]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json", headers={"cache-control": "no-store"})
