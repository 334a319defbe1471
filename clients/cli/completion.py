"""`suyuan completion`: completion scripts for shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from clients.cli.command import standalone
from clients.cli.session import Session


@standalone("completion", "输出命令补全脚本")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(session: Session, shell: str) -> None:
    """Write the completion script of a shell; source it in the shell's start-up file."""
    from clients.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None
    script = found(cli, {}, "suyuan", "_SUYUAN_COMPLETE").source()
    session.output.data({"shell": shell, "script": script}, text=script)
