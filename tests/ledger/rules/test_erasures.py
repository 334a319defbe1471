from __future__ import annotations

import pytest

from ledger.findings.judge import findings_at
from ledger.lineage.holders import holders
from ledger.references import ReferenceSet
from ledger.replay import Replay
from ledger.rules.versions import MAX_VERSION_STEPS
from ledger.state.case_tables import DESTROYED, ERASURE_HOLDER
from ledger.state.tables import HOLDING
from ledger.times import format_time
from tests.ledger.rules.casework import attest, erasure, mandate
from tests.ledger.rules.duties import duties, open_duties
from tests.ledger.rules.governing import decide, dissolve
from tests.ledger.rules.handing import days, give, hand_over, offer, rows, single
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, digest_of

REQUEST, ATTEST = "erasure.request", "erasure.attest"


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record())


def overdue(world: World) -> list[tuple[str, bool, bool]]:
    """Who is late with an erasure, whether it is open, whether it is residual."""
    log = Replay(check_signatures=False)
    log.feed_all(world.entries)
    found = findings_at(log, log.head().size, "F-ERASURE-OVERDUE")
    return [(finding.party, finding.open, finding.residual) for finding in found]


def tick(world: World) -> None:
    world.do("source_b", "record.submit", world.record("permit"))


def owing(world: World) -> set[str]:
    return {duty.party for _, duty in open_duties(world, "erase")}


def codes(world: World, *names: str) -> set[str]:
    return {world.uscc(name) for name in names}


def test_every_required_field_is_required(world: World, record: str) -> None:
    assert_needs_every_field(world, "source", REQUEST, erasure(single(record)))
    asked = world.do("source", REQUEST, erasure(single(record)))
    assert_needs_every_field(world, "source", ATTEST, attest(asked))


def test_dangling_and_malformed_references(world: World, record: str) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    for references in (single(NOWHERE), rows(batch, (5, 10)), rows(record, (0, 0))):
        assert_breaks(world, "reference.unknown", world.submit("source", REQUEST, erasure(references)))
    assert_breaks(world, "reference.rows", world.submit("source", REQUEST, erasure(single(batch))))
    backwards = [[record, []], [record, []]]
    assert_breaks(world, "form.references", world.submit("source", REQUEST, erasure(backwards)))
    with_mandate = erasure(single(record), mandate=NOWHERE)
    assert_breaks(world, "reference.unknown", world.submit("agent", REQUEST, with_mandate))
    assert_breaks(world, "reference.unknown", world.submit("source", ATTEST, attest(NOWHERE)))
    asked = world.do("source", REQUEST, erasure(single(record)))
    stranger = attest(asked, holder=world.uscc("nobody"))
    assert_breaks(world, "member.unknown", world.submit("source", ATTEST, stranger))
    unsorted = attest(asked, destroyed=["values", "packages"])
    assert_breaks(world, "payload.set_order", world.submit("source", ATTEST, unsorted))


def test_ERA_1_every_holder_of_every_version_owes_an_attestation(world: World, record: str) -> None:  # noqa: N802
    given, below = give(world, "source", "hub", within={"onward": 1}), None
    hand_over(world, given, single(record), receiver="hub")
    below = give(world, "hub", "lender", parent=given.grant)
    hand_over(world, below, single(record), sender="hub")
    newest = world.do("source", "record.correct", world.record() | {"reference": record, "reason": "error"})
    hand_over(world, give(world, "source", "service"), single(newest), receiver="service")
    asked = world.do("source", REQUEST, erasure(single(newest)))
    assert owing(world) == codes(world, "source", "hub", "lender", "service")
    edges = {edge.source for _, edge in world.edges if edge.kind == "erases" and edge.target == asked}
    assert edges == {record, newest}
    for name in ("source", "hub", "lender", "service"):
        world.do(name, ATTEST, attest(asked))
    assert owing(world) == set()
    assert {row.met_by is not None for _, row in duties(world, "erase")} == {True}


def test_ERA_1_lateness_is_a_finding_against_who_is_late(world: World, record: str) -> None:  # noqa: N802
    hand_over(world, give(world, "source", "lender", data_life=300), single(record))
    asked = world.do("source", REQUEST, erasure(single(record)))
    world.do("source", ATTEST, attest(asked))
    assert overdue(world) == []
    world.advance(days(20))
    tick(world)
    assert overdue(world) == [(world.uscc("lender"), True, False)]
    world.do("lender", ATTEST, attest(asked))
    assert overdue(world) == [(world.uscc("lender"), False, False)]


def test_ERA_1_of_a_batch_only_the_rows_named(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(100, "penalty"))
    given = give(world, "source", "lender")
    hand_over(world, given, rows(batch, (0, 49)))
    world.do("source", "record.correct", world.record() | {"reference": f"{batch}:20", "reason": "error"})
    asked = world.do("source", REQUEST, erasure(rows(batch, (20, 59))))
    owed = world.row(ERASURE_HOLDER, asked, world.uscc("lender"))
    assert owed is not None
    assert owed.outstanding == ((batch, ((20, 49),)),)
    world.do("lender", ATTEST, attest(asked))
    holding = world.row(HOLDING, batch, world.uscc("lender"))
    assert holding is not None
    assert [(entry.ranges, entry.ended_index is None) for entry in holding.entries] == [
        (((0, 19),), True),
        (((20, 49),), False),
    ]
    world.do("source", ATTEST, attest(asked))
    gone = world.row(DESTROYED, batch, world.uscc("source"))
    assert gone is not None
    assert [entry.ranges for entry in gone.entries] == [((20, 59),)]
    world.do("source", "transfer.offer", offer(world, given, rows(batch, (0, 19), (60, 99))))


def test_ERA_1_a_long_chain_is_named_by_several_versions(world: World, record: str) -> None:  # noqa: N802
    chain = [record]
    for _ in range(MAX_VERSION_STEPS + 2):
        change = world.record() | {"reference": chain[-1], "reason": "update"}
        chain.append(world.do("source", "record.correct", change))
    late = erasure(single(record))
    assert_breaks(world, "record.too_many_versions", world.submit("source", REQUEST, late))
    asked = world.do("source", REQUEST, erasure(single(record, chain[-1])))
    assert {edge.source for _, edge in world.edges if edge.target == asked} == set(chain)


def test_versions_that_do_not_go_together_stop_no_block(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    fixed = world.do("source", "record.correct", world.record() | {"reference": f"{batch}:3", "reason": "error"})
    mixed = world.sign("source", REQUEST, erasure(single(fixed, batch)))
    bad, good = world.run(mixed, world.sign("source", REQUEST, erasure(single(fixed))))
    assert_breaks(world, "form.references.mixed", bad)
    assert good.status == "admitted"


def test_ERA_2_a_successor_attests_for_whom_it_succeeded(world: World, record: str) -> None:  # noqa: N802
    hand_over(world, give(world, "source", "lender"), single(record))
    asked = world.do("source", REQUEST, erasure(single(record)))
    decide(world, dissolve(world, "lender", successor="service"))
    own = attest(asked)
    assert_breaks(world, "ERA-2", world.submit("service", ATTEST, own))
    world.do("service", ATTEST, attest(asked, holder=world.uscc("lender")))
    assert owing(world) == codes(world, "source")
    assert_breaks(world, "ERA-2", world.submit("service", ATTEST, attest(asked, holder=world.uscc("lender"))))


def test_ERA_2_a_duty_opens_for_the_heir_of_a_holder_that_is_gone(world: World, record: str) -> None:  # noqa: N802
    given = give(world, "source", "lender")
    hand_over(world, given, single(record))
    hand_over(world, give(world, "source", "service"), single(record), receiver="service")
    decide(world, dissolve(world, "lender", successor="service"))
    asked = world.do("source", REQUEST, erasure(single(record)))
    assert owing(world) == codes(world, "source", "service")
    assert len(open_duties(world, "erase")) == 3
    world.do("service", ATTEST, attest(asked))
    world.do("service", ATTEST, attest(asked, holder=world.uscc("lender")))
    assert owing(world) == codes(world, "source")


def test_ERA_2_without_an_heir_a_regulator_attests_and_the_finding_stays(world: World, record: str) -> None:  # noqa: N802
    hand_over(world, give(world, "source", "lender"), single(record))
    asked = world.do("source", REQUEST, erasure(single(record)))
    world.do("source", ATTEST, attest(asked))
    gone = {"request": asked, "holder": world.uscc("lender"), "unattainable": True}
    assert_breaks(world, "ERA-2", world.submit("regulator", ATTEST, gone))
    decide(world, dissolve(world, "lender", custodian="regulator"))
    assert_breaks(world, "ERA-2", world.submit("source", ATTEST, gone))
    both = {**gone, "destroyed": ["values"]}
    assert_breaks(world, "erasure.attestation", world.submit("regulator", ATTEST, both))
    world.do("regulator", ATTEST, gone)
    assert overdue(world) == []
    world.advance(days(20))
    tick(world)
    assert overdue(world) == [(world.uscc("lender"), True, True)]
    assert_breaks(world, "ERA-2", world.submit("regulator_b", ATTEST, gone))


@pytest.mark.parametrize("name", ["lender", "hub", "publisher", "agent"])
def test_ERA_2_who_holds_nothing_has_nothing_to_attest(world: World, record: str, name: str) -> None:  # noqa: N802
    asked = world.do("source", REQUEST, erasure(single(record)))
    assert_breaks(world, "ERA-2", world.submit(name, ATTEST, attest(asked)))


def test_ERA_2_once(world: World, record: str) -> None:  # noqa: N802
    asked = world.do("source", REQUEST, erasure(single(record)))
    world.do("source", ATTEST, attest(asked))
    assert_breaks(world, "ERA-2", world.submit("source", ATTEST, attest(asked)))


@pytest.mark.parametrize("name", ["lender", "source_b", "hub", "agent"])
def test_ERA_4_only_issuer_regulator_or_mandated_agent_asks(world: World, record: str, name: str) -> None:  # noqa: N802
    assert_breaks(world, "ERA-4", world.submit(name, REQUEST, erasure(single(record))))
    world.do("regulator", REQUEST, erasure(single(record)))


def test_ERA_4_an_agent_asks_for_what_its_live_mandate_covers(world: World, record: str) -> None:  # noqa: N802
    other = world.do("source", "record.submit", world.record())
    until = format_time(world.time + days(1))
    short = mandate(world, references=single(record), until=until)
    asked = world.do("agent", REQUEST, erasure(single(record), mandate=short, ground="subject"))
    assert ("asks", short, asked) in [(edge.kind, edge.source, edge.target) for _, edge in world.edges]
    wide = erasure(single(other, record), mandate=short)
    assert_breaks(world, "ERA-4", world.submit("agent", REQUEST, wide))
    assert_breaks(world, "ERA-4", world.submit("lender", REQUEST, erasure(single(record), mandate=short)))
    world.advance(days(2))
    assert_breaks(world, "ERA-4", world.submit("agent", REQUEST, erasure(single(record), mandate=short)))


def test_what_remains_is_stated_once_and_stays_held(world: World, record: str) -> None:
    other = world.do("source", "record.submit", world.record())
    given = give(world, "source", "lender")
    hand_over(world, given, single(record, other))
    asked = world.do("source", REQUEST, erasure(single(record, other)))
    keep = [{"references": single(other), "reason": "legal_duty", "ground": digest_of("law")}]
    third = world.do("source", "record.submit", world.record())
    strange = attest(asked, remains=[{"references": single(third), "reason": "other"}])
    assert_breaks(world, "erasure.attestation", world.submit("lender", ATTEST, strange))
    assert_breaks(world, "erasure.attestation", world.submit("lender", ATTEST, {"request": asked}))
    everything = [{"references": single(record, other), "reason": "backup"}]
    contradiction = attest(asked, remains=everything)
    assert_breaks(world, "erasure.attestation", world.submit("lender", ATTEST, contradiction))
    world.do("lender", ATTEST, attest(asked, remains=keep))
    ended = {id_: world.row(HOLDING, id_, world.uscc("lender")) for id_ in (record, other)}
    assert [state is not None and state.entries[0].ended_index is None for state in ended.values()] == [False, True]
    assert owing(world) == codes(world, "source")


def test_TRA_4_what_was_erased_is_not_handed_over(world: World, record: str) -> None:  # noqa: N802
    top = give(world, "source", "hub", within={"onward": 1})
    hand_over(world, top, single(record), receiver="hub")
    below = give(world, "hub", "lender", parent=top.grant)
    asked = world.do("source", REQUEST, erasure(single(record)))
    assert_breaks(world, "TRA-5", world.submit("hub", "transfer.offer", offer(world, below, single(record))))
    world.do("hub", ATTEST, attest(asked))
    assert_breaks(world, "TRA-4", world.submit("hub", "transfer.offer", offer(world, below, single(record))))
    own = offer(world, top, single(record), receiver="hub")
    assert_breaks(world, "TRA-5", world.submit("source", "transfer.offer", own))
    world.do("source", ATTEST, attest(asked))
    own = offer(world, top, single(record), receiver="hub")
    assert_breaks(world, "TRA-4", world.submit("source", "transfer.offer", own))


def test_question_3_shows_until_when_it_was_held(world: World, record: str) -> None:
    hand_over(world, give(world, "source", "lender"), single(record))
    before = world.head.size - 1
    asked = world.do("source", REQUEST, erasure(single(record)))
    ended = []
    for name in ("lender", "source"):
        world.do(name, ATTEST, attest(asked))
        ended.append(world.head.size - 1)
    log = Replay(check_signatures=False)
    log.feed_all(world.entries)
    then = holders(log, record, before)
    assert [(holder.member, holder.until_index) for holder in then.holders] == [
        (world.uscc("source"), ended[1]),
        (world.uscc("lender"), ended[0]),
    ]
    assert holders(log, record, before, before + 1).holders[0].until_index is None
    assert not any(holder.may_still for holder in then.holders)
    assert holders(log, record, world.head.size - 1).holders == ()


def test_USE_2_a_use_after_ones_own_attestation_is_found(world: World, record: str) -> None:  # noqa: N802
    offered = hand_over(world, give(world, "source", "lender"), single(record))
    asked = world.do("source", REQUEST, erasure(single(record)))
    gone = world.do("lender", ATTEST, attest(asked))
    use = {"transfer": offered, "purpose": "credit.lending", "outcome": digest_of("outcome")}
    world.advance(1000)
    used = world.do("lender", "use.report", {**use, "used_at": format_time(world.time)})
    late = [event.statements for _, event in world.findings if event.code == "F-USED-AFTER-STOP"]
    assert late == [(offered, gone, used)]


def test_sets_of_versions_do_not_mix_rows_and_records(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    fixed = world.do("source", "record.correct", world.record() | {"reference": f"{batch}:3", "reason": "error"})
    asked = world.do("source", REQUEST, erasure(single(fixed)))
    owed = world.row(ERASURE_HOLDER, asked, world.uscc("source"))
    assert owed is not None
    assert ReferenceSet(owed.outstanding).count == 2
