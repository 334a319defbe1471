"""What both clients do alike around the sending itself: headers, retries, errors of the transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import httpx2

from clients.sdk.answers import checked
from clients.sdk.errors import AddressUnusable, BusyProblem, NodeUnreachable
from clients.sdk.wire import Call, Request, Response

T = TypeVar("T")

ATTEMPTS = 5
"""Times a repeatable call is sent before its failure is raised."""
RETRY_TIMEOUT = 45.0
"""Seconds over all attempts of one call."""
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 60.0
"""Seconds; a submission that waits for the quorum is answered within the node's own limit, which is shorter."""
USER_AGENT = "suyuan-client/1"

TIMEOUT = httpx2.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)


def headers_of(request: Request, token: str | None, language: str) -> dict[str, str]:
    """Return the header fields to send; a token is sent only where the call asks for one."""
    headers = {"user-agent": USER_AGENT, "accept-language": language, **dict(request.headers)}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return headers


def response_of(status: int, headers: Mapping[str, str], body: bytes) -> Response:
    """Return what came back as a plain value with lower-case header names."""
    return Response(status, {name.lower(): value for name, value in headers.items()}, body)


def read_answer(call: Call[T], response: Response) -> T:
    """Read an answer, first raising `BusyProblem` where the node asks to come back, so that a retry sees it."""
    if response.status in (429, 502, 503, 504):
        checked(response)
    return call.read(response)


def unreachable(target: str, error: httpx2.TransportError) -> NodeUnreachable:
    """Return the error for a node that did not answer."""
    return NodeUnreachable(target=target, detail=f"{type(error).__name__} {error}".strip())


def retry_after(error: Exception) -> bool | float:
    """Say whether a failed attempt is repeated: the node's own waiting time, True for the usual backoff, or False."""
    if isinstance(error, BusyProblem):
        return float(error.retry_after)
    return isinstance(error, NodeUnreachable)


def base_url_of(url: str) -> str:
    """Return the node's address without a trailing slash; raises `AddressUnusable` unless it is an http(s) URL."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise AddressUnusable(url=url[:200]) from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise AddressUnusable(url=url[:200])
    return url.rstrip("/")
