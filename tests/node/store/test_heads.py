"""The last signed head: forward only, and one root for one size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from node.errors import SignedHeadConflict
from node.store.heads import advance_signed, read_signed
from node.store.migrate import upgrade
from node.store.rows import insert_rows
from node.store.schema import SIGNED_HEAD
from node.store.sqlite import open_writer


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_writer(tmp_path / "h.db")
    upgrade(engine)
    with engine.begin() as connection:
        insert_rows(connection, SIGNED_HEAD, [(1, 0, b"")])
        yield connection
    engine.dispose()


def test_a_second_root_for_one_size_is_refused(connection: Connection) -> None:
    advance_signed(connection, 7, b"a" * 32)
    advance_signed(connection, 7, b"a" * 32)
    with pytest.raises(SignedHeadConflict) as caught:
        advance_signed(connection, 7, b"b" * 32)
    assert caught.value.params == {"signed": 7, "size": 7}
    assert read_signed(connection) == (7, b"a" * 32)


def test_an_older_size_is_refused(connection: Connection) -> None:
    advance_signed(connection, 7, b"a" * 32)
    with pytest.raises(SignedHeadConflict):
        advance_signed(connection, 6, b"c" * 32)
    advance_signed(connection, 8, b"c" * 32)
    assert read_signed(connection) == (8, b"c" * 32)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from([b"a" * 32, b"b" * 32])), max_size=12))
def test_what_was_signed_never_contradicts_itself(connection: Connection, heads: list[tuple[int, bytes]]) -> None:
    connection.exec_driver_sql("UPDATE signed_head SET size = 0, root = x''")
    signed: list[tuple[int, bytes]] = []
    for size, root in heads:
        try:
            advance_signed(connection, size, root)
        except SignedHeadConflict:
            continue
        signed.append((size, root))
    assert signed == sorted(signed, key=lambda head: head[0])
    assert len({size for size, _ in signed}) == len(set(signed))
