"""transfer.release: authority judged once more, then a holding opens (TRA-8, TRA-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import Text
from ledger.holdings import with_holding
from ledger.kinds.transfers import TransferRelease
from ledger.references import Reference, ReferenceSet
from ledger.rules.delivery import Carried, Delivery, deliver, delivery_needs
from ledger.rules.delivery_rules import tra_1, tra_2, tra_3, tra_4, tra_5
from ledger.rules.disputed import NOTICE, rec_11
from ledger.rules.loading import peek, peek_all
from ledger.rules.purposes import current_catalogue, purposes_of
from ledger.rules.registry import Context, KindRules, RuleError, broken, handle, rule
from ledger.rules.standing import deadline, meet_duty, open_duty
from ledger.rules.transfer_turns import Step, find_transfer, meet_step, step_needs, tra_6
from ledger.state.authority_tables import DISPUTED
from ledger.state.effects import Effects, duty_suffix
from ledger.state.tables import (
    DUTY,
    GRANT,
    HANDED,
    HOLDING,
    RECORD,
    RELEASED,
    TRANSFER,
    DutyState,
    HandedState,
    Holding,
    Ranges,
    ReleasedState,
    TransferState,
    handed_suffix,
)
from ledger.state.view import BlockView, Need
from ledger.times import day_end, parse_time

MAX_VERSIONS_WALKED = 32
"""How many corrections of one record a release looks back through for stop duties it meets (REC-10)."""


@dataclass(frozen=True, slots=True)
class ReleaseCase:
    """A release: the hand-over as it was offered, judged at this block."""

    context: Context
    view: BlockView
    payload: TransferRelease
    transfer: TransferState
    delivery: Delivery
    step: Step = "release"


@rule(
    "TRA-8",
    demand=Text(
        "At the release TRA-1 to TRA-5 must hold again, and both parties be active",
        "释放时须再次满足 TRA-1 至 TRA-5，且双方均为正常状态",
    ),
    next_step=Text("Cancel the hand-over, and offer again when it may be made.", "请取消传输，待条件满足后重新要约。"),
)  # fmt: skip
def tra_8(case: ReleaseCase) -> None:
    """TRA-8: what was admitted at the offer must still hold; so must an approval for sending abroad."""
    for party in (case.delivery.sender, case.delivery.receiver):
        if party.status != "active":
            raise broken("TRA-8", f"{party.uscc} is {party.status}", f"{party.uscc} 的状态为 {party.status}")
    for check in (tra_1, tra_2, tra_3, tra_4, tra_5):
        try:
            check(case)
        except RuleError as error:
            en, zh = f"{error.rule}: {error.detail.en}", f"{error.rule}：{error.detail.zh}"
            raise broken("TRA-8", en, zh) from error
    abroad = case.transfer.abroad
    if abroad is not None and parse_time(abroad.valid_until) <= case.context.time:
        raise broken("TRA-8", "the approval for sending abroad has ended", "出境批准已失效")


@rule(
    "TRA-10",
    demand=Text(
        "A release opens the receiver's holding, which ends with its data life",
        "释放即建立接收方的持有，并随留存期届满而终止",
    ),
    next_step=Text("Stop or erase when the data life ends.", "留存期届满时请停止使用并销毁。"),
)
def tra_10(case: ReleaseCase, effects: Effects) -> None:
    """TRA-10: one row a record list; and the holder is noted under each grant of the chain, for GRA-6."""
    context, transfer, offer = case.context, case.transfer, case.payload.offer
    life_end = case.delivery.life_end
    for part in case.delivery.carried:
        entry = Holding(
            ranges=part.listed.ranges,
            hop=offer,
            since_index=context.index,
            since=context.time,
            life_end=min(life_end, day_end(part.listed.record.retention_end)),
            grant=transfer.grant,
        )
        before = case.view.find(HOLDING, part.listed.id, transfer.receiver)
        effects.put(HOLDING, part.listed.id, with_holding(before, entry), transfer.receiver)
    for id_, _ in case.delivery.held.chain:
        known = case.view.find(RELEASED, id_, transfer.receiver)
        row = ReleasedState(
            last=offer,
            releases=1 + (known.releases if known else 0),
            life_end=max(life_end, known.life_end if known else 0),
        )
        effects.put(RELEASED, id_, row, transfer.receiver)
        effects.put(HANDED, id_, HandedState(offer=offer), handed_suffix(transfer.receiver, row.releases))


def _needs(context: Context, payload: TransferRelease, view: BlockView) -> Iterator[Need]:
    yield from step_needs(view, payload.offer)
    transfer = peek(view, TRANSFER, payload.offer)
    if transfer is None:
        return
    references = ReferenceSet(transfer.references)
    yield from delivery_needs(view, transfer.grant, transfer.sender, references, context.time)
    yield from _chain_needs(view, transfer)
    for id_, ranges in references.entries:
        yield Need("holding", id_, transfer.receiver)
        for dispute in _open_disputes(view, id_, ranges):
            yield Need("duty", dispute, None)
        yield from _version_needs(view, id_, transfer.receiver)


def _open_disputes(view: BlockView, id_: str, ranges: Ranges) -> Iterator[str]:
    """Yield the open disputes of the wanted rows, once these are loaded."""
    for row, state in peek_all(view, DISPUTED, id_) if ranges else [("", peek(view, DISPUTED, id_))]:
        if state is not None and (not row or any(first <= int(row) <= last for first, last in ranges)):
            yield from (dispute for dispute, _ in state.open)


def _chain_needs(view: BlockView, transfer: TransferState) -> Iterator[Need]:
    """Name, for the grant and its ancestors, the holder's row and its duty from a revocation that is to come."""
    held = peek(view, GRANT, transfer.grant)
    for id_ in (transfer.grant, *(held.ancestors if held else ())):
        yield Need("released", id_, transfer.receiver)
        grant = peek(view, GRANT, id_)
        if grant is not None and grant.revoked is not None:
            opener = grant.revoked.by
            yield Need("duty", opener, duty_suffix("stop", transfer.receiver, id_, opener))


def _version_needs(view: BlockView, record: str, receiver: str) -> Iterator[Need]:
    """Name the versions that `record` replaces, and what each correction made the receiver do."""
    version = record
    for _ in range(MAX_VERSIONS_WALKED):
        found = peek(view, RECORD, version)
        if found is None or not found.replaces:
            return
        yield Need("duty", version, duty_suffix("stop", receiver, found.replaces, version))
        version = Reference.parse(found.replaces).statement_id
        yield Need("record", version)


def _case(context: Context, payload: TransferRelease, view: BlockView) -> ReleaseCase:
    transfer = find_transfer(view, payload.offer)
    delivery = deliver(
        view,
        grant=transfer.grant,
        sender=transfer.sender,
        receiver=transfer.receiver,
        references=ReferenceSet(transfer.references),
        items=transfer.items,
        purpose=transfer.purpose,
        purposes=purposes_of(current_catalogue(view)),
    )
    return ReleaseCase(context, view, payload, transfer, delivery)


def _effects(case: ReleaseCase) -> Effects:
    effects, context, transfer, offer = Effects(), case.context, case.transfer, case.payload.offer
    released = msgspec.structs.replace(
        transfer,
        status="released",
        last=context.id,
        released_index=context.index,
        released_at=context.time,
        life_end=case.delivery.life_end,
    )
    effects.put(TRANSFER, offer, released)
    meet_step(effects, case.view, context, transfer, offer)
    tra_10(case, effects)
    due = deadline(case.view, "transfer_confirm", context.time)
    open_duty(effects, context, "transfer.confirm", transfer.receiver, due, about=offer)
    _stop_duties(case, effects)
    for part in case.delivery.carried:
        effects.edge(part.listed.id, offer, "delivers", part.listed.ranges)
        _note_disputes(case, effects, part)
        _meet_replacements(case, effects, part)
    for hop in dict.fromkeys(entry.hop for entry in case.delivery.hops):
        effects.edge(hop, offer, "onward")
    return effects


def _note_disputes(case: ReleaseCase, effects: Effects, part: Carried) -> None:
    """Tell the receiver of the open disputes of what it gets (REC-11)."""
    for row, state in part.disputed:
        about = str(Reference(part.listed.id, row))
        for dispute, _ in state.open:
            if case.view.find(DUTY, dispute, duty_suffix(NOTICE, case.transfer.receiver, about, dispute)) is None:
                rec_11(effects, case.view, case.context, dispute, about, [case.transfer.receiver])


def _stop_duties(case: ReleaseCase, effects: Effects) -> None:
    """Open what GRA-6 will ask of this holder: at the end of data life, and for a revocation that is to come."""
    transfer, offer, view = case.transfer, case.payload.offer, case.view
    due = deadline(view, "stop", case.delivery.life_end)
    open_duty(effects, case.context, "stop", transfer.receiver, due, about=offer)
    for part in case.delivery.carried:
        retained = day_end(part.listed.record.retention_end)
        if retained < case.delivery.life_end:
            due = deadline(view, "stop", retained)
            open_duty(effects, case.context, "stop", transfer.receiver, due, about=part.listed.id)
    for id_, grant in case.delivery.held.chain:
        revoked = grant.revoked
        if revoked is None:
            continue
        if view.find(DUTY, revoked.by, duty_suffix("stop", transfer.receiver, id_, revoked.by)) is None:
            stop = DutyState(
                kind="stop",
                party=transfer.receiver,
                due=deadline(view, "stop", revoked.at),
                about=id_,
                opened_index=case.context.index,
            )
            effects.open_duty(revoked.by, stop)


def _meet_replacements(case: ReleaseCase, effects: Effects, part: Carried) -> None:
    """Meet the receiver's stop duties for the versions that this record replaces: it has the newest now (REC-10)."""
    version, record = part.listed.id, part.listed.record
    for _ in range(MAX_VERSIONS_WALKED):
        if not record.replaces:
            return
        meet_duty(effects, case.view, case.context, version, "stop", case.transfer.receiver, about=record.replaces)
        version = Reference.parse(record.replaces).statement_id
        before = case.view.find(RECORD, version)
        assert before is not None, "what is replaced was logged"
        record = before


# A release meets a duty, so that GOV-5 lets a suspended sender come as far as TRA-8, which says what is wrong.
handle(KindRules("transfer.release", TransferRelease, _needs, _case, (tra_6, tra_8), _effects, meets_duty=True))
