"""The SQL tables of a node, keyed by log index throughout (docs/architecture.md).

`leaf` holds the log, everything else follows from it. A row key `idx << ROW_BITS | n` puts several rows of one log
index next to each other. Nothing on the hot path is keyed at random: statement ids and subs are found through segments
(`node.store.segments`), duplicates by (iat, digest), state rows by (table number, log index of the anchor, suffix).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

ROW_BITS: Final = 24
"""Bits of a row key below the log index, or below the segment number in `chunk`."""
TILE_LEVEL_SHIFT: Final = 56
"""A tile's key is `level << 56 | number`."""

TABLE_NUMBERS: Final = {
    "member": 1,
    "key": 2,
    "node": 3,
    "catalogue": 4,
    "policy": 5,
    "record": 6,
    "ended": 7,
    "holding": 8,
    "contract": 9,
    "milestone": 10,
    "payment": 11,
    "agreement": 12,
    "verification": 13,
    "request": 14,
    "grant": 15,
    "usage": 16,
    "transfer": 17,
    "duty": 18,
    "acceptance": 19,
    "released": 20,
    "mark": 21,
    "mandate": 22,
    "consent": 23,
    "grant_consents": 24,
    "consent_use": 25,
    "dispute": 26,
    "disputed": 27,
    "query": 28,
    "product": 29,
    "rests": 30,
    "proposal": 31,
    "action": 32,
    "vote": 33,
    "decision": 34,
    "member_event": 35,
    "heir": 36,
    "node_event": 37,
    "linking": 38,
    "site": 41,
    "publication": 42,
    "published": 43,
    "copy": 44,
    "mirror": 45,
    "entry": 46,
    "ground": 47,
    "measure": 48,
    "repair": 49,
    "pledge": 50,
    "erasure": 61,
    "erasing": 62,
    "erasure_holder": 63,
    "destroyed": 64,
    "hold": 65,
    "held": 66,
    "incident": 67,
    "case": 68,
    "case_part": 69,
    "case_party": 70,
    "burnt": 71,
    "access": 72,
    "handed": 73,
    "cancelled": 74,
}
"""Number of each state table in this store. Numbers are only ever added."""
TABLE_NAMES: Final = {number: name for name, number in TABLE_NUMBERS.items()}

# SQLite makes only a column declared INTEGER the row's own key; everywhere else 64 bits have to be asked for.
Big = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

HEAD = Table(
    "head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True),
    Column("origin", Text, nullable=False),
    Column("genesis_hash", Text, nullable=False),
    Column("height", Big, nullable=False),
    Column("size", Big, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("app_hash", LargeBinary, nullable=False),
    Column("state_digest", LargeBinary, nullable=False),
    Column("time", Big, nullable=False),
    Column("resident_at", Big, nullable=False),
)
"""The head after the last block; `resident_at` is the height that changed a resident state row last."""

SIGNED_HEAD = Table(
    "signed_head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True),
    Column("size", Big, nullable=False),
    Column("root", LargeBinary, nullable=False),
)
"""The last head this node has decided to sign; it only grows (see `node.store.heads`)."""

PUBLISHED = Table(
    "published",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True),
    Column("size", Big, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("height", Big, nullable=False),
    Column("time", Big, nullable=False),
    Column("app_hash", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("state", Text, nullable=False),
)
"""The newest signed checkpoint and the state that it gives what it covers (`published` or `witnessed`)."""

BLOCK = Table(
    "block",
    metadata,
    Column("idx", Big, primary_key=True, autoincrement=False),
    Column("height", Big, nullable=False),
    Column("size", Big, nullable=False),
    Column("time", Big, nullable=False),
    Column("app_hash", LargeBinary, nullable=False),
)
"""One row a block, by the log index of its block entry; `size` is the tree's after it."""

LEAF = Table(
    "leaf",
    metadata,
    Column("idx", Big, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("entry", LargeBinary, nullable=False),
)
"""The log: entries as they are hashed."""

TILE = Table(
    "tile",
    metadata,
    Column("place", Big, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
"""Full tiles with the inner levels 3 to 7 behind their 256 hashes (see `node.store.tree`)."""

STATEMENT = Table(
    "statement",
    metadata,
    Column("idx", Big, primary_key=True, autoincrement=False),
    Column("id", LargeBinary, nullable=False),
    Column("kid", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("iss", Text, nullable=False),
    Column("sub", Text, nullable=False),
    Column("iat", Big, nullable=False),
    Column("time", Big, nullable=False),
    Column("rule", Text),
)
"""What questions ask of a statement without decoding it; `rule` is set when it was refused."""

Index(
    "statement_refused",
    STATEMENT.c.idx,
    sqlite_where=text("rule IS NOT NULL"),
    postgresql_where=text("rule IS NOT NULL"),
)

SUBJECT = Table(
    "subject",
    metadata,
    Column("idx", Big, primary_key=True, autoincrement=False),
    Column("value", LargeBinary, nullable=False),
)
"""Whom a record of an institution is about, by the record's log index; never a person."""

SEEN = Table(
    "seen",
    metadata,
    Column("iat", Big, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, primary_key=True),
    Column("idx", Big, nullable=False),
    sqlite_with_rowid=False,
)
"""Duplicate detection for ever; the order by time keeps insertions near the end."""

STATE = Table(
    "state",
    metadata,
    Column("tab", SmallInteger, primary_key=True, autoincrement=False),
    Column("anchor", Big, primary_key=True, autoincrement=False),
    Column("suffix", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""State rows as the digest covers them; resident ones have anchor 0."""

DUTY = Table(
    "duty",
    metadata,
    Column("party", Text, primary_key=True),
    Column("anchor", Big, primary_key=True, autoincrement=False),
    Column("suffix", Text, primary_key=True),
    sqlite_with_rowid=False,
)
"""Whose duty each `duty` state row is; the rest is read from that row."""

EDGE = Table(
    "edge",
    metadata,
    Column("place", Big, primary_key=True, autoincrement=False),
    Column("source", Big, nullable=False),
    Column("target", Big, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ranges", LargeBinary, nullable=False),
    Index("edge_source", "source"),
    Index("edge_target", "target"),
)
"""Lineage: `place` is the row key of the statement that made the edge; the ends are log indexes."""

FINDING = Table(
    "finding",
    metadata,
    Column("place", Big, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Index("finding_code", "code"),
)
"""Findings that began or ended, in the order of the log."""

SEGMENT = Table(
    "segment",
    metadata,
    Column("number", Big, primary_key=True, autoincrement=False),
    Column("family", SmallInteger, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("first", Big, nullable=False),
    Column("end", Big, nullable=False),
    Column("count", Big, nullable=False),
    Column("fences", LargeBinary, nullable=False),
    Column("filter", LargeBinary, nullable=False),
)
"""Sorted runs over the log indexes `first` to `end - 1` (see `node.store.segments`)."""

CHUNK = Table(
    "chunk",
    metadata,
    Column("place", Big, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)
"""Rows of the runs; `place` is `segment number << 24 | position`."""
