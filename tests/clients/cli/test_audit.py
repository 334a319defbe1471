"""Auditing from a folder with the log's files: replay, evidence bundles, exports; and following a head."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.merkle.prove import MemoryTree
from ledger.tiles import bundles_of, encode_bundle, entries_path, tile_path, tiles_of
from tests.clients.cli.running import Person
from tests.clients.simulated_node import SimulatedNode
from tests.ledger.evidence.bundles import Story
from tests.world_genesis import NODES


def write_log(folder: Path, story: Story) -> None:
    """Write the files that a node would serve."""
    tree, size = story.proofs.tree, story.proofs.size
    folder.mkdir(exist_ok=True)
    (folder / "checkpoint").write_text(str(story.proofs.note))
    for index, width in bundles_of(size):
        path = folder / entries_path(index, width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_bundle(story.proofs.entries[256 * index : 256 * index + width]))
    for tile in tiles_of(size):
        path = folder / tile_path(tile.level, tile.index, tile.width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tile_hashes(tree, tile.level, tile.index, tile.width))


def tile_hashes(tree: MemoryTree, level: int, index: int, width: int) -> bytes:
    return b"".join(tree.read_hashes([(8 * level, 256 * index + at) for at in range(width)]))


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture
def person(tmp_path: Path, story: Story) -> Person:
    write_log(tmp_path / "log", story)
    policy = tmp_path / "policy.txt"
    policy.write_text(str(story.policy))
    return Person(tmp_path, member="auditor", environment={"SUYUAN_POLICY": str(policy)})


def log_of(person: Person) -> tuple[str, str]:
    return "--from", str(person.folder / "log")


def test_replay_gives_the_signed_root(person: Person, story: Story) -> None:
    data = person.data("audit", "replay", *log_of(person))
    assert isinstance(data, dict)
    assert data["verdict"] == "VERIFIED"
    assert data["root"] == story.world.head.root().hex()
    assert (data["size"], data["refusals"]) == (story.proofs.size, 1)
    listed = person.data("audit", "replay", *log_of(person), "--findings")
    assert isinstance(listed, list)
    assert {"F-REFUSED"} == {finding["code"] for finding in listed}


def test_a_changed_or_missing_entry_stops_the_replay(person: Person, story: Story) -> None:
    path = next((person.folder / "log" / "tile" / "entries").iterdir())
    files = [path] if path.is_file() else list(path.iterdir())
    sound = files[0].read_bytes()
    files[0].write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    assert person.run("audit", "replay", *log_of(person), "--json").exit_code in (10, 12)
    files[0].unlink()
    assert person.fails(3, "audit", "replay", *log_of(person))["code"] == "mirror.file"


@pytest.mark.parametrize("about", ["statement", "trace"])
def test_a_bundle_made_from_the_log_verifies(person: Person, story: Story, about: str) -> None:
    file = person.folder / "evidence.suyuan"
    made = person.data("audit", "bundle", story.record, str(file), "--about", about, *log_of(person))
    assert isinstance(made, dict)
    assert made["verdict"] == "VERIFIED"
    verdict = person.data("verify", str(file))
    assert isinstance(verdict, dict)
    assert verdict["verdict"] == "VERIFIED"


def test_a_bundle_about_what_is_not_logged_is_not_made(person: Person) -> None:
    file = person.folder / "evidence.suyuan"
    person.fails(5, "audit", "bundle", "00" * 32, str(file), *log_of(person))
    assert not file.exists()


def test_following_keeps_the_head_and_stops_at_a_fork(tmp_path: Path) -> None:
    node = SimulatedNode()
    node.run()
    person = Person(tmp_path, node=node)
    first = person.data("audit", "follow")
    assert isinstance(first, dict)
    assert first["size"] == node.tree.size
    assert len(first["cosigners"]) == len(NODES)
    head = Path(str(first["kept"]))
    assert head.read_text() == node.checkpoint()
    head.write_text(node.checkpoint(root=b"\x01" * 32))
    assert person.fails(11, "audit", "follow")["code"] == "log.heads_exclude"
    assert list(tmp_path.glob("*.fork-*"))
