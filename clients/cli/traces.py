"""`suyuan trace`: where a record went, where it came from, who held it."""

from __future__ import annotations

import click

from clients.cli.arguments import as_of_option
from clients.cli.command import command, new_group
from clients.cli.results import member_of, show_answer, show_rows
from clients.cli.session import Session
from clients.sdk import requests
from clients.sdk.answers import Answer

group = new_group("trace", "Trace records, hand-overs and their holders.", "追溯记录、交接与持有方。")
HOP_COLUMNS = ("sender", "receiver", "status", "released_at", "responsible", "transfer")
HOLDER_COLUMNS = ("member", "version", "since", "life_end", "may_still", "reasons")
"""What fits into 120 columns; grants, purposes and the rest stand in the JSON output."""


def _show(session: Session, title: str, answer: Answer, name: str, columns: tuple[str, ...]) -> None:
    rows = member_of(answer, name)
    if session.output.as_json or not rows:
        show_answer(session, title, answer)
    else:
        show_rows(session, f"{title} ({answer.as_of})", columns, rows)


@command(group, "forward", "正向追溯：去向")
@click.argument("reference")
@as_of_option
def forward(session: Session, reference: str, as_of: int | None) -> None:
    """Show everywhere REFERENCE went, hop by hop, and who answers for each."""
    answer = session.client.run(requests.trace_forward(reference, as_of))
    _show(session, session.output.pick("Forward", "去向"), answer, "hops", HOP_COLUMNS)


@command(group, "back", "反向追溯：来源")
@click.argument("reference")
@as_of_option
def back(session: Session, reference: str, as_of: int | None) -> None:
    """Show everything REFERENCE came from, back to the signed originals."""
    answer = session.client.run(requests.trace_back(reference, as_of))
    _show(session, session.output.pick("Back", "来源"), answer, "hops", HOP_COLUMNS)


@command(group, "holders", "查询持有方")
@click.argument("reference")
@click.option("--at", type=click.IntRange(min=0), metavar="INDEX", help="log index asked for; now if absent")
def holders(session: Session, reference: str, at: int | None) -> None:
    """Show who held REFERENCE at a log index, in which version, and whether they still could."""
    answer = session.client.run(requests.holders(reference, at))
    _show(session, session.output.pick("Holders", "持有方"), answer, "holders", HOLDER_COLUMNS)
