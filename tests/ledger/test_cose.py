"""COSE_Sign1: strict reading, attached and detached payloads."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import cose as c
from ledger.encoding import CborValue, NotCanonical, encode_cbor
from tests.ledger.keyring import ED, ED2, P256


@given(st.binary(max_size=300), st.booleans())
def test_signed_messages_go_round(payload: bytes, detached: bool) -> None:
    for signer in (ED, P256):
        data = c.sign1(signer, {c.HEADER_TYP: "t"}, payload, detached=detached).encode()
        message = c.decode_sign1(data)
        assert message.encode() == data
        header = c.verify_sign1(message, signer.public, payload if detached else None)
        assert header == {1: signer.public.alg, 4: signer.public.thumbprint, 16: "t"}
        if not detached:
            assert c.read_plain_sign1(data) == (message.protected, payload, message.signature, len(data))


def test_sig_structure_is_what_rfc_9052_says() -> None:
    protected, payload = b"\xa1\x01\x27", b"x" * 300
    assert c.sig_structure(protected, payload) == cbor2.dumps(["Signature1", protected, b"", payload])


def test_the_wrong_key_header_or_payload() -> None:
    message = c.sign1(ED, {}, b"p")
    with pytest.raises(c.KidMismatch):
        c.verify_sign1(message, ED2.public)
    with pytest.raises(c.AlgorithmMismatch):
        c.verify_sign1(message, P256.public)
    with pytest.raises(c.PayloadMissing):
        c.verify_sign1(message, ED.public, b"p")
    with pytest.raises(c.PayloadMissing):
        c.verify_sign1(c.sign1(ED, {}, b"p", detached=True), ED.public)
    for protected in (b"", b"\x80", b"\xa2\x04\x00\x01\x00", b"\xff"):
        with pytest.raises(c.ProtectedMalformed):
            c.verify_sign1(c.Sign1(protected, {}, b"p", message.signature), ED.public)


@pytest.mark.parametrize(
    "value",
    [
        [],
        cbor2.CBORTag(18, []),
        cbor2.CBORTag(18, [b"", {}, b"", b"", b""]),
        cbor2.CBORTag(18, ["", {}, b"", b""]),
        cbor2.CBORTag(18, [b"", [], b"", b""]),
        cbor2.CBORTag(18, [b"", {}, "", b""]),
        cbor2.CBORTag(18, [b"", {}, b"", None]),
        cbor2.CBORTag(18, b""),
    ],
)
def test_what_is_no_sign1(value: CborValue) -> None:
    with pytest.raises(c.NotSign1):
        c.decode_sign1(encode_cbor(value))
    with pytest.raises((c.NotSign1, c.UnprotectedNotEmpty)):
        c.read_plain_sign1(encode_cbor(value))


def test_the_fast_reader_takes_the_shortest_lengths_only() -> None:
    tail = b"\xa0\x41p" + b"\x58\x40" + bytes(64)
    assert c.read_plain_sign1(b"\xd2\x84\x41a" + tail)[0] == b"a"
    for head in (
        b"\x58\x01a",
        b"\x59\x00\x01a",
        b"\x5a\x00\x00\x00\x01a",
        b"\x5b" + bytes(7) + b"\x01a",
        b"\x5f\x41a\xff",
        b"\x61a",
    ):
        with pytest.raises(c.NotSign1):
            c.read_plain_sign1(b"\xd2\x84" + head + tail)


@given(st.binary(max_size=70_000), st.integers(0, 400))
def test_the_fast_reader_agrees_with_the_general_one(payload: bytes, cut: int) -> None:
    data = c.Sign1(b"\xa0", {}, payload, bytes(64)).encode()
    protected, read, signature, end = c.read_plain_sign1(b"zz" + data + b"rest", 2)
    assert (protected, read, signature, end) == (b"\xa0", payload, bytes(64), len(data) + 2)
    if cut < len(data):
        with pytest.raises(c.NotSign1):
            c.read_plain_sign1(data[:cut])


def test_unprotected_headers() -> None:
    data = c.sign1(ED, {}, b"p", unprotected={4: b"k"}).encode()
    assert c.decode_sign1(data).unprotected == {4: b"k"}
    with pytest.raises(c.UnprotectedNotEmpty):
        c.read_plain_sign1(data)
    with pytest.raises(NotCanonical):
        c.decode_sign1(data + b"\x00")
