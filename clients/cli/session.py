"""One run of the command line: settings become client, identity, vault and policy when they are first needed."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clients.cli.errors import FileUnusable, SettingMissing
from clients.cli.output import Output
from clients.cli.settings import PREFIX, Configuration, Settings, Value, read_settings
from clients.sdk.edge import SYSTEM, Surroundings

if TYPE_CHECKING:
    import httpx2

    from clients.gateway.records import LinkingKeys
    from clients.sdk.answers import Receipted, WaitState
    from clients.sdk.identity import Identity
    from clients.sdk.sync_client import Client
    from clients.vault.vault import Vault
    from ledger.keyfile import Passphrase, PrivateKey
    from ledger.kinds.fields import Payload
    from ledger.notes.policy import Policy

PASSPHRASE_VARIABLE = "SUYUAN_PASSPHRASE"  # noqa: S105 - the name of a variable, no secret.
PASSPHRASE_FILE_VARIABLE = "SUYUAN_PASSPHRASE_FILE"  # noqa: S105 - as above.
HEAD_SUFFIX = ".head"


@dataclass
class Session:
    """Flags as they were given, and everything made from them; what was opened is closed by `close`.

    `surroundings` give clock and randomness, `transport` carries HTTP; tests pass their own.
    """

    output: Output = field(default_factory=Output)
    flags: dict[str, Value] = field(default_factory=dict)
    config: Path | None = None
    surroundings: Surroundings = SYSTEM
    transport: httpx2.BaseTransport | None = None
    opened: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Close what was opened."""
        self.opened.close()

    @cached_property
    def configuration(self) -> Configuration:
        """The settings with their origins; raises as `read_settings`."""
        found = read_settings(self.flags, self.config)
        self.output.language = found.settings.lang
        return found

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.configuration.settings

    @property
    def wait(self) -> WaitState:
        """The state that submissions wait for."""
        return self.settings.wait

    def needed(self, name: str) -> str:
        """Return a setting that must have a value; raises `SettingMissing`."""
        value = getattr(self.settings, name)
        if value is None:
            flag = "--" + name.replace("_", "-")
            raise SettingMissing(name=name, flag=flag, variable=PREFIX + name.upper())
        return str(value)

    def passphrase(self, *, new: bool = False) -> Passphrase | None:
        """Return the passphrase with its source, None where there is nobody to ask.

        The order is that of the node, too: the flag's file, SUYUAN_PASSPHRASE, SUYUAN_PASSPHRASE_FILE, the file that
        the settings file names, the prompt.
        """
        from ledger.keyfile import Passphrase

        path, origin = self.settings.passphrase_file, self.configuration.origins["passphrase_file"]
        given = os.environ.get(PASSPHRASE_VARIABLE)
        if given and origin != "flag":
            return Passphrase(given, PASSPHRASE_VARIABLE)
        if path is not None:
            named = {"flag": "--passphrase-file", "environment": PASSPHRASE_FILE_VARIABLE}.get(
                origin, "passphrase_file"
            )
            return Passphrase(read_text(path).partition("\n")[0].rstrip("\r"), f"{named} {path}")
        if not sys.stdin.isatty():
            return None
        prompt = self.output.pick("Passphrase", "口令")
        answer: str = click.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True)
        return Passphrase(answer, self.output.pick("the prompt", "终端输入"))

    def private_key(self, path: Path) -> PrivateKey:
        """Return the key of a key file; raises `FileUnusable` or as `load_key`."""
        from ledger.keyfile import load_key

        data = read_bytes(path)
        encrypted = b"ENCRYPTED" in data
        return load_key(data, self.passphrase() if encrypted else None)

    @cached_property
    def identity(self) -> Identity:
        """The member with its signing key; raises `SettingMissing` or as `private_key`."""
        from clients.sdk.identity import Identity

        member = self.needed("member")
        key = self.private_key(Path(self.needed("key")).expanduser())
        return Identity(member, key.signer(), self.surroundings)

    @cached_property
    def client(self) -> Client:
        """The node as seen by the member, or by nobody in particular where member or key is not set."""
        return self._client(signed=True)

    @cached_property
    def public_client(self) -> Client:
        """The node for routes that are open to everybody: no key is read, nobody is asked for a passphrase."""
        return self._client(signed=False)

    def _client(self, *, signed: bool) -> Client:
        from clients.sdk.sync_client import Client

        self._announce_retries()
        settings = self.settings
        known = signed and settings.member is not None and settings.key is not None
        client = Client(
            settings.node,
            identity=self.identity if known else None,
            node=settings.node_name,
            language=settings.lang,
            transport=self.transport,
        )
        return self.opened.enter_context(client)

    def _announce_retries(self) -> None:
        """Say on stderr that a call is tried again; the package's own way is to write to stdout, among the data."""
        from stamina.instrumentation import RetryDetails, set_on_retry_hooks

        def say(details: RetryDetails) -> None:
            wait = f"{details.wait_for:.1f}"
            self.output.talk(self.output.pick(f"no answer, trying again in {wait} s", f"无响应，{wait} 秒后重试"))

        set_on_retry_hooks([say])

    @cached_property
    def signing_client(self) -> Client:
        """The node as seen by the member; raises `SettingMissing` where member or key is not set."""
        assert self.identity is not None
        return self.client

    @cached_property
    def vault(self) -> Vault:
        """The member's vault; raises as `Vault`."""
        from clients.vault.vault import Vault

        location = self.settings.vault
        return self.opened.enter_context(Vault(location if "://" in location else str(Path(location).expanduser())))

    @cached_property
    def policy(self) -> Policy:
        """The trusted policy; raises `SettingMissing`, `FileUnusable` or as `Policy.parse`."""
        from ledger.notes.policy import Policy

        return Policy.parse(read_bytes(Path(self.needed("policy")).expanduser()))

    @property
    def head_file(self) -> Path:
        """The file that keeps the last verified head: the setting, or beside the policy."""
        if self.settings.head is not None:
            return self.settings.head.expanduser()
        policy = Path(self.needed("policy")).expanduser()
        return policy.with_name(policy.name + HEAD_SUFFIX)

    @cached_property
    def linking_keys(self) -> LinkingKeys:
        """The linking keys of a source; raises `SettingMissing` or as `read_linking_keys`."""
        from clients.cli.linking import read_linking_keys

        path = Path(self.needed("linking_keys")).expanduser()
        return read_linking_keys(read_text(path), path.name)

    def submit(self, payload: Payload) -> Receipted:
        """Sign a payload as the member and submit it; raises as `Client.sign_and_submit`."""
        return self.signing_client.sign_and_submit(payload, self.wait)


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes; raises `FileUnusable`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnusable(path=str(path), detail=error.strerror or str(error)) from None


def read_text(path: Path) -> str:
    """Return a file's text in UTF-8; raises `FileUnusable`."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileUnusable(path=str(path), detail="not UTF-8 text") from None


def write_new(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file that must not be there yet; raises `FileUnusable`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise FileUnusable(path=str(path), detail=error.strerror or str(error)) from None
