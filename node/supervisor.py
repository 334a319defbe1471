"""Running a node: one writer and its fronts as child processes; one that dies is started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

from structlog.typing import FilteringBoundLogger

from ledger.errors import ConfigError, UnreachableError
from ledger.keyfile import Passphrase
from node import lifeline
from node.config import PREFIX, Settings, SettingValue
from node.errors import WriterRefused
from node.files import DataDirectory, write_atomic
from node.key_store import PASSPHRASE_ENVIRONMENT
from node.link import WriterLink
from node.writer import EXIT_REFUSED

WRITER: Final = "writer"
READY_SECONDS: Final = 60.0
"""How long the processes may take to answer for the first time."""
STOP_SECONDS: Final = 20.0
"""How long a process may take to end before it is killed."""
FIRST_PAUSE: Final = 0.1
"""Seconds before a process is started again; doubled while it keeps dying, up to the setting `restart_pause_ms`."""
STEADY_SECONDS: Final = 10.0
"""A process that lived this long starts with the first pause again."""
LISTEN_BACKLOG: Final = 2048
_POLL_SECONDS: Final = 0.05


@dataclass(slots=True)
class _Child:
    """One child: its name and command, whether it is to end, and the task that keeps it running."""

    name: str
    command: tuple[str, ...]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    keeper: asyncio.Task[None] | None = None
    restarts: int = 0


class Supervisor:
    """Starts, watches and stops the processes of the node in `data`. `ready` is told the address once."""

    def __init__(
        self,
        data: DataDirectory,
        settings: Settings,
        passphrase: Passphrase | None,
        log: FilteringBoundLogger,
        ready: Callable[[str], None],
    ) -> None:
        self._data = data
        self._settings = settings
        self._log = log
        self._ready = ready
        self._stopping = asyncio.Event()
        self._refused = False
        self._socket = _listen(settings) if settings.fronts else None
        self._lifeline, self._held = os.pipe()
        self._environment = _environment(settings, passphrase, self._lifeline)

    def stop(self) -> None:
        """End `run` after the children have ended."""
        self._stopping.set()

    @property
    def url(self) -> str:
        """Where the fronts listen, "" without fronts."""
        if self._socket is None:
            return ""
        host, port = self._socket.getsockname()[:2]
        scheme = "http" if self._settings.tls_certificate is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    async def run(self) -> None:
        """Run until `stop`.

        Raises `UnreachableError` when the node does not become ready, `WriterRefused` when its writer cannot start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        write_atomic(self._data.run / "supervisor.pid", f"{os.getpid()}\n".encode())
        writer, fronts = self._writer(), [self._front(number) for number in range(self._settings.fronts)]
        try:
            writer.keeper = loop.create_task(self._keep(writer))
            await self._until_ready(self._writer_answers)
            if fronts and not self._stopping.is_set():
                for front in fronts:
                    front.keeper = loop.create_task(self._keep(front))
                await self._until_ready(self._front_answers)
            if not self._stopping.is_set():
                write_atomic(self._data.run / "url", f"{self.url}\n".encode())
                self._ready(self.url)
            await self._stopping.wait()
        finally:
            # Fronts first: what they have asked of the writer is still answered.
            await _stop(fronts)
            await _stop([writer])
            for name in ("supervisor.pid", "url"):
                (self._data.run / name).unlink(missing_ok=True)
            os.close(self._held)
            os.close(self._lifeline)
        if self._refused:
            raise WriterRefused

    def _writer(self) -> _Child:
        # With -P nothing in the working folder is taken for our own packages; a data directory may be called "node".
        return _Child(WRITER, (sys.executable, "-P", "-m", "node.writer", "--data", str(self._data.path)))

    def _front(self, number: int) -> _Child:
        assert self._socket is not None
        descriptor = str(self._socket.fileno())
        command = (sys.executable, "-P", "-m", "api.front", "--data", str(self._data.path), "--fd", descriptor)
        return _Child(f"front-{number}", command)

    async def _keep(self, child: _Child) -> None:
        """Run a child, again and again, until it is to end."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while not child.stop.is_set():
            began = loop.time()
            code = await self._once(child)
            if child.stop.is_set():
                return
            if child.name == WRITER and code == EXIT_REFUSED:
                self._refused = True
                self._stopping.set()
                return
            child.restarts += 1
            longest = self._settings.restart_pause_ms / 1000
            pause = min(FIRST_PAUSE if loop.time() - began > STEADY_SECONDS else pause * 2, longest)
            self._log.error("child.died", child=child.name, code=code, restarts=child.restarts, pause=pause)
            await _wait(child.stop, pause)

    async def _once(self, child: _Child) -> int:
        """Start a child and wait for its end, or end it when it is to stop."""
        descriptors = [self._lifeline] + ([] if self._socket is None else [self._socket.fileno()])
        process = await asyncio.create_subprocess_exec(
            *child.command, env=self._environment, pass_fds=descriptors, stdin=asyncio.subprocess.DEVNULL
        )
        pid_file = self._data.run / f"{child.name}.pid"
        write_atomic(pid_file, f"{process.pid}\n".encode())
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(child.stop.wait())
        try:
            await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                process.terminate()
                await asyncio.wait((ended,), timeout=STOP_SECONDS)
            if not ended.done():
                self._log.error("child.killed", child=child.name)
                process.kill()
            return await ended
        finally:
            stopped.cancel()
            pid_file.unlink(missing_ok=True)

    async def _until_ready(self, answers: Callable[[], Awaitable[bool]]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + READY_SECONDS
        while not self._stopping.is_set():
            if await answers():
                return
            if loop.time() > end:
                raise UnreachableError(target="the node", detail=f"it is not ready after {READY_SECONDS:.0f} s")
            await asyncio.sleep(_POLL_SECONDS)

    async def _writer_answers(self) -> bool:
        link = WriterLink(self._data.socket, 1)
        link.start()
        try:
            await link.ping()
        except UnreachableError:
            return False
        finally:
            await link.stop()
        return True

    async def _front_answers(self) -> bool:
        """Ask a front for /readyz, over TLS without judging the certificate: it is our own child."""
        assert self._socket is not None
        host, port = self._socket.getsockname()[:2]
        try:
            reader, writer = await asyncio.open_connection(host, port, ssl=_any_certificate(self._settings))
        except OSError:
            return False
        try:
            writer.write(f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            async with asyncio.timeout(2):
                line = await reader.readline()
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()
        return f" {HTTPStatus.OK.value} ".encode() in line


async def _stop(children: Sequence[_Child]) -> None:
    """Tell children to end and wait until they have."""
    for child in children:
        child.stop.set()
    await asyncio.gather(*(child.keeper for child in children if child.keeper is not None), return_exceptions=True)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _any_certificate(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _listen(settings: Settings) -> socket.socket:
    """Bind the address that all fronts accept on. Raises `ConfigError`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((settings.host, settings.port))
    except OSError as error:
        server.close()
        raise ConfigError(detail=f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    server.listen(LISTEN_BACKLOG)
    return server


def _environment(settings: Settings, passphrase: Passphrase | None, descriptor: int) -> Mapping[str, str]:
    """Return the children's environment: ours, with every setting in force, the passphrase and the lifeline."""
    environment = dict(os.environ)
    values: dict[str, SettingValue] = settings.model_dump()
    for name, value in values.items():
        if value is not None:
            environment[f"{PREFIX}{name.upper()}"] = str(value.resolve() if isinstance(value, Path) else value)
    if passphrase is not None:
        environment[PASSPHRASE_ENVIRONMENT] = passphrase.text
    environment[lifeline.ENVIRONMENT] = str(descriptor)
    return environment
