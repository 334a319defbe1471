"""Errors as RFC 9457 problem details, in the caller's language; the only place that knows HTTP statuses.

`type` is `urn:suyuan:error:<code>`; `code`, `next` and the error's parameters are extension members (RFC 9457, 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ledger.errors import (
    AccessError,
    ConfigError,
    ForkError,
    FormError,
    InconclusiveError,
    NotFoundError,
    OverloadError,
    ProofError,
    QuorumError,
    SignatureError,
    StateError,
    SuyuanError,
    UnreachableError,
)
from ledger.rules.registry import RuleError

PROBLEM_TYPE = "application/problem+json"

_STATUS_BY_CODE: dict[str, int] = {
    "access.token_missing": 401,
    "access.token": 401,
    "statement.time_window": 422,
    "key.unknown": 401,
    "form.statement.entry_size": 413,
    "form.statement.payload_size": 413,
    "form.sequence.length": 413,
    "body.too_large": 413,
    "upload.size": 413,
    "body.too_slow": 408,
    "body.media_type": 415,
    "http.method": 405,
}
_STATUS_BY_FAMILY: tuple[tuple[type[SuyuanError], int], ...] = (
    (FormError, 400),
    (SignatureError, 401),
    (AccessError, 403),
    (NotFoundError, 404),
    (StateError, 409),
    (ProofError, 422),
    (QuorumError, 503),
    (ForkError, 500),
    (InconclusiveError, 422),
    (OverloadError, 429),
    (UnreachableError, 503),
    (ConfigError, 500),
)
REFUSED = 403
BROKEN_RULE = 422

_TITLES = {
    400: ("Malformed input", "输入格式有误"),
    401: ("Not authenticated", "未通过身份验证"),
    403: ("Not authorised", "未获授权"),
    404: ("Not found", "未找到"),
    405: ("Method not allowed", "不支持该方法"),
    408: ("Too slow", "传输过慢"),
    409: ("Conflict with the ledger's state", "与账本状态冲突"),
    413: ("Too large", "内容过大"),
    415: ("Unsupported media type", "不支持的媒体类型"),
    422: ("A rule forbids it", "规则不允许"),
    429: ("Too busy", "请求过多"),
    500: ("Internal error", "内部错误"),
    503: ("Not available", "暂不可用"),
}


def status_of(error: SuyuanError) -> int:
    """Return the HTTP status of an error: a refusal is 403, another broken rule 422, the rest by code or family."""
    if isinstance(error, RuleError):
        return REFUSED if error.recorded else BROKEN_RULE
    code = error.stable_code
    if code in _STATUS_BY_CODE:
        return _STATUS_BY_CODE[code]
    return next((status for family, status in _STATUS_BY_FAMILY if isinstance(error, family)), 500)


def language_of(headers: Mapping[str, str]) -> str:
    """Return "zh" when Accept-Language prefers Chinese over English (RFC 9110, 12.5.4), else "en"."""
    best, language = -1.0, "en"
    for part in headers.get("accept-language", "").split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().lower().split("-")[0]
        if primary not in ("zh", "en"):
            continue
        weight = _quality(parameters)
        if weight > max(best, 0.0):
            best, language = weight, primary
    return language


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def problem(error: SuyuanError, language: str, **extra: object) -> dict[str, object]:
    """Return the problem details of an error as a JSON object."""
    status = status_of(error)
    english, chinese = _TITLES.get(status, _TITLES[500])
    params = {key: value for key, value in error.params.items() if key not in ("status", "type", "title")}
    body: dict[str, object] = {
        "type": f"urn:suyuan:error:{error.stable_code}",
        "title": chinese if language == "zh" else english,
        "status": status,
        "detail": error.message(language),
        "code": error.stable_code,
        "next": error.advice(language),
        "params": params,
    }
    if isinstance(error, RuleError):
        body["rule"] = error.rule
    body.update(extra)
    return body


def problem_response(request: Request, error: SuyuanError, **extra: object) -> Response:
    """Return the HTTP answer for an error, in the language the request asks for."""
    language = language_of(request.headers)
    body = problem(error, language, **extra)
    # Without a word on caching, a cache may keep a 404 for a tile that is there a second later (RFC 9111, 4.2.2).
    headers = {"content-language": language, "vary": "accept-language", "cache-control": "no-store"}
    if isinstance(error, OverloadError):
        headers["retry-after"] = str(error.params.get("retry_after", 1))
    if body["status"] == 401:
        headers["www-authenticate"] = 'Bearer realm="suyuan"'
    if body["status"] == 405:
        headers["allow"] = str(error.params.get("allowed", ""))
    if body["status"] == 408:
        headers["connection"] = "close"
    return Response(orjson.dumps(body), status_code=status_of(error), media_type=PROBLEM_TYPE, headers=headers)
