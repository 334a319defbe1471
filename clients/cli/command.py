"""The frame of every command: options that all share, errors with their exit codes, help in both languages.

A group's module defines `group = new_group(...)` and decorates functions with `@command(group, "name", "中文")`; each
takes the `Session` first. Shared options may stand before or after the command's name.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from clients.cli.errors import InternalFault, Interrupted, UsageProblem
from clients.cli.exits import Exit
from clients.cli.session import Session
from clients.cli.settings import Settings
from ledger.errors import SuyuanError

Body = Callable[..., None]
_HYPHENED_KEY = re.compile(r"-[A-Za-z0-9_-]{42}")
"""A thumbprint in base64url; one in 64 begins with a hyphen."""
_LEAVE_OUT = frozenset(("linking_keys", "node_name", "head"))
"""Settings that have no flag before every command; the file and the environment give them."""


def _take(context: click.Context, parameter: click.Parameter, value: str | Path | None) -> None:
    if value is None or parameter.name is None:
        return
    session = context.ensure_object(Session)
    if parameter.name == "config":
        session.config = Path(value)
    else:
        session.flags[parameter.name] = value
    if parameter.name == "lang":
        session.output.language = str(value)


def _take_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Session).output.as_json = True


def shared_options(*, hidden: bool, taken: Iterable[str] = ()) -> list[click.Parameter]:
    """Return the options of all settings, `--config` and `--json`, without those whose names are taken."""
    kinds: dict[str, click.ParamType[Any]] = {
        "lang": click.Choice(["en", "zh"]),
        "wait": click.Choice(["sequenced", "integrated", "published", "witnessed"]),
    }
    options: list[click.Parameter] = [
        click.Option(
            ["--" + name.replace("_", "-"), name], type=kinds.get(name, click.STRING), help=field.description,
            metavar="FILE" if name in ("key", "policy", "passphrase_file") else None,
            expose_value=False, callback=_take, hidden=hidden,
        )
        for name, field in Settings.model_fields.items()
        if name not in _LEAVE_OUT
    ]  # fmt: skip
    file = click.Path(path_type=Path, dir_okay=False)
    options.append(
        click.Option(
            ["--config"], type=file, metavar="FILE", help="settings file", expose_value=False, callback=_take,
            hidden=hidden,
        )
    )  # fmt: skip
    options.append(
        click.Option(
            ["--json", "as_json"], is_flag=True, help="write a versioned JSON envelope", expose_value=False,
            callback=_take_json,
        )
    )  # fmt: skip
    used = frozenset(taken)
    return [option for option in options if not used & {*option.opts, option.name}]


class SuyuanCommand(click.Command):
    """A command that also takes the shared options and tells the output its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = {name for parameter in self.params for name in (*parameter.opts, parameter.name or "")}
        self.params += shared_options(hidden=True, taken=taken)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the words; a key's name (43 characters) that begins with a hyphen is no option."""
        options = [parameter for parameter in self.params if isinstance(parameter, click.Option)]
        taking = {name for option in options if not option.is_flag for name in option.opts}
        return super().parse_args(ctx, _key_names_last(args, taking))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        session = ctx.ensure_object(Session)
        session.output.command = ctx.command_path
        # Read now, because the language may stand in the environment or in the file.
        assert session.configuration is not None
        return super().invoke(ctx)


def _key_names_last(words: Sequence[str], taking: Iterable[str]) -> list[str]:
    """Return words with the names of keys that begin with a hyphen, and are no option's value, behind the options."""
    found = [
        at
        for at, word in enumerate(words)
        if _HYPHENED_KEY.fullmatch(word) and not (at and words[at - 1] in set(taking))
    ]
    if not found or "--" in words:
        return list(words)
    return [*(word for at, word in enumerate(words) if at not in found), "--", *(words[at] for at in found)]


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for, so that the command line starts quickly."""

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        place = self._lazy.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = place.partition(":")
        found = getattr(import_module(module), name)
        assert isinstance(found, click.Command)
        return found


class Root(LazyGroup):
    """The whole command line: turns every error into its text or envelope and its exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run, and end the program with its exit code; `obj` may bring a session with its surroundings."""
        del standalone_mode
        words = list(sys.argv[1:] if args is None else args)
        given = extra.pop("obj", None)
        session = given if isinstance(given, Session) else Session()
        session.output.as_json = "--json" in words
        try:
            # In this mode click returns the code of its own `Exit` instead of raising it.
            returned = super().main(
                words, prog_name or "suyuan", complete_var, standalone_mode=False,
                windows_expand_args=windows_expand_args, obj=session, **extra,
            )  # fmt: skip
            code = returned if isinstance(returned, int) else int(Exit.OK)
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else int(Exit.OK)
        except BaseException as error:  # noqa: BLE001 - the last frame: whatever it is becomes a text and a code.
            code = _report(session, error)
        finally:
            session.close()
        sys.exit(code)


def _report(session: Session, error: BaseException) -> int:
    output = session.output
    if isinstance(error, SuyuanError):
        return int(output.error(error))
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        path = context.command_path if isinstance(context, click.Context) else "suyuan"
        output.command = path
        output.error(UsageProblem(detail=error.format_message(), command=path))
        return int(Exit.USAGE)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        output.error(Interrupted())
        return int(Exit.INTERNAL)
    if not isinstance(error, Exception):
        raise error
    traceback.print_exception(error, file=sys.stderr)
    output.error(InternalFault(detail=f"{type(error).__name__}: {error}"))
    return int(Exit.INTERNAL)


class KindGroup(click.Group):
    """A group that also has a command for every statement kind that belongs to it, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        from clients.cli.kind_commands import commands_of

        return sorted({*super().list_commands(ctx), *commands_of(str(self.name))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command: the group's own before the one that a kind gives it."""
        from clients.cli.kind_commands import command_of

        return super().get_command(ctx, cmd_name) or command_of(str(self.name), cmd_name)


def new_group(name: str, en: str, zh: str) -> click.Group:
    """Return a group that has only the commands of its kinds so far, with its help in both languages."""
    return KindGroup(name, help=f"{en}\n\n{zh}", short_help=f"{en} {zh}")


def command(group: click.Group, name: str, zh: str) -> Callable[[Body], click.Command]:
    """Register the decorated function as a command of `group`; its docstring is the English help."""

    def register(body: Body) -> click.Command:
        made = standalone(name, zh)(body)
        group.add_command(made)
        return made

    return register


def standalone(name: str, zh: str) -> Callable[[Body], click.Command]:
    """Make the decorated function a command of its own; see `command`."""

    def make(body: Body) -> click.Command:
        text = (body.__doc__ or "").strip()
        first = text.partition("\n")[0]
        decorate = click.command(name, cls=SuyuanCommand, help=f"{text}\n\n{zh}。", short_help=f"{first} {zh}。")
        made = decorate(click.make_pass_decorator(Session, ensure=True)(body))
        assert isinstance(made, click.Command)
        return made

    return make
