"""Running the command line in tests: in this process, with a folder of its own, over a simulated node where wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx2
import msgspec
from click.testing import CliRunner, Result

from clients.cli.main import cli
from clients.cli.session import Session
from clients.sdk.edge import Surroundings
from ledger.keyfile import PrivateKey, dump_key
from ledger.notes.policy import Policy
from tests.clients.simulated_node import NODE
from tests.world_genesis import seed_of, uscc_of

Json = dict[str, object]


class Answering(Protocol):
    """A node that answers HTTP requests in this process."""

    def answer(self, request: httpx2.Request) -> httpx2.Response: ...

    def surroundings(self) -> Surroundings: ...

    def policy(self) -> Policy: ...


@dataclass
class Person:
    """A member's command line: its key file, its vault, its settings in the environment."""

    folder: Path
    node: Answering | None = None
    member: str | None = None
    environment: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Nothing of the machine's own settings reaches a test.
        own: dict[str, str | None] = {"HOME": str(self.folder), "SUYUAN_VAULT": str(self.folder / "vault.db")}
        self.environment = own | self.environment
        if self.member is not None:
            key = self.folder / "key.pem"
            key.write_bytes(dump_key(PrivateKey("Ed25519", seed_of(self.member)), None))
            self.environment |= {"SUYUAN_MEMBER": uscc_of(self.member), "SUYUAN_KEY": str(key)}
        if self.node is not None:
            policy = self.folder / "policy.txt"
            policy.write_text(str(self.node.policy()))
            self.environment |= {
                "SUYUAN_NODE": f"http://{NODE}.example", "SUYUAN_NODE_NAME": NODE, "SUYUAN_POLICY": str(policy),
            }  # fmt: skip

    def run(self, *words: str, stdin: str | None = None) -> Result:
        """Run one command and return what it wrote and its exit code."""
        session = Session()
        if self.node is not None:
            session.surroundings = self.node.surroundings()
            session.transport = httpx2.MockTransport(self.node.answer)
        return CliRunner().invoke(cli, list(words), obj=session, env=self.environment, input=stdin)

    def data(self, *words: str) -> object:
        """Run one command with --json and return its data; the command must succeed."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return envelope(result)["data"]

    def fails(self, code: int, *words: str) -> Json:
        """Run one command with --json and return its error; the exit code must be `code`."""
        result = self.run(*words, "--json")
        assert result.exit_code == code, result.output
        body = envelope(result)
        assert body["ok"] is False
        error = body["error"]
        assert isinstance(error, dict)
        assert error["exit"] == code
        return error


def envelope(result: Result) -> Json:
    """Return the one envelope on stdout."""
    (line,) = result.stdout.strip().splitlines()
    found = msgspec.json.decode(line.encode(), type=dict[str, object])
    assert found["version"] == 1
    return found


def text(value: object, *path: str | int) -> str:
    """Return a text deep in decoded JSON."""
    for step in path:
        if isinstance(step, int):
            assert isinstance(value, list)
            value = value[step]
        else:
            assert isinstance(value, dict)
            value = value[step]
    assert isinstance(value, str)
    return value
