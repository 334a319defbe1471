"""What waits for a block: statements of many requests in the order they came, with bounds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ledger.errors import OverloadError
from node.wire import WireOutcome, WireStatement

MAX_QUEUE_BYTES: Final = 256 * 2**20
"""Most bytes of statements that wait."""
MAX_BLOCK_BYTES: Final = 32 * 2**20
"""A block is closed when its statements reach this size."""
MAX_RETRY_SECONDS: Final = 60
_FIRST_RATE: Final = 2_000.0
_SMOOTHING: Final = 0.2


@dataclass(slots=True)
class Ticket:
    """One request: who asked, under which number, and what became of its statements so far."""

    asker: object
    number: int
    missing: int
    outcomes: list[WireOutcome] = field(default_factory=list)


@dataclass(slots=True)
class StatementQueue:
    """First in, first out. A request is taken whole or not at all."""

    limit: int
    block_limit: int
    bytes: int = 0
    rate: float = _FIRST_RATE
    """Statements a second that were executed lately."""
    _waiting: deque[tuple[Ticket, WireStatement]] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, ticket: Ticket, statements: list[WireStatement]) -> None:
        """Take a request. Raises `OverloadError` with the seconds after which there should be room."""
        size = sum(len(statement.raw) for statement in statements)
        if self._waiting and (len(self._waiting) + len(statements) > self.limit or self.bytes + size > MAX_QUEUE_BYTES):
            seconds = min(max(1, round(len(self._waiting) / self.rate)), MAX_RETRY_SECONDS)
            raise OverloadError(detail=f"{len(self._waiting)} statements wait", retry_after=seconds)
        self.bytes += size
        self._waiting.extend((ticket, statement) for statement in statements)

    def take(self) -> list[tuple[Ticket, WireStatement]]:
        """Remove and return the statements of the next block."""
        taken: list[tuple[Ticket, WireStatement]] = []
        size = 0
        while self._waiting and len(taken) < self.block_limit and size < MAX_BLOCK_BYTES:
            item = self._waiting.popleft()
            size += len(item[1].raw)
            taken.append(item)
        self.bytes -= size
        return taken

    def note_rate(self, count: int, seconds: float) -> None:
        """Remember how fast a block was."""
        if count and seconds > 0:
            self.rate += _SMOOTHING * (count / seconds - self.rate)
