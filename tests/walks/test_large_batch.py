"""A batch of 10,000 rows at two holders; one row is corrected and another disputed, the rest goes on."""

from __future__ import annotations

from ledger.lineage.closure import closure
from ledger.lineage.holders import holders
from ledger.lineage.trace import trace_forward
from ledger.times import format_time
from tests.ledger.rules.duties import open_duties
from tests.ledger.rules.handing import Given, days, give, hand_over, offer, rows, single
from tests.ledger.rules.judging import assert_breaks
from tests.walks.asking import replayed, tick, told
from tests.world import World, digest_of

COUNT, WRONG, DOUBTED = 10_000, 4_321, 7_777
ALL = (0, COUNT - 1)
OFFER = "transfer.offer"


class Batch:
    """The batch at the lender (all of it) and the service (its first half), with one row corrected and one disputed."""

    def __init__(self) -> None:
        world = self.world = World.founding()
        self.batch = world.do("source", "record.batch", world.batch(COUNT, "penalty"))
        self.lender: Given = give(world, "source", "lender", data_life=300)
        self.service: Given = give(world, "source", "service", data_life=300)
        self.first = hand_over(world, self.lender, rows(self.batch, ALL))
        hand_over(world, self.service, rows(self.batch, (0, COUNT // 2 - 1)), receiver="service")
        change = {"reference": f"{self.batch}:{WRONG}", "reason": "error"}
        self.correction = world.do("source", "record.correct", world.record() | change)
        raised = {"about": f"{self.batch}:{DOUBTED}", "ground": digest_of("ground")}
        self.dispute = world.do("lender", "record.dispute", raised)

    def owing(self, kind: str) -> set[str]:
        """Return who owes duties of a kind."""
        return {duty.party for _, duty in open_duties(self.world, kind)}

    def stopping(self, opener: str) -> set[str]:
        """Return who still has to stop by the word of one statement."""
        return {duty.party for by, duty in open_duties(self.world, "stop") if by == opener}

    def uses(self, row: int) -> str:
        """Report a use of a row by the lender, now."""
        used = {"transfer": self.first, "purpose": "credit.lending", "outcome": digest_of("outcome")}
        named = {"reference": f"{self.batch}:{row}", "used_at": format_time(self.world.time)}
        return self.world.do("lender", "use.report", used | named)


def test_one_row_of_ten_thousand_is_corrected() -> None:
    it = Batch()
    world = it.world
    assert it.stopping(it.correction) == {world.uscc("lender"), world.uscc("service")}
    hand_over(world, it.lender, single(it.correction))
    assert it.stopping(it.correction) == {world.uscc("service")}
    it.uses(WRONG)
    it.uses(1)
    assert told(world) == [("F-USED-AFTER-STOP", world.uscc("lender"), "USE-2", True)]
    world.advance(days(20))
    tick(world)
    assert told(world, "F-OVERDUE-STOP") == [("F-OVERDUE-STOP", world.uscc("service"), "REC-10", True)]
    row = f"{it.batch}:{WRONG}"
    world.do("service", "stop.acknowledge", {"order": it.correction, "about": row})
    assert told(world, "F-OVERDUE-STOP") == [("F-OVERDUE-STOP", world.uscc("service"), "REC-10", False)]

    log = replayed(world)
    size = log.head().size
    assert closure(log, it.correction, size).closed
    still = {holder.member for holder in holders(log, row, size - 1).holders if holder.may_still}
    assert still == {world.uscc("source"), world.uscc("lender")}
    untouched = {holder.member for holder in holders(log, f"{it.batch}:1", size - 1).holders if holder.may_still}
    assert untouched == still | {world.uscc("service")}
    assert len(trace_forward(log, row, size).versions) == 2


def test_one_row_of_ten_thousand_is_disputed() -> None:
    it = Batch()
    world = it.world
    assert it.owing("dispute.notice") == {world.uscc("lender")}
    assert it.owing("dispute.resolve") == {world.uscc("source")}
    rest = rows(it.batch, (0, WRONG - 1), (WRONG + 1, COUNT - 1))
    whole = offer(world, it.service, rows(it.batch, ALL), "service", disputed=rows(it.batch, (DOUBTED, DOUBTED)))
    assert_breaks(world, "TRA-5", world.submit("source", OFFER, whole))
    unmarked = offer(world, it.service, rest, "service")
    assert_breaks(world, "transfer.dispute_marks", world.submit("source", OFFER, unmarked))
    hand_over(world, it.service, rest, receiver="service", disputed=rows(it.batch, (DOUBTED, DOUBTED)))
    assert it.owing("dispute.notice") == {world.uscc("lender"), world.uscc("service")}
    it.uses(DOUBTED)
    assert told(world, "F-USED-AFTER-STOP") == []
    upheld = world.do("source", "record.resolve", {"dispute": it.dispute, "outcome": "upheld"})
    assert it.owing("dispute.notice") == set()
    assert it.stopping(upheld) == {world.uscc("lender"), world.uscc("service")}
    it.uses(DOUBTED)
    assert told(world, "F-USED-AFTER-STOP") == [("F-USED-AFTER-STOP", world.uscc("lender"), "USE-2", True)]
    for member in ("lender", "service"):
        about = f"{it.batch}:{DOUBTED}"
        world.do(member, "stop.acknowledge", {"order": upheld, "about": about})
    assert closure(replayed(world), upheld, world.head.size).closed
    assert told(world, "F-DISPUTE-OVERDUE") == []
    assert told(world, "F-REFUSED") == [("F-REFUSED", world.uscc("source"), "TRA-5", True)]


def test_both_together_write_a_handful_of_entries() -> None:
    it = Batch()
    before = len(it.world.state.rows)
    it.world.do("source", "record.withdraw", {"reference": f"{it.batch}:9", "reason": "error"})
    assert len(it.world.state.rows) - before < 20
