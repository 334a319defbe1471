"""The frame: settings and their origins, envelopes, exit codes, help of every command, errors in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clients.cli.exits import Exit, exit_of
from clients.cli.keys import revoke
from clients.cli.main import cli
from ledger.errors import (
    AccessError,
    ConfigError,
    ForkError,
    FormError,
    InconclusiveError,
    NotFoundError,
    ProofError,
    QuorumError,
    SignatureError,
    SuyuanError,
    UnreachableError,
)
from ledger.rules import RULES
from ledger.rules.registry import broken
from tests.clients.cli.running import Person, envelope


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        yield (*path, name)
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))


ALL = list(commands(cli))


def test_every_group_that_other_programs_call_is_there() -> None:
    wanted = (
        "key node member catalogue record contract grant transfer use duty trace findings audit verify schema explain"
        " doctor token config completion submit"
    )
    assert set(wanted.split()) <= {path[0] for path in ALL}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help_in_both_languages(person: Person, path: tuple[str, ...]) -> None:
    # Some commands hand `--help` on to the node's own program; their group lists them.
    handed_on = path[0] == "node" or path == ("governance", "calendar")
    result = person.run(*(path[:1] if handed_on else path), "--help")
    assert result.exit_code == 0
    assert any("\u4e00" <= character <= "\u9fff" for character in result.stdout)
    assert "Usage:" in result.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FormError(), 2), (ConfigError(), 3), (AccessError(), 4), (NotFoundError(), 5), (UnreachableError(), 6),
        (ProofError(), 10), (ForkError(), 11), (SignatureError(), 12), (QuorumError(), 13),
        (broken("TRA-1", "a", "b"), 14), (InconclusiveError(), 15), (SuyuanError(), 1),
    ],
)  # fmt: skip
def test_each_family_of_errors_has_its_exit_code(error: SuyuanError, code: int) -> None:
    assert exit_of(error) is Exit(code)


def test_settings_come_from_flag_then_environment_then_file_then_default(person: Person) -> None:
    file = person.folder / "s.toml"
    file.write_text('node = "http://file"\nwait = "published"\nlang = "en"\nkey = "k.pem"\nvault = "v.db"\n')
    del person.environment["SUYUAN_VAULT"]
    person.environment |= {"SUYUAN_NODE": "http://environment", "SUYUAN_LANG": "en"}
    data = person.data("--config", str(file), "config", "show", "--lang", "zh")
    assert isinstance(data, dict)
    rows = {row["name"]: (row["value"], row["origin"]) for row in data["settings"]}
    assert rows["node"] == ("http://environment", "environment")
    assert rows["wait"] == ("published", "file")
    assert rows["lang"] == ("zh", "flag")
    assert rows["policy"] == ("", "default")
    assert rows["key"] == (str(person.folder / "k.pem"), "file")
    assert rows["vault"] == (str(person.folder / "v.db"), "file")
    assert data["file"] == str(file)


@pytest.mark.parametrize("vault", ["postgresql://h/v", "/elsewhere/v.db"])
def test_a_vault_that_is_no_relative_path_stays_as_it_is(person: Person, vault: str) -> None:
    file = person.folder / "s.toml"
    file.write_text(f'vault = "{vault}"\n')
    del person.environment["SUYUAN_VAULT"]
    data = person.data("config", "show", "--config", str(file))
    assert isinstance(data, dict)
    assert {row["name"]: row["value"] for row in data["settings"]}["vault"] == vault


@pytest.mark.parametrize("address", ["", "127.0.0.1:8440", "ftp://node.example"])
def test_an_address_that_is_none_is_a_wrong_setting(person: Person, address: str) -> None:
    person.environment["SUYUAN_NODE"] = address
    assert person.fails(3, "trace", "forward", "ab" * 32)["code"] == "remote.address"


def test_a_wrong_setting_names_itself_and_its_origin(person: Person) -> None:
    person.environment["SUYUAN_WAIT"] = "forever"
    assert "wait (environment)" in str(person.fails(3, "config", "show")["message"])
    file = person.folder / "s.toml"
    file.write_text('colour = "red"\n')
    del person.environment["SUYUAN_WAIT"]
    assert "colour" in str(person.fails(3, "config", "show", "--config", str(file))["message"])
    person.fails(3, "config", "show", "--config", str(person.folder / "missing.toml"))


def test_wrong_usage_is_an_envelope_with_exit_code_2(person: Person) -> None:
    for words in (["nothing"], ["schema"], ["key", "revoke"], ["trace", "forward", "--as-of", "x", "y"]):
        assert person.fails(2, *words)["code"] == "cli.usage"


def test_a_missing_setting_says_how_to_give_it(person: Person) -> None:
    error = person.fails(3, "grant", "accept", "ab" * 32)
    assert error["code"] == "cli.setting_missing"
    assert "SUYUAN_MEMBER" in str(error["next"])


def test_nobody_answers_at_an_address(person: Person) -> None:
    person.environment["SUYUAN_NODE"] = "http://127.0.0.1:9"
    result = person.run("audit", "follow", "--policy", str(person.folder / "none.txt"))
    assert result.exit_code == 3
    assert person.run("submit", "grant.accept", "-", "--json", stdin="{}").exit_code == 3


def test_errors_speak_chinese_when_asked(person: Person) -> None:
    result = person.run("schema", "no.such", "--lang", "zh")
    assert result.exit_code == 2
    assert "不存在语句类型 no.such" in result.stderr
    assert "下一步" in result.stderr
    assert result.stdout == ""


def test_schema_gives_a_schema_and_an_example(person: Person) -> None:
    data = person.data("schema", "contract.payment")
    assert isinstance(data, dict)
    assert data["example"]["kind"] == "contract.payment"
    assert "ContractPayment" in str(data["schema"])
    listed = person.data("schema", "--list")
    assert isinstance(listed, list)
    assert {"kind": "grant.issue"}.items() <= next(row for row in listed if row["kind"] == "grant.issue").items()


@pytest.mark.parametrize("name", [*RULES, "F-HOP", "signature.wrong", "keyfile.passphrase"])
def test_every_rule_is_explained_in_both_languages(person: Person, name: str) -> None:
    data = person.data("explain", name)
    assert isinstance(data, dict)
    assert data["en"]
    assert data["zh"]
    assert data["name"] == name


def test_what_is_not_a_code_is_not_found(person: Person) -> None:
    assert person.fails(5, "explain", "XYZ-9")["code"] == "cli.code_unknown"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(person: Person, shell: str) -> None:
    result = person.run("completion", shell)
    assert result.exit_code == 0
    assert "_SUYUAN_COMPLETE" in result.stdout


def test_the_version_is_told(person: Person) -> None:
    assert person.run("--version").stdout.startswith("suyuan, version ")


def test_json_envelopes_name_their_command(person: Person) -> None:
    assert envelope(person.run("config", "show", "--json"))["command"] == "suyuan config show"
    assert envelope(person.run("--json", "config", "show"))["ok"] is True


@pytest.mark.parametrize("start", ["-", "--", "-h", "_"])
def test_the_name_of_a_key_may_begin_with_a_hyphen(start: str) -> None:
    kid = start + "A" * (43 - len(start))
    context = revoke.make_context("revoke", [kid, "--reason", "ceased", "--suspect-from", kid])
    assert (context.params["kid"], context.params["reason"]) == (kid, "ceased")
    assert context.params["suspect_from"] == kid
