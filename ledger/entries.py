"""The four kinds of log entry, and the app hash that chains the blocks (docs/spec/log.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeAlias

from ledger.encoding import (
    MAX_SAFE_INTEGER,
    CborValue,
    JsonObject,
    decode_canonical,
    decode_json_object,
    encode_cbor,
    encode_json,
    require_size,
)
from ledger.errors import FormError, Text
from ledger.statement import MAX_ENTRY_SIZE, Statement, decode_statement

ENTRY_VERSION: Final = 1
ZERO_DIGEST: Final = bytes(32)
"""Stands where there is nothing yet: the first previous app hash, the first state digest, the index root."""

_GENESIS, _BLOCK, _REFUSAL, _APP = "suyuan/genesis", "suyuan/block", "suyuan/refusal", "suyuan/app"
_TAG_18 = 0xD2
_ORIGIN = re.compile(r"[^\s+#\x00-\x1f\x7f]{1,255}")
_RULE = re.compile(r"[A-Z]{3}-[0-9]{1,3}")


class EntryMalformed(FormError):
    """Bytes that are none of the four kinds of entry."""

    code = "form.entry.malformed"
    what = Text(
        "The entry is not a genesis, block, statement or refusal entry.", "该条目不是创世、区块、陈述或拒绝条目。"
    )


class EntryField(FormError):
    """A member of an entry that has another form than it must."""

    code = "form.entry.field"
    what = Text("{field} of the {entry} entry is not of the required form.", "{entry} 条目的 {field} 格式有误。")


class EntryTooLarge(FormError):
    """More bytes than a log entry can have."""

    code = "form.entry.size"
    what = Text("The entry has {size} bytes, more than {limit}.", "条目共 {size} 字节，超过上限 {limit}。")


@dataclass(frozen=True, slots=True)
class GenesisEntry:
    """Leaf 0: the ledger's `origin` and its genesis document (a JSON object)."""

    origin: str
    genesis: JsonObject

    def encode(self) -> bytes:
        """Return the entry's bytes; raises `EntryField`, `EntryTooLarge` or a JSON error."""
        _check_text(self.origin, _ORIGIN, "origin", "genesis")
        return _bounded(encode_cbor([_GENESIS, ENTRY_VERSION, self.origin, encode_json(self.genesis)]))


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """The first leaf of a block: `time_ms` since 1970-01-01 UTC; `index` is this leaf's own."""

    origin: str
    height: int
    time_ms: int
    previous_app_hash: bytes
    index: int

    def encode(self) -> bytes:
        """Return the entry's bytes; raises `EntryField`."""
        return encode_block_entry(self.origin, self.height, self.time_ms, self.previous_app_hash, self.index)


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """A statement that was admitted."""

    statement: Statement

    def encode(self) -> bytes:
        """Return the statement's bytes as signed."""
        return self.statement.raw


@dataclass(frozen=True, slots=True)
class RefusalEntry:
    """A statement that rule `rule` refused."""

    rule: str
    statement: Statement

    def encode(self) -> bytes:
        """Return the entry's bytes; raises `EntryField` or `EntryTooLarge`."""
        return encode_refusal_entry(self.rule, self.statement.raw)


Entry: TypeAlias = GenesisEntry | BlockEntry | StatementEntry | RefusalEntry


def encode_block_entry(origin: str, height: int, time_ms: int, previous_app_hash: bytes, index: int) -> bytes:
    """Return the bytes of a block's first leaf; `index` is that leaf's own. Raises `EntryField`."""
    _check_text(origin, _ORIGIN, "origin", "block")
    for name, number in (("height", height), ("time", time_ms), ("index", index)):
        if type(number) is not int or not 0 <= number <= MAX_SAFE_INTEGER:
            raise EntryField(field=name, entry="block")
    if len(previous_app_hash) != len(ZERO_DIGEST):
        raise EntryField(field="previous app hash", entry="block")
    return encode_cbor([_BLOCK, ENTRY_VERSION, origin, height, time_ms, previous_app_hash, index])


def encode_refusal_entry(rule: str, statement: bytes) -> bytes:
    """Return the refusal entry for a statement's bytes; raises `EntryField` or `EntryTooLarge`."""
    _check_text(rule, _RULE, "rule id", "refusal")
    return _bounded(encode_cbor([_REFUSAL, ENTRY_VERSION, rule, statement]))


def decode_entry(data: bytes) -> Entry:
    """Read one entry strictly; raises `EntryMalformed`, `EntryField`, `EntryTooLarge` or what the inside raises."""
    _bounded(data)
    if data[:1] == bytes([_TAG_18]):
        return StatementEntry(decode_statement(data))
    value = decode_canonical(data)
    if not isinstance(value, list) or len(value) < 4 or type(value[1]) is not int or value[1] != ENTRY_VERSION:
        raise EntryMalformed
    kind, members = value[0], value[2:]
    if kind == _GENESIS and len(members) == 2:
        return _genesis(members)
    if kind == _BLOCK and len(members) == 5:
        return _block(members)
    if kind == _REFUSAL and len(members) == 2:
        return _refusal(members)
    raise EntryMalformed


def _genesis(members: list[CborValue]) -> GenesisEntry:
    origin, genesis = members
    if not isinstance(genesis, bytes):
        raise EntryField(field="genesis", entry="genesis")
    return GenesisEntry(_check_text(origin, _ORIGIN, "origin", "genesis"), decode_json_object(genesis))


def _block(members: list[CborValue]) -> BlockEntry:
    origin, height, time_ms, previous, index = members
    if type(height) is not int or type(time_ms) is not int or type(index) is not int:
        raise EntryField(field="height, time or index", entry="block")
    if not isinstance(previous, bytes):
        raise EntryField(field="previous app hash", entry="block")
    block = BlockEntry(_check_text(origin, _ORIGIN, "origin", "block"), height, time_ms, previous, index)
    # Encoding checks every bound, so that nothing is read that could not have been written.
    block.encode()
    return block


def _refusal(members: list[CborValue]) -> RefusalEntry:
    rule, statement = members
    if not isinstance(statement, bytes):
        raise EntryField(field="statement", entry="refusal")
    return RefusalEntry(_check_text(rule, _RULE, "rule id", "refusal"), decode_statement(statement))


def _check_text(value: object, pattern: re.Pattern[str], field: str, entry: str) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise EntryField(field=field, entry=entry)
    return value


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_ENTRY_SIZE:
        raise EntryTooLarge(size=len(data), limit=MAX_ENTRY_SIZE)
    return data


def app_hash(
    block_digest: bytes, size: int, root: bytes, state_digest: bytes, index_root: bytes = ZERO_DIGEST
) -> bytes:
    """Return the app hash of a block from the SHA-256 of its block entry, `size` and `root` of the tree after it,
    its state digest (`ledger.state.digest`) and the index root.

    Raises `WrongSize` for a digest that is not 32 bytes.
    """
    digests = (("block", block_digest), ("root", root), ("state", state_digest), ("index root", index_root))
    for name, digest in digests:
        require_size(digest, len(ZERO_DIGEST), name)
    fields: list[CborValue] = [_APP, ENTRY_VERSION, block_digest, size, root, state_digest, index_root]
    return sha256(encode_cbor(fields)).digest()
