"""Codes with check digits; every code here is fictional (region 000000)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import codes as c
from ledger.errors import FormError

GOOD = "91000000000000019G"


@given(st.integers(0, c.MAX_FICTIONAL_SERIAL))
def test_fictional_codes_pass_and_any_changed_character_fails(serial: int) -> None:
    code = c.check_uscc(c.fictional_uscc(serial))
    assert code[2:8] == c.FICTIONAL_REGION
    for position in range(len(code)):
        other = "1" if code[position] != "1" else "2"
        with pytest.raises(FormError):
            c.check_uscc(code[:position] + other + code[position + 1 :])


@given(st.integers(0, 9_999_999))
def test_fictional_resident_numbers_pass(serial: int) -> None:
    number = c.check_resident_number(c.fictional_resident_number(serial))
    swapped = number[:-1] + ("0" if number[-1] != "0" else "1")
    with pytest.raises(c.CodeCheckDigit):
        c.check_resident_number(swapped)


def test_every_registry_and_type() -> None:
    for registry in c.ALPHABET:
        for kind in c.ALPHABET:
            if kind in c.REGISTRY_TYPES.get(registry, ""):
                c.fictional_uscc(7, registry, kind)
            else:
                with pytest.raises(c.CodeRegistry):
                    c.fictional_uscc(7, registry, kind)


def test_errors_name_the_wrong_position() -> None:
    cases: list[tuple[str, type[FormError], int]] = [
        ("I" + GOOD[1:], c.CodeCharacter, 1),
        (GOOD[:4] + "A" + GOOD[5:], c.CodeCharacter, 5),
        (GOOD[:5] + "o" + GOOD[6:], c.CodeCharacter, 6),
        ("B" + GOOD[1:], c.CodeRegistry, 1),
        ("94" + GOOD[2:], c.CodeRegistry, 2),
        (GOOD[:-1] + "H", c.CodeCheckDigit, 18),
    ]
    for code, error, position in cases:
        with pytest.raises(error) as caught:
            c.check_uscc(code)
        assert caught.value.params["position"] == position
    body = GOOD[:16] + "8"
    with pytest.raises(c.OrganisationCheckDigit) as inner:
        c.check_uscc(body + c.uscc_check_digit(body))
    assert inner.value.params["position"] == 17


def test_lengths() -> None:
    for check in (c.check_uscc, c.check_organisation_code, c.check_resident_number, c.uscc_check_digit):
        with pytest.raises(c.CodeLength):
            check("1")
    with pytest.raises(c.CodeLength):
        c.organisation_check_digit("1")
    with pytest.raises(c.CodeLength):
        c.resident_check_digit("1")


def test_organisation_codes() -> None:
    # Worked by hand: 3·13 + 2·1 = 41, 11 − 41 mod 11 = 3; and a sum that leaves 1 gives X, one that leaves 0 gives 0.
    assert c.check_organisation_code("D00000013") == "D00000013"
    assert {c.organisation_check_digit(f"{n:08d}") for n in range(40)} == set("0123456789X")
    with pytest.raises(c.OrganisationCheckDigit):
        c.check_organisation_code("D00000014")
    with pytest.raises(c.CodeCharacter) as caught:
        c.check_organisation_code("D0000-013")
    assert caught.value.params["position"] == 6


def test_resident_numbers() -> None:
    for number, error in [
        ("00000019501301000X", c.CodeDate),
        ("00000a195001010000", c.CodeCharacter),
        ("00000019500101000x", c.CodeCharacter),
        ("٠" * 18, c.CodeCharacter),
    ]:
        with pytest.raises(error):
            c.check_resident_number(number)
    with pytest.raises(c.CodeCharacter):
        c.resident_check_digit("x" * 17)
    with pytest.raises(c.CodeCharacter):
        c.uscc_check_digit("I" * 17)


def test_serials_without_a_code() -> None:
    for make in (c.fictional_uscc, c.fictional_resident_number):
        for serial in (-1, 10**9):
            with pytest.raises(c.FictionalSerial):
                make(serial)
