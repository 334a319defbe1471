"""A whole node as a subprocess on a free port of the loopback address."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 60


@dataclass
class NodeProcess:
    """A running node: its supervisor, data directory and address ("" without fronts)."""

    process: subprocess.Popen[bytes]
    data: Path
    url: str

    def pid_of(self, child: str) -> int | None:
        """Return the process id of `writer` or `front-<n>`, None while it is not running."""
        try:
            return int((self.data / "run" / f"{child}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def stop(self) -> int:
        """End the node with SIGTERM and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def start_node(data: Path, *, fronts: int = 1, environment: dict[str, str] | None = None) -> NodeProcess:
    """Start the node in `data` and return when it is ready; raises RuntimeError with its log otherwise."""
    log = data / "logs" / "node.log"
    log.parent.mkdir(exist_ok=True, parents=True)
    command = [sys.executable, "-m", "node", "start", "--data", str(data), "--port", "0", "--fronts", str(fronts)]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **(environment or {})},
            start_new_session=True,
        )  # fmt: skip
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
    line = process.stdout.readline() if ready else b""
    if not line:
        process.kill()
        process.wait()
        raise RuntimeError(f"the node did not become ready:\n{log.read_text()[-4000:]}")
    return NodeProcess(process, data, json.loads(line)["url"] or "")


@contextmanager
def running_node(data: Path, *, fronts: int = 1, environment: dict[str, str] | None = None) -> Iterator[NodeProcess]:
    """Run the node in `data` for the length of a block of code."""
    node = start_node(data, fronts=fronts, environment=environment)
    try:
        yield node
    finally:
        if node.process.poll() is None:
            node.stop()
        if node.process.stdout is not None:
            node.process.stdout.close()
