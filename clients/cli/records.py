"""`suyuan record`: credit records, singly, in batches and from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from clients.cli.arguments import as_of_option, convert, read_basis, read_json_object
from clients.cli.command import command, new_group
from clients.cli.errors import UsageProblem
from clients.cli.manifest_holders import holding_options, manifest_holders
from clients.cli.record_files import import_file
from clients.cli.results import member_of, named, show_answer, show_object, show_receipted, show_rows
from clients.cli.session import Session, read_bytes
from clients.gateway.forms import forms_from
from clients.gateway.records import Attributes, NewRecord
from clients.gateway.source import RecordSource
from clients.imports.rows import ENCODINGS
from clients.sdk import questions, requests
from clients.vault.errors import NotInVault
from ledger.commitment import FieldValue
from ledger.kinds.fields import Severity, SubjectClass
from ledger.references import Reference

if TYPE_CHECKING:
    from clients.vault.vault import Vault

group = new_group("record", "Submit, import, correct and withdraw records.", "提交、导入、更正与撤回信用信息。")
_QUALITY = (
    "source", "records", "median_delay", "longest_delay", "corrections", "withdrawals", "disputes", "requests",
    "declined", "late_answers",
)  # fmt: skip
_file = click.Path(path_type=Path, dir_okay=False)
_shared = (
    click.option("--item", required=True, metavar="ITEM", help="item of the catalogue"),
    click.option("--catalogue", type=click.IntRange(min=1), metavar="VERSION", help="the one in force if absent"),
    click.option("--event-day", required=True, metavar="YYYY-MM-DD"),
    click.option("--retention-end", required=True, metavar="YYYY-MM-DD"),
    click.option("--severity", type=click.Choice(["minor", "general", "serious"]), help="of an adverse record"),
    click.option("--basis", metavar="RANK;DOCUMENT;ARTICLE", help="the legal basis of an adverse record"),
)


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"subject_class": "class"}):
    """One record in a JSON file: subject class, raw identifier, and values by field."""

    subject_class: SubjectClass
    identifier: str
    values: dict[str, FieldValue]

    def new(self) -> NewRecord:
        return NewRecord(self.subject_class, self.identifier, self.values)


def _source(session: Session) -> RecordSource:
    client = session.signing_client
    return RecordSource(client, session.vault, forms_from(client), session.linking_keys)


def _version(session: Session, catalogue: int | None) -> int:
    return catalogue or session.client.run(requests.catalogue()).catalogue.version


def _attributes(event_day: str, retention_end: str, severity: Severity | None, basis: str | None) -> Attributes:
    return Attributes(event_day, retention_end, severity, read_basis(basis))


def _with_shared(function: click.Command) -> click.Command:
    for option in reversed(_shared):
        function = option(function)
    return function


@_with_shared
@command(group, "submit", "提交一条信息")
@click.argument("file", type=_file)
def submit(
    session: Session, file: Path, item: str, catalogue: int | None, event_day: str, retention_end: str,
    severity: Severity | None, basis: str | None,
) -> None:  # fmt: skip
    """Submit the record of FILE (JSON: class, identifier, values); values and key stay in the vault."""
    row = convert(read_json_object(read_bytes(file), file.name), _Row, file.name)
    attributes = _attributes(event_day, retention_end, severity, basis)
    receipted = _source(session).submit_record(item, _version(session, catalogue), row.new(), attributes, session.wait)
    show_receipted(session, receipted, reference=receipted.statement_id)


@_with_shared
@command(group, "batch", "以一个签名提交多条信息")
@click.argument("file", type=_file)
@holding_options
def batch(
    session: Session, file: Path, item: str, catalogue: int | None, event_day: str, retention_end: str,
    severity: Severity | None, basis: str | None, nodes: tuple[str, ...], held_by: int | None,
) -> None:  # fmt: skip
    """Submit the records of FILE (JSON: {"rows": [...]}) under one signature, as ID:0, ID:1 in the manifest's order."""
    rows = convert(read_json_object(read_bytes(file), file.name).get("rows"), list[_Row], file.name)
    attributes = _attributes(event_day, retention_end, severity, basis)
    holders = manifest_holders(session, nodes, held_by)
    client = session.signing_client
    source = RecordSource(client, session.vault, forms_from(client), session.linking_keys, holders.clients)
    receipted = source.submit_batch(
        item, _version(session, catalogue), [row.new() for row in rows], attributes,
        held_by=holders.needed, wait=session.wait,
    )  # fmt: skip
    show_receipted(session, receipted, rows=len(rows))


@_with_shared
@command(group, "correct", "更正一条信息")
@click.argument("reference")
@click.argument("file", type=_file)
@click.option(
    "--reason", type=click.Choice(["error", "update", "court", "dispute"]), default="error", show_default=True
)
def correct(
    session: Session, reference: str, file: Path, item: str, catalogue: int | None, event_day: str,
    retention_end: str, severity: Severity | None, basis: str | None,
    reason: Literal["error", "update", "court", "dispute"],
) -> None:  # fmt: skip
    """Replace REFERENCE by the record of FILE, a new version with its own id."""
    row = convert(read_json_object(read_bytes(file), file.name), _Row, file.name)
    receipted = _source(session).correct_record(
        Reference.parse(reference), item, _version(session, catalogue), row.new(),
        _attributes(event_day, retention_end, severity, basis), reason, session.wait,
    )  # fmt: skip
    show_receipted(session, receipted, replaces=reference)


@command(group, "withdraw", "撤回一条信息")
@click.argument("reference")
@click.option(
    "--reason", type=click.Choice(["error", "duplicate", "court", "dispute", "other"]), default="error",
    show_default=True,
)  # fmt: skip
def withdraw(
    session: Session, reference: str, reason: Literal["error", "duplicate", "court", "dispute", "other"]
) -> None:
    """Take REFERENCE back."""
    from ledger.kinds.records import RecordWithdraw

    found = str(Reference.parse(reference))
    payload = RecordWithdraw(**session.identity.head(RecordWithdraw), reference=found, reason=reason)
    show_receipted(session, session.submit(payload), reference=reference)


@command(group, "show", "查看一条信息")
@click.argument("reference")
@click.option("--values", is_flag=True, help="also the values that the member's vault holds, its own or received")
def show(session: Session, reference: str, values: bool) -> None:
    """Show what the ledger knows of REFERENCE, and with --values what the vault holds of it.

    Values of the member's own record are `values`; those that hand-overs disclosed are `disclosed`, each with the id
    of its offer.
    """
    found = Reference.parse(reference)
    row = named(session.client.run(requests.record(found.statement_id)))
    if values:
        row |= _held_values(session.vault, found)
    # A single record has no count; only a batch does.
    show_object(session, session.output.pick("Record", "信息"), row, hidden=() if row["count"] else ("count",))


def _held_values(vault: Vault, reference: Reference) -> dict[str, object]:
    """Return the values of a record of one's own, those of received ones, or both; raises `NotInVault` for neither."""
    received: list[dict[str, object]] = [
        {"offer": offer, "values": {name: value for name, _, value in disclosed.fields}}
        for offer, disclosed in vault.disclosed_by(reference)
    ]
    shown: dict[str, object] = {"disclosed": received} if received else {}
    try:
        return {"values": vault.record(reference).values, **shown}
    except NotInVault:
        if not shown:
            raise
        return shown


@command(group, "import", "从 CSV 或 JSON Lines 文件导入")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--mapping", required=True, type=_file, metavar="M", help="TOML file: see below")
@click.option("--dry-run", is_flag=True, help="list every row that breaks a rule, sign nothing")
@click.option("--resume", is_flag=True, help="go on with an import that was interrupted")
@click.option("--encoding", type=click.Choice(ENCODINGS), default="utf-8", show_default=True)
@click.option("--batch", "batch_rows", type=click.IntRange(min=0), help="rows under one signature; 0: every row alone")
@click.option("--catalogue-file", type=_file, help="JSON of a catalogue, for --dry-run without a node")
@holding_options
def import_records(
    session: Session, file: Path, mapping: Path, dry_run: bool, resume: bool, encoding: str, batch_rows: int | None,
    catalogue_file: Path | None, nodes: tuple[str, ...], held_by: int | None,
) -> None:  # fmt: skip
    """Import the rows of FILE (CSV, or JSON Lines by its extension) as records.

    Every row is checked before anything is signed. The mapping names the item (`item`, `catalogue`), the subject
    (`subject_class`, `identifier`: a column), `event_day`, `retention_end` and `severity` (a constant, or
    { column = "..." }, for retention_end also { days = N }), the legal `basis`, rows per signature (`batch`), and in
    [fields] for every field its column.
    """
    if catalogue_file is not None and not dry_run:
        raise UsageProblem(detail="--catalogue-file is for --dry-run", command="suyuan record import")
    import_file(
        session, file, mapping, encoding, dry_run=dry_run, resume=resume, batch_rows=batch_rows,
        catalogue_file=catalogue_file, nodes=nodes, held_by=held_by,
    )  # fmt: skip


@command(group, "quality", "查看归集共享质效")
@click.option("--source", metavar="USCC", help="only this source")
@click.option("--first", type=click.IntRange(min=0), default=0, metavar="INDEX", help="log index to count from")
@as_of_option
def quality(session: Session, source: str | None, first: int, as_of: int | None) -> None:
    """Show delays from event to entry, corrections, withdrawals and requests declined, per source."""
    answer = session.client.run(questions.quality(source, first, as_of))
    rows = member_of(answer, "sources")
    title = session.output.pick("Quality", "归集共享质效")
    if session.output.as_json or not rows:
        show_answer(session, title, answer)
    else:
        show_rows(session, f"{title} ({answer.as_of})", _QUALITY, rows)
