"""Whose turn it is in a hand-over (TRA-6), and looking one up for its steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from ledger.errors import Text
from ledger.rules.loading import peek
from ledger.rules.registry import Context, UnknownReference, broken, rule
from ledger.rules.standing import meet_duty
from ledger.state.effects import Effects, duty_suffix
from ledger.state.tables import TRANSFER, TransferState
from ledger.state.view import BlockView, Need

Step = Literal["accept", "release", "confirm", "dispute", "refuse"]

_AFTER: dict[Step, str] = {
    "accept": "offered",
    "refuse": "offered",
    "release": "accepted",
    "confirm": "released",
    "dispute": "released",
}
"""The status that a hand-over must have for each step."""


class Stepping(Protocol):
    """A case about one step of a hand-over."""

    @property
    def context(self) -> Context:
        """The statement judged."""
        ...

    @property
    def step(self) -> Step:
        """Which step it is."""
        ...

    @property
    def transfer(self) -> TransferState:
        """The hand-over as it stands."""
        ...


def releaser(transfer: TransferState) -> str:
    """Return who signs the release: the sender, or in marking mode M1 the gateway that made the package."""
    return transfer.gateway or transfer.sender


def find_transfer(view: BlockView, offer: str, field: str = "offer") -> TransferState:
    """Return the hand-over that `offer` began; raises UnknownReference."""
    found = view.find(TRANSFER, offer)
    if found is None:
        raise UnknownReference(field=field, name=offer, kind="transfer.offer")
    return found


@rule(
    "TRA-6",
    demand=Text(
        "A step of a hand-over is signed by the party whose turn it is, in order, once",
        "传输的每一步须由轮到的一方按顺序签署，且只签一次",
    ),
    next_step=Text("`suyuan transfer show` prints whose turn it is.", "`suyuan transfer show` 可查看轮到哪一方。"),
)
def tra_6(case: Stepping) -> None:
    """TRA-6: only by the party whose turn it is, once."""
    transfer, step = case.transfer, case.step
    turn = releaser(transfer) if step == "release" else transfer.receiver
    if case.context.iss != turn:
        raise broken("TRA-6", f"{step} is the turn of {turn}", f"{step} 应由 {turn} 签署")
    if transfer.status != _AFTER[step]:
        status = transfer.status
        raise broken("TRA-6", f"{step} does not follow {status}", f"状态为 {status} 时不能 {step}")


def _open_duty(transfer: TransferState, offer: str) -> tuple[str, str, str] | None:
    """Return opener, kind and party of the duty that waits for the next step, None when none does."""
    if transfer.status == "offered":
        return offer, "transfer.accept", transfer.receiver
    if transfer.last is not None and transfer.status == "accepted":
        return transfer.last, "transfer.release", releaser(transfer)
    if transfer.last is not None and transfer.status == "released":
        return transfer.last, "transfer.confirm", transfer.receiver
    return None


def step_needs(view: BlockView, offer: str) -> Iterator[Need]:
    """Name the hand-over and the duty that waits for its next step."""
    yield Need("transfer", offer)
    transfer = peek(view, TRANSFER, offer)
    duty = None if transfer is None else _open_duty(transfer, offer)
    if duty is not None:
        opener, kind, party = duty
        yield Need("duty", opener, duty_suffix(kind, party, offer, opener))


def meet_step(effects: Effects, view: BlockView, context: Context, transfer: TransferState, offer: str) -> None:
    """Mark the duty that waited for this step as met, and lead the offer to the step."""
    duty = _open_duty(transfer, offer)
    if duty is not None:
        opener, kind, party = duty
        meet_duty(effects, view, context, opener, kind, party, about=offer)
    effects.edge(offer, context.id, "step")
