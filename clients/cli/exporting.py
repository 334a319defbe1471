"""`--export FORMAT FILE`: an answer as a file of another program, beside or in place of what the command shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from clients.cli.errors import FileUnusable
from clients.cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])
Export = tuple[str, Path]
"""Format and file."""


def export_option(*formats: str) -> Callable[[F], F]:
    """Add `--export FORMAT FILE` with these formats."""
    return click.option(
        "--export", type=(click.Choice(formats), click.Path(path_type=Path, dir_okay=False)),
        metavar=f"{'|'.join(formats)} FILE", help="write the answer as a file of another program",
    )  # fmt: skip


def write_export(session: Session, export: Export, content: str | object) -> None:
    """Write the file: a text as it is, anything else as JSON; raises `FileUnusable`."""
    chosen, path = export
    text = content if isinstance(content, str) else msgspec.json.format(msgspec.json.encode(content), indent=1).decode()
    data = text.encode()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FileUnusable(path=str(path), detail=error.strerror or str(error)) from None
    done = {"format": chosen, "file": str(path), "bytes": len(data)}
    session.output.data(done, text=session.output.pick(f"{path} ({chosen})", f"{path}（{chosen}）"))
