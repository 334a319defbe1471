"""Rows of governance: proposals with their votes, the lives of members and nodes, linking epochs.

All are append-only but HEIR and the newest epoch's row, and carry the log index that made them, so that "as of" is a
filter. They are few, and every node keeps them in memory; only the actions themselves, which may hold a whole
catalogue, are stored under their proposal.
"""

from __future__ import annotations

from typing import Literal

from ledger.kinds.governance import Act, Action, LinkingKeyName
from ledger.state.row import StateRow, Table

MemberStatus = Literal["active", "suspended", "dissolved"]
Capacity = Literal["successor", "custodian"]


class ProposalState(StateRow, frozen=True, kw_only=True):
    """A governance.propose. Anchor "", suffix its statement id.

    `subject` is the member's code, the node's name, the catalogue's version in decimal, or "" for the policy. `expires`
    (ms) is the last instant at which it may be voted on.
    """

    proposer: str
    act: Act
    subject: str
    index: int
    time: int
    expires: int


class ActionState(StateRow, frozen=True, kw_only=True):
    """What a proposal would do. Anchor its statement id, suffix ""."""

    action: Action


class VoteState(StateRow, frozen=True, kw_only=True):
    """One regulator's vote. Anchor "", suffix "<proposal>:<regulator's code>"; the proposal itself is a vote for it."""

    approves: bool
    statement: str
    index: int
    time: int


class DecisionState(StateRow, frozen=True, kw_only=True):
    """How a proposal ended by votes, and by which one. Anchor "", suffix the proposal's id."""

    outcome: Literal["effective", "rejected"]
    by: str
    index: int
    time: int


class MemberEventState(StateRow, frozen=True, kw_only=True):
    """What a decision changed of a member. Anchor "", suffix "<code>:<log index in 12 digits>".

    `by` is the vote that put the proposal into effect. Status and roles stand before (None: it was no member) and
    after; `heir` and `capacity` at a dissolution; the kids at a replacement of a key ("" without a new one).
    """

    member: str
    act: Act
    proposal: str
    by: str
    index: int
    time: int
    status_before: MemberStatus | None
    roles_before: tuple[str, ...]
    status: MemberStatus
    roles: tuple[str, ...]
    heir: str | None = None
    capacity: Capacity | None = None
    old_kid: str | None = None
    new_kid: str | None = None


class HeirState(StateRow, frozen=True, kw_only=True):
    """Who a dissolved member left its place, or only its papers, to. Anchor "", suffix the dissolved member's code."""

    heir: str
    capacity: Capacity
    by: str
    index: int


class NodeEventState(StateRow, frozen=True, kw_only=True):
    """A node joined or left. Anchor "", suffix "<name>:<log index in 12 digits>". It counts from the next block on."""

    node: str
    joined: bool
    proposal: str
    by: str
    index: int
    time: int


class LinkingState(StateRow, frozen=True, kw_only=True):
    """An epoch of a linking key. Anchor "", suffix "<key>:<epoch in decimal>"; "<key>" alone is the newest."""

    key: LinkingKeyName
    epoch: int
    commitment: str
    by: str
    index: int
    time: int


PROPOSAL = Table("proposal", ProposalState, resident=True)
ACTION = Table("action", ActionState)
VOTE = Table("vote", VoteState, resident=True)
DECISION = Table("decision", DecisionState, resident=True)
MEMBER_EVENT = Table("member_event", MemberEventState, resident=True)
HEIR = Table("heir", HeirState, resident=True)
NODE_EVENT = Table("node_event", NodeEventState, resident=True)
LINKING = Table("linking", LinkingState, resident=True)


def event_suffix(name: str, index: int) -> str:
    """Suffix of an event of a member or node, so that rows sort by name and then by log index."""
    return f"{name}:{index:012d}"
