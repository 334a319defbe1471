"""The writer process: `python -m node.writer --data DIR`. One thread orders, executes, commits and signs.

Fronts connect to its Unix socket and send statements that they have verified. While a block is committed the event
loop stands still; what arrives meanwhile is the next block.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import click
from structlog.typing import FilteringBoundLogger

from ledger.errors import OverloadError, SuyuanError
from node import lifeline
from node.checkpoints import CheckpointSigner
from node.config import Settings, read_settings
from node.errors import AlreadyRunning
from node.failpoints import failpoint
from node.files import DataDirectory, locked
from node.genesis_file import read_genesis
from node.key_store import load_keys, read_passphrase
from node.orderer import Orderer
from node.queue import StatementQueue, Ticket
from node.store.runs import SegmentSizes
from node.store.store import Store
from node.talk import set_up
from node.wire import (
    Answer,
    Fault,
    FrameBuffer,
    Ping,
    Submit,
    frame,
    pack_error,
    pack_outcome,
    read_request,
    unpack_statement,
)
from node.writer_socket import listen

EXIT_REFUSED = 3
"""The writer ended because keys, settings or database are wrong: nothing changes by starting it again."""
EXIT_BUSY = 75
"""Another writer still holds the data directory; it may be ending."""
LONGEST_SLEEP = 60.0
"""Seconds after which the writer looks at the clock again, in case it was set."""


class Writer:
    """Takes requests from connections and answers them when their block is durable."""

    def __init__(self, orderer: Orderer, settings: Settings, log: FilteringBoundLogger) -> None:
        self._orderer = orderer
        self._queue = StatementQueue(settings.queue_statements, settings.block_statements)
        self._log = log
        self._wake = asyncio.Event()
        self._stopping = False

    def submit(self, asker: Connection, request: Submit) -> None:
        """Put a request into the queue; one that does not fit is answered at once."""
        ticket = Ticket(asker, request.number, len(request.statements))
        try:
            if self._stopping:
                raise OverloadError(detail="it is stopping", retry_after=1)
            self._queue.put(ticket, request.statements)
        except SuyuanError as error:
            asker.send(frame(Fault(request.number, pack_error(error))))
            return
        if not request.statements:
            self._answer([ticket])
        self._wake.set()

    def ping(self, asker: Connection, request: Ping) -> None:
        """Answer that the writer lives."""
        asker.send(frame(Answer(request.number, [], self._orderer.store.head.size, self._orderer.state)))

    def stop(self) -> None:
        """End `run` after what waits has been executed."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Make blocks until `stop`. Raises what the database raises."""
        self._orderer.resign()
        while True:
            if self._queue:
                self._block()
                self._orderer.store.upkeep(idle=False)
                await self._breathe()
                continue
            if self._stopping:
                return
            if self._orderer.until_heartbeat() <= 0:
                self._orderer.settle([])
                continue
            if self._orderer.store.upkeep(idle=True):
                await self._breathe()
                continue
            await self._sleep()

    async def _sleep(self) -> None:
        self._wake.clear()
        seconds = min(self._orderer.until_heartbeat(), LONGEST_SLEEP)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _breathe(self) -> None:
        """Let every connection hand over what has arrived: a task resumes before the reads of the same turn."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def _block(self) -> None:
        taken = self._queue.take()
        began = time.perf_counter()
        outcomes = self._orderer.settle([unpack_statement(wire) for _, wire in taken])
        self._queue.note_rate(len(taken), time.perf_counter() - began)
        for (ticket, _), outcome in zip(taken, outcomes, strict=True):
            ticket.outcomes.append(pack_outcome(outcome))
            ticket.missing -= 1
        tickets = [next(group)[0] for _, group in groupby(taken, key=lambda item: id(item[0]))]
        self._answer([ticket for ticket in tickets if ticket.missing == 0])
        failpoint("block.answered")

    def _answer(self, tickets: list[Ticket]) -> None:
        """Send answers, joined for each connection."""
        answers: dict[int, tuple[Connection, list[bytes]]] = {}
        for ticket in tickets:
            assert isinstance(ticket.asker, Connection)
            answer = Answer(ticket.number, ticket.outcomes, self._orderer.store.head.size, self._orderer.state)
            answers.setdefault(id(ticket.asker), (ticket.asker, []))[1].append(frame(answer))
        for asker, frames in answers.values():
            asker.send(b"".join(frames))


class Connection(asyncio.Protocol):
    """One front's connection."""

    def __init__(self, writer: Writer, log: FilteringBoundLogger) -> None:
        self._writer = writer
        self._log = log
        self._buffer = FrameBuffer()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport; what was asked is still executed, and its answer dropped."""
        del exc
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Take whole requests; a connection that sends anything else is closed."""
        try:
            for body in self._buffer.feed(data):
                request = read_request(body)
                if isinstance(request, Submit):
                    self._writer.submit(self, request)
                else:
                    self._writer.ping(self, request)
        except (SuyuanError, ValueError) as error:
            self._log.error("connection.malformed", error=str(error))
            if self._transport is not None:
                self._transport.close()

    def send(self, data: bytes) -> None:
        """Send bytes, unless the front has gone."""
        if self._transport is not None:
            self._transport.write(data)


def wall_clock() -> int:
    """Return ms since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


def open_orderer(
    data: DataDirectory, settings: Settings, clock: Callable[[], int], log: FilteringBoundLogger
) -> Orderer:
    """Open the store with the node's keys. Raises `ConfigError` or `SignedHeadConflict`."""
    keys = load_keys(data, read_passphrase(settings.passphrase_file))
    genesis = read_genesis(data)
    node = keys.find_in(genesis)
    store = Store(data.database, SegmentSizes(flush_keys=settings.segment_keys))
    return Orderer(store, CheckpointSigner(keys, genesis.origin, node.name, len(genesis.nodes)), clock, log)


async def _serve(data: DataDirectory, settings: Settings, log: FilteringBoundLogger) -> None:
    orderer = open_orderer(data, settings, wall_clock, log)
    writer = Writer(orderer, settings, log)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, writer.stop)
    server = await loop.create_unix_server(lambda: Connection(writer, log), sock=listen(data.socket))
    log.info("writer.ready", size=orderer.store.head.size, height=orderer.store.head.height)
    try:
        await writer.run()
    finally:
        server.close()
        data.socket.unlink(missing_ok=True)
        orderer.store.close()
    log.info("writer.stopped", size=orderer.store.head.size)


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
def main(data: Path) -> None:
    """Run the writer of the node in DATA until SIGTERM."""
    directory = DataDirectory(data)
    try:
        settings = read_settings(directory).settings
        log = set_up("writer", settings.log_level)
        lifeline.follow()
        with locked(directory.run / "writer.lock") as mine:
            if not mine:
                raise AlreadyRunning(path=str(data))
            asyncio.run(_serve(directory, settings, log))
    except SuyuanError as error:
        click.echo(f"{error.stable_code}: {error.message()} {error.advice()}", err=True)
        sys.exit(EXIT_BUSY if isinstance(error, AlreadyRunning) else EXIT_REFUSED)


if __name__ == "__main__":
    main()
