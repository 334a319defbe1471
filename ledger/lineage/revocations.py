"""When grants were revoked, from the log itself.

The state row of a grant holds one revocation only; the edges from a grant to each grant.revoke are append-only, so they
say what stood at every size.
"""

from __future__ import annotations

from collections.abc import Collection

from ledger.kinds import decode_payload
from ledger.kinds.grants import GrantRevoke
from ledger.lineage.source import LineageSource
from ledger.statement import decode_statement
from ledger.times import parse_time


def revoked_at(source: LineageSource, grants: Collection[str], as_of: int) -> dict[str, int]:
    """Return from when (ms) each of `grants` is revoked by statements below `as_of`; grants without one are left out.

    A revocation acts from its block, or from the later time it names; of several the earliest counts.
    """
    edges = [edge for edge in source.edges_from(sorted(grants), as_of) if edge.kind == "acts"]
    rows = source.statements([edge.target for edge in edges])
    wanted = [edge for edge in edges if rows[edge.target].kind == "grant.revoke"]
    raw = source.raw([edge.target for edge in wanted])
    found: dict[str, int] = {}
    for edge in wanted:
        payload = decode_payload("grant.revoke", decode_statement(raw[edge.target]).payload)
        assert isinstance(payload, GrantRevoke)
        at = rows[edge.target].block_time if payload.effective is None else parse_time(payload.effective)
        found[edge.source] = min(at, found.get(edge.source, at))
    return found
