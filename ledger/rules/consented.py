"""The consents that a grant rests on: finding them, and what of a record list they cover at a block (GRA-3, TRA-1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from ledger.references import ReferenceSet
from ledger.rules.authority import Authority, chain_needs
from ledger.rules.covering import covered_part
from ledger.rules.listed import Listed
from ledger.rules.loading import peek
from ledger.rules.registry import UnknownReference
from ledger.scope import OutsideScope, check_purpose
from ledger.state.authority_tables import (
    CONSENT,
    CONSENT_USE,
    GRANT_CONSENTS,
    ConsentState,
    ConsentUseState,
    GrantConsentsState,
)
from ledger.state.effects import Effects
from ledger.state.tables import Holding
from ledger.state.view import BlockView, Need

Consents = tuple[tuple[str, ConsentState], ...]
"""Consents with their ids."""


def is_live(consent: ConsentState, time: int) -> bool:
    """Whether a consent was not withdrawn and has not ended at `time` (ms)."""
    return consent.withdrawn_by is None and time < consent.until


def find_consents(view: BlockView, ids: Sequence[str]) -> Consents:
    """Return the consents that a statement names; raises UnknownReference."""
    found: list[tuple[str, ConsentState]] = []
    for id_ in ids:
        consent = view.find(CONSENT, id_)
        if consent is None:
            raise UnknownReference(field="consents", name=id_, kind="consent.give")
        found.append((id_, consent))
    return tuple(found)


def serving(consents: Consents, grantee: str | None, purpose: str, purposes: Collection[str], time: int) -> Consents:
    """Return the consents that live and allow `purpose` for `grantee` (None: whoever it is)."""
    return tuple(
        (id_, consent)
        for id_, consent in consents
        if is_live(consent, time) and consent.grantee in (None, grantee) and _allows(consent.purpose, purpose, purposes)
    )


def _allows(given: str, purpose: str, purposes: Collection[str]) -> bool:
    try:
        check_purpose(given, purpose, purposes)
    except OutsideScope:
        return False
    return True


def covered(consents: Consents, found: Listed) -> ReferenceSet:
    """Return what of a record list the consents cover together."""
    all_ = ReferenceSet()
    for _, consent in consents:
        all_ = all_.union(covered_part(consent, found.id, found.ranges, found.record))
    return all_


def uncovered(consents: Consents, found: Listed) -> ReferenceSet:
    """Return what of a record list no consent covers."""
    return ReferenceSet(((found.id, found.ranges),)).difference(covered(consents, found))


def consent_needs(view: BlockView, grant: str) -> Iterator[Need]:
    """Name the consents that a grant and its ancestors rest on."""
    for need in chain_needs(view, grant):
        yield from own_consent_needs(view, need.anchor)


def own_consent_needs(view: BlockView, grant: str) -> Iterator[Need]:
    """Name the consents that one grant rests on."""
    yield Need("grant_consents", grant)
    rests = peek(view, GRANT_CONSENTS, grant)
    for id_ in rests.consents if rests else ():
        yield Need("consent", id_)


def consents_of(view: BlockView, grant: str) -> Consents | None:
    """Return the consents that one grant rests on; None where it rests on none."""
    rests = view.find(GRANT_CONSENTS, grant)
    return None if rests is None else find_consents(view, rests.consents)


def unconsented(view: BlockView, held: Authority, found: Listed, time: int) -> ReferenceSet:
    """Return what of persons' records lost a consent that the grant, or one above it, rests on."""
    lost = ReferenceSet()
    if found.record.subject_class != "person":
        return lost
    for id_, _ in held.chain:
        consents = consents_of(view, id_)
        if consents is not None:
            live = tuple((name, consent) for name, consent in consents if is_live(consent, time))
            lost = lost.union(uncovered(live, found))
    return lost


def still_consented(view: BlockView, held: Authority, found: Listed, entry: Holding, time: int) -> Holding | None:
    """Return what is left of a holding after consents were withdrawn or ended; None where nothing is."""
    whole = Listed(found.id, entry.ranges, found.record)
    lost = unconsented(view, held, whole, time)
    if not lost:
        return entry
    rest = ReferenceSet(((found.id, entry.ranges),)).difference(lost)
    return msgspec.structs.replace(entry, ranges=rest.entries[0][1]) if rest else None


def withdrawals(view: BlockView, held: Authority, found: Listed) -> Iterator[tuple[int, str]]:
    """Yield when (ms) a consent was withdrawn that the record was handed over on, and by which statement."""
    for id_, _ in held.chain:
        for _, consent in consents_of(view, id_) or ():
            if consent.withdrawn_at is None or consent.withdrawn_by is None:
                continue
            if covered_part(consent, found.id, found.ranges, found.record):
                yield consent.withdrawn_at, consent.withdrawn_by


def rest_on(
    effects: Effects, view: BlockView, grant: str, consents: Consents, records: Sequence[Listed], by: str
) -> None:
    """Note that a grant rests on consents for the persons' records it lists; `by` is the statement that made it so."""
    known = view.find(GRANT_CONSENTS, grant)
    names = {id_ for id_, _ in consents} | set(known.consents if known else ())
    effects.put(GRANT_CONSENTS, grant, GrantConsentsState(consents=tuple(sorted(names))))
    for id_, consent in consents:
        part = _used_before(view.find(CONSENT_USE, id_, grant))
        for found in records:
            if found.record.subject_class == "person":
                part = part.union(covered_part(consent, found.id, found.ranges, found.record))
        if part:
            effects.put(CONSENT_USE, id_, ConsentUseState(references=part.entries), grant)
            effects.edge(id_, by, "consents")


def _used_before(use: ConsentUseState | None) -> ReferenceSet:
    return ReferenceSet() if use is None else ReferenceSet(use.references)
