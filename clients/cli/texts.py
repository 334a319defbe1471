"""How values are written for people: times of day, references with their rows, objects as indented lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from clients.cli.output import plain
from ledger.times import format_time

SHORT = 12
"""Hex digits of an id in a table; lines and the JSON output have all."""
LONG = 40
"""Characters from which on a text of an array, an id for instance, has a line of its own."""
MOST_TEXTS = 20
"""Lines that one array gets; the JSON output has all of it."""
GENESIS = "genesis"
"""What is written for time 0, the genesis entry's."""
_TIMES = frozenset(
    (
        "active_from", "at", "at_time", "block_time", "deadline", "due", "life_end", "met_at", "offered_at",
        "released_at", "retires_at", "revoked_at", "since", "suspect_from", "time", "valid_from", "valid_until",
        "window_start",
    )
)  # fmt: skip
"""Members that hold ms since 1970 where they are numbers."""
_EARLIEST_TIME = 10**11
_ROWS = frozenset(("rows", "ranges"))
"""Members that hold ranges of rows."""
_ID = re.compile(r"([0-9a-f]{64})(.*)", re.DOTALL)


def short(text: str) -> str:
    """Return a text with the id that it begins with shortened; what follows it, a row, stays."""
    found = _ID.fullmatch(text)
    return text if found is None else f"{found[1][:SHORT]}…{found[2]}"


def texts(name: str, value: object) -> list[str]:
    """Return the texts that stand for the member `name` of an object: one, or one for each item of an array."""
    if value is None:
        return []
    if name in _ROWS and (found := _ranges(value)) is not None:
        return [",".join(found)]
    if not isinstance(value, (list, tuple)):
        return [_scalar(name, value)]
    listed = _references(value)
    return [", ".join(texts(name, item)) for item in value] if listed is None else listed


def lines_of(value: Mapping[str, object]) -> Iterator[str]:
    """Yield an object as indented lines, `name  value`; members of arrays begin with a dash, empty ones are omitted."""
    width = max((len(name) for name in value), default=0)
    for name, item in value.items():
        if item in (None, (), [], {}, ""):
            continue
        if isinstance(item, Mapping):
            yield f"{name}:"
            yield from (f"  {line}" for line in lines_of({str(key): member for key, member in item.items()}))
        elif isinstance(item, (list, tuple)) and any(isinstance(member, Mapping) for member in item):
            yield f"{name}:"
            for member in item:
                yield from (f"  {line}" for line in member_lines(member))
        else:
            found = texts(name, item)
            if len(found) > 1 and any(len(text) > LONG for text in found):
                yield f"{name}:"
                yield from (plain(f"  {text}") for text in found[:MOST_TEXTS])
                if len(found) > MOST_TEXTS:
                    yield f"  … +{len(found) - MOST_TEXTS} (--json)"
            else:
                yield plain(f"{name:{width}}  {', '.join(found)}")


def member_lines(member: object) -> Iterator[str]:
    """Yield one member of an array as lines, the first with a dash."""
    if not isinstance(member, Mapping):
        yield plain(f"- {', '.join(texts('', member))}")
        return
    for number, line in enumerate(lines_of({str(key): item for key, item in member.items()})):
        yield f"{'- ' if number == 0 else '  '}{line}"


def _scalar(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        if name in _TIMES and (value == 0 or value > _EARLIEST_TIME):
            return format_time(value) if value else GENESIS
        return str(value)
    return msgspec.json.encode(value).decode()


def _references(value: Sequence[object]) -> list[str] | None:
    """Return a set of references as `id`, `id:row` and `id:first-last`; None for anything else."""
    found: list[str] = []
    for entry in value:
        match entry:
            case [str(id_), list() | tuple() as pairs] if _ID.fullmatch(id_):
                ranges = _ranges(pairs)
                if ranges is None:
                    return None
                found += [f"{id_}:{one}" for one in ranges] or [id_]
            case _:
                return None
    return found


def _ranges(value: object) -> list[str] | None:
    """Return ranges of rows as `row` and `first-last`; None for anything else."""
    found: list[str] = []
    for pair in value if isinstance(value, (list, tuple)) else (None,):
        match pair:
            case [int(first), int(last)]:
                found.append(str(first) if first == last else f"{first}-{last}")
            case _:
                return None
    return found
