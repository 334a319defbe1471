"""From a set of references to the records it names: loading, existence, and rows inside their batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.errors import StateError, Text
from ledger.kinds.genesis import Catalogue
from ledger.references import ReferenceSet
from ledger.rules.registry import UnknownReference
from ledger.state.tables import RECORD, Ranges, RecordState
from ledger.state.view import BlockView, Need


class NoSuchItem(StateError):
    """An item or field that the catalogue in force does not have."""

    code = "catalogue.unknown_item"
    what = Text("The catalogue in force has no {name}.", "现行目录中没有 {name}。")
    next_step = Text("`suyuan catalogue show` lists items and fields.", "`suyuan catalogue show` 列出事项与字段。")


@dataclass(frozen=True, slots=True)
class Listed:
    """One record list that a set names: its statement id, the rows (empty: the one record), and its state."""

    id: str
    ranges: Ranges
    record: RecordState


def listed_needs(references: ReferenceSet) -> Iterator[Need]:
    """Name the record rows of a set."""
    for id_, _ in references.entries:
        yield Need("record", id_)


def listed(view: BlockView, references: ReferenceSet, field: str) -> tuple[Listed, ...]:
    """Return the records of a set in its order; raises UnknownReference for one, or for a row, that is not logged."""
    found: list[Listed] = []
    for id_, ranges in references.entries:
        record = view.find(RECORD, id_)
        if record is None:
            raise UnknownReference(field=field, name=id_, kind="record.submit")
        if (record.count == 0) == bool(ranges):
            kind = "record.batch" if ranges else "record.submit"
            raise UnknownReference(field=field, name=id_, kind=kind)
        if ranges and ranges[-1][1] >= record.count:
            raise UnknownReference(field=field, name=f"{id_}:{ranges[-1][1]}", kind="record.batch")
        found.append(Listed(id_, ranges, record))
    return tuple(found)


def check_items(current: Catalogue, items: dict[str, list[str]]) -> None:
    """Check that the catalogue in force has these items with these fields; raises NoSuchItem."""
    known = {item.code: {field.name for field in item.fields} for item in current.items}
    for item, fields in items.items():
        if item not in known:
            raise NoSuchItem(name=item)
        for name in fields:
            if name not in known[item]:
                raise NoSuchItem(name=f"{item}.{name}")
