"""Random walks over a ledger, and what holds after every block of them, whatever members did.

Every check is told anew from the entries of the log. SUYUAN_WALK_BLOCKS and SUYUAN_WALK_SEEDS make walks longer and
more of them. A walk that fails is walked again with a check after each block: the error names the first bad one.
"""

from __future__ import annotations

import os

import pytest

from ledger.findings.judge import findings_at
from ledger.kinds import KINDS
from ledger.replay import Replay
from ledger.state.tables import CONTRACT, DUTY, HOLDING, USAGE, ContractState, DutyState, HoldingState, UsageState
from tests.conformance.second_findings import findings
from tests.conformance.second_hands import Hands
from tests.conformance.second_stops import stops
from tests.conformance.second_told import Said, Told, atoms, read_log, time_ms
from tests.ledger import walking_acts
from tests.ledger.walking import Walk

BLOCKS = int(os.environ.get("SUYUAN_WALK_BLOCKS", "500"))
SEEDS = int(os.environ.get("SUYUAN_WALK_SEEDS", "3"))
CHECK_EVERY = 100
"""Blocks between two checks of everything; what a release rests on is checked in its own block."""
NOT_WALKED = {
    "case.close",
    "case.exhibit",
    "case.extract",
    "case.finding",
    "case.respond",
    "governance.reject",
    "incident.close",
    "key.revoke",
    "key.rotate",
    "linking.epoch",
    "mandate.end",
    "pledge.breach",
}
"""Kinds that change nothing of what is checked here, or end a walk early."""


def check_release(told: Told, release: Said) -> None:
    """What was released had an offer by one side and an acceptance by the other, and live, accepted authority."""
    hands = Hands(told)
    offer = hands.offers[release.payload["offer"]]
    assert offer.index < release.index
    assert release.iss == hands.releaser(offer)
    accepts = list(told.naming("transfer.accept", "offer", offer.id))
    assert [one.iss for one in accepts] == [offer.payload["receiver"]], "accepted once, by the receiver"
    assert offer.index < accepts[0].index < release.index
    grant = told.one(offer.payload["grant"])
    assert grant.payload["grantee"] == offer.payload["receiver"]
    assert offer.iss in (grant.iss, grant.payload.get("deliverer"))
    for id_ in hands.chain(grant.id):
        said = told.one(id_).payload
        assert [one.iss for one in told.naming("grant.accept", "grant", id_)] == [said["grantee"]]
        assert time_ms(said["valid_from"]) <= release.time < time_ms(said["valid_until"])
    assert hands.stands(grant.id, release), "neither revoked nor left behind"
    for atom in atoms(offer.payload["references"]):
        assert release.time < hands.retained(atom)
        assert told.newest(atom, release.index) == atom, "the newest version"
        assert not told.is_withdrawn(atom, release.index)
        assert not hands.lost(grant.id, atom, release), "consented"
        assert not any(one.index < release.index for one in told.of("record.resolve") if upholds(told, one, atom))
        assert not any(
            atom in told.versions(atoms(one.payload["references"]), one.index)
            for one in told.of("erasure.request")
            if one.index < release.index
        )


def upholds(told: Told, one: Said, atom: str) -> bool:
    """Whether a resolution upheld a dispute of a record."""
    about = str(told.one(one.payload["dispute"]).payload["about"])
    return one.payload["outcome"] == "upheld" and about == atom


def check_usage(walk: Walk, told: Told) -> None:
    """What each grant was charged is what was handed over and asked under it and below it, within its count."""
    hands = Hands(told)
    charged: dict[str, int] = {one.id: 0 for one in told.of("grant.issue")}
    released = {one.payload["offer"] for one in told.of("transfer.release")}
    given_back = {one.payload["offer"] for one in told.of("transfer.refuse", "transfer.cancel")} - released
    for one in told.of("transfer.offer", "query.batch"):
        if one.id in given_back or "confirms" in one.payload:
            continue
        count = one.payload["count"] if one.kind == "query.batch" else len(atoms(one.payload["references"]))
        for grant in hands.chain(one.payload["grant"]):
            charged[grant] += count
    for grant, count in charged.items():
        row = walk.world.row(USAGE, grant)
        assert count == (0 if row is None else row.total), grant
        limit = told.one(grant).payload["scope"].get("count")
        assert limit is None or count <= limit, "siblings stay within their parent"
        assert isinstance(row, UsageState | None)


def check_holdings(walk: Walk, told: Told) -> None:
    """Who holds what now is what releases gave, less what was stopped and destroyed."""
    hands = Hands(told)
    for _ in hands.walk():
        pass
    expected = {(one.holder, one.offer, atom) for one in hands.held for atom in one.ends}
    found: set[tuple[str, str, str]] = set()
    for (table, record, holder), row in walk.world.state.rows.items():
        if table == HOLDING.name:
            assert isinstance(row, HoldingState)
            for entry in row.entries:
                if entry.ended_index is None:
                    found |= {(holder, entry.hop, atom) for atom in atoms([(record, entry.ranges)])}
    assert found == expected


def check_stops(walk: Walk, told: Told) -> None:
    """Every holder of what ended has a duty to stop, with its time, or was relieved of it: no more and no fewer."""
    expected = {(stop.order.id, stop.duty.party, stop.duty.about, stop.duty.due, stop.duty.met) for stop in stops(told)}
    rows = [(key, row) for key, row in walk.world.state.rows.items() if key[0] == DUTY.name]
    found = {
        (key[1], row.party, row.about, row.due, row.met_at)
        for key, row in rows
        if isinstance(row, DutyState) and row.kind == "stop"
    }
    assert found == expected


def check_sums(walk: Walk, told: Told) -> None:
    """What a contract counts as paid is the sum of its payments, those back taken off."""
    for contract in told.of("contract.register"):
        paid = sum(
            one.payload["amount"]["amount"] * (1 if one.payload["payer"] == contract.payload["buyer"] else -1)
            for one in told.naming("contract.payment", "contract", contract.id)
        )
        row = walk.world.row(CONTRACT, contract.id)
        assert isinstance(row, ContractState)
        assert row.paid == paid


def check_all(walk: Walk) -> None:
    """Everything that is told anew from the whole log."""
    entries = walk.world.entries
    told = read_log(entries)
    assert [one.id for one in told.said] == list(walk.told), "admitted is what the log says"
    check_usage(walk, told)
    check_holdings(walk, told)
    check_stops(walk, told)
    check_sums(walk, told)
    replay = Replay(check_signatures=False)
    replay.feed_all(entries)
    assert replay.app_hashes == walk.world.app_hashes
    size = len(entries)
    found = sorted((one.code, one.about, one.party, one.open) for one in findings_at(replay, size))
    assert found == findings(entries)


def check_block(walk: Walk) -> None:
    """What can be said of one block alone."""
    block = walk.world.blocks[-1]
    releases = [one.index for one in block.logged if one.statement.kind == "transfer.release" and one.rule is None]
    if releases:
        told = read_log(walk.world.entries)
        for one in told.of("transfer.release"):
            if one.index in releases:
                check_release(told, one)


def go(seed: int, blocks: int, every: int) -> Walk:
    """Walk, and check as we go; raises AssertionError."""
    walk = Walk(seed)
    for number in range(1, blocks + 1):
        try:
            walk.block()
            check_block(walk)
            if number % every == 0 or number == blocks:
                check_all(walk)
        except AssertionError as error:
            if every == 1:
                kinds = [one.statement.kind for one in walk.world.blocks[-1].logged]
                raise AssertionError(f"walk {seed}, block {number} ({kinds}): {error}") from error
            go(seed, number, 1)
            raise
    return walk


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_walk_keeps_every_invariant(seed: int) -> None:
    walk = go(seed, BLOCKS, CHECK_EVERY)
    walk.world.advance(400 * 86_400_000)
    walk.world.run()
    check_all(walk)


def test_the_walks_do_things_of_every_kind() -> None:
    assert set(walking_acts.ACTS) | NOT_WALKED >= set(KINDS)
    assert not set(walking_acts.ACTS) & NOT_WALKED
    walk, tried = Walk(100), set(walking_acts.ACTS)
    for _ in range(600):
        walk.block()
    assert set(walk.statuses) == tried
    admitted = {kind for kind, count in walk.statuses.items() if "admitted" in count}
    assert len(admitted) >= len(tried) * 4 // 5, sorted(tried - admitted)
    assert all(walk.statuses[kind].get("admitted", 0) > 5 for kind in ("transfer.release", "stop.acknowledge"))


def test_a_walk_is_fixed_by_its_seed() -> None:
    walks = [Walk(7), Walk(7)]
    for walk in walks:
        for _ in range(60):
            walk.block()
    assert walks[0].world.app_hashes == walks[1].world.app_hashes
