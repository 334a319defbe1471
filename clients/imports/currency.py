"""Money of a file as whole minor units: exact decimals, never floats."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

from clients.imports.errors import AmountUnusable
from ledger.kinds.fields import MAX_SAFE_INTEGER

USUAL_EXPONENT: Final = 2
_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: Final[Mapping[str, int]] = MappingProxyType(
    {currency: exponent for exponent, names in _BY_EXPONENT.items() for currency in names.split()}
)
"""Currencies whose minor unit is not a hundredth, with the number of decimals (ISO 4217, table A.1)."""


def minor_units(amount: Decimal | int, currency: str, place: str = "") -> int:
    """Return an amount in whole minor units of its currency.

    Raises `AmountUnusable` for a fraction of a minor unit, for a name that is no currency code, and beyond 2^53 - 1.
    """
    wrong = AmountUnusable(amount=str(amount), currency=currency, place=place)
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise wrong
    try:
        scaled = Decimal(amount).scaleb(EXPONENTS.get(currency, USUAL_EXPONENT))
        units = int(scaled)
    except (InvalidOperation, ValueError, OverflowError):
        raise wrong from None
    if units != scaled or abs(units) > MAX_SAFE_INTEGER:
        raise wrong
    return units
