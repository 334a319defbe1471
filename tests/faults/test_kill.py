"""Killed at any moment, a node loses nothing it acknowledged and never signs two heads that exclude each other."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ledger.merkle import verify_consistency
from ledger.notes.policy import Policy
from ledger.replay import Replay
from node.failpoints import ENVIRONMENT, POINTS
from node.files import DataDirectory
from node.key_store import load_keys
from node.reader import Reader
from tests.faults.submitters import Ledgered, Submitters
from tests.node.founding import found_node
from tests.node.node_process import NodeProcess, start_node

WRITER_KILLS = 20
TREE_KILLS = 4
QUICK = {"SUYUAN_RESTART_PAUSE_MS": "20", "SUYUAN_SEGMENT_KEYS": "300"}
"""Restart at once; flush segments every few blocks, so that kills hit flushes and merges too."""


def check(data: DataDirectory, seen: Ledgered) -> None:
    """Check everything clients were told against the database, the log replayed, and every head that was signed."""
    reader = Reader(data, load_keys(data, None).receipt_signer())
    head = reader.head()
    ids = list(seen.acknowledged)
    rows = reader.statements(ids)
    assert {id_: row.index for id_, row in rows.items()} == seen.acknowledged
    assert reader.raw(ids) == seen.raw
    policy = Policy.parse(reader.policy_text())
    for older, newer in zip(seen.signed, seen.signed[1:], strict=False):
        assert older.size <= newer.size
        path = reader.consistency(older.size, newer.size)
        verify_consistency(older.size, older.root, newer.size, newer.root, path)
    for published in seen.signed:
        checkpoint = policy.verify_checkpoint(published.note).checkpoint
        assert (checkpoint.size, checkpoint.root) == (published.size, published.root)
        assert reader.root_at(published.size) == published.root
    replay = Replay(check_signatures=False)
    replay.feed_all(reader.entry(index) for index in range(head.size))
    replay.check_head(head.size, head.root(), head.app_hash)
    reader.close()


async def _under_load(data: DataDirectory, disturb: Callable[[], Awaitable[None]]) -> Ledgered:
    submitters = Submitters(data)
    done = asyncio.Event()
    running = asyncio.create_task(submitters.run_until(done))
    await disturb()
    done.set()
    await asyncio.wait_for(running, 60)
    return submitters.seen


def _bound_at(socket: Path, otherwise: int) -> int:
    """Return when the socket was bound; a writer that is just ending takes it away between two looks."""
    try:
        return socket.stat().st_mtime_ns
    except FileNotFoundError:
        return otherwise


@pytest.mark.slow
def test_killing_the_writer_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    data, _ = found_node(tmp_path / "n")
    node = start_node(data.path, fronts=0, environment=QUICK)
    chance = random.Random(1)
    killed: set[int] = set()

    async def kill_often() -> None:
        bound = 0
        while len(killed) < WRITER_KILLS:
            pid, now_bound = node.pid_of("writer"), _bound_at(data.socket, bound)
            if pid is None or pid in killed or now_bound == bound:
                await asyncio.sleep(0.01)
                continue
            await asyncio.sleep(chance.uniform(0.0, 0.4))
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
            bound = now_bound

    try:
        seen = asyncio.run(_under_load(data, kill_often))
    finally:
        assert node.stop() == 0
    assert len(killed) == WRITER_KILLS
    assert len(seen.acknowledged) > 100
    check(data, seen)


@pytest.mark.slow
def test_killing_the_whole_tree_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    data, _ = found_node(tmp_path / "n")
    chance = random.Random(2)
    nodes: list[NodeProcess] = [start_node(data.path, fronts=0, environment=QUICK)]

    async def kill_everything() -> None:
        for _ in range(TREE_KILLS):
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            os.killpg(nodes[-1].process.pid, signal.SIGKILL)
            nodes[-1].process.wait()
            nodes.append(await asyncio.to_thread(start_node, data.path, fronts=0, environment=QUICK))

    try:
        seen = asyncio.run(_under_load(data, kill_everything))
    finally:
        assert nodes[-1].stop() == 0
    assert len(seen.acknowledged) > 20
    check(data, seen)


def test_a_killed_supervisor_takes_its_children_with_it(tmp_path: Path) -> None:
    data, _ = found_node(tmp_path / "n")
    node = start_node(data.path, fronts=0)
    writer = node.pid_of("writer")
    assert writer is not None
    node.process.kill()
    node.process.wait()
    again = start_node(data.path, fronts=0)
    assert again.pid_of("writer") not in {writer, None}
    assert not _is_running(writer)
    assert again.stop() == 0


def _is_running(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_every_step_of_a_commit_loses_nothing(tmp_path: Path, point: str) -> None:
    data, _ = found_node(tmp_path / "n")
    told: dict[str, int] = {}
    heads: list[tuple[int, bytes]] = []
    command = [sys.executable, "-m", "tests.faults.committing", str(data.path)]
    environment = {**os.environ, ENVIRONMENT: f"{point}:2"}
    ended = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-2000:]
    for line in ended.stdout.decode().splitlines():
        what, name, number = line.split()
        if what == "acknowledged":
            told[name] = int(number)
        else:
            heads.append((int(number), bytes.fromhex(name)))
    assert told
    ended = subprocess.run([*command, "3"], capture_output=True, check=True, timeout=60)
    assert b"acknowledged" in ended.stdout
    reader = Reader(data, load_keys(data, None).receipt_signer())
    rows = reader.statements(list(told))
    assert {id_: row.index for id_, row in rows.items()} == told
    for size, root in heads:
        assert reader.root_at(size) == root
    replay = Replay(check_signatures=False)
    head = reader.head()
    replay.feed_all(reader.entry(index) for index in range(head.size))
    replay.check_head(head.size, head.root(), head.app_hash)
    reader.close()
