"""Whom a statement concerns beyond those it names: who must act on it, and whose statements it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable

from api.access import Caller
from ledger.lineage.source import StatementRow
from ledger.state.tables import DUTY, DutyState
from ledger.state.view import Need
from node.front_service import Reader

OPEN_FAMILIES = frozenset(("governance", "linking"))
"""What regulators decide is open to every member."""
REGULATED_FAMILIES = frozenset(("incident", "case"))
"""What is reported to regulators; what it is about stands in it as a commitment until notification."""
_REFERENCE = re.compile(r"([0-9a-f]{64})(?::[0-9]{1,8})?")


def concerns(reader: Reader, caller: Caller, row: StatementRow, strings: Iterable[str]) -> bool:
    """Whether a statement opened a duty of the caller, is about a statement of the caller, or is open to it by kind."""
    family = row.kind.partition(".")[0]
    if family in OPEN_FAMILIES or (family in REGULATED_FAMILIES and caller.has("regulator")):
        return True
    duties = reader.state([Need(DUTY.name, row.id, None)]).values()
    if any(isinstance(duty, DutyState) and duty.party == caller.uscc for duty in duties):
        return True
    named = {match[1] for text in strings if (match := _REFERENCE.fullmatch(text))}
    return any(other.iss == caller.uscc for other in reader.statements(named).values())
