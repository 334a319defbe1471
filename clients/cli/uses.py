"""`suyuan use`: reports of uses of what was handed over."""

from __future__ import annotations

import click

from clients.cli.command import command, new_group
from clients.cli.results import show_receipted
from clients.cli.session import Session
from ledger.kinds.transfers import UseReport
from ledger.times import format_time

group = new_group("use", "Report uses of data that was handed over.", "报告数据使用情况。")


@command(group, "report", "报告一次使用")
@click.argument("transfer")
@click.option("--purpose", required=True, metavar="CODE", help="purpose of the use, as the catalogue has it")
@click.option("--outcome", required=True, metavar="DIGEST", help="SHA-256 commitment to the outcome")
@click.option("--used-at", metavar="TIME", help="YYYY-MM-DDTHH:MM:SSZ; now if absent")
@click.option("--reference", metavar="ID[:ROW]", help="the one record that was used; all of the hand-over if absent")
def report(
    session: Session, transfer: str, purpose: str, outcome: str, used_at: str | None, reference: str | None
) -> None:
    """Report a use of what hand-over TRANSFER (the id of its offer) gave."""
    identity = session.identity
    payload = UseReport(
        **identity.head(UseReport),
        transfer=transfer,
        purpose=purpose,
        used_at=used_at or format_time(identity.surroundings.now_ms()),
        outcome=outcome,
        reference=reference,
    )
    show_receipted(session, session.submit(payload))
