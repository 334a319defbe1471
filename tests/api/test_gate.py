"""Tokens at the gate: checked once, but key and member are looked at every time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import msgspec
import pytest
from starlette.requests import Request

from api.access import MAX_CACHED_TOKENS, Gate, MemberInactive, RoleMissing, TokenMissing, TokenWrong, require_role
from api.problems import status_of
from ledger.encoding import base64url
from ledger.errors import SuyuanError
from ledger.genesis import genesis_changes
from ledger.signed import build_token
from ledger.state.effects import StateKey
from ledger.state.tables import KEY, MEMBER, KeyState, MemberState, StateRow
from tests.world_genesis import founding_genesis, signer_of, uscc_of

NODE = "n1"


def request_with(token: str) -> Request:
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    return Request({"type": "http", "headers": headers, "method": "GET", "path": "/"})


@dataclass
class Door:
    """A gate over real state rows and a clock that the test turns."""

    now: int = 1_800_000_000
    rows: dict[StateKey, StateRow] = field(default_factory=lambda: dict(genesis_changes(founding_genesis())))

    def __post_init__(self) -> None:
        self.gate = Gate(NODE, lambda: self.rows, lambda: self.now)

    def token(self, member: str = "lender", life: int = 300) -> str:
        made = build_token(
            signer_of(member), iss=uscc_of(member), aud=NODE, iat=self.now, exp=self.now + life, cti=bytes(16)
        )
        return base64url(made)

    def opens(self, token: str, *, suspended_too: bool = False) -> str:
        return self.gate.caller(request_with(token), suspended_too=suspended_too).uscc

    def cause(self, token: str) -> object:
        with pytest.raises(TokenWrong) as caught:
            self.opens(token)
        assert status_of(caught.value) == 401
        return caught.value.params["cause"]

    def stand(self, status: Literal["active", "suspended", "dissolved"], member: str = "lender") -> None:
        row = self.rows[MEMBER.name, "", uscc_of(member)]
        assert isinstance(row, MemberState)
        self.rows[MEMBER.name, "", uscc_of(member)] = msgspec.structs.replace(row, status=status)

    def key(self, **changes: object) -> None:
        place = (KEY.name, "", base64url(signer_of("lender").public.thumbprint))
        row = self.rows[place]
        assert isinstance(row, KeyState)
        self.rows[place] = msgspec.structs.replace(row, **changes)


def test_a_token_opens_until_it_ends() -> None:
    door = Door()
    token = door.token()
    assert door.opens(token) == uscc_of("lender")
    door.now += 299
    assert door.opens(token) == uscc_of("lender")
    door.now += 1
    assert door.cause(token) == "access.token.expired"


@pytest.mark.parametrize("cached", [False, True])
def test_a_suspended_member_loses_all_but_its_duties_at_once(cached: bool) -> None:
    door = Door()
    token = door.token()
    if cached:
        door.opens(token)
    door.stand("suspended")
    with pytest.raises(MemberInactive) as caught:
        door.opens(token)
    assert (status_of(caught.value), caught.value.params["status"]) == (403, "suspended")
    assert door.opens(token, suspended_too=True) == uscc_of("lender")
    door.stand("active")
    assert door.opens(token) == uscc_of("lender")


def test_a_dissolved_member_loses_everything() -> None:
    door = Door()
    token = door.token()
    door.opens(token)
    door.stand("dissolved")
    for suspended_too in (False, True):
        with pytest.raises(MemberInactive):
            door.opens(token, suspended_too=suspended_too)


@pytest.mark.parametrize(
    "changes",
    [{"revoked_index": 9}, {"cancelled": True}, {"retires_at": 1}, {"active_from": 2**60}, {"member": uscc_of("hub")}],
)
@pytest.mark.parametrize("cached", [False, True])
def test_a_key_that_is_not_live_opens_nothing_although_the_token_was_cached(
    changes: dict[str, object], cached: bool
) -> None:
    door = Door()
    token = door.token()
    if cached:
        door.opens(token)
    door.key(**changes)
    assert door.cause(token) == "access.token.key"


def test_an_encryption_key_signs_no_token() -> None:
    door = Door()
    door.key(use="encrypt")
    assert door.cause(door.token()) == "key.unknown"


def test_the_cache_is_bounded_and_holds_no_wrong_token() -> None:
    door = Door()
    for number in range(20):
        door.cause(f"{number:04d}")
    assert len(door.gate._cache) == 0
    for _ in range(3):
        door.opens(door.token())
    assert len(door.gate._cache) == 1
    assert MAX_CACHED_TOKENS * 400 < 16 * 2**20


def test_no_token_at_all() -> None:
    with pytest.raises(TokenMissing):
        Door().opens("")


def test_roles_are_those_of_the_ledger_now() -> None:
    door = Door()
    caller = door.gate.caller(request_with(door.token()))
    require_role(caller, "user")
    with pytest.raises(RoleMissing):
        require_role(caller, "auditor")


def test_the_reason_is_told_in_both_languages() -> None:
    door = Door()
    token = door.token()
    door.now += 1000
    with pytest.raises(SuyuanError) as caught:
        door.opens(token)
    assert "ended at" in caught.value.message("en")
    assert "失效" in caught.value.message("zh")
