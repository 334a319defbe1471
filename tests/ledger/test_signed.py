"""Signed objects beside statements: each typ for itself, tokens in their time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import signed as o
from ledger.cose import KidMismatch, NotSign1, UnprotectedNotEmpty, sign1
from ledger.encoding import CborKey, CborValue, WrongSize, encode_cbor
from ledger.keys import BadSignature
from tests.ledger.keyring import CTI, ED, ED2, MEMBER, ORIGIN, P256, sample_statement

NOW = 1_800_000_000
TYPES = [o.TOKEN_TYP, o.HELD_TYP, o.POP_TYP, o.SIGN_IN_TYP, o.BUNDLE_TYP, o.EXPORT_TYP]


def token(iat: int = NOW, exp: int = NOW + 300) -> bytes:
    """Return a token of the first member for node 1."""
    return o.build_token(ED, iss=MEMBER, aud="node-1", iat=iat, exp=exp, cti=CTI)


@given(st.binary(max_size=100), st.sampled_from(TYPES))
def test_an_object_verifies_as_its_own_typ_only(payload: bytes, typ: str) -> None:
    for signer in (ED, P256):
        data = o.sign_object(signer, typ, payload)
        assert o.verify_object(data, typ, signer.public) == payload
        assert o.read_object(data, typ).kid == signer.public.thumbprint
        for other in TYPES:
            if other != typ:
                with pytest.raises(o.ObjectTyp):
                    o.verify_object(data, other, signer.public)


def test_a_statement_is_no_signed_object() -> None:
    with pytest.raises(o.ObjectHeader):
        o.read_object(sample_statement(), o.TOKEN_TYP)


def test_envelopes() -> None:
    with pytest.raises(UnprotectedNotEmpty):
        o.read_object(sign1(ED, {16: o.POP_TYP}, b"", unprotected={1: 1}).encode(), o.POP_TYP)
    with pytest.raises(NotSign1):
        o.read_object(sign1(ED, {16: o.POP_TYP}, b"", detached=True).encode(), o.POP_TYP)
    with pytest.raises(o.ObjectHeader):
        o.read_object(sign1(ED, {16: o.POP_TYP, 4: b"short"}, b"").encode(), o.POP_TYP)
    with pytest.raises(KidMismatch):
        o.verify_object(o.sign_object(ED, o.POP_TYP, b""), o.POP_TYP, ED2.public)
    data = bytearray(o.sign_object(ED, o.POP_TYP, b"abc"))
    data[-1] ^= 1
    with pytest.raises(BadSignature):
        o.verify_object(bytes(data), o.POP_TYP, ED.public)


def test_a_token_lives_in_its_time_and_for_its_node() -> None:
    found = o.verify_token(token(), ED.public, aud="node-1", now=NOW)
    assert found == o.Token(MEMBER, "node-1", NOW + 300, NOW, CTI, ED.public.thumbprint)
    o.verify_token(token(), ED.public, aud="node-1", now=NOW + 299)
    o.verify_token(token(), ED.public, aud="node-1", now=NOW - o.MAX_TOKEN_SKEW)
    with pytest.raises(o.TokenExpired):
        o.verify_token(token(), ED.public, aud="node-1", now=NOW + 300)
    with pytest.raises(o.TokenNotYet):
        o.verify_token(token(), ED.public, aud="node-1", now=NOW - o.MAX_TOKEN_SKEW - 1)
    with pytest.raises(o.TokenAudience):
        o.verify_token(token(), ED.public, aud="node-2", now=NOW)
    with pytest.raises(KidMismatch):
        o.verify_token(token(), ED2.public, aud="node-1", now=NOW)


def test_a_token_that_lives_too_long_is_neither_made_nor_taken() -> None:
    for exp in (NOW, NOW + 301):
        with pytest.raises(o.TokenLife):
            token(exp=exp)
        made = o.sign_object(ED, o.TOKEN_TYP, encode_cbor({1: MEMBER, 3: "node-1", 4: exp, 6: NOW, 7: CTI}))
        with pytest.raises(o.TokenLife):
            o.verify_token(made, ED.public, aud="node-1", now=NOW)
    with pytest.raises(WrongSize):
        o.build_token(ED, iss=MEMBER, aud="n", iat=NOW, exp=NOW + 1, cti=b"x")


def test_a_token_has_exactly_its_claims() -> None:
    good: dict[CborKey, CborValue] = {1: MEMBER, 3: "n", 4: NOW + 1, 6: NOW, 7: CTI}
    changes: list[dict[CborKey, CborValue]] = [
        {2: "x"},
        {1: 1},
        {3: b"n"},
        {4: "1"},
        {6: True},
        {6: -1},
        {7: b"x"},
        {7: "x"},
    ]
    for change in changes:
        with pytest.raises(o.TokenMalformed):
            o.read_token(o.sign_object(ED, o.TOKEN_TYP, encode_cbor({**good, **change})))
    with pytest.raises(o.TokenMalformed):
        o.read_token(o.sign_object(ED, o.TOKEN_TYP, encode_cbor([])))


def test_held_signatures_bind_every_part() -> None:
    good = {"origin": ORIGIN, "manifest_hash": bytes(32), "root": b"r" * 32, "count": 5}
    data = o.sign_held(ED, origin=ORIGIN, manifest_hash=bytes(32), root=b"r" * 32, count=5)
    o.verify_held(data, ED.public, **good)  # type: ignore[arg-type]
    for change in ({"origin": "x"}, {"manifest_hash": b"m" * 32}, {"root": bytes(32)}, {"count": 6}):
        with pytest.raises(o.ObjectContent):
            o.verify_held(data, ED.public, **{**good, **change})  # type: ignore[arg-type]
    for change in ({"manifest_hash": b"m"}, {"root": b"r"}):
        with pytest.raises(WrongSize):
            o.sign_held(ED, **{**good, **change})  # type: ignore[arg-type]


def test_possession_is_of_the_new_key_for_this_member_and_ledger() -> None:
    data = o.sign_pop(ED2, origin=ORIGIN, member=MEMBER, old_kid=ED.public.thumbprint)
    o.verify_pop(data, ED2.public, origin=ORIGIN, member=MEMBER, old_kid=ED.public.thumbprint)
    with pytest.raises(KidMismatch):
        o.verify_pop(data, ED.public, origin=ORIGIN, member=MEMBER, old_kid=ED.public.thumbprint)
    for origin, member, old in ((ORIGIN, "x", ED.public), ("x", MEMBER, ED.public), (ORIGIN, MEMBER, ED2.public)):
        with pytest.raises(o.ObjectContent):
            o.verify_pop(data, ED2.public, origin=origin, member=member, old_kid=old.thumbprint)
