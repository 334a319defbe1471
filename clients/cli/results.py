"""How results are shown to people: places in the log, state rows, answers to questions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from clients.cli.session import Session
from clients.cli.texts import lines_of, member_lines, short, texts
from clients.sdk.answers import Answer, Receipted
from ledger.state.tables import StateRow
from ledger.times import format_time


def named(row: StateRow) -> dict[str, object]:
    """Return a state row as an object with named fields, rows inside it too; stored rows are arrays."""
    return {name: _named_value(getattr(row, name)) for name in row.__struct_fields__}


def _named_value(value: object) -> object:
    return named(value) if isinstance(value, StateRow) else msgspec.to_builtins(value)


def show_receipted(session: Session, receipted: Receipted, **more: object) -> None:
    """Write where a statement stands."""
    value = {**_builtins(receipted), **more}
    show_object(session, session.output.pick("Statement", "陈述"), value)


def show_object(session: Session, title: str, value: Mapping[str, object], hidden: Collection[str] = ()) -> None:
    """Write one object: names and values for people, without those that are `hidden` because they say nothing."""
    shown = {name: item for name, item in value.items() if name not in hidden}
    lines = [title, *(f"  {line}" for line in lines_of(shown))]
    session.output.data(value, text="\n".join(lines))


def show_rows(session: Session, title: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a list of objects: a table of the named columns for people, everything as JSON."""
    listed = list(rows)
    cells = [
        ["\n".join(short(text) for text in texts(column, row.get(column))) for column in columns] for row in listed
    ]
    session.output.data(listed, table=session.output.table(title, columns, cells))


def show_listed(session: Session, title: str, names: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write a list of objects whose values are too long for columns: the named ones as lines, everything as JSON."""
    shown = [{name: row.get(name) for name in names} for row in rows]
    lines = [title, *(f"  {line}" for row in shown for line in member_lines(row))]
    session.output.data(rows, text="\n".join(lines))


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
    session.output.data(value, text="\n".join((heading, *(f"  {line}" for line in lines_of(shown)))))


def member_of(answer: Answer, name: str) -> list[dict[str, object]]:
    """Return the array of objects that an answer has under `name`, empty when there is none."""
    found = answer.answer.get(name) if isinstance(answer.answer, dict) else answer.answer
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _builtins(value: msgspec.Struct) -> dict[str, object]:
    built: dict[str, object] = msgspec.to_builtins(value)
    return built


_FRAME = frozenset(("as_of", "time", "statements", "complete"))
"""Members of an answer that its heading says, or that only a program reads."""
