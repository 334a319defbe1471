"""Key files are made encrypted, shown by their public half, and never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.keyfile import load_key
from tests.clients.cli.running import Person

PASSPHRASE = "correct horse battery"


@pytest.fixture
def person(tmp_path: Path) -> Person:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    return Person(tmp_path, environment={"SUYUAN_PASSPHRASE_FILE": str(secret)})


@pytest.mark.parametrize(
    ("flag", "kind"), [((), "Ed25519"), (("--p256",), "P-256"), (("--encryption",), "X25519")], ids=str
)
def test_a_new_key_is_encrypted_and_shows_its_public_half(person: Person, flag: tuple[str, ...], kind: str) -> None:
    file = person.folder / "new.pem"
    made = person.data("key", "new", str(file), *flag)
    assert b"ENCRYPTED" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_key(file.read_bytes(), PASSPHRASE).kind == kind
    shown = person.data("key", "show", str(file))
    assert isinstance(made, dict)
    assert made == {**shown, "file": str(file)} if isinstance(shown, dict) else False
    assert made["kind"] == kind


def test_a_key_file_is_never_overwritten(person: Person) -> None:
    file = person.folder / "new.pem"
    person.data("key", "new", str(file))
    before = file.read_bytes()
    assert person.fails(3, "key", "new", str(file))["code"] == "cli.file"
    assert file.read_bytes() == before


def test_the_passphrase_comes_from_file_or_environment_and_must_fit(person: Person) -> None:
    file = person.folder / "new.pem"
    person.data("key", "new", str(file))
    del person.environment["SUYUAN_PASSPHRASE_FILE"]
    assert person.fails(3, "key", "show", str(file))["code"] == "keyfile.passphrase_missing"
    person.environment["SUYUAN_PASSPHRASE"] = "another one"
    assert person.fails(3, "key", "show", str(file))["code"] == "keyfile.passphrase"
    person.environment["SUYUAN_PASSPHRASE"] = PASSPHRASE
    person.data("key", "show", str(file))


def test_the_flag_comes_first_then_the_variable_then_files(person: Person) -> None:
    """Whatever the source is, the error names it: a variable that was meant for another program is found at once."""
    key, right, wrong = (person.folder / name for name in ("new.pem", "passphrase", "wrong"))
    wrong.write_text("another one\n")
    person.data("key", "new", str(key))
    settings = person.folder / "s.toml"
    settings.write_text('passphrase_file = "wrong"\n')
    flag = ("--passphrase-file", str(right))
    environment: dict[str, str | None] = {
        "SUYUAN_PASSPHRASE": "another one", "SUYUAN_PASSPHRASE_FILE": str(wrong)
    }  # fmt: skip
    person.environment |= environment
    show = ("--config", str(settings), "key", "show", str(key))
    person.data(*show, *flag)
    assert "from SUYUAN_PASSPHRASE does" in str(person.fails(3, *show)["message"])
    person.environment["SUYUAN_PASSPHRASE"] = PASSPHRASE
    person.data(*show)
    assert f"from --passphrase-file {wrong}" in str(person.fails(3, *show, "--passphrase-file", str(wrong))["message"])
    person.environment["SUYUAN_PASSPHRASE"] = ""
    assert f"from SUYUAN_PASSPHRASE_FILE {wrong}" in str(person.fails(3, *show)["message"])
    person.environment["SUYUAN_PASSPHRASE_FILE"] = str(right)
    person.data(*show)
    del person.environment["SUYUAN_PASSPHRASE_FILE"]
    assert f"from passphrase_file {wrong}" in str(person.fails(3, *show)["message"])


def test_without_a_passphrase_no_key_is_made(person: Person) -> None:
    del person.environment["SUYUAN_PASSPHRASE_FILE"]
    file = person.folder / "new.pem"
    person.fails(3, "key", "new", str(file))
    assert not file.exists()
