"""The second reader's state: the rows that genesis, records and batches put, the state digest and the app hash.

Rows of the other kinds would need a second execution of their rules, which this reader does not have: a block with
such a statement breaks the chain of digests it can recompute, and whoever holds the digests may supply them.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from tests.conformance.second_bytes import base64url, encode_cbor
from tests.conformance.second_keys import key_of

ZERO = bytes(32)
Json = Mapping[str, object]
Rows = dict[tuple[str, str, str], object]


def _maps(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


def genesis_rows(genesis: Json) -> Rows:
    """Return every row that leaf 0 puts, by (table, anchor, suffix)."""
    rows: Rows = {}
    for member in _maps(genesis["members"]):
        uscc, name = str(member["uscc"]), member["name"]
        assert isinstance(name, dict)
        encryption = member.get("encryption")
        row = [uscc, name["zh"], name["en"], member["roles"], member["jurisdiction"], "active", encryption]
        rows["member", "", uscc] = row
        for jwk in _maps(member["keys"]):
            rows["key", "", base64url(key_of(jwk).kid)] = _key_row(uscc, "sign", jwk)
        if isinstance(encryption, dict):
            rows["key", "", base64url(key_of(encryption).kid)] = _key_row(uscc, "encrypt", encryption)
    for node in _maps(genesis["nodes"]):
        rows["node", "", str(node["name"])] = [node, True]
    assert isinstance(genesis["catalogue"], dict)
    catalogue = {**genesis["catalogue"], "items": [_sparse(item) for item in _maps(genesis["catalogue"]["items"])]}
    rows["catalogue", "", ""] = rows["catalogue", "", str(catalogue["version"])] = [catalogue, 0]
    rows["policy", "", ""] = [genesis["policy"], 0]
    return rows


def _sparse(item: Json) -> dict[str, object]:
    """Leave out the flags that are false: a row holds no member that equals its default."""
    flags = ("performance", "evaluated", "publish_persons")
    return {name: value for name, value in item.items() if name not in flags or value is not False}


def _key_row(member: str, use: str, jwk: object) -> list[object]:
    return [member, use, jwk, None, 0, 0, None, None, None, None, None, False]


def record_rows(id_: str, iss: str, payload: Json, index: int, time: int) -> Rows | None:
    """Return the rows of a record.submit or record.batch; None for any other kind."""
    kind = payload["kind"]
    if kind == "record.submit":
        subject = payload["subject"]
        assert isinstance(subject, dict)
        named = [subject["class"], subject["value"], subject["epoch"], payload["commitment"], 0, ""]
    elif kind == "record.batch":
        named = [payload["subject_class"], "", payload["epoch"], payload["root"], payload["count"], payload["manifest"]]
    else:
        return None
    ends = [payload["event_day"], payload["retention_end"], payload.get("severity"), index, time, ""]
    row = [iss, payload["item"], payload["catalogue"], *named, *ends, payload.get("performance")]
    return {("record", id_, ""): row}


def next_digest(previous: bytes, rows: Rows) -> bytes:
    """Return the state digest after a block that changed `rows`."""
    keyed = sorted(
        (encode_cbor(table) + encode_cbor([anchor, suffix]), [table, [anchor, suffix], encode_cbor(value)])
        for (table, anchor, suffix), value in rows.items()
    )
    return sha256(previous + encode_cbor([row for _, row in keyed])).digest()


def app_hash(block_entry: bytes, size: int, root: bytes, state_digest: bytes) -> bytes:
    """Return the app hash of a block; the index root is 32 zero bytes."""
    block = sha256(block_entry).digest()
    return sha256(encode_cbor(["suyuan/app", 1, block, size, root, state_digest, ZERO])).digest()
