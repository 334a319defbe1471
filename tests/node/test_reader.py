"""What a front serves verifies with the verifiers alone: checkpoints, proofs, receipts, tiles and bundles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.encoding import base64url
from ledger.errors import NotFoundError
from ledger.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from ledger.notes.policy import Policy
from ledger.notes.tlog_proof import TlogProof
from ledger.receipt import parse_inclusion_receipt, verify_inclusion_receipt
from ledger.tiles import TileSource, bundles_of, decode_bundle, tiles_of
from node.reader import NotPublishedError, Reader
from tests.node.founding import found_node
from tests.node.stored_world import StoredWorld


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredWorld]:
    world = StoredWorld.at(tmp_path_factory.mktemp("reader") / "n")
    for _ in range(6):
        world.run(*(world.sign("source", "record.submit", world.record()) for _ in range(50)))
    yield world
    world.store.close()


@pytest.fixture(scope="module")
def reader(world: StoredWorld) -> Reader:
    return world.reader()


def _policy(reader: Reader) -> Policy:
    return Policy.parse(reader.policy_text())


def test_a_new_node_has_no_checkpoint(tmp_path: Path) -> None:
    world = StoredWorld(*found_node(tmp_path / "n"))
    reader = world.reader()
    with pytest.raises(NotPublishedError):
        reader.checkpoint()
    with pytest.raises(NotPublishedError):
        reader.proof_of_index(0)
    assert reader.head().size == 1


def test_the_checkpoint_satisfies_the_policy(world: StoredWorld, reader: Reader) -> None:
    verified = _policy(reader).verify_checkpoint(reader.checkpoint())
    assert (verified.checkpoint.size, verified.checkpoint.root) == (world.head.size, world.head.root())
    assert reader.published().state == "witnessed"


def test_every_proof_file_verifies(world: StoredWorld, reader: Reader) -> None:
    policy = _policy(reader)
    for block in world.blocks:
        for logged in block.logged[::7]:
            proof = TlogProof.parse(reader.proof(logged.statement.statement_id))
            proof.verify(logged.statement.leaf, policy)
            assert proof.index == logged.index


def test_receipts_verify_also_for_a_refused_statement(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    admitted = world.submit("source", "record.submit", world.record())
    refused = world.submit("lender", "record.submit", world.record())
    reader = world.reader()
    key = world.keys.receipt_signer().public
    for outcome in (admitted, refused):
        assert outcome.index is not None
        receipt = parse_inclusion_receipt(reader.receipt(outcome.statement_id))
        entry = reader.entry(outcome.index)
        root = verify_inclusion_receipt(receipt, leaf_hash(entry), key)
        assert root == world.head.root()
        place = reader.place(outcome.statement_id)
        assert place is not None
        assert place.refused_rule == ("REC-1" if outcome is refused else None)
    with pytest.raises(NotFoundError):
        reader.receipt("0" * 64)


def test_tiles_and_bundles_rebuild_the_tree(world: StoredWorld, reader: Reader) -> None:
    size = world.head.size
    entries: list[bytes] = []
    for number, width in bundles_of(size):
        data = reader.bundle(number, width)
        assert data is not None
        entries += decode_bundle(data, width)
    assert entries == world.entries
    assert root_of([leaf_hash(entry) for entry in entries]) == world.head.root()
    for tile in tiles_of(size):
        assert reader.tile(tile.level, tile.index, tile.width) is not None
        if tile.width < 256:
            assert reader.tile(tile.level, tile.index, tile.width + 1) is None
    assert TileSource(size, _Tiles(reader)).read_hashes([(0, 5), (8, 0), (5, 2)]) == world_hashes(world)
    for wrong in ((64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, 10**9, 256)):
        assert reader.tile(*wrong) is None
    for place in ((-1, 1), (0, 0), (0, 257), (10**9, 256)):
        assert reader.bundle(*place) is None


class _Tiles:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        data = self.reader.tile(level, index, width)
        assert data is not None
        return data


def world_hashes(world: StoredWorld) -> list[bytes]:
    leaves = [leaf_hash(entry) for entry in world.entries]
    return [leaves[5], root_of(leaves[:256]), root_of(leaves[64:96])]


def test_paths_between_and_into_every_block_verify(world: StoredWorld, reader: Reader) -> None:
    heads = [block.head for block in world.blocks if block.entries]
    newest = heads[-1]
    for head in heads:
        path = reader.consistency(head.size, newest.size)
        verify_consistency(head.size, head.root(), newest.size, newest.root(), path)
        assert reader.root_at(head.size) == head.root()
        leaf = leaf_hash(world.entries[head.size - 1])
        verify_inclusion(leaf, head.size - 1, head.size, reader.leaf_inclusion(head.size - 1, head.size), head.root())
    with pytest.raises(NotFoundError):
        reader.root_at(newest.size + 1)


def test_keys_are_known_by_thumbprint(world: StoredWorld, reader: Reader) -> None:
    signer = world.signer("source")
    assert reader.public_key(base64url(signer.public.thumbprint)) == signer.public
    assert reader.public_key("A" * 43) is None


def test_rows_in_memory_are_read_again_only_when_one_changed(tmp_path: Path) -> None:
    world = StoredWorld.at(tmp_path / "n")
    reader = world.reader()
    first = reader.resident()
    world.do("source", "record.submit", world.record())
    assert reader.resident() is first
    key = next(key for key in first if key[0] == "key")
    world.do(
        "source", "key.revoke", {"kid": base64url(world.signer("source").public.thumbprint), "reason": "compromised"}
    )
    assert reader.resident() is not first
    assert key in reader.resident()
    assert dict(reader.resident()) == world.resident()
