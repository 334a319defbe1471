"""What any grant, or addition to one, must keep to: GRA-1, GRA-2, GRA-3."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import Text
from ledger.kinds.fields import BasisRank
from ledger.kinds.genesis import Catalogue
from ledger.rules.authority import Authority, check_live
from ledger.rules.consented import Consents, serving, uncovered
from ledger.rules.listed import Listed
from ledger.rules.loading import judged_as
from ledger.rules.purposes import purposes_of
from ledger.rules.registry import Context, broken, rule
from ledger.rules.standing import item_of, member
from ledger.rules.succession import inheritor
from ledger.scope import Scope
from ledger.state.tables import MEMBER
from ledger.state.view import BlockView

STATUTORY_RANKS: frozenset[BasisRank] = frozenset({"law", "administrative_regulation", "local_regulation"})
"""Ranks of a legal basis on which records of persons may be granted without consent (GRA-3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Authority about to be given: its scope (for an addition: of what is added), by whom, under which parent.

    `records` are those the scope lists, `statutory` whether its legal basis stands in for consent, `consents` those it
    names.
    """

    context: Context
    view: BlockView
    grantor: str
    scope: Scope
    current: Catalogue
    parent: Authority | None
    records: tuple[Listed, ...]
    statutory: bool
    consents: Consents = ()

    @property
    def purpose(self) -> str:
        """The purpose granted for."""
        return self.scope.purpose


@rule(
    "GRA-1",
    recorded=True,
    demand=Text(
        "A grantor must be the source of the records, or hold a live, accepted parent grant that lets it pass them on",
        "授权方须为记录的来源，或持有有效、已接受且允许再传输的上级授权",
    ),
    next_step=Text(
        "Ask the source, or the grantor of your own grant, for authority first.", "请先向来源或上级授权方取得授权。"
    ),
)
def gra_1(case: Given) -> None:
    """GRA-1: the grantor holds what it grants: source of those records, or a live parent that allows it."""
    if case.context.iss != case.grantor:
        raise broken("GRA-1", "the grant is another member's", "该授权由其他成员作出")
    for found in case.records:
        if found.record.issuer not in case.scope.issuers:
            whose = found.record.issuer
            raise broken("GRA-1", f"{found.id} is a record of {whose}", f"{found.id} 是 {whose} 的记录")
    if case.parent is None:
        _check_source(case)
    else:
        _check_parent(case, case.parent)


def _check_source(case: Given) -> None:
    """Check a grant without a parent: of own records; "all my records" needs to be a source of each item."""
    foreign = [issuer for issuer in case.scope.issuers if _heir_of(case, issuer) != case.grantor]
    if foreign:
        raise broken("GRA-1", f"records of {foreign[0]} need its grant", f"{foreign[0]} 的记录须有其授权")
    if case.scope.references is not None:
        return
    for code in case.scope.items:
        item = item_of(case.current, code)
        if item is None or case.grantor not in item.sources or "source" not in member(case.view, case.grantor).roles:
            raise broken("GRA-1", f"the grantor is no source of {code}", f"授权方不是 {code} 的来源")


def _heir_of(case: Given, issuer: str) -> str | None:
    """Return who holds the records of `issuer` as their source now; an issuer that is no member stays itself."""
    return issuer if case.view.find(MEMBER, "", issuer) is None else inheritor(case.view, issuer)


def _check_parent(case: Given, parent: Authority) -> None:
    if parent.grant.grantee != case.grantor:
        raise broken("GRA-1", "the parent grant is another member's", "上级授权的被授权方是其他成员")
    with judged_as("GRA-1"):
        check_live(parent, case.context.time)
    if parent.scope.onward == 0:
        raise broken("GRA-1", "the parent grant forbids passing on", "上级授权禁止再传输")


@rule(
    "GRA-2",
    demand=Text("A child grant must lie inside its parent in every dimension", "下级授权的每个维度都须在上级授权之内"),
    next_step=Text(
        "Narrow the grant; `suyuan grant show` prints its parent.", "请缩小范围；`suyuan grant show` 可查看上级授权。"
    ),
)
def gra_2(case: Given) -> None:
    """GRA-2: a child lies inside its parent. Whether the parent may be passed on at all is GRA-1."""
    if case.parent is not None:
        with judged_as("GRA-2"):
            case.parent.scope.passed_on().covers(case.scope, purposes_of(case.current))


@rule(
    "GRA-3",
    demand=Text(
        "Data of persons need the consent of each of them, or a basis in law, administrative or local regulation",
        "涉及自然人的数据须经逐一同意，或有法律、行政法规、地方性法规依据",
    ),
    next_step=Text(
        "Name live consents that cover each person, or the statutory basis.",
        "请引用涵盖每个自然人的有效同意，或写明法定依据。",
    ),
)
def gra_3(case: Given) -> None:
    """GRA-3: consent for each person covered, live at this block, or a statutory basis.

    A listed set is judged by its records, "all records" by whether an item may concern persons: consents cannot cover
    records that nobody has listed.
    """
    if case.statutory:
        return
    if case.scope.references is None:
        for code in case.scope.items:
            item = item_of(case.current, code)
            if item is not None and "person" in item.subject_classes:
                raise broken("GRA-3", f"item {code} may concern persons", f"事项 {code} 可涉及自然人")
    scope, time = case.scope, case.context.time
    given = serving(case.consents, scope.grantee, scope.purpose, purposes_of(case.current), time)
    for found in case.records:
        if found.record.subject_class != "person":
            continue
        rest = uncovered(given, found)
        if rest:
            first = next(iter(rest))
            raise broken("GRA-3", f"no live consent covers {first}", f"{first} 涉及自然人且无有效同意涵盖")
