"""Record commitments and disclosures, against a slow and separate reading of the format."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256, shake_256

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import commitment as c
from ledger.disclosing import disclose
from ledger.disclosure import Disclosure, DisclosureMalformed, DisclosureMismatch, verify_disclosure
from ledger.encoding import MAX_SAFE_INTEGER, WrongSize, encode_json
from ledger.errors import ProofError

NAMES = tuple(f"field_{n}" for n in range(21))
FORM = c.RecordForm("A01", 3, NAMES)
KEY = bytes(range(32))
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
RECORDS = st.dictionaries(st.sampled_from(NAMES), VALUES)


def slow_root(hashes: list[bytes]) -> bytes:
    """Return the RFC 9162 root by its recursive definition."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01" + slow_root(hashes[:split]) + slow_root(hashes[split:])).digest()


@given(RECORDS, st.binary(min_size=32, max_size=32), st.integers(1, len(NAMES)))
def test_a_commitment_is_what_the_format_says(values: dict[str, c.FieldValue], key: bytes, width: int) -> None:
    names = NAMES[:width]
    values = {name: value for name, value in values.items() if name in names}
    stream = shake_256(b"suyuan/salts\x00" + key).digest(32 * (width + 1))
    salts = [stream[n : n + 32] for n in range(0, len(stream), 32)]
    entries: list[list[object]] = [["suyuan/record", 1, "A01", 3, salts[0]]]
    for name, salt in zip(names, salts[1:], strict=True):
        entries.append(["suyuan/field", 1, name, salt, values.get(name)])
    expected = slow_root([sha256(b"\x00" + cbor2.dumps(entry)).digest() for entry in entries])
    assert c.record_commitment(c.RecordForm("A01", 3, names), key, values) == expected
    assert c.derive_salts(key, width + 1) == tuple(salts)


def test_one_and_true_are_two_values() -> None:
    assert c.record_commitment(FORM, KEY, {"field_0": 1}) != c.record_commitment(FORM, KEY, {"field_0": True})


@given(RECORDS, st.sets(st.sampled_from(NAMES)))
def test_disclosed_fields_verify_and_go_round(values: dict[str, c.FieldValue], names: set[str]) -> None:
    commitment = c.record_commitment(FORM, KEY, values)
    shown = disclose(FORM, KEY, values, sorted(names))
    again = Disclosure.from_json(shown.to_json())
    assert again == shown
    assert verify_disclosure(again, commitment, FORM) == {name: values.get(name) for name in names}
    text = encode_json(shown.to_json())
    for index, salt in enumerate(c.derive_salts(KEY, FORM.leaf_count)[1:]):
        assert (c.leaf_indices(FORM, [NAMES[index]])[0] in {field.index for field in shown.fields}) == (
            NAMES[index] in names
        )
        assert NAMES[index] in names or salt.hex().encode() not in text


def test_every_lie_in_a_disclosure_is_found() -> None:
    values: dict[str, c.FieldValue] = {"field_1": "a", "field_2": 5}
    commitment = c.record_commitment(FORM, KEY, values)
    shown = disclose(FORM, KEY, values, ["field_1", "field_2"])
    one, two = shown.fields
    lies = [
        replace(shown, fields=(replace(one, value="b"), two)),
        replace(shown, fields=(one, replace(two, value="5"))),
        replace(shown, fields=(replace(one, name="field_3"), two)),
        replace(shown, fields=(replace(one, salt=bytes(32)), two)),
        replace(shown, fields=(replace(one, index=3), two)),
        replace(shown, fields=(replace(one, path=one.path[1:]), two)),
        replace(shown, fields=(two, one)),
        replace(shown, fields=(one, one)),
        replace(shown, item="A02"),
        replace(shown, version=4),
        replace(shown, size=50),
        replace(shown, salt=bytes(32)),
    ]
    for lie in lies:
        with pytest.raises(ProofError):
            verify_disclosure(lie, commitment)
        with pytest.raises(ProofError):
            verify_disclosure(lie, commitment, FORM)
    with pytest.raises(ProofError):
        verify_disclosure(shown, bytes(32))


def test_the_catalogue_decides_the_form() -> None:
    commitment = c.record_commitment(FORM, KEY, {})
    shown = disclose(FORM, KEY, {}, ["field_1"])
    others = [
        c.RecordForm("A02", 3, NAMES),
        c.RecordForm("A01", 4, NAMES),
        c.RecordForm("A01", 3, NAMES[:-1]),
        c.RecordForm("A01", 3, NAMES[::-1]),
    ]
    for form in others:
        with pytest.raises(DisclosureMismatch):
            verify_disclosure(shown, commitment, form)


def test_malformed_disclosures() -> None:
    good = disclose(FORM, KEY, {"field_1": 1}, ["field_1"]).to_json()
    field = good["fields"]
    assert isinstance(field, list)
    assert isinstance(field[0], dict)
    bad: list[dict[str, object]] = [
        {**good, "v": 2},
        {**good, "v": True},
        {**good, "more": 1},
        {**good, "item": 1},
        {**good, "size": "22"},
        {**good, "catalogue": -1},
        {**good, "salt": 1},
        {**good, "path": "x"},
        {**good, "path": [1]},
        {**good, "path": ["0" * 64] * 64},
        {**good, "fields": {}},
        {**good, "fields": [1]},
        {**good, "fields": [{**field[0], "more": 1}]},
        {**good, "fields": [{**field[0], "index": True}]},
    ]
    for value in bad:
        with pytest.raises(DisclosureMalformed):
            Disclosure.from_json(value)
    with pytest.raises(c.RecordFieldValue):
        Disclosure.from_json({**good, "fields": [{**field[0], "value": []}]})


def test_records_out_of_form() -> None:
    with pytest.raises(c.RecordFieldUnknown, match="no field other"):
        c.record_commitment(FORM, KEY, {"other": 1})
    with pytest.raises(c.RecordFieldUnknown):
        disclose(FORM, KEY, {}, ["other"])
    bad: tuple[object, ...] = (1.5, 2**53, b"x", [], "\ud800")
    for value in bad:
        with pytest.raises(c.RecordFieldValue):
            c.record_commitment(FORM, KEY, {"field_1": value})  # type: ignore[dict-item]
    for names in ((), ("a", "a"), tuple(str(n) for n in range(c.MAX_FIELDS + 1))):
        with pytest.raises(c.RecordFormError):
            c.RecordForm("A01", 1, names)
    for call in (
        lambda: c.record_commitment(FORM, b"", {}),
        lambda: c.derive_salts(b"", 1),
        lambda: c.encode_field_leaf("a", b"", 1),
        lambda: c.encode_record_leaf("a", 1, b""),
    ):
        with pytest.raises(WrongSize):
            call()
