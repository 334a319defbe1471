"""Scopes of cases, incidents and access requests: their files, and the questions that open them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click
import msgspec

from clients.cli.arguments import as_of_option, convert, read_json_object, read_references, references_option
from clients.cli.command import command
from clients.cli.kind_groups import access, case
from clients.cli.results import member_of, show_answer, show_object, show_rows
from clients.cli.session import Session, read_bytes, write_new
from clients.sdk import questions
from clients.sdk.answers import Json
from ledger.exchange.scopes import ScopeFile, scope_file
from ledger.references import ReferenceSet
from ledger.scope_commitment import SALT_SIZE, ScopeOpening

PRIVATE = 0o600
_scope = click.option(
    "--scope", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE",
    help="the file that `suyuan case scope` wrote",
)  # fmt: skip
_STEPS = ("index", "time", "kind", "by", "id")


def _read_scope(path: Path) -> Json:
    """Return the JSON of a scope file that was checked to be one."""
    found = read_json_object(read_bytes(path), path.name)
    convert(found, ScopeFile, path.name).opening()
    return found


@command(case, "scope", "生成范围文件与承诺")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@references_option
@click.option("--member", "members", multiple=True, metavar="USCC", help="a member that it is about (repeatable)")
def make_scope(session: Session, file: Path, references: tuple[str, ...], members: tuple[str, ...]) -> None:
    """Write FILE, which opens a scope, and show the commitment that statements carry.

    The scope of a case, of what an incident affected, or of an access request: without FILE nobody can read it.
    """
    found = read_references(references) or ReferenceSet()
    salt = session.surroundings.random_bytes(SALT_SIZE)
    opening = ScopeOpening(salt, found, tuple(sorted(set(members))))
    write_new(file, msgspec.json.format(msgspec.json.encode(scope_file(opening)), indent=1) + b"\n", PRIVATE)
    shown = {"commitment": opening.commitment(), "file": str(file)}
    show_object(session, session.output.pick("Scope", "范围"), shown)


@command(case, "show", "查看案件的保管链")
@click.argument("case_id", metavar="CASE")
@as_of_option
def show_case(session: Session, case_id: str, as_of: int | None) -> None:
    """Show the chain of custody of CASE: its statements in the order of the log."""
    answer = session.client.run(questions.case_custody(case_id, as_of))
    if session.output.as_json:
        show_answer(session, "case", answer)
        return
    show_rows(session, session.output.pick("Case", "案件"), _STEPS, member_of(answer, "steps"))


@command(case, "ask", "在授权范围内提问")
@click.argument("case_id", metavar="CASE")
@click.argument("question", type=click.Choice(get_args(questions.CaseQuestion)))
@click.argument("about")
@_scope
@click.option("--statement", metavar="ID", help="which statement of the trace; the record's own if absent")
@click.option("--at", type=click.IntRange(min=0), metavar="INDEX", help="log index, for holders; now if absent")
@as_of_option
def ask(
    session: Session, case_id: str, question: questions.CaseQuestion, about: str, scope: Path, statement: str | None,
    at: int | None, as_of: int | None,
) -> None:  # fmt: skip
    """Ask as the investigator of CASE about ABOUT: a record of its scope, or a member of it for findings and the like.

    forward, back, holders and statement take a record or row; findings, duties and refusals take a member.
    """
    name = "party" if question in ("findings", "duties", "refusals") else "reference"
    more: dict[str, str | int | None] = {name: about, "statement": statement, "at": at, "as_of": as_of}
    answer = session.client.run(questions.case_question(case_id, _read_scope(scope), question, **more))
    show_answer(session, question, answer)


@command(access, "report", "生成本人信息报告")
@click.argument("request")
@_scope
@references_option
@click.option("--request", "requests", multiple=True, metavar="ID", help="other requests about the person (repeatable)")
@as_of_option
def report(
    session: Session, request: str, scope: Path, references: tuple[str, ...], requests: tuple[str, ...],
    as_of: int | None,
) -> None:  # fmt: skip
    """Gather everything about the person that access.request REQUEST is about, for the answer.

    --reference adds what the member's own side table has of the same person; nothing else finds it.
    """
    found = read_references(references)
    given = None if found is None else found.to_json()
    call = questions.person_report(request, _read_scope(scope), given, requests, as_of)
    show_answer(session, session.output.pick("Report", "报告"), session.client.run(call))
