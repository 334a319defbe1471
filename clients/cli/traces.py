"""`suyuan trace`: where a record went, where it came from, who held it."""

from __future__ import annotations

import click

from clients.cli.arguments import as_of_option, read_references, references_option
from clients.cli.command import command, new_group
from clients.cli.errors import UsageProblem
from clients.cli.exporting import Export, export_option, write_export
from clients.cli.results import member_of, show_answer, show_rows
from clients.cli.session import Session
from clients.exports.csv_files import trace_csv
from clients.sdk import questions, requests
from clients.sdk.answers import Answer
from ledger.exchange.openlineage import trace_as_openlineage
from ledger.exchange.prov import trace_as_prov
from ledger.lineage.answers import Trace

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


_exported = export_option("prov", "openlineage", "csv")


def _export(session: Session, export: Export, trace: Trace) -> None:
    content: object
    match export[0]:
        case "prov":
            content = trace_as_prov(trace)
        case "openlineage":
            content = trace_as_openlineage(trace, session.client.run(requests.log()).origin)
        case _:
            content = trace_csv(trace)
    write_export(session, export, content)


@command(group, "forward", "正向追溯：去向")
@click.argument("reference")
@as_of_option
@_exported
def forward(session: Session, reference: str, as_of: int | None, export: Export | None) -> None:
    """Show everywhere REFERENCE went, hop by hop, and who answers for each."""
    answer = session.client.run(requests.trace_forward(reference, as_of))
    if export is not None:
        _export(session, export, answer.read_as(Trace))
        return
    _show(session, session.output.pick("Forward", "去向"), answer, "hops", HOP_COLUMNS)


@command(group, "back", "反向追溯：来源")
@click.argument("reference")
@as_of_option
@_exported
def back(session: Session, reference: str, as_of: int | None, export: Export | None) -> None:
    """Show everything REFERENCE came from, back to the signed originals."""
    answer = session.client.run(requests.trace_back(reference, as_of))
    if export is not None:
        _export(session, export, answer.read_as(Trace))
        return
    _show(session, session.output.pick("Back", "来源"), answer, "hops", HOP_COLUMNS)


@command(group, "holders", "查询持有方")
@click.argument("reference")
@click.option("--at", type=click.IntRange(min=0), metavar="INDEX", help="log index asked for; now if absent")
def holders(session: Session, reference: str, at: int | None) -> None:
    """Show who held REFERENCE at a log index, in which version, and whether they still could."""
    answer = session.client.run(requests.holders(reference, at))
    _show(session, session.output.pick("Holders", "持有方"), answer, "holders", HOLDER_COLUMNS)


@command(group, "subject", "查询机构的全部信息")
@click.option("--tag", "tags", multiple=True, required=True, metavar="VALUE:EPOCH", help="its tag (one for each epoch)")
@references_option
@click.option("--mandate", metavar="ID", help="the mandate under which an agent asks")
@as_of_option
def subject(
    session: Session, tags: tuple[str, ...], references: tuple[str, ...], mandate: str | None, as_of: int | None
) -> None:
    """Show everything about an institution: records, hand-overs, uses, products, publications and lists.

    --reference adds rows of batches that were found in manifests. Persons are asked about by `suyuan access`.
    """
    found = read_references(references)
    asked = [_tag(text) for text in tags]
    call = questions.subject_report(asked, None if found is None else found.to_json(), mandate, as_of)
    show_answer(session, session.output.pick("Subject", "主体"), session.client.run(call))


def _tag(text: str) -> tuple[str, int]:
    value, colon, epoch = text.partition(":")
    if not colon or not (epoch.isascii() and epoch.isdigit() and len(epoch) < 16):
        raise UsageProblem(detail=f"{text} is not VALUE:EPOCH", command="suyuan trace subject")
    return value, int(epoch)
