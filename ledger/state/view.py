"""The view a block is judged against: rows loaded from the store, overlaid with this block's effects.

The executor loads all keys of a block first (`Need`), so that judging never queries. Reading a row that was not
loaded raises `NotLoaded`: it means that a kind's `needs` is wrong, never that the row is absent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol, cast

from ledger.state.effects import Effects, StateKey
from ledger.state.tables import RESIDENT, StateRow, Table, V


class Need(NamedTuple):
    """Rows to load: one (`suffix` given), or all rows of (table, anchor) when `suffix` is None."""

    table: str
    anchor: str
    suffix: str | None = ""


class NotLoaded(LookupError):
    """A rule read a row that its kind's `needs` did not name; a defect of ours."""


class StateSource(Protocol):
    """Where committed rows come from.

    `load` returns every committed row that any of `needs` covers, and only those; absent rows are left out.
    The answer is the state after the last committed block, whatever is being executed now.
    """

    def load(self, needs: Collection[Need]) -> Mapping[StateKey, StateRow]:
        """Return the committed rows that `needs` covers."""
        ...


class MemoryState:
    """A StateSource over a dictionary: replay and tests run on it. `apply` commits a block's final values."""

    def __init__(self) -> None:
        self.rows: dict[StateKey, StateRow] = {}
        self._by_anchor: dict[tuple[str, str], dict[str, StateRow]] = {}

    def load(self, needs: Collection[Need]) -> Mapping[StateKey, StateRow]:
        """See StateSource."""
        found: dict[StateKey, StateRow] = {}
        for table, anchor, suffix in needs:
            rows = self._by_anchor.get((table, anchor), {})
            if suffix is None:
                found.update({(table, anchor, key): value for key, value in rows.items()})
            elif suffix in rows:
                found[(table, anchor, suffix)] = rows[suffix]
        return found

    def apply(self, changes: Mapping[StateKey, StateRow | None]) -> None:
        """Commit final values per key; None removes the row."""
        for key, value in changes.items():
            table, anchor, suffix = key
            rows = self._by_anchor.setdefault((table, anchor), {})
            if value is None:
                self.rows.pop(key, None)
                rows.pop(suffix, None)
            else:
                self.rows[key] = value
                rows[suffix] = value


class BlockView:
    """Rows as of the statement being judged. `time` is the block's time in ms."""

    def __init__(self, resident: Mapping[StateKey, StateRow], time: int) -> None:
        self.time = time
        self._rows: dict[tuple[str, str], dict[str, StateRow]] = {}
        self._loaded: set[Need] = set()
        self.changes: dict[StateKey, StateRow | None] = {}
        for (table, anchor, suffix), value in resident.items():
            self._rows.setdefault((table, anchor), {})[suffix] = value

    def missing(self, needs: Iterable[Need]) -> set[Need]:
        """Return those of `needs` that were not loaded yet."""
        return {
            need
            for need in needs
            if need not in self._loaded
            and need[0] not in RESIDENT
            and Need(need.table, need.anchor, None) not in self._loaded
        }

    def add_loaded(self, needs: Collection[Need], rows: Mapping[StateKey, StateRow]) -> None:
        """Note that `needs` are loaded and `rows` is what the store holds; this block's changes stay on top."""
        self._loaded.update(needs)
        for key, value in rows.items():
            if key not in self.changes:
                self._rows.setdefault((key[0], key[1]), {})[key[2]] = value

    def find(self, table: Table[V], anchor: str, suffix: str = "") -> V | None:
        """Return one row or None; raises NotLoaded when it was neither loaded nor made by this block."""
        rows = self._rows.get((table.name, anchor))
        if rows is not None and suffix in rows:
            return cast("V", rows[suffix])
        if (table.name, anchor, suffix) not in self.changes and self.missing((Need(table.name, anchor, suffix),)):
            raise NotLoaded(f"{table.name} {anchor[:8]} {suffix!r}")
        return None

    def scan(self, table: Table[V], anchor: str = "") -> list[tuple[str, V]]:
        """Return all rows of (table, anchor) in order of their suffix; raises NotLoaded like `find`."""
        if table.name not in RESIDENT and Need(table.name, anchor, None) not in self._loaded:
            raise NotLoaded(f"{table.name} {anchor[:8]} *")
        rows = self._rows.get((table.name, anchor), {})
        return [(suffix, cast("V", rows[suffix])) for suffix in sorted(rows)]

    def apply(self, effects: Effects) -> None:
        """Make the changes of an admitted statement visible to the next one."""
        for key, value in effects.puts.items():
            self.changes[key] = value
            rows = self._rows.setdefault((key[0], key[1]), {})
            if value is None:
                rows.pop(key[2], None)
            else:
                rows[key[2]] = value
