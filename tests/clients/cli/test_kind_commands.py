"""Every statement kind has a command whose options say everything its payload can say."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
import pytest

from clients.cli.examples import EXAMPLES
from clients.cli.kind_commands import ACTS, act_command, example_words, kind_command, place_of
from clients.cli.kind_fields import field_options, read_fields, words_of
from clients.cli.kind_words import ACT_WORDS, KIND_WORDS
from clients.cli.main import cli
from ledger.encoding import base64url
from ledger.kinds import KINDS
from tests.clients.cli.running import Person, text
from tests.clients.simulated_node import SimulatedNode
from tests.world_genesis import catalogue, founding_genesis, policy, signer_of, uscc_of

OWN_COMMANDS = {
    "record.submit", "record.batch", "record.correct", "record.withdraw", "key.add", "key.rotate", "key.revoke",
    "contract.register", "contract.milestone", "contract.payment", "contract.verify", "grant.request", "grant.decline",
    "grant.issue", "grant.extend", "grant.accept", "grant.revoke", "transfer.offer", "transfer.accept",
    "transfer.release", "transfer.confirm", "transfer.dispute", "transfer.refuse", "transfer.cancel", "use.report",
}  # fmt: skip
"""Kinds whose commands do more than sign what they are given; for those `suyuan submit` signs fields as they are."""
GENERATED = [kind for kind in KINDS if kind not in OWN_COMMANDS]
ACT_EXAMPLES: dict[str, dict[str, object]] = {
    "member.admit": {"member": msgspec.to_builtins(founding_genesis().members[0]), "proofs": ["AA", "AB"]},
    "member.suspend": {"member": uscc_of("lender"), "reason": "breach"},
    "member.restore": {"member": uscc_of("lender")},
    "member.dissolve": {"member": uscc_of("lender"), "reason": "reorganised", "successor": uscc_of("hub")},
    "member.replace_key": {
        "member": uscc_of("lender"), "old": base64url(signer_of("lender").public.thumbprint),
        "key": signer_of("new").public.to_json(), "pop": "AA", "suspect_from": "2026-03-01T00:00:00Z",
    },
    "member.set_roles": {"member": uscc_of("lender"), "roles": ["service", "user"]},
    "node.admit": {"node": msgspec.to_builtins(founding_genesis().nodes[0])},
    "node.remove": {"node": "n4"},
    "catalogue.publish": {"catalogue": msgspec.to_builtins(catalogue())},
    "policy.set": {"policy": msgspec.to_builtins(policy())},
}  # fmt: skip


def command_at(*words: str) -> click.Command:
    """Return a command of the whole tree; fails where there is none."""
    found: click.Command | None = cli
    context = click.Context(cli)
    for word in words:
        assert isinstance(found, click.Group)
        found = found.get_command(context, word)
    assert found is not None, words
    return found


@pytest.fixture
def lender(tmp_path: Path) -> Person:
    return Person(tmp_path / "lender", SimulatedNode(), "lender")


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_has_a_command_for_every_kind(kind: str) -> None:
    group, name = place_of(kind)
    parent = command_at(group)
    assert isinstance(parent, click.Group)
    assert name in parent.list_commands(click.Context(parent))
    assert command_at(group, name).name == name


@pytest.mark.parametrize("act", ACTS)
def test_the_tree_has_a_command_for_every_act_of_governance(act: str) -> None:
    assert command_at(*place_of(act)).name == place_of(act)[1]


def test_no_two_kinds_share_a_place() -> None:
    places = [place_of(named) for named in (*KINDS, *ACTS)]
    assert len(set(places)) == len(places)


def test_every_kind_and_act_has_words_in_chinese_and_nothing_else_has() -> None:
    assert list(KIND_WORDS.keys() - KINDS.keys()) == []
    assert list(KINDS.keys() - KIND_WORDS.keys()) == []
    assert ACT_WORDS.keys() == ACTS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_the_full_example_of_each_kind_round_trips_through_the_options(kind: str) -> None:
    options = field_options(KINDS[kind])
    words = words_of(options, EXAMPLES[kind])
    context = kind_command(kind).make_context("made", list(words))
    assert read_fields(options, context.params) == EXAMPLES[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_the_help_of_each_kind_says_what_its_struct_says_in_both_languages(kind: str) -> None:
    command = kind_command(kind)
    first = (KINDS[kind].__doc__ or "").partition("\n")[0]
    assert command.help is not None
    assert command.help.startswith(first)
    assert KIND_WORDS[kind] in command.help
    names = {option.name for option in field_options(KINDS[kind])}
    assert names == set(KINDS[kind].__struct_encode_fields__) - {"v", "sub"}


@pytest.mark.parametrize("kind", GENERATED)
def test_the_generated_command_of_the_tree_signs_the_example(lender: Person, kind: str) -> None:
    signed = lender.data(*example_words(kind, EXAMPLES[kind]), "--dry-run", "--id", "mine")
    assert isinstance(signed, dict)
    assert (signed["kind"], signed["fields"]) == (kind, EXAMPLES[kind])


@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_proposed_by_its_own_command(lender: Person, act: str) -> None:
    options = field_options(ACTS[act])
    assert set(ACT_EXAMPLES) == set(ACTS)
    words = words_of(options, ACT_EXAMPLES[act])
    assert act_command(act).name == place_of(act)[1]
    signed = lender.data(*place_of(act), *words, "--ground", "ab" * 32, "--dry-run")
    assert isinstance(signed, dict)
    assert signed["fields"] == {"action": {"act": act, **ACT_EXAMPLES[act]}, "ground": "ab" * 32}


def test_a_generated_command_submits_and_shows_the_place(lender: Person) -> None:
    words = ("--purpose", "credit.lending", "--evidence", "cd" * 32, "--until", "2026-09-01T00:00:00Z")
    agent = Person(lender.folder / "agent", lender.node, "agent")
    opened = agent.data("consent", "mandate-open", *words, "--link", "ab" * 32)
    assert isinstance(opened, dict)
    assert (opened["status"], opened["kind"]) == ("admitted", "mandate.open")
    ended = agent.data("consent", "mandate-end", "--mandate", text(opened, "id"), "--reason", "fulfilled")
    assert text(ended, "status") == "admitted"
    assert lender.fails(14, "consent", "mandate-open", *words, "--link", "ab" * 32)["code"]


def test_values_that_do_not_fit_are_usage_errors(lender: Person) -> None:
    approve = ("governance", "approve")
    assert lender.fails(2, *approve)["code"] == "cli.usage"
    assert lender.fails(2, *approve, "--proposal", "12")["code"] == "payload.schema"
    assert lender.fails(2, "repair", "decide", "--outcome", "perhaps")["code"] == "cli.usage"
    assert lender.fails(2, "governance", "propose", "--action", "{")["code"] == "cli.usage"
    assert lender.fails(3, "governance", "propose", "--action", "@nowhere.json")["code"] == "cli.file"


@pytest.mark.parametrize(
    ("written", "amount"),
    [("12.34 CNY", 1234), ("-5 CNY", -500), ("7 JPY", 7), ("0.001 KWD", 1), ("1311264.00 MXN", 131_126_400)],
)
def test_money_is_read_in_the_main_unit(written: str, amount: int) -> None:
    options = field_options(KINDS["contract.amend"])
    value = {"amount": amount, "currency": written[-3:]}

    def parsed(words: list[str]) -> object:
        words = ["--contract", "a" * 64, *words]
        return read_fields(options, kind_command("contract.amend").make_context("made", words).params)["value"]

    assert parsed(["--value", written]) == value
    assert parsed(words_of(options, {"value": value})) == value


@pytest.mark.parametrize(
    ("written", "code"), [("12.345 CNY", "import.amount"), ("CNY", "cli.usage"), ("x CNY", "cli.usage")]
)
def test_money_that_is_no_amount_is_an_error(lender: Person, written: str, code: str) -> None:
    words = ("contract", "amend", "--contract", "a" * 64, "--value", written)
    assert lender.fails(2, *words)["code"] == code


def test_objects_and_sets_come_from_files_too(lender: Person, tmp_path: Path) -> None:
    basis, references = tmp_path / "basis.json", tmp_path / "references.json"
    basis.write_text('{"rank": "law", "document": "A; B", "article": "1"}')
    references.write_text(f'[["{"a" * 64}", [[3, 5]]]]')
    options = field_options(KINDS["grant.request"])
    words = ["--grantor", uscc_of("source"), "--items", "penalty=CF_NR", "--purpose", "credit"]
    words += ["--basis", f"@{basis}", "--references", f"@{references}"]
    fields = read_fields(options, kind_command("grant.request").make_context("made", words).params)
    assert fields["basis"] == {"rank": "law", "document": "A; B", "article": "1"}
    assert fields["references"] == [["a" * 64, [[3, 5]]]]
    assert words_of(options, {"basis": fields["basis"]})[1].startswith("{")


def test_schema_shows_the_example_as_a_command(lender: Person) -> None:
    shown = lender.data("schema", "repair.decide")
    assert text(shown, "command").startswith("suyuan repair decide --application aaaa")
