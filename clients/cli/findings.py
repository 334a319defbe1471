"""`suyuan findings`: what went wrong, as the ledger itself shows it."""

from __future__ import annotations

import click
import msgspec

from clients.cli.arguments import as_of_option
from clients.cli.command import command, new_group
from clients.cli.exporting import Export, export_option, write_export
from clients.cli.results import member_of, show_answer, show_rows
from clients.cli.session import Session
from clients.exports.csv_files import findings_csv
from clients.sdk import requests
from ledger.findings.judge import Finding

group = new_group("findings", "Show findings and refused attempts.", "查看问题与被拒绝的尝试。")


@command(group, "list", "列出问题")
@click.option("--code", metavar="F-CODE", help="only findings of this code")
@click.option("--party", metavar="USCC", help="only those that this party answers for")
@click.option("--open/--closed", "open_only", default=None, help="only open or only closed ones")
@as_of_option
@export_option("csv")
def list_findings(
    session: Session, code: str | None, party: str | None, open_only: bool | None, as_of: int | None,
    export: Export | None,
) -> None:  # fmt: skip
    """List findings: what is wrong, who answers for it, since when, whether it is still open."""
    answer = session.client.run(requests.findings(code, party, open_only, as_of))
    if export is not None:
        found = msgspec.convert(member_of(answer, "findings"), list[Finding])
        write_export(session, export, findings_csv(found))
        return
    if session.output.as_json:
        show_answer(session, "findings", answer)
        return
    title = session.output.pick(f"Findings at size {answer.as_of}", f"问题（树大小 {answer.as_of}）")
    show_rows(session, title, ("code", "rule", "party", "since", "open", "about"), member_of(answer, "findings"))


@command(group, "refusals", "列出被拒绝的尝试")
@click.option("--by", "member_code", metavar="USCC", help="only attempts of this member")
@as_of_option
def refusals(session: Session, member_code: str | None, as_of: int | None) -> None:
    """List attempts that a rule refused."""
    answer = session.client.run(requests.refusals(member_code, as_of))
    if session.output.as_json:
        show_answer(session, "refusals", answer)
        return
    title = session.output.pick(f"Refusals at size {answer.as_of}", f"拒绝记录（树大小 {answer.as_of}）")
    show_rows(session, title, ("rule", "member", "kind", "time", "index", "statement"), member_of(answer, "refusals"))
