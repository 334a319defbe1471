"""A `LineageSource` in memory: what a replay fills, and what tests ask."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping

from ledger.execution import Head
from ledger.lineage.source import DutyRow, EdgeRow, FindingRow, StatementRow
from ledger.lineage.subjects import indexed_subject
from ledger.state.effects import Edge, FindingEvent, StateKey
from ledger.state.tables import DUTY, DutyState, RecordState, StateRow
from ledger.state.view import MemoryState, Need


class MemoryLineage:
    """A ledger's statements, edges, findings and state in dictionaries; implements `LineageSource`.

    Everything is added in the order of the log.
    """

    def __init__(self) -> None:
        self.rows = MemoryState()
        self._head: Head | None = None
        self._block_indexes: list[int] = []
        self._block_times: list[int] = []
        self._statements: dict[str, StatementRow] = {}
        self._raw: dict[str, bytes] = {}
        self._refused: list[StatementRow] = []
        self._by_kind: defaultdict[str, list[StatementRow]] = defaultdict(list)
        self._by_key: defaultdict[str, list[StatementRow]] = defaultdict(list)
        self._edges_from: defaultdict[str, list[EdgeRow]] = defaultdict(list)
        self._edges_to: defaultdict[str, list[EdgeRow]] = defaultdict(list)
        self._findings: list[FindingRow] = []

    def begin(self, head: Head) -> None:
        """Set the head."""
        self._head = head

    def add_block(self, index: int, time: int) -> None:
        """Note a block entry at log index `index` with its time in ms."""
        self._block_indexes.append(index)
        self._block_times.append(time)

    def add_statement(self, row: StatementRow, raw: bytes) -> None:
        """Note a logged statement with its bytes."""
        self._statements[row.id] = row
        self._raw[row.id] = raw
        self._by_key[row.kid].append(row)
        if row.rule is None:
            self._by_kind[row.kind].append(row)
        if row.rule is not None:
            self._refused.append(row)

    def add_edge(self, index: int, edge: Edge) -> None:
        """Note a lineage edge made by the statement at `index`."""
        row = EdgeRow(index, edge.source, edge.target, edge.kind, edge.ranges)
        self._edges_from[edge.source].append(row)
        self._edges_to[edge.target].append(row)

    def add_finding(self, index: int, event: FindingEvent) -> None:
        """Note a finding event caused by the statement at `index`."""
        self._findings.append(FindingRow(index, event))

    def head(self) -> Head:
        """See `LineageSource`; an empty log has no head, which is a mistake of the caller."""
        assert self._head is not None, "nothing was fed"
        return self._head

    def time_at(self, as_of: int) -> int:
        """See `LineageSource`."""
        position = bisect_left(self._block_indexes, as_of)
        return self._block_times[position - 1] if position else 0

    def statements(self, ids: Collection[str]) -> Mapping[str, StatementRow]:
        """See `LineageSource`."""
        return {id_: self._statements[id_] for id_ in ids if id_ in self._statements}

    def all_statements(self) -> list[StatementRow]:
        """Return every logged statement in the order of the log, refused ones included."""
        return list(self._statements.values())

    def raw(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """See `LineageSource`."""
        return {id_: self._raw[id_] for id_ in ids if id_ in self._raw}

    def edges_from(self, ids: Collection[str], as_of: int) -> list[EdgeRow]:
        """See `LineageSource`."""
        return _before(self._edges_from, ids, as_of)

    def edges_to(self, ids: Collection[str], as_of: int) -> list[EdgeRow]:
        """See `LineageSource`."""
        return _before(self._edges_to, ids, as_of)

    def state(self, needs: Collection[Need]) -> Mapping[StateKey, StateRow]:
        """See `LineageSource`."""
        return self.rows.load(needs)

    def duties(self, as_of: int, party: str | None = None) -> list[DutyRow]:
        """See `LineageSource`."""
        found = [
            DutyRow(anchor, row)
            for (table, anchor, _), row in self.rows.rows.items()
            if table == DUTY.name and isinstance(row, DutyState)
            if row.opened_index < as_of and party in (None, row.party)
        ]
        return sorted(found, key=lambda row: (row.duty.opened_index, row.duty.kind, row.duty.party, row.duty.about))

    def findings(self, as_of: int, code: str | None = None) -> list[FindingRow]:
        """See `LineageSource`."""
        return [row for row in self._findings if row.index < as_of and code in (None, row.event.code)]

    def records_by_subject(self, values: Collection[str], as_of: int) -> list[str]:
        """See `LineageSource`."""
        found = [
            (row.index, anchor)
            for (table, anchor, _), row in self.rows.rows.items()
            if indexed_subject(table, row) in values and isinstance(row, RecordState) and row.index < as_of
        ]
        return [anchor for _, anchor in sorted(found)]

    def refusals(self, as_of: int, member: str | None = None) -> list[StatementRow]:
        """See `LineageSource`."""
        return [row for row in self._refused if row.index < as_of and member in (None, row.iss)]

    def of_kind(self, kind: str, first: int, end: int) -> list[StatementRow]:
        """See `LineageSource`."""
        return [row for row in self._by_kind.get(kind, ()) if first <= row.index < end]

    def signed_by(self, kid: str, from_ms: int, until_index: int) -> list[StatementRow]:
        """See `LineageSource`."""
        return [row for row in self._by_key.get(kid, ()) if row.iat * 1000 >= from_ms and row.index < until_index]


def _before(edges: Mapping[str, list[EdgeRow]], ids: Collection[str], as_of: int) -> list[EdgeRow]:
    found = [row for id_ in dict.fromkeys(ids) for row in edges.get(id_, ()) if row.index < as_of]
    return sorted(found, key=lambda row: (row.index, row.kind, row.source, row.target, row.ranges))
