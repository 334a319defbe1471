from __future__ import annotations

import pytest

from ledger.findings.judge import findings_at
from ledger.replay import Replay
from ledger.rules.disputed import NOTICE
from ledger.state.authority_tables import DISPUTE, DISPUTED
from ledger.times import format_time
from tests.ledger.rules.duties import duties, open_duties
from tests.ledger.rules.handing import Given, days, give, hand_over, offer, rows, single, step, take
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, digest_of

DISPUTES, RESOLVES = "record.dispute", "record.resolve"
GROUND = digest_of("ground")


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record())


@pytest.fixture
def given(world: World) -> Given:
    return give(world, "source", "lender")


def raise_(world: World, about: str, by: str = "lender", **more: object) -> str:
    return world.do(by, DISPUTES, {"about": about, "ground": GROUND, **more})


def resolve(world: World, dispute: str, outcome: str, by: str = "source") -> str:
    return world.do(by, RESOLVES, {"dispute": dispute, "outcome": outcome})


def mandate(world: World, **covering: object) -> str:
    stated = {"purpose": "credit", "evidence": GROUND, "until": format_time(world.time + days(9))}
    return world.do("agent", "mandate.open", stated | covering)


def test_every_required_field_is_required(world: World, record: str) -> None:
    assert_needs_every_field(world, "source", DISPUTES, {"about": record, "ground": GROUND})
    dispute = raise_(world, record, "source")
    assert_needs_every_field(world, "source", RESOLVES, {"dispute": dispute, "outcome": "upheld"})


def test_what_is_disputed_is_logged_and_in_force(world: World, record: str) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    for about in (NOWHERE, f"{record}:0", batch, f"{batch}:10", f"{NOWHERE}:1"):
        outcome = world.submit("source", DISPUTES, {"about": about, "ground": GROUND})
        assert_breaks(world, "reference.unknown", outcome)
    stated = {"about": record, "ground": GROUND}
    assert_breaks(world, "reference.unknown", world.submit("agent", DISPUTES, stated | {"mandate": NOWHERE}))
    world.do("source", "record.withdraw", {"reference": record, "reason": "error"})
    assert_breaks(world, "record.ended", world.submit("source", DISPUTES, stated))
    named = {"dispute": NOWHERE, "outcome": "upheld"}
    assert_breaks(world, "reference.unknown", world.submit("source", RESOLVES, named))


def test_REC_9_raised_by_a_member_concerned(world: World, record: str, given: Given) -> None:  # noqa: N802
    stated = {"about": record, "ground": GROUND}
    assert_breaks(world, "REC-9", world.submit("lender", DISPUTES, stated))
    hand_over(world, given, single(record))
    dispute = raise_(world, record)
    found = world.row(DISPUTE, dispute)
    assert found is not None
    assert (found.target, found.respondent, found.about) == ("record", world.uscc("source"), record)
    assert_breaks(world, "dispute.open", world.submit("lender", DISPUTES, stated))
    raise_(world, record, "source")
    assert_breaks(world, "REC-9", world.submit("agent", DISPUTES, stated))


def test_REC_9_an_agent_names_a_live_mandate_that_covers_it(world: World, record: str) -> None:  # noqa: N802
    other = world.do("source", "record.submit", world.record())
    stated = {"about": record, "ground": GROUND}
    wrong = mandate(world, references=single(other))
    assert_breaks(world, "REC-9", world.submit("agent", DISPUTES, stated | {"mandate": wrong}))
    right = mandate(world, references=single(record))
    assert_breaks(world, "REC-9", world.submit("lender", DISPUTES, stated | {"mandate": right}))
    raise_(world, record, "agent", mandate=right)
    tag = digest_of("tag of an enterprise")
    named = world.do("source", "record.submit", world.record(subject={"class": "enterprise", "value": tag, "epoch": 1}))
    by_tag = mandate(world, link=tag)
    world.advance(days(10))
    late = {"about": named, "ground": GROUND, "mandate": by_tag}
    assert_breaks(world, "REC-9", world.submit("agent", DISPUTES, late))
    raise_(world, named, "agent", mandate=mandate(world, link=tag))


def test_REC_9_resolved_by_whom_it_is_addressed_to(world: World, record: str, given: Given) -> None:  # noqa: N802
    hand_over(world, given, single(record))
    dispute = raise_(world, record)
    for by, outcome in (("lender", "upheld"), ("hub", "rejected"), ("source", "withdrawn"), ("regulator", "withdrawn")):
        assert_breaks(world, "REC-9", world.submit(by, RESOLVES, {"dispute": dispute, "outcome": outcome}))
    ended = resolve(world, dispute, "withdrawn", "lender")
    again = {"dispute": dispute, "outcome": "rejected"}
    assert_breaks(world, "dispute.over", world.submit("source", RESOLVES, again))
    assert [(e.source, e.target) for _, e in world.edges if e.kind == "resolves"] == [(dispute, ended)]
    resolve(world, raise_(world, record), "rejected", "regulator")


def test_REC_9_every_offer_carries_exactly_the_marks(world: World, given: Given) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(100, "penalty"))
    hand_over(world, given, rows(batch, (0, 50)))
    disputes = [raise_(world, f"{batch}:{row}") for row in (7, 8, 60) if row < 50]
    asked = offer(world, given, rows(batch, (0, 99)))
    for marks in (None, rows(batch, (7, 7)), rows(batch, (6, 8)), [[NOWHERE, []]]):
        outcome = world.submit("source", "transfer.offer", asked | ({} if marks is None else {"disputed": marks}))
        assert_breaks(world, "transfer.dispute_marks", outcome)
    world.do("source", "transfer.offer", asked | {"disputed": rows(batch, (7, 8))})
    world.do("source", "transfer.offer", offer(world, given, rows(batch, (9, 99))))
    resolve(world, disputes[0], "rejected")
    world.do("source", "transfer.offer", offer(world, given, rows(batch, (0, 99)), disputed=rows(batch, (8, 8))))
    resolve(world, disputes[1], "rejected")
    world.do("source", "transfer.offer", offer(world, given, rows(batch, (0, 99))))


def test_REC_9_two_disputes_of_one_record_both_count(world: World, record: str, given: Given) -> None:  # noqa: N802
    hand_over(world, given, single(record))
    first, second = raise_(world, record), raise_(world, record, "source")
    resolve(world, first, "rejected")
    found = world.row(DISPUTED, record)
    assert found is not None
    assert found.open == ((second, world.uscc("source")),)
    asked = offer(world, given, single(record))
    assert_breaks(world, "transfer.dispute_marks", world.submit("source", "transfer.offer", asked))


def test_REC_11_every_holder_is_told_and_whoever_gets_it_later(world: World, record: str, given: Given) -> None:  # noqa: N802
    hand_over(world, given, single(record))
    later = give(world, "source", "service")
    before = world.do("source", "transfer.offer", offer(world, later, single(record), "service"))
    dispute = raise_(world, record)
    assert [(opener, duty.party) for opener, duty in duties(world, NOTICE)] == [(dispute, world.uscc("lender"))]
    take(world, "service", "accept", before)
    take(world, "source", "release", before)
    told = {duty.party for _, duty in open_duties(world, NOTICE)}
    assert told == {world.uscc("lender"), world.uscc("service")}
    ended = resolve(world, dispute, "rejected")
    assert {duty.met_by for _, duty in duties(world, NOTICE)} == {ended}
    assert open_duties(world, "dispute.resolve") == []


def test_REC_10_an_upheld_dispute_stops_every_holder(world: World, record: str, given: Given) -> None:  # noqa: N802
    offered = hand_over(world, given, single(record))
    waiting = world.do("source", "transfer.offer", offer(world, given, single(record)))
    take(world, "lender", "accept", waiting)
    dispute = raise_(world, record)
    upheld = resolve(world, dispute, "upheld", "regulator")
    stops = [(duty.party, duty.about) for opener, duty in open_duties(world, "stop") if opener == upheld]
    assert stops == [(world.uscc("lender"), record)]
    assert_breaks(world, "TRA-5", world.submit("source", "transfer.offer", offer(world, given, single(record))))
    assert_breaks(world, "TRA-8", step(world, "source", "release", waiting))
    used = {"transfer": offered, "purpose": "credit.lending", "used_at": format_time(world.time),
            "outcome": GROUND}  # fmt: skip
    report = world.do("lender", "use.report", used)
    (event,) = [event for _, event in world.findings if event.code == "F-USED-AFTER-STOP"]
    assert event.statements == (offered, upheld, report)
    right = world.do("source", "record.correct", world.record() | {"reference": record, "reason": "dispute"})
    hand_over(world, given, single(right))


def test_an_overdue_dispute_is_found_against_whom_it_waits_for(world: World, record: str) -> None:
    dispute = raise_(world, record, "source")
    world.advance(days(30))
    world.do("source_b", "record.submit", world.record("permit"))
    replay = Replay(check_signatures=False)
    replay.feed_all(world.entries)
    (finding,) = findings_at(replay, replay.head().size, "F-DISPUTE-OVERDUE")
    assert (finding.rule, finding.party, finding.open) == ("REC-9", world.uscc("source"), True)
    assert finding.statements == (dispute,)


def test_a_contract_is_disputed_by_its_parties(world: World) -> None:
    contract = world.do(
        "regulator", "contract.register",
        {"contract": "C-1", "buyer": world.uscc("buyer"), "supplier": world.uscc("supplier"),
         "value": {"amount": 1000, "currency": "CNY"}, "milestones": []},
    )  # fmt: skip
    stated = {"about": contract, "ground": GROUND}
    assert_breaks(world, "REC-9", world.submit("lender", DISPUTES, stated))
    dispute = raise_(world, contract, "supplier")
    found = world.row(DISPUTE, dispute)
    assert found is not None
    assert (found.target, found.respondent) == ("contract", world.uscc("regulator"))
    resolve(world, dispute, "upheld", "regulator")
