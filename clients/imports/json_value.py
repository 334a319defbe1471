"""Reading somebody else's JSON by path: numbers stay exact, and what has another shape is named by its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from clients.imports.errors import ImportMalformed

ForeignJson: TypeAlias = "bool | int | Decimal | str | list[ForeignJson] | dict[str, ForeignJson] | None"
MAX_DIGITS = 40
"""Digits of a number in a file; a longer one is no amount of money."""


def _integer(text: str) -> int | Decimal:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} characters")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text} is no number") from None


def _constant(text: str) -> Decimal:
    raise ValueError(f"{text} is no number")


def parse_foreign(data: bytes, file: str) -> ForeignJson:
    """Return a JSON file with its numbers as int or Decimal; raises `ImportMalformed`."""
    try:
        value: ForeignJson = json.loads(
            data.decode("utf-8-sig"), parse_float=_decimal, parse_int=_integer, parse_constant=_constant
        )
    except (ValueError, RecursionError) as error:
        raise ImportMalformed(file=file, detail=f"not JSON ({error})") from None
    return value


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON object of a file with the path at which it stands, for errors that can be found again."""

    members: Mapping[str, ForeignJson]
    path: str
    file: str

    def wrong(self, name: str, detail: str) -> ImportMalformed:
        """Return the error for a member of another shape."""
        return ImportMalformed(file=self.file, detail=f"{self.place(name)} {detail}")

    def place(self, name: str) -> str:
        """Return the path of a member."""
        return f"{self.path}.{name}" if self.path else name

    def text(self, name: str) -> str | None:
        """Return a text member (a number is its digits), None when it is absent, null or empty."""
        value = self.members.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.wrong(name, "is not text")
        return str(value)

    def number(self, name: str) -> int | Decimal | None:
        """Return a number member, None when it is absent or null."""
        value = self.members.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.wrong(name, "is not a number")
        return value

    def node(self, name: str) -> Node | None:
        """Return an object member, None when it is absent or null."""
        value = self.members.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name, "is not an object")
        return Node(value, self.place(name), self.file)

    def nodes(self, name: str) -> Iterator[Node]:
        """Yield the objects of an array member; nothing when it is absent or null."""
        value = self.members.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise self.wrong(name, "is not an array")
        for position, item in enumerate(value):
            if not isinstance(item, dict):
                raise self.wrong(f"{name}[{position}]", "is not an object")
            yield Node(item, self.place(f"{name}[{position}]"), self.file)
