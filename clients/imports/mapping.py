"""The mapping file that says how the columns of a file become records (TOML).

item = "penalty"              # the catalogue's item
catalogue = 1                 # its version; the one in force if absent
subject_class = "enterprise"
identifier = "CF_XDR_SHXYM"   # column with the subject's raw identifier; it never leaves this side
batch = 10000                 # rows under one signature; 0 submits every row by itself
severity = "general"          # or a column of its own: severity = { column = "level" }
event_day = { column = "CF_JDRQ" }
retention_end = "2029-12-31"  # or { column = "..." }, or { days = 1825 } after the event day

[basis]
rank = "law"
document = "..."
article = "12"

[fields]                      # field of the item = column of the file
CF_NR = "content"
"""

from __future__ import annotations

import tomllib
from typing import Annotated

import msgspec
from msgspec import Meta

from clients.imports.errors import MappingMalformed
from ledger.kinds.fields import LegalBasis, SubjectClass

DEFAULT_BATCH = 10_000
MAX_BATCH = 1_000_000
"""Rows under one signature; a manifest of this many rows has 64 MB."""


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value taken from a column of the file."""

    column: Annotated[str, Meta(min_length=1)]


class Days(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number of days after the event day."""

    days: Annotated[int, Meta(ge=1, le=36_600)]


class _Dictionary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    column: str | None = None
    days: Annotated[int, Meta(ge=1, le=36_600)] | None = None


class _Raw(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    item: str
    subject_class: SubjectClass
    identifier: str
    event_day: str | _Dictionary
    retention_end: str | _Dictionary
    fields: Annotated[dict[str, str], Meta(min_length=1)]
    catalogue: Annotated[int, Meta(ge=1)] | None = None
    batch: Annotated[int, Meta(ge=0, le=MAX_BATCH)] = DEFAULT_BATCH
    severity: str | _Dictionary | None = None
    basis: LegalBasis | None = None


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping as it was read: constants are texts. `fields` maps fields of the item to columns."""

    item: str
    subject_class: SubjectClass
    identifier: str
    event_day: str | Column
    retention_end: str | Column | Days
    fields: dict[str, str]
    catalogue: int | None
    batch: int
    severity: str | Column | None
    basis: LegalBasis | None

    def columns(self) -> set[str]:
        """Return every column that the file must have."""
        single = (self.event_day, self.retention_end, self.severity)
        return {self.identifier, *self.fields.values(), *(one.column for one in single if isinstance(one, Column))}


def read_mapping(text: str, file: str) -> Mapping:
    """Return the mapping of a TOML text; raises `MappingMalformed`."""
    try:
        raw = msgspec.convert(tomllib.loads(text), _Raw)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise MappingMalformed(file=file, detail=str(error)) from None
    event_day = _source(raw.event_day, "event_day", file)
    severity = None if raw.severity is None else _source(raw.severity, "severity", file)
    if isinstance(event_day, Days) or isinstance(severity, Days):
        raise MappingMalformed(file=file, detail="only retention_end can be given in days")
    return Mapping(
        item=raw.item, subject_class=raw.subject_class, identifier=raw.identifier, event_day=event_day,
        retention_end=_source(raw.retention_end, "retention_end", file), fields=raw.fields, catalogue=raw.catalogue,
        batch=raw.batch, severity=severity, basis=raw.basis,
    )  # fmt: skip


def _source(value: str | _Dictionary, name: str, file: str) -> str | Column | Days:
    if isinstance(value, str):
        return value
    if value.column is not None and value.days is None:
        return Column(value.column)
    if value.days is not None and value.column is None:
        return Days(value.days)
    raise MappingMalformed(file=file, detail=f"{name} is a text, or a table with `column` or `days`")
