"""Manifests, mailbox and files: content addresses, bounds, who may read, and when a package goes."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from ledger.errors import FormError, NotFoundError, OverloadError, SuyuanError
from ledger.manifest import build_manifest
from ledger.signed import verify_held
from ledger.state.tables import TransferState
from node.files import write_atomic
from node.front_service import Offers
from node.mailbox import Mailbox, NotYours, PackageHash
from node.manifests import ManifestStore, TooLarge
from tests.ledger.rules.handing import give, offer, single, take
from tests.node.stored_world import StoredWorld
from tests.world import START_MS, digest_of
from tests.world_genesis import ORIGIN, signer_of, uscc_of

HOUR = 3_600_000
SENDER, RECEIVER, OTHER = uscc_of("source"), uscc_of("lender"), uscc_of("hub")


def test_a_manifest_is_taken_after_it_was_recomputed(tmp_path: Path) -> None:
    signer = signer_of("node:n1")
    store = ManifestStore(tmp_path, ORIGIN, signer, 10_000)
    manifest = build_manifest((sha256(bytes([at])).digest(), bytes(32)) for at in range(20))
    data, name, root = manifest.data, manifest.digest.hex(), manifest.root()
    held = store.put(name, data, root=root, count=20)
    verify_held(held, signer.public, origin=ORIGIN, manifest_hash=manifest.digest, root=root, count=20)
    assert store.put(name, data, root=root, count=20) == held
    assert store.get(name) == data
    assert store.holds(name)
    assert not store.holds(digest_of("other"))
    with pytest.raises(NotFoundError):
        store.get(digest_of("other"))


@pytest.mark.parametrize("wrong", ["hash", "root", "count", "order", "size", "name"])
def test_a_wrong_manifest_is_not_kept(tmp_path: Path, wrong: str) -> None:
    store = ManifestStore(tmp_path, ORIGIN, signer_of("node:n1"), 64 * 21 if wrong == "size" else 64 * 20 - 1)
    manifest = build_manifest((sha256(bytes([at])).digest(), bytes(32)) for at in range(19))
    data, root, count = manifest.data, manifest.root(), 19
    if wrong == "order":
        data = data[64:128] + data[:64] + data[128:]
    if wrong == "size":
        data += bytes(64 * 3)
    name = sha256(data).hexdigest() if wrong != "hash" else digest_of("x")
    if wrong == "root":
        root = bytes(32)
    if wrong == "count":
        count = 20
    if wrong == "name":
        name = "../../etc/passwd"
    with pytest.raises(SuyuanError):
        store.put(name, data, root=root, count=count)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


class Clock:
    def __init__(self) -> None:
        self.now = START_MS

    def __call__(self) -> int:
        return self.now


def _mailbox(path: Path, clock: Clock) -> Mailbox:
    return Mailbox(path, clock, limit=100, total=250, hours=2)


def test_a_package_reaches_its_sender_and_receiver_only(tmp_path: Path) -> None:
    mailbox = _mailbox(tmp_path, Clock())
    data = b"ciphertext"
    name = sha256(data).hexdigest()
    mailbox.put(name, data, sender=SENDER, receiver=RECEIVER)
    mailbox.put(name, data, sender=SENDER, receiver=RECEIVER)
    assert mailbox.parties(name) == {SENDER, RECEIVER}
    assert mailbox.get(name, member=RECEIVER) == mailbox.get(name, member=SENDER) == data
    with pytest.raises(NotYours):
        mailbox.get(name, member=OTHER)
    with pytest.raises(NotYours):
        mailbox.put(name, data, sender=OTHER, receiver=RECEIVER)
    mailbox.drop(name)
    mailbox.drop(name)
    with pytest.raises(NotFoundError):
        mailbox.get(name, member=RECEIVER)
    with pytest.raises(FormError):
        mailbox.get("../suyuan.toml", member=RECEIVER)


def test_bounds_of_the_mailbox(tmp_path: Path) -> None:
    mailbox = _mailbox(tmp_path, Clock())
    with pytest.raises(TooLarge):
        mailbox.put("0" * 64, bytes(101), sender=SENDER, receiver=RECEIVER)
    with pytest.raises(PackageHash):
        mailbox.put("0" * 64, b"x", sender=SENDER, receiver=RECEIVER)
    with pytest.raises(FormError):
        mailbox.put(sha256(b"x").hexdigest(), b"x", sender=SENDER, receiver="nobody")
    for at in range(2):
        data = bytes([at]) * 100
        mailbox.put(sha256(data).hexdigest(), data, sender=SENDER, receiver=RECEIVER)
    with pytest.raises(OverloadError):
        mailbox.put(sha256(bytes(90)).hexdigest(), bytes(90), sender=SENDER, receiver=RECEIVER)


def test_a_package_goes_when_its_time_has_passed(tmp_path: Path) -> None:
    clock = Clock()
    mailbox = _mailbox(tmp_path, clock)
    name = sha256(b"x").hexdigest()
    mailbox.put(name, b"x", sender=SENDER, receiver=RECEIVER)
    clock.now += 2 * HOUR - 1
    assert mailbox.sweep({}) == []
    clock.now += 1
    assert mailbox.sweep({}) == [name]
    assert mailbox.names() == []


@pytest.mark.parametrize("end", ["confirm", "dispute", "refuse", "cancel", "deadline", None])
def test_a_package_goes_when_its_hand_over_is_over(tmp_path: Path, end: str | None) -> None:
    world = StoredWorld.at(tmp_path / "n")
    reader = world.reader()
    given = give(world, "source", "lender")
    record = world.do("source", "record.submit", world.record())
    name = digest_of("ciphertext")
    offers = Offers(reader)
    assert offers.transfers([name]) == {}
    offered = world.do("source", "transfer.offer", offer(world, given, single(record)))
    found = offers.transfers([name, "0" * 64])
    assert list(found) == [name]
    assert isinstance(found[name], TransferState)
    if end in {"confirm", "dispute"}:
        take(world, "lender", "accept", offered)
        take(world, "source", "release", offered)
    if end not in {"deadline", None}:
        assert end is not None
        take(world, "source" if end == "cancel" else "lender", end, offered)
    clock = Clock()
    folder = tmp_path / "mailbox"
    folder.mkdir()
    mailbox = Mailbox(folder, clock, limit=100, total=250, hours=1000)
    write_atomic(folder / name, b"ciphertext")
    envelope = f'{{"sender":"{SENDER}","receiver":"{RECEIVER}","size":10,"since":{START_MS}}}'
    write_atomic(folder / f"{name}.json", envelope.encode())
    if end == "deadline":
        clock.now = found[name].deadline
    assert mailbox.sweep(offers.transfers([name])) == ([] if end is None else [name])
    reader.close()
    world.store.close()


def test_a_file_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_atomic(path, b"old", 0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TypeError):
        write_atomic(path, "no bytes")  # type: ignore[arg-type]  # fails while writing, on purpose
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["f"]
