"""Requests and responses as plain values, so that everything but the sending itself is pure.

A `Call` is a request together with the way to read its answer. The synchronous and the asynchronous client send the
same calls; neither knows what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Method = Literal["GET", "PUT", "POST", "DELETE"]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` starts with a slash and is already percent-encoded; header names are lower case."""

    method: Method
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response with its whole body; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The content type without parameters, lower case; empty when none is given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, how its answer is read, and how it may be sent.

    `bearer`: the node asks for a member's token. `repeatable`: sending it twice does no harm, so a lost answer is
    asked for again (reads, content-addressed uploads, deletions, and submissions: the ledger answers a duplicate with
    its first place). `read` raises `RemoteProblem` for a problem and `AnswerMalformed` for what it cannot read.
    """

    request: Request
    read: Callable[[Response], T]
    bearer: bool = False
    repeatable: bool = True
