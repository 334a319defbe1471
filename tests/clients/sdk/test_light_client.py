"""The kept head only moves forward, and what contradicts it is kept as evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.sdk.heads import FileHeadStore, MemoryHeadStore
from clients.sdk.light_client import ClientTiles, HeadsExclude, LightClient, TilesDiffer, follow
from ledger.errors import ForkError, QuorumError, SignatureError
from ledger.merkle.prove import MemoryTree
from tests.clients.simulated_node import SimulatedNode, TreeTiles

SIZES = (2, 3, 255, 256, 257, 511, 600)


@pytest.fixture(scope="module")
def node() -> SimulatedNode:
    """A log of 700 leaves; its leaves need no statements here."""
    made = SimulatedNode()
    for number in range(699):
        made.tree.append(bytes([number % 256, number // 256]) + bytes(30))
    return made


def other_tree(node: SimulatedNode, same: int, size: int) -> MemoryTree:
    """Return a tree that is the node's up to `same` leaves and another after them."""
    leaves = node.tree.read_hashes([(0, index) for index in range(same)])
    return MemoryTree([*leaves, *(b"f" * 32 for _ in range(size - same))])


def test_a_growing_log_is_followed(node: SimulatedNode) -> None:
    store = MemoryHeadStore()
    light = LightClient(node.policy(), store, TreeTiles(node.tree))
    assert light.head() is None
    for size in (1, *SIZES, 600, 700):
        assert light.advance(node.checkpoint(size)).checkpoint.size == size
        head = light.head()
        assert head is not None
        assert head.checkpoint.size == size
    assert store.evidence == []


def test_a_head_that_goes_back_is_a_fork_and_both_heads_are_kept(node: SimulatedNode) -> None:
    store = MemoryHeadStore()
    light = LightClient(node.policy(), store, TreeTiles(node.tree))
    light.advance(node.checkpoint(257))
    with pytest.raises(HeadsExclude, match="went back") as caught:
        light.advance(node.checkpoint(256))
    assert isinstance(caught.value, ForkError)
    assert store.evidence == [(node.checkpoint(257), node.checkpoint(256))]
    assert (caught.value.known, caught.value.seen) == store.evidence[0]
    assert store.head == node.checkpoint(257)


def test_two_roots_at_one_size_are_a_fork(node: SimulatedNode) -> None:
    store = MemoryHeadStore(node.checkpoint(257))
    light = LightClient(node.policy(), store, TreeTiles(node.tree))
    fork = node.checkpoint(257, other_tree(node, 200, 257).root())
    with pytest.raises(HeadsExclude, match="two roots at size 257"):
        light.advance(fork)
    assert store.evidence == [(node.checkpoint(257), fork)]


@pytest.mark.parametrize("same", [0, 1, 255, 256])
def test_a_rewritten_past_is_a_fork_once_the_tiles_show_it(node: SimulatedNode, same: int) -> None:
    forked = other_tree(node, same, 600)
    fork = node.checkpoint(600, forked.root())
    store = MemoryHeadStore(node.checkpoint(257))
    with pytest.raises(HeadsExclude, match="does not extend"):
        LightClient(node.policy(), store, TreeTiles(forked)).advance(fork)
    assert store.evidence == [(node.checkpoint(257), fork)]
    assert store.head == node.checkpoint(257)


def test_wrong_tiles_accuse_nobody(node: SimulatedNode) -> None:
    store = MemoryHeadStore(node.checkpoint(257))
    with pytest.raises(TilesDiffer):
        LightClient(node.policy(), store, TreeTiles(other_tree(node, 100, 600))).advance(node.checkpoint(600))
    assert store.evidence == []
    assert store.head == node.checkpoint(257)


def test_a_head_without_quorum_or_signature_is_no_head_at_all(node: SimulatedNode) -> None:
    store = MemoryHeadStore()
    light = LightClient(node.policy(), store, TreeTiles(node.tree))
    lines = node.checkpoint(5).split("\n")
    with pytest.raises(QuorumError):
        light.advance("\n".join(lines[:-3]) + "\n")
    with pytest.raises(SignatureError):
        light.advance(node.checkpoint(5).replace("\n5\n", "\n6\n"))
    assert store.head is None


def test_the_head_survives_in_a_file_and_so_does_the_evidence(node: SimulatedNode, tmp_path: Path) -> None:
    path = tmp_path / "heads" / "head"
    with node.client("source") as client:
        LightClient(node.policy(), FileHeadStore(path), ClientTiles(client)).advance(node.checkpoint(257))
        assert follow(client, node.policy(), FileHeadStore(path)).checkpoint.size == 700
        assert path.read_text() == node.checkpoint(700)
        with pytest.raises(HeadsExclude) as caught:
            LightClient(node.policy(), FileHeadStore(path), ClientTiles(client)).advance(node.checkpoint(3))
    evidence = sorted(found.read_text() for found in path.parent.glob("head.fork-*"))
    assert evidence == sorted([node.checkpoint(700), node.checkpoint(3)])
    assert Path(str(caught.value.params["evidence"])).read_text() == node.checkpoint(3)
    assert path.read_text() == node.checkpoint(700)
