"""Reading request bodies with a limit, so that nobody can fill a node's memory."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from ledger.errors import FormError, Text

MAX_SEQUENCE_BYTES = 16 * 2**20
"""Largest body of POST /v1/statements."""

SLOWEST_BYTES_PER_SECOND: Final = 4096
"""A body that comes more slowly than this, after the first seconds that the node grants, is broken off."""


class BodyTooLarge(FormError):
    """The body is larger than the route allows."""

    code = "body.too_large"
    what = Text("The body is larger than {limit} bytes.", "请求体超过 {limit} 字节。")
    next_step = Text("Split it into several requests.", "请拆分为多个请求。")


class BodyTruncated(FormError):
    """The body ended before its announced length, or the connection broke."""

    code = "body.truncated"
    what = Text(
        "The body ended after {received} of {announced} bytes.",
        "请求体在 {announced} 字节中的第 {received} 字节处中断。",
    )
    why = Text("Nothing of it was taken.", "未采用其中任何内容。")
    next_step = Text("Send it again in full.", "请重新完整发送。")


class BodyTooSlow(FormError):
    """The body comes so slowly that it would only hold a connection."""

    code = "body.too_slow"
    what = Text(
        "Only {received} bytes of the body came in {seconds} s.", "请求体在 {seconds} 秒内仅收到 {received} 字节。"
    )
    why = Text("Nothing of it was taken.", "未采用其中任何内容。")
    next_step = Text("Send it again over a better connection.", "请在更稳定的网络中重新发送。")


class WrongMediaType(FormError):
    """The body is not of a media type this route takes."""

    code = "body.media_type"
    what = Text("This route takes {expected}, not {found}.", "该接口接受 {expected}，而不是 {found}。")
    next_step = Text("Set the Content-Type header.", "请设置 Content-Type 请求头。")


async def read_body(request: Request, limit: int, patience: float) -> bytes:
    """Return the body of at most `limit` bytes.

    It may take `patience` seconds, and a second more for every SLOWEST_BYTES_PER_SECOND that have come. Raises
    BodyTooLarge as soon as the limit is passed, BodyTooSlow, and BodyTruncated when it breaks off.
    """
    announced = request.headers.get("content-length")
    if announced is not None and (not announced.isdecimal() or int(announced) > limit):
        raise BodyTooLarge(limit=limit)
    chunks: list[bytes] = []
    received = 0
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(began + patience) as end:
            async for chunk in request.stream():
                received += len(chunk)
                if received > limit:
                    raise BodyTooLarge(limit=limit)
                chunks.append(chunk)
                end.reschedule(began + patience + received / SLOWEST_BYTES_PER_SECOND)
    except ClientDisconnect:
        raise BodyTruncated(received=received, announced=announced or "?") from None
    except TimeoutError:
        seconds = round(asyncio.get_running_loop().time() - began)
        raise BodyTooSlow(received=received, seconds=seconds) from None
    if announced is not None and received != int(announced):
        raise BodyTruncated(received=received, announced=announced)
    return b"".join(chunks)


def media_type(request: Request) -> str:
    """Return the media type of the body in lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
