"""`suyuan contract`: contracts with their milestones, payments and verification."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click
import msgspec

from clients.cli.arguments import as_of_option, convert, read_json_object
from clients.cli.command import command, new_group
from clients.cli.results import show_answer, show_receipted
from clients.cli.session import Session, read_bytes, read_text
from clients.imports.currency import minor_units
from clients.imports.ocds import Heads, ImportedContract, read_ocds
from clients.imports.parties import parse_parties, read_parties
from clients.sdk import requests
from clients.sdk.identity import Head, local_id_from
from ledger.kinds.contracts import (
    ContractMilestone,
    ContractPayment,
    ContractRegister,
    ContractVerify,
    Milestone,
    VerifiedMilestone,
)
from ledger.kinds.fields import Money, Payload
from ledger.rules.contracts import code_passes
from ledger.times import day_of

group = new_group("contract", "Register contracts and follow their performance.", "登记合同并跟踪履约。")
Status = Literal["scheduled", "met", "partially_met", "not_met"]
_STATUSES = click.Choice(["scheduled", "met", "partially_met", "not_met"])
_file = click.Path(path_type=Path, dir_okay=False)


@command(group, "import", "导入 OCDS 合同文件")
@click.argument("file", type=_file)
@click.option("--party", "party_lines", multiple=True, metavar="ID=CODE", help="the code of a party (repeatable)")
@click.option("--parties", type=_file, metavar="FILE", help="a file with ID=CODE lines or a TOML table")
@click.option("--process", metavar="OCID", help="only this contracting process")
@click.option("--dry-run", is_flag=True, help="show what would be submitted, sign nothing")
def import_contracts(
    session: Session, file: Path, party_lines: tuple[str, ...], parties: Path | None, process: str | None, dry_run: bool
) -> None:
    """Import the contracts of FILE (Open Contracting Data Standard 1.0 or 1.1), milestones and payments."""
    mapping = {} if parties is None else read_parties(read_text(parties))
    mapping |= parse_parties(party_lines)
    found = read_ocds(read_bytes(file), mapping, file.name)
    wanted = [contract for contract in found if process in (None, contract.process)]
    for contract in wanted:
        for quoted in contract.quoted:
            if not code_passes(quoted):
                session.output.talk(
                    session.output.pick(
                        f"{contract.contract}: quoted code {quoted.code} fails its check (F-CODE)",
                        f"{contract.contract}：引用的代码 {quoted.code} 校验不通过（F-CODE）",
                    )
                )
    session.output.data([_preview(one) if dry_run else _submit_contract(session, one) for one in wanted])


def _preview(contract: ImportedContract) -> dict[str, object]:
    def heads(kind: type[Payload], _: str | None = None) -> Head:
        return {"v": 1, "sub": f"urn:suyuan:{str(kind.__struct_config__.tag).partition('.')[0]}:dry-run"}

    placeholder = "0" * 64
    return {
        "contract": contract.contract,
        "value": msgspec.to_builtins(contract.value),
        "paid": contract.paid,
        "register": msgspec.to_builtins(contract.register(heads)),
        "milestones": msgspec.to_builtins(contract.milestone_payloads(placeholder, heads)),
        "payments": msgspec.to_builtins(contract.payment_payloads(placeholder, heads)),
    }


def _submit_contract(session: Session, contract: ImportedContract) -> dict[str, object]:
    """Submit a contract and what follows; each statement once, by the vault's journal, so that a second run goes on."""
    from clients.gateway.outbox import Outbox

    client, identity = session.signing_client, session.identity
    outbox = Outbox(client, session.vault)
    audience = client.audience()

    def put(name: str, make: Callable[[], Payload]) -> str:
        place = f"contract:{local_id_from(contract.contract)}:{name}"
        return outbox.submit(place, lambda: identity.sign(make(), audience), session.wait).statement_id

    heads: Heads = identity.head
    registered = put("register", lambda: contract.register(heads))
    followers: list[ContractMilestone | ContractPayment] = [
        *contract.milestone_payloads(registered, heads),
        *contract.payment_payloads(registered, heads),
    ]
    ids: dict[str, list[str]] = {"milestones": [], "payments": []}
    with session.output.progress() as progress:
        task = progress.add_task(contract.contract, total=len(followers))
        for payload in followers:
            if isinstance(payload, ContractMilestone):
                ids["milestones"].append(put(f"m:{payload.milestone}", lambda made=payload: made))  # type: ignore[misc]
            else:
                ids["payments"].append(put(f"p:{payload.payment}", lambda made=payload: made))  # type: ignore[misc]
            progress.advance(task)
    return {"contract": contract.contract, "id": registered, "paid": contract.paid, **ids}


@command(group, "register", "登记合同")
@click.argument("number")
@click.option("--buyer", required=True, metavar="CODE")
@click.option("--supplier", required=True, metavar="CODE")
@click.option("--value", required=True, metavar="AMOUNT", help="in the currency's main unit, e.g. 1311264.00")
@click.option("--currency", required=True, metavar="CODE", help="ISO 4217 code")
@click.option("--milestone", "milestones", multiple=True, metavar="ID[,DUE[,AMOUNT]]", help="repeatable")
@click.option("--document", metavar="DIGEST", help="SHA-256 of the contract's document")
def register(
    session: Session, number: str, buyer: str, supplier: str, value: str, currency: str,
    milestones: tuple[str, ...], document: str | None,
) -> None:  # fmt: skip
    """Register contract NUMBER between buyer and supplier."""
    payload = ContractRegister(
        **session.identity.head(ContractRegister),
        contract=number,
        buyer=buyer,
        supplier=supplier,
        value=_money(value, currency),
        milestones=[_milestone(text, currency) for text in milestones],
        document=document,
    )
    show_receipted(session, session.submit(payload))


def _milestone(text: str, currency: str) -> Milestone:
    name, due, amount = [*(part.strip() or None for part in text.split(",", 2)), None, None][:3]
    value = {"id": name} | ({"due": due} if due else {})
    if amount:
        return convert({**value, "amount": _money(amount, currency).amount}, Milestone, "--milestone")
    return convert(value, Milestone, "--milestone")


def _money(amount: str, currency: str) -> Money:
    from decimal import Decimal, InvalidOperation

    from clients.imports.errors import AmountUnusable

    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise AmountUnusable(amount=amount, currency=currency, place="the command") from None
    return Money(amount=minor_units(number, currency, "the command"), currency=currency)


@command(group, "milestone", "报告里程碑状态")
@click.argument("contract")
@click.argument("milestone")
@click.argument("status", type=_STATUSES)
@click.option("--day", metavar="YYYY-MM-DD")
@click.option("--amount", type=int, metavar="UNITS", help="what was reached, in minor units")
def milestone(
    session: Session, contract: str, milestone: str, status: Status, day: str | None, amount: int | None
) -> None:
    """Claim that a milestone of CONTRACT (id of its registration) has a status."""
    head = session.identity.head(ContractMilestone)
    payload = ContractMilestone(**head, contract=contract, milestone=milestone, status=status, day=day, amount=amount)
    show_receipted(session, session.submit(payload))


@command(group, "payment", "报告付款")
@click.argument("contract")
@click.argument("payment")
@click.option("--amount", required=True, metavar="AMOUNT", help="in the currency's main unit")
@click.option("--currency", required=True, metavar="CODE")
@click.option("--payer", required=True, metavar="CODE")
@click.option("--payee", required=True, metavar="CODE")
@click.option("--day", metavar="YYYY-MM-DD", help="today if absent")
def payment(
    session: Session, contract: str, payment: str, amount: str, currency: str, payer: str, payee: str, day: str | None
) -> None:
    """Report PAYMENT (its own id) under CONTRACT (id of its registration)."""
    payload = ContractPayment(
        **session.identity.head(ContractPayment),
        contract=contract,
        payment=payment,
        amount=_money(amount, currency),
        payer=payer,
        payee=payee,
        day=day or day_of(session.surroundings.now_ms()),
    )
    show_receipted(session, session.submit(payload))


@command(group, "verify", "提交履约核验结果")
@click.argument("contract")
@click.option("--result", "results", multiple=True, metavar="ID=OUTCOME[,UNITS]", help="per milestone (repeatable)")
@click.option("--results", "results_file", type=_file, metavar="FILE", help='JSON: {"results": [...]}')
@click.option("--evidence", required=True, metavar="DIGEST", help="SHA-256 of the evidence")
def verify(session: Session, contract: str, results: tuple[str, ...], results_file: Path | None, evidence: str) -> None:
    """State as a verifier what was performed of CONTRACT; what is not named stays unverified."""
    rows: list[object] = [_result(text) for text in results]
    if results_file is not None:
        listed = read_json_object(read_bytes(results_file), results_file.name).get("results")
        rows += listed if isinstance(listed, list) else []
    found = convert(rows, list[VerifiedMilestone], "--result")
    payload = ContractVerify(
        **session.identity.head(ContractVerify), contract=contract, results=found, evidence=evidence
    )
    show_receipted(session, session.submit(payload))


def _result(text: str) -> dict[str, object]:
    name, _, rest = text.rpartition("=")
    outcome, comma, units = rest.partition(",")
    amount = {"amount": int(units)} if comma and units.lstrip("-").isdigit() else {}
    return {"milestone": name, "outcome": outcome, **amount}


@command(group, "show", "查看合同履约全貌")
@click.argument("contract")
@as_of_option
def show(session: Session, contract: str, as_of: int | None) -> None:
    """Show value, milestones, payments, verification and disagreements of CONTRACT."""
    answer = session.client.run(requests.contract_view(contract, as_of))
    show_answer(session, session.output.pick("Contract", "合同"), answer)
