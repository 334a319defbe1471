"""Record commitments: salted leaves of a record's fields under one root (docs/spec/records.md).

Every record version has a fresh 32-byte record key; all salts follow from it, so destroying the key and the values
leaves a commitment that nobody can open. Records come by the million: what is the same for all records of an item is
encoded once in its `RecordForm`, and a record costs little more than its hashes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256, shake_256
from typing import Final, TypeAlias

import cbor2

from ledger.encoding import MAX_SAFE_INTEGER, CborValue, encode_cbor, require_size
from ledger.errors import FormError, Text
from ledger.merkle import root_of

FieldValue: TypeAlias = str | int | bool | None
"""What a field of a record may hold; None when it is absent."""

SALT_SIZE: Final = 32
RECORD_KEY_SIZE: Final = 32
MAX_FIELDS: Final = 1000
"""Fields of one catalogue item."""

_SALT_DOMAIN = b"suyuan/salts\x00"
_NO_SALT = bytes(SALT_SIZE)


class RecordFormError(FormError):
    """An item without fields, with too many, or with a name twice."""

    code = "form.record.fields"
    what = Text(
        "The fields of the item must be 1 to {limit} different names.", "目录项字段应为 1 至 {limit} 个不同名称。"
    )


class RecordFieldUnknown(FormError):
    """A value for a field that the item does not have."""

    code = "form.record.unknown_field"
    what = Text("The item has no field {name}.", "该目录项没有字段 {name}。")
    next_step = Text("Compare the record with the catalogue version it names.", "请与所引用的目录版本核对记录。")


class RecordFieldValue(FormError):
    """A value that is no text, integer within 2^53 - 1, boolean or null."""

    code = "form.record.value"
    what = Text(
        "Field {name} is not a text, an integer within ±(2^53 - 1), a boolean or null.",
        "字段 {name} 不是文本、±(2^53 - 1) 内的整数、布尔值或空值。",
    )


@dataclass(frozen=True, slots=True)
class RecordForm:
    """The form of a record: catalogue `item`, catalogue `version` and the names of its fields in catalogue order.

    Raises `RecordFormError`.
    """

    item: str
    version: int
    fields: tuple[str, ...]
    record_head: bytes = field(init=False, repr=False, compare=False)
    """The record leaf up to its salt, with the leaf prefix of RFC 9162 before it."""
    field_heads: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    """The field leaves up to their salt, with the leaf prefix before them."""

    names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.fields) <= MAX_FIELDS or len(set(self.fields)) != len(self.fields):
            raise RecordFormError(limit=MAX_FIELDS)
        object.__setattr__(self, "names", frozenset(self.fields))
        record = encode_record_leaf(self.item, self.version, _NO_SALT)
        object.__setattr__(self, "record_head", b"\x00" + record[:-SALT_SIZE])
        # Null is one byte, so the head of a field leaf ends where its salt and that byte begin.
        heads = (encode_field_leaf(name, _NO_SALT, None)[: -SALT_SIZE - 1] for name in self.fields)
        object.__setattr__(self, "field_heads", tuple(b"\x00" + head for head in heads))

    @property
    def leaf_count(self) -> int:
        """Leaves of the record tree: the record leaf and one for each field."""
        return len(self.fields) + 1


def encode_record_leaf(item: str, version: int, salt: bytes) -> bytes:
    """Return the first leaf entry of a record tree."""
    return encode_cbor(["suyuan/record", 1, item, version, require_size(salt, SALT_SIZE, "salt")])


def encode_field_leaf(name: str, salt: bytes, value: FieldValue) -> bytes:
    """Return the leaf entry of a field; raises `RecordFieldValue` or `WrongSize`."""
    leaf: list[CborValue] = ["suyuan/field", 1, name, require_size(salt, SALT_SIZE, "salt"), check_value(name, value)]
    return encode_cbor(leaf)


def check_value(name: str, value: object) -> FieldValue:
    """Return `value` if field `name` may hold it; raises `RecordFieldValue`."""
    if value is None or type(value) is bool:
        return value
    if type(value) is int and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    if type(value) is str:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise RecordFieldValue(name=name) from error
        return value
    raise RecordFieldValue(name=name)


def derive_salts(record_key: bytes, count: int) -> tuple[bytes, ...]:
    """Return `count` salts of 32 bytes: SHAKE-256("suyuan/salts" ‖ 0x00 ‖ record key), cut; raises `WrongSize`."""
    require_size(record_key, RECORD_KEY_SIZE, "record key")
    stream = shake_256(_SALT_DOMAIN + record_key).digest(SALT_SIZE * count)
    return tuple(stream[start : start + SALT_SIZE] for start in range(0, len(stream), SALT_SIZE))


def record_leaf_hashes(form: RecordForm, record_key: bytes, values: Mapping[str, FieldValue]) -> list[bytes]:
    """Return the leaf hashes of the record tree: the record leaf, then the fields in catalogue order.

    A field that `values` lacks counts as null. Raises `RecordFieldUnknown`, `RecordFieldValue` or `WrongSize`.
    """
    if not values.keys() <= form.names:
        raise RecordFieldUnknown(name=min(values.keys() - form.names))
    require_size(record_key, RECORD_KEY_SIZE, "record key")
    stream = shake_256(_SALT_DOMAIN + record_key).digest(SALT_SIZE * form.leaf_count)
    encode, get = cbor2.dumps, values.get
    leaves = [sha256(form.record_head + stream[:SALT_SIZE]).digest()]
    start = SALT_SIZE
    for name, head in zip(form.fields, form.field_heads, strict=True):
        end = start + SALT_SIZE
        value = encode(check_value(name, get(name)))
        leaves.append(sha256(head + stream[start:end] + value).digest())
        start = end
    return leaves


def record_commitment(form: RecordForm, record_key: bytes, values: Mapping[str, FieldValue]) -> bytes:
    """Return the 32-byte commitment to a record: the RFC 9162 root of its tree; raises as `record_leaf_hashes`."""
    return root_of(record_leaf_hashes(form, record_key, values))


def leaf_indices(form: RecordForm, names: Sequence[str]) -> tuple[int, ...]:
    """Return the leaf indices of `names` in rising order; raises `RecordFieldUnknown`."""
    unknown = set(names) - form.names
    if unknown:
        raise RecordFieldUnknown(name=min(unknown))
    wanted = set(names)
    return tuple(index for index, name in enumerate(form.fields, 1) if name in wanted)
