"""grant.accept, grant.extend and grant.revoke: the life of a grant (GRA-4, GRA-5, GRA-6, GRA-9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from ledger.errors import StateError, Text
from ledger.kinds.fields import MAX_REFERENCE_STATEMENTS
from ledger.kinds.grants import GrantAccept, GrantExtend, GrantRevoke
from ledger.references import ReferenceSet
from ledger.rules.authority import Authority, authority, chain_needs, check_not_revoked, check_stands
from ledger.rules.consented import consents_of, find_consents, own_consent_needs, rest_on
from ledger.rules.grant_bounds import Given, gra_1, gra_2, gra_3
from ledger.rules.listed import listed
from ledger.rules.loading import check_sorted, judged_as, peek
from ledger.rules.purposes import current_catalogue
from ledger.rules.registry import Context, KindRules, broken, handle, rule
from ledger.rules.standing import deadline, member, open_duty
from ledger.scope import OutsideScope
from ledger.state.authority_tables import GRANT_CONSENTS
from ledger.state.effects import Effects
from ledger.state.tables import ACCEPTANCE, GRANT, RELEASED, AcceptanceState, Revocation
from ledger.state.view import BlockView, Need
from ledger.times import parse_time

MAX_GRANT_RANGES = 20_000
"""How many ranges a grant may list after all its extensions: what comparing a set with it costs at most."""


class GrantTooLarge(StateError):
    """A grant that would list more references than one grant may."""

    code = "grant.too_large"
    what = Text("The grant would list {size} {unit}; the bound is {bound}.", "授权将列出 {size} 项，上限为 {bound}。")
    next_step = Text("Issue a further grant for the rest.", "请为其余部分另行授权。")


class OverGrant(Protocol):
    """A case about a logged grant."""

    @property
    def context(self) -> Context:
        """The statement judged."""
        ...

    @property
    def held(self) -> Authority:
        """The grant with its ancestors."""
        ...


@dataclass(frozen=True, slots=True)
class AcceptCase:
    """A grant being accepted."""

    context: Context
    payload: GrantAccept
    held: Authority


@rule(
    "GRA-4",
    demand=Text(
        "A grant is usable only when its grantee accepted it, once and before its end",
        "授权须由被授权方在到期前接受一次后方可使用",
    ),
    next_step=Text("The grantee of an open grant accepts it.", "请由尚未接受的授权的被授权方接受。"),
)
def gra_4(case: AcceptCase) -> None:
    """GRA-4: accepted by the grantee, once, before the end. That use needs it is TRA-1."""
    grant = case.held.grant
    if case.context.iss != grant.grantee:
        raise broken("GRA-4", "the grant goes to another member", "被授权方是其他成员")
    if grant.accepted is not None:
        raise broken("GRA-4", "the grant was accepted before", "该授权已被接受")
    if case.context.time >= grant.valid_until:
        raise broken("GRA-4", "the grant has expired", "该授权已过期")


@rule(
    "GRA-5",
    demand=Text(
        "Revoking ends a grant with its subtree, from this block or a later time, never before",
        "撤销使授权及其下级自本区块或之后的时间起终止，不得早于本区块",
    ),
    next_step=Text("Revoke a live grant, from now on or later.", "请撤销仍有效的授权，时间为现在或之后。"),
)
def gra_5(case: OverGrant) -> None:
    """GRA-5: what is revoked, or lies under it, takes no acceptance, extension or second revocation."""
    with judged_as("GRA-5"):
        if isinstance(case, RevokeCase):
            check_not_revoked(case.held, case.context.time)
            _check_effective(case)
        else:
            check_stands(case.held, case.context.time)


def _check_effective(case: RevokeCase) -> None:
    if case.at < case.context.time:
        raise OutsideScope("revocation", "it would end before this block", "终止时间早于本区块")
    before = case.held.grant.revoked
    if before is not None and before.at <= case.at:
        raise OutsideScope("revocation", "it ends no later already", "该授权已将在此之前终止")


def _accept_needs(context: Context, payload: GrantAccept, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from chain_needs(view, payload.grant)


def _accept_case(context: Context, payload: GrantAccept, view: BlockView) -> AcceptCase:
    return AcceptCase(context, payload, authority(view, payload.grant, "grant"))


def _accept_effects(case: AcceptCase) -> Effects:
    effects, context, id_ = Effects(), case.context, case.held.id
    accepted = msgspec.structs.replace(
        case.held.grant,
        accepted=context.id,
        accepted_index=context.index,
        receiver_seed=case.payload.receiver_seed,
    )
    effects.put(GRANT, id_, accepted)
    effects.put(ACCEPTANCE, context.id, AcceptanceState(grant=id_))
    effects.edge(id_, context.id, "acts")
    return effects


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendCase(Given):
    """References being added to a grant that names a set: `merged` is the set afterwards."""

    held: Authority
    merged: ReferenceSet


class NotASet(StateError):
    """A grant over all records has nothing to extend."""

    code = "grant.not_a_set"
    what = Text("The grant covers all records of its issuers already.", "该授权已涵盖来源的全部记录。")
    next_step = Text("Nothing is to be done: offer the records.", "无需扩展，可直接提供记录。")


def _extend_needs(context: Context, payload: GrantExtend, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from chain_needs(view, payload.grant)
    for id_, _ in payload.references:
        yield Need("record", id_)
    yield from own_consent_needs(view, payload.grant)
    for id_ in payload.consents or []:
        yield Need("consent", id_)
    before = peek(view, GRANT_CONSENTS, payload.grant)
    for id_ in {*(payload.consents or []), *(before.consents if before else ())}:
        yield Need("consent_use", id_, payload.grant)


def _extend_case(context: Context, payload: GrantExtend, view: BlockView) -> ExtendCase:
    held = authority(view, payload.grant, "grant")
    present = held.scope.references
    if present is None:
        raise NotASet
    added = ReferenceSet.from_json(payload.references)
    records = listed(view, added, "references")
    merged = present.union(added)
    if len(merged.entries) > MAX_REFERENCE_STATEMENTS:
        raise GrantTooLarge(size=len(merged.entries), unit="statements", bound=MAX_REFERENCE_STATEMENTS)
    if merged.range_count > MAX_GRANT_RANGES:
        raise GrantTooLarge(size=merged.range_count, unit="ranges", bound=MAX_GRANT_RANGES)
    check_sorted("consents", payload.consents or [])
    before = dict(consents_of(view, payload.grant) or ())
    above = held.chain[1:]
    return ExtendCase(
        context=context,
        view=view,
        grantor=held.grantors[0] or held.grant.grantor,
        scope=replace(held.scope, references=added),
        current=current_catalogue(view),
        parent=authority(view, above[0][0], "grant") if above else None,
        records=records,
        statutory=held.grant.statutory,
        consents=tuple((before | dict(find_consents(view, payload.consents or []))).items()),
        held=held,
        merged=merged,
    )


def _extend_effects(case: ExtendCase) -> Effects:
    effects, grant = Effects(), case.held.grant
    scope = msgspec.structs.replace(
        grant.scope, references=[(id_, [tuple(pair) for pair in ranges]) for id_, ranges in case.merged.entries]
    )
    effects.put(GRANT, case.held.id, msgspec.structs.replace(grant, scope=scope))
    effects.edge(case.held.id, case.context.id, "acts")
    if case.consents and not case.statutory:
        rest_on(effects, case.view, case.held.id, case.consents, case.records, case.context.id)
    return effects


@dataclass(frozen=True, slots=True)
class RevokeCase:
    """A grant being revoked from `at` (ms)."""

    context: Context
    view: BlockView
    held: Authority
    at: int


@rule(
    "GRA-9",
    demand=Text(
        "A grant is revoked by its grantor, an ancestor's grantor or a regulator",
        "授权只能由授权方、上级授权的授权方或监管机构撤销",
    ),
    next_step=Text("Ask the grantor or a regulator.", "请联系授权方或监管机构。"),
)
def gra_9(case: RevokeCase) -> None:
    """GRA-9: who may revoke."""
    iss = case.context.iss
    if iss not in case.held.grantors and "regulator" not in member(case.view, iss).roles:
        raise broken("GRA-9", "the signer granted nothing here and is no regulator", "签署方既非授权方也非监管机构")


@rule(
    "GRA-6",
    demand=Text(
        "Revocation, or the end of data life, puts a stop-or-erase duty on every holder in the subtree",
        "撤销或数据留存期届满后，授权子树内的每个持有方须停止使用或销毁",
    ),
    next_step=Text("Stop, erase, and say so by the deadline.", "请在期限内停止使用、销毁并声明。"),
)
def gra_6(case: RevokeCase, effects: Effects) -> None:
    """GRA-6: one duty for each holder. The end of data life is known at release, which opens that duty then (TRA-10).

    RELEASED lists the holders of a whole subtree under each grant in it, so that the cost is one row a holder.
    """
    due = deadline(case.view, "stop", case.at)
    for holder, _ in case.view.scan(RELEASED, case.held.id):
        open_duty(effects, case.context, "stop", holder, due, about=case.held.id)


def _revoke_needs(context: Context, payload: GrantRevoke, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from chain_needs(view, payload.grant)
    yield Need("released", payload.grant, None)


def _revoke_case(context: Context, payload: GrantRevoke, view: BlockView) -> RevokeCase:
    at = context.time if payload.effective is None else parse_time(payload.effective)
    return RevokeCase(context, view, authority(view, payload.grant, "grant"), at)


def _revoke_effects(case: RevokeCase) -> Effects:
    effects, context = Effects(), case.context
    revocation = Revocation(at=case.at, by=context.id, member=context.iss, index=context.index)
    effects.put(GRANT, case.held.id, msgspec.structs.replace(case.held.grant, revoked=revocation))
    effects.edge(case.held.id, context.id, "acts")
    gra_6(case, effects)
    return effects


handle(KindRules("grant.accept", GrantAccept, _accept_needs, _accept_case, (gra_4, gra_5), _accept_effects))
handle(
    KindRules("grant.extend", GrantExtend, _extend_needs, _extend_case, (gra_1, gra_2, gra_3, gra_5), _extend_effects)
)
handle(KindRules("grant.revoke", GrantRevoke, _revoke_needs, _revoke_case, (gra_5, gra_9), _revoke_effects))
