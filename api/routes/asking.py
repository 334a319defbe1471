"""Questions that carry a JSON body: their reading, its bound, and its description for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request

from api.bodies import read_body
from ledger.errors import FormError, Text

MAX_ASKED_BYTES: Final = 2**20
"""Largest body of a question: a reference set of the largest size fits."""

T = TypeVar("T")


class QuestionMalformed(FormError):
    """The body of a question is not the JSON object that it should be."""

    code = "query.body"
    what = Text("The body is not what this question takes: {detail}.", "请求体与该问题要求不符：{detail}。")
    next_step = Text("See the OpenAPI document.", "请参阅 OpenAPI 文档。")


async def read_asked(request: Request, kind: type[T], patience: float) -> T:
    """Return the body of a question; `patience` is in seconds. Raises QuestionMalformed or as `read_body`."""
    data = await read_body(request, MAX_ASKED_BYTES, patience)
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise QuestionMalformed(detail=str(error)) from None


def described(kind: type[Any]) -> dict[str, Any]:
    """Return what the OpenAPI document says of a question's body."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
    while "$ref" in schema:
        schema = parts[schema["$ref"].rpartition("/")[2]]
    inline = msgspec.json.decode(msgspec.json.encode(schema))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(inline, parts)}}}}


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """Return a schema with every reference replaced by what it names, so that the document needs no names of them."""
    if isinstance(schema, list):
        return [_inlined(item, parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {name: _inlined(value, parts) for name, value in schema.items()}
