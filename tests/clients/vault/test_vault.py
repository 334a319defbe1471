"""The vault gives back what it was given, whatever database is behind it, and knows its own version."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from clients.vault.errors import NotInVault, VaultConflict, VaultNewer, VaultUnusable
from clients.vault.rows import DisclosedRecord, OneTimeKey, Package, Progress, StoredRecord
from clients.vault.vault import INSERT_CHUNK, Vault
from ledger.commitment import FieldValue
from ledger.errors import FormError
from ledger.references import Reference, ReferenceSet

BATCH, SINGLE = "a" * 64, "b" * 64
ONE = ReferenceSet.of([Reference(SINGLE)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "member" / "vault.db"


def record(reference: Reference, **values: FieldValue) -> StoredRecord:
    return StoredRecord(reference, "item", 1, "person", bytes(32), 1, values, bytes([(reference.row or 0) % 256]) * 32)


def test_records_come_back_in_order_and_by_range(path: Path) -> None:
    with Vault(str(path)) as vault:
        rows = [record(Reference(BATCH, row), n=row, t="текст 文", b=True, nothing=None) for row in range(3000)]
        assert len(rows) > INSERT_CHUNK
        vault.keep_records(row for row in reversed(rows[:5]))
        vault.keep_records(rows)
        vault.keep_records([record(Reference(SINGLE), n=1)])
    with Vault(str(path)) as vault:
        assert list(vault.records_of(BATCH, ((0, 2999),))) == rows
        assert [row.values["n"] for row in vault.records_of(BATCH, ((3, 4), (2998, 5000)))] == [3, 4, 2998, 2999]
        assert list(vault.records_of(BATCH, ())) == []
        assert [row.reference for row in vault.records_of(SINGLE, ())] == [Reference(SINGLE)]
        assert vault.record(Reference(BATCH, 7)) == rows[7]
        for missing in (Reference(BATCH, 3000), Reference("c" * 64)):
            with pytest.raises(NotInVault):
                vault.record(missing)


def test_disclosures_are_replaced_whole_and_found_by_statement(path: Path) -> None:
    row = DisclosedRecord(Reference(BATCH, 1), "item", 1, bytes(32), bytes(32), (("a", bytes(32), None),), (bytes(32),))
    other = DisclosedRecord(Reference(SINGLE), "item", 1, bytes(32), bytes(32), (("a", bytes(32), "x"),), ())
    with Vault(str(path)) as vault:
        vault.keep_disclosures("1" * 64, [row, other], {BATCH: b"p", SINGLE: b""})
        vault.keep_disclosures("1" * 64, [row], {BATCH: b"q"})
        assert vault.disclosed("1" * 64, BATCH) == [row]
        assert vault.disclosed("1" * 64, SINGLE) == []
        assert (vault.offers_with(BATCH), vault.offers_with(SINGLE)) == (["1" * 64], [])
        assert vault.batch_proof("1" * 64, BATCH) == b"q"
        with pytest.raises(NotInVault):
            vault.batch_proof("1" * 64, SINGLE)
    for wrong in (b"", b"\x80", row.encode() + b"\x00"):
        with pytest.raises(FormError):
            DisclosedRecord.decode(row.reference, wrong)


def test_packages_keys_seeds_and_progress(path: Path) -> None:
    with Vault(str(path)) as vault:
        vault.keep_package(Package("d" * 64, b"cipher", b"key"), ONE)
        vault.drop_ciphertext("d" * 64)
        assert vault.package("d" * 64) == Package("d" * 64, None, b"key")
        vault.drop_package("d" * 64)
        with pytest.raises(NotInVault):
            vault.package("d" * 64)
        key = OneTimeKey("o" * 64, b"public", b"secret")
        vault.keep_one_time_key(key, ONE)
        assert vault.one_time_key("o" * 64) == key
        with pytest.raises(VaultConflict):
            vault.keep_one_time_key(key, ONE)
        vault.drop_one_time_secret("o" * 64)
        assert vault.one_time_key("o" * 64) == OneTimeKey("o" * 64, b"public", None)
        assert vault.one_time_key("p" * 64) is None
        vault.keep_seed("g", "sender", b"seed")
        vault.keep_seed("g", "sender", b"seed")
        with pytest.raises(VaultConflict):
            vault.keep_seed("g", "sender", b"other")
        assert (vault.seed("g", "sender"), vault.seed("g", "receiver")) == (b"seed", None)
        vault.keep_progress(Progress("t", "send", None, "prepared", "{}"))
        vault.keep_progress(Progress("t", "send", "o", "offered", "{}"))
        vault.keep_progress(Progress("u", "receive", "o", "accepted", "{}"))
        assert vault.progress("t") == Progress("t", "send", "o", "offered", "{}")
        assert vault.progress("v") is None
        assert [found.id for found in vault.unfinished("send", ("released",))] == ["t"]
        assert vault.unfinished("send", ("offered",)) == []


def test_a_statement_with_a_place_is_never_replaced_on_its_way(path: Path) -> None:
    with Vault(str(path)) as vault:
        vault.put_outgoing("x", "1" * 64, b"one")
        vault.put_outgoing("x", "2" * 64, b"two")
        vault.set_outgoing_place("x", 7)
        with pytest.raises(VaultConflict):
            vault.put_outgoing("x", "3" * 64, b"three")
        found = vault.outgoing("x")
        assert found is not None
        assert (found.id, found.raw, found.log_index) == ("2" * 64, b"two", 7)
        vault.keep_statement("2" * 64, "record.submit", b"two")
        vault.keep_statement("2" * 64, "record.submit", b"two")
        assert vault.statement("2" * 64) == b"two"


def test_the_file_is_its_owners_alone(path: Path) -> None:
    Vault(str(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_url_names_the_same_vault_as_its_path(path: Path) -> None:
    with Vault(f"sqlite:///{path}") as vault:
        vault.keep_seed("g", "sender", b"seed")
    with Vault(str(path)) as vault:
        assert vault.seed("g", "sender") == b"seed"


def test_a_newer_or_unusable_vault_is_not_opened(path: Path, tmp_path: Path) -> None:
    with Vault(str(path)) as vault, vault.engine.begin() as connection:
        connection.execute(text("UPDATE meta SET value = '99'"))
    with pytest.raises(VaultNewer) as caught:
        Vault(str(path))
    assert caught.value.params == {"found": 99, "known": 1}
    wrong = tmp_path / "wrong.db"
    wrong.write_bytes(b"this is no database at all, but long enough to be looked at" * 20)
    with pytest.raises(VaultUnusable):
        Vault(str(wrong))
    with pytest.raises(VaultUnusable):
        Vault(str(tmp_path))
