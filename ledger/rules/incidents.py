"""incident.open, contain, notify, close: what went wrong, who must act, and by when (INC-1, INC-9, INC-10, INC-11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.encoding import decode_base64url
from ledger.errors import StateError, Text
from ledger.kinds.incidents import IncidentClose, IncidentContain, IncidentNotify, IncidentOpen
from ledger.references import ReferenceSet
from ledger.rules.listed import listed, listed_needs
from ledger.rules.loading import check_sorted, peek
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import deadline, meet_duty, member, open_duty
from ledger.rules.succession import inheritor
from ledger.scope_commitment import ScopeOpening
from ledger.state.case_tables import INCIDENT, IncidentState
from ledger.state.effects import Effects, duty_suffix
from ledger.state.view import BlockView, Need
from ledger.times import parse_time

CONTAIN, NOTIFY = "incident.contain", "incident.notify"


class NoticedLater(StateError):
    """The incident was noticed after it is reported."""

    code = "incident.noticed"
    what = Text("The incident is said to be noticed at {time}, which lies ahead.", "事件发现时间 {time} 晚于当前时间。")
    next_step = Text("Correct the time.", "请更正时间。")


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An incident being opened; `noticed` in ms."""

    context: Context
    view: BlockView
    payload: IncidentOpen
    noticed: int


@rule(
    "INC-1",
    demand=Text(
        "Incidents are notified and contained by the policy's deadlines, counted from when they were noticed, and "
        "contained by each member named from the notification on",
        "事件须自发现之时起在规定期限内通报并控制；被通报的成员自通报之时起在期限内采取控制措施",
    ),
    next_step=Text("Contain, notify, and say so by the deadline.", "请在期限内控制、通报并声明。"),
)
def inc_1(case: OpenCase, effects: Effects) -> None:
    """INC-1: opens the duties of who reports; `notify_named` those of the named. Lateness is a finding over them."""
    view, context, noticed = case.view, case.context, case.noticed
    open_duty(effects, context, "incident.notify", context.iss, deadline(view, "incident_notify", noticed))
    open_duty(effects, context, "incident.contain", context.iss, deadline(view, "incident_contain", noticed))


def notify_named(effects: Effects, view: BlockView, context: Context, incident: str, others: list[str]) -> None:
    """Open the duty of each other member named to contain the incident at its side (INC-1)."""
    due = deadline(view, "incident_contain", context.time)
    for uscc in others:
        open_duty(effects, context, "incident.contain", uscc, due, about=incident)


def _open_needs(context: Context, payload: IncidentOpen, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    if payload.parent is not None:
        yield Need(INCIDENT.name, payload.parent)


def _open_case(context: Context, payload: IncidentOpen, view: BlockView) -> OpenCase:
    if payload.parent is not None and view.find(INCIDENT, payload.parent) is None:
        raise UnknownReference(field="parent", name=payload.parent, kind="incident.open")
    noticed = parse_time(payload.noticed_at)
    if noticed > context.time:
        raise NoticedLater(time=payload.noticed_at)
    return OpenCase(context, view, payload, noticed)


def _open_effects(case: OpenCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    state = IncidentState(
        by=context.iss,
        category=payload.category,
        noticed_at=case.noticed,
        affected=payload.affected,
        parent=payload.parent,
        index=context.index,
    )
    effects.put(INCIDENT, context.id, state)
    if payload.parent is not None:
        effects.edge(payload.parent, context.id, "incident")
    inc_1(case, effects)
    return effects


@dataclass(frozen=True, slots=True)
class WorkCase:
    """A step of an incident; `affected` is what a notification opens the commitment to."""

    context: Context
    view: BlockView
    payload: IncidentContain | IncidentNotify | IncidentClose
    state: IncidentState
    affected: ScopeOpening | None = None

    @property
    def concerned(self) -> tuple[str, ...]:
        """Members that owe containment: who reported it, and after notification whoever is named."""
        return tuple(dict.fromkeys((self.state.by, *self.state.members)))


@rule(
    "INC-9",
    demand=Text(
        "An incident is contained by each member concerned, or its heir, and notified by who reported it, once, while "
        "it is open",
        "事件由各相关成员（或其承继方）采取控制措施，由报告方通报，各限一次且须在关闭之前",
    ),
    next_step=Text("`suyuan duty list` shows what awaits whom.", "`suyuan duty list` 可查看各方待办义务。"),
)
def inc_9(case: WorkCase) -> None:
    """INC-9: whose turn it is."""
    state, iss = case.state, case.context.iss
    if state.closed is not None:
        raise broken("INC-9", "the incident is closed", "该事件已关闭")
    if isinstance(case.payload, IncidentNotify):
        if iss != inheritor(case.view, state.by):
            raise broken("INC-9", f"{iss} did not report the incident", f"{iss} 不是事件报告方")
        if state.notified is not None:
            raise broken("INC-9", "it was notified before", "该事件已通报")
    elif not turns(case):
        raise broken("INC-9", f"{iss} has nothing to contain", f"{iss} 没有待采取的控制措施")


def turns(case: WorkCase) -> list[str]:
    """Return the members for which the signer may still report containment: itself and those it succeeded."""
    state, iss = case.state, case.context.iss
    waiting = (uscc for uscc in case.concerned if uscc not in state.contained)
    return [uscc for uscc in waiting if inheritor(case.view, uscc) == iss]


@rule(
    "INC-10",
    demand=Text(
        "A notification opens exactly what incident.open committed to, and its members exist",
        "通报内容须与开立时的承诺值一致，所列成员须存在",
    ),
    next_step=Text("Give the salt, references and members that were committed.", "请提供承诺时的盐值、引用与成员。"),
)
def inc_10(case: WorkCase) -> None:
    """INC-10: the commitment is recomputed from what is opened."""
    if case.affected is not None and case.affected.commitment() != case.state.affected:
        raise broken("INC-10", "it is not what was committed", "与此前的承诺值不符")


@rule(
    "INC-11",
    demand=Text(
        "A regulator closes an incident, when it was notified and each named member's duties are met",
        "事件由监管机构在通报完成且各被列成员义务履行后关闭",
    ),
    next_step=Text("Wait for the members that still owe containment.", "请等待尚未采取控制措施的成员。"),
)
def inc_11(case: WorkCase) -> None:
    """INC-11: who closes, and when. What a member that is gone without an heir owes is nobody's any more."""
    if case.state.closed is not None:
        raise broken("INC-11", "the incident is closed", "该事件已关闭")
    if "regulator" not in member(case.view, case.context.iss).roles:
        raise broken("INC-11", f"{case.context.iss} is no regulator", f"{case.context.iss} 不是监管机构")
    if case.state.notified is None:
        raise broken("INC-11", "it was not notified", "该事件尚未通报")
    for uscc in case.concerned:
        if uscc not in case.state.contained and inheritor(case.view, uscc) is not None:
            raise broken("INC-11", f"{uscc} has not contained it", f"{uscc} 尚未采取控制措施")


def _work_needs(
    context: Context,  # noqa: ARG001 — one form for all kinds
    payload: IncidentContain | IncidentNotify | IncidentClose,
    view: BlockView,
) -> Iterator[Need]:
    id_ = payload.incident
    yield Need(INCIDENT.name, id_)
    state = peek(view, INCIDENT, id_)
    if state is None:
        return
    yield Need("duty", id_, duty_suffix(NOTIFY, state.by, id_, id_))
    yield Need("duty", id_, duty_suffix(CONTAIN, state.by, id_, id_))
    if state.notified is not None:
        yield Need("duty", state.notified, None)
    if isinstance(payload, IncidentNotify):
        yield from listed_needs(ReferenceSet.from_json(payload.references or []))


def _work_case(
    context: Context, payload: IncidentContain | IncidentNotify | IncidentClose, view: BlockView
) -> WorkCase:
    state = view.find(INCIDENT, payload.incident)
    if state is None:
        raise UnknownReference(field="incident", name=payload.incident, kind="incident.open")
    affected = None
    if isinstance(payload, IncidentNotify):
        check_sorted("members", list(payload.members))
        for uscc in payload.members:
            member(view, uscc)
        references = ReferenceSet.from_json(payload.references or [])
        listed(view, references, "references")
        affected = ScopeOpening(decode_base64url(payload.salt), references, tuple(payload.members))
    return WorkCase(context, view, payload, state, affected)


def _contain_effects(case: WorkCase) -> Effects:
    effects, context, state, id_ = Effects(), case.context, case.state, case.payload.incident
    done = turns(case)
    contained = tuple(sorted((*state.contained, *done)))
    effects.put(INCIDENT, id_, msgspec.structs.replace(state, contained=contained))
    for uscc in done:
        opener = id_ if uscc == state.by else state.notified
        assert opener is not None, "only the notification names others"
        meet_duty(effects, case.view, context, opener, CONTAIN, uscc, about=id_)
    effects.edge(id_, context.id, "incident")
    return effects


def _notify_effects(case: WorkCase) -> Effects:
    effects, context, state, id_ = Effects(), case.context, case.state, case.payload.incident
    assert case.affected is not None, "a notification opens the commitment"
    members = case.affected.members
    effects.put(INCIDENT, id_, msgspec.structs.replace(state, notified=context.id, members=members))
    meet_duty(effects, case.view, context, id_, NOTIFY, state.by)
    notify_named(effects, case.view, context, id_, [uscc for uscc in members if uscc != state.by])
    effects.edge(id_, context.id, "incident")
    return effects


def _close_effects(case: WorkCase) -> Effects:
    effects, context, id_ = Effects(), case.context, case.payload.incident
    effects.put(INCIDENT, id_, msgspec.structs.replace(case.state, closed=context.id))
    effects.edge(id_, context.id, "incident")
    return effects


handle(KindRules("incident.open", IncidentOpen, _open_needs, _open_case, (), _open_effects))
handle(
    KindRules(
        kind="incident.contain",
        payload=IncidentContain,
        needs=_work_needs,
        case=_work_case,
        rules=(inc_9,),
        effects=_contain_effects,
        meets_duty=True,
    )
)
handle(
    KindRules(
        kind="incident.notify",
        payload=IncidentNotify,
        needs=_work_needs,
        case=_work_case,
        rules=(inc_9, inc_10),
        effects=_notify_effects,
        meets_duty=True,
    )
)
handle(KindRules("incident.close", IncidentClose, _work_needs, _work_case, (inc_11,), _close_effects))
