"""pledge.make, pledge.fulfil, pledge.breach (信用承诺): PLE-1 and PLE-2. An unsettled pledge is F-PLEDGE-OVERDUE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from ledger.errors import StateError, Text
from ledger.kinds.publication import PledgeBreach, PledgeFulfil, PledgeMake
from ledger.rules.loading import peek
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import meet_duty, member, open_duty
from ledger.rules.succession import answers_for
from ledger.state.effects import Effects, duty_suffix
from ledger.state.publication_tables import PLEDGE, PledgeState
from ledger.state.tables import MemberState
from ledger.state.view import BlockView, Need
from ledger.times import day_end

AUTHORITY_ROLES = frozenset(("source", "regulator"))


class PledgeDays(StateError):
    """A due day that is over."""

    code = "pledge.days"
    what = Text("The due day {day} is over.", "履行期限 {day} 已过。")
    next_step = Text("Name a due day that lies ahead.", "请填写今后的日期。")


class PledgeSettled(StateError):
    """A pledge that was settled before."""

    code = "pledge.settled"
    what = Text("{pledge} was settled by {by}.", "{pledge} 已由 {by} 认定。")
    next_step = Text("Nothing is to be done.", "无需再次操作。")


@dataclass(frozen=True, slots=True)
class MakeCase:
    """A pledge being made to an authority."""

    context: Context
    payload: PledgeMake
    authority: MemberState


@dataclass(frozen=True, slots=True)
class SettleCase:
    """A pledge being found kept or broken."""

    context: Context
    view: BlockView
    payload: PledgeFulfil | PledgeBreach
    pledge: PledgeState


@rule(
    "PLE-1",
    demand=Text("The authority to which it was made finds a pledge kept or broken", "信用承诺由受诺机关认定履行或违反"),
    next_step=Text("Have that authority sign.", "请由该机关签署。"),
)
def ple_1(case: SettleCase) -> None:
    """PLE-1: only that authority."""
    authority = case.pledge.authority
    if not answers_for(case.view, authority, case.context.iss):
        raise broken("PLE-1", f"it was made to {authority}", f"承诺的对象是 {authority}")


@rule(
    "PLE-2",
    demand=Text("A pledge is made to a source or a regulator", "信用承诺须向信息来源单位或监管机构作出"),
    next_step=Text("Name the authority that follows it up.", "请写明负责核查的机关。"),
)
def ple_2(case: MakeCase) -> None:
    """PLE-2: nobody but an authority can be bound to settle a pledge."""
    if not AUTHORITY_ROLES & frozenset(case.authority.roles):
        uscc = case.authority.uscc
        raise broken("PLE-2", f"{uscc} is neither source nor regulator", f"{uscc} 既非来源单位也非监管机构")


def _make_needs(context: Context, payload: PledgeMake, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from ()


def _make_case(context: Context, payload: PledgeMake, view: BlockView) -> MakeCase:
    if day_end(payload.due_day) <= context.time:
        raise PledgeDays(day=payload.due_day)
    return MakeCase(context, payload, member(view, payload.authority))


def _make(case: MakeCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    effects.put(
        PLEDGE, context.id, PledgeState(authority=payload.authority, due_day=payload.due_day, index=context.index)
    )
    open_duty(effects, context, "pledge.settle", payload.authority, day_end(payload.due_day))
    return effects


def _settle_needs(context: Context, payload: PledgeFulfil | PledgeBreach, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need("pledge", payload.pledge)
    pledge = peek(view, PLEDGE, payload.pledge)
    if pledge is not None:
        suffix = duty_suffix("pledge.settle", pledge.authority, payload.pledge, payload.pledge)
        yield Need("duty", payload.pledge, suffix)


def _settle_case(context: Context, payload: PledgeFulfil | PledgeBreach, view: BlockView) -> SettleCase:
    pledge = view.find(PLEDGE, payload.pledge)
    if pledge is None:
        raise UnknownReference(field="pledge", name=payload.pledge, kind="pledge.make")
    if pledge.settled:
        raise PledgeSettled(pledge=payload.pledge, by=pledge.settled)
    return SettleCase(context, view, payload, pledge)


def _settle(case: SettleCase) -> Effects:
    effects, context, name = Effects(), case.context, case.payload.pledge
    kept = isinstance(case.payload, PledgeFulfil)
    effects.put(PLEDGE, name, replace(case.pledge, settled=context.id, kept=kept))
    effects.edge(name, context.id, "pledge")
    meet_duty(effects, case.view, context, name, "pledge.settle", case.pledge.authority)
    return effects


handle(KindRules("pledge.make", PledgeMake, _make_needs, _make_case, (ple_2,), _make))
handle(KindRules("pledge.fulfil", PledgeFulfil, _settle_needs, _settle_case, (ple_1,), _settle, meets_duty=True))
handle(KindRules("pledge.breach", PledgeBreach, _settle_needs, _settle_case, (ple_1,), _settle, meets_duty=True))
