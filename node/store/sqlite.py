"""Everything that is particular to SQLite: engines, pragmas, WAL checkpoints (docs/architecture.md).

The writer is the only process that writes; fronts read on connections of their own. A writer's transaction begins
with BEGIN IMMEDIATE, so that a second writer fails at once instead of in the middle of a block.
"""

from __future__ import annotations

from pathlib import Path
from sqlite3 import Connection as RawConnection
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

BUSY_TIMEOUT_MS: Final = 5_000
"""How long a statement waits for another connection's lock."""
WRITER_CACHE_KIB: Final = 65_536
READER_CACHE_KIB: Final = 16_384
READER_CONNECTIONS: Final = 8
"""Connections that one front keeps open."""
IDLE_CHECKPOINT_BYTES: Final = 4 * 2**20
"""A WAL of this size is copied back when the node is idle."""
FORCED_CHECKPOINT_BYTES: Final = 256 * 2**20
"""A WAL of this size is copied back between two blocks even under load."""


def open_writer(path: Path) -> Engine:
    """Return the one engine that writes: WAL, every commit on the disk before it returns, no checkpoint inside it."""
    return _engine(path, writer=True)


def open_reader(path: Path) -> Engine:
    """Return an engine that only reads; every connection sees one consistent state per transaction."""
    return _engine(path, writer=False)


def _engine(path: Path, *, writer: bool) -> Engine:
    url = f"sqlite+pysqlite:///{path}"
    arguments = {"check_same_thread": False}
    if writer:
        engine = create_engine(url, poolclass=StaticPool, connect_args=arguments)
    else:
        engine = create_engine(
            url, poolclass=QueuePool, pool_size=READER_CONNECTIONS, max_overflow=-1, connect_args=arguments
        )
    pragmas = _WRITER_PRAGMAS if writer else _READER_PRAGMAS

    def on_connect(raw: RawConnection, _record: object) -> None:
        # The driver's own transaction handling would begin too late and commit too early.
        raw.isolation_level = None
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}").close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


_WRITER_PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=0",
    f"journal_size_limit={IDLE_CHECKPOINT_BYTES}",
    f"cache_size=-{WRITER_CACHE_KIB}",
    "temp_store=MEMORY",
)
_READER_PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "query_only=ON",
    f"cache_size=-{READER_CACHE_KIB}",
    "temp_store=MEMORY",
)


def wal_bytes(path: Path) -> int:
    """Return the size of the write-ahead log of the database at `path`, 0 where there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def checkpoint_wal(engine: Engine) -> None:
    """Copy the write-ahead log back into the database as far as readers allow, without waiting for any of them.

    When all of it was copied, the next transaction begins the log anew and cuts the file to IDLE_CHECKPOINT_BYTES.
    Needs no open transaction.
    """
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").close()
    finally:
        raw.close()
