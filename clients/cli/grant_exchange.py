"""`suyuan grant export` and `suyuan grant import`: grants as documents of other systems, and from them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import click
import msgspec

from clients.cli.command import command
from clients.cli.errors import FileUnusable, UsageProblem
from clients.cli.grants import group
from clients.cli.results import show_object
from clients.cli.session import Session, read_bytes
from ledger.exchange.odrl import grant_as_odrl, grant_from_odrl
from ledger.exchange.rebit import RebitTerms, grant_from_rebit
from ledger.kinds import decode_payload
from ledger.kinds.grants import GrantIssue
from ledger.references import ReferenceSet

T = TypeVar("T")
_path = click.Path(path_type=Path, dir_okay=False)


class _Terms(msgspec.Struct, forbid_unknown_fields=True):
    """What the codes of a consent artefact are here, as a JSON file; see `ledger.exchange.rebit.RebitTerms`."""

    members: dict[str, str]
    items: dict[str, tuple[str, tuple[str, ...]]]
    purposes: dict[str, str]
    references: list[object]
    jurisdictions: tuple[str, ...]
    consents: tuple[str, ...]

    def terms(self) -> RebitTerms:
        """Return the terms; raises the errors of `ReferenceSet.from_json`."""
        references = ReferenceSet.from_json(self.references)
        return RebitTerms(self.members, self.items, self.purposes, references, self.jurisdictions, self.consents)


@command(group, "export", "将授权导出为 W3C ODRL 文档")
@click.argument("grant")
@click.argument("file", type=_path)
def export(session: Session, grant: str, file: Path) -> None:
    """Write GRANT, as it was issued, to FILE as a W3C ODRL 2.2 agreement in JSON-LD."""
    statement = session.client.statement(grant).statement
    payload = decode_payload(statement.kind, statement.payload)
    if not isinstance(payload, GrantIssue):
        raise UsageProblem(detail=f"{grant[:12]}… is a {statement.kind}", command="suyuan grant export")
    document = grant_as_odrl(grant, statement.iss, payload)
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1))
    except OSError as error:
        raise FileUnusable(path=str(file), detail=error.strerror or str(error)) from None
    show_object(session, session.output.pick("Exported", "已导出"), {"grant": grant, "file": str(file)})


@command(group, "import", "由 ODRL 或同意文件生成授权内容")
@click.argument("file", type=_path)
@click.option("--form", type=click.Choice(["odrl", "rebit"]), required=True, help="what FILE is")
@click.option("--terms", type=_path, help="with rebit: JSON file that says what the artefact's codes are here")
@click.option("--out", type=_path, help="write the fields to this file, for `suyuan submit grant.issue FILE`")
def import_(session: Session, file: Path, form: str, terms: Path | None, out: Path | None) -> None:
    """Read FILE and show the fields of the grant.issue that it asks for; nothing is signed.

    `rebit` is a consent artefact with the field names of India's account aggregators.
    """
    document = _json(file, object)
    left_out: tuple[str, ...] = ()
    if form == "odrl":
        grantor, fields = grant_from_odrl(document)
    else:
        if terms is None:
            raise UsageProblem(detail="--form rebit needs --terms FILE", command="suyuan grant import")
        found = grant_from_rebit(document, _json(terms, _Terms).terms())
        grantor, fields, left_out = found.grantor, found.fields, found.left_out
    if out is not None:
        try:
            out.write_bytes(msgspec.json.format(msgspec.json.encode(fields), indent=1))
        except OSError as error:
            raise FileUnusable(path=str(out), detail=error.strerror or str(error)) from None
    value = {
        "grantor": grantor,
        "fields": fields,
        "left_out": list(left_out),
        "file": None if out is None else str(out),
    }
    show_object(session, session.output.pick("Grant to issue", "待签发的授权"), value)


def _json(file: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(read_bytes(file), type=kind)
    except msgspec.MsgspecError as error:
        raise UsageProblem(detail=f"{file}: {error}", command="suyuan grant import") from None
