"""The payment plan of a contract as duties of the buyer: an unmet one past its day is F-PAYMENT-OVERDUE.

The duties hang on the contract's id and are numbered in the order they fall due; a plan put in force by an amendment
goes on counting. What was paid covers the instalments in that order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.rules.registry import Context
from ledger.rules.standing import meet_duty
from ledger.state.effects import Effects
from ledger.state.tables import DUTY, ContractState, DutyState
from ledger.state.view import BlockView
from ledger.times import day_end

PLAN_DUTY: Final = "contract.payment"
"""Kind of the duty to pay one instalment; it is named after the statement that meets it."""


def open_plan(
    effects: Effects, context: Context, contract_id: str, contract: ContractState, opened_before: int
) -> None:
    """Open the duties of the plan that this statement puts in force; `opened_before` plans' duties are numbered first.

    An instalment that earlier payments cover is met by this statement.
    """
    for number, due, total in _covered_at(contract, opened_before):
        covered = contract.paid >= total
        duty = DutyState(
            kind=PLAN_DUTY,
            party=contract.buyer,
            due=day_end(due),
            about=f"{contract_id}/{number}",
            opened_index=context.index,
            met_by=context.id if covered else None,
            met_index=context.index if covered else None,
            met_at=context.time if covered else None,
        )
        effects.open_duty(contract_id, duty)


def meet_plan(effects: Effects, context: Context, view: BlockView, contract_id: str, contract: ContractState) -> None:
    """Meet the duties that what was paid covers now; the duties of the contract must be loaded."""
    first = count_duties(view, contract_id) - len(contract.plan)
    for number, _, total in _covered_at(contract, first):
        if contract.paid >= total:
            _meet(effects, context, view, contract_id, contract, number)


def end_plan(effects: Effects, context: Context, view: BlockView, contract_id: str, contract: ContractState) -> None:
    """End the duties of a plan that this statement replaces, or of a contract that it ends before completion."""
    first = count_duties(view, contract_id) - len(contract.plan)
    for number in range(first, first + len(contract.plan)):
        _meet(effects, context, view, contract_id, contract, number)


def count_duties(view: BlockView, contract_id: str) -> int:
    """Return how many instalments of all plans so far have a duty."""
    return sum(duty.kind == PLAN_DUTY for _, duty in view.scan(DUTY, contract_id))


def _meet(
    effects: Effects, context: Context, view: BlockView, contract_id: str, contract: ContractState, number: int
) -> None:
    meet_duty(effects, view, context, contract_id, PLAN_DUTY, contract.buyer, about=f"{contract_id}/{number}")


def _covered_at(contract: ContractState, first: int) -> Iterator[tuple[int, str, int]]:
    """Yield number, due day and the sum that covers it for each instalment, in the order they fall due."""
    total = 0
    for number, instalment in enumerate(sorted(contract.plan, key=lambda one: one.due), first):
        total += instalment.amount
        yield number, instalment.due, total
