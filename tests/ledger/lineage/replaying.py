"""A world's log as a lineage source, at its head or cut."""

from __future__ import annotations

from ledger.replay import Replay
from tests.world import World


def replayed(world: World) -> Replay:
    """Return the ledger replayed from its entries alone."""
    replay = Replay(check_signatures=False)
    replay.feed_all(world.entries)
    return replay
