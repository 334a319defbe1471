"""Erasing from a vault, so that nothing of it can be read from the file any more.

Destroyed are values, record keys, disclosed salts, packages, content keys and one-time keys of the references. SQLite
overwrites what is deleted with zeros (`secure_delete`) and the write-ahead log is cut to nothing afterwards. Other
databases delete; overwriting and their backups are their operator's duty. What is on the ledger stays as it is.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete, select

from clients.vault.rows import Erased
from clients.vault.schema import disclosures, one_time_keys, packages, records
from clients.vault.vault import Vault, range_chunks, rows_in
from ledger.encoding import decode_json
from ledger.references import ReferenceSet


def erase(vault: Vault, references: ReferenceSet) -> Erased:
    """Destroy everything the vault holds of `references` and return what was destroyed.

    A package that holds one of them is destroyed whole, and so is the one-time key of such a hand-over.
    """
    with vault.engine.begin() as connection:
        erased = Erased(
            records=_erase_rows(connection, records, references),
            disclosures=_erase_rows(connection, disclosures, references),
            packages=_erase_holding(connection, packages, "digest", references),
            one_time_keys=len(_erase_holding(connection, one_time_keys, "offer", references)),
        )
    flush(vault)
    return erased


def flush(vault: Vault) -> None:
    """Cut SQLite's write-ahead log to nothing, so that no earlier page survives in it."""
    if vault.engine.dialect.name == "sqlite":
        with vault.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _erase_rows(connection: Connection, table: Table, references: ReferenceSet) -> int:
    erased = 0
    for statement_id, ranges in references.entries:
        for some in range_chunks(ranges):
            query = delete(table).where(table.c.statement_id == statement_id, rows_in(table, some))
            erased += connection.execute(query).rowcount
    return erased


def _erase_holding(connection: Connection, table: Table, name: str, references: ReferenceSet) -> tuple[str, ...]:
    """Delete the rows of `table` whose own reference set meets `references`; return their names."""
    column = table.c[name]
    found = [
        str(key)
        for key, text in connection.execute(select(column, table.c.references).order_by(column)).all()
        if ReferenceSet.from_json(decode_json(text.encode("ascii"))).intersection(references)
    ]
    for key in found:
        connection.execute(delete(table).where(column == key))
    return tuple(found)
