"""The node as an operator meets it: keys, init, start, status, settings, and a clean stop."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import msgspec

from ledger.errors import OverloadError
from ledger.keyfile import load_key
from ledger.kinds.genesis import Genesis
from ledger.notes.policy import Policy
from ledger.statement import decode_statement
from node.files import DataDirectory
from node.front_service import NodeService
from node.genesis_file import genesis_json, read_genesis
from tests.node.founding import found_node
from tests.node.members import make_record
from tests.node.node_process import running_node
from tests.world_genesis import ORIGIN, founding_genesis, uscc_of

PASSPHRASE = "correct horse"


def _run(*arguments: str, passphrase: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")}
    if passphrase is not None:
        environment["SUYUAN_PASSPHRASE"] = passphrase
    command = [sys.executable, "-m", "node", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def _draft(path: Path) -> Path:
    document = msgspec.to_builtins(founding_genesis())
    document["nodes"] = []
    path.write_bytes(msgspec.json.encode(document))
    return path


def test_keys_then_genesis_then_init(tmp_path: Path) -> None:
    data = tmp_path / "n"
    made = _run(
        "keys", "--data", str(data), "--origin", ORIGIN, "--name", "n1", "--member", uscc_of("hub"),
        passphrase=PASSPHRASE,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    for name in ("log", "cosigner", "service"):
        path = data / "keys" / f"{name}.pem"
        assert path.stat().st_mode & 0o777 == 0o600
        assert load_key(path.read_bytes(), PASSPHRASE).kind == "Ed25519"
    document = msgspec.structs.replace(founding_genesis(), nodes=[])
    genesis = msgspec.convert({**msgspec.to_builtins(document), "nodes": [json.loads(made.stdout)]}, Genesis)
    file = tmp_path / "genesis.json"
    file.write_bytes(genesis_json(genesis))
    done = _run("init", "--data", str(data), "--genesis", str(file), passphrase=PASSPHRASE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["origin"] == ORIGIN
    assert read_genesis(DataDirectory(data)) == genesis
    policy = Policy.parse((data / "policy.txt").read_text())
    assert policy.logs[0].vkey.name == ORIGIN
    again = _run("init", "--data", str(data), "--genesis", str(file), passphrase=PASSPHRASE)
    assert again.returncode == 3
    assert "node.already_initialised" in again.stderr
    wrong = _run("start", "--data", str(data), "--fronts", "0", "--port", "0", passphrase=PASSPHRASE + "x")
    assert wrong.returncode == 3
    assert "keyfile.passphrase: The passphrase from SUYUAN_PASSPHRASE does not open" in wrong.stderr


def test_a_genesis_of_other_nodes_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "n"
    made = _run(
        "keys", "--data", str(data), "--origin", ORIGIN, "--name", "n1", "--member", uscc_of("hub"), "--unencrypted"
    )
    assert made.returncode == 0
    file = tmp_path / "genesis.json"
    file.write_bytes(genesis_json(founding_genesis()))
    done = _run("init", "--data", str(data), "--genesis", str(file), "--unencrypted")
    assert done.returncode == 3
    assert "node.not_in_genesis" in done.stderr
    assert not (data / "ledger.db").exists()


def test_a_draft_begins_a_ledger_of_one_node(tmp_path: Path) -> None:
    data = tmp_path / "n"
    draft = _draft(tmp_path / "draft.json")
    bare = _run("init", "--data", str(data), "--draft", str(draft))
    assert bare.returncode == 3
    done = _run(
        "init", "--data", str(data), "--draft", str(draft), "--name", "n1", "--member", uscc_of("hub"), "--unencrypted"
    )
    assert done.returncode == 0, done.stderr
    assert [node.name for node in read_genesis(DataDirectory(data)).nodes] == ["n1"]
    with running_node(data, fronts=0):
        status = _run("status", "--data", str(data), "--json")
        found = json.loads(status.stdout)
        assert (found["running"], found["size"], found["published_size"]) == (True, 2, 2)
        assert found["published_state"] == "witnessed"
        second = _run("start", "--data", str(data), "--fronts", "0")
        assert second.returncode == 3
        assert "node.already_running" in second.stderr
    status = _run("status", "--data", str(data))
    assert "running          False" in status.stdout


def test_settings_are_shown_with_their_origin(tmp_path: Path) -> None:
    (tmp_path / "suyuan.toml").write_text("fronts = 3\n")
    shown = _run("config", "show", "--data", str(tmp_path), "--json")
    found = json.loads(shown.stdout)
    assert found["fronts"] == {"value": 3, "origin": "file"}
    assert found["port"]["origin"] == "default"
    assert "fronts" in _run("config", "show", "--data", str(tmp_path)).stdout
    missing = _run("status", "--data", str(tmp_path))
    assert missing.returncode == 3
    assert "node.not_initialised" in missing.stderr


def test_a_front_process_submits_and_reads(tmp_path: Path) -> None:
    data, _ = found_node(tmp_path / "n")

    async def talk() -> None:
        service = NodeService.open(data.path)
        await service.start()
        try:
            await service.ping()
            statement = decode_statement(make_record(service.log.audience))
            first = await service.submit([statement], "witnessed")
            assert [outcome.status for outcome in first.outcomes] == ["admitted"]
            assert first.state == "witnessed"
            again = await service.submit([statement, statement], "integrated")
            assert [outcome.index for outcome in again.outcomes] == [first.outcomes[0].index] * 2
            empty = await service.submit([], "integrated")
            assert (empty.outcomes, empty.size) == ([], first.size)
            place = service.reader.place(statement.statement_id)
            assert place is not None
            assert place.index == first.outcomes[0].index
            assert service.sweep() == []
        finally:
            await service.stop()

    with running_node(data.path, fronts=0):
        asyncio.run(talk())


def test_a_full_queue_pushes_back_and_loses_nothing(tmp_path: Path) -> None:
    data, _ = found_node(tmp_path / "n")

    async def flood() -> tuple[int, int]:
        service = NodeService.open(data.path)
        await service.start()
        statements = [decode_statement(make_record(service.log.audience)) for _ in range(120)]
        answers = await asyncio.gather(
            *(service.submit(statements[at : at + 4], "integrated") for at in range(0, 120, 4)), return_exceptions=True
        )
        full = sum(isinstance(answer, OverloadError) for answer in answers)
        taken = sum(len(answer.outcomes) for answer in answers if not isinstance(answer, BaseException))
        size = service.reader.head().size
        assert taken + 4 * full == 120
        assert taken <= size
        await service.stop()
        return full, taken

    with running_node(
        data.path, fronts=0, environment={"SUYUAN_QUEUE_STATEMENTS": "8", "SUYUAN_BLOCK_STATEMENTS": "3"}
    ):
        full, taken = asyncio.run(flood())
    assert full > 0
    assert taken > 0


def test_fronts_serve_http_and_come_back_when_killed(tmp_path: Path) -> None:
    data, _ = found_node(tmp_path / "n")
    with running_node(data.path, fronts=2, environment={"SUYUAN_RESTART_PAUSE_MS": "20"}) as node:
        with urllib.request.urlopen(f"{node.url}/checkpoint") as answer:
            Policy.parse(data.policy.read_text()).verify_checkpoint(answer.read())
        front = node.pid_of("front-0")
        assert front is not None
        os.kill(front, 9)
        for _ in range(20):
            with urllib.request.urlopen(f"{node.url}/readyz") as answer:
                assert json.loads(answer.read())["ready"] is True
        assert node.stop() == 0
    assert not list(data.run.glob("*.pid"))
