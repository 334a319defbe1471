"""`suyuan statement`: a statement as it was signed, with what proves that the log holds it."""

from __future__ import annotations

from pathlib import Path

import click

from clients.cli.command import command, new_group
from clients.cli.results import show_object
from clients.cli.session import Session, write_new
from clients.sdk import requests

group = new_group("statement", "Get statements with their proofs and receipts.", "取得陈述及其证明与回执。")
_file = click.Path(path_type=Path, dir_okay=False)


@command(group, "get", "取得一条陈述，保存其证明与回执")
@click.argument("statement_id", metavar="ID")
@click.option("--out", type=_file, metavar="FILE", help="save the statement as it was signed (COSE)")
@click.option("--proof", "proof_file", type=_file, metavar="FILE", help="save its proof (C2SP tlog-proof)")
@click.option("--receipt", "receipt_file", type=_file, metavar="FILE", help="save its receipt (RFC 9942)")
def get(
    session: Session, statement_id: str, out: Path | None, proof_file: Path | None, receipt_file: Path | None
) -> None:
    """Show where statement ID stands, and save it with what proves it; `suyuan verify` checks the files offline.

    With `refused` as its status, the log holds it as a refusal under `rule`; name that to `verify --refused-under`.
    """
    client = session.client
    info = client.run(requests.statement_info(statement_id))
    # Everything is fetched before anything is written: a file that is there means that all of them are.
    files: list[tuple[str, Path, bytes]] = []
    if out is not None:
        files.append(("statement", out, client.run(requests.statement(statement_id)).statement.raw))
    if proof_file is not None:
        files.append(("proof", proof_file, client.run(requests.proof(statement_id)).encode()))
    if receipt_file is not None:
        files.append(("receipt", receipt_file, client.run(requests.receipt(statement_id))))
    for _, path, data in files:
        write_new(path, data)
    value = {
        "id": info.statement_id, "kind": info.kind, "iss": info.iss, "kid": info.kid, "index": info.index,
        "status": "refused" if info.rule else "admitted", "rule": info.rule, "block_time": info.block_time,
        **{name: str(path) for name, path, _ in files},
    }  # fmt: skip
    show_object(session, session.output.pick("Statement", "陈述"), value)
