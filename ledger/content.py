"""What a hand-over delivers: content leaves, their root, and the commitment to the content key (docs/spec)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.commitment import SALT_SIZE, FieldValue, check_value
from ledger.disclosure import Disclosure
from ledger.encoding import CborValue, encode_cbor, require_size
from ledger.errors import FormError, Text
from ledger.merkle import leaf_hash, root_of
from ledger.references import Reference

CONTENT_KEY_SIZE: Final = 32


class ContentOrder(FormError):
    """Delivered rows out of the order of their references, or one twice."""

    code = "form.content.order"
    what = Text("Row {position} of the delivery is not after the row before it.", "交付的第 {position} 行顺序有误。")
    next_step = Text("Sort the rows by reference.", "请按引用排序。")


@dataclass(frozen=True, slots=True)
class ContentRow:
    """One delivered record: its reference and `(name, salt, value)` for each granted field in catalogue order.

    Values are the unmarked ones.
    """

    reference: Reference
    fields: tuple[tuple[str, bytes, FieldValue], ...]

    @classmethod
    def of(cls, reference: Reference, disclosure: Disclosure) -> ContentRow:
        """Return the row that delivers what `disclosure` shows."""
        return cls(reference, tuple((field.name, field.salt, field.value) for field in disclosure.fields))


def content_leaf(row: ContentRow) -> bytes:
    """Return the leaf entry of a delivered record; raises `RecordFieldValue` or `WrongSize`."""
    fields: list[CborValue] = [
        [name, require_size(salt, SALT_SIZE, "salt"), check_value(name, value)] for name, salt, value in row.fields
    ]
    return encode_cbor(["suyuan/content", 1, str(row.reference), fields])


def content_leaf_hashes(rows: Iterable[ContentRow]) -> list[bytes]:
    """Return the leaf hashes of rows that stand in the order of their references; raises `ContentOrder`."""
    leaves: list[bytes] = []
    before: tuple[str, int] | None = None
    for position, row in enumerate(rows):
        if before is not None and row.reference.order <= before:
            raise ContentOrder(position=position)
        before = row.reference.order
        leaves.append(leaf_hash(content_leaf(row)))
    return leaves


def content_root(rows: Sequence[ContentRow]) -> bytes:
    """Return the 32-byte content root: RFC 9162 over the rows; raises `ContentOrder` or as `content_leaf`."""
    return root_of(content_leaf_hashes(rows))


def content_key_commitment(key: bytes) -> bytes:
    """Return SHA-256("suyuan/content-key" ‖ 0x00 ‖ key) of a 32-byte content key; raises `WrongSize`."""
    return sha256(b"suyuan/content-key\x00" + require_size(key, CONTENT_KEY_SIZE, "content key")).digest()
