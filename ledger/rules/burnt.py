"""Secrets that a case opened: from then on nothing new is marked or named by them (leak tracing, "Conditions")."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.state.case_tables import BURNT, BurntState
from ledger.state.tables import GrantState
from ledger.state.view import BlockView


def burnt_suffixes(grant: str, state: GrantState) -> Iterator[str]:
    """Yield the suffixes in BURNT of a grant's seeds, and of its code key by its hash."""
    yield f"seed:{grant}"
    if state.code_key is not None:
        yield f"code:{state.code_key}"


def burnt(view: BlockView, grant: str, state: GrantState) -> tuple[tuple[str, BurntState], ...]:
    """Return what of a grant's seeds and code key was opened, by its suffix."""
    found = ((suffix, view.find(BURNT, "", suffix)) for suffix in burnt_suffixes(grant, state))
    return tuple((suffix, row) for suffix, row in found if row is not None)
