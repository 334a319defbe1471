"""Every version of a set of records: what they replace, back to the originals, and what replaced them.

Corrections are walked from all named records at once, a level at a time, in both directions, because each level is one
round of loading. A chain that is longer than the bound is named by several of its versions.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import StateError, Text
from ledger.references import Reference, ReferenceSet
from ledger.rules.loading import peek
from ledger.state.tables import ENDED, RECORD, EndedState, Ranges, row_suffix
from ledger.state.view import BlockView, Need, NotLoaded

MAX_VERSION_STEPS = 32
"""Corrections that are walked in each direction from a named record: each is a round of loading, which are bounded."""
MAX_VERSION_LISTS = 4_000
"""Record lists that one statement may reach."""


class TooManyVersions(StateError):
    """The versions of the named records are more than one statement may reach."""

    code = "record.too_many_versions"
    what = Text(
        "The records named have versions more than {steps} corrections away, or in more than {lists} lists.",
        "所列记录的版本距其超过 {steps} 次更正，或涉及超过 {lists} 个列表。",
    )
    next_step = Text(
        "Name further versions of a long chain, or split the set over several statements.",
        "请同时列出链上的其他版本，或拆分为多条语句。",
    )


def version_needs(view: BlockView, references: ReferenceSet) -> Iterator[Need]:
    """Name the record and what ended, for every version that is known so far.

    Raises TooManyVersions, or MixedReference for a batch named as one record.
    """
    for id_, ranges in versions(view, references).entries:
        yield Need(RECORD.name, id_)
        yield Need(ENDED.name, id_, None if ranges else "")


def versions(view: BlockView, references: ReferenceSet) -> ReferenceSet:
    """Return `references` with every version before and after them that loaded rows lead to. Raises TooManyVersions."""
    found, new = references, references
    for _ in range(MAX_VERSION_STEPS + 1):
        new = ReferenceSet.of({*_earlier(view, new), *_later(view, new)}).difference(found)
        if not new:
            return found
        found = found.union(new)
        if len(found.entries) > MAX_VERSION_LISTS:
            break
    raise TooManyVersions(steps=MAX_VERSION_STEPS, lists=MAX_VERSION_LISTS)


def _earlier(view: BlockView, references: ReferenceSet) -> Iterator[Reference]:
    for id_, _ in references.entries:
        record = peek(view, RECORD, id_)
        if record is not None and record.replaces:
            yield Reference.parse(record.replaces)


def _later(view: BlockView, references: ReferenceSet) -> Iterator[Reference]:
    """Yield the corrections of these records and rows."""
    for id_, ranges in references.entries:
        for ended in _endings(view, id_, ranges):
            if ended.how == "corrected":
                yield Reference(ended.by)


def _endings(view: BlockView, id_: str, ranges: Ranges) -> Iterator[EndedState]:
    if not ranges:
        single = peek(view, ENDED, id_, row_suffix(None))
        if single is not None:
            yield single
        return
    try:
        rows = view.scan(ENDED, id_)
    except NotLoaded:
        return
    for suffix, ended in rows:
        if suffix and any(first <= int(suffix) <= last for first, last in ranges):
            yield ended
