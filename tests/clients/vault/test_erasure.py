"""Erasing leaves nothing in the files, and touches nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.vault.erasure import erase, flush
from clients.vault.errors import NotInVault
from clients.vault.rows import DisclosedRecord, Erased, OneTimeKey, Package, StoredRecord
from clients.vault.vault import Vault
from ledger.references import Reference, ReferenceSet

GONE, KEPT, OFFER = "a" * 64, "b" * 64, "c" * 64
SECRETS = [b"value that must go", b"K" * 32, b"S" * 32, b"ciphertext that must go", b"C" * 32, b"O" * 32]
REMAINS = [b"value that stays", b"k" * 32]


def fill(vault: Vault) -> None:
    gone, kept = Reference(GONE, 3), Reference(KEPT)
    secret_values = {"a": SECRETS[0].decode(), "long": "x" * 20_000 + "tail that must go"}
    vault.keep_records(
        [
            StoredRecord(gone, "item", 1, "person", bytes(32), 1, dict(secret_values), SECRETS[1]),
            StoredRecord(Reference(GONE, 4), "item", 1, "person", bytes(32), 1, {"a": "value that stays"}, REMAINS[1]),
        ]
    )
    vault.keep_records([StoredRecord(kept, "item", 1, "person", bytes(32), 1, {"a": "value that stays"}, REMAINS[1])])
    shown = DisclosedRecord(gone, "item", 1, bytes(32), SECRETS[2], (("a", SECRETS[2], SECRETS[0].decode()),), ())
    vault.keep_disclosures(OFFER, [shown], {GONE: b"proof"})
    both, other = ReferenceSet.of([gone, kept]), ReferenceSet.of([kept])
    vault.keep_package(Package("d" * 64, SECRETS[3] * 3000, SECRETS[4]), both)
    vault.keep_package(Package("e" * 64, REMAINS[0], REMAINS[1]), other)
    vault.keep_one_time_key(OneTimeKey(OFFER, b"p" * 32, SECRETS[5]), both)
    vault.keep_one_time_key(OneTimeKey("f" * 64, b"p" * 32, REMAINS[1]), other)


def bytes_on_disk(path: Path) -> bytes:
    return b"".join(found.read_bytes() for found in sorted(path.parent.glob(f"{path.name}*")))


def test_nothing_of_what_was_erased_is_left_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with Vault(str(path)) as vault:
        fill(vault)
        flush(vault)
        before = bytes_on_disk(path)
        for secret in (*SECRETS, b"tail that must go", *REMAINS):
            assert secret in before
        erased = erase(vault, ReferenceSet.of([Reference(GONE, 3)]))
        assert erased == Erased(records=1, disclosures=1, packages=("d" * 64,), one_time_keys=1)
        after = bytes_on_disk(path)
        for secret in (*SECRETS, b"tail that must go"):
            assert secret not in after, secret
        for remains in REMAINS:
            assert remains in after
        with pytest.raises(NotInVault):
            vault.record(Reference(GONE, 3))
        assert vault.record(Reference(GONE, 4)).record_key == REMAINS[1]
        assert vault.package("e" * 64).content_key == REMAINS[1]
        assert vault.one_time_key(OFFER) is None
        assert vault.one_time_key("f" * 64) is not None


def test_secrets_that_were_never_flushed_are_gone_as_well(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with Vault(str(path)) as vault:
        fill(vault)
        assert SECRETS[1] in bytes_on_disk(path)
        erase(vault, ReferenceSet.of([Reference(GONE, 3)]))
        assert not any(secret in bytes_on_disk(path) for secret in SECRETS)


def test_erasing_twice_or_nothing_destroys_nothing_more(tmp_path: Path) -> None:
    with Vault(str(tmp_path / "vault.db")) as vault:
        fill(vault)
        wanted = ReferenceSet.of([Reference(GONE, 3)])
        erase(vault, wanted)
        assert erase(vault, wanted) == erase(vault, ReferenceSet()) == Erased(0, 0, (), 0)
