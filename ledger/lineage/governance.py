"""Governance at any past head: proposals with their votes, members and nodes as they stood, catalogue and policy.

Everything is filtered from append-only rows, so that two readers of one log get one answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar, cast

import msgspec

from ledger.kinds.genesis import Catalogue, Node, Policy
from ledger.kinds.governance import Act
from ledger.lineage.answers import Answer
from ledger.lineage.source import LineageSource
from ledger.lineage.steps import NothingLogged
from ledger.notes.consortium import quorum_of
from ledger.state.governance_tables import (
    DECISION,
    HEIR,
    MEMBER_EVENT,
    NODE_EVENT,
    PROPOSAL,
    VOTE,
    Capacity,
    DecisionState,
    HeirState,
    MemberEventState,
    MemberStatus,
    NodeEventState,
    ProposalState,
    VoteState,
)
from ledger.state.row import StateRow, Table
from ledger.state.tables import CATALOGUE, MEMBER, NODE, POLICY, MemberState
from ledger.state.view import Need

ProposalStatus = Literal["open", "effective", "rejected", "expired"]
R = TypeVar("R", bound=StateRow)


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """One regulator's vote; the proposer's is the proposal itself."""

    regulator: str
    approves: bool
    statement: str
    index: int
    time: int


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal as it stood: what about, who voted how, and what became of it. Times in ms."""

    id: str
    proposer: str
    act: Act
    subject: str
    index: int
    time: int
    expires: int
    status: ProposalStatus
    votes: tuple[Vote, ...]
    decided_by: str | None
    decided_at: int | None


class Proposals(Answer, frozen=True, kw_only=True):
    """Proposals in the order of the log."""

    proposals: tuple[Proposal, ...]


class MemberChange(msgspec.Struct, frozen=True, kw_only=True):
    """One decision about a member, and how it stood afterwards; the kids where a key was replaced."""

    act: Act
    proposal: str
    by: str
    index: int
    time: int
    status: MemberStatus
    roles: tuple[str, ...]
    old_kid: str | None
    new_kid: str | None


class MemberHistory(Answer, frozen=True, kw_only=True):
    """A member as it stood, every decision about it, and who took its place once it was dissolved.

    `inheritor` is who answers for it: itself, a successor, or None where it
    left none; `predecessors` are the dissolved members whose place it has.
    """

    member: str
    status: MemberStatus
    roles: tuple[str, ...]
    changes: tuple[MemberChange, ...]
    heir: str | None
    capacity: Capacity | None
    inheritor: str | None
    predecessors: tuple[str, ...]


class NodeSet(Answer, frozen=True, kw_only=True):
    """The nodes that sign what follows the head, by name, and how many of them are a quorum (n - f)."""

    nodes: tuple[Node, ...]
    quorum: int


def proposals_at(source: LineageSource, as_of: int, status: ProposalStatus | None = None) -> Proposals:
    """Return the proposals below size `as_of` with the votes below it, of one status when given."""
    now = source.time_at(as_of)
    votes, decisions = _rows(source, VOTE), _rows(source, DECISION)
    found = [
        _proposal(id_, row, as_of, now, votes, decisions.get(id_))
        for id_, row in _rows(source, PROPOSAL).items()
        if row.index < as_of
    ]
    kept = sorted((one for one in found if status in (None, one.status)), key=lambda one: one.index)
    ids = {one.id for one in kept} | {vote.statement for one in kept for vote in one.votes}
    return Proposals(as_of=as_of, time=now, statements=tuple(sorted(ids)), proposals=tuple(kept))


def _proposal(
    id_: str,
    row: ProposalState,
    as_of: int,
    now: int,
    votes: Mapping[str, VoteState],
    decision: DecisionState | None,
) -> Proposal:
    given = [
        Vote(
            regulator=suffix.partition(":")[2],
            approves=vote.approves,
            statement=vote.statement,
            index=vote.index,
            time=vote.time,
        )
        for suffix, vote in votes.items()
        if suffix.startswith(f"{id_}:") and vote.index < as_of
    ]
    decided = decision if decision is not None and decision.index < as_of else None
    status: ProposalStatus = "open" if now <= row.expires else "expired"
    return Proposal(
        id=id_,
        proposer=row.proposer,
        act=row.act,
        subject=row.subject,
        index=row.index,
        time=row.time,
        expires=row.expires,
        status=status if decided is None else decided.outcome,
        votes=tuple(sorted(given, key=lambda vote: vote.index)),
        decided_by=None if decided is None else decided.by,
        decided_at=None if decided is None else decided.time,
    )


def member_history(source: LineageSource, uscc: str, as_of: int) -> MemberHistory:
    """Return a member's standing at size `as_of` and the decisions that led there; raises `NothingLogged`."""
    present = _rows(source, MEMBER).get(uscc)
    if present is None:
        raise NothingLogged(name=uscc, as_of=as_of)
    events = _events(source, uscc)
    seen = [event for event in events if event.index < as_of]
    status, roles = _standing(present, events, as_of)
    if status is None:
        raise NothingLogged(name=uscc, as_of=as_of)
    left = _heirs(source, as_of)
    heir = left.get(uscc)
    return MemberHistory(
        as_of=as_of,
        time=source.time_at(as_of),
        statements=tuple(sorted({event.proposal for event in seen} | {event.by for event in seen})),
        member=uscc,
        status=status,
        roles=roles,
        changes=tuple(_change(event) for event in seen),
        heir=None if heir is None else heir.heir,
        capacity=None if heir is None else heir.capacity,
        inheritor=_inheritor(left, uscc),
        predecessors=tuple(sorted(gone for gone in left if gone != uscc and _inheritor(left, gone) == uscc)),
    )


def _standing(
    present: MemberState, events: list[MemberEventState], as_of: int
) -> tuple[MemberStatus | None, tuple[str, ...]]:
    """Return status and roles after the last event below `as_of`, before the first one above it, or as they are."""
    seen = [event for event in events if event.index < as_of]
    if seen:
        return seen[-1].status, seen[-1].roles
    if events:
        return events[0].status_before, events[0].roles_before
    return present.status, present.roles


def _change(event: MemberEventState) -> MemberChange:
    return MemberChange(
        act=event.act,
        proposal=event.proposal,
        by=event.by,
        index=event.index,
        time=event.time,
        status=event.status,
        roles=event.roles,
        old_kid=event.old_kid,
        new_kid=event.new_kid,
    )


def inheritor_at(source: LineageSource, uscc: str, as_of: int) -> str | None:
    """Return who answered for a member at size `as_of`: itself, its successor's last, or None without one (ERA-2)."""
    return _inheritor(_heirs(source, as_of), uscc)


def _inheritor(left: Mapping[str, HeirState], uscc: str) -> str | None:
    acting = uscc
    while acting in left:
        if left[acting].capacity == "custodian":
            return None
        acting = left[acting].heir
    return acting


def nodes_at(source: LineageSource, as_of: int) -> NodeSet:
    """Return the nodes as decided below size `as_of`; they sign from the next block on."""
    first: dict[str, NodeEventState] = {}
    last: dict[str, NodeEventState] = {}
    for event in _rows(source, NODE_EVENT).values():
        if event.index < as_of:
            last[event.node] = event
        else:
            first.setdefault(event.node, event)
    nodes = [
        row.node
        for name, row in _rows(source, NODE).items()
        if (last[name].joined if name in last else not first[name].joined if name in first else row.active)
    ]
    return NodeSet(
        as_of=as_of,
        time=source.time_at(as_of),
        statements=tuple(sorted({event.by for event in last.values()} | {event.proposal for event in last.values()})),
        nodes=tuple(nodes),
        quorum=quorum_of(len(nodes)),
    )


def catalogue_at(source: LineageSource, as_of: int) -> Catalogue:
    """Return the catalogue version that was in force at size `as_of`."""
    versions = [row for suffix, row in _rows(source, CATALOGUE).items() if suffix and row.index < as_of]
    return max(versions, key=lambda row: row.catalogue.version).catalogue


def policy_at(source: LineageSource, as_of: int) -> Policy:
    """Return the policy that was in force at size `as_of`."""
    return max((row for row in _rows(source, POLICY).values() if row.index < as_of), key=lambda row: row.index).policy


def _events(source: LineageSource, uscc: str) -> list[MemberEventState]:
    return [event for event in _rows(source, MEMBER_EVENT).values() if event.member == uscc]


def _heirs(source: LineageSource, as_of: int) -> dict[str, HeirState]:
    return {uscc: row for uscc, row in _rows(source, HEIR).items() if row.index < as_of}


def _rows(source: LineageSource, table: Table[R]) -> dict[str, R]:
    """Return the rows of a resident table by suffix, in order of it."""
    found = source.state([Need(table.name, "", None)])
    return {suffix: cast("R", found[key]) for key in sorted(found) for suffix in (key[2],)}


__all__ = [
    "MemberChange",
    "MemberHistory",
    "NodeSet",
    "Proposal",
    "ProposalStatus",
    "Proposals",
    "Vote",
    "catalogue_at",
    "inheritor_at",
    "member_history",
    "nodes_at",
    "policy_at",
    "proposals_at",
]
