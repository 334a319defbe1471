"""State of erasures, holds, incidents, cases and access (`ledger.state.tables` lists the tables)."""

from __future__ import annotations

from ledger.state.row import Ranges, ReferenceRows, StateRow, Table


class ErasureState(StateRow, frozen=True, kw_only=True):
    """An erasure.request. Anchor its statement id, suffix "". `references` are all versions it reaches."""

    by: str
    ground: str
    references: ReferenceRows
    index: int


class ErasingState(StateRow, frozen=True, kw_only=True):
    """What of a record list is to be erased. Anchor the record's id, suffix the id of the erasure.request."""

    ranges: Ranges
    index: int


class ErasureHolderState(StateRow, frozen=True, kw_only=True):
    """What one holder owes an erasure.request. Anchor the request, suffix the holder's USCC.

    `party` answers for it: the holder or its heir. `outstanding` is what is not destroyed yet and not kept on another
    ground than a hold. `duty` is the statement that opened the duty that is open now, "" while holds pause it or
    nothing is owed. `residual` is set when a regulator attested that it cannot be attained.
    """

    party: str
    references: ReferenceRows
    outstanding: ReferenceRows
    duty: str
    attested: str | None = None
    residual: bool = False


class Destruction(StateRow, frozen=True, kw_only=True):
    """Rows of a record list that a member attested as destroyed, by which statement, at which log index and time."""

    ranges: Ranges
    by: str
    index: int
    time: int


class DestroyedState(StateRow, frozen=True, kw_only=True):
    """What a member has destroyed of a record list. Anchor the record's id, suffix the member's USCC."""

    entries: tuple[Destruction, ...]


class HoldState(StateRow, frozen=True, kw_only=True):
    """A hold. Anchor the id of hold.place, suffix "". `references` are all versions it covers."""

    by: str
    case: str
    references: ReferenceRows
    index: int
    lifted_by: str | None = None
    lifted_index: int | None = None


class HeldState(StateRow, frozen=True, kw_only=True):
    """What of a record list a hold covers. Anchor the record's id, suffix the id of hold.place."""

    ranges: Ranges
    lifted: bool = False


class IncidentState(StateRow, frozen=True, kw_only=True):
    """An incident. Anchor the id of incident.open, suffix "". `noticed_at` in ms.

    `members` are known after `notified`; `contained` are those that reported their measures.
    """

    by: str
    category: str
    noticed_at: int
    affected: str
    parent: str | None
    index: int
    notified: str | None = None
    members: tuple[str, ...] = ()
    contained: tuple[str, ...] = ()
    closed: str | None = None


class CaseState(StateRow, frozen=True, kw_only=True):
    """A case. Anchor the id of case.open, suffix "". `until` in ms; `holds` counts those that are not lifted.

    `scope` is the commitment of the authorisation in force, `extracts` how many looks the case has had.
    """

    investigator: str
    incident: str | None
    index: int
    authorised: str | None = None
    authorised_index: int | None = None
    scope: str = ""
    until: int = 0
    extracts: int = 0
    findings: int = 0
    holds: int = 0
    closed: str | None = None
    closed_index: int | None = None


class CasePartState(StateRow, frozen=True, kw_only=True):
    """An exhibit or extract. Anchor its statement id, suffix "". `exhibit_index` is where its exhibit was logged."""

    case: str
    kind: str
    exhibit_index: int
    index: int


class CasePartyState(StateRow, frozen=True, kw_only=True):
    """A member that a case.finding names. Anchor the case, suffix its USCC. It may respond until `until` (ms)."""

    finding: str
    until: int
    response: str | None = None


class BurntState(StateRow, frozen=True, kw_only=True):
    """An opened secret. Anchor "", suffix "seed:" + grant or "code:" + hash of the code key."""

    case: str
    finding: str
    index: int


class AccessState(StateRow, frozen=True, kw_only=True):
    """An access.request. Anchor its statement id, suffix ""."""

    by: str
    holder: str
    scope: str
    mandate: str | None
    case: str | None
    index: int
    answered: str | None = None
    answered_index: int | None = None


ERASURE = Table("erasure", ErasureState)
ERASING = Table("erasing", ErasingState)
ERASURE_HOLDER = Table("erasure_holder", ErasureHolderState)
DESTROYED = Table("destroyed", DestroyedState)
HOLD = Table("hold", HoldState)
HELD = Table("held", HeldState)
INCIDENT = Table("incident", IncidentState)
CASE = Table("case", CaseState)
CASE_PART = Table("case_part", CasePartState)
CASE_PARTY = Table("case_party", CasePartyState)
BURNT = Table("burnt", BurntState, resident=True)
ACCESS = Table("access", AccessState)
