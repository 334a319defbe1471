"""`suyuan submit`: any kind of statement from the JSON of its fields."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from clients.cli.arguments import read_json_object
from clients.cli.command import standalone
from clients.cli.errors import FileUnusable
from clients.cli.results import show_object, show_receipted
from clients.cli.session import Session, read_bytes

_COMMON = frozenset(("v", "kind", "sub"))


@standalone("submit", "由 JSON 字段提交任意类型的陈述")
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--id", "local_id", metavar="ID", help="the issuer's own id of the statement; random if absent")
@click.option("--dry-run", is_flag=True, help="check and sign, but do not submit")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="also write the COSE bytes here")
def submit(session: Session, kind: str, file: Path, local_id: str | None, dry_run: bool, save: Path | None) -> None:
    """Submit a statement of KIND with the fields of FILE (JSON; `-` is stdin)."""
    data = sys.stdin.buffer.read() if str(file) == "-" else read_bytes(file)
    fields = {name: value for name, value in read_json_object(data, str(file)).items() if name not in _COMMON}
    client = session.signing_client
    statement = session.identity.sign_fields(kind, fields, client.audience(), local_id)
    if save is not None:
        try:
            save.write_bytes(statement.raw)
        except OSError as error:
            raise FileUnusable(path=str(save), detail=error.strerror or str(error)) from None
    if dry_run:
        show_object(session, kind, {"id": statement.statement_id, "status": "signed", "bytes": len(statement.raw)})
        return
    show_receipted(session, client.submit(statement, session.wait), kind=kind)
