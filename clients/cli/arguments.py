"""Arguments and options that several commands share, and their readers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
import msgspec

from clients.cli.errors import UsageProblem
from clients.sdk.answers import Json
from ledger.errors import ConfigError
from ledger.kinds.fields import LegalBasis
from ledger.references import MAX_ROW, Range, ReferenceMalformed, ReferenceSet

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
_RANGE = re.compile(r"([0-9a-f]{64})(?::([0-9]{1,8})(?:-([0-9]{1,8}))?)?")
BASIS_RANKS = ("law", "administrative_regulation", "local_regulation", "central_policy")


def as_of_option(function: F) -> F:
    """Add `--as-of SIZE`: the answer as it was at that tree size."""
    option = click.option("--as-of", type=click.IntRange(min=1), metavar="SIZE", help="tree size to answer at")
    return option(function)


def references_option(function: F) -> F:
    """Add `--reference ID[:ROW[-ROW]]`, which may be given many times."""
    option = click.option(
        "--reference",
        "references",
        multiple=True,
        metavar="ID[:ROW[-ROW]]",
        help="a record, or of a batch one row or a range of rows such as ID:0-9 (repeatable)",
    )
    return option(function)


def read_references(texts: Iterable[str]) -> ReferenceSet | None:
    """Return the set of all references given, None when there is none; raises a `FormError`."""
    found: ReferenceSet | None = None
    for text in texts:
        match = _RANGE.fullmatch(text)
        if match is None:
            raise ReferenceMalformed(text=text[:100])
        ranges: tuple[Range, ...] = ()
        if match[2] is not None:
            first = int(match[2])
            last = first if match[3] is None else int(match[3])
            if not 0 <= first <= last <= MAX_ROW:
                raise ReferenceMalformed(text=text[:100])
            ranges = ((first, last),)
        one = ReferenceSet(((match[1], ranges),))
        found = one if found is None else found.union(one)
    return found


def read_item_fields(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return items and their fields from `ITEM=FIELD,FIELD`; raises `UsageProblem`."""
    items: dict[str, list[str]] = {}
    for text in texts:
        item, equals, names = text.partition("=")
        fields = sorted({name.strip() for name in names.split(",") if name.strip()})
        if not equals or not item or not fields:
            raise UsageProblem(detail=f"{text} is not ITEM=FIELD,FIELD", command="suyuan")
        items[item] = sorted({*items.get(item, []), *fields})
    return items


def read_basis(text: str | None) -> LegalBasis | None:
    """Return a legal basis from `RANK;DOCUMENT;ARTICLE`; raises `UsageProblem`."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(";")]
    if len(parts) != 3:
        raise UsageProblem(detail=f"{text} is not RANK;DOCUMENT;ARTICLE", command="suyuan")
    return convert({"rank": parts[0], "document": parts[1], "article": parts[2]}, LegalBasis, "--basis")


def convert(value: object, target: type[T], name: str) -> T:
    """Return a value as a typed struct; raises `UsageProblem` naming the option or file it came from."""
    try:
        return msgspec.convert(value, target)
    except msgspec.ValidationError as error:
        raise UsageProblem(detail=f"{name}: {error}", command="suyuan") from None


def read_json_object(data: bytes, name: str) -> Json:
    """Return the JSON object of a file; raises `ConfigError`."""
    try:
        return msgspec.json.decode(data, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise ConfigError(detail=f"{name} is not a JSON object ({error})") from None
