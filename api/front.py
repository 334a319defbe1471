"""One front process of a node: `python -m api.front --data DIR --fd N`.

The supervisor (`suyuan node start`) binds the listening socket and hands it down, so that several fronts share it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import click
import uvicorn
from fastapi import FastAPI

from node.front_service import NodeService

KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--fd", type=int, required=True, help="Listening socket inherited from the supervisor.")
def main(data: Path, fd: int) -> None:
    """Serve HTTP for the node in DATA on an inherited socket."""
    metrics = data / "run" / "metrics"
    metrics.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(metrics))
    # The metrics library reads its environment when it is imported.
    from api.app import create_app
    from api.measures import forget_dead

    forget_dead(metrics)

    service = NodeService.open(data)
    app = create_app(service)
    app.router.lifespan_context = _lifespan(service)
    tls = service.settings
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        backlog=BACKLOG,
        ssl_certfile=tls.tls_certificate,
        ssl_keyfile=tls.tls_key,
        server_header=False,
    )
    # The server would take a bare descriptor for a Unix socket; asyncio then leaves Nagle's algorithm on, and every
    # answer waits 40 ms for the delayed acknowledgement of its first packet.
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=fd)])


def _lifespan(service: NodeService) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    return lifespan


if __name__ == "__main__":
    main()
