"""The rows of a CSV or JSON Lines file, one after another, with the line each begins at."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeAlias

from clients.imports.errors import EncodingUnreadable, ImportMalformed

Cell: TypeAlias = str | int | bool | None
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")
MAX_CELL = 100_000
"""Characters of one cell."""
JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: the line it begins at (from 1) and its cells by column."""

    line: int
    cells: dict[str, Cell]


def read_rows(path: Path, encoding: str, columns: set[str]) -> Iterator[FileRow]:
    """Yield the rows of a file; JSON Lines by its extension, CSV otherwise.

    Raises `ImportMalformed` for a file that is not of that form or lacks one of `columns`, `EncodingUnreadable`.
    """
    line = 1
    csv.field_size_limit(MAX_CELL)
    with path.open("r", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        try:
            found = _json_lines(file, path.name) if path.suffix in JSON_LINES else _csv(file, path.name, columns)
            for row in found:
                line = row.line
                yield row
        except UnicodeDecodeError:
            raise EncodingUnreadable(file=path.name, encoding=encoding, line=line) from None
        except csv.Error as error:
            raise ImportMalformed(file=path.name, detail=f"line {line + 1}: {error}") from None


def _csv(file: TextIO, name: str, columns: set[str]) -> Iterator[FileRow]:
    reader = csv.reader(file, strict=True)
    header = next(reader, None)
    if header is None:
        raise ImportMalformed(file=name, detail="no header line")
    if len(set(header)) != len(header):
        raise ImportMalformed(file=name, detail="two columns have one name")
    missing = sorted(columns - set(header))
    if missing:
        raise ImportMalformed(file=name, detail=f"no column {missing[0]}")
    begins = reader.line_num + 1
    for values in reader:
        if values:
            if len(values) != len(header):
                detail = f"line {begins} has {len(values)} cells where the header has {len(header)}"
                raise ImportMalformed(file=name, detail=detail)
            yield FileRow(begins, dict(zip(header, values, strict=True)))
        begins = reader.line_num + 1


def _json_lines(file: TextIO, name: str) -> Iterator[FileRow]:
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise ImportMalformed(file=name, detail=f"line {line} is no JSON object")
        cells: dict[str, Cell] = {}
        for column, cell in value.items():
            if isinstance(cell, float):
                # Money and measures of a JSON file are kept as they are written, never as floats.
                raise ImportMalformed(file=name, detail=f"line {line}: {column} is a fraction; write it as text")
            if cell is not None and not isinstance(cell, str | int | bool):
                raise ImportMalformed(file=name, detail=f"line {line}: {column} is no single value")
            cells[column] = cell
        yield FileRow(line, cells)
