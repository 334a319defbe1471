"""`suyuan node`: runs the node's own program, which is a package of its own and is never imported here."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys

import click
import msgspec

from clients.cli.command import new_group
from clients.cli.errors import NodeProgramMissing
from clients.cli.exits import Exit
from clients.cli.output import Output
from clients.cli.session import Session

group = new_group("node", "Set up, start and look at a node.", "初始化、启动与查看节点。")


_KNOW_JSON = ("status", "config")
"""Commands of the node's program that write JSON only when they are asked to; the others always do."""


def _find() -> None:
    if importlib.util.find_spec("node") is None or importlib.util.find_spec("node.__main__") is None:
        raise NodeProgramMissing


def _run(words: tuple[str, ...]) -> None:
    _find()
    # Signals of the terminal reach the whole process group: the node stops itself, and this waits for it. A handler,
    # unlike "ignore", is not inherited by the program that is started.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with subprocess.Popen([sys.executable, "-P", "-m", "node", *words]) as process:  # noqa: S603 - our own module.
            old = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
            try:
                status = process.wait()
            finally:
                signal.signal(signal.SIGTERM, old)
    finally:
        signal.signal(signal.SIGINT, before)
    if status:
        # It has said why on stderr, and its exit codes are those of this program.
        raise click.exceptions.Exit(status if status > 0 else int(Exit.INTERNAL))


def _enveloped(output: Output, name: str, words: tuple[str, ...]) -> None:
    """Run a command of the node's program and put what it says into the envelope that every command has."""
    _find()
    given = (*words, "--json") if name in _KNOW_JSON else words
    with subprocess.Popen(  # noqa: S603 - our own module.
        [sys.executable, "-P", "-m", "node", name, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        said, complained = process.communicate()
    output.command = f"suyuan node {name}"
    if process.returncode:
        status = process.returncode if process.returncode > 0 else int(Exit.INTERNAL)
        # What it complains of begins with the stable code; its own log lines stand before that.
        last = complained.strip().rpartition("\n")[2]
        code, _, message = last.partition(": ")
        output.failure(code if message else "internal", message or last, "", status)
        raise click.exceptions.Exit(status)
    output.data(msgspec.json.decode(said) if said.strip() else None)


def passing(name: str, en: str, zh: str) -> click.Command:
    """Return a command that hands all its options to the node's program."""

    def body(words: tuple[str, ...]) -> None:
        session = click.get_current_context().find_object(Session)
        # `--json` may stand before the command or after it; everything else goes on untouched, `--help` too.
        wants_json = "--json" in words or (session is not None and session.output.as_json)
        plain = tuple(word for word in words if word != "--json")
        if session is None or not wants_json or name == "start" or "--help" in words:
            _run((name, *words))
            return
        session.output.as_json = True
        _enveloped(session.output, name, plain)

    return click.Command(
        name,
        callback=body,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS]")],
        help=f"{en}\n\n{zh}。",
        short_help=f"{en} {zh}。",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
    )


for _name, _en, _zh in (
    ("init", "Make a data directory with keys, genesis and policy.", "创建数据目录、密钥、创世文件与策略"),
    ("keys", "Show or make the node's keys.", "查看或生成节点密钥"),
    ("config", "Show the node's settings and where each came from.", "查看节点配置及其来源"),
    ("start", "Start the node and run until it is stopped.", "启动节点并持续运行"),
    ("status", "Show whether the node runs and where its log stands.", "查看节点运行状态与账本位置"),
):
    group.add_command(passing(_name, _en, _zh))
