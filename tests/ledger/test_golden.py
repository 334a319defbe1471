"""Every byte of the formats is pinned by the files in `tests/vectors/`."""

from __future__ import annotations

import json

import pytest

from ledger.errors import SuyuanError
from ledger.keys import PublicKey
from ledger.merkle import root_of
from ledger.receipt import parse_inclusion_receipt, strip_receipts, verify_inclusion_receipt
from ledger.statement import decode_statement, verify_statement
from tests.ledger.golden import FOLDER, build, render


@pytest.mark.parametrize("name", sorted(build()))
def test_the_bytes_have_not_changed(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == render(build()[name])


def test_what_is_in_the_files_verifies() -> None:
    for case in json.loads((FOLDER / "statement.json").read_text(encoding="utf-8"))["cases"]:
        statement = decode_statement(bytes.fromhex(case["statement"]))
        verify_statement(statement, PublicKey.from_json(case["public_key"]))
        assert statement.statement_id == case["statement_id"]
    receipts = json.loads((FOLDER / "receipt.json").read_text(encoding="utf-8"))
    statement_bytes, attached = strip_receipts(bytes.fromhex(receipts["transparent_statement_4"]))
    assert statement_bytes.hex() == receipts["entries"][4]
    receipt, leaf = parse_inclusion_receipt(attached[0]), decode_statement(statement_bytes).leaf
    root = verify_inclusion_receipt(receipt, leaf, PublicKey.from_json(receipts["log_key"]))
    assert root.hex() == receipts["root"]
    for case in json.loads((FOLDER / "commitment.json").read_text(encoding="utf-8"))["cases"]:
        assert root_of([bytes.fromhex(leaf) for leaf in case["leaf_hashes"]]).hex() == case["commitment"]


def test_codes_are_unique_and_speak_both_languages() -> None:
    seen: dict[str, type[SuyuanError]] = {}
    waiting: list[type[SuyuanError]] = list(SuyuanError.__subclasses__())
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        if not error.__module__.startswith("ledger.") or "code" not in vars(error):
            continue
        assert seen.setdefault(error.code, error) is error, error.code
        for text in (error.what, error.next_step):
            assert text.en
            assert text.zh
    assert len(seen) > 60
