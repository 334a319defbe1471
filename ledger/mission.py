"""The mission as a table: each ground with the kinds, rules, findings, questions and commands that serve it.

Rules stand on their grounds in `ledger.rules.grounds`, and kinds follow from the rules that judge them. What is left to
say is here: the ground of each finding, the twelve questions with the code that answers them, and the commands.
`docs/mission.md` is printed from this, and a test demands that everything named exists and is tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import Text
from ledger.findings.catalogue import CODES
from ledger.kinds import KINDS
from ledger.rules import HANDLERS, RULES
from ledger.rules.grounds import GROUND_OF


@dataclass(frozen=True, slots=True)
class Question:
    """One question that must be answered with proofs, at any past head.

    `answered_by` names functions as `module:function`; `commands` are words after `suyuan`; `grounds` are keys of
    `GROUNDS`.
    """

    number: int
    text: Text
    grounds: tuple[str, ...]
    answered_by: tuple[str, ...]
    commands: tuple[str, ...]


QUESTIONS: Final[tuple[Question, ...]] = (
    Question(
        1, Text("Where did this go, hop by hop, and who answers for each?", "该信息去向何处？每一环节由谁负责？"),
        ("traceability", "liability"), ("ledger.lineage.trace:trace_forward",), ("trace forward",),
    ),
    Question(
        2, Text("What did this come from, back to the signed originals?", "该信息从何而来，直至签名原件？"),
        ("traceability", "quality"), ("ledger.lineage.trace:trace_back",), ("trace back",),
    ),
    Question(
        3,
        Text("Who held it then, in which version, and could they still?", "某时由谁持有、何版本、是否仍可持有？"),
        ("traceability", "liability"), ("ledger.lineage.holders:holders",), ("trace holders",),
    ),
    Question(
        4, Text("What is there about this subject?", "关于该信用主体有哪些信息？"),
        ("protection",),
        ("ledger.lineage.subject:subject_report", "ledger.lineage.subject:person_report"),
        ("trace subject", "access report"),
    ),
    Question(
        5, Text("What was granted under this grant, what is left of it?", "该授权之下有哪些授权与交接，余量多少？"),
        ("authority",), ("ledger.lineage.grants:grant_tree",), ("grant tree",),
    ),
    Question(
        6,
        Text("What was refused, what is wrong, what must I do by when?", "哪些被拒绝、存在哪些问题、有哪些待办义务？"),
        ("catalogue", "liability", "authority", "emergency", "accountability", "pledges", "sharing"),
        (
            "ledger.findings.judge:findings_at",
            "ledger.lineage.standing:refusals_at",
            "ledger.lineage.standing:duties_of",
        ),
        ("findings list", "findings refusals", "duty list"),
    ),
    Question(
        7,
        Text("Who must act on this end, who did, who is late?", "修复、撤销、更正或删除由谁落实、谁已落实、谁逾期？"),
        ("repair", "protection"), ("ledger.lineage.closure:closure",), ("stop closure",),
    ),
    Question(
        8, Text("Do all copies agree with what is public on this site?", "该网站的公示各处是否一致？"),
        ("publication",), ("ledger.lineage.parity:publication_parity",), ("publish parity",),
    ),
    Question(
        9, Text("How does this contract stand?", "该合同履约情况如何？"),
        ("performance",), ("ledger.lineage.contracts:contract_view",), ("contract show",),
    ),
    Question(
        10, Text("What was used, per source, item and grantee?", "各来源、事项、使用方的使用量是多少？"),
        ("sharing",), ("ledger.lineage.metering:metering",), ("use metering",),
    ),
    Question(
        11, Text("How timely and complete is each source?", "各来源归集是否及时、完整？"),
        ("quality", "sharing"), ("ledger.lineage.quality:quality",), ("record quality",),
    ),
    Question(
        12, Text("Is this report still true?", "该报告是否仍然成立？"),
        ("repair", "authority"), ("ledger.lineage.products:product_standing",), ("product check",),
    ),
)  # fmt: skip
"""The questions by their numbers."""

_FINDINGS_OF: Final[Mapping[str, str]] = {
    "traceability": "F-HOP F-EQUIVOCATION",
    "liability": "F-MISMATCH F-KEY-DOUBT",
    "authority": "F-REFUSED F-USED-AFTER-STOP",
    "publication": "F-PARITY F-EXPIRED-PUBLIC",
    "repair": "F-OVERDUE-STOP F-LIST F-STALE-PRODUCT",
    "performance": "F-CONTRACT-SUM F-PAYMENT-OVERDUE F-CONTRACT-DISPUTED F-UNVERIFIED",
    "protection": "F-DISPUTE-OVERDUE F-ERASURE-OVERDUE F-RETENTION F-ACCESS-OVERDUE",
    "emergency": "F-INCIDENT-OVERDUE",
    "pledges": "F-PLEDGE-OVERDUE",
    "sharing": "F-SHARE-OVERDUE",
    "quality": "F-CODE",
}

GROUND_OF_FINDING: Final[Mapping[str, str]] = {
    code: key for key, codes in _FINDINGS_OF.items() for code in codes.split()
}
"""The key of the ground of each finding, by its code; every finding has exactly one."""

COMMANDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "catalogue": ("catalogue show", "record submit"),
    "traceability": ("transfer send", "transfer receive", "verify"),
    "liability": ("key revoke", "use report"),
    "authority": ("grant issue", "grant revoke"),
    "publication": ("publish start", "publish observe"),
    "repair": ("repair apply", "repair decide", "stop acknowledge"),
    "performance": ("contract verify", "contract import"),
    "protection": ("consent withdraw", "erase request", "dispute open", "access request"),
    "emergency": ("incident open", "incident contain"),
    "accountability": ("case open", "audit bundle", "audit replay"),
    "pledges": ("pledge make", "pledge breach"),
    "sharing": ("grant request", "use query-batch"),
    "quality": ("record import", "record correct"),
}
"""Commands by which members act on a ground, besides those that ask its questions; words after `suyuan`."""

_OPENING: Final[Mapping[str, tuple[str, ...]]] = {"emergency": ("incident.open",)}
"""Kinds that no rule of the ground judges, because they only open its duties."""


def kinds_of(ground: str) -> tuple[str, ...]:
    """Return the kinds that are judged by a rule of a ground, or that open its duties, in the registry's order."""
    judged = {kind for kind, handler in HANDLERS.items() for rule in handler.rule_ids() if GROUND_OF[rule] == ground}
    return tuple(kind for kind in KINDS if kind in judged or kind in _OPENING.get(ground, ()))


def rules_of(ground: str) -> tuple[str, ...]:
    """Return the ids of the rules of a ground, by family and number."""
    found = (rule.partition("-") for rule in RULES if GROUND_OF[rule] == ground)
    return tuple(f"{family}-{number}" for family, number in sorted((a, int(b)) for a, _, b in found))


def findings_of(ground: str) -> tuple[str, ...]:
    """Return the codes of the findings of a ground, in the catalogue's order."""
    return tuple(code for code in CODES if GROUND_OF_FINDING[code] == ground)


def questions_of(ground: str) -> tuple[Question, ...]:
    """Return the questions that are asked on a ground."""
    return tuple(question for question in QUESTIONS if ground in question.grounds)


def commands_of(ground: str) -> tuple[str, ...]:
    """Return every command that acts or asks on a ground, without `suyuan`."""
    asked = (command for question in questions_of(ground) for command in question.commands)
    return tuple(dict.fromkeys((*COMMANDS_OF[ground], *asked)))
