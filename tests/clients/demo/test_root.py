"""A demonstration empties its folder only when it is its own and nobody uses it; else nothing is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clients.demo.root import MARK, NODE_LOCK, RootForeign, RootInUse, take_root
from node.files import DataDirectory, locked


def test_an_earlier_demonstration_is_removed_whole(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    os.close(take_root(root))
    (root / MARK).touch()
    (root / "node" / "run").mkdir(parents=True)
    (root / NODE_LOCK).touch()
    (root / "outside").symlink_to(tmp_path)
    os.close(take_root(root))
    assert list(root.iterdir()) == []
    assert tmp_path.exists()


def test_a_second_demonstration_refuses_the_root_of_a_first(tmp_path: Path) -> None:
    first = take_root(tmp_path)
    (tmp_path / MARK).touch()
    with pytest.raises(RootInUse):
        take_root(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "clients.demo", "--root", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.partition(":")[0]) == (3, "demo.root_in_use")
    assert (tmp_path / MARK).exists()
    os.close(first)
    os.close(take_root(tmp_path))


def test_a_root_whose_node_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARK).touch()
    data = DataDirectory(tmp_path / "node")
    data.create()
    with locked(data.run / "supervisor.lock") as mine:
        assert mine
        assert data.run / "supervisor.lock" == tmp_path / NODE_LOCK
        with pytest.raises(RootInUse):
            take_root(tmp_path)
    assert (tmp_path / NODE_LOCK).exists()
    os.close(take_root(tmp_path))


def test_a_folder_of_something_else_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "letters").touch()
    with pytest.raises(RootForeign):
        take_root(tmp_path)
    assert (tmp_path / "letters").exists()
