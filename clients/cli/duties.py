"""`suyuan duty`: what awaits a member, by when."""

from __future__ import annotations

import click

from clients.cli.arguments import as_of_option
from clients.cli.command import command, new_group
from clients.cli.results import member_of, show_answer, show_rows
from clients.cli.session import Session
from clients.sdk import requests

group = new_group("duty", "Show what must be done by when.", "查看待办义务及期限。")


@command(group, "list", "列出待办义务")
@click.option("--party", metavar="USCC", help="whose duties; the member's own if absent")
@click.option("--all", "every", is_flag=True, help="also those that are met")
@as_of_option
def list_duties(session: Session, party: str | None, every: bool, as_of: int | None) -> None:
    """List the duties that await a member, the next one due first."""
    answer = session.client.run(requests.duties(party or session.settings.member, as_of))
    if session.output.as_json:
        show_answer(session, "duties", answer)
        return
    rows = [row for row in member_of(answer, "duties") if every or row.get("status") in ("open", "overdue")]
    title = session.output.pick(f"Duties at size {answer.as_of}", f"义务（树大小 {answer.as_of}）")
    show_rows(session, title, ("status", "kind", "due", "party", "about", "opener"), rows)
