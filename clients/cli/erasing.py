"""`suyuan erase local`: destroying values in the member's own vault."""

from __future__ import annotations

from dataclasses import asdict

import click

from clients.cli.arguments import read_references
from clients.cli.command import command
from clients.cli.errors import UsageProblem
from clients.cli.kind_groups import erase
from clients.cli.results import show_object
from clients.cli.session import Session
from clients.vault.errors import NotInVault
from ledger.references import ReferenceSet


@command(erase, "local", "销毁自有保管库中的数据，不是删除证明")
@click.argument("references", nargs=-1, required=True, metavar="ID[:ROW[-ROW]]...")
@click.option("--yes", is_flag=True, help="do not ask")
def local(session: Session, references: tuple[str, ...], yes: bool) -> None:
    """Destroy what this vault holds of the records REFERENCES: values, keys, packages. This cannot be undone.

    It is no attestation: nothing is signed or logged, no duty is met, the ledger keeps its commitments, and copies
    elsewhere (other holders, backups of the vault) stay. What remains of the same hand-over can still be proven.
    """
    from clients.gateway.erasing import erase_records
    from clients.gateway.forms import forms_from

    wanted = read_references(references) or ReferenceSet()
    if not yes:
        if session.output.as_json:
            raise UsageProblem(detail="with --json nobody is asked: give --yes", command="suyuan erase local")
        question = session.output.pick(
            f"Destroy what the vault holds of {wanted.count} record(s), for ever, without an attestation?",
            f"永久销毁保管库中 {wanted.count} 条信息的数据（不生成删除证明），是否继续？",
        )
        click.confirm(question, abort=True, err=True)
    erased = erase_records(session.vault, forms_from(session.client), wanted)
    found = asdict(erased)
    if not any(found.values()):
        raise NotInVault(what_kind="record", name=", ".join(references)[:200])
    title = session.output.pick("Erased here, not attested", "已在本地销毁，未作证明")
    show_object(session, title, found)
