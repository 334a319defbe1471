"""The bounded queue: order, bounds, and when to come back."""

from __future__ import annotations

import pytest

from ledger.errors import OverloadError
from ledger.statement import decode_statement
from node.queue import MAX_RETRY_SECONDS, StatementQueue, Ticket
from node.wire import WireStatement, pack_statement
from tests.node.members import make_record


@pytest.fixture(scope="module")
def wires() -> list[WireStatement]:
    return [pack_statement(decode_statement(make_record(f"ledger.example/x#{'0' * 64}"))) for _ in range(12)]


def test_statements_come_out_in_order_in_blocks_of_at_most_the_limit(wires: list[WireStatement]) -> None:
    queue = StatementQueue(100, 5)
    tickets = [Ticket(None, number, 3) for number in range(4)]
    for number, ticket in enumerate(tickets):
        queue.put(ticket, wires[number * 3 : number * 3 + 3])
    blocks = [queue.take(), queue.take(), queue.take(), queue.take()]
    assert [len(block) for block in blocks] == [5, 5, 2, 0]
    assert [wire for block in blocks for _, wire in block] == wires
    assert [ticket.number for block in blocks for ticket, _ in block] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert queue.bytes == 0


def test_a_full_queue_takes_nothing_of_a_request_and_says_when_to_return(wires: list[WireStatement]) -> None:
    queue = StatementQueue(4, 5)
    queue.put(Ticket(None, 1, 3), wires[:3])
    with pytest.raises(OverloadError) as caught:
        queue.put(Ticket(None, 2, 2), wires[3:5])
    assert caught.value.params["retry_after"] == 1
    assert len(queue) == 3
    queue.rate = 0.001
    with pytest.raises(OverloadError) as caught:
        queue.put(Ticket(None, 2, 2), wires[3:5])
    assert caught.value.params["retry_after"] == MAX_RETRY_SECONDS
    queue.take()
    queue.put(Ticket(None, 2, 2), wires[3:5])


def test_one_request_always_fits_an_empty_queue(wires: list[WireStatement]) -> None:
    queue = StatementQueue(2, 5)
    queue.put(Ticket(None, 1, 12), wires)
    assert len(queue) == 12


def test_the_rate_follows_the_blocks() -> None:
    queue = StatementQueue(2, 5)
    for _ in range(100):
        queue.note_rate(500, 1.0)
    assert 499 < queue.rate < 510
    queue.note_rate(0, 1.0)
    queue.note_rate(5, 0.0)
    assert queue.rate < 510
