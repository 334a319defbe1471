"""`suyuan token`: a short-lived bearer token, for programs that read a node's routes themselves."""

from __future__ import annotations

import click

from clients.cli.command import standalone
from clients.cli.session import Session
from clients.sdk.identity import TOKEN_LIFE
from ledger.times import format_time


@standalone("token", "签发短期访问令牌")
@click.option("--life", type=click.IntRange(1, TOKEN_LIFE), default=TOKEN_LIFE, show_default=True, help="seconds")
@click.option("--for", "audience", metavar="NODE", help="name of the node; asked for if absent")
def token(session: Session, life: int, audience: str | None) -> None:
    """Sign a bearer token of the member for one node."""
    node = audience or session.settings.node_name or session.public_client.log().node
    text, expires = session.identity.token(node, life)
    ends = format_time(expires * 1000)
    session.output.data({"token": text, "node": node, "expires": ends}, text=text)
    session.output.talk(session.output.pick(f"for {node}, ends {ends}", f"用于 {node}，失效时间 {ends}"))
