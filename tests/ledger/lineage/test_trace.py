"""Questions 1, 2 and 3 on a known story: where rows went, where things came from, who held what."""

from __future__ import annotations

import msgspec
import pytest

from ledger.lineage.answers import Holders
from ledger.lineage.holders import DATA_LIFE_OVER, GRANT_REVOKED, VERSION_ENDED, holders
from ledger.lineage.ranges import grow, intersect, unite
from ledger.lineage.steps import NothingLogged, WrongQuestion
from ledger.lineage.trace import trace_back, trace_forward
from ledger.references import ReferenceMalformed
from ledger.replay import Replay
from ledger.state.tables import Ranges
from tests.ledger.lineage.story import Story


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def log(story: Story) -> Replay:
    return story.replay()


@pytest.fixture(scope="module")
def size(log: Replay) -> int:
    return log.head().size


def index_of(log: Replay, id_: str) -> int:
    return log.statements([id_])[id_].index


def test_a_row_is_followed_through_both_hops_with_grant_and_party(story: Story, log: Replay, size: int) -> None:
    trace = trace_forward(log, f"{story.batch}:25", size)
    world = story.world
    assert [(hop.transfer, hop.sender, hop.receiver, hop.grant, hop.after, hop.status) for hop in trace.hops] == [
        (story.first, world.uscc("source"), world.uscc("operator"), story.upper.grant, (), "confirmed"),
        (story.second, world.uscc("operator"), world.uscc("lender"), story.lower.grant, (story.first,), "disputed"),
    ]
    assert [hop.responsible for hop in trace.hops] == [world.uscc("operator"), world.uscc("lender")]
    assert [step.kind for step in trace.hops[0].steps] == [
        "transfer.offer",
        "transfer.accept",
        "transfer.release",
        "transfer.confirm",
    ]
    assert all(hop.references == ((story.batch, ((25, 25),)),) for hop in trace.hops)
    assert [use.id for use in trace.uses] == [story.use, story.use_of_all]
    assert [version.id for version in trace.versions] == [story.batch, story.row_correction]
    assert trace.complete == "replay"


@pytest.mark.parametrize(("row", "hops"), [(9, 0), (10, 1), (19, 1), (20, 2), (29, 2), (30, 1), (40, 1), (41, 0)])
def test_only_the_rows_inside_a_hop_pass_it(story: Story, log: Replay, size: int, row: int, hops: int) -> None:
    assert len(trace_forward(log, f"{story.batch}:{row}", size).hops) == hops


def test_a_whole_batch_shows_the_rows_each_hop_carried(story: Story, log: Replay, size: int) -> None:
    trace = trace_forward(log, story.batch, size)
    assert [hop.references for hop in trace.hops] == [
        ((story.batch, ((10, 40),)),),
        ((story.batch, ((20, 29),)),),
    ]
    assert {ending.how for ending in trace.versions[0].endings} == {"corrected", "withdrawn"}


def test_a_hand_over_is_followed_from_any_of_its_steps(story: Story, log: Replay, size: int) -> None:
    from_offer = trace_forward(log, story.first, size)
    step = from_offer.hops[0].steps[1].id
    assert [hop.transfer for hop in from_offer.hops] == [story.first, story.second]
    assert trace_forward(log, step, size).hops == from_offer.hops


def test_a_refused_offer_is_no_hop_of_the_record(story: Story, log: Replay, size: int) -> None:
    assert trace_forward(log, f"{story.batch}:2", size).hops == ()
    assert trace_forward(log, story.refused_offer, size).hops[0].status == "refused"
    assert trace_forward(log, story.refused_offer, size).hops[0].responsible == story.world.uscc("source")


def test_a_use_traces_back_to_the_signed_original(story: Story, log: Replay, size: int) -> None:
    trace = trace_back(log, story.use, size)
    assert [hop.transfer for hop in trace.hops] == [story.first, story.second]
    assert [(version.id, version.rows, version.replaces) for version in trace.versions] == [
        (story.batch, ((25, 25),), "")
    ]
    assert [use.id for use in trace.uses] == [story.use]
    whole = trace_back(log, story.use_of_all, size)
    assert whole.versions[0].rows == ((20, 29),)


def test_a_correction_traces_back_to_what_it_replaced(story: Story, log: Replay, size: int) -> None:
    trace = trace_back(log, story.row_correction, size)
    assert [(version.id, version.rows) for version in trace.versions] == [
        (story.batch, ((25, 25),)),
        (story.row_correction, ()),
    ]
    assert trace.hops == ()


def test_a_performance_record_rests_on_its_verification_and_contract(story: Story, log: Replay, size: int) -> None:
    trace = trace_back(log, story.performance, size)
    assert [step.id for step in trace.supports] == [story.contract, story.verification]
    forward = trace_forward(log, story.verification, size)
    assert [version.id for version in forward.versions] == [story.performance]


def test_as_of_hides_what_came_later(story: Story, log: Replay) -> None:
    before_release = index_of(log, trace_forward(log, story.first, log.head().size).hops[0].steps[2].id)
    assert trace_forward(log, f"{story.batch}:25", before_release).hops == ()
    assert trace_forward(log, story.first, before_release).hops[0].status == "accepted"
    assert trace_forward(log, f"{story.batch}:25", before_release + 1).hops[0].status == "released"
    with pytest.raises(NothingLogged):
        trace_forward(log, story.batch, index_of(log, story.batch))


def test_wrong_questions_are_errors(story: Story, log: Replay, size: int) -> None:
    with pytest.raises(WrongQuestion):
        trace_forward(log, story.upper.grant, size)
    with pytest.raises(WrongQuestion):
        holders(log, story.first, size)
    with pytest.raises(NothingLogged):
        trace_forward(log, story.refused, size)
    with pytest.raises(NothingLogged):
        trace_back(log, "0" * 64, size)
    with pytest.raises(ReferenceMalformed):
        trace_forward(log, "nonsense", size)


def members(story: Story, answer: Holders) -> list[tuple[str, str]]:
    names = {story.world.uscc(name): name for name in ("source", "operator", "lender")}
    return [(names[holder.member], holder.version) for holder in answer.holders]


def test_holders_of_a_row_at_each_time(story: Story, log: Replay) -> None:
    batch, corrected = story.batch, story.row_correction
    release1 = index_of(log, trace_forward(log, story.first, 10**6).hops[0].steps[2].id)
    release2 = index_of(log, trace_forward(log, story.second, 10**6).hops[0].steps[2].id)
    reference = f"{batch}:25"
    at = {index: members(story, holders(log, reference, index)) for index in (release1 - 1, release1, release2)}
    assert at[release1 - 1] == [("source", batch)]
    assert at[release1] == [("source", batch), ("operator", batch)]
    assert at[release2] == [("source", batch), ("operator", batch), ("lender", batch)]
    now = holders(log, reference, log.head().size - 1)
    assert members(story, now)[:2] == [("source", batch), ("source", corrected)]
    assert members(story, holders(log, corrected, log.head().size - 1)) == members(story, now)


def test_could_they_still_is_judged_at_the_size_asked_for(story: Story, log: Replay) -> None:
    release2 = index_of(log, trace_forward(log, story.second, 10**6).hops[0].steps[2].id)
    reference = f"{story.batch}:21"
    then = holders(log, reference, release2, release2 + 1)
    assert [holder.may_still for holder in then.holders] == [True, True, True]
    revoked = holders(log, reference, release2, index_of(log, story.revocation) + 1)
    assert [holder.reasons for holder in revoked.holders] == [(), (GRANT_REVOKED,), (GRANT_REVOKED,)]
    head = holders(log, reference, release2)
    assert [holder.reasons for holder in head.holders] == [
        (),
        (DATA_LIFE_OVER, GRANT_REVOKED),
        (DATA_LIFE_OVER, GRANT_REVOKED),
    ]
    corrected = holders(log, f"{story.batch}:25", release2, index_of(log, story.row_correction) + 1)
    assert [holder.reasons for holder in corrected.holders] == [(VERSION_ENDED,)] * 3


def test_answers_are_json_as_they_are(story: Story, log: Replay, size: int) -> None:
    trace = trace_forward(log, f"{story.batch}:25", size)
    assert msgspec.json.decode(msgspec.json.encode(trace), type=type(trace)) == trace


def test_every_statement_an_answer_rests_on_is_logged(story: Story, log: Replay, size: int) -> None:
    for answer in (
        trace_forward(log, story.batch, size),
        trace_back(log, story.use, size),
        holders(log, story.record, size - 1),
    ):
        assert set(log.statements(answer.statements)) == set(answer.statements)
        assert list(answer.statements) == sorted(answer.statements)


def test_row_sets() -> None:
    assert intersect((), ((1, 2),)) == ((1, 2),)
    assert intersect(((1, 5), (8, 9)), ((4, 8),)) == ((4, 5), (8, 8))
    assert intersect(((1, 2),), ((3, 4),)) is None
    assert unite(((1, 2),), ((3, 4), (9, 9))) == ((1, 4), (9, 9))
    assert unite((), ((1, 1),)) == ()
    sets: dict[str, Ranges] = {"a": ((1, 2),)}
    assert not grow(sets, {"a": ((2, 2),)})
    assert grow(sets, {"a": ((3, 3),), "b": ()})
    assert sets == {"a": ((1, 3),), "b": ()}
