"""Looking for raw identifiers of persons in the strings of a payload (rule REC-6).

Found are resident numbers of 18 characters (GB 11643, check character and day valid) and of 15 digits, mainland mobile
numbers, Chinese passport numbers, and bank card numbers (ISO/IEC 7812, Luhn). The look is at meaning, not at looks:
digests, references, key material and organisations' codes hold long runs of digits by chance and are passed over. A
number that is hidden on purpose, spelt out or encrypted, is not found; the rule stops mistakes, not intent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.codes import USCC_LENGTH, check_resident_number, check_uscc
from ledger.errors import FormError

RESIDENT_NUMBER: Final = "resident_number"
MOBILE_NUMBER: Final = "mobile_number"
PASSPORT_NUMBER: Final = "passport_number"
BANK_CARD_NUMBER: Final = "bank_card_number"
OPAQUE_LENGTH: Final = 32
"""A run of letters, digits, `-` and `_` of this length that has a letter is key material or a digest."""

_DIGEST = re.compile(r"[0-9a-f]{64}(?::[0-9]{1,8})?")
_SUSPICIOUS = re.compile(r"[0-9](?:[ -]?[0-9]){6}")
_TOKEN = re.compile(r"[0-9A-Za-z_-]+")
_LETTER = re.compile(r"[A-Za-z]")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_RESIDENT_18 = re.compile(r"(?<![0-9])[0-9]{6}[ -]?[0-9]{8}[ -]?[0-9]{3}[0-9Xx](?![0-9])")
_RESIDENT_15 = re.compile(r"(?<![0-9A-Za-z])[1-8][0-9]{14}(?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<![0-9A-Za-z])(?:(?:\+|00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9A-Za-z])")
_PASSPORT = re.compile(r"(?<![0-9A-Za-z])(?:[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[DSP]E[0-9]{7})(?![0-9A-Za-z])")
_CARD = re.compile(r"(?<![0-9A-Za-z])[3-69](?:[ -]?[0-9]){15,18}(?![0-9A-Za-z])")
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a raw identifier stands (`payload` members joined by points, list positions in brackets) and its kind."""

    path: str
    kind: str


def scan_identifiers(payload: object) -> Hit | None:
    """Return the first raw identifier of a person in the strings of a JSON value, or None when there is none."""
    return _scan(payload, "")


def _scan(value: object, path: str) -> Hit | None:
    if isinstance(value, str):
        kind = find_identifier(value)
        return None if kind is None else Hit(path, kind)
    if isinstance(value, dict):
        for name, item in value.items():
            hit = _scan(item, f"{path}.{name}" if path else str(name))
            if hit is not None:
                return hit
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            hit = _scan(item, f"{path}[{position}]")
            if hit is not None:
                return hit
    return None


def find_identifier(text: str) -> str | None:
    """Return the kind of the first raw identifier of a person in `text`, or None."""
    if _DIGEST.fullmatch(text) is not None:
        return None
    # Full-width digits and letters are the same number to a reader.
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if _SUSPICIOUS.search(plain) is None:
        return None
    return _find_in(_TOKEN.sub(_blank_if_opaque, plain))


def _find_in(plain: str) -> str | None:
    if any(_is_resident(number) for number in _numbers(_RESIDENT_18, plain)):
        return RESIDENT_NUMBER
    if any(_is_old_resident(number) for number in _numbers(_RESIDENT_15, plain)):
        return RESIDENT_NUMBER
    if _MOBILE.search(plain) is not None:
        return MOBILE_NUMBER
    if any(not _is_day(number[1:]) for number in _numbers(_PASSPORT, plain)):
        return PASSPORT_NUMBER
    if any(_passes_luhn(number) for number in _numbers(_CARD, plain)):
        return BANK_CARD_NUMBER
    return None


def _numbers(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield what the pattern finds, without the blanks and hyphens inside."""
    return (found[0].replace(" ", "").replace("-", "") for found in pattern.finditer(text))


def _blank_if_opaque(token: re.Match[str]) -> str:
    """Take out a token that cannot be read as a number: an organisation's code, a UUID, key material."""
    text = token[0]
    if _UUID.fullmatch(text) is not None or (len(text) >= OPAQUE_LENGTH and _LETTER.search(text) is not None):
        return "#"
    if len(text) != USCC_LENGTH:
        return text
    try:
        check_uscc(text)
    except FormError:
        return text
    return "#"


def _is_resident(number: str) -> bool:
    try:
        check_resident_number(number.upper())
    except FormError:
        return False
    return 1850 <= int(number[6:10]) <= 2150


def _is_old_resident(number: str) -> bool:
    return number[:2] in _PROVINCES and _is_day("19" + number[6:12])


def _is_day(digits: str) -> bool:
    """Say whether eight digits are a day from 1900 to 2099; ids often are a letter and a day."""
    if not digits.isdigit() or len(digits) != 8 or digits[:2] not in ("19", "20"):
        return False
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _passes_luhn(number: str) -> bool:
    """Say whether the last digit is the ISO/IEC 7812-1 annex B check digit of those before it."""
    total = 0
    for position, character in enumerate(reversed(number)):
        digit = int(character)
        if position % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0
