"""Bulk statements: inserts from tuples and look-ups of many keys, as driver SQL (docs/architecture.md).

SQLAlchemy compiles each statement once; the rows then go to the driver as they are. Look-ups by several columns join
a CTE of VALUES, because an IN over row values scans the table in SQLite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final, TypeAlias, cast

from sqlalchemy import Connection, Dialect, Table, insert

Value: TypeAlias = int | str | bytes | None
Row: TypeAlias = tuple[Value, ...]

LOOKUP_ROWS: Final = 4_000
"""Keys of one look-up statement; the drivers allow 32,766 parameters."""


@cache
def _insert_sql(table: Table, dialect: Dialect) -> str:
    columns = [column.name for column in table.columns]
    return str(insert(table).values(dict.fromkeys(columns)).compile(dialect=dialect, column_keys=columns))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows whose values stand in the order of the table's columns."""
    if rows:
        connection.exec_driver_sql(_insert_sql(table, connection.dialect), cast("list[tuple[Value, ...]]", list(rows)))


def upsert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace the other columns where the primary key exists already."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    change = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in others) if others else "NOTHING"
    sql = f"{_insert_sql(table, connection.dialect)} ON CONFLICT ({', '.join(keys)}) DO {change}"
    connection.exec_driver_sql(sql, cast("list[tuple[Value, ...]]", list(rows)))


def delete_rows(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    """Delete the rows with these primary keys."""
    if keys:
        mark = _mark(connection)
        where = " AND ".join(f"{column.name} = {mark}" for column in table.primary_key)
        sql = f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608  # names come from the schema, never from input
        connection.exec_driver_sql(sql, cast("list[tuple[Value, ...]]", list(keys)))


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def look_up(
    connection: Connection, sql: Callable[[str], str], keys: Sequence[Row], constants: Row = ()
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of a look-up by many keys, `LOOKUP_ROWS` at a time.

    `sql(values)` returns the statement; `values` stands for `VALUES (?, …), …` over the keys. It must come before the
    marks of `constants`, which are written as `{mark}` in the statement.
    """
    mark = _mark(connection)
    for start in range(0, len(keys), LOOKUP_ROWS):
        part = keys[start : start + LOOKUP_ROWS]
        group = "(" + ", ".join([mark] * len(part[0])) + ")"
        statement = sql("VALUES " + ", ".join([group] * len(part))).replace("{mark}", mark)
        parameters = tuple(value for key in part for value in key) + constants
        yield from cast("list[tuple[object, ...]]", connection.exec_driver_sql(statement, parameters).fetchall())
