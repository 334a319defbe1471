from __future__ import annotations

import pytest

from ledger.state.case_tables import BURNT, CASE, CASE_PARTY
from ledger.times import format_time
from tests.ledger.rules.casework import authorise, authorised_case, case_open, extract, extracted, finding
from tests.ledger.rules.handing import Given, days, grant, offer, single
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, digest_of

OPEN, AUTHORISE, EXHIBIT, EXTRACT = "case.open", "case.authorise", "case.exhibit", "case.extract"
FINDING, RESPOND, CLOSE = "case.finding", "case.respond", "case.close"


@pytest.fixture
def world() -> World:
    return World.founding()


def exhibit(case: str) -> dict[str, object]:
    return {"case": case, "exhibit": digest_of("file"), "form": "file"}


def respond(case: str) -> dict[str, object]:
    return {"case": case, "response": digest_of("response")}


def closing(case: str) -> dict[str, object]:
    return {"case": case, "outcome": "attributed"}


def marked(world: World, grantee: str, code_key: str) -> Given:
    """Give a grant that allows marks under two seeds."""
    seed = digest_of(f"seed for {grantee}")
    issued = grant(world, grantee, carriers=["line_ref"], code_key=code_key, sender_seed=seed)
    given = world.do("source", "grant.issue", issued)
    accepted = {"grant": given, "receiver_seed": digest_of(f"seed of {grantee}")}
    return Given(given, world.do(grantee, "grant.accept", accepted))


def test_every_required_field_is_required(world: World) -> None:
    assert_needs_every_field(world, "investigator", OPEN, {"complaint": digest_of("complaint")})
    case = authorised_case(world)
    read = extracted(world, case)
    for member, kind, payload in (
        ("regulator", AUTHORISE, authorise(world, case)),
        ("investigator", EXHIBIT, exhibit(case)),
        ("investigator", EXTRACT, extract(case, read)),
        ("investigator", FINDING, finding(case, read)),
        ("lender", RESPOND, respond(case)),
        ("investigator", CLOSE, closing(case)),
    ):
        assert_needs_every_field(world, member, kind, payload)


def test_dangling_references(world: World) -> None:
    case = authorised_case(world)
    read = extracted(world, case)
    for member, kind, payload in (
        ("investigator", OPEN, {"complaint": digest_of("complaint"), "incident": NOWHERE}),
        ("regulator", AUTHORISE, authorise(world, NOWHERE)),
        ("investigator", EXHIBIT, exhibit(NOWHERE)),
        ("investigator", EXTRACT, extract(case, NOWHERE)),
        ("investigator", FINDING, finding(NOWHERE, read)),
        ("investigator", FINDING, finding(case, NOWHERE)),
        ("investigator", FINDING, finding(case, read, opened=[NOWHERE])),
        ("lender", RESPOND, respond(NOWHERE)),
        ("investigator", CLOSE, closing(NOWHERE)),
    ):
        assert_breaks(world, "reference.unknown", world.submit(member, kind, payload))
    strange = finding(case, read, named=[world.uscc("nobody")])
    assert_breaks(world, "member.unknown", world.submit("investigator", FINDING, strange))


@pytest.mark.parametrize("name", ["source", "lender", "regulator", "auditor", "agent"])
def test_INC_2_only_investigators_open_cases(world: World, name: str) -> None:  # noqa: N802
    assert_breaks(world, "INC-2", world.submit(name, OPEN, {"complaint": digest_of("complaint")}))


def test_INC_3_exhibit_before_extract_before_finding(world: World) -> None:  # noqa: N802
    case, other = authorised_case(world), authorised_case(world)
    shown = world.do("investigator", EXHIBIT, exhibit(case))
    assert_breaks(world, "INC-3", world.submit("investigator", EXTRACT, extract(other, shown)))
    assert_breaks(world, "INC-3", world.submit("investigator", FINDING, finding(case, shown)))
    read = world.do("investigator", EXTRACT, extract(case, shown))
    assert_breaks(world, "INC-3", world.submit("investigator", EXTRACT, extract(case, read)))
    assert_breaks(world, "INC-3", world.submit("investigator", FINDING, finding(other, read)))
    world.do("investigator", FINDING, finding(case, read))
    state = world.row(CASE, case)
    assert state is not None
    assert (state.extracts, state.findings) == (1, 1)


def test_INC_4_nothing_is_read_before_a_regulator_authorises(world: World) -> None:  # noqa: N802
    case = case_open(world)
    shown = world.do("investigator", EXHIBIT, exhibit(case))
    assert_breaks(world, "INC-4", world.submit("investigator", EXTRACT, extract(case, shown)))
    for name in ("investigator", "auditor", "source"):
        assert_breaks(world, "INC-4", world.submit(name, AUTHORISE, authorise(world, case)))
    past = authorise(world, case, until=format_time(world.time))
    assert_breaks(world, "case.until", world.submit("regulator", AUTHORISE, past))
    world.do("regulator", AUTHORISE, authorise(world, case, until=format_time(world.time + days(1))))
    read = world.do("investigator", EXTRACT, extract(case, shown))
    world.advance(days(2))
    assert_breaks(world, "INC-4", world.submit("investigator", EXTRACT, extract(case, shown)))
    assert_breaks(world, "INC-4", world.submit("investigator", FINDING, finding(case, read)))
    world.do("regulator_b", AUTHORISE, authorise(world, case))
    world.do("investigator", FINDING, finding(case, read))


def test_INC_5_a_named_party_may_respond_before_the_case_closes(world: World) -> None:  # noqa: N802
    case = authorised_case(world)
    read = extracted(world, case)
    assert_breaks(world, "INC-5", world.submit("lender", RESPOND, respond(case)))
    named = sorted((world.uscc("lender"), world.uscc("hub")))
    world.do("investigator", FINDING, finding(case, read, named=named))
    assert_breaks(world, "INC-5", world.submit("investigator", CLOSE, closing(case)))
    answer = world.do("lender", RESPOND, respond(case))
    party = world.row(CASE_PARTY, case, world.uscc("lender"))
    assert party is not None
    assert party.response == answer
    assert_breaks(world, "INC-5", world.submit("lender", RESPOND, respond(case)))
    assert_breaks(world, "INC-5", world.submit("source", RESPOND, respond(case)))
    assert_breaks(world, "INC-5", world.submit("investigator", CLOSE, closing(case)))
    world.advance(days(20))
    world.do("investigator", CLOSE, closing(case))
    assert_breaks(world, "INC-5", world.submit("hub", RESPOND, respond(case)))


def test_INC_6_the_case_is_its_investigators_until_it_is_closed(world: World) -> None:  # noqa: N802
    case = authorised_case(world)
    read = extracted(world, case)
    for name in ("regulator", "auditor", "source"):
        assert_breaks(world, "INC-6", world.submit(name, EXHIBIT, exhibit(case)))
        assert_breaks(world, "INC-6", world.submit(name, EXTRACT, extract(case, read)))
        assert_breaks(world, "INC-6", world.submit(name, FINDING, finding(case, read)))
    world.do("investigator", CLOSE, closing(case))
    for member, kind, payload in (
        ("regulator", AUTHORISE, authorise(world, case)),
        ("investigator", EXHIBIT, exhibit(case)),
        ("investigator", EXTRACT, extract(case, read)),
        ("investigator", FINDING, finding(case, read)),
    ):
        assert_breaks(world, "INC-6", world.submit(member, kind, payload))


def test_INC_7_an_opened_seed_names_no_copy_for_a_later_exhibit(world: World) -> None:  # noqa: N802
    code = digest_of("code key")
    first, second = marked(world, "lender", code), marked(world, "hub", code)
    case = authorised_case(world)
    before, other = extracted(world, case), extracted(world, case)
    found = world.do("investigator", FINDING, finding(case, before, opened=[first.grant]))
    burnt = world.row(BURNT, "", f"seed:{first.grant}"), world.row(BURNT, "", f"code:{code}")
    assert [row is not None and row.finding == found for row in burnt] == [True, True]
    world.do("investigator", FINDING, finding(case, other, opened=[first.grant]))
    after = extracted(world, case)
    for id_ in (first.grant, second.grant):
        late = finding(case, after, opened=[id_])
        assert_breaks(world, "INC-7", world.submit("investigator", FINDING, late))
        mixed = finding(case, before, after, opened=[id_])
        assert_breaks(world, "INC-7", world.submit("investigator", FINDING, mixed))
    world.do("investigator", FINDING, finding(case, after))
    # What was opened first stays what burnt it.
    assert (world.row(BURNT, "", f"seed:{first.grant}"), world.row(BURNT, "", f"code:{code}")) == burnt


@pytest.mark.parametrize("name", ["source", "lender", "auditor"])
def test_INC_8_the_investigator_or_a_regulator_closes(world: World, name: str) -> None:  # noqa: N802
    case = authorised_case(world)
    assert_breaks(world, "INC-8", world.submit(name, CLOSE, closing(case)))
    world.do("regulator", CLOSE, closing(case))
    assert_breaks(world, "INC-5", world.submit("investigator", CLOSE, closing(case)))


def test_TRA_12_nothing_new_is_marked_by_what_was_opened(world: World) -> None:  # noqa: N802
    code, record = digest_of("code key"), world.do("source", "record.submit", world.record())
    opened, other = marked(world, "lender", code), marked(world, "hub", digest_of("another code key"))
    sharing = marked(world, "service", code)
    case = authorised_case(world)
    world.do("investigator", FINDING, finding(case, extracted(world, case), opened=[opened.grant]))
    marking = {
        "mode": "M0",
        "carriers": ["line_ref"],
        "record_list": digest_of("list"),
        "marked_root": digest_of("marked"),
        "number": 1,
        "depth": 0,
    }
    for given, receiver in ((opened, "lender"), (sharing, "service")):
        late = offer(world, given, single(record), receiver=receiver, marking=marking)
        assert_breaks(world, "TRA-12", world.submit("source", "transfer.offer", late))
    fresh = offer(world, other, single(record), receiver="hub", marking=marking)
    world.do("source", "transfer.offer", fresh)
