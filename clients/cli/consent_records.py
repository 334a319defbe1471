"""`suyuan consent records`: the consents behind a grant as consent records of ISO/IEC TS 27560."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from clients.cli.command import command
from clients.cli.errors import FileUnusable, UsageProblem
from clients.cli.kind_groups import consent as group
from clients.cli.results import show_object
from clients.cli.session import Session
from clients.mirror.log_files import FolderFiles, NodeFiles, Replayed, replay_log
from ledger.exchange.consent_record import LoggedConsent, consent_records
from ledger.kinds import decode_payload
from ledger.kinds.consents import ConsentGive, ConsentWithdraw
from ledger.kinds.fields import Payload
from ledger.kinds.grants import GrantIssue
from ledger.statement import decode_statement
from ledger.times import format_time


@command(group, "records", "导出授权所依据的同意记录")
@click.argument("grant")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--from", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="read the log's files from a folder instead of the node",
)  # fmt: skip
def records(session: Session, grant: str, file: Path, folder: Path | None) -> None:
    """Write the consents that GRANT names to FILE, with the field names of ISO/IEC TS 27560, withdrawals included.

    The log is replayed for it, so it is for auditors, or for whoever has a copy of the log (--from).
    """
    files = NodeFiles(session.client) if folder is None else FolderFiles(folder)
    replayed = replay_log(files, session.policy)
    row = replayed.replay.statements([grant]).get(grant)
    issued = None if row is None else _payload(replayed, grant)
    if row is None or not isinstance(issued, GrantIssue):
        raise UsageProblem(detail=f"{grant[:12]}… is no logged grant.issue", command="suyuan consent records")
    made = consent_records(row.iss, issued, _consents(replayed))
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1))
    except OSError as error:
        raise FileUnusable(path=str(file), detail=error.strerror or str(error)) from None
    value = {"grant": grant, "records": len(made), "file": str(file)}
    show_object(session, session.output.pick("Consent records", "同意记录"), value)


def _payload(replayed: Replayed, statement_id: str) -> Payload:
    statement = decode_statement(replayed.replay.raw([statement_id])[statement_id])
    return decode_payload(statement.kind, statement.payload)


def _consents(replayed: Replayed) -> dict[str, LoggedConsent]:
    """Return every admitted consent of the log with its withdrawal, where there is one."""
    given: dict[str, LoggedConsent] = {}
    for row in replayed.replay.all_statements():
        if row.rule is not None or row.kind not in ("consent.give", "consent.withdraw"):
            continue
        payload, at = _payload(replayed, row.id), format_time(row.block_time)
        if isinstance(payload, ConsentGive):
            given[row.id] = LoggedConsent(row.id, row.iss, at, payload)
        elif isinstance(payload, ConsentWithdraw) and payload.consent in given:
            known = given[payload.consent]
            given[payload.consent] = LoggedConsent(known.id, known.recorded_by, known.given_at, known.payload, at)
    return given
