"""The founding of the demonstration's consortium: members, catalogue, policy, and its genesis document.

All members are fictional: their codes carry region 000000 and pass the check of GB 32100-2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from clients.demo.penalty import penalty_item, penalty_list, penalty_measure
from ledger.codes import fictional_uscc
from ledger.keys import Ed25519Signer, EncryptionKey
from ledger.kinds.fields import Jwk, LegalBasis, Role
from ledger.kinds.genesis import (
    Calendar,
    Catalogue,
    Deadline,
    Field,
    FoundingMember,
    Genesis,
    Item,
    Label,
    Node,
    Policy,
    PurposeNode,
)

ORIGIN: Final = "demo.suyuan.example/credit"
NODE_NAME: Final = "n1"
LOAN_ITEM: Final = "credit_loan"
JURISDICTION: Final = "CN"


@dataclass(frozen=True, slots=True)
class Part:
    """One member's part in the story: short name, code, roles and both names."""

    short: str
    uscc: str
    roles: tuple[Role, ...]
    zh: str
    en: str


PARTS: Final = (
    Part("bank", fictional_uscc(1), ("source",), "示范城商银行", "Demonstration City Bank"),
    Part("coop", fictional_uscc(2), ("source",), "示范信用合作社", "Demonstration Credit Cooperative"),
    Part("hub", fictional_uscc(3), ("hub",), "示范信用信息共享平台", "Demonstration Sharing Hub"),
    Part("operator", fictional_uscc(4), ("operator",), "示范授权运营公司", "Demonstration Authorised Operator"),
    Part("lender", fictional_uscc(5), ("user",), "示范小额贷款公司", "Demonstration Lender"),
    Part("service", fictional_uscc(6), ("service", "verifier"), "示范征信公司", "Demonstration Credit Agency"),
    Part("regulator", fictional_uscc(7), ("regulator",), "示范监管局", "Demonstration Regulator"),
    Part("auditor", fictional_uscc(8), ("auditor",), "示范审计所", "Demonstration Auditor"),
    Part("investigator", fictional_uscc(9), ("investigator",), "示范调查处", "Demonstration Investigator"),
    Part("buyer", fictional_uscc(10), ("user",), "示范采购局", "Demonstration Buyer"),
    Part("department", fictional_uscc(12), ("source",), "示范行政机关", "Demonstration Department"),
    Part("publisher", fictional_uscc(13), ("publisher",), "示范信用门户", "Demonstration Credit Portal"),
    Part("overseer", fictional_uscc(14), ("regulator",), "示范第二监管局", "Demonstration Second Regulator"),
    Part("agent", fictional_uscc(15), ("agent",), "示范代理机构", "Demonstration Agent of Subjects"),
)
"""The founding members in the order they appear."""

SUPPLIER: Final = fictional_uscc(11)
"""The contract's supplier; it is no member."""

_LAW = LegalBasis(
    rank="administrative_regulation", document="Demonstration Regulation on Credit Information", article="8"
)

FieldType = Literal["text", "integer", "boolean", "day", "money"]
LOAN_FIELDS: Final[tuple[tuple[str, FieldType, str, str], ...]] = (
    ("checking_account", "text", "支票账户状况", "Status of checking account"),
    ("duration", "integer", "贷款期限（月）", "Duration in months"),
    ("credit_hist", "text", "信用历史", "Credit history"),
    ("purpose", "text", "贷款用途", "Purpose of the loan"),
    ("credit_amount", "integer", "贷款金额", "Credit amount"),
    ("savings", "text", "储蓄", "Savings"),
    ("employment_since", "text", "就业年限", "Employment since"),
    ("installment_rate", "integer", "分期比例", "Instalment rate"),
    ("sex_status", "text", "性别与婚姻状况", "Sex and marital status"),
    ("debtors", "text", "其他债务人", "Other debtors"),
    ("residence_since", "integer", "居住年限", "Residence since"),
    ("property", "text", "财产", "Property"),
    ("age", "integer", "年龄", "Age"),
    ("installment_other", "text", "其他分期", "Other instalment plans"),
    ("housing", "text", "住房", "Housing"),
    ("existing_credits", "integer", "现有贷款数", "Existing credits"),
    ("job", "text", "职业", "Job"),
    ("liable_people", "integer", "赡养人数", "People liable to maintain"),
    ("tel", "text", "电话登记", "Telephone registered"),
    ("foreign", "text", "外籍劳工", "Foreign worker"),
    ("target", "integer", "履约结果", "Outcome of the loan"),
)
"""Columns of the credit file in order: name, type, Chinese and English label."""

NOT_EVALUABLE: Final = frozenset(("sex_status", "age", "foreign"))
"""Columns that never enter an evaluation of a person (CAT-3, PRO-3)."""


def jwk(value: object) -> Jwk:
    """Return a key's JSON form as the struct that payloads carry."""
    return msgspec.convert(value, Jwk)


def catalogue() -> Catalogue:
    """Return version 1 of the catalogue: loans of persons, penalties of enterprises, a list, a measure, purposes."""
    fields = [
        Field(
            name=name, type=kind, sensitivity="personal", evaluable=name not in NOT_EVALUABLE, label=Label(zh=zh, en=en)
        )
        for name, kind, zh, en in LOAN_FIELDS
    ]
    lenders = sorted(part.uscc for part in PARTS if part.short in ("bank", "coop"))
    department = next(part.uscc for part in PARTS if part.short == "department")
    item = Item(
        code=LOAN_ITEM,
        name=Label(zh="个人贷款信息", en="Personal loan record"),
        adverse=False,
        subject_classes=["person"],
        fields=fields,
        basis=_LAW,
        retention_days=1825,
        sources=lenders,
    )
    purposes = [
        PurposeNode(code="credit", name=Label(zh="信用服务", en="Credit services")),
        PurposeNode(code="credit.lending", name=Label(zh="信贷审批", en="Lending decisions")),
        PurposeNode(code="credit.sharing", name=Label(zh="信息共享", en="Sharing between institutions")),
        PurposeNode(code="marketing", name=Label(zh="营销", en="Marketing")),
        PurposeNode(code="publicity", name=Label(zh="信用信息公示", en="Publication")),
        PurposeNode(code="rights", name=Label(zh="信息主体权益", en="Rights of subjects")),
        PurposeNode(code="rights.access", name=Label(zh="查询本人信息", en="Access to one's own data")),
        PurposeNode(code="rights.erasure", name=Label(zh="删除", en="Erasure")),
        PurposeNode(code="rights.repair", name=Label(zh="信用修复", en="Repair of credit")),
    ]
    return Catalogue(
        version=1,
        items=[item, penalty_item(department)],
        purposes=purposes,
        lists=[penalty_list(department)],
        measures=[penalty_measure(department)],
    )


def policy() -> Policy:
    """Return the founding policy: two regulators decide together; deadlines are short, so that one can pass."""
    return Policy(
        governance_threshold=2,
        deadlines={
            "transfer_release": Deadline(n=2, unit="hours"),
            "transfer_confirm": Deadline(n=1, unit="days"),
            "grant_answer": Deadline(n=5, unit="working_days"),
            "stop": Deadline(n=3, unit="working_days"),
        },
        calendar=Calendar(holidays=[], workdays=[]),
        key_change_delay=Deadline(n=1, unit="minutes"),
        statements_per_minute=100_000,
    )


def genesis(
    signers: dict[str, Ed25519Signer], encryption: dict[str, EncryptionKey], node: Node, created: str
) -> Genesis:
    """Return the genesis document for members with these keys (by short name) and one node."""
    members = [
        FoundingMember(
            uscc=part.uscc,
            name=Label(zh=part.zh, en=part.en),
            roles=sorted(part.roles),
            jurisdiction=JURISDICTION,
            keys=[jwk(signers[part.short].public.to_json())],
            encryption=jwk(encryption[part.short].to_json()),
        )
        for part in sorted(PARTS, key=lambda part: part.uscc)
    ]
    return Genesis(
        v=1, origin=ORIGIN, created=created, members=members, nodes=[node], catalogue=catalogue(), policy=policy()
    )
