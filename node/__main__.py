"""`python -m node`: keys, init, start, status, config, calendar. Data goes to stdout, talk to stderr."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import click
import msgspec

from ledger.errors import AccessError, ConfigError, FormError, NotFoundError, SuyuanError, UnreachableError
from ledger.keyfile import Passphrase
from ledger.kinds.genesis import Genesis
from node.begin import begin_node
from node.config import SettingValue, read_settings
from node.errors import AlreadyRunning
from node.files import DataDirectory, locked
from node.genesis_file import parse_genesis, read_genesis
from node.key_store import create_keys, load_keys, read_passphrase
from node.status import read_status
from node.supervisor import Supervisor
from node.talk import set_up
from node.working_days import PACKAGE, draft_calendar, package_version

EXITS: Final = ((ConfigError, 3), (AccessError, 4), (NotFoundError, 5), (UnreachableError, 6), (FormError, 2))
"""Exit codes by family of error (docs/operations.md); anything else is 1."""

_data = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=Path("node-data"), show_default=True,
    envvar="SUYUAN_DATA", help="Data directory of the node.",
)  # fmt: skip
_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
_passphrase_file = click.option(
    "--passphrase-file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File whose first line is the passphrase; else SUYUAN_PASSPHRASE, SUYUAN_PASSPHRASE_FILE, a prompt.",
)  # fmt: skip


@click.group()
def cli() -> None:
    """Run one node of a Suyuan ledger."""


def _fail(error: SuyuanError) -> NoReturn:
    click.echo(f"{error.stable_code}: {error.message()} {error.advice()}".strip(), err=True)
    sys.exit(next((code for family, code in EXITS if isinstance(error, family)), 1))


def _passphrase(data: DataDirectory, file: Path | None, *, new: bool) -> Passphrase | None:
    """Return the passphrase; a person at a terminal is asked for it."""
    configuration = read_settings(data, {"passphrase_file": file})
    prompt: Callable[[], str] | None = None
    if sys.stdin.isatty():

        def prompt() -> str:
            return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True))

    return read_passphrase(configuration.settings.passphrase_file, configuration.origins["passphrase_file"], prompt)


@cli.command()
@_data
@click.option("--origin", required=True, help="Name of the log, e.g. ledger.example/credit.")
@click.option("--name", required=True, help="Name of this node within the consortium.")
@click.option("--member", required=True, help="USCC of the member that runs it.")
@click.option("--url", help="Address under which others will reach it.")
@click.option("--unencrypted", is_flag=True, help="Write key files without a passphrase (for tests only).")
@_passphrase_file
def keys(
    data: Path, origin: str, name: str, member: str, url: str | None, *, unencrypted: bool, passphrase_file: Path | None
) -> None:
    """Create the node's keys (or read those there are) and print its entry for the genesis document."""
    directory = DataDirectory(data)
    try:
        passphrase = None if unencrypted else _passphrase(directory, passphrase_file, new=True)
        if passphrase is None and not unencrypted:
            raise ConfigError(detail="a passphrase is needed for the key files")
        entry = create_keys(directory, passphrase).genesis_entry(origin, name, member, url)
    except SuyuanError as error:
        _fail(error)
    click.echo(msgspec.json.format(msgspec.json.encode(entry), indent=2).decode())


@cli.command()
@_data
@click.option("--genesis", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Genesis document.")
@click.option(
    "--draft", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Genesis document whose `nodes` is empty: this node alone is put in (needs --name and --member).",
)  # fmt: skip
@click.option("--name", help="With --draft: name of this node.")
@click.option("--member", help="With --draft: USCC of the member that runs it.")
@click.option("--url", help="With --draft: address under which others will reach it.")
@click.option("--unencrypted", is_flag=True, help="With --draft: write key files without a passphrase (tests only).")
@_passphrase_file
def init(
    data: Path, genesis: Path | None, draft: Path | None, name: str | None, member: str | None, url: str | None,
    *, unencrypted: bool, passphrase_file: Path | None,
) -> None:  # fmt: skip
    """Begin the ledger from a genesis document: writes genesis.json, policy.txt and the database."""
    directory = DataDirectory(data)
    try:
        passphrase = None if unencrypted else _passphrase(directory, passphrase_file, new=draft is not None)
        if (genesis is None) == (draft is None):
            raise ConfigError(detail="give either --genesis or --draft")
        if genesis is not None:
            document = parse_genesis(genesis.read_bytes())
        else:
            assert draft is not None
            if name is None or member is None:
                raise ConfigError(detail="--draft needs --name and --member")
            if passphrase is None and not unencrypted:
                raise ConfigError(detail="a passphrase is needed for the key files")
            document = _complete(directory, draft, name, member, url, passphrase)
        head = begin_node(directory, document, passphrase)
    except SuyuanError as error:
        _fail(error)
    answer = {"origin": head.origin, "genesis": head.genesis_hash, "audience": head.audience, "data": str(data)}
    click.echo(msgspec.json.encode(answer).decode())


def _complete(
    data: DataDirectory, draft: Path, name: str, member: str, url: str | None, passphrase: Passphrase | None
) -> Genesis:
    """Return the genesis document of a draft, with this node as the only one."""
    document = msgspec.json.decode(draft.read_bytes(), type=dict[str, object])
    origin = str(document.get("origin"))
    entry = create_keys(data, passphrase).genesis_entry(origin, name, member, url)
    return parse_genesis(msgspec.json.encode({**document, "nodes": [entry]}))


@cli.command()
@_data
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.")
@click.option("--fronts", type=int, help="Front processes.")
@click.option("--log-level", help="Least level that is logged.")
@_passphrase_file
def start(
    data: Path, host: str | None, port: int | None, fronts: int | None, log_level: str | None,
    passphrase_file: Path | None,
) -> None:  # fmt: skip
    """Run writer and fronts until SIGTERM; prints one line with the address when the node is ready."""
    directory = DataDirectory(data)
    flags: dict[str, SettingValue] = {
        "host": host, "port": port, "fronts": fronts, "log_level": log_level, "passphrase_file": passphrase_file,
    }  # fmt: skip
    try:
        settings = read_settings(directory, flags).settings
        genesis = read_genesis(directory)
        directory.create()
        passphrase = _passphrase(directory, passphrase_file, new=False)
        # The children read it from their environment, so that only here its source can be named.
        load_keys(directory, passphrase)
        log = set_up("supervisor", settings.log_level)

        def ready(url: str) -> None:
            answer = {"ready": True, "url": url or None, "origin": genesis.origin, "data": str(data)}
            click.echo(msgspec.json.encode(answer).decode())
            sys.stdout.flush()

        async def run() -> None:
            await Supervisor(directory, settings, passphrase, log, ready).run()

        with locked(directory.run / "supervisor.lock") as mine:
            if not mine:
                raise AlreadyRunning(path=str(data))
            asyncio.run(run())
    except SuyuanError as error:
        _fail(error)


@cli.command()
@_data
@_json
def status(data: Path, *, as_json: bool) -> None:
    """Show head, checkpoint and storage of the node."""
    try:
        found = read_status(DataDirectory(data))
    except SuyuanError as error:
        _fail(error)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for field in found.__struct_fields__:
        click.echo(f"{field:16} {getattr(found, field)}")


@cli.command()
@click.option("--year", "years", type=int, multiple=True, required=True, help="A year of the calendar (repeatable).")
def calendar(years: tuple[int, ...]) -> None:
    """Draft the policy's calendar: weekdays off and weekends worked in mainland China, for a regulator to check."""
    try:
        found = draft_calendar(years)
        origin = package_version()
    except SuyuanError as error:
        _fail(error)
    click.echo(f"Drafted from {PACKAGE} {origin}. Check it against the announcement for each year.", err=True)
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


@cli.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@_data
@_json
def show(data: Path, *, as_json: bool) -> None:
    """Show every setting, its value, and where the value came from."""
    try:
        found = read_settings(DataDirectory(data))
    except SuyuanError as error:
        _fail(error)
    values: dict[str, SettingValue] = found.settings.model_dump(mode="json")
    if as_json:
        rows = {name: {"value": value, "origin": found.origins[name]} for name, value in values.items()}
        click.echo(msgspec.json.encode(rows).decode())
        return
    for name, value in values.items():
        click.echo(f"{name:20} {'' if value is None else value!s:30} {found.origins[name]}")


if __name__ == "__main__":
    cli()
