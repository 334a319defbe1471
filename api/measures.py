"""Request counts and times for /metrics, as thin ASGI middleware; paths are counted by route, never by value."""

from __future__ import annotations

import os
import time
from pathlib import Path

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("suyuan_http_requests_total", "Requests by area and status", ("area", "status"))
SECONDS = Histogram(
    "suyuan_http_request_seconds",
    "Time to answer by area",
    ("area",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_AREAS = (
    "statements", "manifests", "mailbox", "trace", "grants", "contracts", "findings", "refusals", "duties", "closures",
    "products", "publications", "usage", "quality", "governance", "subjects", "cases",
)  # fmt: skip


def forget_dead(folder: Path) -> None:
    """Remove the metric files of processes that are gone.

    Each front keeps files of its own, named by its process; without this every start of a front would leave some
    behind. To whoever reads the metrics it is an ordinary restart of the counters.
    """
    for path in folder.glob("*_*.db"):
        number = path.stem.rpartition("_")[2]
        if number.isdecimal() and not _is_running(int(number)):
            path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def area_of(path: str) -> str:
    """Return the bounded label of a path: ids and hashes never become labels."""
    if path.startswith("/v1/"):
        second = path[4:].partition("/")[0]
        return second if second in _AREAS else "standing"
    return "tile" if path.startswith("/tile/") else "other"


class Measured:
    """ASGI middleware that counts and times HTTP requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        area, begun, status = area_of(scope["path"]), time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            REQUESTS.labels(area, str(status)).inc()
            SECONDS.labels(area).observe(time.perf_counter() - begun)
