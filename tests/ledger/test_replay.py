"""Replay gives the state that execution gave, and names the first leaf that differs from it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ledger.encoding import base64url
from ledger.entries import encode_block_entry, encode_refusal_entry
from ledger.execution import HEARTBEAT_MS, Head
from ledger.replay import Replay, ReplayDifference, ReplayHead, ReplayOrder, ReplaySignature
from ledger.signed import sign_pop
from tests.ledger.lineage.story import Story
from tests.world import World
from tests.world_genesis import ORIGIN, signer_of


@pytest.fixture(scope="module")
def world() -> World:
    return Story().world


def replayed(entries: Sequence[bytes]) -> Replay:
    replay = Replay()
    replay.feed_all(entries)
    return replay


def test_a_replay_ends_in_the_same_head_state_and_app_hashes(world: World) -> None:
    replay = replayed(world.entries)
    assert replay.head() == world.head
    assert replay.app_hashes == world.app_hashes
    assert replay.rows.rows == world.state.rows
    replay.check_head(world.head.size, world.head.root(), world.head.app_hash)


def test_a_replay_holds_every_edge_finding_and_statement(world: World) -> None:
    replay = replayed(world.entries)
    ids = [logged.statement.statement_id for block in world.blocks for logged in block.logged]
    assert set(replay.statements(ids)) == set(ids)
    found = [(row.index, row.event) for row in replay.findings(world.head.size)]
    assert found == world.findings
    for index, edge in world.edges:
        assert (index, edge.target) in {(row.index, row.target) for row in replay.edges_from([edge.source], 10**6)}
        assert (index, edge.source) in {(row.index, row.source) for row in replay.edges_to([edge.target], 10**6)}


def test_another_claimed_head_is_an_error(world: World) -> None:
    replay, head = replayed(world.entries), world.head
    for size, root, app_hash in (
        (head.size + 1, head.root(), head.app_hash),
        (head.size, bytes(32), head.app_hash),
        (head.size, head.root(), bytes(32)),
    ):
        with pytest.raises(ReplayHead):
            replay.check_head(size, root, app_hash)


def broken_at(entries: Sequence[bytes], error: type[Exception] = ReplayDifference) -> int:
    with pytest.raises(error) as caught:
        replayed(entries)
    index = getattr(caught.value, "params")["index"]  # noqa: B009 — the type is the caller's
    assert isinstance(index, int)
    return index


def refused_index(world: World) -> int:
    return next(logged.index for block in world.blocks for logged in block.logged if logged.rule is not None)


def test_every_kind_of_lie_is_named_by_its_first_leaf(world: World) -> None:
    entries = world.entries
    refused = refused_index(world)
    statement = next(s for b in world.blocks for s in b.logged if s.index == refused).statement
    as_admitted = [*entries[:refused], statement.raw, *entries[refused + 1 :]]
    assert broken_at(as_admitted) == refused
    other_rule = [*entries[:refused], encode_refusal_entry("TRA-1", statement.raw), *entries[refused + 1 :]]
    assert broken_at(other_rule) == refused
    as_refused = [*entries[:2], encode_refusal_entry("REC-1", entries[2]), *entries[3:]]
    assert broken_at(as_refused) == 2
    left_out = [*entries[:2], *entries[3:]]
    assert broken_at(left_out) in (1, 2, 3)
    assert broken_at([*entries[:3], entries[2], *entries[3:]]) == 3
    assert broken_at([*entries[:5], b"nonsense", *entries[6:]]) == 5


def changed_block(world: World, number: int, **changes: int | bytes) -> list[bytes]:
    """Return the entries with the block entry of block `number` (from 0) saying something else."""
    first = world.blocks[number].first_index
    before = world.app_hashes[number - 1]
    time = world.blocks[number].head.time
    facts: dict[str, int | bytes] = {"height": number + 1, "time": time, "previous": before, "index": first, **changes}
    height, at, previous, index = facts["height"], facts["time"], facts["previous"], facts["index"]
    assert isinstance(height, int)
    assert isinstance(at, int)
    assert isinstance(previous, bytes)
    assert isinstance(index, int)
    entries = list(world.entries)
    entries[first] = encode_block_entry(ORIGIN, height, at, previous, index)
    return entries


def test_the_chain_of_app_hashes_is_compared(world: World) -> None:
    first = world.blocks[4].first_index
    assert broken_at(changed_block(world, 4, previous=bytes(32))) == first
    assert broken_at(changed_block(world, 4, height=9)) == first
    assert broken_at(changed_block(world, 4, index=1)) == first
    assert broken_at(changed_block(world, 4, time=1)) == first
    # A block of another time executes well by itself; the next one chains to what it should have been.
    later = changed_block(world, 4, time=world.blocks[4].head.time + 1)
    assert broken_at(later) == world.blocks[5].first_index


def test_order_of_entries(world: World) -> None:
    assert broken_at(world.entries[1:], ReplayOrder) == 0
    assert broken_at([world.entries[0], world.entries[2]], ReplayOrder) == 1
    assert broken_at([*world.entries, world.entries[0]], ReplayOrder) == len(world.entries)


def test_a_wrong_signature_is_found_unless_it_is_not_asked_for() -> None:
    world = World.founding()
    raw = bytearray(world.sign("source", "record.submit", world.record()))
    raw[-1] ^= 1
    assert world.run(bytes(raw))[0].status == "admitted", "execution leaves signatures to the fronts"
    assert broken_at(world.entries, ReplaySignature) == 2
    trusting = Replay(check_signatures=False)
    assert trusting.feed_all(world.entries) == world.head


def test_a_key_added_in_the_log_signs_later_statements() -> None:
    world = World.founding()
    new = signer_of("another key")
    pop = sign_pop(new, origin=ORIGIN, member=world.uscc("source"), old_kid=world.signer("source").public.thumbprint)
    world.do("source", "key.add", {"use": "sign", "key": new.public.to_json(), "pop": base64url(pop)})
    world.do("source", "record.submit", world.record(), key=new)
    assert replayed(world.entries).head() == world.head


def test_heartbeats_replay_and_early_empty_blocks_do_not() -> None:
    world = World.founding()
    world.do("source", "record.submit", world.record())
    world.advance(HEARTBEAT_MS)
    world.run()
    assert world.head.height == 2
    assert replayed(world.entries).head() == world.head
    head: Head = world.head
    early = encode_block_entry(ORIGIN, head.height + 1, head.time + 1000, head.app_hash, head.size)
    assert broken_at([*world.entries, early]) == head.size


def test_a_cut_inside_a_block_keeps_its_time_and_what_stands_before() -> None:
    world = World.founding()
    world.run(*(world.sign("source", "record.submit", world.record()) for _ in range(3)))
    for size, statements in ((1, 0), (2, 0), (3, 1), (4, 2), (5, 3)):
        replay = Replay()
        for entry in world.entries[:size]:
            replay.feed(entry)
        replay.finish(cut=True)
        ids = [logged.statement.statement_id for logged in world.blocks[0].logged]
        assert len(replay.statements(ids)) == statements
        assert replay.time_at(size) == (world.head.time if size > 1 else 0)
