"""`suyuan node … --json`: what the node's own program says, in the envelope that every command has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from clients.cli.exits import Exit
from clients.cli.main import cli


@pytest.mark.parametrize("before", [True, False])
def test_a_failure_of_the_nodes_program_comes_in_the_envelope(tmp_path: Path, *, before: bool) -> None:
    words = ["node", "status", "--data", str(tmp_path / "none")]
    result = CliRunner().invoke(cli, ["--json", *words] if before else [*words, "--json"])
    envelope = json.loads(result.stdout)
    assert result.exit_code == Exit.CONFIGURATION
    assert envelope["ok"] is False
    assert envelope["command"] == "suyuan node status"
    assert envelope["error"]["code"] == "node.not_initialised"
    assert envelope["error"]["exit"] == Exit.CONFIGURATION


def test_settings_of_the_node_come_in_the_envelope_with_their_origins(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--json", "node", "config", "show", "--data", str(tmp_path)])
    envelope = json.loads(result.stdout)
    assert result.exit_code == Exit.OK
    assert envelope["data"]["host"] == {"value": "127.0.0.1", "origin": "default"}
