"""Fields of a payload on the command line: what option each becomes, and how its words are read and written.

| field | on the command line |
|---|---|
| text, number, choice | `--purpose credit.lending`, `--epoch 2`, `--outcome upheld` |
| true where it stands, yes or no | `--cancel`, `--flag/--no-flag` |
| list | the option again and again |
| amount of money | `--amount "12.34 CNY"`, in the currency's main unit |
| legal basis | `--basis "law;Example Law;12"` |
| set of references | `--references ID[:ROW[-ROW]]`, again and again |
| items with fields | `--items ITEM=FIELD,FIELD`, again and again |
| anything else, and in place of the last three | JSON, or `@FILE` with JSON |

A required field whose name is that of a setting (`member`, `node`, `key`, `policy`) is an argument; an optional one
becomes `--new-key`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from msgspec import inspect

from clients.cli.arguments import read_basis, read_item_fields, read_references
from clients.cli.errors import UsageProblem
from clients.cli.session import read_bytes
from clients.cli.settings import Settings
from clients.imports.currency import EXPONENTS, USUAL_EXPONENT, minor_units
from ledger.kinds.fields import LegalBasis, Money
from ledger.statement import COMMON_FIELDS

Given = Any
"""What click hands over for one parameter: a text, a number, a truth, or several of them."""

_TAKEN: Final = frozenset(Settings.model_fields) | {"config", "json", "help", "id", "dry_run"}
_METAVARS: Final = (
    ("SHA-256", "DIGEST"), ("leaf hash", "ID"), ("<statement id>", "ID[:ROW]"), ("unified social", "USCC"),
    ("day in", "YYYY-MM-DD"), ("time in", "TIME"), ("32 bytes", "BASE64URL"), ("bytes in", "BASE64URL"),
    ("purpose code", "CODE"), ("catalogue code", "CODE"), ("ISO 3166", "CN"), ("COSE_Sign1", "BASE64URL"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldOption:
    """One field: its click parameter, the reading of what click gives, and the writing of a value as words."""

    name: str
    parameter: click.Parameter
    read: Callable[[Given], object]
    """Return the JSON value; raises a `SuyuanError`."""
    write: Callable[[Any], list[str]]
    """Return the texts that read as a value, one for each time the option is given."""

    def words(self, value: object) -> list[str]:
        """Return the words of a command line that give this field `value`."""
        if isinstance(self.parameter, click.Argument):
            return self.write(value)
        flag = self.parameter.opts[0]
        if isinstance(self.parameter, click.Option) and self.parameter.is_flag:
            return [flag if value else self.parameter.secondary_opts[0]]
        return [word for text in self.write(value) for word in (flag, text)]


@dataclass(frozen=True, slots=True)
class _Form:
    """How one shape of values is given: click's type, whether again and again, and the two directions."""

    read: Callable[[Given], object]
    write: Callable[[Any], list[str]]
    type: click.ParamType[Any] = click.STRING
    metavar: str | None = None
    multiple: bool = False
    flag: bool = False
    both: bool = False
    """A flag that can also say no."""


def field_options(struct: type[msgspec.Struct]) -> list[FieldOption]:
    """Return the options of a payload type, or of an object inside one, in the order of its fields."""
    found = inspect.type_info(struct)
    assert isinstance(found, inspect.StructType)
    return [_option(field) for field in found.fields if field.encode_name not in COMMON_FIELDS]


def read_fields(options: Iterable[FieldOption], given: Mapping[str, Given]) -> dict[str, object]:
    """Return the fields of a payload from what click gives by parameter name, without those that are not given."""
    fields: dict[str, object] = {}
    for option in options:
        value = given[str(option.parameter.name)]
        if value is None or value == ():
            continue
        fields[option.name] = option.read(value)
    return fields


def words_of(options: Iterable[FieldOption], fields: Mapping[str, object]) -> list[str]:
    """Return the words of a command line that give `fields`."""
    return [word for option in options if option.name in fields for word in option.words(fields[option.name])]


def _option(field: inspect.Field) -> FieldOption:
    name = field.encode_name
    form, description = _form(field.type, name)
    place = f"field_{name}"
    metavar = form.metavar or (None if isinstance(form.type, click.Choice) else name.upper())
    if name in _TAKEN and field.required:
        argument = click.Argument([place], type=form.type, metavar=name.upper(), nargs=-1 if form.multiple else 1)
        return FieldOption(name, argument, form.read, form.write)
    flag = ("--new-" if name in _TAKEN else "--") + name.replace("_", "-")
    text = description + (" (repeatable)" if form.multiple else "")
    if form.flag:
        declared = f"{flag}/--no-{flag[2:]}" if form.both else flag
        option = click.Option([declared, place], is_flag=True, default=None, required=field.required, help=text or None)
    else:
        option = click.Option(
            [flag, place], type=form.type, metavar=metavar, multiple=form.multiple, required=field.required,
            help=text or None,
        )  # fmt: skip
    return FieldOption(name, option, form.read, form.write)


def _form(wanted: inspect.Type, name: str) -> tuple[_Form, str]:
    """Return the form of a type and what its description says."""
    described = ""
    while isinstance(wanted, inspect.Metadata | inspect.UnionType):
        if isinstance(wanted, inspect.Metadata):
            described = str((wanted.extra_json_schema or {}).get("description", described))
            wanted = wanted.type
            continue
        known = [one for one in wanted.types if not isinstance(one, inspect.NoneType)]
        if len(known) != 1:
            return _json_form(name), described
        wanted = known[0]
    if isinstance(wanted, inspect.ListType):
        return _list_form(wanted, name)
    return _single_form(wanted, name, described), described


def _single_form(wanted: inspect.Type, name: str, described: str) -> _Form:
    match wanted:
        case inspect.LiteralType(values=(True,)):
            return _Form(bool, _texts, flag=True)
        case inspect.BoolType():
            return _Form(bool, _texts, flag=True, both=True)
        case inspect.LiteralType(values=values):
            return _Form(_same, _texts, click.Choice([str(value) for value in values]))
        case inspect.StrType():
            return _Form(_same, _texts, metavar=_metavar(described))
        case inspect.IntType(ge=least, le=most):
            return _Form(_same, _texts, click.IntRange(least, most), metavar="NUMBER")
        case inspect.StructType(cls=cls) if cls is Money:
            return _Form(_read_money, _write_money, metavar="AMOUNT CURRENCY")
        case inspect.StructType(cls=cls) if cls is LegalBasis:
            return _Form(lambda text: _read_basis(text, name), _write_basis, metavar="RANK;DOCUMENT;ARTICLE")
        case inspect.DictType(value_type=inspect.ListType()):
            return _Form(lambda texts: _read_items(texts, name), _write_items, metavar="ITEM=FIELD,...", multiple=True)
    return _json_form(name)


def _list_form(wanted: inspect.ListType, name: str) -> tuple[_Form, str]:
    if isinstance(wanted.item_type, inspect.TupleType):
        read = lambda texts: _read_references(texts, name)  # noqa: E731 - the name is bound to it.
        form = _Form(read, _write_references, metavar="ID[:ROW[-ROW]]", multiple=True)
        return form, "records, rows, or @FILE"
    item, described = _form(wanted.item_type, name)
    if item.multiple or item.flag:
        return _json_form(name), described
    return _Form(
        lambda texts: [item.read(text) for text in texts],
        lambda values: [text for value in values for text in item.write(value)],
        item.type, item.metavar, multiple=True,
    ), described  # fmt: skip


def _json_form(name: str) -> _Form:
    return _Form(lambda text: read_json(text, name), _write_json, metavar="JSON|@FILE")


def read_json(text: str, name: str) -> object:
    """Return the JSON value of a text, or of the file that it names after `@`; raises `UsageProblem`."""
    data = read_bytes(Path(text[1:]).expanduser()) if text.startswith("@") else text.encode()
    try:
        return msgspec.json.decode(data)
    except msgspec.MsgspecError as error:
        raise UsageProblem(detail=f"{name} is not JSON ({error})", command="suyuan schema") from None


def _same(value: Given) -> object:
    return value


def _texts(value: object) -> list[str]:
    return [str(value)]


def _write_json(value: object) -> list[str]:
    return [msgspec.json.encode(value).decode()]


def _metavar(described: str) -> str | None:
    return next((metavar for start, metavar in _METAVARS if described.startswith(start)), None)


def _read_money(text: str) -> object:
    number, _, currency = text.strip().rpartition(" ")
    try:
        amount = Decimal(number)
    except InvalidOperation:
        detail = f"{text} is not an amount with its currency, such as 12.34 CNY"
        raise UsageProblem(detail=detail, command="suyuan schema") from None
    return {"amount": minor_units(amount, currency, text), "currency": currency}


def _write_money(value: Mapping[str, Any]) -> list[str]:
    currency = str(value["currency"])
    places = EXPONENTS.get(currency, USUAL_EXPONENT)
    return [f"{Decimal(int(value['amount'])).scaleb(-places):f} {currency}"]


def _read_basis(text: str, name: str) -> object:
    if text.startswith(("{", "@")):
        return read_json(text, name)
    found: object = msgspec.to_builtins(read_basis(text))
    return found


def _write_basis(value: Mapping[str, Any]) -> list[str]:
    parts = [str(value[part]) for part in ("rank", "document", "article")]
    # A semicolon inside would be read as a border.
    return _write_json(value) if any(";" in part for part in parts) else [";".join(parts)]


def _read_items(texts: Sequence[str], name: str) -> object:
    if len(texts) == 1 and texts[0].startswith(("{", "@")):
        return read_json(texts[0], name)
    return read_item_fields(texts)


def _write_items(value: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{item}={','.join(fields)}" for item, fields in value.items()]


def _read_references(texts: Sequence[str], name: str) -> object:
    if len(texts) == 1 and texts[0].startswith(("[", "@")):
        return read_json(texts[0], name)
    found = read_references(texts)
    return None if found is None else found.to_json()


def _write_references(value: Sequence[tuple[str, Sequence[tuple[int, int]]]]) -> list[str]:
    texts: list[str] = []
    for statement, ranges in value:
        texts += [f"{statement}:{first}-{last}" for first, last in ranges] or [statement]
    return texts


__all__ = ["FieldOption", "field_options", "read_fields", "read_json", "words_of"]
