"""The vault's tables and its opening: SQLAlchemy Core, SQLite by default, any URL.

The version of the schema stands in the vault itself. A newer vault is never opened by an older program; an older one is
brought forward by the steps of `_STEPS`, each in a transaction of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from clients.vault.errors import VaultNewer, VaultUnusable

SCHEMA_VERSION = 1
SINGLE = -1
"""Row number of a record that is a statement of its own."""
FILE_MODE = 0o600
_SCHEMA_KEY = "schema"

metadata = MetaData()

meta = Table("meta", metadata, Column("name", String(32), primary_key=True), Column("value", String(200)))

statements = Table(
    "statements",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("raw", LargeBinary, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("name", String(160), primary_key=True),
    Column("id", String(64), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("log_index", Integer),
)

records = Table(
    "records",
    metadata,
    Column("statement_id", String(64), nullable=False),
    Column("row", Integer, nullable=False),
    Column("item", String(64), nullable=False),
    Column("catalogue", Integer, nullable=False),
    Column("subject_class", String(16), nullable=False),
    Column("subject_value", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("fields", Text, nullable=False),
    Column("record_key", LargeBinary, nullable=False),
    PrimaryKeyConstraint("statement_id", "row"),
)

manifests = Table(
    "manifests",
    metadata,
    Column("statement_id", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

disclosures = Table(
    "disclosures",
    metadata,
    Column("offer", String(64), nullable=False),
    Column("statement_id", String(64), nullable=False),
    Column("row", Integer, nullable=False),
    Column("disclosed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("offer", "statement_id", "row"),
    Index("disclosures_by_record", "statement_id", "row"),
)

sources = Table(
    "sources",
    metadata,
    Column("offer", String(64), nullable=False),
    Column("statement_id", String(64), nullable=False),
    Column("proof", LargeBinary, nullable=False),
    PrimaryKeyConstraint("offer", "statement_id"),
)

packages = Table(
    "packages",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("references", Text, nullable=False),
    Column("ciphertext", LargeBinary),
    Column("content_key", LargeBinary),
)

one_time_keys = Table(
    "one_time_keys",
    metadata,
    Column("offer", String(64), primary_key=True),
    Column("references", Text, nullable=False),
    Column("public", LargeBinary, nullable=False),
    Column("secret", LargeBinary),
)

seeds = Table(
    "seeds",
    metadata,
    Column("grant_id", String(64), nullable=False),
    Column("side", String(16), nullable=False),
    Column("seed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("grant_id", "side"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("side", String(16), nullable=False),
    Column("offer", String(64)),
    Column("step", String(16), nullable=False),
    Column("detail", Text, nullable=False),
)

_STEPS: dict[int, Callable[[Connection], None]] = {}
"""From each older schema version the step to the next one; the first version has none before it."""


def open_engine(url: str) -> Engine:
    """Open the vault at a database URL or at a file path, creating or bringing forward its tables.

    A new SQLite file is readable by its owner only. Raises `VaultNewer` or `VaultUnusable`.
    """
    address = make_url(url) if "://" in url else make_url(f"sqlite:///{Path(url).expanduser()}")
    try:
        if address.get_backend_name() == "sqlite" and address.database and address.database != ":memory:":
            _make_private(Path(address.database))
        engine = create_engine(address)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_pragmas)
        with engine.begin() as connection:
            _bring_forward(connection)
    except (SQLAlchemyError, OSError) as error:
        raise VaultUnusable(detail=str(error).partition("\n")[0]) from error
    return engine


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))


def _set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # What is deleted is overwritten with zeros, and what is written is on the disk before it counts.
    for pragma in ("secure_delete=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _bring_forward(connection: Connection) -> None:
    metadata.create_all(connection)
    found = connection.execute(select(meta.c.value).where(meta.c.name == _SCHEMA_KEY)).scalar()
    if found is None:
        connection.execute(insert(meta).values(name=_SCHEMA_KEY, value=str(SCHEMA_VERSION)))
        return
    version = int(found)
    if version > SCHEMA_VERSION:
        raise VaultNewer(found=version, known=SCHEMA_VERSION)
    while version < SCHEMA_VERSION:
        _STEPS[version](connection)
        version += 1
    connection.execute(update(meta).where(meta.c.name == _SCHEMA_KEY).values(value=str(version)))
