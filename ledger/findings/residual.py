"""Erasures that nobody can attest any more: the finding stays, marked residual (ERA-2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from ledger.lineage.source import DutyRow, LineageSource
from ledger.rules.erasure_case import DUTY_KIND
from ledger.state.case_tables import ERASURE_HOLDER, ErasureHolderState
from ledger.state.view import Need

DutyKey = tuple[str, str]
"""What a duty to erase is about, and its party."""


def residual_attestations(source: LineageSource, rows: Iterable[DutyRow], as_of: int) -> Mapping[DutyKey, str]:
    """Return for each duty to erase that was attested as unattainable below `as_of` the statement that says so."""
    keys = {(row.duty.about, row.duty.party) for row in rows if row.duty.kind == DUTY_KIND}
    needs = {key: Need(ERASURE_HOLDER.name, *_owner(*key)) for key in keys}
    states = source.state(list(needs.values()))
    found: dict[DutyKey, str] = {}
    for key, need in needs.items():
        state = cast("ErasureHolderState | None", states.get((need.table, need.anchor, need.suffix or "")))
        if state is not None and state.residual and state.attested is not None:
            found[key] = state.attested
    logged = source.statements(set(found.values()))
    return {key: id_ for key, id_ in found.items() if logged[id_].index < as_of}


def _owner(about: str, party: str) -> tuple[str, str]:
    """Return request and holder of a duty: an heir's names the holder behind the request."""
    request, slash, holder = about.partition("/")
    return request, holder if slash else party
