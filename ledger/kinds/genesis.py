"""The genesis document, leaf 0 (docs/spec/log.md).

It carries everything that later statements are judged by: origin, founding members with keys,
nodes, catalogue version 1 and the policy. It is stored as RFC 8785 JSON inside the genesis entry.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import (
    MAX_ITEMS,
    Code,
    Count,
    Day,
    Jurisdiction,
    Jwk,
    LegalBasis,
    Name,
    Natural,
    Purpose,
    Role,
    Severity,
    SubjectClass,
    Time,
    Uscc,
    Value,
)

ShortText = Annotated[str, Meta(min_length=1, max_length=200)]
VKey = Annotated[
    str, Meta(pattern=r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+(?![\s\S])", description="C2SP signed-note vkey")
]
ItemCode = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_]{0,63}(?![\s\S])",
        description="item code; grants use it as a JSON key, so it has the characters of one",
    ),
]
DeadlineName = Annotated[
    str, Meta(pattern=r"^[a-z]+(_[a-z]+)*(?![\s\S])", description="a JSON key; rules.standing lists the names")
]
Origin = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9./-]{2,120}(?![\s\S])", description="name of the log")]


class Label(Value, frozen=True):
    """One name in both languages."""

    zh: ShortText
    en: ShortText


class FoundingMember(Value, frozen=True):
    """An institution at the start: its USCC, name, roles, jurisdiction, signing keys and encryption key."""

    uscc: Uscc
    name: Label
    roles: Annotated[list[Role], Meta(min_length=1)]
    jurisdiction: Jurisdiction
    keys: Annotated[list[Jwk], Meta(min_length=1)]
    encryption: Jwk | None = None


class Node(Value, frozen=True):
    """A server that `member` runs.

    `log_key` (type 01, named by the origin) signs checkpoints and receipts, `cosigner_key` (type 04, named
    `<origin>/<node>`) cosigns, `cosigner_pq_key` is its ML-DSA-44 twin (type 06), `service_key` signs "held" notes.
    One key, one purpose.
    """

    name: Code
    member: Uscc
    log_key: VKey
    cosigner_key: VKey
    service_key: Jwk
    cosigner_pq_key: VKey | None = None
    url: Annotated[str, Meta(max_length=300)] | None = None


class Field(Value, frozen=True):
    """One field of an item, in order. `evaluable` false keeps it out of evaluations of persons (CAT-3, PRO-3)."""

    name: Name
    type: Literal["text", "integer", "boolean", "day", "money"]
    sensitivity: Literal["public", "limited", "personal"]
    evaluable: bool
    label: Label | None = None
    forms: list[ShortText] | None = None


class SeverityTerm(Value, frozen=True):
    """Least and greatest publication term of one severity class, in days."""

    severity: Severity
    minimum_days: Natural
    maximum_days: Count


class Item(Value, frozen=True):
    """What may be recorded: one item of the catalogue (公共信用信息目录)."""

    code: ItemCode
    name: Label
    adverse: bool
    subject_classes: Annotated[list[SubjectClass], Meta(min_length=1)]
    fields: Annotated[list[Field], Meta(min_length=1, max_length=MAX_ITEMS)]
    basis: LegalBasis
    retention_days: Count
    sources: Annotated[list[Uscc], Meta(min_length=1)]
    performance: bool = False
    evaluated: bool = False
    publish_persons: bool = False
    severities: list[SeverityTerm] | None = None
    repair_authority: Uscc | None = None


class Measure(Value, frozen=True):
    """A list or a measure of the catalogue (名单, 惩戒措施) with its basis and the authority that may use it."""

    code: Code
    name: Label
    basis: LegalBasis
    authority: Uscc
    takes_rights: bool


class PurposeNode(Value, frozen=True):
    """One purpose; a dotted code lies under its parent, `credit.lending` under `credit`."""

    code: Purpose
    name: Label


class Catalogue(Value, frozen=True):
    """One version of the catalogue: items, purposes, lists and measures."""

    version: Count
    items: Annotated[list[Item], Meta(min_length=1)]
    purposes: Annotated[list[PurposeNode], Meta(min_length=1)]
    lists: list[Measure]
    measures: list[Measure]


class Deadline(Value, frozen=True):
    """A length of time; working days follow the policy's calendar in UTC+08:00."""

    n: Count
    unit: Literal["minutes", "hours", "days", "working_days"]


class Calendar(Value, frozen=True):
    """Days that differ from Monday-to-Friday: `holidays` are off, `workdays` are worked on a weekend."""

    holidays: list[Day]
    workdays: list[Day]


class Policy(Value, frozen=True):
    """What governance decides: thresholds, deadlines by name, calendar, limits, delay of key changes."""

    governance_threshold: Count
    deadlines: Annotated[dict[DeadlineName, Deadline], Meta(min_length=1)]
    calendar: Calendar
    key_change_delay: Deadline
    statements_per_minute: Count


class Genesis(Value, frozen=True):
    """The whole document. `created` is only informative: time starts with the first block."""

    v: Literal[1]
    origin: Origin
    created: Time
    members: Annotated[list[FoundingMember], Meta(min_length=1, max_length=2000)]
    nodes: Annotated[list[Node], Meta(min_length=1, max_length=100)]
    catalogue: Catalogue
    policy: Policy
