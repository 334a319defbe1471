"""The one transaction that commits a block (docs/architecture.md): what it writes, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cbor2
from sqlalchemy import Connection

from ledger.execution import BlockResult
from ledger.state.effects import FindingEvent, StateKey
from ledger.state.tables import DUTY as DUTY_TABLE
from ledger.state.tables import RESIDENT, DutyState, StateRow
from node.failpoints import failpoint
from node.store.rows import delete_rows, insert_rows, upsert_rows
from node.store.schema import (
    BLOCK,
    DUTY,
    EDGE,
    FINDING,
    LEAF,
    ROW_BITS,
    SEEN,
    STATE,
    STATEMENT,
    TABLE_NUMBERS,
    TILE,
)
from node.store.tree import TileRow


def write_entries(connection: Connection, result: BlockResult) -> None:
    """Write the block's row, its leaves, and what is asked of its statements."""
    head, first = result.head, result.first_index
    insert_rows(connection, BLOCK, [(first, head.height, head.size, head.time, head.app_hash)])
    leaves = zip(result.leaf_hashes, result.entries, strict=True)
    insert_rows(connection, LEAF, [(first + at, leaf, entry) for at, (leaf, entry) in enumerate(leaves)])
    logged = [(item.index, item.statement, item.rule) for item in result.logged]
    insert_rows(
        connection,
        STATEMENT,
        [(index, s.leaf, s.kid, s.kind, s.iss, s.sub, s.iat, head.time, rule) for index, s, rule in logged],
    )
    insert_rows(connection, SEEN, [(s.iat, s.digest, index) for index, s, _ in logged])
    failpoint("block.entries")


def write_tiles(connection: Connection, tiles: Sequence[TileRow]) -> None:
    """Write the tiles that the block completed."""
    insert_rows(connection, TILE, tiles)
    failpoint("block.tiles")


def write_state(
    connection: Connection,
    changes: Sequence[tuple[StateKey, bytes | None]],
    rows: Mapping[StateKey, StateRow | None],
    places: Mapping[str, int],
) -> None:
    """Write the final value of each changed state row and note whose duties were opened.

    `places` gives the log index of each anchor.
    """
    puts: list[tuple[int, int, str, bytes]] = []
    gone: list[tuple[int, int, str]] = []
    duties: list[tuple[str, int, str]] = []
    for (table, anchor, suffix), value in changes:
        key = (TABLE_NUMBERS[table], places[anchor] if anchor else 0, suffix)
        if value is None:
            gone.append(key)
            continue
        puts.append((*key, value))
        if table == DUTY_TABLE.name:
            duty = rows[table, anchor, suffix]
            assert isinstance(duty, DutyState)
            duties.append((duty.party, key[1], suffix))
    upsert_rows(connection, STATE, puts)
    delete_rows(connection, STATE, gone)
    upsert_rows(connection, DUTY, duties)
    failpoint("block.state")


def changes_resident(rows: Mapping[StateKey, StateRow | None]) -> bool:
    """Whether a block changed a row that every node keeps in memory."""
    return any(table in RESIDENT for table, _, _ in rows)


def write_lineage(connection: Connection, result: BlockResult, places: Mapping[str, int]) -> None:
    """Write edges and findings in the order they came; `places` gives the log index of each end."""
    numbered = _numbered([index for index, _ in result.edges])
    edges = [
        (place, places[edge.source], places[edge.target], edge.kind, encode_ranges(edge.ranges))
        for place, (_, edge) in zip(numbered, result.edges, strict=True)
    ]
    insert_rows(connection, EDGE, edges)
    numbered = _numbered([index for index, _ in result.findings])
    findings = [
        (place, found.code, encode_finding(found)) for place, (_, found) in zip(numbered, result.findings, strict=True)
    ]
    insert_rows(connection, FINDING, findings)
    failpoint("block.lineage")


def _numbered(indexes: Sequence[int]) -> list[int]:
    """Return row keys for log indexes that come in groups: `index << ROW_BITS | position within the group`."""
    places: list[int] = []
    for index in indexes:
        same = places and places[-1] >> ROW_BITS == index
        places.append(places[-1] + 1 if same else index << ROW_BITS)
    return places


def encode_ranges(ranges: Sequence[tuple[int, int]]) -> bytes:
    """Return an edge's ranges as stored; empty bytes for the whole."""
    return cbor2.dumps([list(pair) for pair in ranges]) if ranges else b""


def decode_ranges(data: bytes) -> tuple[tuple[int, int], ...]:
    """Return the ranges that `encode_ranges` stored."""
    return tuple((first, last) for first, last in cbor2.loads(data)) if data else ()


def encode_finding(found: FindingEvent) -> bytes:
    """Return a finding's event as stored."""
    return cbor2.dumps([found.code, found.about, found.party, list(found.statements), found.rule, found.cleared])


def decode_finding(data: bytes) -> FindingEvent:
    """Return the event that `encode_finding` stored."""
    code, about, party, statements, rule, cleared = cbor2.loads(data)
    return FindingEvent(code, about, party, tuple(statements), rule, cleared)
