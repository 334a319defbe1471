"""Reading documents of others: one typed error with the path of what does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.errors import FormError, Text


class ForeignDocument(FormError):
    """A document of another standard that cannot be taken over."""

    code = "exchange.document"
    what = Text("At {path}: {detail}.", "{path} 处：{detail}。")
    why = Text("Only what has the same meaning here is taken over.", "仅导入与本账本含义一致的内容。")
    next_step = Text("Correct the document, or state the grant by hand.", "请更正文件，或手工填写授权。")


def member_of(document: object, path: str, name: str) -> object:
    """Return a member of an object; raises `ForeignDocument`."""
    if not isinstance(document, Mapping) or name not in document:
        raise ForeignDocument(path=path, detail=f"{name} is missing")
    return document[name]


def text_of(document: object, path: str, name: str) -> str:
    """Return a member that is text; raises `ForeignDocument`."""
    value = member_of(document, path, name)
    if not isinstance(value, str):
        raise ForeignDocument(path=f"{path}.{name}", detail="it is no text")
    return value


def number_of(document: object, path: str, name: str) -> int:
    """Return a member that is a whole number; raises `ForeignDocument`."""
    value = member_of(document, path, name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ForeignDocument(path=f"{path}.{name}", detail="it is no whole number")
    return value


def list_of(document: object, path: str, name: str) -> Sequence[object]:
    """Return a member that is an array; raises `ForeignDocument`."""
    value = member_of(document, path, name)
    if not isinstance(value, list | tuple):
        raise ForeignDocument(path=f"{path}.{name}", detail="it is no array")
    return value


def after_prefix(value: str, prefix: str, path: str) -> str:
    """Return what follows a prefix; raises `ForeignDocument`."""
    if not value.startswith(prefix):
        raise ForeignDocument(path=path, detail=f"{value[:60]} does not begin with {prefix}")
    return value[len(prefix) :]
