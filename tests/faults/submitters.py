"""Clients that never stop: each submits statements one after another, and sends again what was not answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ledger.errors import OverloadError, UnreachableError
from ledger.statement import Statement, decode_statement
from node.files import DataDirectory
from node.key_store import load_keys
from node.link import WriterLink
from node.reader import Reader
from node.store.heads import Published
from tests.node.members import make_record


@dataclass
class Ledgered:
    """What clients were told, and what they saw signed; nothing of it may ever become untrue."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    repeated: int = 0
    signed: list[Published] = field(default_factory=list)


class Submitters:
    """Several clients of one node's writer, and an observer of its checkpoints."""

    def __init__(self, data: DataDirectory, clients: int = 4) -> None:
        self._data = data
        self._clients = clients
        self._stopping = False
        self.seen = Ledgered()
        self._reader = Reader(data, load_keys(data, None).receipt_signer())
        self._audience = self._reader.head().audience

    async def run_until(self, done: asyncio.Event) -> None:
        """Submit until `done`, then wait until everything that was sent has been answered."""
        link = WriterLink(self._data.socket, 10)
        link.start()
        tasks = [asyncio.create_task(self._client(link, 1 + number * 5)) for number in range(self._clients)]
        observer = asyncio.create_task(self._observe())
        await done.wait()
        self._stopping = True
        await asyncio.gather(*tasks)
        observer.cancel()
        await asyncio.gather(observer, return_exceptions=True)
        self.note_checkpoint()
        await link.stop()
        self._reader.close()

    async def _client(self, link: WriterLink, batch: int) -> None:
        while not self._stopping:
            statements = [decode_statement(make_record(self._audience)) for _ in range(batch)]
            await self._until_answered(link, statements)

    async def _until_answered(self, link: WriterLink, statements: list[Statement]) -> None:
        while True:
            try:
                answer = await link.submit(statements)
            except (UnreachableError, OverloadError):
                await asyncio.sleep(0.01)
                continue
            for statement, outcome in zip(statements, answer.outcomes, strict=True):
                assert outcome.status in {"admitted", "duplicate"}, outcome
                assert outcome.index is not None
                self.seen.repeated += outcome.status == "duplicate"
                self.seen.acknowledged[statement.statement_id] = outcome.index
                self.seen.raw[statement.statement_id] = statement.raw
            return

    async def _observe(self) -> None:
        while True:
            self.note_checkpoint()
            await asyncio.sleep(0.02)

    def note_checkpoint(self) -> None:
        """Remember the newest checkpoint that can be seen."""
        newest = self._reader.published()
        if not self.seen.signed or self.seen.signed[-1].note != newest.note:
            self.seen.signed.append(newest)
