"""A front's connection to the writer: asks by number, answers as they come, and a new connection when one is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.statement import Statement
from node.errors import WriterGone
from node.wire import Answer, Fault, FrameBuffer, Ping, Submit, frame, pack_statement, read_response, unpack_error
from node.writer_socket import socket_address

FIRST_RETRY_SECONDS: Final = 0.05
LONGEST_RETRY_SECONDS: Final = 0.2
CONNECT_SECONDS: Final = 5.0
"""How long a request waits for a writer that is starting again."""
TARGET: Final = "the writer"


class WriterLink:
    """Asks the writer behind the socket at `path`; an answer takes at most `answer_seconds`."""

    def __init__(self, path: Path, answer_seconds: float) -> None:
        self._path = path
        self._answer_seconds = answer_seconds
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._transport: asyncio.Transport | None = None
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect, and connect again whenever the connection is lost."""
        self._task = asyncio.get_running_loop().create_task(self._keep_connected())

    async def stop(self) -> None:
        """Close the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()

    async def submit(self, statements: Sequence[Statement]) -> Answer:
        """Return what became of the statements. Raises `OverloadError` or `WriterGone`."""
        wires = [pack_statement(statement) for statement in statements]
        self._number += 1
        return await self._ask(self._number, Submit(self._number, wires))

    async def ping(self) -> Answer:
        """Return the writer's size and state. Raises `WriterGone`."""
        self._number += 1
        return await self._ask(self._number, Ping(self._number))

    async def _ask(self, number: int, request: Submit | Ping) -> Answer:
        transport = await self._transport_or_raise()
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        transport.write(frame(request))
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await future
        except TimeoutError:
            raise WriterGone(target=TARGET, detail=f"no answer within {self._answer_seconds:.0f} s") from None
        finally:
            self._waiting.pop(number, None)

    async def _transport_or_raise(self) -> asyncio.Transport:
        if self._transport is None:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self._connected.wait()
            except TimeoutError:
                raise WriterGone(target=TARGET, detail="there is no connection") from None
        if self._transport is None:
            raise WriterGone(target=TARGET, detail="the connection was lost")
        return self._transport

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_RETRY_SECONDS
        while True:
            lost = asyncio.Event()
            try:
                with socket_address(self._path) as address:
                    transport, _ = await loop.create_unix_connection(lambda: _Answers(self, lost), address)  # noqa: B023
            except OSError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_RETRY_SECONDS)
                continue
            pause = FIRST_RETRY_SECONDS
            self._transport = transport
            self._connected.set()
            await lost.wait()
            self._lose()

    def _lose(self) -> None:
        self._transport = None
        self._connected.clear()
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(WriterGone(target=TARGET, detail="the connection was lost"))

    def take(self, response: Answer | Fault) -> None:
        """Give a response to whoever waits for it."""
        future = self._waiting.pop(response.number, None)
        if future is None or future.done():
            return
        if isinstance(response, Answer):
            future.set_result(response)
        else:
            future.set_exception(unpack_error(response.error))


class _Answers(asyncio.Protocol):
    """Reads the writer's frames."""

    def __init__(self, link: WriterLink, lost: asyncio.Event) -> None:
        self._link = link
        self._lost = lost
        self._buffer = FrameBuffer()

    def data_received(self, data: bytes) -> None:
        """Hand over whole responses."""
        for body in self._buffer.feed(data):
            self._link.take(read_response(body))

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake the link."""
        del exc
        self._lost.set()
