"""A package that changes between sender and receiver: stopped at the mailbox, at the download, or by a dispute."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from clients.gateway.receive import DeliveryDisputed, WrongCiphertext
from clients.sdk import requests
from clients.sdk.errors import AccessProblem, FormProblem, NotFoundProblem
from clients.vault.rows import Package
from ledger.references import ReferenceSet
from tests.e2e.test_handover import Side, delivery_of, make_batch, make_grant
from tests.node.founding import found_node
from tests.node.node_process import NodeProcess, running_node
from tests.world_genesis import uscc_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("changed")
    found_node(path / "node")
    return path


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[NodeProcess]:
    with running_node(folder / "node") as process:
        yield process


@pytest.fixture(scope="module")
def sides(folder: Path, node: NodeProcess) -> Iterator[tuple[Side, Side]]:
    made = Side("source", folder, node.url), Side("lender", folder, node.url)
    yield made
    for side in made:
        side.close()


@pytest.fixture(scope="module")
def agreed(sides: tuple[Side, Side]) -> tuple[str, tuple[str, str]]:
    """Return a batch and a grant over it."""
    return make_batch(sides[0]), make_grant(*sides)


def offered(sides: tuple[Side, Side], agreed: tuple[str, tuple[str, str]]) -> tuple[str, str, bytes]:
    """Return a hand-over that was prepared and offered, its offer, and its ciphertext."""
    sender = sides[0].sender()
    [transfer_id] = sender.prepare(delivery_of(agreed[1], agreed[0]))
    return transfer_id, sender.offer(transfer_id), sender.ciphertext(transfer_id)


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def status_of(side: Side, offer: str) -> str:
    return side.client.run(requests.transfer(offer)).status


def size_of(side: Side) -> int:
    return side.client.log().size


def test_the_mailbox_takes_no_other_bytes_than_the_name_says(
    sides: tuple[Side, Side], agreed: tuple[str, tuple[str, str]]
) -> None:
    source, lender = sides
    transfer_id, _, ciphertext = offered(sides, agreed)
    name, size = sha256(ciphertext).hexdigest(), size_of(source)
    for changed in (flipped(ciphertext, 0), flipped(ciphertext, len(ciphertext) - 1), ciphertext[:-1], b""):
        with pytest.raises(FormProblem) as caught:
            source.client.run(requests.put_package(name, changed, uscc_of("lender")))
        assert caught.value.stable_code == "mailbox.hash"
    with pytest.raises(NotFoundProblem):
        lender.client.run(requests.get_package(name))
    assert size_of(source) == size
    source.sender().deliver(transfer_id)
    assert lender.client.run(requests.get_package(name)) == ciphertext


@pytest.mark.parametrize("place", [0, 24, 1000, -1])
def test_a_package_changed_after_the_download_is_not_accepted(
    sides: tuple[Side, Side], agreed: tuple[str, tuple[str, str]], place: int
) -> None:
    _, lender = sides
    _, offer, ciphertext = offered(sides, agreed)
    size = size_of(lender)
    for changed in (flipped(ciphertext, place % len(ciphertext)), ciphertext[:-1], ciphertext + b"\x00"):
        with pytest.raises(WrongCiphertext):
            lender.receiver().accept(offer, changed)
    assert (status_of(lender, offer), size_of(lender)) == ("offered", size)
    lender.receiver().accept(offer, ciphertext)
    assert status_of(lender, offer) == "accepted"


def test_a_package_changed_in_the_nodes_files_is_not_accepted(
    sides: tuple[Side, Side], agreed: tuple[str, tuple[str, str]], folder: Path
) -> None:
    source, lender = sides
    transfer_id, offer, ciphertext = offered(sides, agreed)
    source.sender().deliver(transfer_id)
    stored = folder / "node" / "mailbox" / sha256(ciphertext).hexdigest()
    stored.write_bytes(flipped(ciphertext, 77))
    with pytest.raises(WrongCiphertext):
        lender.receiver().receive(offer)
    stored.write_bytes(ciphertext)
    lender.receiver().accept(offer)
    assert status_of(lender, offer) == "accepted"


def test_a_key_that_opens_nothing_is_disputed_once_and_ends_the_hand_over(
    sides: tuple[Side, Side], agreed: tuple[str, tuple[str, str]]
) -> None:
    source, lender = sides
    transfer_id, offer, ciphertext = offered(sides, agreed)
    sender, receiver = source.sender(), lender.receiver()
    receiver.accept(offer, ciphertext)
    kept = source.vault.package(receiver.offer(offer).ciphertext)
    source.vault.keep_package(Package(kept.digest, kept.ciphertext, bytes(32)), ReferenceSet())
    sender.release(transfer_id)
    for _ in range(2):
        with pytest.raises(DeliveryDisputed):
            receiver.confirm(offer)
    assert status_of(lender, offer) == "disputed"
    assert sender.finish(transfer_id) == "disputed"


def test_nobody_else_fetches_or_drops_a_package(
    sides: tuple[Side, Side], agreed: tuple[str, tuple[str, str]], folder: Path
) -> None:
    source, lender = sides
    transfer_id, _, ciphertext = offered(sides, agreed)
    source.sender().deliver(transfer_id)
    name = sha256(ciphertext).hexdigest()
    stranger = Side("operator", folder, source.url)
    try:
        with pytest.raises(AccessProblem):
            stranger.client.run(requests.get_package(name))
        with pytest.raises(AccessProblem):
            stranger.client.run(requests.delete_package(name))
        with pytest.raises(AccessProblem):
            stranger.client.run(requests.put_package(name, ciphertext, uscc_of("operator")))
    finally:
        stranger.close()
    assert httpx2.get(f"{source.url}/v1/mailbox/{name}").status_code == 401
    assert lender.client.run(requests.get_package(name)) == ciphertext
