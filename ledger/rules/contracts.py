"""contract.*: CON-1 to CON-5 (CON-6 stands with records), and the findings that a contract's picture yields."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ledger.codes import check_organisation_code, check_uscc
from ledger.errors import FormError, Text
from ledger.kinds.contracts import (
    ContractAmend,
    ContractClose,
    ContractMilestone,
    ContractPayment,
    ContractRegister,
    ContractVerify,
    QuotedCode,
)
from ledger.rules.contract_case import (
    MILESTONE_PREFIX,
    PAYMENT_PREFIX,
    ContractCase,
    Terms,
    contract_case,
    contract_needs,
)
from ledger.rules.contract_picture import is_disputed, is_unverified, sum_is_wrong, with_result
from ledger.rules.contract_plan import count_duties, end_plan, meet_plan, open_plan
from ledger.rules.registry import KindRules, broken, handle, rule
from ledger.rules.standing import member
from ledger.state.effects import Effects
from ledger.state.tables import (
    AGREEMENT,
    CONTRACT,
    MILESTONE,
    PAYMENT,
    VERIFICATION,
    AgreementState,
    ContractState,
    MilestoneState,
    PaymentState,
    VerificationState,
)


@rule(
    "CON-1",
    demand=Text(
        "A contract is registered by a party or a regulator, its parties' codes pass their check, and it is amended or "
        "closed when both parties have signed the same",
        "合同由当事方或监管方登记，当事方代码须通过校验；变更与关闭须双方签署相同内容",
    ),
    next_step=Text(
        "Correct the codes, or have the other party sign the same terms.", "请更正代码，或由对方签署相同内容。"
    ),
)
def con_1(case: ContractCase) -> None:
    """CON-1: who may register; and who may propose and agree to a change."""
    payload, iss = case.payload, case.context.iss
    if not isinstance(payload, ContractRegister):
        _check_agreement(case)
        return
    for code in (payload.buyer, payload.supplier):
        try:
            check_uscc(code)
        except FormError as error:
            raise broken("CON-1", f"{code}: {error.message()}", f"{code}：{error.message('zh')}") from None
    if payload.buyer == payload.supplier:
        raise broken("CON-1", "buyer and supplier are the same", "买方与供方相同")
    if iss not in (payload.buyer, payload.supplier) and "regulator" not in member(case.view, iss).roles:
        raise broken("CON-1", f"{iss} is neither party nor regulator", f"{iss} 既非当事方也非监管方")


def _check_agreement(case: ContractCase) -> None:
    contract, agreed, iss = case.known(), case.agreed, case.context.iss
    mine = case.speaks_for(iss)
    if not mine:
        raise broken("CON-1", f"{iss} speaks for no party", f"{iss} 不代表任何当事方")
    if agreed is None:
        return
    if agreed.agreed_by is not None:
        raise broken("CON-1", "that was agreed already", "该内容已经双方同意")
    if not isinstance(case.payload, ContractAmend | ContractClose) or agreed.contract != case.payload.contract:
        raise broken("CON-1", "that is about another contract", "所同意的语句属于其他合同")
    if agreed.terms != case.text:
        raise broken("CON-1", "the terms differ from those proposed", "条款与所提议的不一致")
    if agreed.by == iss or mine | case.speaks_for(agreed.by) != {contract.buyer, contract.supplier}:
        raise broken("CON-1", "the other party has not signed", "对方尚未签署")


@rule(
    "CON-2",
    demand=Text(
        "Milestones are told apart by their ids, their amounts add up to at most the value, and those claimed stay",
        "里程碑编号不得重复，金额合计不得超过合同金额，已申报的里程碑不得删除",
    ),
    next_step=Text("Correct the milestones or the value.", "请更正里程碑或合同金额。"),
)
def con_2(case: ContractCase) -> None:
    """CON-2: judged for the terms at registration, and for what an amendment leads to."""
    terms = case.terms
    assert terms is not None, "only terms are judged"
    ids = [one.id for one in terms.milestones]
    if len(set(ids)) != len(ids):
        raise broken("CON-2", "a milestone id stands twice", "里程碑编号重复")
    amounts = [one.amount for one in terms.milestones if one.amount is not None]
    if terms.value.amount < 0 or any(amount <= 0 for amount in (*amounts, *(one.amount for one in terms.plan))):
        raise broken("CON-2", "an amount is not positive", "金额须为正数")
    if sum(amounts) > terms.value.amount:
        raise broken(
            "CON-2",
            f"milestones add up to {sum(amounts)}, the value is {terms.value.amount}",
            f"里程碑合计 {sum(amounts)}，合同金额 {terms.value.amount}",
        )
    gone = sorted(set(case.milestones) - set(ids))
    if gone:
        raise broken("CON-2", f"milestone {gone[0]} was claimed already", f"里程碑 {gone[0]} 已有申报")


@rule(
    "CON-3",
    recorded=True,
    demand=Text("Milestones and payments are stated by a party", "里程碑与付款须由当事方申报"),
    next_step=Text("Have buyer or supplier state it.", "请由买方或供方申报。"),
)
def con_3(case: ContractCase) -> None:
    """CON-3: the issuer is buyer or supplier."""
    contract, iss = case.known(), case.context.iss
    if iss not in (contract.buyer, contract.supplier):
        raise broken("CON-3", f"{iss} is no party", f"{iss} 不是当事方")


@rule(
    "CON-4",
    demand=Text(
        "Amounts are positive and in the contract's currency; payments go between the parties, each stated once",
        "金额须为正数并使用合同币种；付款须在当事方之间进行且只申报一次",
    ),
    next_step=Text("Correct amount, currency, parties or payment id.", "请更正金额、币种、当事方或付款编号。"),
)
def con_4(case: ContractCase) -> None:
    """CON-4: amounts of claims, payments and verifications; an amendment keeps the currency."""
    contract, payload = case.known(), case.payload
    amounts: list[int | None] = []
    currency = contract.value.currency
    if isinstance(payload, ContractAmend) and payload.value is not None:
        currency = payload.value.currency
    elif isinstance(payload, ContractMilestone):
        amounts.append(payload.amount)
    elif isinstance(payload, ContractVerify):
        amounts += [result.amount for result in payload.results]
        if len({result.milestone for result in payload.results}) != len(payload.results):
            raise broken("CON-4", "a milestone is named twice", "同一里程碑出现两次")
    elif isinstance(payload, ContractPayment):
        currency = payload.amount.currency
        amounts.append(payload.amount.amount)
        if {payload.payer, payload.payee} != {contract.buyer, contract.supplier}:
            raise broken("CON-4", "payer and payee are not the two parties", "付款方与收款方不是合同双方")
        if case.paid_before:
            raise broken("CON-4", f"payment {payload.payment} was stated before", f"付款 {payload.payment} 已申报")
    if currency != contract.value.currency:
        raise broken("CON-4", f"{currency} is not the contract's currency", f"{currency} 不是合同币种")
    if any(amount is not None and amount <= 0 for amount in amounts):
        raise broken("CON-4", "an amount is not positive", "金额须为正数")


@rule(
    "CON-5",
    recorded=True,
    demand=Text("Performance is verified by a verifier that is no party", "履约须由非当事方的核验方核验"),
    next_step=Text("Have an independent verifier do it.", "请由独立核验方核验。"),
)
def con_5(case: ContractCase) -> None:
    """CON-5: the role, and independence of both parties."""
    contract, iss = case.known(), case.context.iss
    if "verifier" not in member(case.view, iss).roles:
        raise broken("CON-5", f"{iss} is no verifier", f"{iss} 不是核验方")
    if iss in (contract.buyer, contract.supplier):
        raise broken("CON-5", f"{iss} is a party", f"{iss} 是当事方")


def _register(case: ContractCase) -> Effects:
    effects, context, payload, terms = Effects(), case.context, case.payload, case.terms
    assert isinstance(payload, ContractRegister)
    assert terms is not None
    contract = ContractState(
        contract=payload.contract,
        registrant=context.iss,
        buyer=payload.buyer,
        supplier=payload.supplier,
        value=terms.value,
        milestones=terms.milestones,
        plan=terms.plan,
        closed=None,
        index=context.index,
    )
    effects.put(CONTRACT, context.id, contract)
    open_plan(effects, context, context.id, contract, 0)
    for quoted in sorted({quoted.code for quoted in payload.quoted or () if not code_passes(quoted)}):
        effects.find("F-CODE", f"{context.id}/{quoted}", context.iss, (context.id,), "CON-1")
    return effects


def code_passes(quoted: QuotedCode) -> bool:
    """Whether a quoted code passes the check of its scheme; others have none. Hyphens of ORG codes are left out."""
    try:
        if quoted.scheme == "USCC":
            check_uscc(quoted.code)
        elif quoted.scheme == "ORG":
            check_organisation_code(quoted.code.replace("-", ""))
    except FormError:
        return False
    return True


def _change(case: ContractCase) -> Effects:
    """contract.amend and contract.close: the first statement proposes, the second puts it in force."""
    effects, context, payload, contract = Effects(), case.context, case.payload, case.known()
    assert isinstance(payload, ContractAmend | ContractClose)
    effects.edge(payload.contract, context.id, "contract")
    if case.agreed is None or payload.agrees is None:
        proposal = AgreementState(contract=payload.contract, by=context.iss, terms=case.text, agreed_by=None)
        effects.put(AGREEMENT, context.id, proposal)
        return effects
    effects.put(AGREEMENT, payload.agrees, msgspec.structs.replace(case.agreed, agreed_by=context.iss))
    if isinstance(payload, ContractClose):
        if payload.outcome != "completed":
            end_plan(effects, context, case.view, payload.contract, contract)
        effects.put(CONTRACT, payload.contract, msgspec.structs.replace(contract, closed=payload.outcome))
        return effects
    terms: Terms | None = case.terms
    assert terms is not None
    amended = msgspec.structs.replace(contract, value=terms.value, milestones=terms.milestones, plan=terms.plan)
    if payload.plan is not None:
        end_plan(effects, context, case.view, payload.contract, contract)
        open_plan(effects, context, payload.contract, amended, count_duties(case.view, payload.contract))
    _put_contract(effects, case, payload.contract, amended, case.milestones)
    return effects


def _put_contract(
    effects: Effects,
    case: ContractCase,
    contract_id: str,
    contract: ContractState,
    milestones: Mapping[str, MilestoneState],
) -> None:
    """Put the contract where it or its picture changed, and begin or end F-CONTRACT-SUM accordingly."""
    wrong = sum_is_wrong(contract, milestones)
    statements = (contract_id, case.context.id)
    if wrong and not contract.sum_finding:
        effects.find("F-CONTRACT-SUM", contract_id, contract.buyer, statements, "CON-4")
    elif contract.sum_finding and not wrong:
        effects.clear("F-CONTRACT-SUM", contract_id, contract.buyer, statements, "CON-4")
    after = msgspec.structs.replace(contract, sum_finding=wrong)
    if after != case.contract:
        effects.put(CONTRACT, contract_id, after)


def _milestone(case: ContractCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    assert isinstance(payload, ContractMilestone)
    before = case.milestones.get(payload.milestone)
    claim = MilestoneState(
        status=payload.status,
        amount=payload.amount,
        claimed_by=context.iss,
        claim=context.id,
        verified=() if before is None else before.verified,
    )
    claim = msgspec.structs.replace(claim, unverified_finding=is_unverified(claim))
    if before is not None and before.unverified_finding:
        _end_unverified(effects, case, payload.contract, payload.milestone, before)
    if claim.unverified_finding:
        about = f"{payload.contract}/{payload.milestone}"
        effects.find("F-UNVERIFIED", about, context.iss, (payload.contract, context.id), "CON-5")
    effects.put(MILESTONE, payload.contract, claim, MILESTONE_PREFIX + payload.milestone)
    effects.edge(payload.contract, context.id, "contract")
    _put_contract(effects, case, payload.contract, case.known(), {**case.milestones, payload.milestone: claim})
    return effects


def _end_unverified(
    effects: Effects, case: ContractCase, contract: str, milestone: str, before: MilestoneState
) -> None:
    statements = (before.claim, case.context.id)
    effects.clear("F-UNVERIFIED", f"{contract}/{milestone}", before.claimed_by, statements, "CON-5")


def _payment(case: ContractCase) -> Effects:
    effects, context, payload, contract = Effects(), case.context, case.payload, case.known()
    assert isinstance(payload, ContractPayment)
    amount = payload.amount.amount if payload.payer == contract.buyer else -payload.amount.amount
    row = PaymentState(amount=amount, statement=context.id, index=context.index)
    effects.put(PAYMENT, payload.contract, row, PAYMENT_PREFIX + payload.payment)
    effects.edge(payload.contract, context.id, "contract")
    paid = msgspec.structs.replace(contract, paid=contract.paid + amount)
    meet_plan(effects, context, case.view, payload.contract, paid)
    _put_contract(effects, case, payload.contract, paid, case.milestones)
    return effects


def _verify(case: ContractCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    assert isinstance(payload, ContractVerify)
    milestones = dict(case.milestones)
    for result in payload.results:
        before = milestones.get(result.milestone) or _unclaimed()
        verified = with_result(before.verified, (context.iss, result.outcome, result.amount, context.id))
        after = msgspec.structs.replace(before, verified=verified, unverified_finding=False)
        milestones[result.milestone] = after
        effects.put(MILESTONE, payload.contract, after, MILESTONE_PREFIX + result.milestone)
        if before.unverified_finding:
            _end_unverified(effects, case, payload.contract, result.milestone, before)
        about, statements = f"{payload.contract}/{result.milestone}", tuple(one[3] for one in verified)
        if is_disputed(verified) and not is_disputed(before.verified):
            effects.find("F-CONTRACT-DISPUTED", about, context.iss, statements, "CON-5")
        elif is_disputed(before.verified) and not is_disputed(verified):
            effects.clear("F-CONTRACT-DISPUTED", about, context.iss, statements, "CON-5")
    effects.put(VERIFICATION, context.id, VerificationState(contract=payload.contract, verifier=context.iss))
    effects.edge(payload.contract, context.id, "contract")
    _put_contract(effects, case, payload.contract, case.known(), milestones)
    return effects


def _unclaimed() -> MilestoneState:
    return MilestoneState(status="scheduled", amount=None, claimed_by="", claim="")


handle(KindRules("contract.register", ContractRegister, contract_needs, contract_case, (con_1, con_2), _register))
handle(KindRules("contract.amend", ContractAmend, contract_needs, contract_case, (con_1, con_2, con_4), _change))
handle(KindRules("contract.close", ContractClose, contract_needs, contract_case, (con_1,), _change))
handle(KindRules("contract.milestone", ContractMilestone, contract_needs, contract_case, (con_3, con_4), _milestone))
handle(KindRules("contract.payment", ContractPayment, contract_needs, contract_case, (con_3, con_4), _payment))
handle(KindRules("contract.verify", ContractVerify, contract_needs, contract_case, (con_4, con_5), _verify))
