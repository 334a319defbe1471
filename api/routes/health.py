"""Liveness, readiness, freshness and metrics."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.node_face import NodeFace
from ledger.errors import NotFoundError, SuyuanError
from ledger.execution import HEARTBEAT_MS
from node.front_service import Reader

STALE_AFTER_MS = HEARTBEAT_MS + 60_000
"""A node whose last block entry is older than this is not fresh: a quiet ledger still gets one each heartbeat."""


def routes(face: NodeFace, clock: Callable[[], float] = time.time) -> list[Route]:
    """Return the health routes; none of them needs a token and none shows more than the log does."""
    service = face.service

    async def livez(_: Request) -> Response:
        return Response("ok\n", media_type="text/plain", headers={"cache-control": "no-store"})

    async def readyz(_: Request) -> Response:
        try:
            await service.ping()
            size = service.reader.head().size
        except SuyuanError as error:
            return _json(503, {"ready": False, "code": error.stable_code, "detail": error.message()})
        return _json(200, {"ready": True, "size": size})

    async def health(_: Request) -> Response:
        head, published = service.reader.head(), _published_size(service.reader)
        age = max(0, int(clock() * 1000) - head.time) if head.time else None
        fresh = age is not None and age <= STALE_AFTER_MS and published > 0
        body = {"fresh": fresh, "size": head.size, "published": published, "last_block_age_ms": age}
        return _json(200 if fresh else 503, body)

    async def metrics(_: Request) -> Response:
        registry = CollectorRegistry()
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # It has no types.
        registry.register(_Sizes(service.reader))
        return Response(
            generate_latest(registry), media_type=CONTENT_TYPE_LATEST, headers={"cache-control": "no-store"}
        )

    return [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/health", health),
        Route("/metrics", metrics),
    ]


class _Sizes(Collector):
    """The log's sizes as they are now: the same in every front, so they never go through the files of a process."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def collect(self) -> Iterable[Metric]:
        """Return both sizes."""
        yield GaugeMetricFamily("suyuan_tree_size", "Leaves in the log", self._reader.head().size)
        yield GaugeMetricFamily(
            "suyuan_published_size", "Leaves covered by the newest signed checkpoint", _published_size(self._reader)
        )


def _published_size(reader: Reader) -> int:
    """Return the size of the newest checkpoint, 0 before the first."""
    try:
        return reader.published().size
    except NotFoundError:
        return 0


def _json(status: int, body: Mapping[str, object]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json", headers={"cache-control": "no-store"})
