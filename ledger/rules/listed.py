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


class RowsNotNamed(StateError):
    """A set names a batch as if it were one record."""

    code = "reference.rows"
    what = Text("{field} names the batch {name} without its rows.", "{field} 引用了批次 {name}，但未指明行号。")
    why = Text("What is granted or handed over is rows, not batches.", "授权与交接以行为单位，而非整个批次。")
    next_step = Text(
        "Name its rows: {name}:0-{last} is the whole batch; nothing was recorded.",
        "请指明行号：{name}:0-{last} 即整个批次；本次未记入账本。",
    )


def listed_needs(references: ReferenceSet) -> Iterator[Need]:
    """Name the record rows of a set."""
    for id_, _ in references.entries:
        yield Need("record", id_)


def listed(view: BlockView, references: ReferenceSet, field: str) -> tuple[Listed, ...]:
    """Return the records of a set in its order; raises UnknownReference for one, or for a row, that is not logged,
    and RowsNotNamed for a batch without rows.
    """
    found: list[Listed] = []
    for id_, ranges in references.entries:
        record = view.find(RECORD, id_)
        if record is None:
            raise UnknownReference(field=field, name=id_, kind="record.submit")
        if record.count and not ranges:
            raise RowsNotNamed(field=field, name=id_, last=record.count - 1)
        if ranges and not record.count:
            raise UnknownReference(field=field, name=id_, kind="record.batch")
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
