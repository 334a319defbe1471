"""Delivered content: leaves, order, root, key commitment."""

from __future__ import annotations

from hashlib import sha256

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import content as c
from ledger.commitment import RecordFieldValue, RecordForm
from ledger.disclosing import disclose
from ledger.encoding import WrongSize
from ledger.merkle import EMPTY_ROOT
from ledger.references import Reference
from tests.ledger.test_commitment import slow_root

A, B = "a" * 64, "b" * 64
FIELD = ("name", bytes(32), "value")


@given(
    st.sets(st.integers(0, 300), min_size=1, max_size=20),
    st.booleans() | st.none() | st.text(max_size=5, alphabet="ab"),
)
def test_the_root_is_over_the_rows_in_order(rows: set[int], value: bool | str | None) -> None:
    made = [c.ContentRow(Reference(A, row), (FIELD, ("other", b"s" * 32, value))) for row in sorted(rows)]
    leaves = [
        ["suyuan/content", 1, f"{A}:{row}", [["name", bytes(32), "value"], ["other", b"s" * 32, value]]]
        for row in sorted(rows)
    ]
    assert c.content_root(made) == slow_root([sha256(b"\x00" + cbor2.dumps(leaf)).digest() for leaf in leaves])


def test_order_is_by_id_then_by_number() -> None:
    def row(statement_id: str, number: int | None) -> c.ContentRow:
        return c.ContentRow(Reference(statement_id, number), (FIELD,))

    c.content_root([row(A, 2), row(A, 10), row(B, None)])
    for rows in ([row(A, 10), row(A, 2)], [row(A, 2), row(A, 2)], [row(B, None), row(A, 1)]):
        with pytest.raises(c.ContentOrder):
            c.content_root(rows)
    assert c.content_root([]) == EMPTY_ROOT


def test_a_row_delivers_what_a_disclosure_shows() -> None:
    shown = disclose(RecordForm("A01", 1, ("a", "b", "c")), bytes(32), {"a": 1, "c": "x"}, ["c", "a"])
    row = c.ContentRow.of(Reference(A, 0), shown)
    assert [(name, value) for name, _, value in row.fields] == [("a", 1), ("c", "x")]
    assert [salt for _, salt, _ in row.fields] == [field.salt for field in shown.fields]


def test_bad_fields() -> None:
    with pytest.raises(WrongSize):
        c.content_leaf(c.ContentRow(Reference(A), (("a", b"", 1),)))
    with pytest.raises(RecordFieldValue):
        c.content_leaf(c.ContentRow(Reference(A), (("a", bytes(32), 2**53),)))


def test_key_commitment() -> None:
    assert c.content_key_commitment(b"k" * 32) == sha256(b"suyuan/content-key\x00" + b"k" * 32).digest()
    with pytest.raises(WrongSize):
        c.content_key_commitment(b"k")
