"""Records by their subject: a row for each record of an institution, filled from the state that is there."""

from __future__ import annotations

import cbor2
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
RECORDS = sa.text("SELECT anchor, value FROM state WHERE tab = 6 ORDER BY anchor")
INSERT = sa.text("INSERT INTO subject (idx, value) VALUES (:idx, :value)")


def upgrade() -> None:
    """Create the table and note the subject of each record that is no batch and not about a person."""
    op.create_table(
        "subject",
        sa.Column("idx", BIG, primary_key=True, autoincrement=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    connection = op.get_bind()
    for index, data in connection.execute(RECORDS).all():
        row = cbor2.loads(data)
        subject_class, value, count = row[3], row[4], row[7]
        if not count and subject_class != "person" and value:
            connection.execute(INSERT, {"idx": index, "value": bytes.fromhex(value)})
