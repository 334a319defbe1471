from __future__ import annotations

import msgspec
import pytest

from ledger.state.tables import DUTY, RECORD, USAGE
from ledger.times import day_end, format_time, parse_time
from tests.ledger.rules.handing import (
    FIELDS,
    LAW,
    days,
    give,
    grant,
    hand_over,
    offer,
    rows,
    single,
    step,
    take,
    transfer,
)
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import START_MS, World, digest_of

SEEDS = {"carriers": ["line_ref", "order"], "sender_seed": digest_of("seed"), "code_key": digest_of("code")}
OFFER = "transfer.offer"


@pytest.fixture
def world() -> World:
    return World.founding()


@pytest.fixture
def record(world: World) -> str:
    return world.do("source", "record.submit", world.record())


@pytest.fixture
def batch(world: World) -> str:
    return world.do("source", "record.batch", world.batch(100, "penalty"))


def test_an_offer_is_kept_with_all_it_says(world: World, batch: str) -> None:
    given = give(world, "source", "lender")
    opened = world.time
    made = world.do("source", OFFER, offer(world, given, rows(batch, (0, 4), (9, 9)), correlation="C" * 43))
    state = transfer(world, made)
    assert (state.status, state.count, state.sender, state.receiver) == (
        "offered", 6, world.uscc("source"), world.uscc("lender"),
    )  # fmt: skip
    duty = world.row(DUTY, made, f"transfer.accept:{world.uscc('lender')}")
    assert duty is not None
    assert duty.due == opened // 1000 * 1000 + 3_600_000
    assert (given.grant, made, "under") in {(edge.source, edge.target, edge.kind) for _, edge in world.edges}


def test_every_required_field_is_required(world: World, record: str) -> None:
    assert_needs_every_field(world, "source", OFFER, offer(world, give(world, "source", "lender"), single(record)))


def test_what_an_offer_names_must_be_logged(world: World, record: str, batch: str) -> None:
    given = give(world, "source", "lender")
    for changes, code in (
        ({"grant": NOWHERE}, "reference.unknown"),
        ({"acceptance": NOWHERE}, "reference.unknown"),
        ({"references": single(NOWHERE)}, "reference.unknown"),
        ({"references": rows(batch, (99, 100))}, "reference.unknown"),
        ({"references": rows(record, (0, 0))}, "reference.unknown"),
        ({"references": single(batch)}, "reference.rows"),
        ({"receiver": world.uscc("outsider")}, "member.unknown"),
        ({"references": [[batch, [[1, 1], [0, 0]]]]}, "form.references"),
        ({"references": [[batch, [[0, 1], [2, 3]]]]}, "form.references"),
        ({"items": {"penalty": FIELDS[::-1]}}, "payload.set_order"),
        ({"disputed": single(record)}, "transfer.dispute_marks"),
    ):
        payload = {**offer(world, given, single(record)), **changes}
        assert_breaks(world, code, world.submit("source", OFFER, payload))


def test_the_deadline_lies_ahead(world: World, record: str) -> None:
    given = give(world, "source", "lender")
    for at, admitted in ((world.time, False), (world.time + 2000, True)):
        outcome = world.submit("source", OFFER, offer(world, given, single(record), deadline=format_time(at)))
        assert (outcome.status == "admitted") is admitted


def test_TRA_1_an_unaccepted_grant_is_refused(world: World, record: str) -> None:  # noqa: N802
    issued = world.do("source", "grant.issue", grant(world))
    other = give(world, "source", "lender")
    payload = offer(world, other, single(record))
    for acceptance in (issued, other.acceptance):
        wrong = {**payload, "grant": issued, "acceptance": acceptance}
        assert_breaks(world, "TRA-1", world.submit("source", OFFER, wrong))
    accepted = world.do("lender", "grant.accept", {"grant": issued})
    world.do("source", OFFER, {**payload, "grant": issued, "acceptance": accepted})


def test_TRA_1_the_acceptance_is_the_grants(world: World, record: str) -> None:  # noqa: N802
    one, two = give(world, "source", "lender"), give(world, "source", "lender")
    payload = offer(world, one, single(record))
    assert_breaks(world, "TRA-1", world.submit("source", OFFER, {**payload, "acceptance": two.acceptance}))
    world.do("source", OFFER, payload)


@pytest.mark.parametrize(("offset", "admitted"), [(-1, False), (0, True), (59_999, True), (60_000, False)])
def test_TRA_1_a_grant_lives_from_its_first_ms_to_before_its_last(  # noqa: N802
    world: World, record: str, offset: int, admitted: bool
) -> None:
    begin = START_MS + 30_000
    until = format_time(begin + 60_000)
    given = give(world, "source", "lender", valid_from=format_time(begin), valid_until=until)
    world.time = begin + offset
    outcome = world.submit("source", OFFER, offer(world, given, single(record)))
    if admitted:
        assert outcome.status == "admitted"
    else:
        assert_breaks(world, "TRA-1", outcome)


def test_TRA_1_a_revoked_ancestor_ends_it(world: World, record: str) -> None:  # noqa: N802
    top = give(world, "source", "hub", within={"onward": 1})
    below = give(world, "hub", "lender", parent=top.grant)
    hand_over(world, top, single(record), receiver="hub")
    payload = offer(world, below, single(record))
    world.do("hub", OFFER, payload)
    world.do("source", "grant.revoke", {"grant": top.grant, "reason": "breach"})
    assert_breaks(world, "TRA-1", world.submit("hub", OFFER, payload))


@pytest.mark.parametrize(
    "changes",
    [
        {"receiver": "hub"},
        {"purpose": "credit"},
        {"purpose": "credit.lend"},
        {"items": {"penalty": [*FIELDS, "CF_YJ"]}},
        {"items": {"performance": ["contract"], "penalty": FIELDS}},
        {"items": {"performance": ["contract"]}},
    ],
)
def test_TRA_2_inside_the_grant(world: World, record: str, changes: dict[str, object]) -> None:  # noqa: N802
    given = give(world, "source", "lender")
    if "receiver" in changes:
        changes = {"receiver": world.uscc(str(changes["receiver"]))}
    payload = offer(world, given, single(record))
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, {**payload, **changes}))
    world.do("source", OFFER, payload)
    world.do("source", OFFER, {**payload, "purpose": "credit.lending.approval", "items": {"penalty": FIELDS[:1]}})


def test_TRA_2_references_issuers_and_item_of_the_records(world: World, batch: str) -> None:  # noqa: N802
    given = give(world, "source", "lender", within={"references": rows(batch, (0, 9))})
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, offer(world, given, rows(batch, (9, 10)))))
    theirs = world.do("source_b", "record.submit", world.record())
    every = give(world, "source", "lender")
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, offer(world, every, single(theirs))))
    within = {"items": {"credit_person": ["amount"], "penalty": FIELDS}}
    wide = give(world, "source", "lender", within=within, basis=LAW)
    person = world.do("source", "record.submit", world.record("credit_person"))
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, offer(world, wide, single(person))))
    world.do("source", OFFER, offer(world, wide, single(person), items={"credit_person": ["amount"]}))
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 9))))


def test_TRA_2_sent_by_grantor_or_deliverer(world: World, record: str) -> None:  # noqa: N802
    to_hub = give(world, "source", "hub")
    hand_over(world, to_hub, single(record), receiver="hub")
    plain = give(world, "source", "lender")
    assert_breaks(world, "TRA-2", world.submit("hub", OFFER, offer(world, plain, single(record))))
    through = give(world, "source", "lender", deliverer=world.uscc("hub"))
    world.do("hub", OFFER, offer(world, through, single(record)))
    world.do("source", OFFER, offer(world, through, single(record)))


@pytest.mark.parametrize("mode", ["view", "query"])
def test_TRA_2_a_package_is_for_storing(world: World, record: str, mode: str) -> None:  # noqa: N802
    looking = give(world, "source", "lender", within={"mode": mode})
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, offer(world, looking, single(record))))


def test_TRA_2_the_receivers_jurisdiction(world: World, record: str) -> None:  # noqa: N802
    abroad = {"mechanism": "standard_contract", "approval": digest_of("a"), "valid_until": "2027-01-01T00:00:00Z"}
    for allowed, rule in ((["CN"], "TRA-2"), (["CN", "DE"], None)):
        given = give(world, "source", "lender_abroad", within={"jurisdictions": allowed})
        payload = offer(world, given, single(record), "lender_abroad", abroad=abroad)
        outcome = world.submit("source", OFFER, payload)
        if rule is None:
            assert outcome.status == "admitted"
        else:
            assert_breaks(world, rule, outcome)


def test_TRA_2_the_count_counts_records_and_is_used_up(world: World, batch: str) -> None:  # noqa: N802
    given = give(world, "source", "lender", within={"count": 10})
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 5))))
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, offer(world, given, rows(batch, (0, 4)))))
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 3))))
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, offer(world, given, rows(batch, (0, 0)))))


def test_TRA_2_rate_windows_at_their_edges(world: World, batch: str) -> None:  # noqa: N802
    given = give(world, "source", "lender", within={"rate": {"count": 5, "window": 60}})
    edge = START_MS + 120_000
    world.time = edge - 1
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 4))))
    world.time = edge
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 2))))
    world.time = edge + 59_999
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, offer(world, given, rows(batch, (0, 2)))))
    world.time = edge + 59_999 + 1
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 4))))


def test_TRA_2_two_offers_in_one_block_share_what_is_left(world: World, batch: str) -> None:  # noqa: N802
    given = give(world, "source", "lender", within={"count": 10})
    raws = [world.sign("source", OFFER, offer(world, given, rows(batch, (0, 5)))) for _ in range(2)]
    assert [outcome.status for outcome in world.run(*raws)] == ["admitted", "refused"]


def test_GRA_7_siblings_never_exceed_their_parent(world: World, batch: str) -> None:  # noqa: N802
    top = give(world, "source", "hub", within={"count": 20, "onward": 2})
    hand_over(world, top, rows(batch, (0, 7)), receiver="hub")
    one = give(world, "hub", "lender", within={"count": 10}, parent=top.grant)
    two = give(world, "hub", "service", within={"count": 10}, parent=top.grant)
    world.do("hub", OFFER, offer(world, one, rows(batch, (0, 7))))
    over = offer(world, two, rows(batch, (0, 4)), "service")
    assert_breaks(world, "TRA-2", world.submit("hub", OFFER, over))
    world.do("hub", OFFER, offer(world, two, rows(batch, (0, 3)), "service"))
    totals = []
    for grant_id in (top.grant, one.grant, two.grant):
        usage = world.row(USAGE, grant_id)
        assert usage is not None
        totals.append(usage.total)
    assert totals == [20, 8, 4]


@pytest.mark.parametrize(("name", "member"), [("refuse", "lender"), ("cancel", "source"), ("cancel", "regulator")])
def test_GRA_7_what_was_never_released_is_credited_back(world: World, batch: str, name: str, member: str) -> None:  # noqa: N802
    limits = {"count": 10, "rate": {"count": 10, "window": 86_400}}
    given = give(world, "source", "lender", within=limits)
    offered = world.do("source", OFFER, offer(world, given, rows(batch, (0, 9))))
    again = offer(world, given, rows(batch, (0, 9)))
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, again))
    take(world, member, name, offered)
    world.do("source", OFFER, again)


def test_GRA_7_a_credit_in_a_later_window_gives_that_window_nothing(world: World, batch: str) -> None:  # noqa: N802
    given = give(world, "source", "lender", within={"rate": {"count": 10, "window": 60}})
    world.time = START_MS + 119_000
    first = world.do("source", OFFER, offer(world, given, rows(batch, (0, 9))))
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 5))))
    take(world, "lender", "refuse", first)
    assert_breaks(world, "TRA-2", world.submit("source", OFFER, offer(world, given, rows(batch, (0, 4)))))
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 3))))


def test_TRA_4_own_or_released_to_the_sender(world: World, batch: str) -> None:  # noqa: N802
    top = give(world, "source", "hub", within={"onward": 1})
    below = give(world, "hub", "lender", parent=top.grant)
    payload = offer(world, below, rows(batch, (0, 9)))
    assert_breaks(world, "TRA-4", world.submit("hub", OFFER, payload))
    hand_over(world, top, rows(batch, (0, 4)), receiver="hub")
    assert_breaks(world, "TRA-4", world.submit("hub", OFFER, payload))
    offered = world.do("source", OFFER, offer(world, top, rows(batch, (5, 9)), "hub"))
    take(world, "hub", "accept", offered)
    assert_breaks(world, "TRA-4", world.submit("hub", OFFER, payload))
    take(world, "source", "release", offered)
    world.do("hub", OFFER, payload)


def test_TRA_4_data_life_ends_at_its_exact_ms(world: World, batch: str) -> None:  # noqa: N802
    top = give(world, "source", "hub", within={"onward": 1}, data_life=1)
    below = give(world, "hub", "lender", parent=top.grant, data_life=1)
    released = world.time + 2000
    hand_over(world, top, rows(batch, (0, 4)), receiver="hub")
    world.time = released + days(1) - 1
    world.do("hub", OFFER, offer(world, below, rows(batch, (0, 4))))
    world.time = released + days(1)
    assert_breaks(world, "TRA-4", world.submit("hub", OFFER, offer(world, below, rows(batch, (0, 4)))))


def test_TRA_4_a_hop_that_lost_its_authority_gives_nothing(world: World, batch: str) -> None:  # noqa: N802
    first = give(world, "source", "hub", within={"onward": 1})
    second = give(world, "source", "hub", within={"onward": 1})
    below = give(world, "hub", "lender", parent=second.grant)
    hand_over(world, first, rows(batch, (0, 4)), receiver="hub")
    payload = offer(world, below, rows(batch, (0, 4)))
    world.do("hub", OFFER, payload)
    world.do("source", "grant.revoke", {"grant": first.grant, "reason": "breach"})
    assert_breaks(world, "TRA-4", world.submit("hub", OFFER, payload))
    cancelled = hand_over(world, second, rows(batch, (0, 4)), receiver="hub")
    take(world, "regulator", "cancel", cancelled)
    assert_breaks(world, "TRA-4", world.submit("hub", OFFER, payload))
    hand_over(world, second, rows(batch, (0, 4)), receiver="hub")
    world.do("hub", OFFER, payload)


def test_TRA_5_withdrawn_or_superseded(world: World, record: str, batch: str) -> None:  # noqa: N802
    given = give(world, "source", "lender")
    change = {"reference": record, "reason": "error"}
    newer = world.do("source", "record.correct", world.record(changes=change) | change)
    assert_breaks(world, "TRA-5", world.submit("source", OFFER, offer(world, given, single(record))))
    world.do("source", OFFER, offer(world, given, single(newer)))
    world.do("source", "record.withdraw", {"reference": f"{batch}:7", "reason": "error"})
    assert_breaks(world, "TRA-5", world.submit("source", OFFER, offer(world, given, rows(batch, (0, 9)))))
    world.do("source", OFFER, offer(world, given, rows(batch, (0, 6), (8, 9))))
    world.do("source", "record.withdraw", {"reference": newer, "reason": "error"})
    assert_breaks(world, "TRA-5", world.submit("source", OFFER, offer(world, given, single(newer))))


def test_TRA_5_retention_ends_with_its_day(world: World) -> None:  # noqa: N802
    day = "2026-03-05"
    record = world.do("source", "record.submit", world.record(retention_end=day))
    given = give(world, "source", "lender")
    world.time = day_end(day) - 1
    world.do("source", OFFER, offer(world, given, single(record)))
    world.time = day_end(day)
    assert_breaks(world, "TRA-5", world.submit("source", OFFER, offer(world, given, single(record))))
    assert world.row(RECORD, record) is not None


def abroad(**changes: object) -> dict[str, object]:
    return {
        "mechanism": "assessment",
        "approval": digest_of("approval"),
        "valid_until": "2026-12-31T00:00:00Z",
        **changes,
    }


def test_TRA_11_abroad_needs_a_valid_mechanism(world: World, record: str) -> None:  # noqa: N802
    given = give(world, "source", "lender_abroad", within={"jurisdictions": ["CN", "DE"]})
    payload = offer(world, given, single(record), "lender_abroad")
    assert_breaks(world, "TRA-11", world.submit("source", OFFER, payload))
    last = str(payload["deadline"])
    early = abroad(valid_until=format_time(parse_time(last) - 1000))
    assert_breaks(world, "TRA-11", world.submit("source", OFFER, {**payload, "abroad": early}))
    world.do("source", OFFER, {**payload, "abroad": abroad(valid_until=last)})
    world.do("source", OFFER, offer(world, give(world, "source", "lender"), single(record)))


def marking(**changes: object) -> dict[str, object]:
    stated = {
        "mode": "M0",
        "carriers": ["order"],
        "record_list": digest_of("list"),
        "marked_root": digest_of("marked"),
        "number": 1,
        "depth": 3,
        **changes,
    }
    return {name: value for name, value in stated.items() if value is not None}


HASHES = {"mode": "M1", "keys": digest_of("keys"), "code_key": digest_of("code")}


@pytest.mark.parametrize(
    "changes",
    [{"carriers": ["decoy"]}, {"carriers": ["handle", "order"]}, HASHES, {**HASHES, "mode": "M0"}, {"mode": "M1"}],
)
def test_TRA_12_marks_are_those_the_grant_committed(world: World, record: str, changes: dict[str, object]) -> None:  # noqa: N802
    issued = world.do("source", "grant.issue", grant(world, **SEEDS))  # type: ignore[arg-type]
    seeded = world.do("lender", "grant.accept", {"grant": issued, "receiver_seed": digest_of("r")})
    unmarked = give(world, "source", "lender")
    payload = offer(world, unmarked, single(record), marking=marking())
    assert_breaks(world, "TRA-12", world.submit("source", OFFER, payload))
    payload |= {"grant": issued, "acceptance": seeded}
    assert_breaks(world, "TRA-12", world.submit("source", OFFER, {**payload, "marking": marking(**changes)}))
    world.do("source", OFFER, payload)
    assert_breaks(world, "TRA-12", world.submit("source", OFFER, payload))
    world.do("source", OFFER, {**payload, "marking": marking(number=2)})


def test_TRA_12_without_the_receivers_seed_nothing_is_marked(world: World, record: str) -> None:  # noqa: N802
    seedless = give(world, "source", "lender", **SEEDS)  # type: ignore[arg-type]
    payload = offer(world, seedless, single(record))
    assert_breaks(world, "TRA-12", world.submit("source", OFFER, {**payload, "marking": marking()}))
    world.do("source", OFFER, payload)


def test_in_escrow_the_gateway_releases(world: World, record: str) -> None:
    trustees = [{"member": world.uscc("auditor"), "share": "B" * 43}]
    terms = {"gateway": world.uscc("operator"), "threshold": 1, "trustees": trustees}
    given = give(world, "source", "lender", carriers=["order"], escrow=terms)
    offered = world.do("source", OFFER, offer(world, given, single(record), marking=marking(**HASHES)))
    take(world, "lender", "accept", offered)
    assert_breaks(world, "TRA-6", step(world, "source", "release", offered))
    take(world, "operator", "release", offered)
    assert_breaks(world, "TRA-7", step(world, "lender", "confirm", offered))
    rooted = {"offer": offered, "content_root": digest_of("content"), "marked_root": digest_of("marked")}
    world.do("lender", "transfer.confirm", rooted)
    assert msgspec.to_builtins(transfer(world, offered).marking)["mode"] == "M1"
