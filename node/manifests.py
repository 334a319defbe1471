"""Batch manifests: files named by their SHA-256, taken only after hash, order and root were recomputed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ledger.encoding import decode_digest
from ledger.errors import FormError, NotFoundError, Text
from ledger.keys import Signer
from ledger.manifest import check_manifest
from ledger.signed import sign_held
from node.files import PRIVATE, write_atomic

_FOLDER_DIGITS: Final = 2
"""Leading digits of a name that make its folder, so that no folder holds millions of files."""


class TooLarge(FormError):
    """More bytes than are taken here."""

    code = "upload.size"
    what = Text("The upload has {size} bytes, more than {limit}.", "上传内容为 {size} 字节，超过上限 {limit}。")
    next_step = Text("Split it.", "请拆分后上传。")


class ManifestStore:
    """Manifests of one node; `signer` is its service key, which says "held"."""

    def __init__(self, folder: Path, origin: str, signer: Signer, limit: int) -> None:
        self._folder = folder
        self._origin = origin
        self._signer = signer
        self.limit = limit

    def put(self, name: str, data: bytes, *, root: bytes, count: int) -> bytes:
        """Keep a manifest under its SHA-256 `name` (hex) and return the node's "held" note.

        Raises `TooLarge`, and as `ledger.manifest.check_manifest` when hash, order, root or count differ.
        """
        if len(data) > self.limit:
            raise TooLarge(size=len(data), limit=self.limit)
        digest = decode_digest(name)
        check_manifest(data, digest=digest, root=root, count=count)
        path = self._path(name)
        if not path.exists():
            path.parent.mkdir(exist_ok=True, mode=0o700)
            write_atomic(path, data, PRIVATE)
        return sign_held(self._signer, origin=self._origin, manifest_hash=digest, root=root, count=count)

    def get(self, name: str) -> bytes:
        """Return a manifest. Raises `NotFoundError`."""
        try:
            return self._path(decode_digest(name).hex()).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(what_kind="manifest", name=name) from None

    def holds(self, name: str) -> bool:
        """Whether a manifest is here."""
        return self._path(decode_digest(name).hex()).exists()

    def _path(self, name: str) -> Path:
        return self._folder / name[:_FOLDER_DIGITS] / name
