"""Questions 5, 6 and 9: grant trees with what is left, duties, refusals, contracts."""

from __future__ import annotations

import pytest

from ledger.lineage.contracts import contract_view
from ledger.lineage.grants import grant_tree
from ledger.lineage.standing import duties_of, refusals_at
from ledger.lineage.steps import NothingLogged, WrongQuestion
from ledger.replay import Replay
from ledger.state.tables import USAGE, UsageState
from ledger.state.view import Need
from tests.ledger.lineage.story import Story
from tests.ledger.rules.handing import give, hand_over, rows
from tests.world import World


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def log(story: Story) -> Replay:
    return story.replay()


def test_the_tree_has_children_hand_overs_and_what_is_left(story: Story, log: Replay) -> None:
    tree = grant_tree(log, story.upper.grant, log.head().size)
    upper, lower = tree.nodes
    assert (upper.id, upper.parent, lower.id, lower.parent) == (story.upper.grant, "", story.lower.grant, upper.id)
    assert [hop.transfer for hop in upper.hops] == [story.first, story.single, story.refused_offer]
    assert [hop.transfer for hop in lower.hops] == [story.second]
    # 31 rows, one record, and the child's 10 rows; what was refused is credited back.
    assert (upper.limits.used, upper.limits.left) == (42, 458)
    assert (lower.limits.used, lower.limits.left) == (10, 290)


def test_what_is_used_equals_what_the_rules_charged(story: Story, log: Replay) -> None:
    for node in grant_tree(log, story.upper.grant, log.head().size).nodes:
        row = log.state([Need(USAGE.name, node.id, "")])[(USAGE.name, node.id, "")]
        assert isinstance(row, UsageState)
        assert node.limits.used == row.total


def test_revocation_ends_the_subtree_from_its_leaf(story: Story, log: Replay) -> None:
    index = log.statements([story.revocation])[story.revocation].index
    before, after = (grant_tree(log, story.upper.grant, size) for size in (index, index + 1))
    assert [node.status for node in before.nodes] == ["live", "live"]
    assert [node.status for node in after.nodes] == ["revoked", "revoked"]
    accepted = log.statements([story.upper.acceptance])[story.upper.acceptance].index
    assert grant_tree(log, story.upper.grant, accepted).nodes[0].status == "issued"


def test_violations_name_refusals_and_findings_of_the_tree(story: Story, log: Replay) -> None:
    found = grant_tree(log, story.upper.grant, log.head().size).violations
    assert {violation.code for violation in found} >= {"F-REFUSED", "F-HOP", "F-MISMATCH", "F-USED-AFTER-STOP"}
    assert story.refused in {violation.statement for violation in found}


def test_rates_count_the_window_of_the_last_block() -> None:
    world = World.founding()
    batch = world.do("source", "record.batch", world.batch(100, "penalty"))
    given = give(world, "source", "lender", within={"rate": {"count": 50, "window": 3600}})
    hand_over(world, given, rows(batch, (0, 19)))
    log = Replay()
    log.feed_all(world.entries)
    limits = grant_tree(log, given.grant, world.head.size).nodes[0].limits
    assert (limits.window_used, limits.window_left, limits.count) == (20, 30, None)
    world.advance(3_600_000)
    world.do("source", "record.submit", world.record())
    log = Replay()
    log.feed_all(world.entries)
    limits = grant_tree(log, given.grant, world.head.size).nodes[0].limits
    assert (limits.used, limits.window_used, limits.window_left) == (20, 0, 50)


def test_an_extension_adds_references_from_its_leaf_on() -> None:
    world = World.founding()
    batch = world.do("source", "record.batch", world.batch(100, "penalty"))
    given = give(world, "source", "lender", within={"references": rows(batch, (0, 9))})
    before = world.head.size
    world.do("source", "grant.extend", {"grant": given.grant, "references": rows(batch, (10, 19))})
    log = Replay()
    log.feed_all(world.entries)
    assert grant_tree(log, given.grant, before).nodes[0].references == ((batch, ((0, 9),)),)
    assert grant_tree(log, given.grant, world.head.size).nodes[0].references == ((batch, ((0, 19),)),)


def test_duties_show_what_waits_and_what_was_met_and_when(story: Story, log: Replay) -> None:
    size, world = log.head().size, story.world
    duties = duties_of(log, world.uscc("operator"), size).duties
    of_kind = {(duty.kind, duty.about): duty.status for duty in duties}
    assert of_kind[("transfer.accept", story.first)] == "met"
    assert of_kind[("transfer.confirm", story.first)] == "met"
    assert of_kind[("transfer.confirm", story.single)] == "overdue"
    assert [duty.status for duty in duties] == sorted((duty.status for duty in duties), key=("overdue", "met").index)
    early = duties_of(log, world.uscc("operator"), log.statements([story.first])[story.first].index + 1).duties
    assert [(duty.kind, duty.status) for duty in early] == [("transfer.accept", "open")]


def test_refusals_by_member(story: Story, log: Replay) -> None:
    size, world = log.head().size, story.world
    assert [refusal.statement for refusal in refusals_at(log, size).refusals] == [story.refused]
    assert refusals_at(log, size, world.uscc("source")).refusals == ()
    assert refusals_at(log, size, world.uscc("lender")).refusals[0].rule == "GRA-1"


def test_a_contract_shows_terms_payments_claims_and_disagreement(story: Story, log: Replay) -> None:
    view = contract_view(log, story.contract, log.head().size)
    assert (view.value, view.currency, view.paid, view.closed, view.met) == (1500, "CNY", 700, "", 0)
    first = view.milestones[0]
    assert (first.disagree, [said.status for said in first.verified]) == (True, ["met", "not_met"])
    assert {finding.code for finding in view.findings} >= {"F-CONTRACT-DISPUTED", "F-PAYMENT-OVERDUE"}
    before = contract_view(log, story.contract, log.statements([story.agreement])[story.agreement].index)
    assert before.value == 1000, "an amendment that one party signed changes nothing"
    claimed = contract_view(log, story.contract, log.statements([story.claim])[story.claim].index + 1)
    assert (claimed.met, claimed.milestones[0].verified) == (300, ())


def test_other_kinds_are_no_grant_and_no_contract(story: Story, log: Replay) -> None:
    size = log.head().size
    with pytest.raises(WrongQuestion):
        grant_tree(log, story.contract, size)
    with pytest.raises(WrongQuestion):
        contract_view(log, story.upper.grant, size)
    with pytest.raises(NothingLogged):
        contract_view(log, story.contract, 3)
