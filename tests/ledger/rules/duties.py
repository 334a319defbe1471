"""Duties of a world as tests look at them."""

from __future__ import annotations

from ledger.state.tables import DUTY, DutyState
from tests.world import World


def duties(world: World, kind: str) -> list[tuple[str, DutyState]]:
    """Return every duty of a kind with its opener, in order of opening."""
    found = [
        (anchor, row)
        for (table, anchor, _), row in world.state.rows.items()
        if table == DUTY.name and isinstance(row, DutyState) and row.kind == kind
    ]
    return sorted(found, key=lambda pair: (pair[1].opened_index, pair[1].party, pair[1].about))


def open_duties(world: World, kind: str) -> list[tuple[str, DutyState]]:
    """Return the duties of a kind that are not met."""
    return [(opener, duty) for opener, duty in duties(world, kind) if duty.met_by is None]
