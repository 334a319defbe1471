"""`suyuan doctor`: is everything in place for working with the node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import httpx2

from clients.cli.command import standalone
from clients.cli.session import Session
from clients.sdk import requests
from clients.sdk.heads import FileHeadStore
from clients.sdk.light_client import follow
from clients.sdk.sending import TIMEOUT
from ledger.errors import ConfigError, SuyuanError, Text

MAX_CLOCK_DIFFERENCE = 60
"""Seconds between this clock and the node's above which statements are at risk of being turned away."""


class DoctorFound(ConfigError):
    """At least one check failed; the table says which."""

    code = "cli.doctor"
    what = Text("{failed} of {total} checks failed: {names}.", "{total} 项检查中有 {failed} 项未通过：{names}。")
    next_step = Text("See the list above; each line says why.", "请查看上方列表，每行说明原因。")


class ClockApart(ConfigError):
    """The clock here and the node's are far apart."""

    code = "cli.clock"
    what = Text(
        "This clock is {seconds} s away from the node's; statements need less than 600 s.",
        "本机时钟与节点相差 {seconds} 秒；陈述要求小于 600 秒。",
    )
    next_step = Text("Set the clock.", "请校准时钟。")


@dataclass(frozen=True, slots=True)
class _Line:
    check: str
    result: str
    detail: str


@standalone("doctor", "检查配置、密钥、时钟与节点")
def doctor(session: Session) -> None:
    """Check settings, key, node, clock, the key's registration and the kept head."""
    lines = [
        _run("settings", lambda: f"{session.configuration.file or 'no file'}"),
        _run("key", lambda: _key(session)),
        _run("node", lambda: _node(session)),
    ]
    answers = lines[-1].result == "ok"
    for name, check in (("clock", _clock), ("registered", _registered), ("head", _head)):
        lines.append(_run(name, partial(check if answers else _unanswered, session)))
    rows = [(line.check, line.result, line.detail) for line in lines]
    table = session.output.table("doctor", ("check", "result", "detail"), rows)
    failed = [line.check for line in lines if line.result == "failed"]
    listed = [asdict(line) for line in lines]
    if failed:
        session.output.before_error(listed, table)
        raise DoctorFound(failed=len(failed), total=len(lines), names=", ".join(failed))
    session.output.data(listed, table=table)


class _Skipped(Exception):
    pass


def _run(name: str, check: Callable[[], str]) -> _Line:
    try:
        return _Line(name, "ok", check())
    except _Skipped as reason:
        return _Line(name, "skipped", str(reason))
    except SuyuanError as error:
        return _Line(name, "failed", f"{error.stable_code}: {error.message()}")


def _unanswered(session: Session) -> str:
    raise _Skipped(f"{session.settings.node} does not answer")


def _key(session: Session) -> str:
    if session.settings.key is None:
        raise _Skipped("no key is set")
    key = session.private_key(Path(session.settings.key).expanduser())
    return f"{key.kind}, opens"


def _node(session: Session) -> str:
    log = session.public_client.log()
    return f"{log.node} of {log.origin}, size {log.size}"


def _clock(session: Session) -> str:
    try:
        with httpx2.Client(transport=session.transport, timeout=TIMEOUT) as http:
            answer = http.get(f"{session.public_client.url}/livez")
        stamp = parsedate_to_datetime(answer.headers["date"])
    except (httpx2.TransportError, KeyError, ValueError, TypeError):
        raise _Skipped("the node does not say its time") from None
    seconds = abs(int(stamp.timestamp()) - session.surroundings.now_s())
    if seconds > MAX_CLOCK_DIFFERENCE:
        raise ClockApart(seconds=seconds)
    return f"{seconds} s apart"


def _registered(session: Session) -> str:
    if session.settings.member is None or session.settings.key is None:
        raise _Skipped("member or key is not set")
    member = session.client.run(requests.member(session.settings.member))
    return f"{member.name_en}, {member.status}, roles {', '.join(member.roles)}"


def _head(session: Session) -> str:
    if session.settings.policy is None:
        raise _Skipped("no policy is set")
    verified = follow(session.public_client, session.policy, FileHeadStore(session.head_file))
    return f"size {verified.checkpoint.size}, consistent, cosigned by {len(verified.cosigners)}"
