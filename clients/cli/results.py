"""How results are shown to people: places in the log, state rows, answers to questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from clients.cli.output import plain
from clients.cli.session import Session
from clients.sdk.answers import Answer, Receipted
from ledger.state.tables import StateRow
from ledger.times import format_time

SHORT = 12
"""Hex digits of an id in a table; the JSON output has all."""


def named(row: StateRow) -> dict[str, object]:
    """Return a state row as an object with named fields; stored rows are arrays."""
    return {name: msgspec.to_builtins(getattr(row, name)) for name in row.__struct_fields__}


def show_receipted(session: Session, receipted: Receipted, **more: object) -> None:
    """Write where a statement stands."""
    value = {**_builtins(receipted), **more}
    show_object(session, session.output.pick("Statement", "陈述"), value)


def show_object(session: Session, title: str, value: Mapping[str, object]) -> None:
    """Write one object: a table of names and values for people."""
    lines = [title, *(f"  {line}" for line in _lines(value))]
    session.output.data(value, text="\n".join(lines))


def show_rows(session: Session, title: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a list of objects: a table of the named columns for people, everything as JSON."""
    listed = list(rows)
    cells = [[_cell(column, row.get(column), short=True) for column in columns] for row in listed]
    session.output.data(listed, table=session.output.table(title, columns, cells))


def show_answer(session: Session, title: str, answer: Answer) -> None:
    """Write the answer to a question as it is, with the size it holds at and how it is complete."""
    value = _builtins(answer)
    if session.output.as_json or not isinstance(answer.answer, dict):
        session.output.data(value)
        return
    heading = session.output.pick(
        f"{title} at size {answer.as_of} ({format_time(answer.time)}), complete by {answer.complete}",
        f"{title}，树大小 {answer.as_of}（{format_time(answer.time)}），完整性依据：{answer.complete}",
    )
    # What the frame already says is not said again.
    shown = {name: item for name, item in answer.answer.items() if name not in _FRAME}
    session.output.data(value, text="\n".join((heading, *(f"  {line}" for line in _lines(shown)))))


def member_of(answer: Answer, name: str) -> list[dict[str, object]]:
    """Return the array of objects that an answer has under `name`, empty when there is none."""
    found = answer.answer.get(name) if isinstance(answer.answer, dict) else answer.answer
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _builtins(value: msgspec.Struct) -> dict[str, object]:
    built: dict[str, object] = msgspec.to_builtins(value)
    return built


_FRAME = frozenset(("as_of", "time", "statements", "complete"))
"""Members of an answer that its heading says, or that only a program reads."""
_TIMES = frozenset(("time", "due", "since", "life_end", "met_at", "offered_at", "released_at", "deadline", "at_time"))


def _lines(value: Mapping[str, object]) -> Iterator[str]:
    """Yield an object as indented lines, `name: value`; members of arrays begin with a dash."""
    width = max((len(name) for name in value), default=0)
    for name, item in value.items():
        if item in (None, (), [], {}, ""):
            continue
        if isinstance(item, Mapping):
            yield f"{name}:"
            yield from (f"  {line}" for line in _lines({str(key): member for key, member in item.items()}))
        elif isinstance(item, (list, tuple)) and any(isinstance(member, Mapping) for member in item):
            yield f"{name}:"
            for member in item:
                yield from _member_lines(member)
        else:
            yield plain(f"{name:{width}}  {_cell(name, item)}")


def _member_lines(member: object) -> Iterator[str]:
    if not isinstance(member, Mapping):
        yield plain(f"  - {_cell('', member)}")
        return
    for number, line in enumerate(_lines({str(key): item for key, item in member.items()})):
        yield f"  {'- ' if number == 0 else '  '}{line}"


def _cell(name: str, value: object, *, short: bool = False) -> str:
    if value is None:
        return ""
    if name in _TIMES and isinstance(value, int) and value > 10**11:
        return format_time(value)
    if isinstance(value, str):
        return f"{value[:SHORT]}…" if short and len(value) == 64 else value
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(name, item, short=short) for item in value)
    return msgspec.json.encode(value).decode()
