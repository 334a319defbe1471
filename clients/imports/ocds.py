"""Contracts of the Open Contracting Data Standard, 1.0 and 1.1, as payloads of `contract.*`.

Amounts are exact decimals in minor units, dates become days in UTC+08:00, and organisations become codes by a mapping:
the ledger names parties by their unified social credit codes only. What the file does not say stays absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from clients.imports.currency import minor_units
from clients.imports.days import china_day
from clients.imports.errors import PartyUnmapped
from clients.imports.json_value import Node, parse_foreign
from clients.imports.ocds_releases import compiled_releases
from clients.imports.parties import Parties
from clients.sdk.identity import Head
from ledger.identifiers import find_identifier
from ledger.kinds.contracts import ContractMilestone, ContractPayment, ContractRegister, Milestone, QuotedCode
from ledger.kinds.fields import Money, Payload

Status = Literal["scheduled", "met", "partially_met", "not_met"]
STATUSES: Final[Mapping[str, Status]] = {
    "scheduled": "scheduled",
    "met": "met",
    "partiallyMet": "partially_met",
    "notMet": "not_met",
}
"""Codes of the standard's milestoneStatus list and what the ledger calls them."""

_LOCAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,95}")
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_.:/-]")
_DIGEST_DIGITS = 12
_MAX_ID = 96
_KEPT_OF_ID = _MAX_ID - _DIGEST_DIGITS - 2

Heads = Callable[[type[Payload]], Head]
"""What gives each payload its `v` and `sub`, such as `Identity.head`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the file says of one milestone's fulfilment; `amount` in minor units of the contract's currency."""

    milestone: str
    status: Status
    day: str | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class Payment:
    """One transaction of the file."""

    payment: str
    amount: Money
    payer: str
    payee: str
    day: str


@dataclass(frozen=True, slots=True)
class ImportedContract:
    """One contract of a file. `register` comes first; the rest names the statement that registered it."""

    process: str
    contract: str
    buyer: str
    supplier: str
    value: Money
    milestones: tuple[Milestone, ...]
    claims: tuple[Claim, ...]
    payments: tuple[Payment, ...]
    quoted: tuple[QuotedCode, ...]

    @property
    def paid(self) -> int:
        """The sum of all payments in minor units."""
        return sum(payment.amount.amount for payment in self.payments)

    def register(self, heads: Heads) -> ContractRegister:
        """Return the payload that registers the contract."""
        return ContractRegister(
            **heads(ContractRegister),
            contract=self.contract,
            buyer=self.buyer,
            supplier=self.supplier,
            value=self.value,
            milestones=list(self.milestones),
            quoted=list(self.quoted) or None,
        )

    def milestone_payloads(self, contract_id: str, heads: Heads) -> list[ContractMilestone]:
        """Return what the file says of each milestone; `contract_id` is the id of the registering statement."""
        return [
            ContractMilestone(
                **heads(ContractMilestone),
                contract=contract_id,
                milestone=claim.milestone,
                status=claim.status,
                day=claim.day,
                amount=claim.amount,
            )
            for claim in self.claims
        ]

    def payment_payloads(self, contract_id: str, heads: Heads) -> list[ContractPayment]:
        """Return the payments; `contract_id` is the id of the registering statement."""
        return [
            ContractPayment(
                **heads(ContractPayment),
                contract=contract_id,
                payment=payment.payment,
                amount=payment.amount,
                payer=payment.payer,
                payee=payment.payee,
                day=payment.day,
            )
            for payment in self.payments
        ]


def read_ocds(data: bytes, parties: Mapping[str, str], file: str = "file") -> list[ImportedContract]:
    """Return the contracts of a release package, record package, release or compiled release.

    `parties` maps ids, identifiers or names of the file's organisations to codes. Raises `ImportMalformed`,
    `PartyUnmapped` (naming all that are missing), `AmountUnusable`, `DayUnreadable`.
    """
    contracts: list[ImportedContract] = []
    unmapped: dict[str, None] = {}
    for release in compiled_releases(parse_foreign(data, file), file):
        for contract in release.nodes("contracts"):
            found = Parties(parties)
            found.learn(release)
            contracts.append(_contract(release, contract, found))
            unmapped |= found.unmapped
    if unmapped:
        raise PartyUnmapped(parties=", ".join(unmapped))
    return contracts


def _contract(release: Node, contract: Node, parties: Parties) -> ImportedContract:
    process = release.text("ocid") or ""
    number = contract.text("id")
    value = _money(contract, "value")
    if number is None or value is None:
        raise contract.wrong("id" if number is None else "value", "is missing")
    award = _award(release, contract)
    supplier = next(iter(contract.nodes("suppliers")), None)
    if supplier is None and award is not None:
        supplier = next(iter(award.nodes("suppliers")), None)
    buyer_code = parties.code_of(contract.node("buyer") or release.node("buyer") or _tender_buyer(release), "buyer")
    supplier_code = parties.code_of(supplier, "supplier")
    implementation = contract.node("implementation")
    places = [contract] if implementation is None else [contract, implementation]
    milestones: dict[str, Milestone] = {}
    claims: list[Claim] = []
    for place in places:
        for node in place.nodes("milestones"):
            milestone, claim = _milestone(node, value.currency)
            if milestone.id in milestones:
                continue
            milestones[milestone.id] = milestone
            claims += [claim] if claim is not None else []
    transactions = () if implementation is None else implementation.nodes("transactions")
    payments = [_payment(node, parties) for node in transactions]
    return ImportedContract(
        process, local_id(f"{process}/{number}"), buyer_code, supplier_code, value,
        tuple(milestones.values()), tuple(claims), tuple(payments), tuple(parties.quoted.values()),
    )  # fmt: skip


def _award(release: Node, contract: Node) -> Node | None:
    wanted = contract.text("awardID")
    awards = list(release.nodes("awards"))
    if wanted is None:
        return awards[0] if len(awards) == 1 else None
    return next((award for award in awards if award.text("id") == wanted), None)


def _tender_buyer(release: Node) -> Node | None:
    tender = release.node("tender")
    if tender is not None and tender.node("procuringEntity") is not None:
        return tender.node("procuringEntity")
    for party in release.nodes("parties"):
        roles = party.members.get("roles")
        if isinstance(roles, list) and "buyer" in roles:
            return party
    return None


def _money(node: Node, *names: str) -> Money | None:
    for name in names:
        value = node.node(name)
        amount = None if value is None else value.number("amount")
        if value is None or amount is None:
            continue
        currency = value.text("currency") or ""
        return Money(amount=minor_units(amount, currency, value.path), currency=currency)
    return None


def _milestone(node: Node, currency: str) -> tuple[Milestone, Claim | None]:
    name = node.text("id")
    if name is None:
        raise node.wrong("id", "is missing")
    due = _day(node, "dueDate")
    money = _money(node, "value", "amount")
    amount = money.amount if money is not None and money.currency == currency else None
    milestone = Milestone(id=local_id(name), due=due, amount=amount)
    status = node.text("status")
    if status is None:
        return milestone, None
    if status not in STATUSES:
        raise node.wrong("status", f"is {status[:40]}, which the standard does not have")
    return milestone, Claim(milestone.id, STATUSES[status], _day(node, "dateMet"), None)


def _payment(node: Node, parties: Parties) -> Payment:
    name, amount, day = node.text("id"), _money(node, "value", "amount"), _day(node, "date")
    for member, value in (("id", name), ("value", amount), ("date", day)):
        if value is None:
            raise node.wrong(member, "is missing")
    assert name is not None
    assert amount is not None
    assert day is not None
    payer = parties.code_of(node.node("payer") or node.node("providerOrganization"), "payer")
    payee = parties.code_of(node.node("payee") or node.node("receiverOrganization"), "payee")
    return Payment(local_id(name), amount, payer, payee, day)


def _day(node: Node, name: str) -> str | None:
    value = node.text(name)
    return None if value is None else china_day(value, node.place(name))


def local_id(text: str) -> str:
    """Return an id of the file in the form the ledger takes.

    One of other characters or too long is cut and carries a digest of the whole. A run of digits that looks like a
    person's number (REC-6) gets an `x` before it, so that a harmless payment order is not taken for a bank card.
    """
    digest = sha256(text.encode("utf-8")).hexdigest()[:_DIGEST_DIGITS]
    name = text if _LOCAL_ID.fullmatch(text) else f"x{_NOT_IN_ID.sub('-', text)[:_KEPT_OF_ID]}-{digest}"
    for safe in (name, f"x{name}"[:_MAX_ID]):
        if find_identifier(safe) is None:
            return safe
    return f"x{digest}"
