"""The one module that prints: data to stdout, talk to stderr; with `--json` a versioned envelope, errors too.

Envelope: {"version": 1, "command": "...", "ok": true, "data": ...} or
{"version": 1, "command": "...", "ok": false, "error": {"code", "message", "next", "params", "exit"}}; a command that
failed halfway also gives what it found as "data".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from clients.cli.exits import Exit, exit_of
from ledger.errors import SuyuanError

ENVELOPE_VERSION = 1
PIPE_WIDTH = 120
"""Columns of a table that goes to a file or a pipe."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class Output:
    """Where a command writes. `language` is "en" or "zh"; `as_json` turns data and errors into envelopes."""

    as_json: bool = False
    language: str = "en"
    command: str = "suyuan"
    found: object = None
    """What an error's envelope carries besides the error."""

    def data(self, value: object, *, table: Table | None = None, text: str | None = None, ok: bool = True) -> None:
        """Write the command's result: the envelope, or the table or text made for people, or plain JSON.

        `ok` is false for a result that is itself a failed verdict.
        """
        if self.as_json:
            self._write({"version": ENVELOPE_VERSION, "command": self.command, "ok": ok, "data": value})
        elif table is not None:
            _console(stderr=False).print(table)
        elif text is not None:
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
        else:
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")

    def before_error(self, value: object, table: Table) -> None:
        """Show what was found before an error is raised: people see the table now, programs get both in one."""
        if self.as_json:
            self.found = value
        else:
            _console(stderr=False).print(table)

    def binary(self, data: bytes, target: BinaryIO | None = None) -> None:
        """Write bytes as they are."""
        (target or sys.stdout.buffer).write(data)

    def talk(self, message: str) -> None:
        """Say something to the person, on stderr; silent with `--json`."""
        if not self.as_json:
            _console(stderr=True).print(plain(message), markup=False, highlight=False)

    def pick(self, en: str, zh: str) -> str:
        """Return the text in the language in use."""
        return zh if self.language == "zh" else en

    def error(self, error: SuyuanError) -> Exit:
        """Write an error and return the exit code that belongs to it."""
        code = exit_of(error)
        if self.as_json:
            self.failure(
                error.stable_code, error.message(self.language), error.advice(self.language), code, error.params
            )
            return code
        console = _console(stderr=True)
        console.print(f"[bold red]{error.stable_code}[/]", highlight=False)
        console.print(plain(error.message(self.language)), markup=False, highlight=False)
        label = self.pick("Next:", "下一步：")
        console.print(plain(f"{label} {error.advice(self.language)}"), markup=False, highlight=False)
        return code

    def failure(
        self, code: str, message: str, advice: str, status: int, params: Mapping[str, object] | None = None
    ) -> None:
        """Write the envelope of an error, with what the command found before it failed."""
        body = {"code": code, "message": message, "next": advice, "params": dict(params or {}), "exit": int(status)}
        envelope = {"version": ENVELOPE_VERSION, "command": self.command, "ok": False, "error": body}
        self._write(envelope if self.found is None else {**envelope, "data": self.found})

    def progress(self) -> Progress:
        """Return a progress bar on stderr; it shows nothing with `--json`."""
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=_console(stderr=True),
            disable=self.as_json,
        )

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
        """Return a table for `data`."""
        table = Table(title=Text(plain(title)), title_justify="left", header_style="bold", box=SIMPLE_HEAD)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text("" if cell is None else plain(str(cell))) for cell in row))
        return table

    @staticmethod
    def _write(value: object) -> None:
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def plain(text: str) -> str:
    """Return a text without control characters: what others wrote must not steer the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, soft_wrap=False)
    # A file or a pipe has no width of its own; ids of 64 digits fit into this one.
    return console if console.is_terminal else Console(stderr=stderr, soft_wrap=False, width=PIPE_WIDTH)
