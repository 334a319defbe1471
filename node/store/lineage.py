"""The LineageSource over SQL: what questions ask, answered from indexed rows (`ledger.lineage.source`).

Every method takes the caller's connection through a `Snapshot`, so that one answer rests on one state of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import cast

from sqlalchemy import Connection, Select, bindparam, func, select

from ledger.encoding import base64url, decode_base64url
from ledger.entries import RefusalEntry, StatementEntry, decode_entry
from ledger.lineage.source import DutyRow, EdgeRow, FindingRow, StatementRow
from ledger.rules.signer import TIME_WINDOW_MS
from ledger.state.effects import StateKey
from ledger.state.tables import DUTY as DUTY_TABLE
from ledger.state.tables import DutyState, StateRow, decode_value
from ledger.state.view import Need
from node.store.block import decode_finding, decode_ranges
from node.store.rows import look_up
from node.store.schema import BLOCK, DUTY, FINDING, LEAF, ROW_BITS, STATE, STATEMENT, TABLE_NUMBERS
from node.store.segments import statement_key
from node.store.state_rows import load_rows

Find = Callable[[Connection, Collection[bytes]], Mapping[bytes, int]]
"""Finds log indexes by statement ids."""

EDGES_SQL = (
    "WITH q(place) AS ({{values}}) SELECT e.place, a.id, b.id, e.kind, e.ranges FROM q "
    "JOIN edge e ON e.{end} = q.place AND e.place < {{mark}} "
    "JOIN statement a ON a.idx = e.source JOIN statement b ON b.idx = e.target"
)


def edges_sql(end: str) -> Callable[[str], str]:
    """Return the statement that reads the edges at one `end`, `source` or `target`."""
    template = EDGES_SQL.format(end=end)
    return lambda values: template.replace("{values}", values)


class Snapshot:
    """Reads on one connection within one transaction."""

    def __init__(self, connection: Connection, find: Find) -> None:
        self._connection = connection
        self._find = find

    def places(self, ids: Collection[str]) -> dict[str, int]:
        """Return log indexes by statement id; unknown ids are left out."""
        keys = {key: text for text in ids if (key := statement_key(text)) is not None}
        return {keys[key]: place for key, place in self._find(self._connection, keys).items()}

    def time_at(self, as_of: int) -> int:
        """See LineageSource."""
        query = select(BLOCK.c.time).where(BLOCK.c.idx < as_of).order_by(BLOCK.c.idx.desc()).limit(1)
        return int(self._connection.execute(query).scalar() or 0)

    def statements(self, ids: Collection[str]) -> dict[str, StatementRow]:
        """See LineageSource."""
        found: dict[str, StatementRow] = {}
        places = list(self.places(ids).values())
        for part in _parts(list(places)):
            rows = cast("Iterable[_Fields]", self._connection.execute(_STATEMENTS_AT, {"places": part}))
            found.update((row.id, row) for row in map(_statement_row, rows))
        return found

    def _statements(self, query: Select[*tuple[object, ...]]) -> list[StatementRow]:
        return [_statement_row(row) for row in cast("Iterable[_Fields]", self._connection.execute(query))]

    def raw(self, ids: Collection[str]) -> dict[str, bytes]:
        """See LineageSource."""
        found: dict[str, bytes] = {}
        places = {place: text for text, place in self.places(ids).items()}
        for part in _parts(list(places)):
            for place, entry in self._connection.execute(select(LEAF.c.idx, LEAF.c.entry).where(LEAF.c.idx.in_(part))):
                found[places[place]] = statement_bytes(entry)
        return found

    def edges(self, end: str, ids: Collection[str], as_of: int) -> list[EdgeRow]:
        """Return the edges at one `end` (`source` or `target`) with index < `as_of`, in the order of the log."""
        keys = [(place,) for place in self.places(ids).values()]
        rows = look_up(self._connection, edges_sql(end), keys, (as_of << ROW_BITS,))
        edges = [
            EdgeRow(place >> ROW_BITS, source.hex(), target.hex(), kind, decode_ranges(ranges))
            for place, source, target, kind, ranges in cast("Iterable[tuple[int, bytes, bytes, str, bytes]]", rows)
        ]
        return sorted(edges, key=lambda edge: (edge.index, edge.kind, edge.source, edge.target, edge.ranges))

    def state(self, needs: Collection[Need]) -> dict[StateKey, StateRow]:
        """See LineageSource."""
        return load_rows(self._connection, needs, self.places({need.anchor for need in needs if need.anchor}))

    def duties(self, as_of: int, party: str | None) -> list[DutyRow]:
        """See LineageSource; in the order of opening."""
        table = STATE.join(STATEMENT, STATEMENT.c.idx == STATE.c.anchor)
        query = select(STATEMENT.c.id, STATE.c.value).where(STATE.c.tab == TABLE_NUMBERS[DUTY_TABLE.name])
        if party is None:
            query = query.select_from(table).where(STATE.c.anchor < as_of)
        else:
            own = table.join(DUTY, (DUTY.c.anchor == STATE.c.anchor) & (DUTY.c.suffix == STATE.c.suffix))
            query = query.select_from(own).where(DUTY.c.party == party, DUTY.c.anchor < as_of)
        duties: list[DutyRow] = []
        for opener, value in self._connection.execute(query):
            duty = decode_value(DUTY_TABLE.name, value)
            assert isinstance(duty, DutyState)
            if duty.opened_index < as_of:
                duties.append(DutyRow(opener.hex(), duty))
        return sorted(duties, key=lambda row: (row.duty.opened_index, row.duty.kind, row.duty.party, row.duty.about))

    def findings(self, as_of: int, code: str | None) -> list[FindingRow]:
        """See LineageSource."""
        query = select(FINDING.c.place, FINDING.c.event).where(FINDING.c.place < as_of << ROW_BITS)
        if code is not None:
            query = query.where(FINDING.c.code == code)
        rows = self._connection.execute(query.order_by(FINDING.c.place))
        return [FindingRow(place >> ROW_BITS, decode_finding(event)) for place, event in rows]

    def refusals(self, as_of: int, member: str | None) -> list[StatementRow]:
        """See LineageSource."""
        query = _STATEMENTS.where(STATEMENT.c.rule.is_not(None), STATEMENT.c.idx < as_of)
        if member is not None:
            query = query.where(STATEMENT.c.iss == member)
        return self._statements(query.order_by(STATEMENT.c.idx))

    def ids_at(self, places: Sequence[int]) -> list[str]:
        """Return the ids of the statements at these log indexes, in the order of the log."""
        found: list[tuple[int, bytes]] = []
        for part in _parts(list(places)):
            query = select(STATEMENT.c.idx, STATEMENT.c.id).where(STATEMENT.c.idx.in_(part))
            found.extend((index, id_) for index, id_ in self._connection.execute(query))
        return [id_.hex() for _, id_ in sorted(found)]

    def of_kind(self, kind: str, first: int, end: int) -> list[StatementRow]:
        """Return the admitted statements of a kind with `first` <= index < `end`."""
        within = (STATEMENT.c.idx >= first, STATEMENT.c.idx < end, STATEMENT.c.kind == kind, STATEMENT.c.rule.is_(None))
        return self._statements(_STATEMENTS.where(*within).order_by(STATEMENT.c.idx))

    def signed_by(self, kid: str, from_ms: int, until_index: int) -> list[StatementRow]:
        """See LineageSource.

        No index orders statements by key: the hot path would pay for a question that is asked once in a key's life.
        Blocks are ordered by time, and a statement's time lies within the window of its block's, so only the log
        from there on is read.
        """
        start = self._connection.execute(
            select(func.min(BLOCK.c.idx)).where(BLOCK.c.time >= from_ms - TIME_WINDOW_MS)
        ).scalar()
        if start is None:
            return []
        query = _STATEMENTS.where(
            STATEMENT.c.idx >= start,
            STATEMENT.c.idx < until_index,
            STATEMENT.c.kid == decode_base64url(kid),
            STATEMENT.c.iat * 1000 >= from_ms,
        )
        return self._statements(query.order_by(STATEMENT.c.idx))


_Fields = tuple[bytes, int, str, str, bytes, str, int, int, str | None]

_STATEMENTS = cast(
    "Select[*tuple[object, ...]]",
    select(
        STATEMENT.c.id,
        STATEMENT.c.idx,
        STATEMENT.c.kind,
        STATEMENT.c.iss,
        STATEMENT.c.kid,
        STATEMENT.c.sub,
        STATEMENT.c.iat,
        STATEMENT.c.time,
        STATEMENT.c.rule,
    ),
)

_STATEMENTS_AT = _STATEMENTS.where(STATEMENT.c.idx.in_(bindparam("places", expanding=True)))

LOOKUP_PART = 4_000
"""Log indexes in one IN list."""


def _parts(places: list[int]) -> list[list[int]]:
    return [places[at : at + LOOKUP_PART] for at in range(0, len(places), LOOKUP_PART)]


def _statement_row(row: _Fields) -> StatementRow:
    id_, index, kind, iss, kid, sub, iat, time, rule = row
    return StatementRow(bytes(id_).hex(), index, kind, iss, base64url(bytes(kid)), sub, iat, time, rule)


def statement_bytes(entry: bytes) -> bytes:
    """Return the statement that an entry holds, as signed: the entry itself, or what a refusal entry records."""
    decoded = decode_entry(entry)
    if isinstance(decoded, RefusalEntry | StatementEntry):
        return decoded.statement.raw
    raise ValueError("the entry holds no statement")
