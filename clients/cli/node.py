"""`suyuan node`: runs the node's own program, which is a package of its own and is never imported here."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Callable

import click

from clients.cli.command import SuyuanCommand, new_group
from clients.cli.errors import NodeProgramFailed, NodeProgramMissing
from clients.cli.session import Session
from ledger.errors import SuyuanError

group = new_group("node", "Set up, start and look at a node.", "初始化、启动与查看节点。")


def _run(words: tuple[str, ...]) -> None:
    if importlib.util.find_spec("node") is None or importlib.util.find_spec("node.__main__") is None:
        raise NodeProgramMissing
    # Signals of the terminal reach the whole process group: the node stops itself, and this waits for it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with subprocess.Popen([sys.executable, "-m", "node", *words]) as process:  # noqa: S603 - our own module.
            old = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
            try:
                status = process.wait()
            finally:
                signal.signal(signal.SIGTERM, old)
    finally:
        signal.signal(signal.SIGINT, before)
    if status:
        raise _failed(status)


def _failed(status: int) -> SuyuanError:
    return NodeProgramFailed(status=status)


def passing(name: str, en: str, zh: str) -> click.Command:
    """Return a command that hands all its options to the node's program."""

    def body(session: Session, words: tuple[str, ...]) -> None:
        del session
        _run((name, *words))

    decorated: Callable[..., None] = click.make_pass_decorator(Session, ensure=True)(body)
    return SuyuanCommand(
        name,
        callback=decorated,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS]")],
        help=f"{en}\n\n{zh}。\n\nAll options go to the node's program: `python -m node {name} --help` lists them.",
        short_help=f"{en} {zh}。",
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )


for _name, _en, _zh in (
    ("init", "Make a data directory with keys, genesis and policy.", "创建数据目录、密钥、创世文件与策略"),
    ("keys", "Show or make the node's keys.", "查看或生成节点密钥"),
    ("config", "Show the node's settings and where each came from.", "查看节点配置及其来源"),
    ("start", "Start the node and run until it is stopped.", "启动节点并持续运行"),
    ("status", "Show whether the node runs and where its log stands.", "查看节点运行状态与账本位置"),
):
    group.add_command(passing(_name, _en, _zh))
