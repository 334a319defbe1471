"""Which nodes count: as governance decided them, and as this block counts them.

A node that is admitted or removed counts so from the next block on: the block that decides it is still the old nodes'.
"""

from __future__ import annotations

from ledger.kinds.genesis import Node
from ledger.state.governance_tables import NODE_EVENT
from ledger.state.tables import NODE
from ledger.state.view import BlockView


def decided_nodes(view: BlockView) -> dict[str, Node]:
    """Return the nodes by name as the last decision left them."""
    return {name: row.node for name, row in view.scan(NODE) if row.active}


def effective_nodes(view: BlockView) -> dict[str, Node]:
    """Return the nodes by name that count in this block: those that stood before it began."""
    standing = {name: row.active for name, row in view.scan(NODE)}
    # Rows of one node follow in order of the log; the first change of this block says what stood before it.
    for _, event in reversed(view.scan(NODE_EVENT)):
        if event.time == view.time:
            standing[event.node] = not event.joined
    return {name: row.node for name, row in view.scan(NODE) if standing[name]}
