"""CBOR and JSON: one encoding for each value, and refusal of every other."""

from __future__ import annotations

import cbor2
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger import encoding as e

_CBOR_LEAVES = (
    st.integers(-(2**64), 2**64 - 1)
    | st.booleans()
    | st.none()
    | st.binary(max_size=40)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
)
_CBOR_KEYS = st.integers(-70000, 70000) | st.text("abz", max_size=3) | st.binary(max_size=3)
CBOR_VALUES = st.recursive(
    _CBOR_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_CBOR_KEYS, inner, max_size=5)
)
_JSON_LEAVES = (
    st.integers(-e.MAX_SAFE_INTEGER, e.MAX_SAFE_INTEGER)
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
)
_JSON_KEYS = st.text("ABZabz019_", min_size=1, max_size=4)
JSON_VALUES = st.recursive(
    _JSON_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_JSON_KEYS, inner, max_size=5)
)


@given(CBOR_VALUES)
def test_cbor_goes_round(value: e.CborValue) -> None:
    data = e.encode_cbor(value)
    again = e.decode_canonical(data)
    assert e.encode_cbor(again) == data
    assert repr(again) == repr(value) or again == value


@given(st.dictionaries(_CBOR_KEYS, st.none(), min_size=2))
def test_map_keys_are_in_bytewise_order(value: dict[e.CborKey, e.CborValue]) -> None:
    keys = [cbor2.dumps(key) for key in e.decode_canonical(e.encode_cbor(value))]  # type: ignore[union-attr]
    assert keys == sorted(keys)


def test_key_order_is_not_the_older_length_first_one() -> None:
    # RFC 8949 section 4.2.1 lists this order; length first would put -1 before 1000.
    assert e.encode_cbor({-1: 0, 1000: 0, "a": 0}).hex() == "a31903e800200061" + "6100"
    assert cbor2.dumps({-1: 0, 1000: 0}, canonical=True) != e.encode_cbor({-1: 0, 1000: 0})


@pytest.mark.parametrize(
    "data",
    ["1801", "190001", "9801" + "01", "a2020101" + "02", "5800", "7800", "0102", "a220001903e800"],
)
def test_other_encodings_of_a_value_are_refused(data: str) -> None:
    with pytest.raises(e.NotCanonical):
        e.decode_canonical(bytes.fromhex(data))


@pytest.mark.parametrize("data", ["", "9f01ff", "5f4101ff", "a201020103", "61ff", "ff", "82", "1c"])
def test_broken_cbor_is_refused(data: str) -> None:
    with pytest.raises(e.CborMalformed):
        e.decode_canonical(bytes.fromhex(data))


@pytest.mark.parametrize(
    "data",
    [
        "f93e00",
        "f7",
        "f0",
        "c11a00000000",
        "c249010000000000000000",
        "d81c80",
        "d9d9f780",
        "d820" + "6161",
        "d380",
        "a18001",
    ],
)
def test_types_without_a_place_are_refused(data: str) -> None:
    with pytest.raises(e.CborType):
        e.decode_canonical(bytes.fromhex(data))


@pytest.mark.parametrize("value", [1.5, 2**64, {1.0: 1}, {(1,): 1}, {1, 2}, "\ud800", cbor2.CBORTag(17, [])])
def test_such_values_are_not_encoded(value: object) -> None:
    with pytest.raises(e.CborType):
        e.encode_cbor(value)  # type: ignore[arg-type]


def test_depth_is_bounded() -> None:
    value: e.CborValue = 1
    for _ in range(e.MAX_DEPTH):
        value = [value]
    data = e.encode_cbor(value)
    assert e.decode_canonical(data) == value
    with pytest.raises(e.CborTooDeep):
        e.encode_cbor([value])
    with pytest.raises((e.CborTooDeep, e.CborMalformed)):
        e.decode_canonical(b"\x81" + data)
    with pytest.raises(e.CborMalformed):
        e.decode_canonical(b"\x81" * 100_000 + b"\x01")


@given(JSON_VALUES)
def test_json_is_rfc_8785(value: e.JsonValue) -> None:
    data = e.encode_json(value)
    assert data == rfc8785.dumps(value)
    assert e.decode_json(data) == value


def test_every_control_character_is_written_as_rfc_8785_says() -> None:
    text = "".join(map(chr, range(0xA0))) + "\u2028\u2029\ufeff\uffff溯源😀"
    assert e.encode_json(text) == rfc8785.dumps(text)


@pytest.mark.parametrize(
    "data", [b'"\\u0041"', b' "a"', b'"a" ', b'{"b":1,"a":1}', b'"\\/"', b"-0", b'"\\ud83d\\ude00"']
)
def test_other_forms_of_a_json_text_are_refused(data: bytes) -> None:
    with pytest.raises(e.JsonNotCanonical):
        e.decode_json(data)


@pytest.mark.parametrize("data", [b'{"a":1,"a":1}', b'{"x":{"a":":","a":"\\":"}}', b'[{"k":[],"k":[]}]'])
def test_a_key_named_twice_has_its_own_error(data: bytes) -> None:
    with pytest.raises(e.JsonDuplicateKey):
        e.decode_json(data)


def test_json_errors_have_their_own_codes() -> None:
    cases: list[tuple[bytes, type[Exception]]] = [
        (b"1.0", e.JsonFloat),
        (b'{"a":1e3}', e.JsonFloat),
        (b"null", e.JsonNull),
        (b'{"a":[null]}', e.JsonNull),
        (b"9007199254740992", e.JsonInteger),
        (b"-9007199254740992", e.JsonInteger),
        (b"99999999999999999999999999", e.JsonInteger),
        (b'{"a-b":1}', e.JsonKey),
        (b'{"":1}', e.JsonKey),
        (b'{"a\\n":1}', e.JsonKey),
        (b"[" * 17 + b"1" + b"]" * 17, e.JsonTooDeep),
        (b'{"a":' * 17 + b"1" + b"}" * 17, e.JsonTooDeep),
        (b"", e.JsonMalformed),
        (b"[1,]", e.JsonMalformed),
        (b"NaN", e.JsonMalformed),
        (b'"\\ud800"', e.JsonMalformed),
        (b'"\xff"', e.JsonMalformed),
        (b"[" * 100_000, e.JsonMalformed),
    ]
    for data, error in cases:
        with pytest.raises(error) as caught:
            e.decode_json(data)
        assert caught.type is error, data


def test_values_json_cannot_hold_are_refused() -> None:
    for value, error in [
        (1.5, e.JsonFloat),
        (b"a", e.JsonType),
        ("\ud800", e.JsonType),
        ({1: 2}, e.JsonKey),
        ((1,), e.JsonType),
    ]:
        with pytest.raises(error):
            e.encode_json(value)
    with pytest.raises(e.JsonType):
        e.decode_json_object(b"[]")


@given(st.binary(max_size=80))
def test_base64url_goes_round(data: bytes) -> None:
    assert e.decode_base64url(e.base64url(data), len(data)) == data


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "A+==", "AA/A", "é", "AAAA\n", " AAAA", "AAAAA"])
def test_bad_base64url_is_refused(text: str) -> None:
    with pytest.raises(e.Base64Malformed):
        e.decode_base64url(text)


def test_sizes_and_digests_are_checked() -> None:
    with pytest.raises(e.Base64Malformed):
        e.decode_base64url("AAAA", 4)
    assert e.decode_digest("0a" * 32) == b"\x0a" * 32
    for text in ("0A" * 32, "0a" * 31, "0a" * 32 + "\n"):
        with pytest.raises(e.DigestMalformed):
            e.decode_digest(text)
    with pytest.raises(e.WrongSize, match="salt has 2 bytes instead of 3"):
        e.require_size(b"ab", 3, "salt")
