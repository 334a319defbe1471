"""What a statement about a contract refers to, looked up once: the case that its rules judge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from ledger.encoding import encode_json
from ledger.errors import StateError, Text
from ledger.kinds.contracts import (
    ContractAmend,
    ContractClose,
    ContractMilestone,
    ContractPayment,
    ContractRegister,
    ContractVerify,
    Instalment,
    Milestone,
)
from ledger.kinds.fields import Money
from ledger.rules.registry import Context, UnknownReference
from ledger.state.tables import (
    AGREEMENT,
    CONTRACT,
    DUTY,
    MEMBER,
    MILESTONE,
    PAYMENT,
    AgreementState,
    ContractState,
    MilestoneState,
)
from ledger.state.view import BlockView, Need
from ledger.times import parse_day

MILESTONE_PREFIX = "m:"
PAYMENT_PREFIX = "p:"
Later = ContractAmend | ContractClose | ContractMilestone | ContractPayment | ContractVerify
ContractPayload = ContractRegister | Later


class ContractClosed(StateError):
    """The terms of a closed contract do not change. Payments, claims and verifications may still follow."""

    code = "contract.closed"
    what = Text("Contract {name} is closed.", "合同 {name} 已关闭。")
    next_step = Text("Register a new contract.", "请登记新合同。")


class NoTerms(StateError):
    """An amendment that changes nothing."""

    code = "contract.no_terms"
    what = Text("The amendment names no term.", "变更未载明任何条款。")
    next_step = Text("Name the new value, milestones or plan.", "请载明新的金额、里程碑或付款计划。")


@dataclass(frozen=True, slots=True)
class Terms:
    """Value, milestones and payment plan of a contract."""

    value: Money
    milestones: tuple[Milestone, ...]
    plan: tuple[Instalment, ...]


@dataclass(frozen=True, slots=True)
class ContractCase:
    """A statement about a contract.

    `contract` is None for contract.register only. `terms` are those of register, or those that an amendment leads to;
    `text` is what both parties must sign alike. `agreed` is the statement that this one agrees with. `milestones` are
    the claims and verifications so far by milestone id, `paid_before` whether the payment's id is taken.
    """

    context: Context
    view: BlockView
    payload: ContractPayload
    contract: ContractState | None
    terms: Terms | None
    text: str
    agreed: AgreementState | None
    milestones: dict[str, MilestoneState]
    paid_before: bool

    def known(self) -> ContractState:
        """Return the contract of a statement that is not its register."""
        assert self.contract is not None, "only contract.register has none"
        return self.contract

    def speaks_for(self, member: str) -> set[str]:
        """Return the parties that `member` may speak for: itself, or as a regulator those that are no members."""
        contract = self.known()
        parties = {contract.buyer, contract.supplier}
        found = self.view.find(MEMBER, "", member)
        if found is None or "regulator" not in found.roles:
            return parties & {member}
        return {party for party in parties if party == member or self.view.find(MEMBER, "", party) is None}


def contract_needs(_context: Context, payload: ContractPayload, _view: BlockView) -> Iterable[Need]:
    """Return the rows that judging needs."""
    if isinstance(payload, ContractRegister):
        return ()
    needs = [Need(CONTRACT.name, payload.contract), Need(MILESTONE.name, payload.contract, None)]
    if isinstance(payload, ContractAmend | ContractClose) and payload.agrees is not None:
        needs.append(Need(AGREEMENT.name, payload.agrees))
    if isinstance(payload, ContractAmend | ContractClose | ContractPayment):
        needs.append(Need(DUTY.name, payload.contract, None))
    if isinstance(payload, ContractPayment):
        needs.append(Need(PAYMENT.name, payload.contract, PAYMENT_PREFIX + payload.payment))
    return needs


def contract_case(context: Context, payload: ContractPayload, view: BlockView) -> ContractCase:
    """Return the case; raises UnknownReference, ContractClosed, NoTerms or TimeError."""
    _check_days(payload)
    if isinstance(payload, ContractRegister):
        first = Terms(payload.value, tuple(payload.milestones), tuple(payload.plan or ()))
        return ContractCase(context, view, payload, None, first, "", None, {}, False)
    contract = view.find(CONTRACT, payload.contract)
    if contract is None:
        raise UnknownReference(field="contract", name=payload.contract, kind="contract.register")
    _check_milestones(payload, contract)
    claims = {suffix.removeprefix(MILESTONE_PREFIX): row for suffix, row in view.scan(MILESTONE, payload.contract)}
    taken = isinstance(payload, ContractPayment) and (
        view.find(PAYMENT, payload.contract, PAYMENT_PREFIX + payload.payment) is not None
    )
    terms: Terms | None = None
    text, agreed = "", None
    if isinstance(payload, ContractAmend | ContractClose):
        if contract.closed is not None:
            raise ContractClosed(name=contract.contract)
        terms, text = _proposed(payload, contract)
        agreed = _agreed(payload, view)
    return ContractCase(context, view, payload, contract, terms, text, agreed, claims, taken)


def _check_days(payload: ContractPayload) -> None:
    """Every day must exist in the calendar; raises TimeError."""
    days: list[str | None] = []
    if isinstance(payload, ContractRegister | ContractAmend):
        days += [one.due for one in payload.milestones or ()] + [one.due for one in payload.plan or ()]
    elif isinstance(payload, ContractMilestone | ContractPayment):
        days.append(payload.day)
    for day in days:
        if day is not None:
            parse_day(day)


def _check_milestones(payload: Later, contract: ContractState) -> None:
    if isinstance(payload, ContractMilestone):
        named = [payload.milestone]
    elif isinstance(payload, ContractVerify):
        named = [result.milestone for result in payload.results]
    else:
        return
    known = {one.id for one in contract.milestones}
    for milestone in named:
        if milestone not in known:
            raise UnknownReference(field="milestone", name=milestone, kind="milestone of the contract")


def _proposed(payload: ContractAmend | ContractClose, contract: ContractState) -> tuple[Terms | None, str]:
    """Return the terms that the statement leads to (None for a closing), and the text that both parties sign alike."""
    if isinstance(payload, ContractClose):
        return None, f"close:{payload.outcome}"
    if payload.value is None and payload.milestones is None and payload.plan is None:
        raise NoTerms
    named = {"value": payload.value, "milestones": payload.milestones, "plan": payload.plan}
    said = {name: msgspec.to_builtins(value) for name, value in named.items() if value is not None}
    terms = Terms(
        contract.value if payload.value is None else payload.value,
        contract.milestones if payload.milestones is None else tuple(payload.milestones),
        contract.plan if payload.plan is None else tuple(payload.plan),
    )
    return terms, f"amend:{sha256(encode_json(said)).hexdigest()}"


def _agreed(payload: ContractAmend | ContractClose, view: BlockView) -> AgreementState | None:
    if payload.agrees is None:
        return None
    found = view.find(AGREEMENT, payload.agrees)
    if found is None:
        raise UnknownReference(field="agrees", name=payload.agrees, kind="contract.amend or contract.close")
    return found
