"""Disclosed fields of a record, and checking them against its commitment. Making one is `ledger.disclosing`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.commitment import (
    SALT_SIZE,
    FieldValue,
    RecordForm,
    check_value,
    encode_field_leaf,
    encode_record_leaf,
)
from ledger.encoding import JsonObject, JsonValue, base64url, decode_base64url, decode_digest
from ledger.errors import FormError, ProofError, Text
from ledger.merkle import MAX_PATH_HASHES, leaf_hash, verify_inclusion

DISCLOSURE_VERSION: Final = 1
_MEMBERS = {"v", "item", "catalogue", "size", "salt", "path", "fields"}
_FIELD_MEMBERS = {"name", "index", "salt", "path"}


class DisclosureMalformed(FormError):
    """A disclosure that has not exactly its members."""

    code = "form.disclosure"
    what = Text("The disclosure is malformed at {member}.", "披露内容格式有误：{member}。")


class DisclosureMismatch(ProofError):
    """A disclosure of another item, version or field order than the catalogue gives."""

    code = "proof.disclosure.form"
    what = Text("The disclosure does not fit the catalogue: {member} differs.", "披露内容与目录不符：{member} 不同。")


@dataclass(frozen=True, slots=True)
class DisclosedField:
    """One field: its name, leaf index (from 1), salt, value, and path to the record commitment."""

    name: str
    index: int
    salt: bytes
    value: FieldValue
    path: tuple[bytes, ...]

    def to_json(self) -> JsonObject:
        """Return the JSON form; `value` is absent where it is null."""
        value: JsonObject = {} if self.value is None else {"value": self.value}
        path: list[JsonValue] = [step.hex() for step in self.path]
        return {"name": self.name, "index": self.index, "salt": base64url(self.salt), "path": path, **value}


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Some fields of one record, and the record leaf that says which item and catalogue version they belong to.

    `size` is the number of leaves of the record tree; fields stand in rising index order.
    """

    item: str
    version: int
    size: int
    salt: bytes
    path: tuple[bytes, ...]
    fields: tuple[DisclosedField, ...]

    def to_json(self) -> JsonObject:
        """Return the JSON form: digests in hex, salts in base64url."""
        path: list[JsonValue] = [step.hex() for step in self.path]
        return {
            "v": DISCLOSURE_VERSION,
            "item": self.item,
            "catalogue": self.version,
            "size": self.size,
            "salt": base64url(self.salt),
            "path": path,
            "fields": [field.to_json() for field in self.fields],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Disclosure:
        """Read the JSON form; raises a `FormError`, mostly `DisclosureMalformed`."""
        if set(value) != _MEMBERS or value["v"] != DISCLOSURE_VERSION or type(value["v"]) is not int:
            raise DisclosureMalformed(member="v")
        fields = value["fields"]
        if not isinstance(fields, list):
            raise DisclosureMalformed(member="fields")
        return cls(
            _text(value, "item"),
            _number(value, "catalogue"),
            _number(value, "size"),
            decode_base64url(_text(value, "salt"), SALT_SIZE),
            _path(value),
            tuple(_field(item) for item in fields),
        )


def _field(value: object) -> DisclosedField:
    if not isinstance(value, dict) or set(value) - {"value"} != _FIELD_MEMBERS:
        raise DisclosureMalformed(member="fields")
    name = _text(value, "name")
    salt = decode_base64url(_text(value, "salt"), SALT_SIZE)
    return DisclosedField(name, _number(value, "index"), salt, check_value(name, value.get("value")), _path(value))


def _text(value: Mapping[str, object], member: str) -> str:
    text = value[member]
    if not isinstance(text, str):
        raise DisclosureMalformed(member=member)
    return text


def _number(value: Mapping[str, object], member: str) -> int:
    number = value[member]
    if type(number) is not int or number < 0:
        raise DisclosureMalformed(member=member)
    return number


def _path(value: Mapping[str, object]) -> tuple[bytes, ...]:
    steps = value["path"]
    if not isinstance(steps, list) or len(steps) > MAX_PATH_HASHES:
        raise DisclosureMalformed(member="path")
    hashes: list[bytes] = []
    for step in steps:
        if not isinstance(step, str):
            raise DisclosureMalformed(member="path")
        hashes.append(decode_digest(step))
    return tuple(hashes)


def verify_disclosure(
    disclosure: Disclosure, commitment: bytes, form: RecordForm | None = None
) -> dict[str, FieldValue]:
    """Return the disclosed values after checking each against the 32-byte record commitment.

    With the catalogue's `form`, item, version, number and order of the fields are checked too. Raises a `ProofError`:
    `DisclosureMismatch`, or what `verify_inclusion` raises.
    """
    if form is not None:
        _check_form(disclosure, form)
    record = encode_record_leaf(disclosure.item, disclosure.version, disclosure.salt)
    verify_inclusion(leaf_hash(record), 0, disclosure.size, disclosure.path, commitment)
    values: dict[str, FieldValue] = {}
    last = 0
    for field in disclosure.fields:
        if field.index <= last or field.name in values:
            raise DisclosureMismatch(member="order")
        last = field.index
        entry = encode_field_leaf(field.name, field.salt, field.value)
        verify_inclusion(leaf_hash(entry), field.index, disclosure.size, field.path, commitment)
        values[field.name] = field.value
    return values


def _check_form(disclosure: Disclosure, form: RecordForm) -> None:
    if disclosure.item != form.item:
        raise DisclosureMismatch(member="item")
    if disclosure.version != form.version:
        raise DisclosureMismatch(member="catalogue")
    if disclosure.size != form.leaf_count:
        raise DisclosureMismatch(member="size")
    for field in disclosure.fields:
        if not 1 <= field.index <= len(form.fields) or form.fields[field.index - 1] != field.name:
            raise DisclosureMismatch(member=field.name)
