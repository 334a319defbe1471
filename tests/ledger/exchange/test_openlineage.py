"""Hand-overs as OpenLineage run events, built anew with the classes of the package `openlineage-python`.

The package ships no JSON schema; its classes are generated from OpenLineage.json 2-0-2 and check it as they are made.
What the schema demands beyond that is written out here by our own reading of it.
"""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

from ledger.exchange.openlineage import EVENT_SCHEMA, FACET, run_id, trace_as_openlineage
from ledger.lineage.trace import trace_forward
from ledger.replay import Replay
from tests.ledger.lineage.story import Story

ORIGIN = "ledger.example/credit"
Event = dict[str, object]


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


@pytest.fixture(scope="module")
def events(story: Story) -> list[Event]:
    replay: Replay = story.replay()
    return trace_as_openlineage(trace_forward(replay, story.batch, replay.head().size), ORIGIN)


def part(value: object, *path: str) -> dict[str, object]:
    for step in path:
        assert isinstance(value, dict)
        value = value[step]
    assert isinstance(value, dict)
    return value


def many(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


def kinds(events: list[Event], transfer: str) -> list[object]:
    return [event["eventType"] for event in events if part(event, "run")["runId"] == run_id(transfer)]


def test_each_event_is_one_that_the_packages_classes_take(events: list[Event]) -> None:
    assert len(events) == 4
    for event in events:
        made = RunEvent(
            eventType=RunState[str(event["eventType"])],
            eventTime=str(event["eventTime"]),
            run=Run(runId=str(part(event, "run")["runId"])),
            job=Job(namespace=str(part(event, "job")["namespace"]), name=str(part(event, "job")["name"])),
            inputs=[InputDataset(str(one["namespace"]), str(one["name"])) for one in many(event["inputs"])],
            outputs=[OutputDataset(str(one["namespace"]), str(one["name"])) for one in many(event["outputs"])],
            producer=str(event["producer"]),
        )
        assert made.schemaURL == event["schemaURL"] == EVENT_SCHEMA


def test_each_event_has_what_the_schema_demands_and_nothing_else(events: list[Event]) -> None:
    allowed = {"eventType", "eventTime", "run", "job", "inputs", "outputs", "producer", "schemaURL"}
    for event in events:
        assert event.keys() == allowed
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(event["eventTime"]))
        assert part(event, "run").keys() == {"runId", "facets"}
        facet = part(event, "run", "facets", FACET)
        assert {"_producer", "_schemaURL"} <= facet.keys()
        for dataset in [*many(event["inputs"]), *many(event["outputs"])]:
            assert dataset.keys() == {"namespace", "name"}


def test_run_ids_are_uuids_of_their_own_version() -> None:
    for digit in "0f5a":
        found = UUID(run_id(digit * 64))
        assert (found.version, found.variant) == (8, "specified in RFC 4122")
    assert run_id("ab" * 32) != run_id("ac" * 32)


def test_a_run_ends_as_its_hand_over_did(story: Story, events: list[Event]) -> None:
    assert kinds(events, story.first) == ["START", "COMPLETE"]
    assert kinds(events, story.second) == ["START", "FAIL"]
    replay = story.replay()
    refused = trace_as_openlineage(trace_forward(replay, story.refused_offer, replay.head().size), ORIGIN)
    assert kinds(refused, story.refused_offer) == ["START", "ABORT"]
    assert [many(event["outputs"]) for event in refused] == [[], []]


def test_the_second_run_takes_what_the_first_one_gave(story: Story, events: list[Event]) -> None:
    first = next(event for event in events if kinds([event], story.first) == ["COMPLETE"])
    second = next(event for event in events if kinds([event], story.second) == ["START"])
    (given,) = many(first["outputs"])
    assert given in many(second["inputs"])
    assert {"namespace": f"suyuan://{ORIGIN}", "name": f"list/{story.batch}:20-29"} in many(second["inputs"])
    assert part(second, "job")["name"] == f"grant/{story.lower.grant}"


def test_a_trace_at_an_earlier_size_tells_only_what_had_happened(story: Story) -> None:
    replay = story.replay()
    row = replay.statements([story.first])[story.first]
    events = trace_as_openlineage(trace_forward(replay, story.first, row.index + 1), ORIGIN)
    assert [event["eventType"] for event in events] == ["START"]
