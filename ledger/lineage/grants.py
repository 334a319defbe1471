"""Question 5: the tree of a grant, the hand-overs under it, what is left of its limits, and what went wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from ledger.errors import SuyuanError
from ledger.findings.judge import findings_at
from ledger.kinds import decode_payload
from ledger.kinds.grants import GrantExtend, GrantIssue
from ledger.lineage.answers import GrantNode, GrantTree, Hop, Limits, Step, Violation
from ledger.lineage.ranges import as_references, as_sets, grow
from ledger.lineage.revocations import revoked_at
from ledger.lineage.source import LineageSource
from ledger.lineage.steps import (
    MAX_TRACE_NODES,
    TraceTooLarge,
    WrongQuestion,
    hops_of,
    in_order,
    load,
    logged,
    steps_of,
)
from ledger.metering import window_start
from ledger.state.authority_tables import QUERY
from ledger.state.tables import GRANT, TRANSFER, ReferenceRows
from ledger.statement import decode_statement

GrantStatus = Literal["issued", "live", "not_yet", "expired", "revoked"]

_NAMES_A_GRANT = ("grant", "parent")
_NAMES_A_TRANSFER = ("transfer", "offer")


def grant_tree(source: LineageSource, grant_id: str, as_of: int) -> GrantTree:
    """Return the grant and everything below it at size `as_of`.

    Raises `NothingLogged`, `WrongQuestion` for what is no grant.issue, `TraceTooLarge`.
    """
    row = logged(source, grant_id, as_of)
    if row.kind != "grant.issue":
        raise WrongQuestion(name=grant_id, found=row.kind, wanted="grants")
    parents = _descend(source, grant_id, as_of)
    return _Tree(source, as_of, parents).answer(grant_id)


def _descend(source: LineageSource, root: str, as_of: int) -> dict[str, str]:
    """Return every grant of the tree with its parent, level by level."""
    parents = {root: ""}
    level = [root]
    while level:
        edges = [edge for edge in source.edges_from(level, as_of) if edge.kind == "child"]
        level = []
        for edge in edges:
            if edge.target not in parents:
                parents[edge.target] = edge.source
                level.append(edge.target)
        if len(parents) > MAX_TRACE_NODES:
            raise TraceTooLarge(limit=MAX_TRACE_NODES)
    return parents


class _Tree:
    """A tree of grants whose members are known; `parents` has parents before their children."""

    def __init__(self, source: LineageSource, as_of: int, parents: Mapping[str, str]) -> None:
        self.source, self.as_of, self.time = source, as_of, source.time_at(as_of)
        self.parents = parents
        self.states = load(source, GRANT, parents)
        # A parent's end ends the child, so the grants above the tree are needed to judge what is live.
        above = {id_ for state in self.states.values() for id_ in state.ancestors if id_ not in parents}
        self.all = {**load(source, GRANT, above), **self.states}
        self.revoked = revoked_at(source, self.all, as_of)
        edges = source.edges_from(list(parents), as_of)
        self.acts = [edge for edge in edges if edge.kind == "acts"]
        self.under = [edge for edge in edges if edge.kind == "under"]
        offers = {edge.target for edge in self.under}
        self.transfers = load(source, TRANSFER, offers)
        hops = hops_of(source, {id_: as_sets(self.transfers[id_].references) for id_ in offers}, as_of)
        self.hops = {hop.transfer: hop for hop in hops}
        self.asked = [edge for edge in edges if edge.kind == "queries"]
        self.queries = load(source, QUERY, {edge.target for edge in self.asked})
        self.steps = steps_of(source, [*parents, *(edge.target for edge in (*self.acts, *self.asked))])

    def answer(self, root: str) -> GrantTree:
        """Return the whole answer."""
        nodes = tuple(self._node(id_) for id_ in self.parents)
        ids = {*self.parents, *self.steps, *(step.id for hop in self.hops.values() for step in hop.steps)}
        violations = self._violations(ids)
        return GrantTree(
            as_of=self.as_of,
            time=self.time,
            statements=tuple(sorted(ids | {violation.statement for violation in violations})),
            grant=root,
            nodes=nodes,
            violations=violations,
        )

    def _node(self, id_: str) -> GrantNode:
        state = self.states[id_]
        acts = in_order(self.steps[edge.target] for edge in self.acts if edge.source == id_)
        hops = [self.hops[edge.target] for edge in self.under if edge.source == id_]
        return GrantNode(
            id=id_,
            parent=self.parents[id_],
            grantor=state.grantor,
            grantee=state.grantee,
            deliverer=state.deliverer or "",
            purpose=state.scope.purpose,
            mode=state.scope.mode,
            items={item: tuple(fields) for item, fields in state.scope.items.items()},
            references=self._references(id_, acts),
            valid_from=state.valid_from,
            valid_until=state.valid_until,
            status=self._status(id_, acts),
            acts=(self.steps[id_], *acts),
            hops=tuple(sorted(hops, key=_place)),
            queries=in_order(self.steps[edge.target] for edge in self.asked if edge.source == id_),
            limits=self._limits(id_),
        )

    def _references(self, id_: str, acts: Iterable[Step]) -> ReferenceRows:
        """The references as they stood at this size: those of grant.issue, and of each extension before it."""
        wanted = [id_, *(step.id for step in acts if step.kind == "grant.extend")]
        sets: dict[str, tuple[tuple[int, int], ...]] = {}
        raw = self.source.raw(wanted)
        for each in wanted:
            statement = decode_statement(raw[each])
            payload = decode_payload(statement.kind, statement.payload)
            listed = payload.scope.references if isinstance(payload, GrantIssue) else None
            if isinstance(payload, GrantExtend):
                listed = payload.references
            grow(sets, {list_: tuple(rows) for list_, rows in listed or ()})
        return as_references(sets)

    def _status(self, id_: str, acts: Iterable[Step]) -> GrantStatus:
        state = self.states[id_]
        chain = [state, *(self.all[id_] for id_ in state.ancestors if id_ in self.all)]
        if any(self.revoked.get(each, self.time + 1) <= self.time for each in (id_, *state.ancestors)):
            return "revoked"
        if any(each.valid_until <= self.time for each in chain):
            return "expired"
        if not any(step.kind == "grant.accept" for step in acts):
            return "issued"
        return "not_yet" if self.time < state.valid_from else "live"

    def _subtree(self, id_: str) -> set[str]:
        found = {id_}
        for child, parent in self.parents.items():
            if parent in found:
                found.add(child)
        return found

    def _limits(self, id_: str) -> Limits:
        """What the hand-overs and queries of the subtree were charged for (GRA-7), against the grant's own limits.

        An offer is charged when it is made, a batch of queries when it is reported; an offer that was refused, or
        cancelled before its release, is credited back.
        """
        scope = self.states[id_].scope
        inside = self._subtree(id_)
        charged = [
            (self.transfers[edge.target].count, self.hops[edge.target].offered_at)
            for edge in self.under
            if edge.source in inside and not _credited(self.hops[edge.target])
        ]
        charged += [
            (self.queries[edge.target].count, self.steps[edge.target].time)
            for edge in self.asked
            if edge.source in inside
        ]
        used = sum(count for count, _ in charged)
        start = in_window = None
        if scope.rate is not None:
            start = window_start(scope.rate, self.time)
            in_window = sum(count for count, at in charged if start <= at)
        return Limits(
            count=scope.count,
            used=used,
            left=None if scope.count is None else max(scope.count - used, 0),
            rate_count=None if scope.rate is None else scope.rate.count,
            rate_window=None if scope.rate is None else scope.rate.window,
            window_start=start,
            window_used=in_window,
            window_left=None if scope.rate is None or in_window is None else max(scope.rate.count - in_window, 0),
            onward=scope.onward,
        )

    def _violations(self, ids: Collection[str]) -> tuple[Violation, ...]:
        found = [
            Violation(
                code=finding.code,
                rule=finding.rule,
                party=finding.party,
                statement=finding.statements[0],
                since=finding.since,
                open=finding.open,
            )
            for finding in findings_at(self.source, self.as_of)
            if finding.code != "F-REFUSED" and not set(ids).isdisjoint((finding.about, *finding.statements))
        ]
        return (*self._refused(), *found)

    def _refused(self) -> list[Violation]:
        """Refused attempts that name a grant or a hand-over of the tree."""
        rows = self.source.refusals(self.as_of)
        raw = self.source.raw([row.id for row in rows])
        return [
            Violation(
                code="F-REFUSED",
                rule=row.rule or "",
                party=row.iss,
                statement=row.id,
                since=row.block_time,
                open=True,
            )
            for row in rows
            if self._names_the_tree(raw[row.id])
        ]

    def _names_the_tree(self, raw: bytes) -> bool:
        try:
            payload = decode_statement(raw).payload
        except SuyuanError:
            return False
        return any(payload.get(name) in self.parents for name in _NAMES_A_GRANT) or any(
            payload.get(name) in self.transfers for name in _NAMES_A_TRANSFER
        )


def _credited(hop: Hop) -> bool:
    return hop.status in ("refused", "cancelled") and hop.released_at is None


def _place(hop: Hop) -> int:
    return hop.steps[0].index
