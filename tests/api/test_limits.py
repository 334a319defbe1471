"""The policy's rate as each front counts it: one minute's worth at once, then evenly, by the key that signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.limits import STATE_SECONDS, Limits, TooManyStatements
from api.problems import status_of
from ledger.encoding import base64url
from ledger.genesis import genesis_changes
from ledger.state.effects import StateKey
from ledger.state.tables import KEY, POLICY, KeyState, PolicyState, StateRow
from tests.world_genesis import founding_genesis, signer_of

PER_MINUTE = 60


def kid(member: str) -> str:
    return base64url(signer_of(member).public.thumbprint)


@dataclass
class Front:
    """A front's limits over real state rows and a clock that the test turns."""

    now: float = 1000.0
    rows: dict[StateKey, StateRow] = field(default_factory=dict)
    reads: int = 0

    def __post_init__(self) -> None:
        self.rows = dict(genesis_changes(founding_genesis()))
        self.set_rate(PER_MINUTE)
        self.limits = Limits(self.resident, lambda: self.now)

    def resident(self) -> Mapping[StateKey, StateRow]:
        self.reads += 1
        return dict(self.rows)

    def set_rate(self, per_minute: int) -> None:
        row = self.rows[POLICY.name, "", ""]
        assert isinstance(row, PolicyState)
        policy = msgspec.structs.replace(row.policy, statements_per_minute=per_minute)
        self.rows[POLICY.name, "", ""] = msgspec.structs.replace(row, policy=policy)

    def charge(self, count: int, member: str = "source") -> None:
        self.limits.charge([kid(member)] * count)

    def over(self, count: int, member: str = "source") -> int:
        """Charge what must be turned away; return after how many seconds there is room."""
        with pytest.raises(TooManyStatements) as caught:
            self.charge(count, member)
        assert status_of(caught.value) == 429
        return int(caught.value.params["retry_after"])


def test_a_minutes_worth_at_once_then_evenly() -> None:
    front = Front()
    for _ in range(PER_MINUTE):
        front.charge(1)
    assert front.over(1) == 1
    front.now += 1.01
    front.charge(1)
    assert front.over(1) == 1
    assert front.over(10) == 10
    front.now += 10
    front.charge(10)


def test_members_do_not_share_a_bucket() -> None:
    front = Front()
    front.charge(PER_MINUTE)
    front.over(1)
    front.charge(PER_MINUTE, "lender")


def test_whoever_is_over_stops_the_whole_request_and_nobody_is_charged() -> None:
    front = Front()
    front.charge(PER_MINUTE)
    with pytest.raises(TooManyStatements):
        front.limits.charge([kid("lender")] * PER_MINUTE + [kid("source")])
    front.charge(PER_MINUTE, "lender")


def test_a_sequence_larger_than_the_bucket_passes_when_it_is_full_and_leaves_a_debt() -> None:
    front = Front()
    front.charge(3 * PER_MINUTE)
    wait = front.over(1)
    assert 120 <= wait <= 122
    front.now += wait
    front.charge(1)


def test_a_new_policy_holds_within_a_second() -> None:
    front = Front()
    front.charge(PER_MINUTE)
    front.set_rate(10 * PER_MINUTE)
    front.now += STATE_SECONDS + 0.01
    front.charge(10)


def test_state_is_read_once_a_second_and_for_a_key_that_is_new() -> None:
    front = Front()
    for _ in range(10):
        front.charge(1)
    assert front.reads == 1
    added = signer_of("a key added just now")
    row = front.rows[KEY.name, "", kid("source")]
    assert isinstance(row, KeyState)
    front.rows[KEY.name, "", base64url(added.public.thumbprint)] = row
    front.limits.charge([base64url(added.public.thumbprint)] * 50)
    assert front.reads == 2
    # The new key draws on its member's bucket.
    front.over(1)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 40)), max_size=40))
def test_never_more_than_a_bucket_and_the_rate(steps: list[tuple[float, int]]) -> None:
    front = Front()
    began, taken = front.now, 0
    for pause, count in steps:
        front.now += pause
        try:
            front.charge(count)
        except TooManyStatements as error:
            # Whoever waits as long as the answer says is served.
            seconds = error.params["retry_after"]
            assert isinstance(seconds, int)
            front.now += seconds
            front.charge(count)
        taken += count
        assert taken <= PER_MINUTE + (front.now - began) * PER_MINUTE / 60 + 1e-3
