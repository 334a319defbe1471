"""Authority as one value: every dimension of what somebody may do with records (docs/architecture.md).

`Scope.covers` is the one test behind grants, sub-grants, offers and uses. A dimension that is absent (None) is not
limited there, so it fits only inside one that is not limited either. Purposes compare by the catalogue's tree, never
by text (GRA-8): a dotted code lies under its parent, and both must stand in the catalogue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import gcd
from typing import Literal

from ledger.errors import StateError, Text
from ledger.kinds.fields import Mode
from ledger.kinds.grants import Rate
from ledger.references import ReferenceSet

Dimension = Literal[
    "grantee", "issuers", "items", "fields", "references", "purpose", "mode", "count", "rate", "time", "data_life",
    "onward", "jurisdictions", "sender", "acceptance", "revocation",
]  # fmt: skip
"""What authority can fall short in; the last three concern who acts on it and whether it is alive."""

_NAMES_ZH: Mapping[str, str] = {
    "grantee": "被授权方", "issuers": "记录来源", "items": "目录事项", "fields": "字段", "references": "记录引用",
    "purpose": "用途", "mode": "方式", "count": "数量", "rate": "频次", "time": "有效期", "data_life": "数据留存期",
    "onward": "再传输层级", "jurisdictions": "法域", "sender": "发送方", "acceptance": "接受", "revocation": "撤销",
}  # fmt: skip

_MODE_RANK: Mapping[Mode, int] = {"query": 0, "view": 1, "store": 2}
"""Who may store may also look, who may look may also ask: each mode allows those of lower rank."""

_SEPARATE_AREAS = frozenset({"CN-HK", "CN-MO", "CN-TW"})
"""Subdivisions in ISO 3166-2 that have data-export rules of their own; they count as areas beside CN."""


class OutsideScope(StateError):
    """Something does not fit an authority. `dimension` is the first one that fails, `detail` says how."""

    code = "scope.outside"
    what = Text("Outside the authority in {dimension}: {detail}.", "超出授权范围（{dimension_zh}）：{detail_zh}。")
    next_step = Text("Ask for a wider grant, or take less.", "请申请更大范围的授权，或缩小请求范围。")

    def __init__(self, dimension: Dimension, en: str, zh: str) -> None:
        self.dimension: Dimension = dimension
        self.detail = Text(en, zh)
        super().__init__(dimension=dimension, dimension_zh=_NAMES_ZH[dimension], detail=en, detail_zh=zh)


def legal_area(jurisdiction: str) -> str:
    """Return the area whose border counts as "abroad": the country of an ISO 3166 code, or a separate area in it."""
    return jurisdiction if jurisdiction in _SEPARATE_AREAS else jurisdiction[:2]


def check_jurisdiction(allowed: Collection[str], jurisdiction: str) -> None:
    """Check that a jurisdiction is one of `allowed`, or lies in a country that is; raises OutsideScope."""
    if jurisdiction not in allowed and legal_area(jurisdiction) not in allowed:
        raise OutsideScope("jurisdictions", f"{jurisdiction} is not among them", f"{jurisdiction} 不在允许的法域内")


def check_purpose(allowed: str, purpose: str, purposes: Collection[str]) -> None:
    """Check that `purpose` is `allowed` or lies under it in the catalogue's tree (GRA-8); raises OutsideScope.

    `purposes` are the codes of the catalogue in force.
    """
    if purpose not in purposes or allowed not in purposes:
        unknown = purpose if purpose not in purposes else allowed
        raise OutsideScope("purpose", f"{unknown} is not a purpose of the catalogue", f"{unknown} 不是目录中的用途")
    if purpose.split(".")[: allowed.count(".") + 1] != allowed.split("."):
        raise OutsideScope("purpose", f"{purpose} does not lie under {allowed}", f"{purpose} 不在 {allowed} 之下")


def windows_met(inner: int, outer: int) -> int:
    """Return how many windows of `inner` seconds can overlap one of `outer` seconds, both counted from the epoch."""
    step = gcd(inner, outer)
    return 1 + -(-(outer - step) // inner)


@dataclass(frozen=True, slots=True)
class Scope:
    """Every dimension of authority. Times in ms, `data_life` in days; the end of `valid_until` is excluded.

    `items` maps item codes to field names. `references` None means all records of `issuers`; `grantee` None means
    whoever the grantee passes it on to. `onward` is how many further hops are allowed.
    """

    issuers: tuple[str, ...]
    items: Mapping[str, tuple[str, ...]]
    references: ReferenceSet | None
    purpose: str
    grantee: str | None
    mode: Mode
    valid_from: int
    valid_until: int
    data_life: int
    onward: int
    jurisdictions: tuple[str, ...]
    count: int | None = None
    rate: Rate | None = None

    def passed_on(self) -> Scope:
        """Return what the grantee may grant further: to anybody, one hop less. Whether it may at all is GRA-1."""
        return replace(self, grantee=None, onward=max(self.onward - 1, 0))

    def covers(self, other: Scope, purposes: Collection[str]) -> None:
        """Check that `other` lies inside in every dimension; raises OutsideScope for the first that does not fit.

        `purposes` are the codes of the catalogue in force. Count and rate compare as limits; what is left of them is
        judged by `ledger.metering`.
        """
        self._covers_party(other)
        check_purpose(self.purpose, other.purpose, purposes)
        self._covers_data(other)
        self._covers_limits(other)
        self._covers_time(other)
        if other.onward > self.onward:
            asked, allowed = other.onward, self.onward
            raise OutsideScope(
                "onward", f"{asked} further hops exceed {allowed}", f"再传输 {asked} 层超过 {allowed} 层"
            )
        for jurisdiction in other.jurisdictions:
            check_jurisdiction(self.jurisdictions, jurisdiction)

    def _covers_party(self, other: Scope) -> None:
        if self.grantee is not None and other.grantee != self.grantee:
            raise OutsideScope("grantee", f"{other.grantee} is not the grantee", f"{other.grantee} 不是被授权方")

    def _covers_data(self, other: Scope) -> None:
        for issuer in other.issuers:
            if issuer not in self.issuers:
                raise OutsideScope("issuers", f"records of {issuer} are not covered", f"不包含 {issuer} 的记录")
        for item, fields in other.items.items():
            allowed = self.items.get(item)
            if allowed is None:
                raise OutsideScope("items", f"item {item} is not covered", f"不包含事项 {item}")
            extra = [name for name in fields if name not in allowed]
            if extra:
                raise OutsideScope(
                    "fields", f"field {extra[0]} of item {item} is not covered", f"不包含事项 {item} 的字段 {extra[0]}"
                )
        self._covers_references(other)
        if _MODE_RANK[other.mode] > _MODE_RANK[self.mode]:
            raise OutsideScope("mode", f"{other.mode} exceeds {self.mode}", f"方式 {other.mode} 超出 {self.mode}")

    def _covers_references(self, other: Scope) -> None:
        if self.references is None:
            return
        if other.references is None:
            raise OutsideScope("references", "all records exceed a set of them", "全部记录超出限定的记录集合")
        rest = other.references.difference(self.references)
        if rest:
            first = next(iter(rest))
            raise OutsideScope("references", f"{first} is not covered", f"不包含 {first}")

    def _covers_limits(self, other: Scope) -> None:
        if self.count is not None:
            if other.count is None:
                raise OutsideScope("count", f"no limit exceeds {self.count}", f"未限定数量，超过 {self.count}")
            if other.count > self.count:
                raise OutsideScope("count", f"{other.count} exceeds {self.count}", f"{other.count} 超过 {self.count}")
        if self.rate is not None:
            if other.rate is None:
                raise OutsideScope("rate", "no limit exceeds a limited rate", "未限定频次，超过限定的频次")
            most = other.rate.count * windows_met(other.rate.window, self.rate.window)
            if most > self.rate.count:
                raise OutsideScope(
                    "rate",
                    f"up to {most} records in {self.rate.window} s exceed {self.rate.count}",
                    f"{self.rate.window} 秒内最多 {most} 条，超过 {self.rate.count} 条",
                )

    def _covers_time(self, other: Scope) -> None:
        if other.valid_from < self.valid_from or other.valid_until > self.valid_until:
            raise OutsideScope("time", "it begins earlier or ends later", "起始更早或终止更晚")
        if other.data_life > self.data_life:
            asked, allowed = other.data_life, self.data_life
            raise OutsideScope("data_life", f"{asked} days exceed {allowed}", f"{asked} 天超过 {allowed} 天")
