"""The head, the last signed head, and the newest checkpoint, each one row.

The last signed head is a lock: it moves only forward and never changes its root at one size, and it moves in a
transaction before the signature leaves the process. In the embedded node that is the block's own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select, update

from ledger.execution import Head
from ledger.merkle.hashing import HASH_SIZE
from node.errors import NotInitialised, SignedHeadConflict
from node.store.rows import upsert_rows
from node.store.schema import HEAD, PUBLISHED, SIGNED_HEAD


@dataclass(frozen=True, slots=True)
class Published:
    """A signed checkpoint; `state` is what it gives to the leaves it covers: `published` or `witnessed`."""

    size: int
    root: bytes
    height: int
    time: int
    app_hash: bytes
    note: str
    state: str


_HEAD = select(HEAD)
_SIZE = select(HEAD.c.size)
_RESIDENT_AT = select(HEAD.c.resident_at)
_PUBLISHED = select(PUBLISHED)


def read_size(connection: Connection) -> int:
    """Return the size of the stored tree. Raises `NotInitialised`."""
    size = connection.execute(_SIZE).scalar()
    if size is None:
        raise NotInitialised(path="the database")
    return int(size)


def read_head(connection: Connection) -> Head:
    """Return the stored head. Raises `NotInitialised`."""
    row = connection.execute(_HEAD).one_or_none()
    if row is None:
        raise NotInitialised(path="the database")
    peaks = bytes(row.peaks)
    return Head(
        origin=row.origin,
        genesis_hash=row.genesis_hash,
        height=row.height,
        size=row.size,
        peaks=tuple(peaks[at : at + HASH_SIZE] for at in range(0, len(peaks), HASH_SIZE)),
        app_hash=bytes(row.app_hash),
        state_digest=bytes(row.state_digest),
        time=row.time,
    )


def write_head(connection: Connection, head: Head, resident_at: int) -> None:
    """Store the head; `resident_at` is the height that changed a resident row last."""
    upsert_rows(
        connection,
        HEAD,
        [
            (
                1, head.origin, head.genesis_hash, head.height, head.size, b"".join(head.peaks), head.app_hash,
                head.state_digest, head.time, resident_at,
            )
        ],
    )  # fmt: skip


def read_resident_at(connection: Connection) -> int:
    """Return the height of the last block that changed a resident state row."""
    return int(connection.execute(_RESIDENT_AT).scalar_one())


def read_signed(connection: Connection) -> tuple[int, bytes]:
    """Return size and root of the last signed head; size 0 before the first."""
    size, root = connection.execute(select(SIGNED_HEAD.c.size, SIGNED_HEAD.c.root)).one()
    return size, bytes(root)


def advance_signed(connection: Connection, size: int, root: bytes) -> None:
    """Move the last signed head to (size, root) by compare-and-swap; it must be committed before anything is sent.

    Raises `SignedHeadConflict` when a larger size, or another root of this size, was signed before.
    """
    allowed = or_(SIGNED_HEAD.c.size < size, and_(SIGNED_HEAD.c.size == size, SIGNED_HEAD.c.root == root))
    changed = connection.execute(update(SIGNED_HEAD).where(allowed).values(size=size, root=root))
    if changed.rowcount != 1:
        raise SignedHeadConflict(signed=read_signed(connection)[0], size=size)


def read_published(connection: Connection) -> Published | None:
    """Return the newest checkpoint, None before the first."""
    row = connection.execute(_PUBLISHED).one_or_none()
    if row is None:
        return None
    return Published(
        row.size, bytes(row.root), row.height, row.time, bytes(row.app_hash), row.note, row.state
    )  # fmt: skip


def publish(connection: Connection, checkpoint: Published) -> None:
    """Store a checkpoint as the newest, having moved the last signed head. Raises `SignedHeadConflict`."""
    advance_signed(connection, checkpoint.size, checkpoint.root)
    upsert_rows(
        connection,
        PUBLISHED,
        [
            (
                1, checkpoint.size, checkpoint.root, checkpoint.height, checkpoint.time, checkpoint.app_hash,
                checkpoint.note, checkpoint.state,
            )
        ],
    )  # fmt: skip
