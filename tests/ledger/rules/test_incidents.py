from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.encoding import base64url
from ledger.findings.judge import findings_at
from ledger.replay import Replay
from ledger.rules.standing import deadline
from ledger.scope_commitment import ScopeOpening
from ledger.state.view import BlockView
from ledger.times import format_time
from tests.ledger.rules.casework import contain, incident, notify, scope_of
from tests.ledger.rules.duties import open_duties
from tests.ledger.rules.governing import decide, dissolve
from tests.ledger.rules.handing import days, single
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, digest_of

OPEN, CONTAIN, NOTIFY, CLOSE = "incident.open", "incident.contain", "incident.notify", "incident.close"


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record())


@pytest.fixture
def scope(world: World, record: str) -> ScopeOpening:
    """Three members and one record."""
    return scope_of(single(record), [world.uscc(name) for name in ("source", "lender", "hub")])


@pytest.fixture
def opened(world: World, scope: ScopeOpening) -> str:
    return world.do("lender", OPEN, incident(world, scope))


def closing(id_: str) -> dict[str, object]:
    return {"incident": id_, "outcome": "resolved"}


def owing(world: World, kind: str) -> set[str]:
    return {duty.party for _, duty in open_duties(world, kind)}


def late(world: World) -> list[tuple[str, str, bool]]:
    world.do("source_b", "record.submit", world.record("permit"))
    log = Replay(check_signatures=False)
    log.feed_all(world.entries)
    found = findings_at(log, log.head().size, "F-INCIDENT-OVERDUE")
    return [(finding.party, finding.rule, finding.open) for finding in found]


def test_every_required_field_is_required(world: World, scope: ScopeOpening, opened: str) -> None:
    assert_needs_every_field(world, "lender", OPEN, incident(world, scope))
    assert_needs_every_field(world, "lender", CONTAIN, contain(opened))
    assert_needs_every_field(world, "lender", NOTIFY, notify(opened, scope))
    assert_needs_every_field(world, "regulator", CLOSE, closing(opened))


def test_dangling_references(world: World, scope: ScopeOpening) -> None:
    orphan = incident(world, scope, parent=NOWHERE)
    assert_breaks(world, "reference.unknown", world.submit("lender", OPEN, orphan))
    for member, kind, payload in (
        ("lender", CONTAIN, contain(NOWHERE)),
        ("lender", NOTIFY, notify(NOWHERE, scope)),
        ("regulator", CLOSE, closing(NOWHERE)),
    ):
        assert_breaks(world, "reference.unknown", world.submit(member, kind, payload))


def test_what_is_opened_must_exist_and_be_in_order(world: World, opened: str, scope: ScopeOpening) -> None:
    unsorted = notify(opened, scope, members=list(scope.members)[::-1])
    assert_breaks(world, "payload.set_order", world.submit("lender", NOTIFY, unsorted))
    nobody = notify(opened, scope, members=[world.uscc("nobody")])
    assert_breaks(world, "member.unknown", world.submit("lender", NOTIFY, nobody))
    nothing = notify(opened, scope, references=single(NOWHERE))
    assert_breaks(world, "reference.unknown", world.submit("lender", NOTIFY, nothing))


def test_an_incident_is_not_noticed_ahead_of_its_report(world: World, scope: ScopeOpening) -> None:
    ahead = incident(world, scope, noticed_at=format_time(world.time + 60_000))
    assert_breaks(world, "incident.noticed", world.submit("lender", OPEN, ahead))
    nonsense = incident(world, scope, noticed_at="2026-02-30T00:00:00Z")
    assert_breaks(world, "payload.time", world.submit("lender", OPEN, nonsense))


def test_INC_1_deadlines_count_from_when_it_was_noticed(world: World, scope: ScopeOpening) -> None:  # noqa: N802
    noticed = world.time - days(60)
    world.do("lender", OPEN, incident(world, scope, noticed_at=format_time(noticed)))
    view = BlockView(world.resident(), world.time)
    assert {row.due for _, row in open_duties(world, CONTAIN)} == {deadline(view, "incident_contain", noticed)}
    assert {row.due for _, row in open_duties(world, NOTIFY)} == {deadline(view, "incident_notify", noticed)}
    assert late(world) == [(world.uscc("lender"), "INC-1", True)] * 2


def test_INC_1_an_incident_over_three_members(world: World, scope: ScopeOpening, opened: str) -> None:  # noqa: N802
    text = b"".join(world.entries)
    assert world.uscc("hub").encode() not in text[text.index(b"incident.open") :]
    world.do("lender", NOTIFY, notify(opened, scope))
    assert owing(world, NOTIFY) == set()
    assert owing(world, CONTAIN) == {world.uscc(name) for name in ("source", "lender", "hub")}
    world.do("source", CONTAIN, contain(opened))
    world.do("lender", CONTAIN, contain(opened))
    world.advance(days(20))
    assert late(world) == [(world.uscc("hub"), "INC-1", True)]
    assert_breaks(world, "INC-11", world.submit("regulator", CLOSE, closing(opened)))
    world.do("hub", CONTAIN, contain(opened))
    assert late(world) == [(world.uscc("hub"), "INC-1", False)]
    closed = world.do("regulator", CLOSE, closing(opened))
    steps = [edge.target for _, edge in world.edges if edge.kind == "incident" and edge.source == opened]
    assert len(steps) == 5
    assert steps[-1] == closed


def test_an_incident_may_be_part_of_another(world: World, scope: ScopeOpening, opened: str) -> None:
    part = world.do("hub", OPEN, incident(world, scope, parent=opened))
    assert ("incident", opened, part) in [(edge.kind, edge.source, edge.target) for _, edge in world.edges]


def test_INC_9_whose_turn_it_is(world: World, scope: ScopeOpening, opened: str) -> None:  # noqa: N802
    for name in ("source", "hub", "regulator"):
        assert_breaks(world, "INC-9", world.submit(name, CONTAIN, contain(opened)))
        assert_breaks(world, "INC-9", world.submit(name, NOTIFY, notify(opened, scope)))
    world.do("lender", CONTAIN, contain(opened))
    assert_breaks(world, "INC-9", world.submit("lender", CONTAIN, contain(opened)))
    world.do("lender", NOTIFY, notify(opened, scope))
    assert_breaks(world, "INC-9", world.submit("lender", NOTIFY, notify(opened, scope)))
    assert_breaks(world, "INC-9", world.submit("service", CONTAIN, contain(opened)))


def test_INC_9_an_heir_acts_for_whom_it_succeeded(world: World, scope: ScopeOpening, opened: str) -> None:  # noqa: N802
    world.do("lender", NOTIFY, notify(opened, scope))
    decide(world, dissolve(world, "lender", successor="service"))
    world.do("service", CONTAIN, contain(opened))
    assert owing(world, CONTAIN) == {world.uscc("source"), world.uscc("hub")}


Change = Callable[[World, dict[str, object]], dict[str, object]]
CHANGES: list[Change] = [
    lambda world, payload: payload | {"members": [world.uscc("hub")]},
    lambda _, payload: payload | {"salt": base64url(bytes(32))},
    lambda _, payload: {name: value for name, value in payload.items() if name != "references"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_INC_10_a_notification_opens_what_was_committed(  # noqa: N802
    world: World, scope: ScopeOpening, opened: str, change: Change
) -> None:
    changed = change(world, notify(opened, scope))
    assert_breaks(world, "INC-10", world.submit("lender", NOTIFY, changed))


def test_INC_11_only_a_regulator_closes_and_not_early(world: World, scope: ScopeOpening, opened: str) -> None:  # noqa: N802
    assert_breaks(world, "INC-11", world.submit("regulator", CLOSE, closing(opened)))
    world.do("lender", NOTIFY, notify(opened, scope))
    for name in ("source", "lender", "hub"):
        assert_breaks(world, "INC-11", world.submit("regulator", CLOSE, closing(opened)))
        world.do(name, CONTAIN, contain(opened))
    for name in ("lender", "investigator", "auditor"):
        assert_breaks(world, "INC-11", world.submit(name, CLOSE, closing(opened)))
    world.do("regulator", CLOSE, closing(opened))
    assert_breaks(world, "INC-11", world.submit("regulator_b", CLOSE, closing(opened)))
    assert_breaks(world, "INC-9", world.submit("lender", CONTAIN, contain(opened)))


def test_INC_11_a_member_gone_without_an_heir_holds_nothing_up(world: World, scope: ScopeOpening, opened: str) -> None:  # noqa: N802
    world.do("lender", NOTIFY, notify(opened, scope))
    for name in ("source", "hub"):
        world.do(name, CONTAIN, contain(opened))
    decide(world, dissolve(world, "lender", custodian="regulator"))
    world.do("regulator", CLOSE, closing(opened) | {"ground": digest_of("the member is gone")})
