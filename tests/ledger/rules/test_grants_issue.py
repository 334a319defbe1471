from __future__ import annotations

from typing import Any

import pytest

from ledger.state.tables import GRANT
from tests.ledger.rules.handing import FIELDS, LAW, give, grant, single
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, digest_of

SEEDS: dict[str, Any] = {
    "carriers": ["line_ref", "order"],
    "sender_seed": digest_of("seed"),
    "code_key": digest_of("code"),
}


@pytest.fixture
def world() -> World:
    return World.founding()


def escrow(world: World, **changes: object) -> dict[str, object]:
    trustees = sorted((world.uscc(name), "B" * 43) for name in ("auditor", "regulator"))
    stated = {
        "gateway": world.uscc("operator"),
        "threshold": 2,
        "trustees": [{"member": member, "share": share} for member, share in trustees],
    }
    return {**stated, **changes}


def test_a_grant_is_kept_with_all_it_says(world: World) -> None:
    issued = world.do("source", "grant.issue", grant(world, within={"count": 5}, **SEEDS))
    state = world.row(GRANT, issued)
    assert state is not None
    assert (state.grantor, state.grantee) == (world.uscc("source"), world.uscc("lender"))
    assert (state.scope.count, state.carriers, state.statutory) == (5, ("line_ref", "order"), False)
    assert state.accepted is None


def test_every_required_field_is_required(world: World) -> None:
    assert_needs_every_field(world, "source", "grant.issue", grant(world))
    issued = world.do("source", "grant.issue", grant(world))
    payloads: dict[str, dict[str, object]] = {
        "grant.accept": {"grant": issued},
        "grant.extend": {"grant": issued, "references": single(NOWHERE)},
        "grant.revoke": {"grant": issued, "reason": "other"},
        "grant.decline": {"request": NOWHERE, "reason": "other"},
        "grant.request": {"grantor": world.uscc("source"), "items": {"penalty": FIELDS}, "purpose": "credit"},
    }
    for kind, payload in payloads.items():
        assert_needs_every_field(world, "source", kind, payload)


@pytest.mark.parametrize("name", ["issuers", "items", "purpose", "mode", "onward", "jurisdictions"])
def test_every_dimension_of_a_scope_is_required(world: World, name: str) -> None:
    outcome = world.submit("source", "grant.issue", grant(world, within={name: None}))
    assert_breaks(world, "payload.schema", outcome)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"parent": NOWHERE}, "reference.unknown"),
        ({"request": NOWHERE}, "reference.unknown"),
        ({"consents": [NOWHERE]}, "reference.unknown"),
        ({"within": {"references": [[NOWHERE, []]]}}, "reference.unknown"),
        ({"within": {"items": {"nothing": FIELDS}}}, "catalogue.unknown_item"),
        ({"within": {"items": {"penalty": ["nothing"]}}}, "catalogue.unknown_item"),
        ({"within": {"items": {"penalty": FIELDS[::-1]}}}, "payload.set_order"),
        ({"within": {"jurisdictions": ["CN", "CN"]}}, "payload.set_order"),
        ({"within": {"references": [[NOWHERE, []], [NOWHERE, []]]}}, "form.references"),
        ({"valid_until": "2026-03-01T00:00:00Z"}, "grant.terms"),
        ({"valid_until": "2026-03-02T00:00:00Z"}, "grant.terms"),
        ({"valid_from": "2026-02-30T00:00:00Z"}, "payload.time"),
    ],
)
def test_what_cannot_be_judged_leaves_no_leaf(world: World, changes: dict[str, Any], code: str) -> None:
    assert_breaks(world, code, world.submit("source", "grant.issue", grant(world, **changes)))


def test_parties_are_members_and_differ(world: World) -> None:
    wrong: tuple[dict[str, Any], ...] = ({"grantee": world.uscc("outsider")}, {"deliverer": world.uscc("outsider")})
    for changes in wrong:
        assert_breaks(world, "member.unknown", world.submit("source", "grant.issue", grant(world, **changes)))
    assert_breaks(world, "grant.terms", world.submit("source", "grant.issue", grant(world, "source")))
    both = grant(world, deliverer=world.uscc("lender"))
    assert_breaks(world, "grant.terms", world.submit("source", "grant.issue", both))
    world.do("source", "grant.issue", grant(world, deliverer=world.uscc("hub")))


def test_rows_outside_their_batch_are_dangling(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    record = world.do("source", "record.submit", world.record())
    for references in ([[batch, [[0, 10]]]], [[record, [[0, 0]]]]):
        payload = grant(world, within={"references": references})
        assert_breaks(world, "reference.unknown", world.submit("source", "grant.issue", payload))
    without_rows = world.submit("source", "grant.issue", grant(world, within={"references": single(batch)}))
    assert_breaks(world, "reference.rows", without_rows)
    assert without_rows.error is not None
    assert f"{batch}:0-9" in without_rows.error.advice()
    world.do("source", "grant.issue", grant(world, within={"references": [[batch, [[0, 9]]]]}))


@pytest.mark.parametrize("member", ["hub", "lender", "regulator", "source_b"])
def test_GRA_1_only_a_source_begins(world: World, member: str) -> None:  # noqa: N802
    foreign = grant(world, "service")
    assert_breaks(world, "GRA-1", world.submit(member, "grant.issue", foreign))
    world.do("source", "grant.issue", foreign)


def test_GRA_1_references_are_records_of_the_issuers_named(world: World) -> None:  # noqa: N802
    theirs = world.do("source_b", "record.submit", world.record())
    mine = world.do("source", "record.submit", world.record())
    assert_breaks(
        world, "GRA-1", world.submit("source", "grant.issue", grant(world, within={"references": single(theirs)}))
    )
    world.do("source", "grant.issue", grant(world, within={"references": single(mine)}))


def test_GRA_1_all_my_records_needs_a_source_of_the_item(world: World) -> None:  # noqa: N802
    within = {"items": {"permit": ["XK_NR"]}}
    assert_breaks(world, "GRA-1", world.submit("source", "grant.issue", grant(world, within=within)))
    own = {**within, "issuers": [world.uscc("source_b")]}
    world.do("source_b", "grant.issue", grant(world, within=own))


def child(world: World, parent: str, **changes: Any) -> dict[str, object]:
    return grant(world, "lender", parent=parent, **changes)


def test_GRA_1_a_parent_must_be_own_accepted_live_and_allow_it(world: World) -> None:  # noqa: N802
    unaccepted = world.do("source", "grant.issue", grant(world, "hub", within={"onward": 1}))
    assert_breaks(world, "GRA-1", world.submit("hub", "grant.issue", child(world, unaccepted)))
    held = give(world, "source", "hub", within={"onward": 1}).grant
    assert_breaks(world, "GRA-1", world.submit("operator", "grant.issue", child(world, held)))
    closed = give(world, "source", "hub").grant
    assert_breaks(world, "GRA-1", world.submit("hub", "grant.issue", child(world, closed)))
    world.do("hub", "grant.issue", child(world, held))
    world.do("source", "grant.revoke", {"grant": held, "reason": "other"})
    assert_breaks(world, "GRA-1", world.submit("hub", "grant.issue", child(world, held)))


PARENT: dict[str, object] = {
    "onward": 1,
    "count": 10,
    "rate": {"count": 4, "window": 60},
    "jurisdictions": ["CN"],
    "mode": "store",
}
LIMITS: dict[str, object] = {"count": 10, "rate": {"count": 4, "window": 60}}


@pytest.mark.parametrize(
    ("within", "changes"),
    [
        ({"items": {"penalty": [*FIELDS, "CF_YJ"]}}, {}),
        ({"items": {"performance": ["contract"]}}, {}),
        ({"purpose": "credit"}, {}),
        ({"purpose": "credit.monitoring"}, {}),
        ({"onward": 1}, {}),
        ({"jurisdictions": ["CN", "DE"]}, {}),
        ({"count": 11}, {}),
        ({"count": None}, {}),
        ({"rate": {"count": 5, "window": 60}}, {}),
        ({"rate": {"count": 3, "window": 30}}, {}),
        ({"rate": None}, {}),
        ({}, {"valid_from": "2026-02-28T23:59:59Z"}),
        ({}, {"valid_until": "2027-03-01T00:00:01Z"}),
        ({}, {"data_life": 31}),
    ],
)
def test_GRA_2_no_dimension_widens(world: World, within: dict[str, object], changes: dict[str, Any]) -> None:  # noqa: N802
    parent = give(world, "source", "hub", within=PARENT).grant
    wider = child(world, parent, within={**LIMITS, **within}, **changes)
    assert_breaks(world, "GRA-2", world.submit("hub", "grant.issue", wider))
    world.do("hub", "grant.issue", child(world, parent, within=LIMITS))


def test_GRA_2_issuers_and_references_stay_inside(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch(10, "penalty"))
    parent = give(world, "source", "hub", within={"onward": 1, "references": [[batch, [[0, 4]]]]}).grant
    for within in ({}, {"references": [[batch, [[4, 5]]]]}):
        assert_breaks(world, "GRA-2", world.submit("hub", "grant.issue", child(world, parent, within=within)))
    both = sorted(world.uscc(name) for name in ("source", "source_b"))
    inside = {"references": [[batch, [[2, 4]]]]}
    wide = child(world, parent, within={**inside, "issuers": both})
    assert_breaks(world, "GRA-2", world.submit("hub", "grant.issue", wide))
    world.do("hub", "grant.issue", child(world, parent, within=inside))


@pytest.mark.parametrize(
    "within",
    [
        {"purpose": "credit.lending.approval"},
        {"mode": "view"},
        {"jurisdictions": ["CN-31"]},
        {"rate": {"count": 2, "window": 30}},
        {"rate": {"count": 4, "window": 120}},
        {"items": {"penalty": FIELDS[:1]}},
    ],
)
def test_GRA_2_what_is_narrower_fits(world: World, within: dict[str, object]) -> None:  # noqa: N802
    parent = give(world, "source", "hub", within=PARENT).grant
    world.do("hub", "grant.issue", child(world, parent, within={**LIMITS, **within}))


@pytest.mark.parametrize("rank", ["law", "administrative_regulation", "local_regulation"])
def test_GRA_3_persons_need_a_statutory_basis(world: World, rank: str) -> None:  # noqa: N802
    within = {"items": {"credit_person": ["amount"]}}
    assert_breaks(world, "GRA-3", world.submit("source", "grant.issue", grant(world, within=within)))
    policy = {**LAW, "rank": "central_policy"}
    assert_breaks(world, "GRA-3", world.submit("source", "grant.issue", grant(world, within=within, basis=policy)))
    world.do("source", "grant.issue", grant(world, within=within, basis={**LAW, "rank": rank}))


def test_GRA_3_listed_records_are_judged_by_their_subject(world: World) -> None:  # noqa: N802
    person = world.do("source", "record.submit", world.record("credit_person"))
    firm = world.do("source", "record.submit", world.record())
    for record, rule in ((person, "GRA-3"), (firm, None)):
        payload = grant(world, within={"references": single(record)})
        outcome = world.submit("source", "grant.issue", payload)
        if rule is None:
            assert outcome.status == "admitted"
        else:
            assert_breaks(world, rule, outcome)


def test_GRA_8_purposes_compare_by_the_tree(world: World) -> None:  # noqa: N802
    for unknown in ("credit.lend", "credit.lending.other", "creditlending"):
        assert_breaks(world, "GRA-8", world.submit("source", "grant.issue", grant(world, within={"purpose": unknown})))
    world.do("source", "grant.issue", grant(world, within={"purpose": "credit.lending.approval"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"sender_seed": None},
        {"code_key": None},
        {"carriers": None},
        {"carriers": None, "sender_seed": None, "code_key": None, "escrow": "good"},
        {"escrow": "good"},
        {"sender_seed": None, "code_key": None, "escrow": {"threshold": 3}},
        {"sender_seed": None, "code_key": None, "escrow": {"gateway": "lender"}},
        {"sender_seed": None, "code_key": None, "escrow": {"gateway": "source"}},
    ],
)
def test_GRA_11_marks_need_committed_secrets(world: World, changes: dict[str, Any]) -> None:  # noqa: N802
    made = {**SEEDS, **changes}
    terms = made.get("escrow")
    if terms is not None:
        stated = dict(terms) if isinstance(terms, dict) else {}
        if "gateway" in stated:
            stated["gateway"] = world.uscc(str(stated["gateway"]))
        made["escrow"] = escrow(world, **stated)
    assert_breaks(world, "GRA-11", world.submit("source", "grant.issue", grant(world, **made)))
    world.do("source", "grant.issue", grant(world, **SEEDS))
    world.do("source", "grant.issue", grant(world, carriers=["order"], escrow=escrow(world)))
