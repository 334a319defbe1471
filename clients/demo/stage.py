"""The stage: keys on disk, a real node process, and for every member a client and a vault of its own.

Nothing here is special to the demonstration's story; it is what an institution's operators would set up by hand.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec

from clients.demo.founding import NODE_NAME, ORIGIN, PARTS, genesis
from clients.demo.root import MARK, take_root
from clients.gateway.forms import CatalogueForms, forms_from
from clients.gateway.receive import Receiver
from clients.gateway.records import LinkingKey, LinkingKeys
from clients.gateway.send import Sender
from clients.gateway.source import RecordSource
from clients.gateway.waiting import Patience
from clients.sdk import requests
from clients.sdk.edge import SYSTEM
from clients.sdk.identity import Head, Identity
from clients.sdk.sync_client import Client
from clients.vault.vault import Vault
from ledger.encoding import encode_json
from ledger.errors import UnreachableError
from ledger.keyfile import PrivateKey, dump_key, load_key
from ledger.keys import Ed25519Signer
from ledger.kinds.fields import Payload
from ledger.kinds.genesis import Node
from ledger.notes.policy import Policy
from ledger.times import format_time

STOP_SECONDS = 20
HURRIED = Patience(total=60.0, first=0.01, longest=0.2)
"""Everybody in the story answers at once."""


class _Ready(msgspec.Struct):
    """The line a node prints when it answers."""

    url: str


@dataclass(slots=True)
class Actor:
    """One member with its key, its client and its vault."""

    short: str
    uscc: str
    client: Client
    vault: Vault
    forms: CatalogueForms
    policy: Policy
    linking: LinkingKeys | None = None

    @property
    def identity(self) -> Identity:
        """The member's identity as it signs now."""
        return self.client.signing_identity()

    def head(self, kind: type[Payload]) -> Head:
        """Return the fields that every payload of the member starts with."""
        return self.identity.head(kind)

    def submit(self, payload: Payload) -> str:
        """Sign a statement with the member's key, submit it, and return its id."""
        return self.client.sign_and_submit(payload).statement_id

    def source(self) -> RecordSource:
        """Return the member as a source of records."""
        if self.linking is None:
            raise ValueError(f"{self.short} has no linking keys")
        return RecordSource(self.client, self.vault, self.forms, self.linking)

    def sender(self) -> Sender:
        """Return the member as a sender."""
        return Sender(self.client, self.vault, self.forms, HURRIED)

    def receiver(self) -> Receiver:
        """Return the member as a receiver."""
        return Receiver(self.client, self.vault, self.forms, self.policy, HURRIED)


@dataclass(slots=True)
class Stage:
    """The running scene under `root`: `actors` by short name, the node's address, and the policy all trust."""

    root: Path
    url: str = ""
    policy_text: str = ""
    actors: dict[str, Actor] = field(default_factory=dict)
    _node: subprocess.Popen[str] | None = None
    _lock: int | None = None
    _passphrase: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)

    def __getitem__(self, short: str) -> Actor:
        return self.actors[short]

    @property
    def node_directory(self) -> Path:
        """The node's data directory."""
        return self.root / "node"

    def policy(self) -> Policy:
        """The policy file as everybody read it."""
        return Policy.parse(self.policy_text)

    def build(self) -> None:
        """Make keys, genesis and database anew; whatever an earlier run left under `root` is removed.

        Raises as `take_root`; the root stays locked until `stop`.
        """
        self._lock = take_root(self.root)
        secret_file = self.root / MARK
        secret_file.touch(mode=0o600)
        secret_file.write_text(self._passphrase + "\n", encoding="utf-8")
        (self.root / "keys").mkdir()
        for part in PARTS:
            self._new_key(part.short, "Ed25519")
            self._new_key(f"{part.short}-encryption", "X25519")
        hub = next(part for part in PARTS if part.short == "hub")
        printed = self._run_node("keys", "--origin", ORIGIN, "--name", NODE_NAME, "--member", hub.uscc)
        signers = {part.short: self.signer(part.short) for part in PARTS}
        encryption = {part.short: self._load(f"{part.short}-encryption").encryption_key() for part in PARTS}
        document = genesis(
            signers, encryption, msgspec.json.decode(printed, type=Node), format_time(SYSTEM.now_s() * 1000)
        )
        path = self.root / "genesis.json"
        path.write_bytes(encode_json(msgspec.to_builtins(document)))
        self._run_node("init", "--genesis", str(path))
        self.policy_text = (self.node_directory / "policy.txt").read_text(encoding="utf-8")

    def start(self, port: int = 0) -> str:
        """Start the node as a process of its own and return its address."""
        self._node = subprocess.Popen(  # noqa: S603 - our own program with our own arguments.
            self._command("start", "--port", str(port)), stdout=subprocess.PIPE, stderr=self._log_file(), text=True
        )
        line = self._node.stdout.readline() if self._node.stdout is not None else ""
        try:
            self.url = msgspec.json.decode(line, type=_Ready).url
        except msgspec.MsgspecError:
            self.stop()
            raise UnreachableError(target="the node", detail=f"see {self.root / 'node.log'}") from None
        return self.url

    def seat(self) -> None:
        """Give every member its client and its vault."""
        persons = LinkingKey(epoch=1, key=secrets.token_bytes(32))
        linking = LinkingKeys(organisations=LinkingKey(epoch=1, key=secrets.token_bytes(32)), persons=persons)
        public = Client(self.url)
        forms = forms_from(public)
        self.policy_text = public.run(requests.policy())
        for part in PARTS:
            client = Client(self.url, identity=Identity(part.uscc, self.signer(part.short)))
            vault = Vault(f"sqlite:///{self.root / (part.short + '.vault')}")
            self.actors[part.short] = Actor(
                part.short, part.uscc, client, vault, forms, self.policy(), linking if "source" in part.roles else None
            )

    def rekey(self, short: str, signer: Ed25519Signer) -> None:
        """Let a member sign with another key from now on."""
        actor = self.actors[short]
        actor.client = Client(self.url, identity=Identity(actor.uscc, signer))

    def new_signer(self, name: str) -> Ed25519Signer:
        """Draw a new signing key, keep it in an encrypted file, and return its signer."""
        self._new_key(name, "Ed25519")
        return self.signer(name)

    def signer(self, name: str) -> Ed25519Signer:
        """Return the signer of a key file of the stage."""
        return Ed25519Signer(self._load(name).secret)

    def stop(self) -> None:
        """Close what is open and stop the node by its process id."""
        for actor in self.actors.values():
            actor.client.close()
            actor.vault.close()
        if self._node is not None and self._node.poll() is None:
            self._node.send_signal(signal.SIGTERM)
            try:
                self._node.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._node.kill()
                self._node.wait()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _new_key(self, name: str, kind: str) -> None:
        key = PrivateKey("X25519" if kind == "X25519" else "Ed25519", secrets.token_bytes(32))
        path = self.root / "keys" / f"{name}.pem"
        path.touch(mode=0o600)
        path.write_bytes(dump_key(key, self._passphrase))

    def _load(self, name: str) -> PrivateKey:
        return load_key((self.root / "keys" / f"{name}.pem").read_bytes(), self._passphrase)

    def _command(self, *arguments: str) -> list[str]:
        given = ["--data", str(self.node_directory), "--passphrase-file", str(self.root / MARK)]
        return [sys.executable, "-P", "-m", "node", arguments[0], *given, *arguments[1:]]

    def _run_node(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own program with our own arguments.
            self._command(*arguments), stdout=subprocess.PIPE, stderr=self._log_file(), text=True, check=False
        )
        if done.returncode != 0:
            raise UnreachableError(target="the node", detail=f"see {self.root / 'node.log'}")
        return done.stdout

    def _log_file(self) -> IO[bytes]:
        return (self.root / "node.log").open("ab", buffering=0)
