"""What a contract's payments, claims and verifications add up to: the findings that follow from them.

Pure functions over state rows; `ledger.rules.contracts` opens and clears findings by comparing before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.state.tables import ContractState, MilestoneState

CLAIMED: Final = frozenset(("met", "partially_met"))
"""Statuses that say something was performed."""
_STRENGTH: Final = {"scheduled": 0, "not_met": 0, "partially_met": 1, "met": 2}

Verified = tuple[tuple[str, str, int | None, str], ...]
"""The last result of each verifier: (verifier, outcome, amount, statement), in the order they first came."""


def reached(state: MilestoneState | None, agreed: int | None) -> tuple[str, int | None]:
    """Return status and amount reached of one milestone, `agreed` being its amount in the terms where known.

    What verifiers found outranks what a party claims; of several the weakest counts. The amount is None where nobody
    said it; a milestone without performance has reached 0 of an agreed amount.
    """
    if state is None:
        status, amount = "scheduled", None
    elif state.verified:
        _, status, amount, _ = min(state.verified, key=lambda one: (_STRENGTH[one[1]], one[2] or 0, one[0]))
    else:
        status, amount = state.status, state.amount
    if amount is None and agreed is not None and status != "partially_met":
        amount = agreed if status == "met" else 0
    return status, amount


def sum_is_wrong(contract: ContractState, milestones: Mapping[str, MilestoneState]) -> bool:
    """Whether F-CONTRACT-SUM holds: payments above the value, above met amounts where all of them are known, or the
    value paid while a milestone is not met.
    """
    paid, value = contract.paid, contract.value.amount
    if paid > value:
        return True
    if paid <= 0 or not contract.milestones:
        return False
    states = [reached(milestones.get(one.id), one.amount) for one in contract.milestones]
    amounts = [amount for _, amount in states if amount is not None]
    if len(amounts) == len(states) and paid > sum(amounts):
        return True
    return paid == value and any(status != "met" for status, _ in states)


def is_unverified(state: MilestoneState) -> bool:
    """Whether a new claim begins F-UNVERIFIED: it says more than any verification found so far.

    A verification that comes after the claim settles it whatever it finds, because it names the milestone.
    """
    if state.status not in CLAIMED:
        return False
    return not any(_STRENGTH[outcome] >= _STRENGTH[state.status] for _, outcome, _, _ in state.verified)


def with_result(verified: Verified, result: tuple[str, str, int | None, str]) -> Verified:
    """Return the last results of all verifiers with `result` in the place of its verifier's earlier one."""
    verifiers = [one[0] for one in verified]
    if result[0] not in verifiers:
        return (*verified, result)
    return tuple(result if one[0] == result[0] else one for one in verified)


def is_disputed(verified: Verified) -> bool:
    """Whether F-CONTRACT-DISPUTED holds: two verifiers differ in outcome, or in the amount where both name one."""
    outcomes = {outcome for _, outcome, _, _ in verified}
    amounts = {amount for _, _, amount, _ in verified if amount is not None}
    return len(outcomes) > 1 or len(amounts) > 1
