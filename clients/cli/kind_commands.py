"""A command for every statement kind, made from the struct of its payload: options in, a signed statement out.

A group that has commands of its own for some kinds keeps those: groups ask here for what they do not have, so that a
new kind appears by itself. What governance decides (`governance.propose`) also has a command for each act.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final, get_args

import click
import msgspec

from clients.cli.command import SuyuanCommand
from clients.cli.kind_fields import FieldOption, field_options, read_fields, words_of
from clients.cli.kind_words import ACT_WORDS, KIND_WORDS
from clients.cli.results import show_object, show_receipted
from clients.cli.session import Session
from ledger.kinds import KINDS
from ledger.kinds.governance import Action, GovernancePropose

PROPOSE: Final = "governance.propose"
ACTS: Final[dict[str, type[msgspec.Struct]]] = {str(act.__struct_config__.tag): act for act in get_args(Action)}
"""What governance can decide, by its `act`."""

_RENAMED: Final = {"publication": "publish", "erasure": "erase"}
"""Families whose group has another name."""
_JOINED: Final = {
    "hold": "erase", "linking": "governance", "mandate": "consent", "measure": "list", "query": "use",
    "node": "governance", "policy": "governance",
}  # fmt: skip
"""Families that are part of another group: their commands carry the family's name."""
_OWN: Final = {"record.dispute": ("dispute", "open"), "record.resolve": ("dispute", "resolve")}


def place_of(kind: str) -> tuple[str, str]:
    """Return the group and name of the command of a kind, or of an act of governance."""
    if kind in _OWN:
        return _OWN[kind]
    family, _, verb = kind.partition(".")
    verb = verb.replace("_", "-")
    if family in _JOINED:
        return _JOINED[family], f"{family}-{verb}"
    return _RENAMED.get(family, family), verb


def commands_of(group: str) -> dict[str, str]:
    """Return the kinds and acts that belong to a group, by the names of their commands."""
    places = [(place_of(named), named) for named in (*KINDS, *ACTS)]
    return {name: named for (home, name), named in places if home == group}


def command_of(group: str, name: str) -> click.Command | None:
    """Return the command that a kind or act gives a group under this name, None where none does."""
    named = commands_of(group).get(name)
    if named is None:
        return None
    return kind_command(named) if named in KINDS else act_command(named)


def kind_command(kind: str) -> click.Command:
    """Return the command that signs and submits a statement of `kind`; raises KeyError for what is no kind."""
    struct = KINDS[kind]
    options = field_options(struct)

    def fields_from(given: dict[str, Any]) -> dict[str, object]:
        return read_fields(options, given)

    return _command(kind, place_of(kind)[1], struct, KIND_WORDS.get(kind, kind), options, fields_from)


def act_command(act: str) -> click.Command:
    """Return the command that proposes one act of governance."""
    struct = ACTS[act]
    options = field_options(struct)
    more = [option for option in field_options(GovernancePropose) if option.name != "action"]

    def fields_from(given: dict[str, Any]) -> dict[str, object]:
        return {"action": {"act": act, **read_fields(options, given)}, **read_fields(more, given)}

    return _command(PROPOSE, place_of(act)[1], struct, ACT_WORDS.get(act, act), [*options, *more], fields_from)


def example_words(kind: str, fields: dict[str, object]) -> list[str]:
    """Return the words that give `fields` to the command of `kind`, the group's and command's names first."""
    return [*place_of(kind), *words_of(field_options(KINDS[kind]), fields)]


def _command(
    kind: str, name: str, struct: type[msgspec.Struct], zh: str, options: Iterable[FieldOption],
    fields_from: Callable[[dict[str, Any]], dict[str, object]],
) -> click.Command:  # fmt: skip
    def body(session: Session, local_id: str | None, dry_run: bool, **given: Any) -> None:
        fields = fields_from(given)
        client = session.signing_client
        statement = session.identity.sign_fields(kind, fields, client.audience(), local_id)
        if dry_run:
            shown = {"id": statement.statement_id, "status": "signed", "kind": kind, "fields": fields}
            show_object(session, kind, shown)
            return
        show_receipted(session, client.submit(statement, session.wait), kind=kind)

    text = inspect.cleandoc(struct.__doc__ or "")
    first = text.partition("\n")[0]
    shared = [
        click.Option(["--id", "local_id"], metavar="ID", help="the issuer's own id of the statement; random if absent"),
        click.Option(["--dry-run"], is_flag=True, help="check and sign, but do not submit"),
    ]
    return SuyuanCommand(
        name,
        callback=click.make_pass_decorator(Session, ensure=True)(body),
        params=[*(option.parameter for option in options), *shared],
        help=f"{text}\n\n{zh}。\n\nSubmits {kind}; `suyuan schema {kind}` shows an example.",
        short_help=f"{first} {zh}。",
    )
