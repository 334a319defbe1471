"""Waiting for the other side or for the node, within bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from clients.sdk.edge import Surroundings
from ledger.errors import InconclusiveError, StateError, Text

T = TypeVar("T")


class StillWaiting(InconclusiveError):
    """The bound passed first. Nothing is lost: the same call goes on where it stopped."""

    code = "gateway.waiting"
    what = Text("After {seconds} s there was still no {what_kind}.", "等待 {seconds} 秒后仍无{what_kind}。")
    next_step = Text("Call it again to go on from here.", "请再次调用以继续。")


class TransferEnded(StateError):
    """The hand-over ended before it was complete."""

    code = "gateway.ended"
    what = Text("The hand-over {offer} is {status}.", "交接 {offer} 的状态为 {status}。")
    next_step = Text("Make a new offer if it is still wanted.", "如仍需交接，请重新发起要约。")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to ask, in seconds; the pause doubles from `first` up to `longest`."""

    total: float = 600.0
    first: float = 0.1
    longest: float = 5.0


def wait_for(ask: Callable[[], T | None], what_kind: str, surroundings: Surroundings, patience: Patience) -> T:
    """Ask until there is an answer; raises `StillWaiting` when `patience.total` is used up."""
    waited, pause = 0.0, patience.first
    while True:
        found = ask()
        if found is not None:
            return found
        if waited >= patience.total:
            raise StillWaiting(seconds=int(patience.total), what_kind=what_kind)
        surroundings.sleep(pause)
        waited += pause
        pause = min(pause * 2, patience.longest)
