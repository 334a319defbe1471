"""Findings at a size of the log: events that rules emitted, overdue duties, and statements under a doubtful key.

Anybody who has the log gets the same list: time is that of the last block entry, never the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ledger.findings.catalogue import CODE_OF_DUTY, KEY_DOUBT, KEY_DOUBT_RULE, code_of_duty, rule_of_duty
from ledger.findings.residual import residual_attestations
from ledger.lineage.source import DutyRow, FindingRow, LineageSource
from ledger.lineage.standing import met_before
from ledger.rules.signer import TIME_WINDOW_MS
from ledger.state.tables import KEY, KeyState
from ledger.state.view import Need


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding: which code and rule, what it is about, on which statements it rests, who is responsible.

    `since` and `deadline` are ms since the epoch; there is a deadline only where one passed. `open` is false once it
    was put right; a finding stays in the list then, because that it was late stays true. `residual` marks one that a
    regulator attested as beyond anybody's power (ERA-2).
    """

    code: str
    rule: str
    about: str
    party: str
    statements: tuple[str, ...]
    since: int
    deadline: int | None
    open: bool
    residual: bool = False


def findings_at(source: LineageSource, as_of: int, code: str | None = None, party: str | None = None) -> list[Finding]:
    """Return every finding at size `as_of`, of one code and one responsible party when given, oldest first."""
    now = source.time_at(as_of)
    found = [
        *_events(source, source.findings(as_of, code)),
        *_overdue(source, source.duties(as_of, party), as_of, now),
        *(_doubts(source, as_of) if code in (None, KEY_DOUBT) else ()),
    ]
    kept = [finding for finding in found if code in (None, finding.code) and party in (None, finding.party)]
    return sorted(kept, key=lambda finding: (finding.since, finding.code, finding.about, finding.party))


@dataclass(slots=True)
class _Open:
    """A finding by events: where it began, and all statements that bear on it."""

    first: FindingRow
    statements: dict[str, None]
    open: bool = True


def _events(source: LineageSource, rows: Sequence[FindingRow]) -> Iterable[Finding]:
    """Fold events by code and `about`: one that is cleared and begins again is a new finding."""
    current: dict[tuple[str, str], _Open] = {}
    all_: list[_Open] = []
    for row in rows:
        event = row.event
        key = (event.code, event.about)
        found = current.get(key)
        if found is None or not found.open:
            if event.cleared:
                continue
            found = current[key] = _Open(row, {})
            all_.append(found)
        found.statements.update(dict.fromkeys(event.statements))
        found.open = not event.cleared
    times = _times(source, [found.first for found in all_])
    for found in all_:
        event = found.first.event
        yield Finding(
            code=event.code,
            rule=event.rule,
            about=event.about,
            party=event.party,
            statements=tuple(found.statements),
            since=times[found.first.index],
            deadline=None,
            open=found.open,
        )


def _times(source: LineageSource, rows: Sequence[FindingRow]) -> Mapping[int, int]:
    """Return the block time of each row's statement, with one query where the event names its own statement."""
    logged = source.statements({id_ for row in rows for id_ in row.event.statements})
    known = {row.index: row.block_time for row in logged.values()}
    return {row.index: known[row.index] if row.index in known else source.time_at(row.index + 1) for row in rows}


def _overdue(source: LineageSource, rows: Iterable[DutyRow], as_of: int, now: int) -> Iterable[Finding]:
    late = [row for row in rows if row.duty.kind in CODE_OF_DUTY and _done_at(row, as_of, now) > row.duty.due]
    kinds = {id_: row.kind for id_, row in source.statements({row.opener for row in late}).items()}
    residual = residual_attestations(source, late, as_of)
    for row in late:
        duty = row.duty
        met_by = duty.met_by if met_before(row, as_of) else None
        # What a duty is about is a reference, or the opener's id with a number behind it.
        beyond = residual.get((duty.about, duty.party)) if met_by is None else None
        named = (re.split("[:/]", duty.about)[0], row.opener, *(id_ for id_ in (met_by, beyond) if id_ is not None))
        yield Finding(
            code=code_of_duty(duty.kind, kinds.get(row.opener, "")),
            rule=rule_of_duty(duty.kind, kinds.get(row.opener, "")),
            about=duty.about,
            party=duty.party,
            statements=tuple(dict.fromkeys(named)),
            since=duty.due,
            deadline=duty.due,
            open=met_by is None,
            residual=beyond is not None,
        )


def _done_at(row: DutyRow, as_of: int, now: int) -> int:
    """Return when a duty was met below `as_of`; one that was not is as late as `now`."""
    return (row.duty.met_at or 0) if met_before(row, as_of) else now


def _doubts(source: LineageSource, as_of: int) -> Iterable[Finding]:
    """Statements that stand between the time from which a key is suspect and its revocation (GOV-7).

    A thief may date a statement back by the time window, so what counts is the time of its block.
    """
    for (_, _, kid), row in sorted(source.state([Need(KEY.name, "", None)]).items()):
        assert isinstance(row, KeyState)
        if row.suspect_from is None or row.revoked_index is None or row.revoked_index >= as_of:
            continue
        for statement in source.signed_by(kid, row.suspect_from - TIME_WINDOW_MS, row.revoked_index):
            if statement.block_time < row.suspect_from:
                continue
            yield Finding(
                code=KEY_DOUBT,
                rule=KEY_DOUBT_RULE,
                about=statement.id,
                party=row.member,
                statements=(statement.id,),
                since=row.revoked_at or statement.block_time,
                deadline=None,
                open=True,
            )
