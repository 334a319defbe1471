"""How a case stands: looking one up, whether it is authorised, and the commitment of a scope."""

from __future__ import annotations

from ledger.errors import Text
from ledger.rules.registry import UnknownReference
from ledger.state.case_tables import CASE, CaseState
from ledger.state.view import BlockView


def find_case(view: BlockView, case: str, field: str = "case") -> CaseState:
    """Return a case as it stands; raises UnknownReference."""
    found = view.find(CASE, case)
    if found is None:
        raise UnknownReference(field=field, name=case, kind="case.open")
    return found


def why_not_authorised(state: CaseState, time: int) -> Text | None:
    """Return why nothing may be read under a case at `time` (ms), None where it may."""
    if state.closed is not None:
        return Text("the case is closed", "该案件已结案")
    if state.authorised is None:
        return Text("no regulator has authorised the case", "该案件尚未获监管机构授权")
    if time >= state.until:
        return Text("the authorisation of the case has ended", "该案件的授权已到期")
    return None
