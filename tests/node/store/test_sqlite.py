"""The write-ahead log: copied back without waiting for readers, and never growing without bound."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from node.store.migrate import upgrade
from node.store.rows import insert_rows
from node.store.schema import LEAF
from node.store.sqlite import IDLE_CHECKPOINT_BYTES, checkpoint_wal, open_reader, open_writer, wal_bytes


def test_the_log_is_copied_back_and_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    writer, reader = open_writer(path), open_reader(path)
    upgrade(writer)
    for round_ in range(4):
        with writer.begin() as connection:
            insert_rows(connection, LEAF, [(round_ * 1000 + at, bytes(32), bytes(9000)) for at in range(600)])
        assert wal_bytes(path) > IDLE_CHECKPOINT_BYTES
        with reader.connect() as held, held.begin():
            count = held.exec_driver_sql("SELECT count(*) FROM leaf").scalar_one()
            began = time.perf_counter()
            checkpoint_wal(writer)
            assert time.perf_counter() - began < 2
            assert held.exec_driver_sql("SELECT count(*) FROM leaf").scalar_one() == count
        checkpoint_wal(writer)
    with writer.begin() as connection:
        insert_rows(connection, LEAF, [(10_000, bytes(32), b"")])
    assert wal_bytes(path) <= IDLE_CHECKPOINT_BYTES
    writer.dispose()
    reader.dispose()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    writer, reader = open_writer(path), open_reader(path)
    upgrade(writer)
    with pytest.raises(OperationalError), reader.begin() as connection:
        insert_rows(connection, LEAF, [(0, bytes(32), b"")])
    writer.dispose()
    reader.dispose()
