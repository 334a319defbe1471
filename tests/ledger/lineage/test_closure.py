"""Question 7: the closure of a repair, revocation, correction and erasure at every size."""

from __future__ import annotations

import msgspec
import pytest

from ledger.lineage.closure import Closure, closure
from ledger.lineage.steps import NothingLogged, WrongQuestion
from ledger.replay import Replay
from ledger.times import DAY_MS, format_time
from tests.ledger.rules.handing import give, hand_over, offer, rows, single
from tests.ledger.rules.judging import NOWHERE
from tests.ledger.rules.publishing import apply, approve, civic_world, enter, mirror, penalty, publish, stop
from tests.ledger.rules.test_publication import tick
from tests.world import World, digest_of

LIFE = 900


def replayed(world: World) -> Replay:
    replay = Replay(check_signatures=False)
    replay.feed_all(world.entries)
    return replay


def ask(world: World, statement: str, as_of: int | None = None) -> Closure:
    source = replayed(world)
    found = closure(source, statement, source.head().size if as_of is None else as_of)
    logged = source.statements(found.statements)
    assert set(found.statements) == set(logged), "an answer rests on logged statements only"
    assert msgspec.json.decode(msgspec.json.encode(found), type=Closure) == found
    return found


def states(world: World, found: Closure) -> dict[tuple[str, str], str]:
    names = {world.uscc(name): name for name in ("lender", "buyer", "publisher", "service", "regulator", "hub")}
    return {(names.get(actor.party, actor.party), actor.kind): actor.status for actor in found.actors}


def report(world: World, offered: str, reference: str | None = None, ago: int = 0) -> str:
    payload = {
        "transfer": offered,
        "purpose": "credit.lending",
        "used_at": format_time(world.time - ago),
        "outcome": digest_of("o"),
    }
    return world.do("lender", "use.report", payload if reference is None else payload | {"reference": reference})


def test_a_repair_says_who_must_act_who_did_who_is_late_and_who_used_it() -> None:
    world = civic_world()
    batch = world.do("source", "record.batch", world.batch(100, "penalty"))
    row = f"{batch}:5"
    lead = publish(world, row)
    copy = world.do("service", "publication.mirror", mirror(world, lead))
    subject = {"class": "enterprise", "value": digest_of("any"), "epoch": 1}
    entry = world.do("regulator", "list.enter", enter(world, row, subject=subject))
    measure = world.do("hub", "measure.apply", apply(world, entry))
    given = give(world, "source", "lender", within={"onward": 1}, data_life=LIFE)
    offered = hand_over(world, given, rows(batch, (0, 9)))
    below = give(world, "lender", "buyer", parent=given.grant, data_life=LIFE)
    hand_over(world, give(world, "source", "buyer", data_life=LIFE), rows(batch, (0, 9)), receiver="buyer")
    world.advance(90 * DAY_MS)
    before = report(world, offered, row)
    decided = approve(world, row)
    at_decision = world.head.size
    other_row = report(world, offered, f"{batch}:6")
    used = report(world, offered, row)
    refused = world.submit("lender", "transfer.offer", offer(world, below, rows(batch, (5, 6)), "buyer"))
    assert refused.status == "refused"
    world.do("lender", "stop.acknowledge", {"order": decided, "about": row})
    end = world.do("publisher", "publication.stop", stop(lead))
    world.do("regulator", "list.exit", {"entry": entry, "reason": "repaired"})
    world.advance(20 * DAY_MS)
    tick(world)
    world.do("hub", "measure.lift", {"measure": measure, "reason": "repaired"})

    first = ask(world, decided, at_decision)
    assert set(states(world, first).values()) == {"open"}
    assert first.used_after == ()
    last = ask(world, decided)
    assert states(world, last) == {
        ("lender", "stop"): "met",
        ("buyer", "stop"): "overdue",
        ("publisher", "stop"): "met",
        ("service", "stop"): "overdue",
        ("service", "publication.follow"): "overdue",
        ("regulator", "list.exit"): "met",
        ("hub", "measure.lift"): "met_late",
    }
    assert end in {actor.opener for actor in last.actors}
    assert (last.closed, last.complete) == (False, "replay")
    assert last.references == ((batch, ((5, 5),)),)
    assert [(use.statement, use.rule) for use in last.used_after] == [(used, ""), (refused.statement_id, "TRA-5")]
    assert before not in last.statements
    assert other_row not in last.statements
    world.do("buyer", "stop.acknowledge", {"order": decided, "about": row})
    world.do("service", "publication.stop", stop(copy))
    assert ask(world, decided).closed


def test_a_correction_concerns_earlier_versions_only() -> None:
    world = civic_world()
    record = penalty(world)
    given = give(world, "source", "lender", data_life=LIFE)
    old = hand_over(world, given, single(record))
    second = world.do("source", "record.correct", world.record(reference=record, reason="error"))
    new = hand_over(world, given, single(second))
    late, fine = report(world, old), report(world, new)
    third = world.do("source", "record.withdraw", {"reference": second, "reason": "error"})
    found = ask(world, second)
    assert [use.statement for use in found.used_after] == [late]
    assert found.references == ((record, ()),)
    assert found.closed, "the newest version met the duty"
    withdrawn = ask(world, third)
    assert withdrawn.references == tuple(sorted([(record, ()), (second, ())]))
    assert withdrawn.used_after == ()
    assert fine not in found.statements


def test_a_revocation_covers_the_subtree_from_when_it_acts() -> None:
    world = civic_world()
    record = penalty(world)
    top = give(world, "source", "operator", within={"onward": 1}, data_life=LIFE)
    below = give(world, "operator", "lender", parent=top.grant, data_life=LIFE)
    hand_over(world, top, single(record), receiver="operator")
    offered = hand_over(world, below, single(record), sender="operator")
    effective = world.time + 10 * DAY_MS
    revoked = world.do(
        "source", "grant.revoke", {"grant": top.grant, "reason": "breach", "effective": format_time(effective)}
    )
    report(world, offered)
    world.time = effective + 1000
    used = report(world, offered)
    found = ask(world, revoked)
    assert found.since == effective
    assert {actor.party for actor in found.actors} == {world.uscc("operator"), world.uscc("lender")}
    assert [use.statement for use in found.used_after] == [used]
    assert {top.grant, below.grant} <= set(found.statements)


def test_an_erasure_names_every_holder() -> None:
    world = civic_world()
    record = penalty(world)
    hand_over(world, give(world, "source", "lender", data_life=LIFE), single(record))
    request = {"references": single(record), "ground": "retention", "evidence": digest_of("e")}
    asked = world.do("source", "erasure.request", request)
    found = ask(world, asked)
    assert found.references == ((record, ()),)
    assert {actor.party for actor in found.actors} >= {world.uscc("lender")}
    assert not found.closed


def test_other_questions_are_turned_away() -> None:
    world = civic_world()
    record = penalty(world)
    source = replayed(world)
    with pytest.raises(WrongQuestion):
        closure(source, record, source.head().size)
    with pytest.raises(NothingLogged):
        closure(source, NOWHERE, source.head().size)
    gone = world.do("source", "record.withdraw", {"reference": record, "reason": "error"})
    with pytest.raises(NothingLogged):
        closure(replayed(world), gone, source.head().size)
