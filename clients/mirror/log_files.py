"""The files of a log (C2SP tlog-tiles) from a node or from a folder, and the replay of a log from them.

Nothing here is trusted: a checkpoint counts when the policy accepts it, entries when they give its root.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clients.sdk import requests
from clients.sdk.errors import NotFoundProblem
from clients.sdk.sync_client import Client
from ledger.errors import ConfigError, NotFoundError, Text
from ledger.merkle.hashing import HASH_SIZE
from ledger.notes.policy import Policy, VerifiedCheckpoint
from ledger.replay import Replay
from ledger.tiles import CHECKPOINT_PATH, TILE_WIDTH, bundles_of, decode_bundle, entries_path, tile_path


class LogFileUnusable(ConfigError):
    """A file of a copy that cannot be read or written."""

    code = "mirror.file"
    what = Text("{path} cannot be used: {detail}.", "无法使用 {path}：{detail}。")
    next_step = Text("Fetch the copy again with `suyuan audit fetch`.", "请用 `suyuan audit fetch` 重新下载副本。")


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes; raises `LogFileUnusable`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise LogFileUnusable(path=str(path), detail=error.strerror or str(error)) from None


class LogFiles(Protocol):
    """Where the files of a log come from. Duty: what is missing raises a `NotFoundError` or `LogFileUnusable`."""

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint."""
        ...

    def bundle(self, index: int, width: int) -> list[bytes]:
        """Return the first `width` entries of an entry bundle."""
        ...

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile."""
        ...

    def receipt(self, statement_id: str) -> bytes | None:
        """Return a receipt for a statement, None where there is none to be had."""
        ...


class NodeFiles:
    """The files as a node serves them; entry bundles are for auditors and regulators."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def checkpoint(self) -> str:
        """Fetch the checkpoint."""
        return self._client.run(requests.checkpoint())

    def bundle(self, index: int, width: int) -> list[bytes]:
        """Fetch an entry bundle; raises as `decode_bundle` and `Client.run`."""
        return decode_bundle(self._client.run(requests.entries(index, width)), width)

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Fetch a tile."""
        return self._client.run(requests.tile(level, index, width))

    def receipt(self, statement_id: str) -> bytes | None:
        """Fetch a receipt."""
        try:
            return self._client.run(requests.receipt(statement_id))
        except NotFoundProblem:
            return None


class FolderFiles:
    """The files in a folder, as `suyuan audit fetch` writes them; a full file serves for its partial one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def checkpoint(self) -> str:
        """Read the checkpoint."""
        return read_bytes(self._folder / CHECKPOINT_PATH).decode("utf-8", "surrogateescape")

    def bundle(self, index: int, width: int) -> list[bytes]:
        """Read an entry bundle; raises as `decode_bundle`."""
        whole = self._folder / entries_path(index)
        if whole.is_file():
            return decode_bundle(read_bytes(whole), TILE_WIDTH)[:width]
        return decode_bundle(read_bytes(self._folder / entries_path(index, width)), width)

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Read a tile."""
        whole = self._folder / tile_path(level, index)
        if whole.is_file():
            return read_bytes(whole)[: HASH_SIZE * width]
        return read_bytes(self._folder / tile_path(level, index, width))

    def receipt(self, statement_id: str) -> bytes | None:
        """Folders hold no receipts."""
        del statement_id
        return None


@dataclass(frozen=True, slots=True)
class Replayed:
    """A log that was replayed up to a checkpoint that the policy accepts, with all its entries."""

    replay: Replay
    entries: list[bytes]
    verified: VerifiedCheckpoint
    note: str


def entries_from(files: LogFiles, size: int, first: int = 0) -> Iterator[bytes]:
    """Yield the entries from `first` up to `size`, in order."""
    for index, width in bundles_of(size, first):
        found = files.bundle(index, width)
        skip = max(first - index * TILE_WIDTH, 0)
        yield from found[skip:]


def replay_log(files: LogFiles, policy: Policy) -> Replayed:
    """Replay the log up to its newest checkpoint and compare the root.

    Raises as `Policy.verify_checkpoint`, `Replay.feed`, `Replay.finish` and `Replay.check_head`.
    """
    note = files.checkpoint()
    verified = policy.verify_checkpoint(note)
    size = verified.checkpoint.size
    replay = Replay()
    kept: list[bytes] = []
    for entry in entries_from(files, size):
        replay.feed(entry)
        kept.append(entry)
    if not kept:
        raise NotFoundError(what_kind="entry", name="0")
    replay.finish()
    replay.check_head(size, verified.checkpoint.root)
    return Replayed(replay, kept, verified, note)
