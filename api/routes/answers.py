"""The common frame of answers: the tree they were given for, and the statements they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import Query
from starlette.responses import Response

from ledger.errors import NotFoundError
from node.front_service import Reader

AsOf = Annotated[int | None, Query(ge=1, description="tree size; the head's when left out")]


class Asked:
    """Frames answers over one reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def size(self, as_of: int | None) -> int:
        """Return the tree size asked for, or the head's; raises NotFoundError for one beyond the head."""
        head = self._reader.head().size
        if as_of is not None and as_of > head:
            raise NotFoundError(what_kind="tree size", name=str(as_of))
        return as_of or head

    def answer(self, value: object, as_of: int, statements: Sequence[str]) -> Response:
        """Return the framed answer as JSON."""
        body = {
            "as_of": as_of,
            "time": self._reader.time_at(as_of),
            "root": self._reader.root_at(as_of).hex(),
            "complete": "replay",
            "answer": value,
            "statements": statements,
        }
        return Response(msgspec.json.encode(body), media_type="application/json", headers={"cache-control": "private"})
