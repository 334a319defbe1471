"""The administrative penalty (行政处罚) of the story: its item of the catalogue, a list and a measure, a synthetic row.

The field names are those of the public format for permits and penalties (双公示). No real penalty appears: the row is
made here, about a fictional code, and says so in its remark.
"""

from __future__ import annotations

from typing import Final, Literal

from clients.gateway.records import NewRecord
from ledger.codes import fictional_uscc
from ledger.commitment import FieldValue
from ledger.kinds.fields import LegalBasis
from ledger.kinds.genesis import Field, Item, Label, Measure, SeverityTerm

PENALTY_ITEM: Final = "penalty"
PENALTY_LIST: Final = "serious_dishonesty"
PENALTY_MEASURE: Final = "no_simplified_approval"
PENALISED: Final = fictional_uscc(21)
"""The penalised enterprise; it is no member."""

BASIS: Final = LegalBasis(
    rank="administrative_regulation", document="Demonstration Regulation on Administrative Penalties", article="48"
)

Sensitivity = Literal["public", "limited"]
FieldType = Literal["text", "integer", "day"]
PENALTY_FIELDS: Final[tuple[tuple[str, FieldType, Sensitivity, str, str], ...]] = (
    ("CF_XDR_MC", "text", "public", "行政相对人名称", "Name of the penalised"),
    ("CF_XDR_LB", "text", "public", "行政相对人类别", "Category of the penalised"),
    ("CF_XDR_SHXYM", "text", "public", "统一社会信用代码", "Unified social credit code"),
    ("CF_WSH", "text", "public", "行政处罚决定文书号", "Number of the decision"),
    ("CF_WFXW", "text", "public", "违法行为类型", "Kind of violation"),
    ("CF_SY", "text", "public", "违法事实", "Facts"),
    ("CF_YJ", "text", "public", "处罚依据", "Basis of the penalty"),
    ("CF_CFLB", "text", "public", "处罚类别", "Kind of penalty"),
    ("CF_NR", "text", "public", "处罚内容", "Content of the penalty"),
    ("CF_NR_FK", "integer", "public", "罚款金额（元）", "Fine in yuan"),
    ("CF_JDRQ", "day", "public", "处罚决定日期", "Day of the decision"),
    ("CF_YXQ", "day", "public", "处罚有效期", "Valid until"),
    ("CF_GSJZQ", "day", "public", "公示截止期", "Public until"),
    ("CF_CFJG", "text", "public", "处罚机关", "Deciding authority"),
    ("CF_CFJGDM", "text", "public", "处罚机关统一社会信用代码", "Code of the deciding authority"),
    ("CF_SJLY", "text", "public", "数据来源单位", "Source of the data"),
    ("CF_SJLYDM", "text", "public", "数据来源单位统一社会信用代码", "Code of the source"),
    ("CF_SXYZCD", "text", "public", "失信严重程度", "Severity"),
    ("BZ", "text", "limited", "备注", "Remark"),
)
"""Fields in order: name, type, sensitivity, Chinese and English label."""

ALL_PENALTY_FIELDS: Final = tuple(sorted(name for name, *_ in PENALTY_FIELDS))
PUBLIC_PENALTY_FIELDS: Final = tuple(sorted(name for name, _, kept, *_ in PENALTY_FIELDS if kept == "public"))
LENDER_PENALTY_FIELDS: Final = ("CF_CFLB", "CF_JDRQ", "CF_NR", "CF_SXYZCD", "CF_WFXW", "CF_WSH")


def penalty_item(authority: str) -> Item:
    """Return the item, whose source and repair authority is the member `authority`."""
    return Item(
        code=PENALTY_ITEM,
        name=Label(zh="行政处罚", en="Administrative penalty"),
        adverse=True,
        subject_classes=["enterprise", "organisation"],
        fields=[
            Field(name=name, type=kind, sensitivity=kept, evaluable=True, label=Label(zh=zh, en=en))
            for name, kind, kept, zh, en in PENALTY_FIELDS
        ],
        basis=BASIS,
        retention_days=1096,
        sources=[authority],
        severities=[
            SeverityTerm(severity="minor", minimum_days=0, maximum_days=90),
            SeverityTerm(severity="general", minimum_days=90, maximum_days=365),
            SeverityTerm(severity="serious", minimum_days=365, maximum_days=1095),
        ],
        repair_authority=authority,
    )


def penalty_list(authority: str) -> Measure:
    """Return the list that a penalised enterprise enters."""
    return Measure(
        code=PENALTY_LIST,
        name=Label(zh="严重失信主体名单", en="List of serious dishonesty"),
        basis=BASIS,
        authority=authority,
        takes_rights=True,
    )


def penalty_measure(authority: str) -> Measure:
    """Return the measure that rests on the list."""
    return Measure(
        code=PENALTY_MEASURE,
        name=Label(zh="不适用简化审批", en="No simplified approval"),
        basis=BASIS,
        authority=authority,
        takes_rights=True,
    )


def synthetic_penalty(authority: str, decided: str, until: str) -> NewRecord:
    """Return the synthetic penalty, decided by `authority` on day `decided` and public until day `until`."""
    values: dict[str, FieldValue] = {
        "CF_XDR_MC": "合成示例企业（Synthetic Example Enterprise）",
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": PENALISED,
        "CF_WSH": "合成罚字〔0000〕1号",
        "CF_WFXW": "未按规定公示年度报告",
        "CF_SY": "合成数据：逾期未公示年度报告",
        "CF_YJ": "《示范行政处罚条例》第四十八条",
        "CF_CFLB": "罚款",
        "CF_NR": "罚款人民币五百元",
        "CF_NR_FK": 500,
        "CF_JDRQ": decided,
        "CF_YXQ": until,
        "CF_GSJZQ": until,
        "CF_CFJG": "示范行政机关",
        "CF_CFJGDM": authority,
        "CF_SJLY": "示范行政机关",
        "CF_SJLYDM": authority,
        "CF_SXYZCD": "轻微",
        "BZ": "合成数据，非真实处罚 / synthetic, no real penalty",
    }
    return NewRecord("enterprise", PENALISED, values)
