"""A node runs in a folder that has folders of the same names as the project's packages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import msgspec

from tests.world_genesis import founding_genesis, uscc_of

SUYUAN = (sys.executable, "-P", "-m", "clients.cli.main", "node")


def test_the_data_directory_may_be_called_node(tmp_path: Path) -> None:
    document = msgspec.to_builtins(founding_genesis())
    (tmp_path / "draft.json").write_bytes(msgspec.json.encode({**document, "nodes": []}))
    (tmp_path / "api").mkdir()
    environment = {**os.environ, "SUYUAN_PASSPHRASE": "correct horse"}
    identity = ("--draft", "draft.json", "--name", "n1", "--member", uscc_of("hub"))
    begun = subprocess.run(
        [*SUYUAN, "init", "--data", "node", *identity],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    process = subprocess.Popen(
        [*SUYUAN, "start", "--data", "node", "--port", "0"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert httpx2.get(f"{url}/readyz").json()["ready"] is True
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert "child.died" not in errors
