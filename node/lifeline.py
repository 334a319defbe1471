"""Children that end with their supervisor, even when it is killed: they watch the read end of a pipe it holds open."""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

ENVIRONMENT: Final = "SUYUAN_LIFELINE"


def follow() -> None:
    """Send SIGTERM to this process when the supervisor is gone; does nothing where there is none."""
    descriptor = os.environ.get(ENVIRONMENT)
    if descriptor:
        threading.Thread(target=_watch, args=(int(descriptor),), name="lifeline", daemon=True).start()


def _watch(descriptor: int) -> None:
    # Nothing is ever written: a read returns only when the last writer of the pipe has gone.
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
