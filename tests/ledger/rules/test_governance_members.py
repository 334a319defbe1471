from __future__ import annotations

import pytest

from ledger.encoding import base64url
from ledger.rules.succession import custodian, inheritor, predecessors
from ledger.signed import sign_pop
from ledger.state.governance_tables import HEIR, MEMBER_EVENT, MemberEventState
from ledger.state.tables import KEY, MEMBER
from ledger.state.view import BlockView
from tests.ledger.rules.governing import (
    Action,
    admit,
    approve,
    decide,
    dissolve,
    own_proof,
    propose,
    proposed,
    replace_key,
    restore,
    set_roles,
    standing,
    suspend,
)
from tests.ledger.rules.judging import assert_breaks
from tests.world import World
from tests.world_genesis import ORIGIN, encryption_of, signer_of, uscc_of

DAY_MS = 86_400_000


@pytest.fixture
def world() -> World:
    return World.founding()


def events(world: World, name: str) -> list[MemberEventState]:
    prefix = f"{world.uscc(name)}:"
    found = sorted((key[2], row) for key, row in world.state.rows.items() if key[0] == MEMBER_EVENT.name)
    return [row for suffix, row in found if suffix.startswith(prefix) and isinstance(row, MemberEventState)]


def view_of(world: World) -> BlockView:
    return BlockView(world.resident(), world.time)


def test_an_admitted_member_signs_from_that_leaf_on(world: World) -> None:
    assert_breaks(world, "key.unknown", world.submit("newcomer", "record.submit", world.record()))
    proposal = proposed(world, admit("newcomer", ("user",)))
    assert_breaks(world, "key.unknown", world.submit("newcomer", "record.submit", world.record()))
    asked = {"grantor": world.uscc("source"), "items": {"penalty": ["CF_SY"]}, "purpose": "credit.lending"}
    vote = world.sign("regulator_b", "governance.approve", {"proposal": proposal})
    request = world.sign("newcomer", "grant.request", asked)
    assert [outcome.status for outcome in world.run(vote, request)] == ["admitted", "admitted"]
    member = standing(world, "newcomer")
    assert (member.status, member.roles, member.jurisdiction) == ("active", ("user",), "CN")
    assert member.encryption is not None
    assert world.row(KEY, "", base64url(encryption_of("newcomer").thumbprint)) is not None


def wrong_admissions(world: World) -> dict[str, Action]:
    taken, encryption = world.signer("source").public.to_json(), encryption_of("hub").to_json()
    good = admit("newcomer")
    stranger = admit("newcomer", keys=[taken])
    return {
        "is a member": admit("lender"),
        "its code fails the check": admit("newcomer", uscc=uscc_of("newcomer")[:-1] + "0"),
        "roles twice": admit("newcomer", roles=["user", "user"]),
        "a key that is taken": {**stranger, "proofs": [own_proof("newcomer", world.signer("source"))]},
        "an encryption key that is taken": admit("newcomer", encryption=encryption),
        "a node's key": {
            **admit("newcomer", keys=[signer_of("log:n1").public.to_json()]),
            "proofs": [own_proof("newcomer", signer_of("log:n1"))],
        },
        "no proof": {**good, "proofs": []},
        "a proof too many": {**good, "proofs": [own_proof("newcomer", signer_of("newcomer"))] * 2},
        "the proof of another key": {**good, "proofs": [own_proof("newcomer", signer_of("x"))]},
        "the proof of another member": {**good, "proofs": [own_proof("other", signer_of("newcomer"))]},
        "no proof at all": {**good, "proofs": ["AAAA"]},
    }


@pytest.mark.parametrize("flaw", list(wrong_admissions(World.founding())))
def test_GOV_8_who_is_admitted_is_judged_as_at_the_founding(world: World, flaw: str) -> None:  # noqa: N802
    assert_breaks(world, "GOV-8", propose(world, wrong_admissions(world)[flaw]))
    assert world.row(MEMBER, "", uscc_of("newcomer")) is None


def test_GOV_8_is_judged_again_when_it_takes_effect(world: World) -> None:  # noqa: N802
    first, second = proposed(world, admit("newcomer")), proposed(world, admit("newcomer", ("service",)))
    assert approve(world, first).status == "admitted"
    assert_breaks(world, "GOV-8", approve(world, second))
    assert standing(world, "newcomer").roles == ("user",)
    refused = world.submit("regulator_b", "governance.reject", {"proposal": second})
    assert refused.status == "admitted", "what can no longer be put into effect can be rejected"


@pytest.mark.parametrize("action", [suspend, restore, set_roles, replace_key, dissolve])
def test_a_change_is_of_a_member(world: World, action: object) -> None:
    actions: dict[object, Action] = {
        suspend: suspend(world, "nobody"),
        restore: restore(world, "nobody"),
        set_roles: set_roles(world, "nobody", "user"),
        replace_key: replace_key(world, "nobody"),
        dissolve: dissolve(world, "nobody", successor="hub"),
    }
    assert_breaks(world, "member.unknown", propose(world, actions[action]))


def test_suspended_and_restored(world: World) -> None:
    assert_breaks(world, "GOV-8", propose(world, restore(world, "source")))
    decide(world, suspend(world, "source"))
    assert_breaks(world, "GOV-8", propose(world, suspend(world, "source")))
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record()))
    decide(world, restore(world, "source"))
    world.do("source", "record.submit", world.record())
    assert [(event.act, event.status_before, event.status) for event in events(world, "source")] == [
        ("member.suspend", "active", "suspended"),
        ("member.restore", "suspended", "active"),
    ]


def test_GOV_5_a_suspended_member_signs_only_what_meets_a_duty(world: World) -> None:  # noqa: N802
    asked = {"grantor": world.uscc("source"), "items": {"penalty": ["CF_SY"]}, "purpose": "credit.lending"}
    request = world.do("lender", "grant.request", asked)
    decide(world, suspend(world, "source"))
    assert_breaks(world, "GOV-5", world.submit("source", "grant.request", {**asked, "grantor": world.uscc("hub")}))
    world.do("source", "grant.decline", {"request": request, "reason": "no_basis"})


def test_roles_change_what_a_member_may_do(world: World) -> None:
    world.do("source", "record.submit", world.record())
    decide(world, set_roles(world, "source", "user"))
    assert_breaks(world, "REC-1", world.submit("source", "record.submit", world.record()))
    decide(world, set_roles(world, "source", "source", "user"))
    world.do("source", "record.submit", world.record())
    assert events(world, "source")[0].roles_before == ("source",)


def test_GRA_1_a_member_without_the_role_grants_no_records_to_come(world: World) -> None:  # noqa: N802
    from tests.ledger.rules.handing import grant, single

    record = world.do("source", "record.submit", world.record())
    decide(world, set_roles(world, "source", "user"))
    assert_breaks(world, "GRA-1", world.submit("source", "grant.issue", grant(world)))
    world.do("source", "grant.issue", grant(world, within={"references": single(record)}))


@pytest.mark.parametrize("roles", [["user"], ["user", "source"], ["user", "user"]])
def test_GOV_8_roles_are_a_set_and_a_change(world: World, roles: list[str]) -> None:  # noqa: N802
    action: Action = {"act": "member.set_roles", "member": world.uscc("lender"), "roles": roles}
    assert_breaks(world, "GOV-8", propose(world, action))


def test_dissolved_for_good(world: World) -> None:
    decide(world, dissolve(world, "lender", successor="service"))
    for action in (
        suspend(world, "lender"),
        restore(world, "lender"),
        set_roles(world, "lender", "auditor"),
        replace_key(world, "lender"),
        dissolve(world, "lender", successor="hub"),
        admit("lender"),
    ):
        assert_breaks(world, "GOV-8", propose(world, action))
    asked = {"grantor": world.uscc("source"), "items": {"penalty": ["CF_SY"]}, "purpose": "credit.lending"}
    assert_breaks(world, "GOV-5", world.submit("lender", "grant.request", asked))


def test_GOV_8_a_dissolution_names_another_active_member_once(world: World) -> None:  # noqa: N802
    both = dissolve(world, "lender", successor="hub", custodian="auditor")
    for wrong in (dissolve(world, "lender"), both, dissolve(world, "lender", successor="lender")):
        assert_breaks(world, "GOV-8", propose(world, wrong))
    decide(world, suspend(world, "service"))
    for capacity in ("successor", "custodian"):
        assert_breaks(world, "GOV-8", propose(world, dissolve(world, "lender", **{capacity: "service"})))
    assert_breaks(world, "member.unknown", propose(world, dissolve(world, "lender", successor="nobody")))
    assert_breaks(world, "GOV-8", propose(world, dissolve(world, "hub", successor="lender")))


def test_successors_of_successors_inherit_and_custodians_do_not(world: World) -> None:
    lender, service, hub = world.uscc("lender"), world.uscc("service"), world.uscc("buyer")
    assert inheritor(view_of(world), lender) == lender
    decide(world, dissolve(world, "lender", successor="service"))
    assert inheritor(view_of(world), lender) == service
    decide(world, dissolve(world, "service", successor="buyer"))
    view = view_of(world)
    assert (inheritor(view, lender), inheritor(view, service), inheritor(view, hub)) == (hub, hub, hub)
    assert set(predecessors(view, hub)) == {lender, service}
    decide(world, dissolve(world, "buyer", custodian="auditor"))
    view = view_of(world)
    assert [inheritor(view, uscc) for uscc in (lender, service, hub)] == [None, None, None]
    assert (custodian(view, hub), custodian(view, lender)) == (world.uscc("auditor"), None)
    assert predecessors(view, world.uscc("auditor")) == ()
    left = world.row(HEIR, "", hub)
    assert left is not None
    assert (left.heir, left.capacity) == (world.uscc("auditor"), "custodian")


def test_REC_8_a_successor_corrects_what_its_predecessor_made(world: World) -> None:  # noqa: N802
    record = world.do("source_b", "record.submit", world.record())
    withdrawal = {"reference": record, "reason": "error"}
    assert_breaks(world, "REC-8", world.submit("source", "record.withdraw", withdrawal))
    from tests.ledger.rules.governing import remove_node

    decide(world, remove_node("n3"))
    decide(world, dissolve(world, "source_b", successor="source"))
    world.do("source", "record.withdraw", withdrawal)


def test_GOV_7_governance_replaces_a_key_at_once(world: World) -> None:  # noqa: N802
    new = signer_of("source 2")
    decide(world, replace_key(world, "source", new, suspect_from="2026-03-01T12:00:00Z"))
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record()))
    world.do("source", "record.submit", world.record(), key=new)
    old = world.row(KEY, "", base64url(world.signer("source").public.thumbprint))
    assert old is not None
    assert old.revoked_index is not None
    assert old.suspect_from == 1_772_366_400_000
    (event,) = events(world, "source")
    assert (event.old_kid, event.new_kid) == (
        base64url(world.signer("source").public.thumbprint),
        base64url(new.public.thumbprint),
    )


def test_GOV_7_governance_revokes_a_key(world: World) -> None:  # noqa: N802
    decide(world, replace_key(world, "source"))
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record()))
    assert_breaks(world, "GOV-8", propose(world, replace_key(world, "source")))


def test_GOV_7_a_rotation_that_waits_goes_with_the_key(world: World) -> None:  # noqa: N802
    thief, new, old = signer_of("thief"), signer_of("source 2"), world.signer("source")
    proof = sign_pop(thief, origin=ORIGIN, member=world.uscc("source"), old_kid=old.public.thumbprint)
    rotation = {
        "old": base64url(old.public.thumbprint), "key": thief.public.to_json(), "pop": base64url(proof)
    }  # fmt: skip
    world.do("source", "key.rotate", rotation)
    decide(world, replace_key(world, "source", new))
    world.advance(3 * DAY_MS)
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record(), key=thief))
    world.do("source", "record.submit", world.record(), key=new)


def test_GOV_7_a_revoked_heir_of_a_rotation_leaves_the_old_key(world: World) -> None:  # noqa: N802
    heir, old = signer_of("source 2"), world.signer("source")
    proof = sign_pop(heir, origin=ORIGIN, member=world.uscc("source"), old_kid=old.public.thumbprint)
    payload = {"old": base64url(old.public.thumbprint), "key": heir.public.to_json(), "pop": base64url(proof)}
    world.do("source", "key.rotate", payload)
    decide(world, replace_key(world, "source", old=base64url(heir.public.thumbprint)))
    world.advance(3 * DAY_MS)
    world.do("source", "record.submit", world.record())


def test_GOV_7_governance_replaces_an_encryption_key(world: World) -> None:  # noqa: N802
    old, new = base64url(encryption_of("lender").thumbprint), encryption_of("lender 2")
    decide(world, replace_key(world, "lender", old=old, key=new.to_json()))
    held = standing(world, "lender").encryption
    assert held is not None
    assert held.x == new.to_json()["x"]
    decide(world, replace_key(world, "lender", old=base64url(new.thumbprint)))
    assert standing(world, "lender").encryption is None


@pytest.mark.parametrize("flaw", ["none", "member", "use", "taken", "foreign", "doubt", "keyless", "same"])
def test_GOV_8_a_replacement_of_a_key_is_sound(world: World, flaw: str) -> None:  # noqa: N802
    new = signer_of("source 2")
    good = replace_key(world, "source", new)
    wrong: dict[str, Action] = {
        "none": {name: value for name, value in good.items() if name != "pop"},
        "member": {**good, "pop": replace_key(world, "hub", new)["pop"]},
        "use": {**good, "key": encryption_of("fresh").to_json()},
        "taken": replace_key(world, "source", world.signer("hub")),
        "foreign": {**good, "member": world.uscc("hub")},
        "doubt": {**good, "suspect_from": "2026-03-02T12:00:00Z"},
        "keyless": {name: value for name, value in good.items() if name != "key"},
        "same": replace_key(world, "source", world.signer("source")),
    }
    assert_breaks(world, "GOV-8", propose(world, wrong[flaw]))
    unknown = {**good, "old": base64url(bytes(32))}
    assert_breaks(world, "reference.unknown", propose(world, unknown))
    decide(world, good)
