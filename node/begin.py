"""Beginning a node: its keys, then its files and database from a genesis document that names it."""

from __future__ import annotations

from pathlib import Path

from ledger.execution import Head
from ledger.genesis import check_genesis, make_genesis_entry
from ledger.keyfile import Passphrase
from ledger.kinds.genesis import Genesis
from node.errors import AlreadyInitialised
from node.files import DataDirectory, sync_directory, write_atomic
from node.genesis_file import genesis_json
from node.key_store import load_keys, policy_text
from node.store.store import create_store

DRAFT_NAME = "ledger.db.new"
"""The database is made under this name and then renamed, so that a crash leaves no half of a node."""


def begin_node(data: DataDirectory, genesis: Genesis, passphrase: Passphrase | None) -> Head:
    """Write genesis, policy and database of a node whose keys exist; returns the head that holds leaf 0 only.

    Raises `AlreadyInitialised`, `NodeNotInGenesis`, `ConfigError`, or as `ledger.genesis.check_genesis`.
    """
    if data.database.exists():
        raise AlreadyInitialised(path=str(data.path))
    check_genesis(genesis)
    load_keys(data, passphrase).find_in(genesis)
    entry = make_genesis_entry(genesis)
    data.create()
    write_atomic(data.genesis, genesis_json(genesis))
    write_atomic(data.policy, policy_text(genesis).encode())
    draft = data.path / DRAFT_NAME
    _remove(draft)
    head = create_store(draft, entry)
    draft.replace(data.database)
    sync_directory(data.path)
    return head


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
