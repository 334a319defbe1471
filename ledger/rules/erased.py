"""What erasures bar: hand-over of what is to be erased (TRA-5), and of what its issuer has destroyed (TRA-4)."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.holdings import part
from ledger.references import Reference, ReferenceSet
from ledger.rules.erasure_case import destroyed_of
from ledger.rules.listed import Listed
from ledger.rules.loading import peek
from ledger.state.case_tables import DESTROYED, ERASING
from ledger.state.tables import RECORD, Ranges
from ledger.state.view import BlockView, Need


def erased_needs(view: BlockView, record: str) -> Iterator[Need]:
    """Name the erasures asked for of a record list, and what its issuer destroyed of it."""
    yield Need(ERASING.name, record, None)
    found = peek(view, RECORD, record)
    if found is not None:
        yield Need(DESTROYED.name, record, found.issuer)


def destroyed_by_issuer(view: BlockView, found: Listed) -> ReferenceSet:
    """Return what of a list its issuer has attested as destroyed."""
    gone = destroyed_of(view.find(DESTROYED, found.id, found.record.issuer), found.id)
    return part(found.id, found.ranges).intersection(gone)


def to_be_erased(view: BlockView, record: str, ranges: Ranges) -> tuple[Reference, str] | None:
    """Return the first record of `ranges` of a list whose erasure was asked for, and by which statement."""
    wanted = part(record, ranges)
    for request, erasing in view.scan(ERASING, record):
        clash = wanted.intersection(part(record, erasing.ranges))
        if clash:
            return next(iter(clash)), request
    return None


def destroyed_at(view: BlockView, record: Reference, member: str) -> Iterator[tuple[int, str]]:
    """Yield when (ms) a member destroyed its copy of a record, and by which statement it said so."""
    state = view.find(DESTROYED, record.statement_id, member)
    for entry in state.entries if state else ():
        if record in part(record.statement_id, entry.ranges):
            yield entry.time, entry.by
