"""The embedded order: statements in the order they came, in blocks of whatever waits when the last commit ends.

This is the writer's core without sockets: statements in, outcomes out. The clock is passed in and gives ms since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.exc import DBAPIError
from structlog.typing import FilteringBoundLogger

from ledger.errors import ForkError, SuyuanError
from ledger.execution import HEARTBEAT_MS, Outcome, execute_block
from ledger.statement import Statement
from node.checkpoints import CheckpointSigner
from node.store.store import Store
from node.wire import State


class Orderer:
    """Executes and commits blocks on a store, and signs each head in the same transaction."""

    def __init__(
        self, store: Store, signer: CheckpointSigner, clock: Callable[[], int], log: FilteringBoundLogger
    ) -> None:
        self.store = store
        self._signer = signer
        self._clock = clock
        self._log = log
        self.state: State = signer.state

    def settle(self, statements: Sequence[Statement]) -> list[Outcome]:
        """Execute statements as a block, make it durable, and return their outcomes in order.

        A statement on which the code itself fails must not stop the ledger: the block is halved until it stands alone,
        is answered with an internal error and leaves no leaf. Database errors and a conflict of signed heads are
        raised: whether that commit took effect is only known after opening the database anew.
        """
        try:
            return self._block(statements)
        except (DBAPIError, ForkError):
            raise
        except Exception as error:
            self._log.exception("block.failed", statements=len(statements), error=repr(error))
            if not statements:
                raise
        if len(statements) == 1:
            return [Outcome(statements[0].statement_id, "rejected", None, SuyuanError())]
        half = len(statements) // 2
        return [*self.settle(statements[:half]), *self.settle(statements[half:])]

    def _block(self, statements: Sequence[Statement]) -> list[Outcome]:
        store = self.store
        now = self._clock()
        time = max(now, store.head.time + 1)
        result = execute_block(store.head, time, statements, store.resident, store, store)
        if result.entries:
            store.commit(result, self._signer.sign(result.head, now // 1000))
            self._log.debug("block", height=result.head.height, size=result.head.size, statements=len(statements))
        return result.outcomes

    def until_heartbeat(self) -> float:
        """Return the seconds until an empty block is due; 0 when there is no block yet."""
        if self.store.head.height == 0:
            return 0.0
        return max(0, self.store.head.time + HEARTBEAT_MS - self._clock()) / 1000

    def resign(self) -> None:
        """Sign the present head again where no checkpoint of it is stored, as after `sign` was interrupted."""
        if self.store.head.height and not self.store.is_published():
            self.store.publish(self._signer.sign(self.store.head, self._clock() // 1000))
