"""Where the last verified head is kept: in memory, or in a file that survives the program."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Protocol

EVIDENCE_DIGITS = 16
"""Hex digits of a head's digest in the name of an evidence file."""


class HeadStore(Protocol):
    """Keeps one signed checkpoint, and the pairs that contradict each other.

    Duties: `save` is durable before it returns and never leaves half a head behind; `keep_evidence` never overwrites
    other evidence and does not change the kept head.
    """

    def load(self) -> str | None:
        """Return the kept signed checkpoint, None at the very beginning."""
        ...

    def save(self, head: str) -> None:
        """Keep `head` instead of the one before."""
        ...

    def keep_evidence(self, known: str, seen: str) -> str:
        """Keep two signed checkpoints that exclude each other; return the name under which they are found."""
        ...


class MemoryHeadStore:
    """A `HeadStore` for one run of a program."""

    __slots__ = ("evidence", "head")

    def __init__(self, head: str | None = None) -> None:
        self.head = head
        self.evidence: list[tuple[str, str]] = []

    def load(self) -> str | None:
        """Return the kept head."""
        return self.head

    def save(self, head: str) -> None:
        """Keep a head."""
        self.head = head

    def keep_evidence(self, known: str, seen: str) -> str:
        """Keep both heads in `evidence`."""
        self.evidence.append((known, seen))
        return f"evidence {len(self.evidence) - 1}"


class FileHeadStore:
    """A `HeadStore` in one file; evidence stands beside it as `<name>.fork-<digest>`, one file for each head."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> str | None:
        """Return the file's text; raises OSError when it is there and cannot be read."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def save(self, head: str) -> None:
        """Replace the file in one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write(self.path, head)

    def keep_evidence(self, known: str, seen: str) -> str:
        """Write both heads beside the file; the name returned is that of the newer one."""
        for head in (known, seen):
            self._write(self._evidence_path(head), head)
        return str(self._evidence_path(seen))

    def _evidence_path(self, head: str) -> Path:
        digest = sha256(head.encode("utf-8")).hexdigest()[:EVIDENCE_DIGITS]
        return self.path.with_name(f"{self.path.name}.fork-{digest}")

    @staticmethod
    def _write(path: Path, text: str) -> None:
        temporary = path.with_name(f"{path.name}.new")
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
