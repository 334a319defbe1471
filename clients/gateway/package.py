"""The plaintext of a package: what is delivered and what proves it (docs/spec/package.md).

It is a CBOR sequence of byte strings, each the deterministic CBOR of one item, so that a reader finds the end of an
item without looking inside: first the head, then for every record statement its source item and its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clients.vault.rows import DisclosedRecord, read_field, read_hash
from ledger.cose import byte_string
from ledger.encoding import CborValue, decode_canonical, encode_cbor
from ledger.errors import FormError, Text
from ledger.kinds import decode_payload
from ledger.kinds.records import RecordBatch, RecordCorrect, RecordSubmit
from ledger.references import Reference
from ledger.statement import Statement, decode_statement

PACKAGE_VERSION = 1
_HEAD, _SOURCE, _ROW = "suyuan/package", "source", "row"
RecordPayload = RecordSubmit | RecordCorrect | RecordBatch


class PackageMalformed(FormError):
    """An opened package that is not of the form of docs/spec/package.md."""

    code = "package.malformed"
    what = Text("The opened package is malformed at item {item}: {detail}.", "数据包第 {item} 项格式有误：{detail}。")
    next_step = Text("Dispute the hand-over.", "请对该次交接提出异议。")


@dataclass(frozen=True, slots=True)
class Source:
    """A record statement and the delivered rows of it, in order.

    `proof` leads from the rows of a batch to the batch root and is empty for a single record.
    """

    statement: Statement
    payload: RecordPayload
    rows: tuple[DisclosedRecord, ...]
    proof: tuple[bytes, ...]


def record_payload(statement: Statement) -> RecordPayload:
    """Return the payload of a statement that makes records; raises `PackageMalformed` for any other kind."""
    payload = decode_payload(statement.kind, statement.payload)
    if not isinstance(payload, RecordSubmit | RecordCorrect | RecordBatch):
        raise PackageMalformed(item=0, detail=f"{statement.kind} makes no records")
    return payload


def encode_package(sources: Sequence[Source]) -> bytes:
    """Return the plaintext of a package."""
    items: list[CborValue] = [[_HEAD, PACKAGE_VERSION, len(sources), sum(len(source.rows) for source in sources)]]
    parts = [byte_string(encode_cbor(item)) for item in items]
    for source in sources:
        parts.append(byte_string(encode_cbor([_SOURCE, source.statement.raw, len(source.rows), list(source.proof)])))
        in_batch = isinstance(source.payload, RecordBatch)
        parts.extend(byte_string(encode_cbor(_row_item(row, in_batch))) for row in source.rows)
    return b"".join(parts)


def _row_item(row: DisclosedRecord, in_batch: bool) -> CborValue:
    fields: list[CborValue] = [[name, salt, value] for name, salt, value in row.fields]
    subject = row.subject if in_batch else None
    return [_ROW, row.reference.row, subject, row.salt, fields, list(row.hidden)]


def decode_package(plaintext: bytes) -> list[Source]:
    """Read the plaintext of a package strictly; what it proves is checked elsewhere. Raises a `FormError`."""
    items = enumerate(_items(plaintext))
    match _next(items):
        case _, [str(label), int(version), int(count), int(total)] if (label, version) == (_HEAD, PACKAGE_VERSION):
            pass
        case _:
            raise PackageMalformed(item=0, detail="no head of this version")
    sources = [_read_source(items) for _ in range(count)]
    left = next(items, None)
    if left is not None:
        raise PackageMalformed(item=left[0], detail="more items than the head says")
    if sum(len(source.rows) for source in sources) != total:
        raise PackageMalformed(item=0, detail="another number of rows than the head says")
    return sources


def _next(items: Iterator[tuple[int, CborValue]]) -> tuple[int, CborValue]:
    item = next(items, None)
    if item is None:
        raise PackageMalformed(item=0, detail="fewer items than the head says")
    return item


def _read_source(items: Iterator[tuple[int, CborValue]]) -> Source:
    match _next(items):
        case _, [str(label), bytes(raw), int(count), list(steps)] if label == _SOURCE and count > 0:
            statement = decode_statement(raw)
            payload = record_payload(statement)
            rows = tuple(_read_row(_next(items), statement.statement_id, payload) for _ in range(count))
            return Source(statement, payload, rows, tuple(read_hash(step) for step in steps))
        case number, _:
            raise PackageMalformed(item=number, detail="a source is wanted")


def _read_row(item: tuple[int, CborValue], statement_id: str, payload: RecordPayload) -> DisclosedRecord:
    number, value = item
    match value:
        case [str(label), row, subject, bytes(salt), list(fields), list(hidden)] if label == _ROW:
            pass
        case _:
            raise PackageMalformed(item=number, detail="a row is wanted")
    if isinstance(payload, RecordBatch):
        if type(row) is not int or not isinstance(subject, bytes):
            raise PackageMalformed(item=number, detail="a batch row has a number and a subject value")
        reference = Reference(statement_id, row)
    else:
        if row is not None or subject is not None:
            raise PackageMalformed(item=number, detail="a single record has neither number nor subject value")
        reference, subject = Reference(statement_id), bytes.fromhex(payload.subject.value)
    return DisclosedRecord(
        reference=reference,
        item=payload.item,
        catalogue=payload.catalogue,
        subject=subject,
        salt=salt,
        fields=tuple(read_field(field) for field in fields),
        hidden=tuple(read_hash(step) for step in hidden),
    )


def _items(plaintext: bytes) -> Iterator[CborValue]:
    """Go through the byte strings of the sequence and decode what each holds."""
    position = number = 0
    while position < len(plaintext):
        start, end = _extent(plaintext, position, number)
        yield decode_canonical(plaintext[start:end])
        position, number = end, number + 1


def _extent(data: bytes, position: int, number: int) -> tuple[int, int]:
    """Return begin and end of the content of the byte string at `position`, whose length is in its shortest form."""
    first = data[position]
    width = {0x58: 1, 0x59: 2, 0x5A: 4}.get(first, 0)
    if not width and not 0x40 <= first < 0x58:
        raise PackageMalformed(item=number, detail="not a byte string")
    start = position + 1 + width
    length = int.from_bytes(data[position + 1 : start], "big") if width else first - 0x40
    end = start + length
    if end > len(data) or data[position:start] != byte_string(bytes(length))[: start - position]:
        raise PackageMalformed(item=number, detail="a byte string is cut or its length is not in the shortest form")
    return start, end
