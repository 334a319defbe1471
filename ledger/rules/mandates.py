"""mandate.open and mandate.end: what an agent may do for a data subject (ACC-5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import StateError, Text
from ledger.kinds.consents import MandateEnd, MandateOpen
from ledger.kinds.genesis import Catalogue
from ledger.rules.covering import Covering, acc_5, find_mandate, mandate_needs, read_coverage
from ledger.rules.purposes import current_catalogue, gra_8, purposes_of
from ledger.rules.registry import Context, KindRules, broken, handle, rule
from ledger.rules.standing import member
from ledger.state.authority_tables import MANDATE, MandateState
from ledger.state.effects import Effects
from ledger.state.tables import MemberState
from ledger.state.view import BlockView, Need


class MandateOver(StateError):
    """The mandate was ended before."""

    code = "mandate.over"
    what = Text("The mandate {mandate} was ended before.", "委托 {mandate} 此前已终止。")
    next_step = Text("Nothing is to be done.", "无需再处理。")


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A mandate being opened."""

    context: Context
    signer: MemberState
    current: Catalogue
    purpose: str
    state: MandateState


@rule(
    "ACC-6",
    demand=Text("Mandates are opened by members with the role agent", "委托由具有代理角色的成员登记"),
    next_step=Text("Have governance give the member the role.", "请通过治理程序授予该角色。"),
)
def acc_6(case: OpenCase) -> None:
    """ACC-6: an agent opens a mandate of its own."""
    if "agent" not in case.signer.roles:
        raise broken("ACC-6", f"{case.context.iss} is no agent", f"{case.context.iss} 不是代理方")


def _open_needs(context: Context, payload: MandateOpen, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    for id_, _ in payload.references or []:
        yield Need("record", id_)


def _open_case(context: Context, payload: MandateOpen, view: BlockView) -> OpenCase:
    references, until = read_coverage(view, payload.references, payload.link, payload.until)
    state = MandateState(
        agent=context.iss,
        references=references,
        link=payload.link,
        purpose=payload.purpose,
        until=until,
        index=context.index,
    )
    return OpenCase(context, member(view, context.iss), current_catalogue(view), payload.purpose, state)


def _open_effects(case: OpenCase) -> Effects:
    effects = Effects()
    effects.put(MANDATE, case.context.id, case.state)
    return effects


@dataclass(frozen=True, slots=True)
class EndCase:
    """A mandate being ended: by its agent, or by a regulator."""

    context: Context
    view: BlockView
    payload: MandateEnd
    signer: MemberState
    state: MandateState
    mandate: MandateState | None = None

    @property
    def others(self) -> frozenset[str]:
        """Its agent."""
        return frozenset((self.state.agent,))

    @property
    def matter(self) -> Covering:
        """What it covers."""
        return self.state

    @property
    def asked(self) -> str:
        """Its purpose."""
        return self.state.purpose

    @property
    def purposes(self) -> frozenset[str]:
        """Purpose codes of the catalogue in force."""
        return purposes_of(current_catalogue(self.view))


def _end_needs(context: Context, payload: MandateEnd, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from mandate_needs(payload.mandate)


def _end_case(context: Context, payload: MandateEnd, view: BlockView) -> EndCase:
    state = find_mandate(view, payload.mandate)
    assert state is not None, "the payload names a mandate"
    if state.ended_by is not None:
        raise MandateOver(mandate=payload.mandate)
    return EndCase(context, view, payload, member(view, context.iss), state)


def _end_effects(case: EndCase) -> Effects:
    effects, context = Effects(), case.context
    ended = msgspec.structs.replace(case.state, ended_by=context.id, ended_at=context.time, ended_index=context.index)
    effects.put(MANDATE, case.payload.mandate, ended)
    effects.edge(case.payload.mandate, context.id, "ends")
    return effects


handle(KindRules("mandate.open", MandateOpen, _open_needs, _open_case, (acc_6, gra_8), _open_effects))
handle(KindRules("mandate.end", MandateEnd, _end_needs, _end_case, (acc_5,), _end_effects))
