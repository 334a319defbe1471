"""Reading request bodies with a limit, so that nobody can fill a node's memory."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from ledger.errors import FormError, Text

MAX_SEQUENCE_BYTES = 16 * 2**20
"""Largest body of POST /v1/statements."""

MAX_MANIFEST_BYTES = 2**30
"""Largest manifest: 2^24 rows of 64 bytes."""


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


class WrongMediaType(FormError):
    """The body is not of a media type this route takes."""

    code = "body.media_type"
    what = Text("This route takes {expected}, not {found}.", "该接口接受 {expected}，而不是 {found}。")
    next_step = Text("Set the Content-Type header.", "请设置 Content-Type 请求头。")


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body; raises BodyTooLarge as soon as `limit` bytes are passed, BodyTruncated when it breaks off."""
    announced = request.headers.get("content-length")
    if announced is not None and (not announced.isdecimal() or int(announced) > limit):
        raise BodyTooLarge(limit=limit)
    chunks: list[bytes] = []
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > limit:
                raise BodyTooLarge(limit=limit)
            chunks.append(chunk)
    except ClientDisconnect:
        raise BodyTruncated(received=received, announced=announced or "?") from None
    if announced is not None and received != int(announced):
        raise BodyTruncated(received=received, announced=announced)
    return b"".join(chunks)


def media_type(request: Request) -> str:
    """Return the media type of the body in lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
