"""The Unix socket between fronts and writer: only the node's user may open it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MAX_PATH_BYTES: Final = 100
"""Longest path that a socket address holds everywhere; a longer one goes through a descriptor of its folder."""
BACKLOG: Final = 128


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """Give an address for the socket at `path` that is short enough, however deep the data directory lies."""
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)


def listen(path: Path) -> socket.socket:
    """Return a listening socket at `path`, in place of one that a dead writer left; mode 0600."""
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with socket_address(path) as address:
            server.bind(address)
    finally:
        os.umask(before)
    server.listen(BACKLOG)
    server.setblocking(False)
    return server
