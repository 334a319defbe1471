"""The four kinds of log entry and the app hash."""

from __future__ import annotations

from hashlib import sha256

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import entries as n
from ledger.encoding import CborValue, JsonMalformed, NotCanonical, WrongSize, encode_cbor
from ledger.errors import FormError
from ledger.statement import MAX_ENTRY_SIZE, decode_statement
from tests.ledger.keyring import ORIGIN, sample_statement

BLOCK = ["suyuan/block", 1, ORIGIN, 3, 1000, bytes(32), 7]
NUMBERS = st.integers(0, 2**53 - 1)


@given(NUMBERS, NUMBERS, NUMBERS, st.binary(min_size=32, max_size=32))
def test_blocks_go_round(height: int, time_ms: int, index: int, previous: bytes) -> None:
    block = n.BlockEntry(ORIGIN, height, time_ms, previous, index)
    assert n.decode_entry(block.encode()) == block
    assert block.encode() == cbor2.dumps(["suyuan/block", 1, ORIGIN, height, time_ms, previous, index])


def test_the_other_kinds_go_round() -> None:
    raw = sample_statement()
    found = decode_statement(raw)
    refusal = n.RefusalEntry("REC-1", found)
    genesis = n.GenesisEntry(ORIGIN, {"v": 1, "members": []})
    for entry in (n.StatementEntry(found), refusal, genesis):
        assert n.decode_entry(entry.encode()) == entry
    assert n.StatementEntry(found).encode() == raw
    assert refusal.encode() == cbor2.dumps(["suyuan/refusal", 1, "REC-1", raw])
    assert genesis.encode() == cbor2.dumps(["suyuan/genesis", 1, ORIGIN, b'{"members":[],"v":1}'])


@pytest.mark.parametrize(
    "value",
    [
        1,
        "x",
        [],
        ["suyuan/block"],
        ["suyuan/other", 1, ORIGIN, 1],
        ["suyuan/block", 2, *BLOCK[2:]],
        BLOCK[:-1],
        [*BLOCK, 1],
        ["suyuan/block", True, *BLOCK[2:]],
        ["suyuan/refusal", 1, "REC-1", b"", 1],
        {1: 2},
    ],
)
def test_what_is_no_entry(value: CborValue) -> None:
    with pytest.raises(n.EntryMalformed):
        n.decode_entry(encode_cbor(value))


@pytest.mark.parametrize(
    "value",
    [
        [*BLOCK[:2], "a b", *BLOCK[3:]],
        [*BLOCK[:2], 5, *BLOCK[3:]],
        [*BLOCK[:3], -1, *BLOCK[4:]],
        [*BLOCK[:3], "1", *BLOCK[4:]],
        [*BLOCK[:4], 2**53, *BLOCK[5:]],
        [*BLOCK[:5], bytes(31), 7],
        [*BLOCK[:5], "0" * 32, 7],
        [*BLOCK[:6], False],
        ["suyuan/genesis", 1, ORIGIN, "{}"],
        ["suyuan/genesis", 1, "", b"{}"],
        ["suyuan/refusal", 1, "rec-1", sample_statement()],
        ["suyuan/refusal", 1, "REC-1", "x"],
    ],
)
def test_members_out_of_form(value: CborValue) -> None:
    with pytest.raises(n.EntryField):
        n.decode_entry(encode_cbor(value))


def test_what_is_inside_is_checked_too() -> None:
    with pytest.raises(FormError):
        n.decode_entry(encode_cbor(["suyuan/refusal", 1, "REC-1", b"no statement"]))
    with pytest.raises(JsonMalformed):
        n.decode_entry(encode_cbor(["suyuan/genesis", 1, ORIGIN, b"{"]))
    with pytest.raises(NotCanonical):
        n.decode_entry(n.BlockEntry(ORIGIN, 1, 1, bytes(32), 1).encode() + b"\x00")


def test_sizes() -> None:
    with pytest.raises(n.EntryTooLarge):
        n.decode_entry(bytes(MAX_ENTRY_SIZE + 1))
    with pytest.raises(n.EntryTooLarge):
        n.encode_refusal_entry("REC-1", bytes(MAX_ENTRY_SIZE))
    with pytest.raises(n.EntryTooLarge):
        n.GenesisEntry(ORIGIN, {"a": "x" * MAX_ENTRY_SIZE}).encode()
    for bad in (
        n.BlockEntry(ORIGIN, -1, 0, bytes(32), 0),
        n.BlockEntry("a b", 1, 0, bytes(32), 0),
        n.BlockEntry(ORIGIN, 1, 0, b"", 0),
    ):
        with pytest.raises(n.EntryField):
            bad.encode()


def test_app_hash() -> None:
    block = sha256(n.BlockEntry(ORIGIN, 1, 1, bytes(32), 1).encode()).digest()
    expected = cbor2.dumps(["suyuan/app", 1, block, 2, b"r" * 32, b"s" * 32, bytes(32)])
    assert n.app_hash(block, 2, b"r" * 32, b"s" * 32) == sha256(expected).digest()
    for digests in ((b"", bytes(32), bytes(32)), (bytes(32), b"", bytes(32)), (bytes(32), bytes(32), b"")):
        with pytest.raises(WrongSize):
            n.app_hash(digests[0], 2, digests[1], digests[2])
    with pytest.raises(WrongSize):
        n.app_hash(block, 2, bytes(32), bytes(32), b"")
