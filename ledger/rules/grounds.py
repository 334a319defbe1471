"""On which ground each rule stands: the themes of the opinion of 2025 on improving the social credit system.

The opinion is 《关于健全社会信用体系的意见》 (General Offices of the Central Committee and of the State Council,
2025), in 23 measures. A ground names one of its themes in both languages. It quotes no measure and gives no number,
because the rules carry out what the themes ask for and claim nothing about the wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.errors import Text

OPINION: Final = Text("the 2025 opinion on improving the social credit system", "2025年《关于健全社会信用体系的意见》")
"""The document whose themes the grounds are."""

GROUNDS: Final[Mapping[str, Text]] = {
    "catalogue": Text("a catalogue of what may be recorded at all", "公共信用信息目录：依目录归集，无据不得记录"),
    "traceability": Text("traceability of every hand-over", "信用信息流转全程可追溯"),
    "liability": Text("liability of each link in the chain", "传输链条各环节主体责任"),
    "authority": Text("no use without or beyond authority", "不得未经授权或超出授权使用信用信息"),
    "publication": Text("publication that agrees everywhere and ends on time", "公示信息各处一致、到期停止公示"),
    "repair": Text("repair that reaches every holder", "信用修复协同联动，惠及每一持有方"),
    "performance": Text("verified contract performance", "合同履约情况的归集与核验"),
    "protection": Text("protection of subjects' rights and data security", "信用主体权益保护与数据安全"),
    "emergency": Text("emergency response", "信用信息安全应急处理"),
    "accountability": Text("accountability for infringements", "侵权追溯与责任追究"),
    "pledges": Text("credit pledges", "信用承诺"),
    "sharing": Text("sharing of value with those who provide the data", "信用信息共享与价值分享"),
    "quality": Text("quality of collection", "信用信息归集共享质效"),
}
"""Every ground by its key, in the order of the mission page."""

_RULES_OF: Final[Mapping[str, str]] = {
    "catalogue": "CAT-1 CAT-2 CAT-3 REC-1 REC-2 REC-3 REC-4 LST-1 LST-3",
    "traceability": "TRA-6 TRA-7 TRA-9 TRA-10 TRA-12 GRA-11",
    "liability": "REC-5 REC-8 TRA-8 GOV-5 GOV-7 USE-2 USE-3",
    "authority": (
        "GRA-1 GRA-2 GRA-4 GRA-5 GRA-6 GRA-7 GRA-8 GRA-9 TRA-1 TRA-2 TRA-3 TRA-4 TRA-5 USE-1 PRO-1 PRO-2 PRO-4"
    ),
    "publication": "PUB-1 PUB-2 PUB-3 PUB-4 PUB-5 PUB-6 PUB-7 PUB-8",
    "repair": "REP-1 REP-2 REP-3 REP-4 REP-5 REP-6 REC-10 PRO-5 LST-2",
    "performance": "CON-1 CON-2 CON-3 CON-4 CON-5 CON-6",
    "protection": (
        "REC-6 REC-9 REC-11 ERA-1 ERA-2 ERA-4 ERA-5 ACC-1 ACC-2 ACC-3 ACC-4 ACC-5 ACC-6"
        " GRA-3 PRO-3 TRA-11 LST-4 LST-5 GOV-6 GOV-9"
    ),
    "emergency": "INC-1 INC-9 INC-10 INC-11",
    "accountability": "INC-2 INC-3 INC-4 INC-5 INC-6 INC-7 INC-8 ERA-3 ERA-6 GOV-1 GOV-2 GOV-3 GOV-4 GOV-8",
    "pledges": "PLE-1 PLE-2",
    "sharing": "GRA-10 TRA-13",
    "quality": "REC-7",
}

GROUND_OF: Final[Mapping[str, str]] = {rule: key for key, rules in _RULES_OF.items() for rule in rules.split()}
"""The key of the ground of each rule, by the rule's id; every rule has exactly one."""


def ground_of(rule_id: str) -> Text:
    """Return the ground of a rule in both languages; raises KeyError for an id that is no rule."""
    return GROUNDS[GROUND_OF[rule_id]]
