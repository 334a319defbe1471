"""Hypothesis drives the random members: it chooses how many blocks, how much time, and when everything is checked.

The walk itself is `tests.ledger.walking`; a failure shrinks to few steps. Every invariant is told anew from the log.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.ledger.test_stateful import check_all, check_block
from tests.ledger.walking import Walk

EXAMPLES, STEPS = 20, 40
DAY_MS = 86_400_000


class RandomMembers(RuleBasedStateMachine):
    """A ledger on which random members do random things of all kinds."""

    @initialize(seed=st.integers(0, 2**32 - 1))
    def begin(self, seed: int) -> None:
        """Found the ledger; the seed decides what members do."""
        self.walk = Walk(seed)

    @rule(blocks=st.integers(1, 12))
    def act(self, blocks: int) -> None:
        """Let members act for some blocks; each block is judged by itself."""
        for _ in range(blocks):
            self.walk.block()
            check_block(self.walk)

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        """Let deadlines pass in a quiet ledger."""
        self.walk.world.advance(days * DAY_MS)
        self.walk.world.run()

    @rule()
    def tell_anew(self) -> None:
        """Recount usage, holdings, closures, sums, findings and app hashes from the entries alone."""
        check_all(self.walk)

    @invariant()
    def chained(self) -> None:
        """The log only grows, and its head is that of its entries."""
        if hasattr(self, "walk"):
            assert self.walk.world.head.size == len(self.walk.world.entries)

    def teardown(self) -> None:
        """Check everything once more at the end of each example."""
        if hasattr(self, "walk"):
            check_all(self.walk)


TestRandomMembers = RandomMembers.TestCase
TestRandomMembers.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
