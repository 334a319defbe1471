from __future__ import annotations

from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ledger.encoding import base64url
from ledger.keys import Ed25519Signer, P256Signer, Signer
from ledger.signed import sign_pop
from ledger.state.tables import KEY, MEMBER, KeyState
from tests.ledger.rules.judging import assert_breaks, assert_needs_every_field
from tests.world import World, changed
from tests.world_genesis import ORIGIN, encryption_of, seed_of, signer_of

DAY_MS = 86_400_000


@pytest.fixture
def world() -> World:
    return World.founding()


def kid(signer: Signer) -> str:
    return base64url(signer.public.thumbprint)


def pop(world: World, new: Signer, old: Signer, member: str = "source", origin: str = ORIGIN) -> str:
    return base64url(sign_pop(new, origin=origin, member=world.uscc(member), old_kid=old.public.thumbprint))


def addition(world: World, new: Signer, kinds: Sequence[str] | None = None, **changes: object) -> dict[str, object]:
    payload: dict[str, object] = {
        "use": "sign",
        "key": new.public.to_json(),
        "kinds": None if kinds is None else list(kinds),
        "pop": pop(world, new, world.signer("source")),
    }
    return changed(payload, changes)


def rotation(world: World, new: Signer, old: Signer, **changes: object) -> dict[str, object]:
    payload: dict[str, object] = {"old": kid(old), "key": new.public.to_json(), "pop": pop(world, new, old)}
    return changed(payload, changes)


def state_of(world: World, signer: Signer) -> KeyState:
    state = world.row(KEY, "", kid(signer))
    assert state is not None
    return state


def test_every_required_field_is_required(world: World) -> None:
    source, new = world.signer("source"), signer_of("new")
    assert_needs_every_field(world, "source", "key.add", addition(world, new))
    assert_needs_every_field(world, "source", "key.rotate", rotation(world, new, source))
    assert_needs_every_field(world, "source", "key.revoke", {"kid": kid(source), "reason": "other"})


def test_a_dangling_key_is_unknown(world: World) -> None:
    new = signer_of("new")
    assert_breaks(
        world, "reference.unknown", world.submit("source", "key.rotate", rotation(world, signer_of("x"), new))
    )
    revoke = {"kid": kid(new), "reason": "other"}
    assert_breaks(world, "reference.unknown", world.submit("source", "key.revoke", revoke))


@pytest.mark.parametrize("new", [signer_of("new"), P256Signer(ec.derive_private_key(12345, ec.SECP256R1()))])
def test_GOV_7_an_added_key_signs_at_once(world: World, new: Signer) -> None:  # noqa: N802
    assert_breaks(world, "key.unknown", world.submit("source", "record.submit", world.record(), key=new))
    add = world.sign("source", "key.add", addition(world, new))
    submit = world.sign("source", "record.submit", world.record(), key=new)
    assert [outcome.status for outcome in world.run(add, submit)] == ["admitted", "admitted"]


@pytest.mark.parametrize("flaw", ["none", "member", "origin", "old", "signer", "garbage"])
def test_GOV_7_possession_is_proven(world: World, flaw: str) -> None:  # noqa: N802
    new, source = signer_of("new"), world.signer("source")
    proofs = {
        "none": None,
        "member": pop(world, new, source, member="hub"),
        "origin": pop(world, new, source, origin="ledger.example/other"),
        "old": pop(world, new, new),
        "signer": pop(world, source, source),
        "garbage": "AAAA",
    }
    assert_breaks(world, "GOV-7", world.submit("source", "key.add", addition(world, new, pop=proofs[flaw])))
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", rotation(world, new, source, pop=proofs[flaw])))
    world.do("source", "key.add", addition(world, new))


def test_GOV_7_a_key_is_registered_once(world: World) -> None:  # noqa: N802
    for label in ("source", "hub", "node:n1"):
        taken = signer_of(label)
        assert_breaks(world, "GOV-7", world.submit("source", "key.add", addition(world, taken)))
        if label != "source":
            old = world.signer("source")
            assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", rotation(world, taken, old)))


@pytest.mark.parametrize("kinds", [[], ["record", "contract"], ["record", "record"], ["nothing"], ["record.nothing"]])
def test_GOV_7_limits_are_a_set_of_kinds(world: World, kinds: list[str]) -> None:  # noqa: N802
    assert_breaks(world, "GOV-7", world.submit("source", "key.add", addition(world, signer_of("new"), kinds)))


def test_GOV_7_a_limited_key_brings_in_none_that_may_do_more(world: World) -> None:  # noqa: N802
    limited, new = signer_of("limited"), signer_of("new")
    world.do("source", "key.add", addition(world, limited, ["key", "record.submit"]))
    proof = pop(world, new, limited)
    for kinds in (None, ["record"], ["grant.issue"]):
        payload = addition(world, new, kinds, pop=proof)
        assert_breaks(world, "GOV-7", world.submit("source", "key.add", payload, key=limited))
    wide = rotation(world, new, world.signer("source"))
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", wide, key=limited))
    world.do("source", "key.add", addition(world, new, ["key.add", "record.submit"], pop=proof), key=limited)


def test_GOV_7_rotation_waits_the_delay(world: World) -> None:  # noqa: N802
    old, new = world.signer("source"), signer_of("new")
    world.do("source", "key.rotate", rotation(world, new, old))
    assert state_of(world, old).replaced_by == kid(new)
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record(), key=new))
    world.do("source", "record.submit", world.record())
    world.advance(DAY_MS)
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record()))
    world.do("source", "record.submit", world.record(), key=new)


def test_GOV_7_rotation_can_be_cancelled_while_it_waits(world: World) -> None:  # noqa: N802
    old, new = world.signer("source"), signer_of("new")
    cancel = {"old": kid(old), "cancel": True}
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", cancel))
    world.do("source", "key.rotate", rotation(world, new, old))
    again = rotation(world, signer_of("other"), old)
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", again))
    both = {**rotation(world, signer_of("other"), old), "cancel": True}
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", both))
    world.do("source", "key.rotate", cancel)
    world.advance(2 * DAY_MS)
    world.do("source", "record.submit", world.record())
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record(), key=new))
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", cancel))


def test_GOV_7_rotation_brings_a_signing_key(world: World) -> None:  # noqa: N802
    old, new = world.signer("source"), signer_of("new")
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", rotation(world, new, old, key=None)))
    x25519 = rotation(world, new, old, key=encryption_of("fresh").to_json())
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", x25519))
    encryption = base64url(encryption_of("source").thumbprint)
    assert_breaks(
        world, "GOV-7", world.submit("source", "key.rotate", changed(rotation(world, new, old), {"old": encryption}))
    )
    world.do("source", "key.rotate", rotation(world, new, old))


def test_GOV_7_keys_of_others_are_left_alone(world: World) -> None:  # noqa: N802
    hub, new = world.signer("hub"), signer_of("new")
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", rotation(world, new, hub)))
    revoke = {"kid": kid(hub), "reason": "compromised"}
    assert_breaks(world, "GOV-7", world.submit("source", "key.revoke", revoke))
    world.do("hub", "key.revoke", revoke)


def test_GOV_7_revocation_acts_from_its_own_leaf(world: World) -> None:  # noqa: N802
    old, new = world.signer("source"), signer_of("new")
    world.do("source", "key.add", addition(world, new))
    revoke = {"kid": kid(old), "reason": "compromised", "suspect_from": "2026-03-01T00:00:00Z"}
    before = world.sign("source", "record.submit", world.record())
    revocation = world.sign("source", "key.revoke", revoke, key=new)
    after = world.sign("source", "record.submit", world.record())
    outcomes = world.run(before, revocation, after)
    assert [outcome.status for outcome in outcomes] == ["admitted", "admitted", "rejected"]
    assert_breaks(world, "GOV-5", outcomes[2])
    state = state_of(world, old)
    assert (state.revoked_index, state.suspect_from) == (outcomes[1].index, 1_772_323_200_000)
    assert_breaks(world, "GOV-7", world.submit("source", "key.revoke", revoke, key=new))


def test_GOV_7_doubt_begins_before_the_revocation(world: World) -> None:  # noqa: N802
    revoke = {"kid": kid(world.signer("source")), "reason": "other", "suspect_from": "2026-03-02T00:00:01Z"}
    assert_breaks(world, "GOV-7", world.submit("source", "key.revoke", revoke))
    world.do("source", "key.revoke", revoke)


def test_GOV_7_revoking_the_heir_of_a_rotation_keeps_the_old_key(world: World) -> None:  # noqa: N802
    old, new = world.signer("source"), signer_of("new")
    world.do("source", "key.rotate", rotation(world, new, old))
    world.do("source", "key.revoke", {"kid": kid(new), "reason": "other"})
    world.advance(2 * DAY_MS)
    world.do("source", "record.submit", world.record())


def test_GOV_7_a_revoked_key_is_not_rotated(world: World) -> None:  # noqa: N802
    old, new = world.signer("source"), signer_of("new")
    world.do("source", "key.add", addition(world, new))
    world.do("source", "key.revoke", {"kid": kid(old), "reason": "ceased"}, key=new)
    payload = rotation(world, signer_of("other"), old)
    assert_breaks(world, "GOV-7", world.submit("source", "key.rotate", payload, key=new))


def test_a_new_encryption_key_takes_the_place_of_the_old_one(world: World) -> None:
    fresh = encryption_of("fresh")
    payload: dict[str, object] = {"use": "encrypt", "key": fresh.to_json()}
    for wrong in (
        {**payload, "use": "sign"},
        {**payload, "kinds": ["record"]},
        {**payload, "pop": "AAAA"},
        {**payload, "key": signer_of("new").public.to_json()},
        {**payload, "key": encryption_of("hub").to_json()},
    ):
        assert_breaks(world, "GOV-7", world.submit("source", "key.add", wrong))
    world.do("source", "key.add", payload)
    member, old = (
        world.row(MEMBER, "", world.uscc("source")),
        world.row(KEY, "", base64url(encryption_of("source").thumbprint)),
    )
    assert member is not None
    assert member.encryption is not None
    assert old is not None
    assert member.encryption.x == fresh.to_json()["x"]
    assert old.replaced_by == base64url(fresh.thumbprint)
    world.do("source", "key.revoke", {"kid": base64url(fresh.thumbprint), "reason": "other"})
    member = world.row(MEMBER, "", world.uscc("source"))
    assert member is not None
    assert member.encryption is None


def test_an_unsafe_key_is_malformed(world: World) -> None:
    small_order = {"kty": "OKP", "crv": "Ed25519", "x": base64url(bytes([1]) + bytes(31))}
    outcome = world.submit("source", "key.add", addition(world, Ed25519Signer(seed_of("new")), key=small_order))
    assert_breaks(world, "form.key.unsafe", outcome)
