"""The migrations build exactly the schema that the code uses, and running them again changes nothing."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from node.store.migrate import upgrade
from node.store.schema import metadata
from node.store.sqlite import open_writer
from tests.node.stored_world import StoredWorld
from tests.world import digest_of


def test_migrations_give_the_schema(tmp_path: Path) -> None:
    engine = open_writer(tmp_path / "m.db")
    upgrade(engine)
    upgrade(engine)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        migrated = _definitions(connection.exec_driver_sql(_DEFINITIONS).all())
    engine.dispose()
    direct = create_engine("sqlite://")
    with direct.begin() as connection:
        metadata.create_all(connection)
        assert migrated == _definitions(connection.exec_driver_sql(_DEFINITIONS).all())
    direct.dispose()


_DEFINITIONS = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"


def _definitions(rows: object) -> dict[str, str]:
    # Only blanks differ between the two ways to write a table.
    return {str(name): "".join(str(sql).split()) for name, sql in rows}  # type: ignore[attr-defined]


def test_the_database_keeps_commits(tmp_path: Path) -> None:
    engine = open_writer(tmp_path / "m.db")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 0
    engine.dispose()


def test_records_from_before_are_found_by_their_subject(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    subject = {"class": "enterprise", "value": digest_of("tag"), "epoch": 1}
    record = world.do("source", "record.submit", world.record(subject=subject))
    world.do("source", "record.submit", world.record("credit_person"))
    world.do("source", "record.batch", world.batch(10, "penalty", ("n1",)))
    world.store.close()
    engine = open_writer(world.data.database)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE subject")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    upgrade(engine)
    with engine.begin() as connection:
        found = connection.exec_driver_sql("SELECT value FROM subject").scalars().all()
    engine.dispose()
    assert found == [bytes.fromhex(digest_of("tag"))]
    reader = world.reader()
    assert reader.records_by_subject([digest_of("tag")], world.head.size) == [record]
    reader.close()
