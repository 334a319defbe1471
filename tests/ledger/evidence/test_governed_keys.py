"""Keys by governance in bundles: proven with the votes that made them, inconclusive or failed without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.evidence.bundle import Request, gather, judge_parts
from ledger.evidence.checks import Report
from ledger.evidence.layout import BundleParts
from tests.ledger.evidence.bundles import Proofs, Story, world_policy
from tests.ledger.rules.governing import admit, approve, decide, proposed, replace_key, set_roles
from tests.world import World
from tests.world_genesis import signer_of


@pytest.fixture
def world() -> World:
    return World.founding()


def parts_of(world: World, statement: str) -> BundleParts:
    request = Request("statement", statement, (statement,))
    return gather(Proofs(world), request, str(world_policy()))


def judged(parts: BundleParts) -> Report:
    return judge_parts(parts, world_policy())


def without(parts: BundleParts, statement: str) -> BundleParts:
    statements = {id_: raw for id_, raw in parts.statements.items() if id_ != statement}
    return replace(parts, statements=statements)


def asked(world: World, member: str, label: str | None = None) -> str:
    payload = {"grantor": world.uscc("source"), "items": {"penalty": ["CF_SY"]}, "purpose": "credit.lending"}
    return world.do(member, "grant.request", payload, key=signer_of(label or member))


def key_results(report: Report, statement: str) -> list[str]:
    return [check.result for check in report.checks if check.id == "statement.key" and check.what == statement]


def test_a_member_admitted_by_votes_is_proven_with_them(world: World) -> None:
    proposal = proposed(world, admit("newcomer"))
    vote = approve(world, proposal).statement_id
    request = asked(world, "newcomer")
    parts = parts_of(world, request)
    assert {proposal, vote} <= set(parts.statements)
    assert judged(parts).verdict == "VERIFIED"
    for id_ in (proposal, vote):
        assert judged(without(parts, id_)).verdict == "INCONCLUSIVE"


def test_a_replaced_key_is_proven_and_the_old_one_has_ended(world: World) -> None:
    decide(world, replace_key(world, "lender", signer_of("lender 2")))
    request = asked(world, "lender", "lender 2")
    assert judged(parts_of(world, request)).verdict == "VERIFIED"


def test_votes_of_later_regulators_leave_it_open(world: World) -> None:
    decide(world, set_roles(world, "auditor", "auditor", "regulator"))
    proposal = proposed(world, admit("newcomer"))
    approve(world, proposal, "auditor")
    request = asked(world, "newcomer")
    report = judged(parts_of(world, request))
    assert report.verdict == "INCONCLUSIVE"
    assert key_results(report, request) == ["INCONCLUSIVE"]


def test_what_a_revoked_key_signed_later_fails(world: World) -> None:
    before = asked(world, "lender")
    decide(world, replace_key(world, "lender", signer_of("lender 2")))
    forged = world.sign("lender", "grant.decline", {"request": before, "reason": "other"})
    story = Story.__new__(Story)
    story.world, story.policy, story.key_add = world, world_policy(), before
    report = judged(story.forged(forged))
    assert report.verdict == "FAILED"
