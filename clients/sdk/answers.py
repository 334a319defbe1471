"""The typed answers of a node and how each is read from a response.

A reader raises the typed problem for a status of 400 or more and `AnswerMalformed` for a body it cannot read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from clients.sdk.errors import AnswerMalformed, RemoteProblem, problem_from, problem_from_members
from clients.sdk.wire import Response
from ledger.lineage.answers import Duty
from ledger.state.tables import StateRow
from ledger.statement import Statement, decode_statement

WaitState = Literal["sequenced", "integrated", "published", "witnessed"]
Status = Literal["admitted", "refused", "duplicate", "rejected"]
Row = TypeVar("Row", bound=StateRow)
T = TypeVar("T")
Json = dict[str, object]
"""A decoded JSON object."""


class Receipted(msgspec.Struct, frozen=True, rename={"statement_id": "id"}):
    """Where a statement stands: `index` in the log, `size` of the tree when the node answered, the state reached.

    `status` is "admitted", or "duplicate" when the same was logged before: then `index` is its first place.
    """

    statement_id: str
    index: int
    status: Status
    state: WaitState
    size: int


class Placed(msgspec.Struct, frozen=True, rename={"statement_id": "id"}):
    """What became of one statement of a sequence; `index` is None when it left no leaf."""

    statement_id: str
    status: Status
    index: int | None = None
    problem: Json | None = None

    def error(self) -> RemoteProblem | None:
        """Return the typed problem of a refused or rejected statement, else None."""
        if self.problem is None:
            return None
        status = self.problem.get("status")
        members = {"id": self.statement_id, **self.problem}
        if self.index is not None:
            members["index"] = self.index
        return problem_from_members(status if isinstance(status, int) else 400, members)


class SequencePlaced(msgspec.Struct, frozen=True):
    """The outcomes of a sequence in the order sent, the state reached and the tree size at the answer."""

    results: list[Placed]
    state: WaitState
    size: int


class LogInfo(msgspec.Struct, frozen=True):
    """What a node says of its log; nothing of it is proven. `genesis`, `root` and `app_hash` are hex, `time` ms."""

    origin: str
    genesis: str
    audience: str
    size: int
    root: str
    height: int
    time: int
    app_hash: str
    node: str = ""


class StatementInfo(msgspec.Struct, frozen=True, rename={"statement_id": "id"}):
    """A statement's row: where it stands, by whom, under which rule it was refused."""

    statement_id: str
    index: int
    kind: str
    iss: str
    kid: str
    sub: str
    iat: int
    block_time: int
    rule: str | None = None
    status: str = ""


class FetchedStatement(msgspec.Struct, frozen=True):
    """A statement as the node returned it; `index` and `refused` are the node's word until a proof is checked."""

    statement: Statement
    index: int
    refused: bool


class Answer(msgspec.Struct, frozen=True):
    """An answer to a question: `answer` at tree size `as_of`, resting on `statements`; complete by replay."""

    as_of: int
    time: int
    root: str
    complete: str
    answer: object
    statements: list[str]

    def read_as(self, target: type[T]) -> T:
        """Return `answer` as a typed struct; raises `AnswerMalformed`."""
        try:
            return msgspec.convert(self.answer, target, strict=False)
        except msgspec.ValidationError as error:
            raise AnswerMalformed(path="answer", detail=str(error)) from error


def read_duties(answer: Answer) -> list[Duty]:
    """Return the duties of an answer to question 6; raises `AnswerMalformed`."""
    value = answer.answer
    members = value.get("duties") if isinstance(value, dict) else value
    try:
        return msgspec.convert(members, list[Duty], strict=False)
    except msgspec.ValidationError as error:
        raise AnswerMalformed(path="/v1/duties", detail=str(error)) from error


class Held(msgspec.Struct, frozen=True):
    """A node's signature that it holds a manifest, base64url, as `record.batch` carries it."""

    held: str


def checked(response: Response) -> Response:
    """Return a response below 400; raises the typed problem of any other."""
    if response.status >= 400:
        raise problem_from(response)
    return response


def read_json(target: type[T], path: str) -> Callable[[Response], T]:
    """Return a reader of a JSON body as `target`."""

    def read(response: Response) -> T:
        try:
            return msgspec.json.decode(checked(response).body, type=target)
        except msgspec.MsgspecError as error:
            raise AnswerMalformed(path=path, detail=str(error)) from error

    return read


def read_row(row: type[Row], path: str) -> Callable[[Response], Row]:
    """Return a reader of one state row, given as an object by field name or as the array of its fields in order."""

    def read(response: Response) -> Row:
        try:
            value: object = msgspec.json.decode(checked(response).body)
            return row_from(row, value)
        except msgspec.MsgspecError as error:
            raise AnswerMalformed(path=path, detail=str(error)) from error

    return read


def read_rows(row: type[Row], path: str) -> Callable[[Response], list[Row]]:
    """Return a reader of an array of state rows, alone or as the only array member of an object."""

    def read(response: Response) -> list[Row]:
        try:
            value: object = msgspec.json.decode(checked(response).body)
            if isinstance(value, dict):
                arrays = [member for member in value.values() if isinstance(member, list)]
                value = arrays[0] if len(arrays) == 1 else value
            if not isinstance(value, list):
                raise AnswerMalformed(path=path, detail="an array is wanted")
            return [row_from(row, item) for item in value]
        except msgspec.MsgspecError as error:
            raise AnswerMalformed(path=path, detail=str(error)) from error

    return read


def row_from(row: type[Row], value: object) -> Row:
    """Return a state row from decoded JSON; raises `msgspec.ValidationError`.

    Rows are arrays in their stored form. An object is put into that order; a field it leaves out takes its default.
    """
    if isinstance(value, dict):
        fields = msgspec.structs.fields(row)
        known = [field for field in fields if field.name in value or field.encode_name in value]
        missing = [field.name for field in fields if field.required and field not in known]
        if missing:
            raise msgspec.ValidationError(f"field {missing[0]} is missing")
        members = {field.name: value.get(field.name, value.get(field.encode_name)) for field in known}
        value = [members[field.name] if field.name in members else _default_of(field) for field in fields]
    return msgspec.convert(value, row)


def _default_of(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default_factory())
    return msgspec.to_builtins(field.default)


def read_text(response: Response) -> str:
    """Read a UTF-8 body."""
    try:
        return checked(response).body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AnswerMalformed(path="text", detail="not UTF-8") from error


def read_bytes(response: Response) -> bytes:
    """Read a body as it is."""
    return checked(response).body


def read_nothing(response: Response) -> None:
    """Check that the node agreed; there is nothing to read."""
    checked(response)


def read_statement(response: Response) -> FetchedStatement:
    """Read a statement's bytes and the node's word on its place."""
    found = checked(response)
    index = found.headers.get("suyuan-index", "")
    if not (index.isascii() and index.isdigit() and len(index) < 20):
        raise AnswerMalformed(path="statement", detail="header Suyuan-Index is missing")
    return FetchedStatement(
        decode_statement(found.body), int(index), found.headers.get("suyuan-status", "admitted") != "admitted"
    )
