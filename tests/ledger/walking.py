"""A random walk over a ledger: members do things of every kind, most of them sensible, some of them not.

A walk is fixed by its seed and length. `Walk.say` draws one statement; what it names is drawn from what was admitted,
and sometimes from nowhere, and its signer is sometimes a stranger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from ledger.state.tables import DUTY, DutyState
from ledger.statement import decode_statement
from ledger.times import format_time
from tests.ledger import walking_acts
from tests.ledger.rules import publishing
from tests.ledger.rules.handing import HOUR_MS, days
from tests.ledger.rules.judging import NOWHERE
from tests.world import Payload, World, digest_of
from tests.world_genesis import MEMBERS, uscc_of

ENDING = ("record.correct", "record.withdraw")

STRANGER, LOST = 0.08, 0.03
"""How often a statement is signed by a random member, and how often an id is drawn from nowhere."""


class Walk:
    """One walk; `told` are the admitted statements by id as (member, kind, payload), in order."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world: World = publishing.civic_world()
        self.told: dict[str, tuple[str, str, Payload]] = {}
        self.names = {uscc_of(name): name for name in MEMBERS}
        self.version = 1
        self.counted = 0
        self.statuses: dict[str, dict[str, int]] = {}

    # Drawing

    def chance(self, share: float) -> bool:
        """Say yes in a share of all cases."""
        return self.random.random() < share

    def count(self) -> int:
        """Return a number that was not returned before."""
        self.counted += 1
        return self.counted

    def digest(self) -> str:
        """Return a fresh digest."""
        return digest_of(f"walk {self.count()}")

    def one(self, *kinds: str) -> str:
        """Return the id of an admitted statement of these kinds, the later the likelier, or one from nowhere."""
        found = [id_ for id_, (_, kind, _) in self.told.items() if kind in kinds]
        if not found or self.chance(LOST):
            return NOWHERE
        last = found[-12:]
        return self.random.choice(last if self.chance(0.8) else found)

    def waiting(self, kind: str, field: str, after: str, *enders: str) -> str:
        """Return a statement of a kind that waits: one of `after` (its own kind: none) named it last, no ender did."""
        if self.chance(0.1):
            return self.one(kind)
        steps: dict[str, str] = {id_: kind for id_, (_, said, _) in self.told.items() if said == kind}
        for _, said, payload in self.told.values():
            if (said == after or said in enders) and str(payload.get(field)) in steps:
                steps[str(payload[field])] = said
        found = [id_ for id_, last in steps.items() if last == after]
        return self.random.choice(found) if found else self.one(kind)

    def payload(self, id_: str) -> Payload:
        """Return what an admitted statement said; of one from nowhere, nothing."""
        return self.told[id_][2] if id_ in self.told else {}

    def by(self, id_: str) -> str:
        """Return who signed an admitted statement."""
        return self.told[id_][0] if id_ in self.told else "lender"

    def name(self, uscc: object, otherwise: str = "lender") -> str:
        """Return a member by its code."""
        return self.names.get(str(uscc), otherwise)

    def choose(self, *options: str) -> str:
        """Return one of some texts."""
        return self.random.choice(options)

    def ahead(self, low: int, high: int) -> str:
        """Return a time some hours ahead."""
        return format_time(self.world.time + self.random.randint(low, high) * HOUR_MS)

    def day(self, low: int, high: int) -> str:
        """Return a day some days ahead."""
        return publishing.day(self.world, self.random.randint(low, high))

    def atom(self, *, persons: bool = False, issuer: str = "") -> str:
        """Return a record, of `issuer` where it is given, that mostly did not end; or a row of a batch."""
        if persons:
            batch = self.one("record.batch")
            return batch if batch == NOWHERE else f"{batch}:{self.random.randint(0, 5)}"
        ended = {said.get("reference") for _, kind, said in self.told.values() if kind in ENDING}
        found = [
            id_
            for id_, (by, kind, said) in self.told.items()
            if kind in ("record.submit", "record.correct")
            and id_ not in ended
            and issuer in ("", by)
            and said["item"] == "penalty"
        ][-10:]
        return self.random.choice(found) if found and self.chance(0.9) else self.one("record.submit", "record.correct")

    def duty(self, kind: str) -> tuple[str, str, str] | None:
        """Return party, opener and object of an open duty of a kind."""
        rows = self.world.state.rows.items()
        found = [
            (self.name(row.party), anchor, row.about)
            for (table, anchor, _), row in rows
            if table == DUTY.name and isinstance(row, DutyState) and row.kind == kind and row.met_by is None
        ]
        return self.random.choice(found) if found else None

    def references(self, among: Sequence[object] | None = None, issuer: str = "") -> list[list[object]]:
        """Return a small set of single records, out of `among` where it is given, or else of an issuer."""
        if among:
            return [list(entry) for entry in among if isinstance(entry, (list, tuple)) and self.chance(0.7)] or [
                list(among[0]) if isinstance(among[0], (list, tuple)) else []
            ]
        return [[id_, []] for id_ in sorted({self.atom(issuer=issuer) for _ in range(self.random.randint(1, 3))})]

    def rows(self) -> list[list[object]]:
        """Return a few rows of a batch of persons."""
        first = self.random.randint(0, 8)
        return [[self.one("record.batch"), [[first, first + self.random.randint(0, 3)]]]]

    # Going

    def say(self) -> tuple[str, str, bytes]:
        """Return member, kind and bytes of one statement."""
        kind = self.random.choices(list(walking_acts.ACTS), weights=list(walking_acts.WEIGHTS.values()))[0]
        member, payload = walking_acts.ACTS[kind](self)
        if self.chance(STRANGER):
            member = self.random.choice(list(MEMBERS))
        return member, kind, self.world.sign(member, kind, payload)

    def block(self) -> None:
        """Execute one block of a few statements, and take in what was admitted."""
        said = [self.say() for _ in range(self.random.choice((1, 1, 2, 4)))]
        for (member, kind, raw), outcome in zip(said, self.world.run(*(raw for _, _, raw in said)), strict=True):
            count = self.statuses.setdefault(kind, {})
            count[outcome.status] = count.get(outcome.status, 0) + 1
            if outcome.status == "admitted":
                self.told[outcome.statement_id] = (member, kind, _payload_of(raw))
        self.world.advance(self._pause())

    def _pause(self) -> int:
        if self.chance(0.04):
            return self.random.randint(1, 30) * HOUR_MS
        return days(self.random.randint(1, 4)) if self.chance(0.02) else 0


def _payload_of(raw: bytes) -> Payload:
    found: Mapping[str, object] = decode_statement(raw).payload
    return {name: value for name, value in found.items() if name not in ("v", "kind", "sub")}
