"""From a file's row to a record, naming everything in it that breaks a rule before anything is signed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, get_args

from clients.gateway.forms import item_of
from clients.gateway.records import Attributes, NewRecord
from clients.imports.days import china_day
from clients.imports.mapping import Column, Days, Mapping
from clients.imports.rows import Cell, FileRow
from ledger.commitment import FieldValue, check_value
from ledger.errors import SuyuanError, Text
from ledger.kinds.fields import MAX_SAFE_INTEGER, Severity
from ledger.kinds.genesis import Catalogue, Field, Item
from ledger.rules.record_case import RecordDays
from ledger.subject import normalise_identifier

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_TRUE, _FALSE = frozenset(("true", "1", "是", "yes")), frozenset(("false", "0", "否", "no"))
SEVERITIES: Final = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a row (line 0: in the mapping): the rule or code, the column or field, and both texts."""

    line: int
    rule: str
    column: str
    text: Text


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as a record to be made, with the attributes that rows of one batch share."""

    line: int
    record: NewRecord = field(repr=False)
    attributes: Attributes


class RowChecker:
    """Reads the rows of one file by its mapping and the catalogue.

    `issuer` is the member that will sign, `today` the day in UTC+08:00; without one of them what it decides is left to
    the ledger.
    """

    def __init__(
        self, mapping: Mapping, catalogue: Catalogue, issuer: str | None = None, today: str | None = None
    ) -> None:
        self._mapping = mapping
        self._item: Item = item_of(catalogue, mapping.item)
        self._fields: dict[str, Field] = {one.name: one for one in self._item.fields}
        self._issuer = issuer
        self._today = today

    def of_mapping(self) -> list[Problem]:
        """Return what is wrong for every row alike: fields, source, subject class, severity, basis."""
        item, mapping = self._item, self._mapping
        found: list[tuple[str, str, Text]] = []
        for name in mapping.fields:
            if name not in self._fields:
                text = Text(f"item {item.code} has no field {name}", f"条目 {item.code} 没有字段 {name}")
                found.append(("form.record.field", name, text))
        if self._issuer is not None and self._issuer not in item.sources:
            found.append(
                ("REC-1", "item", Text(f"the member is no source of {item.code}", f"该成员不是 {item.code} 的信息来源"))
            )
        if mapping.subject_class not in item.subject_classes:
            text = Text(
                f"{item.code} has no subjects of class {mapping.subject_class}",
                f"{item.code} 不含 {mapping.subject_class} 类主体",
            )
            found.append(("REC-4", "subject_class", text))
        if item.adverse and mapping.severity is None:
            found.append(("REC-3", "severity", Text("an adverse record needs its severity", "失信记录须有严重程度")))
        if item.adverse and mapping.basis is None:
            found.append(("REC-3", "basis", Text("an adverse record needs its legal basis", "失信记录须有法律依据")))
        return [Problem(0, rule, column, text) for rule, column, text in found]

    def read(self, row: FileRow) -> ReadRow | list[Problem]:
        """Return the record of a row, or everything that is wrong in it."""
        problems: list[Problem] = []

        def attempt(column: str, make: Callable[[], str]) -> str:
            try:
                return make()
            except SuyuanError as error:
                text = Text(error.message("en"), error.message("zh"))
                problems.append(Problem(row.line, error.stable_code, column, text))
                return ""

        mapping = self._mapping
        identifier = attempt(mapping.identifier, lambda: self._identifier(row))
        event_day = attempt("event_day", lambda: china_day(self._text(row, mapping.event_day), f"line {row.line}"))
        retention = attempt("retention_end", lambda: self._retention(row, event_day)) if event_day else ""
        severity = self._severity(row, problems)
        values: dict[str, FieldValue] = {}
        for name, column in mapping.fields.items():
            found = self._fields.get(name)
            value = None if found is None else _value(found, row.cells.get(column))
            if isinstance(value, Text):
                problems.append(Problem(row.line, "form.record.value", column, value))
            elif value is not None:
                values[name] = value
        if event_day and retention:
            attempt("retention_end", lambda: self._days(event_day, retention))
        if problems:
            return problems
        attributes = Attributes(event_day, retention, severity, mapping.basis)
        return ReadRow(row.line, NewRecord(mapping.subject_class, identifier, values), attributes)

    def _identifier(self, row: FileRow) -> str:
        value = row.cells.get(self._mapping.identifier)
        return normalise_identifier(self._mapping.subject_class, "" if value is None else str(value))

    def _text(self, row: FileRow, source: str | Column) -> str:
        if isinstance(source, str):
            return source
        value = row.cells.get(source.column)
        return "" if value is None else str(value)

    def _retention(self, row: FileRow, event_day: str) -> str:
        source = self._mapping.retention_end
        if isinstance(source, Days):
            return (date.fromisoformat(event_day) + timedelta(days=source.days)).isoformat()
        return china_day(self._text(row, source), f"line {row.line}")

    def _days(self, event_day: str, retention: str) -> str:
        if self._today is not None and event_day > self._today:
            raise RecordDays(detail=f"{event_day} has not come")
        longest = (date.fromisoformat(event_day) + timedelta(days=self._item.retention_days)).isoformat()
        if not event_day <= retention <= longest:
            raise RecordDays(detail=f"retention ends on {retention}, outside {event_day} to {longest}")
        return retention

    def _severity(self, row: FileRow, problems: list[Problem]) -> Severity | None:
        source = self._mapping.severity
        if source is None:
            return None
        text = self._text(row, source)
        for severity in SEVERITIES:
            if text == severity:
                found: Severity = severity
                return found
        problems.append(
            Problem(
                row.line, "REC-3", "severity",
                Text(f"{text[:40]!r} is no severity (minor, general, serious)", f"{text[:40]!r} 不是严重程度"),
            )
        )  # fmt: skip
        return None


def _value(field_: Field, cell: Cell) -> FieldValue | Text:
    """Return a cell as the value of a field, None where it is empty, or what is wrong with it."""
    if cell is None or cell == "":
        return None
    wrong = Text(f"{str(cell)[:40]!r} is no {field_.type}", f"{str(cell)[:40]!r} 不是 {field_.type} 类型")
    if field_.type in ("integer", "money"):
        if isinstance(cell, bool) or (isinstance(cell, str) and _WHOLE.fullmatch(cell.strip()) is None):
            return wrong
        number = int(cell)
        return number if abs(number) <= MAX_SAFE_INTEGER else wrong
    if field_.type == "boolean":
        if isinstance(cell, bool):
            return cell
        text = str(cell).strip().lower()
        return True if text in _TRUE else False if text in _FALSE else wrong
    if isinstance(cell, bool | int):
        cell = str(cell)
    try:
        return china_day(cell) if field_.type == "day" else check_value(field_.name, cell)
    except SuyuanError as error:
        return Text(error.message("en"), error.message("zh"))
