"""A ledger on which every question has an answer: a batch handed on twice, a correction, a revocation, a contract."""

from __future__ import annotations

from ledger.replay import Replay
from ledger.times import format_time
from tests.ledger.rules.handing import (
    Given,
    days,
    dispute,
    give,
    grant,
    hand_over,
    offer,
    rows,
    single,
    take,
)
from tests.world import World, digest_of


class Story:
    """The statements by name; `world` is the ledger after all of them."""

    def __init__(self) -> None:
        world = self.world = World.founding()
        self.batch = world.do("source", "record.batch", world.batch(100, "penalty"))
        self.record = world.do("source", "record.submit", world.record())
        self.upper: Given = give(world, "source", "operator", within={"onward": 1, "count": 500})
        self.lower: Given = give(world, "operator", "lender", within={"count": 300}, parent=self.upper.grant)
        self.first = hand_over(world, self.upper, rows(self.batch, (10, 40)), receiver="operator")
        take(world, "operator", "confirm", self.first)
        self.second = hand_over(world, self.lower, rows(self.batch, (20, 29)), sender="operator")
        self.single = hand_over(world, self.upper, single(self.record), receiver="operator")
        self.refused_offer = world.do(
            "source", "transfer.offer", offer(world, self.upper, rows(self.batch, (0, 4)), "operator")
        )
        take(world, "operator", "refuse", self.refused_offer)
        self.use = self.report(f"{self.batch}:25")
        self.use_of_all = self.report(None)
        passed_on = grant(world, "service", within={"count": 10}, parent=self.lower.grant)
        refused = world.submit("lender", "grant.issue", passed_on)
        assert refused.status == "refused", refused
        self.refused = refused.statement_id
        self.row_correction = world.do(
            "source", "record.correct", world.record() | {"reference": f"{self.batch}:25", "reason": "error"}
        )
        self.correction = world.do(
            "source", "record.correct", world.record() | {"reference": self.record, "reason": "update"}
        )
        self.withdrawal = world.do("source", "record.withdraw", {"reference": f"{self.batch}:26", "reason": "error"})
        self.disputed = world.do("lender", "transfer.dispute", dispute(self.second))
        self.request = world.do(
            "lender",
            "grant.request",
            {"grantor": world.uscc("source"), "items": {"permit": ["XK_NR"]}, "purpose": "credit.lending"},
        )
        self._contract()
        world.advance(days(2))
        self.revocation = world.do("source", "grant.revoke", {"grant": self.upper.grant, "reason": "breach"})
        self.late_use = self.report(f"{self.batch}:21")
        self.performance = world.do(
            "source", "record.submit", world.record("performance", performance=self.verification)
        )
        world.advance(days(60))
        self.last = world.do("source", "record.submit", world.record())

    def report(self, reference: str | None) -> str:
        """Report a use by the lender of the second hand-over, now."""
        payload: dict[str, object] = {
            "transfer": self.second,
            "purpose": "credit.lending",
            "used_at": format_time(self.world.time),
            "outcome": digest_of("outcome"),
        }
        return self.world.do("lender", "use.report", payload | ({} if reference is None else {"reference": reference}))

    def _contract(self) -> None:
        world = self.world
        parties = {"buyer": world.uscc("buyer"), "supplier": world.uscc("supplier")}
        money = {"amount": 1000, "currency": "CNY"}
        self.contract = world.do(
            "buyer",
            "contract.register",
            {"contract": "C-1", **parties, "value": money, "milestones": [{"id": "m1", "amount": 600}, {"id": "m2"}],
             "plan": [{"due": "2026-03-20", "amount": 1000}]},
        )  # fmt: skip
        about = {"contract": self.contract}
        claim = {**about, "milestone": "m1", "status": "partially_met", "amount": 300}
        self.claim = world.do("supplier", "contract.milestone", claim)
        self.payment = world.do(
            "buyer",
            "contract.payment",
            {**about, "payment": "p1", "amount": {"amount": 700, "currency": "CNY"}, "payer": parties["buyer"],
             "payee": parties["supplier"], "day": "2026-03-02"},
        )  # fmt: skip
        found = [{"milestone": "m1", "outcome": "met", "amount": 600}]
        self.verification = world.do(
            "verifier", "contract.verify", {**about, "results": found, "evidence": digest_of("seen")}
        )
        other = [{"milestone": "m1", "outcome": "not_met"}]
        self.contradiction = world.do(
            "verifier_b", "contract.verify", {**about, "results": other, "evidence": digest_of("unseen")}
        )
        terms = {"value": {"amount": 1500, "currency": "CNY"}}
        self.amendment = world.do("buyer", "contract.amend", {**about, **terms})
        self.agreement = world.do("supplier", "contract.amend", {**about, **terms, "agrees": self.amendment})

    def replay(self, size: int | None = None) -> Replay:
        """Return the ledger replayed from its entries alone, cut at `size`."""
        replay = Replay(check_signatures=False)
        for entry in self.world.entries[:size]:
            replay.feed(entry)
        replay.finish(cut=True)
        return replay
