"""consent.give and consent.withdraw: whose data may go where, and the end of it (ACC-4, ACC-5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import StateError, Text
from ledger.kinds.consents import ConsentGive, ConsentWithdraw
from ledger.kinds.genesis import Catalogue
from ledger.references import ReferenceSet
from ledger.rules.covering import Covering, acc_5, find_mandate, mandate_needs, read_coverage
from ledger.rules.loading import peek_all
from ledger.rules.purposes import current_catalogue, gra_8, purposes_of
from ledger.rules.registry import Context, KindRules, UnknownReference, handle, rule
from ledger.rules.standing import deadline, member, open_duty
from ledger.state.authority_tables import CONSENT, CONSENT_USE, ConsentState, MandateState
from ledger.state.effects import Effects
from ledger.state.tables import GRANT, HOLDING, Holding, MemberState, Ranges
from ledger.state.view import BlockView, Need


class ConsentOver(StateError):
    """The consent was withdrawn before."""

    code = "consent.over"
    what = Text("The consent {consent} was withdrawn before.", "同意 {consent} 此前已撤回。")
    next_step = Text("Nothing is to be done.", "无需再处理。")


@dataclass(frozen=True, slots=True)
class GiveCase:
    """A consent being recorded."""

    context: Context
    signer: MemberState
    current: Catalogue
    named: str | None
    mandate: MandateState | None
    state: ConsentState
    others: frozenset[str] = frozenset()

    @property
    def purpose(self) -> str:
        """The purpose consented to."""
        return self.state.purpose

    @property
    def asked(self) -> str:
        """The purpose of the act."""
        return self.state.purpose

    @property
    def matter(self) -> Covering:
        """What is consented to."""
        return self.state

    @property
    def purposes(self) -> frozenset[str]:
        """Purpose codes of the catalogue in force."""
        return purposes_of(self.current)


def _give_needs(context: Context, payload: ConsentGive, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from mandate_needs(payload.mandate)
    for id_, _ in payload.references or []:
        yield Need("record", id_)


def _give_case(context: Context, payload: ConsentGive, view: BlockView) -> GiveCase:
    references, until = read_coverage(view, payload.references, payload.link, payload.until)
    if payload.grantee is not None:
        member(view, payload.grantee)
    state = ConsentState(
        recorded_by=context.iss,
        references=references,
        link=payload.link,
        purpose=payload.purpose,
        grantee=payload.grantee,
        until=until,
        mandate=payload.mandate,
        index=context.index,
    )
    mandate = find_mandate(view, payload.mandate)
    return GiveCase(context, member(view, context.iss), current_catalogue(view), payload.mandate, mandate, state)


def _give_effects(case: GiveCase) -> Effects:
    effects = Effects()
    effects.put(CONSENT, case.context.id, case.state)
    if case.named is not None:
        effects.edge(case.named, case.context.id, "mandates")
    return effects


@dataclass(frozen=True, slots=True)
class WithdrawCase:
    """A consent being withdrawn."""

    context: Context
    view: BlockView
    payload: ConsentWithdraw
    signer: MemberState
    mandate: MandateState | None
    state: ConsentState

    @property
    def others(self) -> frozenset[str]:
        """The member that recorded it."""
        return frozenset((self.state.recorded_by,))

    @property
    def asked(self) -> str:
        """The purpose consented to."""
        return self.state.purpose

    @property
    def matter(self) -> Covering:
        """What was consented to."""
        return self.state

    @property
    def purposes(self) -> frozenset[str]:
        """Purpose codes of the catalogue in force."""
        return purposes_of(current_catalogue(self.view))


@rule(
    "ACC-4",
    demand=Text(
        "The withdrawal of a consent acts as revocation for what it covers: every holder of it stops by the deadline",
        "撤回同意对其涵盖的数据等同于撤销授权：每个持有方须在期限内停止使用",
    ),
    next_step=Text("Stop, erase, and say so by the deadline.", "请在期限内停止使用、销毁并声明。"),
)
def acc_4(case: WithdrawCase, effects: Effects) -> None:
    """ACC-4: one duty for each member that holds, under a grant that rests on the consent, what it covers.

    That nothing more of it is handed over is TRA-1, which looks the consents of every grant in the chain up.
    """
    due = deadline(case.view, "stop", case.context.time)
    for holder in sorted(_holders(case.view, case.payload.consent)):
        open_duty(effects, case.context, "stop", holder, due, about=case.payload.consent)


def _holders(view: BlockView, consent: str) -> set[str]:
    """Return who holds what a consent covers, under a grant that rests on it or one below."""
    found: set[str] = set()
    for grant, use in view.scan(CONSENT_USE, consent):
        for id_, ranges in use.references:
            for holder, state in view.scan(HOLDING, id_):
                if any(_concerns(view, entry, grant, id_, ranges) for entry in state.entries):
                    found.add(holder)
    return found


def _concerns(view: BlockView, entry: Holding, grant: str, id_: str, ranges: Ranges) -> bool:
    if entry.ended_index is not None:
        return False
    if not ReferenceSet(((id_, ranges),)).intersection(ReferenceSet(((id_, entry.ranges),))):
        return False
    under = view.find(GRANT, entry.grant)
    return entry.grant == grant or (under is not None and grant in under.ancestors)


def _withdraw_needs(context: Context, payload: ConsentWithdraw, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield Need("consent", payload.consent)
    yield from mandate_needs(payload.mandate)
    yield Need("consent_use", payload.consent, None)
    for _, use in peek_all(view, CONSENT_USE, payload.consent):
        for id_, _ in use.references:
            yield Need("holding", id_, None)
            for _, state in peek_all(view, HOLDING, id_):
                for entry in state.entries:
                    yield Need("grant", entry.grant)


def _withdraw_case(context: Context, payload: ConsentWithdraw, view: BlockView) -> WithdrawCase:
    state = view.find(CONSENT, payload.consent)
    if state is None:
        raise UnknownReference(field="consent", name=payload.consent, kind="consent.give")
    if state.withdrawn_by is not None:
        raise ConsentOver(consent=payload.consent)
    mandate = find_mandate(view, payload.mandate)
    return WithdrawCase(context, view, payload, member(view, context.iss), mandate, state)


def _withdraw_effects(case: WithdrawCase) -> Effects:
    effects, context = Effects(), case.context
    withdrawn = msgspec.structs.replace(
        case.state, withdrawn_by=context.id, withdrawn_at=context.time, withdrawn_index=context.index
    )
    effects.put(CONSENT, case.payload.consent, withdrawn)
    effects.edge(case.payload.consent, context.id, "ends")
    if case.payload.mandate is not None:
        effects.edge(case.payload.mandate, context.id, "mandates")
    acc_4(case, effects)
    return effects


handle(KindRules("consent.give", ConsentGive, _give_needs, _give_case, (acc_5, gra_8), _give_effects))
handle(KindRules("consent.withdraw", ConsentWithdraw, _withdraw_needs, _withdraw_case, (acc_5,), _withdraw_effects))
