"""What a node says of itself without its processes: heads from the database, and whether the writer answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
from sqlalchemy import select

from ledger.errors import UnreachableError
from node.errors import NotInitialised
from node.files import DataDirectory
from node.link import WriterLink
from node.store.heads import read_head, read_published
from node.store.schema import SEGMENT
from node.store.sqlite import open_reader, wal_bytes


class Status(msgspec.Struct, frozen=True):
    """One node at one moment; sizes in leaves or bytes, `time` in ms since 1970."""

    origin: str
    audience: str
    running: bool
    url: str | None
    size: int
    height: int
    root: str
    app_hash: str
    time: int
    published_size: int
    published_state: str
    segments: int
    database_bytes: int
    wal_bytes: int


def read_status(data: DataDirectory) -> Status:
    """Return the status of the node in `data`. Raises `NotInitialised`."""
    if not data.database.exists():
        raise NotInitialised(path=str(data.path))
    engine = open_reader(data.database)
    try:
        with engine.connect() as connection, connection.begin():
            head, published = read_head(connection), read_published(connection)
            segments = len(connection.execute(select(SEGMENT.c.number)).all())
    finally:
        engine.dispose()
    return Status(
        origin=head.origin,
        audience=head.audience,
        running=data.socket.exists() and asyncio.run(_answers(data.socket)),
        url=_url(data.run / "url"),
        size=head.size,
        height=head.height,
        root=head.root().hex(),
        app_hash=head.app_hash.hex(),
        time=head.time,
        published_size=0 if published is None else published.size,
        published_state="" if published is None else published.state,
        segments=segments,
        database_bytes=data.database.stat().st_size,
        wal_bytes=wal_bytes(data.database),
    )


async def _answers(path: Path) -> bool:
    link = WriterLink(path, 2)
    link.start()
    try:
        await link.ping()
    except UnreachableError:
        return False
    finally:
        await link.stop()
    return True


def _url(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
