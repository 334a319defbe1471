"""The second reader's records: commitments, disclosures, manifests, subject values, delivered content."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256, shake_256

from tests.conformance.second_bytes import (
    Broken,
    as_int,
    as_list,
    as_text,
    check_inclusion,
    encode_cbor,
    from_base64url,
    leaf_hash,
    require,
    tree_root,
)

FieldValue = str | int | bool | None


def salts(record_key: bytes, count: int) -> list[bytes]:
    """Derive the salts of a record: the record leaf's, then one for each field."""
    stream = shake_256(b"suyuan/salts\x00" + record_key).digest(32 * count)
    return [stream[32 * n : 32 * n + 32] for n in range(count)]


def record_leaves(
    item: str, version: int, fields: Sequence[str], record_key: bytes, values: Mapping[str, FieldValue]
) -> list[bytes]:
    """Return the leaf hashes of a record's tree."""
    first, *others = salts(record_key, len(fields) + 1)
    entries = [encode_cbor(["suyuan/record", 1, item, version, first])]
    for name, salt in zip(fields, others, strict=True):
        entries.append(encode_cbor(["suyuan/field", 1, name, salt, values.get(name)]))
    return [leaf_hash(entry) for entry in entries]


def check_disclosure(value: Mapping[str, object], commitment: bytes) -> dict[str, FieldValue]:
    """Check a disclosure in its JSON form; return the values shown."""
    require(set(value) == {"v", "item", "catalogue", "size", "salt", "path", "fields"} and value["v"] == 1, "members")
    size = as_int(value["size"])
    salt = from_base64url(as_text(value["salt"]))
    record = encode_cbor(["suyuan/record", 1, value["item"], value["catalogue"], salt])
    check_inclusion(leaf_hash(record), 0, size, _path(value["path"]), commitment)
    shown: dict[str, FieldValue] = {}
    before = 0
    for field in as_list(value["fields"]):
        if not isinstance(field, dict) or set(field) - {"value"} != {"name", "index", "salt", "path"}:
            raise Broken("members of a disclosed field")
        name, index, held = as_text(field["name"]), as_int(field["index"]), field.get("value")
        require(index > before and name not in shown, "fields out of order")
        before = index
        entry = encode_cbor(["suyuan/field", 1, name, from_base64url(as_text(field["salt"])), held])
        check_inclusion(leaf_hash(entry), index, size, _path(field["path"]), commitment)
        shown[name] = held
    return shown


def _path(value: object) -> list[bytes]:
    return [bytes.fromhex(as_text(step)) for step in as_list(value)]


def batch(manifest: bytes) -> tuple[bytes, bytes, int]:
    """Return SHA-256, root and count of a manifest whose rows rise."""
    rows = [manifest[start : start + 64] for start in range(0, len(manifest), 64)]
    require(bool(rows) and len(rows[-1]) == 64 and rows == sorted(set(rows)), "rows of a manifest")
    return sha256(manifest).digest(), tree_root([leaf_hash(b"suyuan/row/1" + row) for row in rows]), len(rows)


def subject_tag(linking_key: bytes, subject_class: str, identifier: str) -> bytes:
    """Return the tag of a normalised identifier."""
    text = b"\x00".join((b"suyuan/subject", subject_class.encode(), identifier.encode()))
    return hmac.digest(linking_key, text, "sha256")


def person_link(record_key: bytes, tag: bytes) -> bytes:
    """Return the link that a record carries for a person."""
    return hmac.digest(record_key, b"suyuan/link\x00" + tag, "sha256")


def content_root(rows: Sequence[tuple[str, Sequence[tuple[str, bytes, FieldValue]]]]) -> bytes:
    """Return the root over delivered rows (reference, fields), which stand in the order of their references."""
    entries = [
        encode_cbor(["suyuan/content", 1, reference, [list(field) for field in fields]]) for reference, fields in rows
    ]
    return tree_root([leaf_hash(entry) for entry in entries])


def content_key_commitment(key: bytes) -> bytes:
    """Return the commitment to a content key."""
    return sha256(b"suyuan/content-key\x00" + key).digest()
