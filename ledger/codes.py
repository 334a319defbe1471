"""Codes with check digits: organisations (GB 32100-2015, GB 11714-1997) and residents (GB 11643-1999).

A check returns the code it checked, or raises an error that names the position that is wrong (counted from 1).
Fictional codes for examples and tests pass every check and carry region 000000, which no registry assigns.
"""

from __future__ import annotations

import re
from datetime import date

from ledger.errors import FormError, Text

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a unified social credit code; I, O, S, V and Z are left out (GB 32100 section 4)."""
USCC_LENGTH = 18
ORGANISATION_CODE_LENGTH = 9
RESIDENT_NUMBER_LENGTH = 18
FICTIONAL_REGION = "000000"
MAX_FICTIONAL_SERIAL = 99_999_999

REGISTRY_TYPES: dict[str, str] = {
    "1": "1239",
    "2": "19",
    "3": "123459",
    "4": "19",
    "5": "1239",
    "6": "129",
    "7": "129",
    "8": "19",
    "9": "123",
    "A": "19",
    "N": "1239",
    "Y": "1",
}
"""Registering authority (character 1) to the organisation types (character 2) that it registers."""

_USCC_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, position, 31) for position in range(USCC_LENGTH - 1))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_WEIGHTS = tuple(pow(2, 17 - position, 11) for position in range(RESIDENT_NUMBER_LENGTH - 1))
_RESIDENT_CHECKS = "10X98765432"
_ORGANISATION_BODY = re.compile(r"[0-9A-Z]{8}")
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")


class CodeLength(FormError):
    """A code of the wrong length."""

    code = "form.code.length"
    what = Text("The code has {found} characters instead of {wanted}.", "代码应为 {wanted} 位，实际 {found} 位。")


class CodeCharacter(FormError):
    """A character that the code's alphabet does not have."""

    code = "form.code.character"
    what = Text("Character {position} of the code is not allowed there.", "代码第 {position} 位字符不合法。")


class CodeRegistry(FormError):
    """A registry and type that do not go together."""

    code = "form.code.registry"
    what = Text(
        "Character {position} of the code: no such registering authority or organisation type.",
        "代码第 {position} 位：登记管理部门或机构类别不存在。",
    )


class CodeCheckDigit(FormError):
    """The check digit of a unified social credit code or a resident number is wrong."""

    code = "form.code.check_digit"
    what = Text(
        "The check digit (character {position}) of the code is {found} but must be {wanted}.",
        "代码校验码（第 {position} 位）为 {found}，应为 {wanted}。",
    )
    next_step = Text("Compare the code with the licence.", "请与登记证照核对代码。")


class OrganisationCheckDigit(FormError):
    """The check digit of an organisation code is wrong, alone or inside a unified social credit code."""

    code = "form.code.organisation_check_digit"
    what = Text(
        "The organisation code's check digit (character {position}) is {found} but must be {wanted}.",
        "组织机构代码校验码（第 {position} 位）为 {found}，应为 {wanted}。",
    )
    next_step = Text("Compare the code with the licence.", "请与登记证照核对代码。")


class CodeDate(FormError):
    """The birth date in a resident number is no day of the calendar."""

    code = "form.code.date"
    what = Text("Characters 7 to 14 of the number are no day.", "号码第 7 至 14 位不是有效日期。")


class FictionalSerial(FormError):
    """A serial number that has no fictional code."""

    code = "form.code.serial"
    what = Text("Serial {serial} has no fictional code.", "序号 {serial} 没有对应的虚构代码。")


def uscc_check_digit(body: str) -> str:
    """Return the 18th character for the first 17 (GB 32100-2015 section 5); raises `CodeLength`, `CodeCharacter`."""
    if len(body) != USCC_LENGTH - 1:
        raise CodeLength(found=len(body), wanted=USCC_LENGTH - 1)
    total = 0
    for position, character in enumerate(body):
        value = _USCC_VALUES.get(character)
        if value is None:
            raise CodeCharacter(position=position + 1)
        total += value * _USCC_WEIGHTS[position]
    return ALPHABET[(31 - total % 31) % 31]


def organisation_check_digit(body: str) -> str:
    """Return the 9th character for the first 8 (GB 11714-1997); raises `CodeLength`, `CodeCharacter`."""
    if len(body) != ORGANISATION_CODE_LENGTH - 1:
        raise CodeLength(found=len(body), wanted=ORGANISATION_CODE_LENGTH - 1)
    if _ORGANISATION_BODY.fullmatch(body) is None:
        raise CodeCharacter(position=_first_other(body, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    check = 11 - total % 11
    return "X" if check == 10 else "0" if check == 11 else str(check)


def _first_other(text: str, alphabet: str) -> int:
    """Return the position, from 1, of the first character of `text` outside `alphabet`."""
    return next(position for position, character in enumerate(text, 1) if character not in alphabet)


def check_organisation_code(code: str) -> str:
    """Return `code` if it is a valid organisation code of 9 characters without a hyphen.

    Raises `CodeLength`, `CodeCharacter` or `OrganisationCheckDigit`.
    """
    if len(code) != ORGANISATION_CODE_LENGTH:
        raise CodeLength(found=len(code), wanted=ORGANISATION_CODE_LENGTH)
    wanted = organisation_check_digit(code[:-1])
    if code[-1] != wanted:
        raise OrganisationCheckDigit(position=ORGANISATION_CODE_LENGTH, found=code[-1], wanted=wanted)
    return code


def check_uscc(code: str) -> str:
    """Return `code` if it is a valid unified social credit code (GB 32100-2015).

    Raises `CodeLength`, `CodeCharacter`, `CodeRegistry`, `OrganisationCheckDigit` or `CodeCheckDigit`.
    """
    if len(code) != USCC_LENGTH:
        raise CodeLength(found=len(code), wanted=USCC_LENGTH)
    if any(character not in _USCC_VALUES for character in code):
        raise CodeCharacter(position=_first_other(code, ALPHABET))
    types = REGISTRY_TYPES.get(code[0])
    if types is None:
        raise CodeRegistry(position=1)
    if code[1] not in types:
        raise CodeRegistry(position=2)
    if not (code[2:8].isascii() and code[2:8].isdigit()):
        raise CodeCharacter(position=2 + _first_other(code[2:8], "0123456789"))
    wanted = uscc_check_digit(code[:-1])
    if code[-1] != wanted:
        raise CodeCheckDigit(position=USCC_LENGTH, found=code[-1], wanted=wanted)
    inner = organisation_check_digit(code[8:16])
    if code[16] != inner:
        raise OrganisationCheckDigit(position=17, found=code[16], wanted=inner)
    return code


def fictional_uscc(serial: int, registry: str = "9", kind: str = "1") -> str:
    """Return the fictional code number `serial` (0 to `MAX_FICTIONAL_SERIAL`) with region 000000 and valid checks.

    Raises `FictionalSerial`, or `CodeRegistry` where registry and type do not go together.
    """
    if not 0 <= serial <= MAX_FICTIONAL_SERIAL:
        raise FictionalSerial(serial=serial)
    inner = f"{serial:08d}"
    body = registry + kind + FICTIONAL_REGION + inner + organisation_check_digit(inner)
    return check_uscc(body + uscc_check_digit(body))


def resident_check_digit(body: str) -> str:
    """Return the 18th character for the first 17 digits of a resident number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if len(body) != RESIDENT_NUMBER_LENGTH - 1:
        raise CodeLength(found=len(body), wanted=RESIDENT_NUMBER_LENGTH - 1)
    if not (body.isascii() and body.isdigit()):
        raise CodeCharacter(position=_first_other(body, "0123456789"))
    return _RESIDENT_CHECKS[sum(int(d) * w for d, w in zip(body, _RESIDENT_WEIGHTS, strict=True)) % 11]


def check_resident_number(number: str) -> str:
    """Return `number` if it is a resident number of 18 characters, `X` in upper case, with a real birth day.

    Raises `CodeLength`, `CodeCharacter`, `CodeDate` or `CodeCheckDigit`.
    """
    if len(number) != RESIDENT_NUMBER_LENGTH:
        raise CodeLength(found=len(number), wanted=RESIDENT_NUMBER_LENGTH)
    if _RESIDENT.fullmatch(number) is None:
        digits = number[:-1]
        inside = not (digits.isascii() and digits.isdigit())
        raise CodeCharacter(position=_first_other(digits, "0123456789") if inside else RESIDENT_NUMBER_LENGTH)
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise CodeDate from error
    wanted = resident_check_digit(number[:-1])
    if number[-1] != wanted:
        raise CodeCheckDigit(position=RESIDENT_NUMBER_LENGTH, found=number[-1], wanted=wanted)
    return number


def fictional_resident_number(serial: int) -> str:
    """Return the fictional resident number `serial` (0 to 9,999,999) with region 000000 and a valid check digit.

    The serial's last three digits are the order of the day; the rest chooses a day from 1950-01-01 on.
    """
    if not 0 <= serial <= 9_999_999:
        raise FictionalSerial(serial=serial)
    born = date.fromordinal(date(1950, 1, 1).toordinal() + serial // 1000)
    body = f"{FICTIONAL_REGION}{born:%Y%m%d}{serial % 1000:03d}"
    return body + resident_check_digit(body)
