"""The ledger's readers and the second reader accept and refuse the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import cbor2
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.encoding import decode_canonical, decode_json, encode_json
from ledger.errors import SuyuanError
from ledger.notes import SignedNote, TlogProof
from ledger.statement import decode_statement
from tests.conformance import second_bytes, second_notes
from tests.conformance.second_bytes import Broken
from tests.conformance.second_statement import read_statement
from tests.ledger.keyring import sample_statement

STATEMENT = sample_statement()
KEYS = st.from_regex(r"[A-Za-z0-9_]{1,3}", fullmatch=True)
JSON = st.recursive(
    st.booleans() | st.integers(-(2**54), 2**54) | st.text(max_size=6) | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def accepts(read: Callable[[bytes], object], data: bytes) -> bool:
    """Whether a reader takes the bytes; any other error than its own is a defect and passes through."""
    try:
        read(data)
    except (SuyuanError, Broken):
        return False
    return True


def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Replace, cut out or put in a few bytes."""
    at = draw(st.integers(0, len(data)))
    width = draw(st.integers(0, 3))
    return data[:at] + draw(st.binary(max_size=3)) + data[at + width :]


@st.composite
def damaged_statements(draw: st.DrawFn) -> bytes:
    return damaged(draw, STATEMENT)


@given(damaged_statements())
@settings(max_examples=200)
def test_damaged_statements(data: bytes) -> None:
    assert accepts(decode_statement, data) == accepts(read_statement, data)


@st.composite
def odd_statements(draw: st.DrawFn) -> bytes:
    """Well-formed COSE whose header, claims or payload is off by one thing, or by nothing."""
    protected, _, payload, signature = cbor2.loads(STATEMENT).value
    header, body = dict(cbor2.loads(protected)), json.loads(payload)
    odd = st.none() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=70) | st.binary(max_size=33)
    place = draw(st.sampled_from(["nothing", "header", "claims", "payload"]))
    if place == "header":
        header[draw(st.sampled_from([1, 3, 4, 16, 17]))] = draw(odd | st.sampled_from([-7, -8]))
    elif place == "claims":
        claims = dict(header[15])
        claims[draw(st.sampled_from([1, 2, 3, 4, 6, 7]))] = draw(odd)
        header[15] = claims
    elif place == "payload":
        body[draw(st.sampled_from(["v", "kind", "sub", "other"]))] = draw(
            st.booleans() | st.integers() | st.sampled_from(["record.submit", "record.", "a.b.c", body["sub"]])
        )
    else:
        header[15] = dict(header[15])
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    members = [second_bytes.encode_cbor(header), {}, text, signature]
    return second_bytes.encode_cbor(cbor2.CBORTag(18, members))


@given(odd_statements())
@settings(max_examples=200)
def test_odd_statements(data: bytes) -> None:
    assert accepts(decode_statement, data) == accepts(read_statement, data)


def test_the_sample_itself_is_accepted_by_both() -> None:
    assert accepts(decode_statement, STATEMENT)
    assert accepts(read_statement, STATEMENT)


@st.composite
def json_texts(draw: st.DrawFn) -> bytes:
    value: Any = draw(JSON)
    text = json.dumps(value, sort_keys=draw(st.booleans()), separators=(",", ":"), ensure_ascii=draw(st.booleans()))
    data = text.encode("utf-8", "surrogatepass")
    return damaged(draw, data) if draw(st.booleans()) else data


@given(json_texts())
@settings(max_examples=300)
def test_json(data: bytes) -> None:
    def objects(found: bytes) -> None:
        if not isinstance(decode_json(found), dict):
            raise Broken("no object")

    assert accepts(objects, data) == accepts(second_bytes.decode_json, data)


@given(st.integers(1, 20))
def test_depth(depth: int) -> None:
    text = b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)
    assert accepts(decode_json, text) == accepts(second_bytes.decode_json, text) == (depth <= 16)
    nested = b"\x81" * depth + b"\x00"
    assert accepts(decode_canonical, nested) == accepts(second_bytes.decode_cbor, nested) == (depth <= 16)
    assert encode_json({"a": 1}) == second_bytes.encode_json({"a": 1})


@st.composite
def cbor_items(draw: st.DrawFn) -> bytes:
    base = second_bytes.encode_cbor(
        draw(st.lists(st.integers(-70_000, 70_000) | st.text(max_size=30) | st.binary(max_size=30), max_size=5))
    )
    return damaged(draw, base)


@given(cbor_items() | st.binary(min_size=1, max_size=12))
@settings(max_examples=300)
def test_cbor(data: bytes) -> None:
    assert accepts(decode_canonical, data) == accepts(second_bytes.decode_cbor, data)


SIGNATURE = "\u2014 n AAAAAAAA\n"


@given(
    st.text(alphabet="ab\n\u2014 +\t\u2028", max_size=12), st.sampled_from([SIGNATURE, SIGNATURE * 2, "\u2014 n A\n"])
)
def test_notes(text: str, signatures: str) -> None:
    data = f"{text}\n{signatures}".encode()
    assert accepts(SignedNote.parse, data) == accepts(lambda found: second_notes.read_note(found.decode()), data)


def test_a_proof_file_needs_its_parts() -> None:
    head = "c2sp.org/tlog-proof@v1\nindex 0\n\n"
    note = f"o\n1\n{'A' * 43}=\n\n{SIGNATURE}"
    assert accepts(TlogProof.parse, (head + note).encode())
    assert not accepts(TlogProof.parse, (head[:-1] + note).encode())
