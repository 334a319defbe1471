"""Question 6: refused attempts, and duties that await a member. Findings are `ledger.findings.judge`."""

from __future__ import annotations

from typing import Literal

from ledger.lineage.answers import Duties, Duty, Refusal, Refusals
from ledger.lineage.source import DutyRow, LineageSource

DutyStatus = Literal["open", "overdue", "met", "met_late"]


def refusals_at(source: LineageSource, as_of: int, member: str | None = None) -> Refusals:
    """Return the refused attempts below size `as_of` in the order of the log, of one member when given."""
    rows = source.refusals(as_of, member)
    return Refusals(
        as_of=as_of,
        time=source.time_at(as_of),
        statements=tuple(sorted(row.id for row in rows)),
        refusals=tuple(
            Refusal(
                statement=row.id,
                member=row.iss,
                kind=row.kind,
                rule=row.rule or "",
                index=row.index,
                time=row.block_time,
            )
            for row in rows
        ),
    )


def duties_of(source: LineageSource, party: str, as_of: int) -> Duties:
    """Return the duties of a member at size `as_of`: unmet ones by when they are due, then those that were met."""
    now = source.time_at(as_of)
    duties = [_duty(row, as_of, now) for row in source.duties(as_of, party)]
    duties.sort(key=lambda duty: (duty.met_by is not None, duty.due, duty.opener, duty.kind, duty.about))
    ids = {duty.opener for duty in duties} | {duty.met_by for duty in duties if duty.met_by is not None}
    return Duties(as_of=as_of, time=now, statements=tuple(sorted(ids)), party=party, duties=tuple(duties))


def met_before(row: DutyRow, as_of: int) -> bool:
    """Whether the duty was met below size `as_of`."""
    return row.duty.met_index is not None and row.duty.met_index < as_of


def duty_status(row: DutyRow, as_of: int, now: int) -> DutyStatus:
    """Return what stands of a duty at size `as_of` and time `now` (ms). What is done at the due instant is in time."""
    if not met_before(row, as_of):
        return "overdue" if now > row.duty.due else "open"
    return "met_late" if (row.duty.met_at or 0) > row.duty.due else "met"


def _duty(row: DutyRow, as_of: int, now: int) -> Duty:
    met = met_before(row, as_of)
    return Duty(
        kind=row.duty.kind,
        party=row.duty.party,
        about=row.duty.about,
        opener=row.opener,
        due=row.duty.due,
        status=duty_status(row, as_of, now),
        met_by=row.duty.met_by if met else None,
        met_at=row.duty.met_at if met else None,
    )
