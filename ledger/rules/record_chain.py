"""All versions of one record or row: what it replaces, back to the original, and what replaced it, up to the newest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.errors import StateError, Text
from ledger.references import Reference
from ledger.rules.loading import peek
from ledger.rules.registry import UnknownReference
from ledger.state.publication_tables import PUBLISHED
from ledger.state.tables import ENDED, RECORD, EndedState, Ranges, RecordState, row_suffix
from ledger.state.view import BlockView, Need

MAX_VERSIONS = 50
"""How many corrections of a record are followed each way: one round of loading each."""


class TooManyVersions(StateError):
    """A record that was corrected more often than one statement can follow."""

    code = "record.versions"
    what = Text("{reference} has more than {bound} versions.", "{reference} 的版本超过 {bound} 个。")
    next_step = Text("Withdraw it and submit the record anew.", "请撤回该信息后重新提交。")


@dataclass(frozen=True, slots=True)
class Version:
    """One version: where it stands, what it says, what ended it (None for one in force)."""

    reference: Reference
    record: RecordState
    ended: EndedState | None

    @property
    def id(self) -> str:
        """The statement that made it."""
        return self.reference.statement_id

    @property
    def suffix(self) -> str:
        """Suffix of its rows in the tables that hang on single rows."""
        return row_suffix(self.reference.row)

    @property
    def ranges(self) -> Ranges:
        """Its row as ranges of its list, empty for a single record."""
        row = self.reference.row
        return () if row is None else ((row, row),)


def names_record(record: RecordState | None, reference: Reference) -> bool:
    """Say whether `reference` is that single record, or a row that the batch has."""
    if record is None:
        return False
    return record.count == 0 if reference.row is None else reference.row < record.count


def _needs_of(reference: Reference) -> Iterator[Need]:
    yield Need("record", reference.statement_id)
    yield Need("ended", reference.statement_id, row_suffix(reference.row))


def versions_needs(view: BlockView, reference: str) -> Iterator[Need]:
    """Name the rows of every version that is known so far, and of its neighbours."""
    for each in _walk(view, Reference.parse(reference)):
        yield from _needs_of(each)


def known_versions(view: BlockView, reference: str) -> list[Reference]:
    """Return the versions that loaded rows lead to so far, oldest first; for `needs` only."""
    return _walk(view, Reference.parse(reference))


def published_needs(view: BlockView, reference: str) -> Iterator[Need]:
    """Name what was published of every version that is known so far."""
    for each in _walk(view, Reference.parse(reference)):
        yield Need("published", each.statement_id, row_suffix(each.row))


def _walk(view: BlockView, start: Reference) -> list[Reference]:
    """Return the versions that loaded rows lead to, oldest first, at most MAX_VERSIONS + 1 each way."""
    back, here = [start], start
    while len(back) <= MAX_VERSIONS + 1:
        record = peek(view, RECORD, here.statement_id)
        if record is None or not record.replaces:
            break
        here = Reference.parse(record.replaces)
        back.append(here)
    ahead: list[Reference] = []
    here = start
    while len(ahead) <= MAX_VERSIONS:
        ended = peek(view, ENDED, here.statement_id, row_suffix(here.row))
        if ended is None or ended.how != "corrected":
            break
        here = Reference(ended.by)
        ahead.append(here)
    return [*reversed(back), *ahead]


def versions(view: BlockView, reference: str, field: str = "reference") -> tuple[Version, ...]:
    """Return all versions, oldest first; raises UnknownReference or TooManyVersions."""
    named = Reference.parse(reference)
    if not names_record(view.find(RECORD, named.statement_id), named):
        raise UnknownReference(field=field, name=reference, kind="record or row of a batch")
    found = _walk(view, named)
    if len(found) > MAX_VERSIONS:
        raise TooManyVersions(reference=reference, bound=MAX_VERSIONS)
    return tuple(_version(view, each) for each in found)


def _version(view: BlockView, reference: Reference) -> Version:
    record = view.find(RECORD, reference.statement_id)
    assert record is not None, "what is replaced, and what replaces, was logged"
    return Version(reference, record, view.find(ENDED, reference.statement_id, row_suffix(reference.row)))


def first_published(view: BlockView, known: tuple[Version, ...]) -> int | None:
    """Return when (ms) any version was public first, None when none ever was."""
    rows = (view.find(PUBLISHED, each.id, each.suffix) for each in known)
    return min((row.first for row in rows if row is not None), default=None)
