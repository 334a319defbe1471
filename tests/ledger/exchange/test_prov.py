"""Traces as PROV-JSON, read by the PyPI package `prov`, which nobody here wrote."""

from __future__ import annotations

import json

import pytest
from prov.model import (
    ProvActivity,
    ProvAgent,
    ProvAssociation,
    ProvDerivation,
    ProvDocument,
    ProvEntity,
    ProvGeneration,
    ProvInvalidation,
    ProvRecord,
    ProvUsage,
)

from ledger.exchange.prov import trace_as_prov
from ledger.lineage.answers import Trace
from ledger.lineage.trace import trace_back, trace_forward
from ledger.replay import Replay
from tests.ledger.lineage.story import Story


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def replay(story: Story) -> Replay:
    return story.replay()


def read(trace: Trace) -> ProvDocument:
    """Return the document as the outside package reads it, which must also write and read it back as it is."""
    document = ProvDocument.deserialize(content=json.dumps(trace_as_prov(trace)), format="json")
    assert isinstance(document, ProvDocument)
    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert document == again
    return document


def names(document: ProvDocument, kind: type[ProvRecord]) -> set[str]:
    return {str(record.identifier) for record in document.get_records(kind)}


def relations(document: ProvDocument, kind: type[ProvRecord]) -> list[tuple[str, ...]]:
    return [tuple(str(value) for value in record.args if value is not None) for record in document.get_records(kind)]


def every_trace(story: Story, replay: Replay) -> list[Trace]:
    size = replay.head().size
    wanted = (story.batch, f"{story.batch}:25", f"{story.batch}:26", story.record, story.first, story.performance)
    return [ask(replay, reference, size) for reference in wanted for ask in (trace_forward, trace_back)]


def test_every_record_of_every_trace_is_understood_and_none_is_lost(story: Story, replay: Replay) -> None:
    for trace in every_trace(story, replay):
        made = trace_as_prov(trace)
        said = sum(len(part) for name, part in made.items() if name != "prefix" and isinstance(part, dict))
        assert len(list(read(trace).get_records())) == said
        assert said > 1


def test_every_name_in_a_relation_is_the_name_of_something(story: Story, replay: Replay) -> None:
    for trace in every_trace(story, replay):
        document = read(trace)
        things = {name for kind in (ProvEntity, ProvActivity, ProvAgent) for name in names(document, kind)}
        for record in document.get_records():
            if record.is_relation():
                ends = {str(value) for name, value in record.formal_attributes if value and "time" not in str(name)}
                assert ends <= things


def test_every_statement_of_the_hops_is_an_activity(story: Story, replay: Replay) -> None:
    trace = trace_forward(replay, story.batch, replay.head().size)
    activities = names(read(trace), ProvActivity)
    for step in [step for hop in trace.hops for step in hop.steps] + list(trace.uses):
        assert f"stmt:{step.id}" in activities


def test_a_row_is_followed_from_its_original_through_both_hands_to_its_use(story: Story, replay: Replay) -> None:
    document = read(trace_forward(replay, f"{story.batch}:25", replay.head().size))
    derived = relations(document, ProvDerivation)
    first, second = f"copy:{story.first}", f"copy:{story.second}"
    assert (first, f"list:{story.batch}", f"hop:{story.first}") in derived
    assert (second, first, f"hop:{story.second}") in derived
    assert (f"list:{story.row_correction}", f"list:{story.batch}") in derived
    used = [pair[:2] for pair in relations(document, ProvUsage)]
    assert (f"stmt:{story.use}", second) in used
    assert (first, f"hop:{story.first}") in [pair[:2] for pair in relations(document, ProvGeneration)]


def test_only_what_ended_as_a_whole_is_invalidated(story: Story, replay: Replay) -> None:
    size = replay.head().size
    whole = relations(read(trace_forward(replay, story.batch, size)), ProvInvalidation)
    assert whole == []
    row = relations(read(trace_forward(replay, f"{story.batch}:26", size)), ProvInvalidation)
    assert (f"list:{story.batch}", f"stmt:{story.withdrawal}") in [pair[:2] for pair in row]


def test_what_was_never_released_leaves_no_copy(story: Story, replay: Replay) -> None:
    document = read(trace_back(replay, story.refused_offer, replay.head().size))
    assert f"hop:{story.refused_offer}" in names(document, ProvActivity)
    assert f"copy:{story.refused_offer}" not in names(document, ProvEntity)


def test_sender_and_receiver_take_part_under_the_grant(story: Story, replay: Replay) -> None:
    document = read(trace_forward(replay, story.batch, replay.head().size))
    parts = relations(document, ProvAssociation)
    for name in ("source", "operator"):
        wanted = (f"hop:{story.first}", f"member:{story.world.uscc(name)}", f"grant:{story.upper.grant}")
        assert wanted in parts
