"""The port through which questions read the ledger.

A node answers it from its database, a replay from memory. `as_of` is a tree size: only leaves whose index is below it
count. `state` gives the present rows: they carry the log indexes of what changed them, so that the questions apply
`as_of` themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from ledger.execution import Head
from ledger.state.effects import FindingEvent, StateKey
from ledger.state.tables import DutyState, Ranges, StateRow
from ledger.state.view import Need


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A logged statement without its payload: `iat` in s, `block_time` in ms; `rule` is set when it was refused."""

    id: str
    index: int
    kind: str
    iss: str
    kid: str
    sub: str
    iat: int
    block_time: int
    rule: str | None


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """A lineage edge (see `ledger.state.effects.Edge`) with the log index of the statement that made it."""

    index: int
    source: str
    target: str
    kind: str
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding that began or ended, with the log index of the statement that caused it."""

    index: int
    event: FindingEvent


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty and the id of the statement that opened it."""

    opener: str
    duty: DutyState


class LineageSource(Protocol):
    """What a question may ask of a ledger. Lists are ordered by log index; unknown ids are left out of mappings."""

    def head(self) -> Head:
        """Return the newest head."""
        ...

    def time_at(self, as_of: int) -> int:
        """Return the time (ms) of the last block entry with index < `as_of`; 0 before the first block."""
        ...

    def statements(self, ids: Collection[str]) -> Mapping[str, StatementRow]:
        """Return the logged statements among `ids`, refused ones included."""
        ...

    def raw(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """Return the bytes as signed of the logged statements among `ids`."""
        ...

    def edges_from(self, ids: Collection[str], as_of: int) -> list[EdgeRow]:
        """Return the edges with index < `as_of` that start at one of `ids`."""
        ...

    def edges_to(self, ids: Collection[str], as_of: int) -> list[EdgeRow]:
        """Return the edges with index < `as_of` that end at one of `ids`."""
        ...

    def state(self, needs: Collection[Need]) -> Mapping[StateKey, StateRow]:
        """Return the present rows that `needs` covers, resident tables included."""
        ...

    def duties(self, as_of: int, party: str | None = None) -> list[DutyRow]:
        """Return the duties opened before `as_of`, of one party when given; the caller applies `as_of` to met_index."""
        ...

    def findings(self, as_of: int, code: str | None = None) -> list[FindingRow]:
        """Return the finding events with index < `as_of`, of one code when given."""
        ...

    def records_by_subject(self, values: Collection[str], as_of: int) -> list[str]:
        """Return the single records of institutions, index < `as_of`, whose subject value is one of `values`.

        Batches are searched in their manifests. No record of a person is found so (`ledger.lineage.subjects`).
        """
        ...

    def refusals(self, as_of: int, member: str | None = None) -> list[StatementRow]:
        """Return the refused statements with index < `as_of`, signed by one member when given."""
        ...

    def of_kind(self, kind: str, first: int, end: int) -> list[StatementRow]:
        """Return the admitted statements of a kind with `first` <= index < `end`."""
        ...

    def signed_by(self, kid: str, from_ms: int, until_index: int) -> list[StatementRow]:
        """Return statements signed with key `kid` (base64url), iat * 1000 >= `from_ms`, index < `until_index`."""
        ...
