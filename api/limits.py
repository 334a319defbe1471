"""How many statements a member may submit in a minute: the policy's `statements_per_minute`, counted in each front.

A member has a bucket that holds one minute's worth and fills evenly. A request takes as many tokens as it has
statements; a sequence that is larger than a bucket passes when the bucket is full and leaves a debt, so that the rate
holds over time and nothing waits for ever. The limit is approximate on purpose: every front process counts for itself,
so a member that spreads its requests over n fronts reaches up to n times the rate, and a front that starts again starts
with full buckets. It protects the node; what a grant allows is counted exactly, by the rules.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import OverloadError, Text
from ledger.state.effects import StateKey
from ledger.state.tables import KEY, POLICY, KeyState, PolicyState, StateRow

STATE_SECONDS: Final = 1.0
"""How long a front goes on with the policy and keys it has read; reading them for each statement costs too much."""
_MINUTE: Final = 60.0
_ROUNDING: Final = 1e-6
"""Whoever waited exactly as long as told is not turned away for a rounding error."""


class TooManyStatements(OverloadError):
    """A member submits more than the policy's rate."""

    code = "overload.member"
    what = Text("{member} may submit {limit} statements a minute.", "{member} 每分钟最多可提交 {limit} 个陈述。")
    why = Text("Nothing of this request was taken.", "未采用本次请求中的任何内容。")


@dataclass(slots=True)
class _Bucket:
    """What a member may still submit, and when that was reckoned (s)."""

    tokens: float
    at: float


class Limits:
    """The buckets of one front. `resident` gives the resident state rows, `clock` seconds that never go back."""

    def __init__(
        self, resident: Callable[[], Mapping[StateKey, StateRow]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resident, self._clock = resident, clock
        self._rows: Mapping[StateKey, StateRow] = {}
        self._read_at = -math.inf
        self._buckets: dict[str, _Bucket] = {}

    def charge(self, kids: Iterable[str]) -> None:
        """Charge one statement to the member of each key (base64url thumbprints of keys whose signatures verified).

        A key decides whom to charge, never the claimed issuer: nobody empties another member's bucket. Raises
        `TooManyStatements` and charges nobody when one of the members is over its rate.
        """
        now = self._clock()
        self._refresh(now)
        limit = self._limit()
        counts = Counter(self._member(kid, now) for kid in kids)
        for member, count in counts.items():
            bucket = self._filled(member, limit, now)
            missing = min(count, limit) - bucket.tokens
            if missing > _ROUNDING:
                seconds = max(1, math.ceil(missing * _MINUTE / limit))
                raise TooManyStatements(member=member, limit=limit, retry_after=seconds)
        for member, count in counts.items():
            self._buckets[member].tokens -= count

    def _filled(self, member: str, limit: int, now: float) -> _Bucket:
        bucket = self._buckets.setdefault(member, _Bucket(float(limit), now))
        bucket.tokens = min(float(limit), bucket.tokens + (now - bucket.at) * limit / _MINUTE)
        bucket.at = now
        return bucket

    def _refresh(self, now: float) -> None:
        if now - self._read_at >= STATE_SECONDS:
            self._rows, self._read_at = self._resident(), now

    def _limit(self) -> int:
        row = self._rows.get((POLICY.name, "", ""))
        assert isinstance(row, PolicyState), "genesis sets the policy"
        return row.policy.statements_per_minute

    def _member(self, kid: str, now: float) -> str:
        row = self._rows.get((KEY.name, "", kid))
        if row is None:
            # The key was added within the last second.
            self._rows, self._read_at = self._resident(), now
            row = self._rows.get((KEY.name, "", kid))
        return row.member if isinstance(row, KeyState) else ""
