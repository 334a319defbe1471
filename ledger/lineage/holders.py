"""Question 3: who held a record at a time, in which version, and could they still?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ledger.lineage.answers import Holder, Holders, Version
from ledger.lineage.destroyed import destructions, held_by_issuer
from ledger.lineage.ranges import WHOLE, grow, intersect
from ledger.lineage.revocations import revoked_at
from ledger.lineage.source import LineageSource
from ledger.lineage.steps import (
    RECORD_KINDS,
    WrongQuestion,
    load,
    logged,
    split_reference,
    versions_of,
)
from ledger.state.tables import (
    GRANT,
    HOLDING,
    TRANSFER,
    GrantState,
    Holding,
    HoldingState,
    Ranges,
    TransferState,
)
from ledger.state.view import Need

ENDED = "ended"
DATA_LIFE_OVER = "data_life"
GRANT_REVOKED = "grant_revoked"
GRANT_EXPIRED = "grant_expired"
VERSION_ENDED = "version_ended"
REASONS = {
    ENDED: "the holding ended: stopped, replaced or erased",
    DATA_LIFE_OVER: "the data life of the hand-over is over",
    GRANT_REVOKED: "the grant, or one above it, was revoked",
    GRANT_EXPIRED: "the grant, or one above it, is past its end",
    VERSION_ENDED: "all rows of this version were corrected, withdrawn or stopped",
}
"""Why a holder may no longer hold, by the word that the answer carries."""


def holders(source: LineageSource, reference: str, at_index: int, as_of: int | None = None) -> Holders:
    """Return who held the record, or any version of it, just after log index `at_index`.

    "Could they still" is judged at size `as_of`, by default the head's. Raises `ReferenceMalformed`, `NothingLogged`,
    `WrongQuestion`.
    """
    judged = source.head().size if as_of is None else as_of
    then = min(at_index + 1, judged)
    id_, rows = split_reference(reference)
    row = logged(source, id_, then)
    if row.kind not in RECORD_KINDS:
        raise WrongQuestion(name=id_, found=row.kind, wanted="records")
    lists = _versions(source, id_, rows, then)
    versions = versions_of(source, lists, then)
    found = _Judge(source, judged, versions_of(source, lists, judged)).holders(versions, then)
    ids = {version.id for version in versions} | {holder.hop for holder in found}
    ids |= {holder.grant for holder in found if holder.grant}
    return Holders(
        as_of=judged,
        time=source.time_at(judged),
        statements=tuple(sorted(ids)),
        reference=reference,
        at_index=at_index,
        at_time=source.time_at(then),
        versions=versions,
        holders=found,
    )


def _versions(source: LineageSource, id_: str, rows: Ranges, as_of: int) -> dict[str, Ranges]:
    """Return every version of a record below `as_of`, earlier and later ones."""
    lists: dict[str, Ranges] = {id_: rows}
    new = {id_}
    while new:
        later = [edge for edge in source.edges_from(sorted(new), as_of) if edge.kind == "corrects"]
        earlier = [edge for edge in source.edges_to(sorted(new), as_of) if edge.kind == "corrects"]
        new = set()
        for edge in later:
            if intersect(lists[edge.source], edge.ranges) is not None and grow(lists, {edge.target: WHOLE}):
                new.add(edge.target)
        for edge in earlier:
            if grow(lists, {edge.source: edge.ranges}):
                new.add(edge.source)
    return lists


class _Judge:
    """Judges holdings at one size."""

    def __init__(self, source: LineageSource, as_of: int, versions: tuple[Version, ...]) -> None:
        self.source, self.as_of, self.time = source, as_of, source.time_at(as_of)
        self.versions = {version.id: version for version in versions}
        self.grants: Mapping[str, GrantState] = {}
        self.revoked: Mapping[str, int] = {}

    def holders(self, versions: tuple[Version, ...], then: int) -> tuple[Holder, ...]:
        """Return all holdings at size `then`: issuers first, then in the order in which they began."""
        states = self.source.state([Need(HOLDING.name, version.id, None) for version in versions])
        entries = [
            (version, member, holding, rows)
            for version in versions
            for (_, anchor, member), state in states.items()
            if anchor == version.id
            for holding in cast("HoldingState", state).entries
            if holding.since_index < then and (holding.ended_index is None or holding.ended_index >= then)
            if (rows := intersect(version.rows, holding.ranges)) is not None
        ]
        transfers = load(self.source, TRANSFER, {holding.hop for _, _, holding, _ in entries})
        grants = load(self.source, GRANT, {state.grant for state in transfers.values()})
        above = load(self.source, GRANT, {id_ for grant in grants.values() for id_ in grant.ancestors})
        self.grants = {**above, **grants}
        self.revoked = revoked_at(self.source, self.grants, self.as_of)
        received = [
            self._received(version, member, holding, rows, transfers[holding.hop])
            for version, member, holding, rows in entries
        ]
        gone = destructions(self.source, [(version.id, version.issuer) for version in versions])
        own = [
            self._issuer(version, rows, until)
            for version in versions
            for rows, until in held_by_issuer(version.rows, gone.get(version.id, ()), then, self.as_of)
        ]
        return (*sorted(own, key=_place), *sorted(received, key=_place))

    def _issuer(self, version: Version, rows: Ranges, until: int | None) -> Holder:
        reasons = [*((ENDED,) if until is not None else ()), *self._ended(version.id, rows)]
        return Holder(
            member=version.issuer,
            version=version.id,
            rows=rows,
            hop=version.id,
            grant="",
            since_index=version.index,
            since=version.time,
            life_end=None,
            may_still=not reasons,
            reasons=tuple(reasons),
            until_index=until,
        )

    def _received(
        self,
        version: Version,
        member: str,
        holding: Holding,
        rows: Ranges,
        transfer: TransferState,
    ) -> Holder:
        reasons: list[str] = []
        ended = holding.ended_index
        until = ended if ended is not None and ended < self.as_of else None
        if until is not None:
            reasons.append(ENDED)
        if holding.life_end <= self.time:
            reasons.append(DATA_LIFE_OVER)
        for id_ in (transfer.grant, *self.grants[transfer.grant].ancestors):
            if self.revoked.get(id_, self.time + 1) <= self.time:
                reasons.append(GRANT_REVOKED)
            if self.grants[id_].valid_until <= self.time:
                reasons.append(GRANT_EXPIRED)
        reasons += self._ended(version.id, rows)
        return Holder(
            member=member,
            version=version.id,
            rows=rows,
            hop=holding.hop,
            grant=transfer.grant,
            since_index=holding.since_index,
            since=holding.since,
            life_end=holding.life_end,
            may_still=not reasons,
            reasons=tuple(dict.fromkeys(reasons)),
            until_index=until,
        )

    def _ended(self, id_: str, rows: Ranges) -> list[str]:
        """A list ends for a holder when one ending covers what it holds of it, or all that was asked about."""
        for ending in self.versions[id_].endings:
            if intersect(rows, ending.rows) == rows:
                return [VERSION_ENDED]
        return []


def _place(holder: Holder) -> tuple[int, str, str, Ranges]:
    return holder.since_index, holder.member, holder.version, holder.rows
