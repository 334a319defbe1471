from __future__ import annotations

import msgspec
import pytest

from ledger.encoding import base64url
from ledger.signed import sign_pop
from ledger.state.tables import MEMBER
from tests.ledger.rules.judging import assert_breaks
from tests.world import World
from tests.world_genesis import ORIGIN, signer_of


@pytest.fixture
def world() -> World:
    return World.founding()


def test_GOV_5_the_key_is_the_issuers(world: World) -> None:  # noqa: N802
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record(), key=signer_of("source_b")))
    world.do("source", "record.submit", world.record())


def test_GOV_5_a_limited_key_signs_its_kinds_only(world: World) -> None:  # noqa: N802
    new = signer_of("limited")
    proof = sign_pop(new, origin=ORIGIN, member=world.uscc("source"), old_kid=world.signer("source").public.thumbprint)
    kinds = ["contract", "record.submit"]
    payload = {"use": "sign", "key": new.public.to_json(), "kinds": kinds, "pop": base64url(proof)}
    world.do("source", "key.add", payload)
    record = world.do("source", "record.submit", world.record(), key=new)
    withdrawal = {"reference": record, "reason": "error"}
    assert_breaks(world, "GOV-5", world.submit("source", "record.withdraw", withdrawal, key=new))
    world.do("source", "record.withdraw", withdrawal)


@pytest.mark.parametrize("status", ["suspended", "dissolved"])
def test_GOV_5_members_that_are_not_active_do_not_sign(world: World, status: str) -> None:  # noqa: N802
    key = (MEMBER.name, "", world.uscc("source"))
    world.state.apply({key: msgspec.structs.replace(world.state.rows[key], status=status)})
    assert_breaks(world, "GOV-5", world.submit("source", "record.submit", world.record()))


def test_REC_6_no_raw_identifier_reaches_the_ledger(world: World) -> None:  # noqa: N802
    number = "11010519491231002X"
    basis = {"rank": "law", "document": f"Decision about {number}", "article": "1"}
    assert_breaks(world, "REC-6", world.submit("source", "record.submit", world.record(basis=basis)))
    assert all(number.encode() not in entry for entry in world.entries)
    world.do("source", "record.submit", world.record())


@pytest.mark.parametrize(("seconds", "admitted"), [(-600, True), (-601, False), (600, True), (601, False)])
def test_a_statement_is_signed_near_the_blocks_time(world: World, seconds: int, admitted: bool) -> None:
    outcome = world.submit("source", "record.submit", world.record(), iat=world.time // 1000 + seconds)
    assert (outcome.status == "admitted") is admitted
    if not admitted:
        assert_breaks(world, "statement.time_window", outcome)


def test_a_statement_is_for_this_log(world: World) -> None:
    audience = f"{ORIGIN}#{'0' * 64}"
    assert_breaks(world, "statement.audience", world.submit("source", "record.submit", world.record(), aud=audience))


def test_a_second_submission_returns_the_first_place(world: World) -> None:
    raw = world.sign("source", "record.submit", world.record())
    first = world.run(raw, raw)
    world.advance(3_600_000)
    assert [outcome.status for outcome in (*first, *world.run(raw))] == ["admitted", "duplicate", "duplicate"]
    refused = world.sign("lender", "record.submit", world.record())
    assert world.run(refused)[0].index == world.run(refused)[0].index
