"""What a reader asks after a walk: everything is judged from the entries alone."""

from __future__ import annotations

from ledger.findings.judge import findings_at
from ledger.replay import Replay
from tests.ledger.lineage.replaying import replayed
from tests.world import World


def tick(world: World) -> None:
    """Log something that has nothing to do with it, so that the ledger knows the time."""
    world.do("source_b", "record.submit", world.record("permit"))


def told(world: World, *codes: str) -> list[tuple[str, str, str, bool]]:
    """Return code, party, rule and whether it is open, of each finding, or of those with these codes."""
    log = Replay(check_signatures=False)
    log.feed_all(world.entries)
    found = findings_at(log, log.head().size)
    return [(f.code, f.party, f.rule, f.open) for f in found if not codes or f.code in codes]


__all__ = ["replayed", "tick", "told"]
