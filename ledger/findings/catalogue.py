"""The codes of findings with their texts, and whether a statement kind of this version can give rise to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ledger.errors import Text

Origin = Literal["event", "duty", "both", "key", "heads", "none"]
"""How it arises: from an event that a rule emits, an overdue duty, either of them, a doubtful key; or not yet."""


@dataclass(frozen=True, slots=True)
class FindingCode:
    """One finding code: what it says, and how it arises in this version."""

    code: str
    text: Text
    origin: Origin


_CODES = (
    FindingCode("F-HOP", Text("A step of a hand-over is missing at its deadline", "交接步骤逾期未完成"), "duty"),
    FindingCode("F-MISMATCH", Text("Delivered content is disputed", "交付内容存在异议"), "event"),
    FindingCode("F-REFUSED", Text("An attempt without authority", "无权限的尝试"), "event"),
    FindingCode(
        "F-OVERDUE-STOP",
        Text("A repair, revocation or correction is not acknowledged in time", "修复、撤销或更正逾期未落实"),
        "duty",
    ),
    FindingCode(
        "F-USED-AFTER-STOP",
        Text("Data was used after a stop, revocation or its data life", "停用、撤销授权或期限届满后仍使用数据"),
        "event",
    ),
    FindingCode(
        "F-PARITY",
        Text("A copy differs from the publication in content or end day", "公示副本与原公示的内容或截止日不一致"),
        "both",
    ),
    FindingCode("F-EXPIRED-PUBLIC", Text("Still public past its end", "公示期满仍在公示"), "both"),
    FindingCode("F-LIST", Text("A measure lives on after exit from the list", "移出名单后措施仍未解除"), "duty"),
    FindingCode(
        "F-CONTRACT-SUM",
        Text(
            "Payments exceed the value or what was met, or the value is paid while milestones are not met",
            "付款超出合同金额或已履约金额，或里程碑未完成而已付全款",
        ),
        "event",
    ),
    FindingCode("F-PAYMENT-OVERDUE", Text("A payment of the plan is overdue", "计划付款逾期"), "duty"),
    FindingCode("F-CONTRACT-DISPUTED", Text("Verifiers disagree", "核验方结论不一致"), "event"),
    FindingCode("F-UNVERIFIED", Text("Performance is claimed but not verified", "履约已主张但未经核验"), "event"),
    FindingCode("F-DISPUTE-OVERDUE", Text("A dispute is not resolved in time", "异议逾期未处理"), "duty"),
    FindingCode("F-ERASURE-OVERDUE", Text("An erasure is not attested in time", "删除逾期未确认"), "duty"),
    FindingCode("F-RETENTION", Text("Held past its end", "超出保存期限仍持有"), "duty"),
    FindingCode("F-PLEDGE-OVERDUE", Text("A pledge is past its due day", "信用承诺逾期"), "duty"),
    FindingCode("F-CODE", Text("A code quoted by an import fails its check", "导入文件引用的代码校验不通过"), "event"),
    FindingCode("F-STALE-PRODUCT", Text("Inputs of a product changed", "产品的输入已变更"), "event"),
    FindingCode("F-INCIDENT-OVERDUE", Text("A duty of an incident is overdue", "事件处置义务逾期"), "duty"),
    FindingCode(
        "F-ACCESS-OVERDUE", Text("An access request is not answered in time", "查询本人信息逾期未答复"), "duty"
    ),
    FindingCode("F-SHARE-OVERDUE", Text("A request for data is not answered in time", "共享申请逾期未答复"), "duty"),
    FindingCode(
        "F-KEY-DOUBT",
        Text("Signed while the key was under suspicion", "在密钥存疑期间签署"),
        "key",
    ),
    FindingCode(
        "F-EQUIVOCATION", Text("Two heads or two votes exclude each other", "两个树头或两次投票相互矛盾"), "heads"
    ),
)

CODES: Mapping[str, FindingCode] = {entry.code: entry for entry in _CODES}
"""Every finding code, in the order of the specification."""

CODE_OF_DUTY: Mapping[str, str] = {
    "transfer.accept": "F-HOP",
    "transfer.release": "F-HOP",
    "transfer.confirm": "F-HOP",
    "stop": "F-OVERDUE-STOP",
    "grant.answer": "F-SHARE-OVERDUE",
    "contract.payment": "F-PAYMENT-OVERDUE",
    "dispute.resolve": "F-DISPUTE-OVERDUE",
    "query.confirm": "F-HOP",
    "erase": "F-ERASURE-OVERDUE",
    "incident.notify": "F-INCIDENT-OVERDUE",
    "incident.contain": "F-INCIDENT-OVERDUE",
    "access.answer": "F-ACCESS-OVERDUE",
    "publication.stop": "F-EXPIRED-PUBLIC",
    "publication.follow": "F-PARITY",
    "list.exit": "F-LIST",
    "measure.lift": "F-LIST",
    "pledge.settle": "F-PLEDGE-OVERDUE",
}
"""Which finding an overdue duty of a kind is; `code_of_duty` knows the one exception."""

RETENTION = "F-RETENTION"
"""What an overdue stop is when nothing but the end of the data life, or of the retention, asked for it."""

RULE_OF_DUTY: Mapping[str, str] = {
    "transfer.accept": "TRA-6",
    "transfer.release": "TRA-6",
    "transfer.confirm": "TRA-6",
    "stop": "GRA-6",
    "grant.answer": "GRA-10",
    "contract.payment": "CON-4",
    "dispute.resolve": "REC-9",
    "query.confirm": "TRA-13",
    "erase": "ERA-1",
    "incident.notify": "INC-1",
    "incident.contain": "INC-1",
    "access.answer": "ACC-2",
    "publication.stop": "PUB-1",
    "publication.follow": "PUB-5",
    "list.exit": "LST-2",
    "measure.lift": "LST-2",
    "pledge.settle": "PLE-1",
}
"""The rule that opened a duty of a kind."""

KEY_DOUBT, KEY_DOUBT_RULE = "F-KEY-DOUBT", "GOV-7"


def code_of_duty(kind: str, opener_kind: str) -> str:
    """Return the finding that an overdue duty is: a release opens a stop for the end of what it gives (GRA-6)."""
    return RETENTION if (kind, opener_kind) == ("stop", "transfer.release") else CODE_OF_DUTY[kind]


def rule_of_duty(kind: str, opener_kind: str) -> str:
    """Return the rule that opened a duty: REC-10 after a record's end, ACC-4 after a consent's, the rest by kind."""
    if kind == "stop" and opener_kind.startswith("record."):
        return "REC-10"
    if opener_kind == "repair.decide":
        return "REP-3"
    if kind == "stop" and opener_kind == "consent.withdraw":
        return "ACC-4"
    return RULE_OF_DUTY[kind]
