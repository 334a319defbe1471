"""Question 9: a contract as it stood: terms, payments, claims, verifications, disagreements.

The view is folded from the statements themselves in the order of the log, so it holds at every size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.findings.judge import findings_at
from ledger.kinds import decode_payload
from ledger.kinds.contracts import (
    ContractAmend,
    ContractClose,
    ContractMilestone,
    ContractPayment,
    ContractRegister,
    ContractVerify,
    Milestone,
)
from ledger.kinds.fields import Money
from ledger.lineage.answers import ContractFinding, ContractView, MilestoneView, Outcome, PaymentView, Step
from ledger.lineage.source import LineageSource
from ledger.lineage.steps import WrongQuestion, in_order, logged, steps_of
from ledger.statement import decode_statement


def contract_view(source: LineageSource, contract_id: str, as_of: int) -> ContractView:
    """Return the contract that contract.register `contract_id` began, at size `as_of`.

    Amounts are minor units of the contract's currency. Raises `NothingLogged`, or `WrongQuestion` for another kind.
    """
    row = logged(source, contract_id, as_of)
    if row.kind != "contract.register":
        raise WrongQuestion(name=contract_id, found=row.kind, wanted="contracts")
    edges = [edge for edge in source.edges_from([contract_id], as_of) if edge.kind == "contract"]
    steps = in_order(steps_of(source, [contract_id, *(edge.target for edge in edges)]).values())
    raw = source.raw([step.id for step in steps])
    fold = _Fold(row.iss)
    for step in steps:
        fold.take(step, raw[step.id])
    return fold.view(source, contract_id, as_of, steps)


@dataclass(slots=True)
class _Fold:
    """The contract while its statements are read one after another."""

    registrant: str
    register: ContractRegister | None = None
    value: Money | None = None
    terms: dict[str, Milestone] = field(default_factory=dict)
    claims: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    verified: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    payments: list[PaymentView] = field(default_factory=list)
    closed: str = ""

    def take(self, step: Step, raw: bytes) -> None:
        """Apply one statement. An amendment or a closing counts once the other party agreed to it."""
        payload = decode_payload(step.kind, decode_statement(raw).payload)
        if isinstance(payload, ContractRegister):
            self.register, self.value = payload, payload.value
            self.terms = {milestone.id: milestone for milestone in payload.milestones}
        elif isinstance(payload, ContractAmend) and payload.agrees is not None:
            self.value = payload.value or self.value
            if payload.milestones is not None:
                self.terms = {milestone.id: milestone for milestone in payload.milestones}
        elif isinstance(payload, ContractClose) and payload.agrees is not None:
            self.closed = payload.outcome
        elif isinstance(payload, ContractMilestone):
            said = Outcome(by=step.by, status=payload.status, amount=payload.amount, statement=step.id)
            self.claims.setdefault(payload.milestone, {})[step.by] = said
        elif isinstance(payload, ContractVerify):
            for result in payload.results:
                said = Outcome(by=step.by, status=result.outcome, amount=result.amount, statement=step.id)
                self.verified.setdefault(result.milestone, {})[step.by] = said
        elif isinstance(payload, ContractPayment):
            self.payments.append(_payment(payload, step.id))

    def view(self, source: LineageSource, contract_id: str, as_of: int, steps: tuple[Step, ...]) -> ContractView:
        """Return what was folded."""
        register, value = self.register, self.value
        assert register is not None, "the first statement registers"
        assert value is not None, "it names a value"
        names = dict.fromkeys((*self.terms, *self.claims, *self.verified))
        milestones = tuple(self._milestone(name) for name in names)
        return ContractView(
            as_of=as_of,
            time=source.time_at(as_of),
            statements=tuple(sorted(step.id for step in steps)),
            contract=contract_id,
            number=register.contract,
            registrant=self.registrant,
            buyer=register.buyer,
            supplier=register.supplier,
            value=value.amount,
            currency=value.currency,
            paid=sum(payment.amount for payment in self.payments),
            met=sum(_met(milestone) for milestone in milestones),
            closed=self.closed,
            milestones=milestones,
            payments=tuple(self.payments),
            findings=_findings(source, contract_id, as_of),
            steps=steps,
        )

    def _milestone(self, name: str) -> MilestoneView:
        agreed = self.terms.get(name)
        verified = tuple(self.verified.get(name, {}).values())
        return MilestoneView(
            id=name,
            due=None if agreed is None else agreed.due,
            amount=None if agreed is None else agreed.amount,
            claims=tuple(self.claims.get(name, {}).values()),
            verified=verified,
            disagree=len({(said.status, said.amount) for said in verified}) > 1,
        )


def _payment(payload: ContractPayment, id_: str) -> PaymentView:
    return PaymentView(
        id=payload.payment,
        amount=payload.amount.amount,
        payer=payload.payer,
        payee=payload.payee,
        day=payload.day,
        statement=id_,
    )


def _met(milestone: MilestoneView) -> int:
    """The amount that was verified as reached, or claimed where nobody verified; the least where outcomes differ."""
    said = milestone.verified or milestone.claims
    amounts = [
        (one.amount if one.amount is not None else milestone.amount) or 0
        for one in said
        if one.status == "met" or (one.status == "partially_met" and one.amount is not None)
    ]
    return min(amounts) if amounts and len(amounts) == len(said) else 0


def _findings(source: LineageSource, contract_id: str, as_of: int) -> tuple[ContractFinding, ...]:
    """Findings about the contract or one of its milestones, whose `about` begins with the contract's id."""
    return tuple(
        ContractFinding(code=finding.code, about=finding.about, party=finding.party, open=finding.open)
        for finding in findings_at(source, as_of)
        if finding.about.startswith(contract_id) or contract_id in finding.statements
    )
