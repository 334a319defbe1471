"""Payloads of `contract.*` (docs/spec/kinds.md 合同履约)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import (
    MAX_MILESTONES,
    Amount,
    Day,
    Digest,
    Money,
    Payload,
    StatementId,
    Uscc,
    Value,
)

MAX_QUOTED_CODES = 40
LocalId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,95}(?![\s\S])", description="id in the contract's file")
]


class Milestone(Value, frozen=True):
    """One agreed step; `amount` in minor units of the contract's currency where it is known."""

    id: LocalId
    due: Day | None = None
    amount: Amount | None = None


class Instalment(Value, frozen=True):
    """One step of the payment plan."""

    due: Day
    amount: Amount


class QuotedCode(Value, frozen=True):
    """A code as an imported file quotes it; one of scheme USCC or ORG that fails its check yields F-CODE."""

    scheme: Literal["USCC", "ORG", "OTHER"]
    code: Annotated[str, Meta(min_length=1, max_length=40)]


Milestones = Annotated[list[Milestone], Meta(max_length=MAX_MILESTONES)]
Plan = Annotated[list[Instalment], Meta(max_length=MAX_MILESTONES)]


class ContractRegister(Payload, frozen=True, kw_only=True, tag_field="kind", tag="contract.register"):
    """A contract between `buyer` and `supplier`; later statements name it by this statement's id."""

    contract: LocalId
    buyer: Uscc
    supplier: Uscc
    value: Money
    milestones: Milestones
    plan: Plan | None = None
    document: Digest | None = None
    quoted: Annotated[list[QuotedCode], Meta(min_length=1, max_length=MAX_QUOTED_CODES)] | None = None


class ContractAmend(Payload, frozen=True, kw_only=True, tag_field="kind", tag="contract.amend"):
    """New terms. In force once the other party signs the same terms with `agrees` naming this statement."""

    contract: StatementId
    value: Money | None = None
    milestones: Milestones | None = None
    plan: Plan | None = None
    agrees: StatementId | None = None


class ContractClose(Payload, frozen=True, kw_only=True, tag_field="kind", tag="contract.close"):
    """The contract ends once both parties said so (`agrees` names the other's statement)."""

    contract: StatementId
    outcome: Literal["completed", "terminated", "cancelled"]
    agrees: StatementId | None = None


class ContractMilestone(Payload, frozen=True, kw_only=True, tag_field="kind", tag="contract.milestone"):
    """A party's claim on one milestone; `amount` is what was reached where it is known."""

    contract: StatementId
    milestone: LocalId
    status: Literal["scheduled", "met", "partially_met", "not_met"]
    day: Day | None = None
    amount: Amount | None = None


class ContractPayment(Payload, frozen=True, kw_only=True, tag_field="kind", tag="contract.payment"):
    """A payment under the contract; `payment` is unique within it."""

    contract: StatementId
    payment: LocalId
    amount: Money
    payer: Uscc
    payee: Uscc
    day: Day


class VerifiedMilestone(Value, frozen=True):
    """What the verifier found for one milestone."""

    milestone: LocalId
    outcome: Literal["met", "partially_met", "not_met"]
    amount: Amount | None = None


class ContractVerify(Payload, frozen=True, kw_only=True, tag_field="kind", tag="contract.verify"):
    """A verifier's outcome per milestone; what it does not name stays unverified."""

    contract: StatementId
    results: Annotated[list[VerifiedMilestone], Meta(min_length=1, max_length=MAX_MILESTONES)]
    evidence: Digest
