"""The check of unified social credit codes against real, public ones, where they lie beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.codes import CodeCheckDigit, check_uscc

CODES = Path(__file__).parents[2].parent / "shared" / "data" / "credit" / "uscc_public_codes.txt"


def test_real_codes_pass() -> None:
    if not CODES.is_file():
        pytest.skip(f"the list of public codes is not here: {CODES.name}")
    codes = CODES.read_text(encoding="ascii").split()
    assert len(codes) >= 50
    for code in codes:
        check_uscc(code)


def test_a_real_code_with_a_wrong_check_digit_fails() -> None:
    with pytest.raises(CodeCheckDigit) as caught:
        check_uscc("91110000600037341N")
    assert caught.value.params == {"position": 18, "found": "N", "wanted": "L"}
