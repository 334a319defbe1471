"""`suyuan schema`: the JSON Schema of a statement kind with a valid example."""

from __future__ import annotations

import shlex

import click

from clients.cli.command import standalone
from clients.cli.errors import UsageProblem
from clients.cli.examples import EXAMPLES, full_example
from clients.cli.kind_commands import example_words
from clients.cli.session import Session
from ledger.kinds import KINDS, json_schema


@standalone("schema", "语句类型的 JSON Schema 与示例")
@click.argument("kind", required=False)
@click.option("--list", "list_kinds", is_flag=True, help="name all kinds")
def schema(session: Session, kind: str | None, list_kinds: bool) -> None:
    """Show the JSON Schema of a statement kind and a valid example of it."""
    if list_kinds:
        rows = [{"kind": name, "says": _says(name)} for name in KINDS]
        table = session.output.table("kinds", ("kind", "says"), [(row["kind"], row["says"]) for row in rows])
        session.output.data(rows, table=table)
        return
    if kind is None:
        raise UsageProblem(detail="name a kind, or use --list", command="suyuan schema")
    shown = {"kind": kind, "schema": json_schema(kind), "example": full_example(kind)}
    session.output.data({**shown, "command": shlex.join(["suyuan", *example_words(kind, EXAMPLES[kind])])})


def _says(kind: str) -> str:
    return (KINDS[kind].__doc__ or "").partition("\n")[0]
