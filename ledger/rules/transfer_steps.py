"""transfer.accept, confirm, dispute, refuse and cancel: the steps around a release (TRA-6, TRA-7, TRA-9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec
from nacl.bindings import crypto_scalarmult_base

from ledger.encoding import base64url, decode_base64url
from ledger.errors import Text
from ledger.kinds.transfers import TransferAccept, TransferCancel, TransferConfirm, TransferDispute, TransferRefuse
from ledger.metering import credit
from ledger.rules.authority import authority
from ledger.rules.delivery import usage_needs
from ledger.rules.loading import peek
from ledger.rules.registry import Context, KindRules, broken, handle, rule
from ledger.rules.standing import deadline, member, open_duty
from ledger.rules.transfer_turns import Step, find_transfer, meet_step, releaser, step_needs, tra_6
from ledger.state.effects import Effects
from ledger.state.tables import CANCELLED, TRANSFER, USAGE, CancelledState, TransferState
from ledger.state.view import BlockView, Need

ONE_TIME_SECRET_SIZE = 32
"""Bytes of an X25519 secret (RFC 7748, section 5)."""

Status = Literal["accepted", "confirmed", "disputed", "refused", "cancelled"]
_StepPayload = TransferAccept | TransferConfirm | TransferDispute | TransferRefuse | TransferCancel


@dataclass(frozen=True, slots=True)
class StepCase:
    """One step by the receiver."""

    context: Context
    view: BlockView
    payload: _StepPayload
    transfer: TransferState
    step: Step


@dataclass(frozen=True, slots=True)
class CancelCase:
    """A hand-over being ended from outside its order of steps."""

    context: Context
    view: BlockView
    payload: TransferCancel
    transfer: TransferState


@rule(
    "TRA-7",
    demand=Text(
        "Acceptance names the ciphertext that was offered, confirmation its content root and marked root, and a "
        "dispute reveals the secret of the one-time key, so that an arbiter can open what was released",
        "接受须指明要约中的密文，确认须指明要约中的内容根与标记根；"
        "提出异议须公开一次性密钥的私钥，供仲裁方开启所释放的内容",
    ),
    next_step=Text("Refuse, or dispute, what is not what was offered.", "与要约不符的，请拒绝接收或提出争议。"),
)
def tra_7(case: StepCase) -> None:
    """TRA-7: accept names the same ciphertext, confirm the same content root (and marked root where there is one)."""
    payload, transfer = case.payload, case.transfer
    if isinstance(payload, TransferAccept) and payload.ciphertext != transfer.ciphertext:
        raise broken("TRA-7", "the ciphertext is another one", "密文与要约不一致")
    if isinstance(payload, TransferConfirm):
        if payload.content_root != transfer.content_root:
            raise broken("TRA-7", "the content root is another one", "内容根与要约不一致")
        if payload.marked_root != (None if transfer.marking is None else transfer.marking.marked_root):
            raise broken("TRA-7", "the marked root is another one", "标记根与要约不一致")
    if isinstance(payload, TransferDispute):
        secret = decode_base64url(payload.one_time_secret, ONE_TIME_SECRET_SIZE)
        if base64url(crypto_scalarmult_base(secret)) != transfer.receiver_key:
            raise broken("TRA-7", "the secret is not that of the one-time key", "所公开的私钥与一次性密钥不符")


@rule(
    "TRA-9",
    demand=Text(
        "A hand-over is cancelled by its sender before the release, or by a regulator before it is over",
        "传输只能由发送方在释放前取消，或由监管机构在其结束前取消",
    ),
    next_step=Text("After the release, ask a regulator.", "释放之后请联系监管机构。"),
)
def tra_9(case: CancelCase) -> None:
    """TRA-9: by the sender (in mode M1 the gateway likewise) before release, or a regulator."""
    iss, transfer = case.context.iss, case.transfer
    regulator = "regulator" in member(case.view, iss).roles
    if iss not in (transfer.sender, releaser(transfer)) and not regulator:
        raise broken("TRA-9", "the signer is neither sender nor regulator", "签署方既非发送方也非监管机构")
    open_to_sender = ("offered", "accepted")
    if transfer.status not in ((*open_to_sender, "released") if regulator else open_to_sender):
        raise broken("TRA-9", f"the hand-over is {transfer.status}", f"该传输的状态为 {transfer.status}")


def _needs(context: Context, payload: _StepPayload, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from step_needs(view, payload.offer)
    if isinstance(payload, TransferRefuse | TransferCancel):
        transfer = peek(view, TRANSFER, payload.offer)
        if transfer is not None:
            for need in usage_needs(view, transfer.grant):
                yield need
                yield Need("grant", need.anchor)


def _credit(effects: Effects, view: BlockView, transfer: TransferState) -> None:
    """Give back along the chain what the offer was charged (GRA-7): nothing was handed over."""
    for id_, grant in authority(view, transfer.grant, "grant").chain:
        usage = view.find(USAGE, id_)
        assert usage is not None, "the offer charged it"
        effects.put(USAGE, id_, credit(grant.scope.rate, usage, transfer.count, transfer.offered_at))


def _end(case: StepCase | CancelCase, status: Status) -> Effects:
    effects, context, offer = Effects(), case.context, case.payload.offer
    effects.put(TRANSFER, offer, msgspec.structs.replace(case.transfer, status=status, last=context.id))
    meet_step(effects, case.view, context, case.transfer, offer)
    return effects


def _accept_effects(case: StepCase) -> Effects:
    assert isinstance(case.payload, TransferAccept)
    effects, context, offer = Effects(), case.context, case.payload.offer
    accepted = msgspec.structs.replace(
        case.transfer, status="accepted", last=context.id, receiver_key=case.payload.receiver_key
    )
    effects.put(TRANSFER, offer, accepted)
    meet_step(effects, case.view, context, case.transfer, offer)
    due = deadline(case.view, "transfer_release", context.time)
    open_duty(effects, context, "transfer.release", releaser(case.transfer), due, about=offer)
    return effects


def _confirm_effects(case: StepCase) -> Effects:
    return _end(case, "confirmed")


def _dispute_effects(case: StepCase) -> Effects:
    """Record the dispute; what the release gave stays a holding of the receiver, and F-MISMATCH names who packed it."""
    effects, transfer, offer = _end(case, "disputed"), case.transfer, case.payload.offer
    assert transfer.last is not None, "the release came before"
    effects.find("F-MISMATCH", offer, releaser(transfer), (offer, transfer.last, case.context.id), "TRA-7")
    return effects


def _refuse_effects(case: StepCase) -> Effects:
    effects = _end(case, "refused")
    _credit(effects, case.view, case.transfer)
    return effects


def _cancel_effects(case: CancelCase) -> Effects:
    """End the hand-over. Before the release nothing was given; after it, a regulator's word makes the receiver stop."""
    effects, transfer, offer = _end(case, "cancelled"), case.transfer, case.payload.offer
    if transfer.status == "released":
        effects.put(CANCELLED, offer, CancelledState(by=case.context.id, time=case.context.time))
        due = deadline(case.view, "stop", case.context.time)
        open_duty(effects, case.context, "stop", transfer.receiver, due, about=offer)
    else:
        _credit(effects, case.view, transfer)
    return effects


def _accept_case(context: Context, payload: TransferAccept, view: BlockView) -> StepCase:
    return StepCase(context, view, payload, find_transfer(view, payload.offer), "accept")


def _confirm_case(context: Context, payload: TransferConfirm, view: BlockView) -> StepCase:
    return StepCase(context, view, payload, find_transfer(view, payload.offer), "confirm")


def _dispute_case(context: Context, payload: TransferDispute, view: BlockView) -> StepCase:
    return StepCase(context, view, payload, find_transfer(view, payload.offer), "dispute")


def _refuse_case(context: Context, payload: TransferRefuse, view: BlockView) -> StepCase:
    return StepCase(context, view, payload, find_transfer(view, payload.offer), "refuse")


def _cancel_case(context: Context, payload: TransferCancel, view: BlockView) -> CancelCase:
    return CancelCase(context, view, payload, find_transfer(view, payload.offer))


_TURN, _SAME = (tra_6,), (tra_6, tra_7)
# Confirming, disputing and refusing meet a duty and take nothing, so that a suspended member may still do them.
handle(KindRules("transfer.accept", TransferAccept, _needs, _accept_case, _SAME, _accept_effects))
handle(KindRules("transfer.confirm", TransferConfirm, _needs, _confirm_case, _SAME, _confirm_effects, meets_duty=True))
handle(KindRules("transfer.dispute", TransferDispute, _needs, _dispute_case, _SAME, _dispute_effects, meets_duty=True))
handle(KindRules("transfer.refuse", TransferRefuse, _needs, _refuse_case, _TURN, _refuse_effects, meets_duty=True))
handle(KindRules("transfer.cancel", TransferCancel, _needs, _cancel_case, (tra_9,), _cancel_effects, meets_duty=True))
