"""Where a node's files lie, and writing a file so that a crash leaves the old one or the new one."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600
"""Mode of files that only the node's user may read."""
PRIVATE_DIRECTORY: Final = 0o700


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The data directory of one node and the places in it."""

    path: Path

    @property
    def settings(self) -> Path:
        """The settings file, TOML."""
        return self.path / "suyuan.toml"

    @property
    def genesis(self) -> Path:
        """The genesis document, RFC 8785 JSON."""
        return self.path / "genesis.json"

    @property
    def policy(self) -> Path:
        """The policy that outsiders trust, C2SP tlog-policy."""
        return self.path / "policy.txt"

    @property
    def keys(self) -> Path:
        """Folder of the node's private keys."""
        return self.path / "keys"

    @property
    def database(self) -> Path:
        """The ledger's database."""
        return self.path / "ledger.db"

    @property
    def manifests(self) -> Path:
        """Folder of batch manifests by their SHA-256."""
        return self.path / "manifests"

    @property
    def mailbox(self) -> Path:
        """Folder of packages by their SHA-256."""
        return self.path / "mailbox"

    @property
    def run(self) -> Path:
        """Folder of what exists only while the node runs."""
        return self.path / "run"

    @property
    def socket(self) -> Path:
        """The writer's Unix socket."""
        return self.run / "writer.sock"

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.path / "logs"

    def create(self) -> None:
        """Make the directory and its folders; what is there stays."""
        for folder in (self.path, self.keys, self.manifests, self.mailbox, self.run, self.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIRECTORY)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold the lock file at `path`; gives False where another process holds it. The system frees it when we end."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write `data` to `path` so that after a crash the file is the old one or the whole new one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make names that were added to or removed from a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
