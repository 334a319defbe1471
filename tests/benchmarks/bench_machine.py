"""The machine's own limits, without any code of ours: what no node on it can exceed."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from pathlib import Path

from nacl.signing import SigningKey

from tests.benchmarks.figures import rate

MESSAGE_SIZE = 600
"""Bytes of a typical statement."""
SIGNATURES = 2_000
HASHES = 200_000
SYNCS = 200
ROWS = 50_000


def signatures() -> None:
    """Ed25519 on one core, over a message of a statement's size."""
    key = SigningKey(bytes(range(32)))
    message = bytes(MESSAGE_SIZE)
    signature = key.sign(message).signature
    verifying = key.verify_key

    def verify() -> None:
        for _ in range(SIGNATURES):
            verifying.verify(message, signature)

    def sign() -> None:
        for _ in range(SIGNATURES):
            key.sign(message)

    rate("machine.ed25519.verify", SIGNATURES, verify, {"bytes": MESSAGE_SIZE})
    rate("machine.ed25519.sign", SIGNATURES, sign, {"bytes": MESSAGE_SIZE})


def hashes() -> None:
    """SHA-256 over 64 bytes, the size of two child hashes."""
    block = bytes(64)

    def digest() -> None:
        for _ in range(HASHES):
            hashlib.sha256(block).digest()

    rate("machine.sha256", HASHES, digest, {"bytes": 64})


def syncs(folder: Path) -> None:
    """Durable writes of one page: no block can be acknowledged faster than this."""
    page = bytes(4096)
    with (folder / "sync").open("wb", buffering=0) as file:

        def sync() -> None:
            for _ in range(SYNCS):
                file.write(page)
                os.fsync(file.fileno())

        rate("machine.fsync", SYNCS, sync, {"bytes": 4096})


def rows(folder: Path) -> None:
    """Rows in ascending key order, one durable transaction each run, as a node's store writes them."""
    connection = sqlite3.connect(folder / "rows.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, hash BLOB NOT NULL, size INTEGER NOT NULL)")
    state = {"next": 0}

    def insert() -> None:
        first = state["next"]
        state["next"] = first + ROWS
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO row VALUES (?, ?, ?)", ((first + i, bytes(32), i) for i in range(ROWS)))
        connection.execute("COMMIT")

    rate("machine.sqlite.rows", ROWS, insert, {"sqlite": sqlite3.sqlite_version, "synchronous": "FULL"})
    connection.close()


def main() -> None:
    """Measure all of them; on the project's own disk, because a system's temporary folder may be memory."""
    signatures()
    hashes()
    scratch = Path(__file__).resolve().parents[2] / ".cache"
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="bench-") as name:
        syncs(Path(name))
        rows(Path(name))


if __name__ == "__main__":
    main()
