"""State rows by (table number, log index of the anchor, suffix): one query a table, none for what stays in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import cast

from sqlalchemy import Connection, select

from ledger.state.effects import StateKey
from ledger.state.tables import RESIDENT, StateRow, decode_value
from ledger.state.view import Need
from node.store.rows import look_up
from node.store.schema import STATE, TABLE_NAMES, TABLE_NUMBERS

POINTS_SQL = (
    "WITH q(anchor, suffix) AS ({values}) SELECT s.anchor, s.suffix, s.value FROM q "
    "JOIN state s ON s.tab = {mark} AND s.anchor = q.anchor AND s.suffix = q.suffix"
)
SCANS_SQL = (
    "WITH q(anchor) AS ({values}) SELECT s.anchor, s.suffix, s.value FROM q "
    "JOIN state s ON s.tab = {mark} AND s.anchor = q.anchor ORDER BY s.anchor, s.suffix"
)


def _with_values(template: str) -> Callable[[str], str]:
    return lambda values: template.replace("{values}", values)


def load_rows(connection: Connection, needs: Collection[Need], places: Mapping[str, int]) -> dict[StateKey, StateRow]:
    """Return the rows that `needs` covers; `places` gives the log index of each anchor that is logged, "" has 0."""
    points: dict[str, list[tuple[int, str]]] = {}
    scans: dict[str, list[tuple[int]]] = {}
    anchors: dict[int, str] = {0: ""}
    for table, anchor, suffix in needs:
        place = places.get(anchor) if anchor else 0
        # Index 0 is the genesis entry: no statement, so nothing but a resident row can hang there.
        if place is None or (anchor and place == 0):
            continue
        anchors[place] = anchor
        if suffix is None:
            scans.setdefault(table, []).append((place,))
        else:
            points.setdefault(table, []).append((place, suffix))
    found: dict[StateKey, StateRow] = {}
    for template, wanted in ((SCANS_SQL, scans), (POINTS_SQL, points)):
        for table, keys in wanted.items():
            rows = look_up(connection, _with_values(template), keys, (TABLE_NUMBERS[table],))
            for place, suffix, value in cast("Iterable[tuple[int, str, bytes]]", rows):
                found[(table, anchors[place], suffix)] = decode_value(table, value)
    return found


def load_resident(connection: Connection) -> dict[StateKey, StateRow]:
    """Return every row of the tables that stay in memory."""
    numbers = [TABLE_NUMBERS[name] for name in sorted(RESIDENT)]
    rows = connection.execute(
        select(STATE.c.tab, STATE.c.suffix, STATE.c.value).where(STATE.c.tab.in_(numbers), STATE.c.anchor == 0)
    )
    return {
        (TABLE_NAMES[number], "", suffix): decode_value(TABLE_NAMES[number], value) for number, suffix, value in rows
    }
