"""The demonstration's folder: it is emptied only when it is a demonstration's and nobody uses it."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from ledger.errors import ConfigError, StateError, Text

MARK: Final = "passphrase"
"""The file that the stage writes first, and that is removed last: a folder with it is a demonstration's."""
NODE_LOCK: Final = Path("node", "run", "supervisor.lock")
"""The file that a running node holds locked."""


class RootInUse(StateError):
    """Another demonstration, or the node of one, still uses the folder."""

    code = "demo.root_in_use"
    what = Text("A demonstration or its node still runs in {path}.", "{path} 中仍有演示或其节点在运行。")
    why = Text("Its folder would be removed under it.", "否则其目录会在运行中被删除。")
    next_step = Text("Stop it first, or choose another --root.", "请先将其停止，或以 --root 指定其他目录。")


class RootForeign(ConfigError):
    """The folder holds something that no demonstration wrote."""

    code = "demo.root_foreign"
    what = Text("{path} is not empty and no demonstration's folder.", "{path} 非空，且不是演示目录。")
    why = Text("A demonstration removes what its folder holds.", "演示会清空其目录。")
    next_step = Text("Choose an empty or new folder with --root.", "请以 --root 指定空目录或新目录。")


def take_root(root: Path) -> int:
    """Empty `root` for this process alone; returns the descriptor that keeps it locked until it is closed.

    Raises `RootInUse` or `RootForeign`; then nothing was removed.
    """
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, root)
        _check_no_node(root)
        held = list(root.iterdir())
        if held and not (root / MARK).exists():
            raise RootForeign(path=str(root))
        for path in sorted(held, key=lambda path: path.name == MARK):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_no_node(root: Path) -> None:
    """Raise `RootInUse` while a node runs here, whoever started it: it may have outlived its demonstration."""
    with suppress(FileNotFoundError):
        descriptor = os.open(root / NODE_LOCK, os.O_RDWR)
        try:
            _lock(descriptor, root)
        finally:
            os.close(descriptor)


def _lock(descriptor: int, root: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RootInUse(path=str(root)) from None
