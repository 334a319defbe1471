"""The state digest: a hash chain over what each block changed (docs/spec/state.md)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import cbor2

from ledger.state.effects import StateKey
from ledger.state.tables import StateRow, encode_value

ZERO_DIGEST = bytes(32)
"""The digest before genesis."""


def encode_changes(changes: Mapping[StateKey, StateRow | None]) -> list[tuple[StateKey, bytes | None]]:
    """Return the final value of each changed row as stored bytes, in the order of the digest.

    The order is bytewise by the deterministic CBOR of the table name followed by that of [anchor, suffix].
    """
    encoded = [
        (cbor2.dumps(table) + cbor2.dumps([anchor, suffix]), (table, anchor, suffix), value)
        for (table, anchor, suffix), value in changes.items()
    ]
    encoded.sort(key=lambda row: row[0])
    return [(key, None if value is None else encode_value(value)) for _, key, value in encoded]


def next_digest(previous: bytes, encoded: list[tuple[StateKey, bytes | None]]) -> bytes:
    """Return SHA256(previous ‖ CBOR array of [table, [anchor, suffix], value bytes or null])."""
    rows = [[table, [anchor, suffix], value] for (table, anchor, suffix), value in encoded]
    return sha256(previous + cbor2.dumps(rows)).digest()
