"""A node's application over a ledger on disk, asked as any member of the tests' world; no process runs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TypeVar

import httpx2
import msgspec
import pytest

from api.app import create_app
from clients.sdk.edge import Surroundings
from clients.sdk.errors import RemoteProblem
from clients.sdk.identity import Identity
from clients.sdk.sync_client import Client
from clients.sdk.wire import Call
from ledger.notes.policy import Policy
from node.begin import begin_node
from node.files import DataDirectory
from node.front_service import NodeService
from tests.ledger.rules.publishing import civic_world
from tests.node.founding import NODE, write_keys
from tests.node.stored_world import StoredWorld
from tests.world_genesis import signer_of, uscc_of

T = TypeVar("T")
URL = "http://node.example"


class AskedNode:
    """A ledger, and the application that serves it."""

    def __init__(self, world: StoredWorld, folder: Path) -> None:
        self.world = world
        self.service = NodeService.open(folder)
        self.app = create_app(self.service)

    @classmethod
    def at(cls, folder: Path) -> AskedNode:
        """Found a node in `folder`, with the catalogue that has lists, measures and a site."""
        data = DataDirectory(folder)
        genesis = civic_world().genesis
        genesis = msgspec.structs.replace(genesis, nodes=[node for node in genesis.nodes if node.name == NODE])
        write_keys(data)
        begin_node(data, genesis, None)
        return cls(StoredWorld(data, genesis), folder)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request: what a client's transport calls."""

        async def ask() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=True)
            async with httpx2.AsyncClient(transport=transport, base_url=URL) as client:
                sent = client.build_request(
                    request.method, request.url, headers=dict(request.headers), content=request.content
                )
                return await client.send(sent)

        found = asyncio.run(ask())
        return httpx2.Response(found.status_code, headers=dict(found.headers), content=found.content)

    def surroundings(self) -> Surroundings:
        """Return the clock that tokens are judged by, and bytes that repeat."""
        return Surroundings(lambda: int(time.time() * 1000), lambda size: bytes(range(size)), lambda seconds: None)

    def client(self, member: str) -> Client:
        """Return a client of the node for a member of the tests' world."""
        identity = Identity(uscc_of(member), signer_of(member), self.surroundings())
        return Client(URL, identity=identity, node=NODE, transport=httpx2.MockTransport(self.answer), attempts=1)

    def ask(self, member: str, call: Call[T]) -> T:
        """Send one call as a member."""
        with self.client(member) as client:
            return client.run(call)

    def refuses(self, member: str, call: Call[T], status: int, code: str) -> None:
        """Send one call as a member that must be turned away with this code."""
        with pytest.raises(RemoteProblem) as caught:
            self.ask(member, call)
        assert (caught.value.status, caught.value.stable_code) == (status, code)

    def policy(self) -> Policy:
        """Return the policy that trusts this node."""
        return Policy.parse(self.service.reader.policy_text())

    def close(self) -> None:
        """Close the database."""
        self.service.reader.close()
        self.world.store.close()
