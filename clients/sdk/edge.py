"""The edge of the client: the only place where clock, randomness and waiting come from.

Everything in `clients/sdk`, `clients/vault` and `clients/gateway` takes a `Surroundings`; tests pass their own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the world gives: `now_ms()` since 1970-01-01 UTC, `random_bytes(n)` fit for keys, `sleep(seconds)`."""

    now_ms: Callable[[], int] = _now_ms
    random_bytes: Callable[[int], bytes] = os.urandom
    sleep: Callable[[float], None] = time.sleep

    def now_s(self) -> int:
        """Return whole seconds since 1970-01-01 UTC."""
        return self.now_ms() // 1000


SYSTEM = Surroundings()
"""The real clock and the operating system's randomness."""
