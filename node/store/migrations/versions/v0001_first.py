"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, BIG, primary_key=True, autoincrement=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, BIG, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _one() -> sa.Column[int]:
    return sa.Column("one", sa.Integer, sa.CheckConstraint("one = 1"), primary_key=True)


def upgrade() -> None:
    """Create every table of the first schema."""
    _create_heads()
    _create_log()
    _create_projections()
    op.create_table(
        "segment",
        _key("number"),
        sa.Column("family", sa.SmallInteger, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        _big("first"),
        _big("end"),
        _big("count"),
        _bytes("fences"),
        _bytes("filter"),
    )
    op.create_table("chunk", _key("place"), _bytes("data"))


def _create_heads() -> None:
    op.create_table(
        "head",
        _one(),
        _text("origin"),
        _text("genesis_hash"),
        _big("height"),
        _big("size"),
        _bytes("peaks"),
        _bytes("app_hash"),
        _bytes("state_digest"),
        _big("time"),
        _big("resident_at"),
    )
    op.create_table("signed_head", _one(), _big("size"), _bytes("root"))
    op.create_table(
        "published",
        _one(),
        _big("size"),
        _bytes("root"),
        _big("height"),
        _big("time"),
        _bytes("app_hash"),
        _text("note"),
        _text("state"),
    )


def _create_log() -> None:
    op.create_table("block", _key("idx"), _big("height"), _big("size"), _big("time"), _bytes("app_hash"))
    op.create_table("leaf", _key("idx"), _bytes("hash"), _bytes("entry"))
    op.create_table("tile", _key("place"), _bytes("root"), _bytes("data"))
    op.create_table(
        "statement",
        _key("idx"),
        _bytes("id"),
        _bytes("kid"),
        _text("kind"),
        _text("iss"),
        _text("sub"),
        _big("iat"),
        _big("time"),
        _text("rule", nullable=True),
    )
    refused = sa.text("rule IS NOT NULL")
    op.create_index("statement_refused", "statement", ["idx"], sqlite_where=refused, postgresql_where=refused)
    op.create_table(
        "seen",
        _key("iat"),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        _big("idx"),
        sqlite_with_rowid=False,
    )


def _create_projections() -> None:
    op.create_table(
        "state",
        sa.Column("tab", sa.SmallInteger, primary_key=True, autoincrement=False),
        _key("anchor"),
        sa.Column("suffix", sa.Text, primary_key=True),
        _bytes("value"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "duty",
        sa.Column("party", sa.Text, primary_key=True),
        _key("anchor"),
        sa.Column("suffix", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table("edge", _key("place"), _big("source"), _big("target"), _text("kind"), _bytes("ranges"))
    op.create_index("edge_source", "edge", ["source"])
    op.create_index("edge_target", "edge", ["target"])
    op.create_table("finding", _key("place"), _text("code"), _bytes("event"))
    op.create_index("finding_code", "finding", ["code"])
