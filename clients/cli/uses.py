"""`suyuan use`: reports of uses of what was handed over."""

from __future__ import annotations

import click

from clients.cli.arguments import as_of_option
from clients.cli.command import command, new_group
from clients.cli.exporting import Export, export_option, write_export
from clients.cli.results import member_of, show_answer, show_receipted, show_rows
from clients.cli.session import Session
from clients.exports.csv_files import metering_csv
from clients.sdk import questions
from ledger.kinds.transfers import UseReport
from ledger.lineage.metering import Metering
from ledger.times import format_time

group = new_group("use", "Report uses of data that was handed over; count them.", "报告与计量数据使用情况。")
_COUNTS = ("of", "grantee", "records_released", "records_offered", "query_batches", "queries", "uses")


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


@command(group, "metering", "按来源、事项与使用方计量")
@click.option("--source", metavar="USCC", help="only records of this source")
@click.option("--first", type=click.IntRange(min=0), default=0, metavar="INDEX", help="log index to count from")
@as_of_option
@export_option("csv")
def metering(session: Session, source: str | None, first: int, as_of: int | None, export: Export | None) -> None:
    """Count what was handed over, asked for and used, per source, item and grantee."""
    answer = session.client.run(questions.usage(source, first, as_of))
    if export is not None:
        write_export(session, export, metering_csv(answer.read_as(Metering)))
        return
    rows = member_of(answer, "rows")
    title = session.output.pick("Usage", "使用计量")
    if session.output.as_json or not rows:
        show_answer(session, title, answer)
    else:
        show_rows(session, f"{title} ({answer.as_of})", _COUNTS, rows)
