"""Places where a test makes the process die at once, as a power cut would (`SUYUAN_FAILPOINT=<name>[:<times>]`).

Unset, a failpoint costs one comparison. The name says after which step of a commit the process ends; `<times>` passes
are let through before.
"""

from __future__ import annotations

import os
import signal
from typing import Final

ENVIRONMENT: Final = "SUYUAN_FAILPOINT"

POINTS: Final = (
    "block.begun",
    "block.entries",
    "block.tiles",
    "block.state",
    "block.lineage",
    "block.segments",
    "block.head",
    "block.signed",
    "block.committed",
    "block.answered",
    "merge.step",
)
"""Every failpoint, in the order in which a block passes them."""


class _Armed:
    """The one failpoint that is set, and how many passes are left."""

    def __init__(self, setting: str) -> None:
        name, _, times = setting.partition(":")
        self.name = name
        self.left = int(times or 0)


_armed = _Armed(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None


def failpoint(name: str) -> None:
    """End the process with SIGKILL when `name` is armed and its passes are used up."""
    if _armed is not None and _armed.name == name:
        _armed.left -= 1
        if _armed.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
