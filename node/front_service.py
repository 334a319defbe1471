"""What a front process has of its node: submission to the writer, reads, manifests and mailbox, in one object.

One `NodeService` serves one process. `start` and `stop` belong to its event loop; the reader works in any thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.errors import SuyuanError
from ledger.execution import Outcome
from ledger.state.tables import TRANSFER, TransferState
from ledger.state.view import Need
from ledger.statement import Statement, decode_statement
from node import lifeline
from node.config import Settings, read_settings
from node.errors import WitnessesMissing
from node.files import DataDirectory
from node.genesis_file import read_genesis
from node.key_store import load_keys, read_passphrase
from node.link import WriterLink
from node.mailbox import Mailbox
from node.manifests import ManifestStore
from node.reader import Place, Reader
from node.talk import set_up
from node.wire import State, unpack_outcomes
from node.writer import wall_clock

__all__ = ["LogIdentity", "NodeService", "Place", "Reader", "Submitted", "WaitState"]

WaitState = State
"""`sequenced`, `integrated`, `published` or `witnessed` (docs/spec/log.md)."""

SWEEP_SECONDS: Final = 30.0
"""How often the mailbox is looked through."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """Outcomes in the order given, the size of the tree that holds them, and the state they have reached."""

    outcomes: list[Outcome]
    size: int
    state: WaitState


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """Which log this node serves, and under which name."""

    origin: str
    genesis_hash: str
    audience: str
    node: str


class NodeService:
    """One front's view of its node."""

    def __init__(
        self,
        settings: Settings,
        log: LogIdentity,
        reader: Reader,
        link: WriterLink,
        manifests: ManifestStore,
        mailbox: Mailbox,
    ) -> None:
        self.settings = settings
        self.log = log
        self.reader = reader
        self.manifests = manifests
        self.mailbox = mailbox
        self._link = link
        self._sweeper: asyncio.Task[None] | None = None
        self._offers = Offers(reader)
        self._talk = set_up("front", settings.log_level)

    @classmethod
    def open(cls, data: Path, clock: Callable[[], int] = wall_clock) -> NodeService:
        """Open the node in `data` for one front. Raises `ConfigError`; the writer need not run yet."""
        directory = DataDirectory(data)
        settings = read_settings(directory).settings
        keys = load_keys(directory, read_passphrase(settings.passphrase_file))
        genesis = read_genesis(directory)
        name = keys.find_in(genesis).name
        reader = Reader(directory, keys.receipt_signer())
        head = reader.head()
        mailbox = Mailbox(
            directory.mailbox,
            clock,
            limit=settings.mailbox_bytes,
            total=settings.mailbox_total_bytes,
            hours=settings.mailbox_hours,
        )
        service = keys.service_signer()
        return cls(
            settings,
            LogIdentity(head.origin, head.genesis_hash, head.audience, name),
            reader,
            WriterLink(directory.socket, settings.answer_seconds),
            ManifestStore(directory.manifests, head.origin, service, settings.manifest_bytes),
            mailbox,
        )

    async def start(self) -> None:
        """Connect to the writer and begin to look after the mailbox."""
        lifeline.follow()
        self._link.start()
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_for_ever())

    async def stop(self) -> None:
        """End what `start` began and give the database back."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        await self._link.stop()
        self.reader.close()

    async def submit(self, statements: Sequence[Statement], wait: WaitState) -> Submitted:
        """Hand verified statements to the writer and wait until they have reached `wait`.

        A block is durable and signed in one commit, so every wait up to `published` ends together. Raises
        `OverloadError`, `UnreachableError`; `WitnessesMissing` where a quorum needs other nodes (all is logged then).
        """
        answer = await self._link.submit(statements)
        if wait == "witnessed" and answer.state != "witnessed":
            raise WitnessesMissing(target="other nodes' ", detail=f"the state reached is {answer.state}")
        return Submitted(unpack_outcomes(statements, answer.outcomes), answer.size, answer.state)

    async def ping(self) -> None:
        """Return when the writer answers. Raises `UnreachableError`."""
        await self._link.ping()

    def sweep(self) -> list[str]:
        """Drop packages whose hand-over is over; returns their names."""
        names = self.mailbox.names()
        return self.mailbox.sweep(self._offers.transfers(names)) if names else []

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                dropped = self.sweep()
            except (SuyuanError, OSError) as error:
                self._talk.error("mailbox.sweep_failed", error=str(error))
                continue
            if dropped:
                self._talk.info("mailbox.dropped", count=len(dropped))


class Offers:
    """Follows the log and remembers which transfer.offer names which ciphertext."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._next = 0
        self._offers: dict[str, str] = {}

    def transfers(self, ciphertexts: Sequence[str]) -> dict[str, TransferState]:
        """Return what the ledger says of the hand-over of each ciphertext that was offered."""
        end = self._reader.head().size
        rows = self._reader.of_kind("transfer.offer", self._next, end)
        for raw in self._reader.raw([row.id for row in rows]).items():
            ciphertext = decode_statement(raw[1]).payload.get("ciphertext")
            if isinstance(ciphertext, str):
                self._offers[ciphertext] = raw[0]
        self._next = end
        wanted = {self._offers[name]: name for name in ciphertexts if name in self._offers}
        found = self._reader.state([Need(TRANSFER.name, offer) for offer in wanted])
        return {wanted[anchor]: row for (_, anchor, _), row in found.items() if isinstance(row, TransferState)}
