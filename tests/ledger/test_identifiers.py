"""REC-6: raw identifiers of persons are found, and what only looks like one is not."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import identifiers as i
from ledger.codes import fictional_resident_number, fictional_uscc
from ledger.statement import decode_statement
from tests.ledger.keyring import ED, P256, sample_statement

RESIDENT = fictional_resident_number(12_345)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (RESIDENT, i.RESIDENT_NUMBER),
        (f"身份证号{RESIDENT}。", i.RESIDENT_NUMBER),
        (f"id{RESIDENT}", i.RESIDENT_NUMBER),
        (f"{RESIDENT[:6]} {RESIDENT[6:14]} {RESIDENT[14:]}", i.RESIDENT_NUMBER),
        ("".join(chr(ord(c) + 0xFEE0) for c in RESIDENT), i.RESIDENT_NUMBER),
        (f"urn:suyuan:record:{fictional_uscc(1)}:{RESIDENT}", i.RESIDENT_NUMBER),
        ("110101800101001", i.RESIDENT_NUMBER),
        ("13800000000", i.MOBILE_NUMBER),
        ("+86 138-0000-0000", i.MOBILE_NUMBER),
        ("8613800000000", i.MOBILE_NUMBER),
        ("电话:19900000000", i.MOBILE_NUMBER),
        ("E00000001", i.PASSPORT_NUMBER),
        ("护照EA0000001号", i.PASSPORT_NUMBER),
        ("PE0000001", i.PASSPORT_NUMBER),
        ("6222000000000000004", i.BANK_CARD_NUMBER),
        ("4111 1111 1111 1111", i.BANK_CARD_NUMBER),
        ("4111-1111-1111-1111", i.BANK_CARD_NUMBER),
    ],
)
def test_rec_6_finds(text: str, kind: str) -> None:
    assert i.find_identifier(text) == kind


@given(st.integers(0, 9_999_999), st.sampled_from(["", "x", "号", " ", ":"]))
def test_rec_6_finds_every_resident_number(serial: int, around: str) -> None:
    assert i.find_identifier(around + fictional_resident_number(serial) + around.strip()) == i.RESIDENT_NUMBER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23T10:00:00Z",
        "2026-11-23",
        "20261123",
        "E20261123",
        "OCDS-87SD3T-AD-SF-DRM-063-2015",
        "ledger.example/credit",
        "1800000000",
        "4111 1111 1111 1112",
        "12800000000",
        "110101801301001",
        "990101800101001",
        "000000195013010000",
        "138000000001",
        "550e8400-e29b-41d4-a138-138000000000",
        "沪浦市监罚字〔2025〕第000123号",
        "12345678901234567",
    ],
)
def test_rec_6_passes_over(text: str) -> None:
    assert i.find_identifier(text) is None


@given(st.binary(min_size=8, max_size=64))
def test_rec_6_passes_over_digests_and_key_material(data: bytes) -> None:
    digest = sha256(data).hexdigest()
    token = base64.urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
    for text in (digest, f"{digest}:13800000", token, f"urn:suyuan:record:{fictional_uscc(1)}:{digest[:32]}a"):
        assert i.find_identifier(text) is None


@given(st.integers(0, 99_999_999), st.sampled_from(["11", "12", "91", "93", "N1"]))
def test_rec_6_passes_over_organisations(serial: int, head: str) -> None:
    code = fictional_uscc(serial, head[0], head[1])
    assert i.find_identifier(code) is None
    assert i.find_identifier(f"urn:suyuan:grant:{code}:g-1") is None


def test_rec_6_says_where() -> None:
    payload = {"a": ["x", {"b": "call 13800000000"}], "n": 13800000000, "ok": True}
    assert i.scan_identifiers(payload) == i.Hit("a[1].b", i.MOBILE_NUMBER)
    assert i.scan_identifiers([RESIDENT]) == i.Hit("[0]", i.RESIDENT_NUMBER)
    assert i.scan_identifiers({"n": 1, "list": ["x"], "ok": False}) is None


def test_rec_6_passes_over_our_own_statements() -> None:
    for signer in (ED, P256):
        data = sample_statement("13-8", signer, key=signer.public.to_json())
        assert i.scan_identifiers(decode_statement(data).payload) is None
