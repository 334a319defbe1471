"""What can go wrong between client and node, in the one error tree.

A node answers with problem details (RFC 9457). They come back as the class of the family that fits, so that a caller
handles a remote refusal like a local one: `RefusedProblem` is a `RuleError`, `AccessProblem` an `AccessError`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from clients.sdk.wire import Response
from ledger.errors import (
    AccessError,
    ConfigError,
    FormError,
    NotFoundError,
    OverloadError,
    Param,
    StateError,
    SuyuanError,
    Text,
    UnreachableError,
)
from ledger.rules.registry import RuleError

PROBLEM_TYPE = "application/problem+json"
DEFAULT_RETRY_AFTER = 1
"""Seconds to wait when a busy node does not say how long."""
MAX_RETRY_AFTER = 30
"""Seconds; a longer wait that a node asks for is cut to this."""
_KNOWN = frozenset({"type", "title", "status", "detail", "code", "next", "id", "index", "rule", "instance"})


class RemoteProblem(SuyuanError):
    """A node's problem answer (RFC 9457).

    `remote_code` is the code of the node's error, `detail` and `next` its texts in the language asked for; `rule`,
    `statement_id` and `index` are set when the problem is about a statement; other members are in `params`.
    """

    code = "remote.problem"
    what = Text("The node answered: {detail}", "节点答复：{detail}")
    next_step = Text("{next}", "{next}")

    def __init__(self, status: int, members: Mapping[str, object]) -> None:
        self.status = status
        self.remote_code = _text(members, "code") or f"http.{status}"
        self.title = _text(members, "title")
        self.detail_text = _text(members, "detail") or self.title or f"HTTP {status}"
        self.next = _text(members, "next")
        self.rule_id = _text(members, "rule") or None
        self.statement_id = _text(members, "id") or None
        index = members.get("index")
        self.index = index if isinstance(index, int) and not isinstance(index, bool) else None
        inner = members.get("params")
        given = {**(inner if isinstance(inner, dict) else {}), **members}
        params: dict[str, Param] = {
            name: value
            for name, value in given.items()
            if name not in _KNOWN and isinstance(value, str | int) and not isinstance(value, bool)
        }
        params |= {"detail": self.detail_text, "next": self.next, "status": status}
        SuyuanError.__init__(self, **params)

    @property
    def stable_code(self) -> str:
        """The code of the node's error."""
        return self.remote_code

    def message(self, language: str = "en") -> str:
        """The node's own text; it was asked for in the client's language."""
        return self.what.fill(self.params, language)

    def advice(self, language: str = "en") -> str:
        """The node's own advice."""
        return self.next_step.fill(self.params, language)


class RefusedProblem(RemoteProblem, RuleError):
    """A rule forbids it. With an `index` the attempt stands in the log as a refusal entry, else it left no leaf."""

    code = "remote.refused"
    what = Text("{detail}", "{detail}")

    def __init__(self, status: int, members: Mapping[str, object]) -> None:
        RemoteProblem.__init__(self, status, members)
        self.rule = self.rule_id or self.remote_code
        self.detail = Text(self.detail_text, self.detail_text)

    @property
    def recorded(self) -> bool:
        """Whether the attempt is in the log."""
        return self.index is not None


class FormProblem(RemoteProblem, FormError):
    """The node found the request malformed."""

    code = "remote.form"


class AccessProblem(RemoteProblem, AccessError):
    """The node does not let this member read or do that."""

    code = "remote.access"


class NotFoundProblem(RemoteProblem, NotFoundError):
    """The node has no such thing, or not yet."""

    code = "remote.not_found"


class ConflictProblem(RemoteProblem, StateError):
    """The request does not fit what the ledger or the node holds."""

    code = "remote.conflict"


class BusyProblem(RemoteProblem, OverloadError):
    """The node is full; `retry_after` says how many seconds to wait."""

    code = "remote.busy"

    def __init__(self, status: int, members: Mapping[str, object], retry_after: int = DEFAULT_RETRY_AFTER) -> None:
        RemoteProblem.__init__(self, status, members)
        self.retry_after = min(max(retry_after, 0), MAX_RETRY_AFTER)


class AnswerMalformed(FormError):
    """The node answered with something that is not what the route gives."""

    code = "remote.answer"
    what = Text("The node's answer to {path} is not readable: {detail}.", "节点对 {path} 的答复无法读取：{detail}。")
    next_step = Text("Check that the address is a Suyuan node's.", "请确认该地址为溯源节点。")


class AddressUnusable(ConfigError):
    """The address of a node is no http or https URL; nothing is sent to it."""

    code = "remote.address"
    what = Text("“{url}” is not the address of a node.", "“{url}”不是节点地址。")
    why = Text(
        "An address is http://host:port or https://host:port.", "地址形如 http://host:port 或 https://host:port。"
    )
    next_step = Text("Set it with --node or SUYUAN_NODE.", "请通过 --node 或 SUYUAN_NODE 设置。")


class NodeUnreachable(UnreachableError):
    """No answer came at all."""

    code = "remote.unreachable"


def problem_from(response: Response) -> RemoteProblem:
    """Return the typed problem that a response with a status of 400 or more stands for."""
    return problem_from_members(response.status, _members(response), _retry_after(response))


def problem_from_members(
    status: int, members: Mapping[str, object], retry_after: int = DEFAULT_RETRY_AFTER
) -> RemoteProblem:
    """Return the typed problem for problem details that were already read, as in the answer to a sequence."""
    if members.get("rule"):
        return RefusedProblem(status, members)
    if status in (401, 403):
        return AccessProblem(status, members)
    if status in (404, 410):
        return NotFoundProblem(status, members)
    if status == 409:
        return ConflictProblem(status, members)
    if status in (429, 502, 503, 504):
        return BusyProblem(status, members, retry_after)
    if status in (400, 405, 406, 411, 413, 415, 422):
        return FormProblem(status, members)
    return RemoteProblem(status, members)


def _members(response: Response) -> dict[str, object]:
    if response.media_type not in (PROBLEM_TYPE, "application/json"):
        return {}
    try:
        return msgspec.json.decode(response.body, type=dict[str, object])
    except msgspec.MsgspecError:
        return {}


def _retry_after(response: Response) -> int:
    text = response.headers.get("retry-after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else DEFAULT_RETRY_AFTER


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""
