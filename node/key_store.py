"""The node's own keys: for checkpoints and receipts, for cosignatures, for "held" notes. One key, one purpose."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ledger.errors import ConfigError
from ledger.keyfile import Passphrase, PrivateKey, dump_key, load_key
from ledger.keys import Signer
from ledger.kinds.fields import Jwk
from ledger.kinds.genesis import Genesis, Node
from ledger.notes.consortium import NodeKeys as PublicNodeKeys
from ledger.notes.consortium import consortium_policy
from ledger.notes.signers import Ed25519Cosigner, Ed25519NoteSigner
from ledger.notes.vkey import Vkey
from node.config import Origin
from node.errors import NodeNotInGenesis
from node.files import PRIVATE, DataDirectory, write_atomic

PASSPHRASE_ENVIRONMENT: Final = "SUYUAN_PASSPHRASE"  # noqa: S105  # the name of a variable
_SOURCES: Final[Mapping[Origin, str]] = {"flag": "--passphrase-file", "environment": "SUYUAN_PASSPHRASE_FILE"}
_NAMES: Final = ("log", "cosigner", "service")


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """The private keys of one node."""

    log: PrivateKey
    cosigner: PrivateKey
    service: PrivateKey

    def note_signer(self, origin: str) -> Ed25519NoteSigner:
        """Return the signer of checkpoints, named by the origin."""
        return Ed25519NoteSigner(origin, self.log.secret)

    def note_cosigner(self, origin: str, node: str) -> Ed25519Cosigner:
        """Return the cosigner `<origin>/<node>`."""
        return Ed25519Cosigner(f"{origin}/{node}", self.cosigner.secret)

    def receipt_signer(self) -> Signer:
        """Return the log key as a signer of receipts."""
        return self.log.signer()

    def service_signer(self) -> Signer:
        """Return the signer of "held" notes."""
        return self.service.signer()

    def genesis_entry(self, origin: str, name: str, member: str, url: str | None = None) -> Node:
        """Return what the genesis document says of this node."""
        return Node(
            name=name,
            member=member,
            log_key=str(self.note_signer(origin).vkey),
            cosigner_key=str(self.note_cosigner(origin, name).vkey),
            service_key=msgspec.convert(self.service_signer().public.to_json(), Jwk),
            url=url,
        )

    def find_in(self, genesis: Genesis) -> Node:
        """Return this node's entry of the genesis document. Raises `NodeNotInGenesis`."""
        log_key = str(self.note_signer(genesis.origin).vkey)
        node = next((node for node in genesis.nodes if node.log_key == log_key), None)
        if node is None:
            raise NodeNotInGenesis(detail=f"no node has the log key {log_key}")
        mine = self.genesis_entry(genesis.origin, node.name, node.member)
        if (mine.cosigner_key, mine.service_key) != (node.cosigner_key, node.service_key):
            raise NodeNotInGenesis(detail=f"{node.name} has another cosigner or service key")
        return node


def create_keys(data: DataDirectory, passphrase: Passphrase | None) -> NodeKeys:
    """Draw the node's keys and write them; keys that are there are read instead. Raises as `load_keys`."""
    data.create()
    if all(_path(data, name).exists() for name in _NAMES):
        return load_keys(data, passphrase)
    for name in _NAMES:
        if not _path(data, name).exists():
            key = PrivateKey("Ed25519", secrets.token_bytes(32))
            write_atomic(_path(data, name), dump_key(key, None if passphrase is None else passphrase.text), PRIVATE)
    return load_keys(data, passphrase)


def load_keys(data: DataDirectory, passphrase: Passphrase | None) -> NodeKeys:
    """Read the node's keys. Raises `ConfigError` for a missing file or a wrong passphrase."""
    keys: dict[str, PrivateKey] = {}
    for name in _NAMES:
        path = _path(data, name)
        try:
            text = path.read_bytes()
        except OSError as error:
            raise ConfigError(detail=f"the key file {path.name}: {error.strerror}") from error
        keys[name] = load_key(text, passphrase if b"ENCRYPTED" in text else None)
    return NodeKeys(**keys)


def _path(data: DataDirectory, name: str) -> Path:
    return data.keys / f"{name}.pem"


def read_passphrase(
    file: Path | None, origin: Origin = "environment", prompt: Callable[[], str] | None = None
) -> Passphrase | None:
    """Return the passphrase, None when there is none; raises `ConfigError` for a file that cannot be read.

    A `file` given by flag comes first, then SUYUAN_PASSPHRASE, then the file of another `origin`, then the prompt.
    """
    given = os.environ.get(PASSPHRASE_ENVIRONMENT)
    if given and origin != "flag":
        return Passphrase(given, PASSPHRASE_ENVIRONMENT)
    if file is not None:
        try:
            line = file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(detail=f"the passphrase file {file}: {error}") from error
        return Passphrase(line, f"{_SOURCES.get(origin, 'passphrase_file')} {file}")
    return None if prompt is None else Passphrase(prompt(), "the prompt")


def policy_text(genesis: Genesis) -> str:
    """Return the policy file that follows from the genesis document."""
    nodes = [
        PublicNodeKeys(
            node.name,
            Vkey.parse(node.log_key),
            Vkey.parse(node.cosigner_key),
            None if node.cosigner_pq_key is None else Vkey.parse(node.cosigner_pq_key),
            node.url,
        )
        for node in genesis.nodes
    ]
    return str(consortium_policy(nodes))
