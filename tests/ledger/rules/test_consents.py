from __future__ import annotations

import pytest

from ledger.state.authority_tables import CONSENT, MANDATE
from ledger.state.effects import FindingEvent
from ledger.state.tables import HOLDING
from ledger.times import format_time
from tests.ledger.rules.duties import open_duties
from tests.ledger.rules.handing import LAW, Given, days, give, grant, hand_over, offer, rows, single, step
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, changed, digest_of

PERSON = {"items": {"credit_person": ["amount", "duration"]}}
ITEMS = PERSON["items"]
References = list[list[object]]


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record("credit_person"))


def consent(world: World, references: References | None = None, /, **changes: object) -> dict[str, object]:
    """Return a consent.give payload for lending, until a year ahead."""
    stated: dict[str, object] = {
        "purpose": "credit.lending",
        "evidence": digest_of("signed form"),
        "until": format_time(world.time + days(365)),
        "references": references,
    }
    return changed(stated, changes)


def agreed(world: World, references: References, by: str = "lender", /, **changes: object) -> str:
    return world.do(by, "consent.give", consent(world, references, **changes))


def resting(world: World, references: References, *consents: str, grantee: str = "lender", **within: object) -> Given:
    """Give a grant over persons' records that rests on consents."""
    scope = {**PERSON, "references": references, **within}
    return give(world, "source", grantee, within=scope, consents=sorted(consents))


def withdraw(world: World, id_: str, by: str = "lender", **more: object) -> str:
    return world.do(by, "consent.withdraw", {"consent": id_, "evidence": digest_of("letter"), **more})


def mandate(world: World, references: References, **changes: object) -> str:
    return world.do("agent", "mandate.open", consent(world, references, **changes))


def after_stop(world: World) -> list[FindingEvent]:
    return [event for _, event in world.findings if event.code == "F-USED-AFTER-STOP"]


@pytest.mark.parametrize("kind", ["consent.give", "mandate.open"])
def test_every_required_field_is_required(world: World, record: str, kind: str) -> None:
    assert_needs_every_field(world, "agent", kind, consent(world, single(record)))


def test_every_required_field_of_the_ends_is_required(world: World, record: str) -> None:
    given = agreed(world, single(record))
    assert_needs_every_field(world, "lender", "consent.withdraw", {"consent": given, "evidence": digest_of("letter")})
    opened = mandate(world, single(record))
    assert_needs_every_field(world, "agent", "mandate.end", {"mandate": opened, "reason": "fulfilled"})


@pytest.mark.parametrize("kind", ["consent.give", "mandate.open"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"references": None}, "consent.coverage"),
        ({"link": digest_of("link")}, "consent.coverage"),
        ({"until": "2026-01-01T00:00:00Z"}, "consent.until"),
        ({"until": "2027-02-30T00:00:00Z"}, "payload.time"),
        ({"references": [[NOWHERE, []]]}, "reference.unknown"),
        ({"purpose": "credit.unknown"}, "GRA-8"),
    ],
)
def test_bad_coverage_is_an_error(world: World, record: str, kind: str, changes: dict[str, object], code: str) -> None:
    who = "agent" if kind == "mandate.open" else "lender"
    outcome = world.submit(who, kind, consent(world, single(record), **changes))
    assert_breaks(world, code, outcome)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"grantee": World.founding().uscc("nobody")}, "member.unknown"), ({"mandate": NOWHERE}, "reference.unknown")],
)
def test_what_a_consent_names_is_logged(world: World, record: str, changes: dict[str, object], code: str) -> None:
    assert_breaks(world, code, world.submit("lender", "consent.give", consent(world, single(record), **changes)))


def test_GRA_3_a_consent_lets_persons_records_go(world: World, record: str) -> None:  # noqa: N802
    asked = grant(world, "lender", within={**PERSON, "references": single(record)})
    assert_breaks(world, "GRA-3", world.submit("source", "grant.issue", asked))
    given = agreed(world, single(record))
    held = resting(world, single(record), given)
    hand_over(world, held, single(record), items=ITEMS)
    assert [(e.source, e.target) for _, e in world.edges if e.kind == "consents"] == [(given, held.grant)]


def test_GRA_3_every_person_covered(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(100))
    first, second = agreed(world, rows(batch, (0, 9))), agreed(world, rows(batch, (20, 29)))
    asked = grant(world, "lender", within={**PERSON, "references": rows(batch, (0, 9), (20, 30))})
    named = asked | {"consents": sorted((first, second))}
    assert_breaks(world, "GRA-3", world.submit("source", "grant.issue", named))
    held = resting(world, rows(batch, (0, 9), (20, 29)), first, second)
    more = {"grant": held.grant, "references": rows(batch, (30, 30))}
    assert_breaks(world, "GRA-3", world.submit("source", "grant.extend", more))
    third = agreed(world, rows(batch, (30, 30)))
    world.do("source", "grant.extend", more | {"consents": [third]})
    assert open_duties(world, "stop") == []
    hand_over(world, held, rows(batch, (29, 30)), items=ITEMS)
    withdraw(world, third)
    assert_breaks(
        world, "TRA-1", world.submit("source", "transfer.offer", offer(world, held, rows(batch, (29, 30)), items=ITEMS))
    )
    hand_over(world, held, rows(batch, (29, 29)), items=ITEMS)


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "credit.monitoring"},
        {"purpose": "credit.lending.approval"},
        {"grantee": World.founding().uscc("hub")},
        {"until": "2026-03-02T00:30:00Z"},
    ],
)
def test_GRA_3_the_consent_must_fit_and_live(world: World, record: str, changes: dict[str, object]) -> None:  # noqa: N802
    given = agreed(world, single(record), **changes)
    world.advance(3_600_000)
    asked = grant(world, "lender", within={**PERSON, "references": single(record)}, consents=[given])
    assert_breaks(world, "GRA-3", world.submit("source", "grant.issue", asked))


def test_GRA_3_consents_do_not_cover_what_is_not_listed(world: World, record: str) -> None:  # noqa: N802
    given = agreed(world, single(record))
    asked = grant(world, "lender", within=PERSON, consents=[given])
    assert_breaks(world, "GRA-3", world.submit("source", "grant.issue", asked))
    asked = grant(world, "lender", within=PERSON, consents=[NOWHERE])
    assert_breaks(world, "reference.unknown", world.submit("source", "grant.issue", asked))


def test_GRA_3_a_link_covers_its_one_record(world: World) -> None:  # noqa: N802
    link = digest_of("link of one record")
    subject = {"class": "person", "value": link, "epoch": 1}
    one = world.do("source", "record.submit", world.record("credit_person", subject=subject))
    other = world.do("source", "record.submit", world.record("credit_person"))
    given = world.do("lender", "consent.give", consent(world, None, link=link))
    held = resting(world, single(one), given)
    hand_over(world, held, single(one), items=ITEMS)
    asked = grant(world, "lender", within={**PERSON, "references": single(one, other)}, consents=[given])
    assert_breaks(world, "GRA-3", world.submit("source", "grant.issue", asked))


def test_ACC_4_withdrawal_stops_every_holder_of_what_it_covers(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(100))
    above, below = agreed(world, rows(batch, (0, 9))), agreed(world, rows(batch, (0, 4)), "hub")
    other = agreed(world, rows(batch, (10, 19)))
    top = resting(world, rows(batch, (0, 19)), above, other, grantee="operator", onward=1)
    scope = {**PERSON, "references": rows(batch, (0, 4))}
    lower = give(world, "operator", "lender", within=scope, parent=top.grant, consents=[below])
    hand_over(world, top, rows(batch, (0, 9)), receiver="operator", items=ITEMS)
    offered = hand_over(world, lower, rows(batch, (2, 3)), sender="operator", items=ITEMS)
    aside = resting(world, rows(batch, (10, 19)), other, grantee="service")
    hand_over(world, aside, rows(batch, (10, 19)), receiver="service", items=ITEMS)
    ended = withdraw(world, above)
    stops = {duty.party for opener, duty in open_duties(world, "stop") if opener == ended}
    assert stops == {world.uscc("operator"), world.uscc("lender")}
    assert {duty.about for opener, duty in open_duties(world, "stop") if opener == ended} == {above}
    again = offer(world, lower, rows(batch, (2, 3)), items=ITEMS)
    assert_breaks(world, "TRA-1", world.submit("operator", "transfer.offer", again))
    hand_over(world, top, rows(batch, (10, 12)), receiver="operator", items=ITEMS)
    used = {"transfer": offered, "purpose": "credit.lending", "used_at": format_time(world.time),
            "outcome": digest_of("outcome"), "reference": f"{batch}:2"}  # fmt: skip
    report = world.do("lender", "use.report", used)
    assert [event.statements for event in after_stop(world)] == [(offered, ended, report)]


def test_ACC_4_a_holder_acknowledges_what_it_stopped(world: World, record: str) -> None:  # noqa: N802
    given = agreed(world, single(record))
    held = resting(world, single(record), given)
    hand_over(world, held, single(record), items=ITEMS)
    by_law = give(world, "source", "lender", within={**PERSON, "references": single(record)}, basis=LAW)
    kept = hand_over(world, by_law, single(record), items=ITEMS)
    ended = withdraw(world, given)
    world.do("lender", "stop.acknowledge", {"order": ended, "about": given})
    assert [duty.about for opener, duty in open_duties(world, "stop") if opener == ended] == []
    state = world.row(HOLDING, record, world.uscc("lender"))
    assert state is not None
    assert [entry.hop for entry in state.entries if entry.ended_index is None] == [kept]


def test_ACC_4_what_lost_its_consent_is_no_longer_held_for_passing_on(world: World, record: str) -> None:  # noqa: N802
    given = agreed(world, single(record))
    scope = {**PERSON, "references": single(record), "onward": 1}
    by_consent = give(world, "source", "operator", within=scope, consents=[given])
    by_law = give(world, "source", "operator", within=scope, basis=LAW)
    child = {**PERSON, "references": single(record)}
    lower = give(world, "operator", "lender", within=child, parent=by_law.grant, basis=LAW)
    hand_over(world, by_consent, single(record), receiver="operator", items=ITEMS)
    hand_over(world, lower, single(record), sender="operator", items=ITEMS)
    withdraw(world, given)
    again = offer(world, lower, single(record), items=ITEMS)
    assert_breaks(world, "TRA-4", world.submit("operator", "transfer.offer", again))


def test_ACC_4_a_release_looks_at_consents_again(world: World, record: str) -> None:  # noqa: N802
    given = agreed(world, single(record))
    held = resting(world, single(record), given)
    offered = world.do("source", "transfer.offer", offer(world, held, single(record), items=ITEMS))
    assert step(world, "lender", "accept", offered).status == "admitted"
    withdraw(world, given)
    assert_breaks(world, "TRA-8", step(world, "source", "release", offered))


def test_ACC_4_a_consent_is_withdrawn_once(world: World, record: str) -> None:  # noqa: N802
    given = agreed(world, single(record))
    ended = withdraw(world, given)
    found = world.row(CONSENT, given)
    assert found is not None
    assert (found.withdrawn_by, found.withdrawn_at) == (ended, world.time - 1000)
    again = {"consent": given, "evidence": digest_of("letter")}
    assert_breaks(world, "consent.over", world.submit("lender", "consent.withdraw", again))
    assert_breaks(world, "reference.unknown", world.submit("lender", "consent.withdraw", again | {"consent": NOWHERE}))


def test_ACC_5_an_agent_names_a_mandate_that_covers_the_matter(world: World, record: str) -> None:  # noqa: N802
    other = world.do("source", "record.submit", world.record("credit_person"))
    asked = consent(world, single(record))
    assert_breaks(world, "ACC-5", world.submit("agent", "consent.give", asked))
    for wrong in (mandate(world, single(other)), mandate(world, single(record), purpose="credit.monitoring")):
        assert_breaks(world, "ACC-5", world.submit("agent", "consent.give", asked | {"mandate": wrong}))
    right = mandate(world, single(record, other), purpose="credit")
    assert_breaks(world, "ACC-5", world.submit("lender", "consent.give", asked | {"mandate": right}))
    given = world.do("agent", "consent.give", asked | {"mandate": right})
    assert [(e.source, e.target) for _, e in world.edges if e.kind == "mandates"] == [(right, given)]


def test_ACC_5_a_mandate_ends(world: World, record: str) -> None:  # noqa: N802
    asked = consent(world, single(record))
    short = mandate(world, single(record), until=format_time(world.time + 60_000))
    ended = mandate(world, single(record))
    assert_breaks(world, "ACC-5", world.submit("lender", "mandate.end", {"mandate": ended, "reason": "other"}))
    end = world.do("agent", "mandate.end", {"mandate": ended, "reason": "withdrawn"})
    row = world.row(MANDATE, ended)
    assert row is not None
    assert row.ended_by == end
    world.advance(60_000)
    for over in (short, ended):
        assert_breaks(world, "ACC-5", world.submit("agent", "consent.give", asked | {"mandate": over}))
    assert_breaks(world, "mandate.over", world.submit("agent", "mandate.end", {"mandate": ended, "reason": "other"}))
    assert_breaks(
        world, "reference.unknown", world.submit("agent", "mandate.end", {"mandate": NOWHERE, "reason": "other"})
    )
    world.do("regulator", "mandate.end", {"mandate": short, "reason": "other"})


def test_ACC_5_who_withdraws_a_consent(world: World, record: str) -> None:  # noqa: N802
    asked = {"evidence": digest_of("letter")}
    given = agreed(world, single(record))
    assert_breaks(world, "ACC-5", world.submit("source", "consent.withdraw", asked | {"consent": given}))
    assert_breaks(world, "ACC-5", world.submit("agent", "consent.withdraw", asked | {"consent": given}))
    withdraw(world, given, by="agent", mandate=mandate(world, single(record)))
    withdraw(world, agreed(world, single(record)), by="regulator")


def test_ACC_6_only_an_agent_opens_a_mandate(world: World, record: str) -> None:  # noqa: N802
    assert_breaks(world, "ACC-6", world.submit("lender", "mandate.open", consent(world, single(record))))
