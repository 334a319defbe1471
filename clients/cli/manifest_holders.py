"""Which nodes hold a batch's manifest: those named, or those that the ledger's genesis document names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from clients.cli.session import Session
from clients.sdk import requests
from clients.sdk.sync_client import Client
from ledger.notes.consortium import quorum_of

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class ManifestHolders:
    """Clients of the nodes to ask, and how many of them must sign that they hold it (n−f, REC-7)."""

    clients: tuple[Client, ...]
    needed: int


def holding_options(function: F) -> F:
    """Add `--nodes` and `--held-by`."""
    nodes = click.option(
        "--nodes", multiple=True, metavar="URL", help="further nodes that hold manifests; the ledger's if absent"
    )
    held_by = click.option(
        "--held-by", type=click.IntRange(min=1), help="nodes that must hold them; n−f of the ledger's nodes if absent"
    )
    return nodes(held_by(function))


def manifest_holders(session: Session, urls: tuple[str, ...], needed: int | None) -> ManifestHolders:
    """Return whom to ask; what is not given is taken from the genesis document, which the ledger itself checks."""
    client = session.signing_client
    if needed is None:
        nodes = session.public_client.run(requests.genesis()).nodes
        needed = quorum_of(len(nodes))
        urls = urls or tuple(node.url for node in nodes if node.url is not None and node.url.rstrip("/") != client.url)
    others = [
        session.opened.enter_context(
            Client(url, identity=session.identity, language=session.settings.lang, transport=session.transport)
        )
        for url in urls
    ]
    return ManifestHolders((client, *others), needed)
