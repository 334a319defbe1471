"""The synchronous client of a node: a thin shell that sends the calls of `clients.sdk.requests`."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx2
import stamina

from clients.sdk import requests
from clients.sdk.answers import FetchedStatement, LogInfo, Receipted, SequencePlaced, WaitState
from clients.sdk.identity import Identity, TokenCache
from clients.sdk.sending import (
    ATTEMPTS,
    RETRY_TIMEOUT,
    TIMEOUT,
    base_url_of,
    headers_of,
    read_answer,
    response_of,
    retry_after,
    unreachable,
)
from clients.sdk.verification import ProvenStatement, prove_statement
from clients.sdk.wire import Call
from ledger.kinds.fields import Payload
from ledger.notes.policy import Policy
from ledger.statement import Statement

T = TypeVar("T")


class Client:
    """One node as seen by one member, or by nobody in particular when `identity` is None.

    `node` is the node's name, the audience of access tokens; without it the node is asked once. `language` is "en" or
    "zh" and chooses the language of the node's error texts. Every method raises `NodeUnreachable` when no answer comes
    and a `RemoteProblem` for the node's own errors. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        url: str,
        *,
        identity: Identity | None = None,
        node: str | None = None,
        language: str = "en",
        attempts: int = ATTEMPTS,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.url = base_url_of(url)
        self.identity = identity
        self._language = language
        self._attempts = attempts
        self._node = node
        self._log: LogInfo | None = None
        self._tokens: TokenCache | None = None
        self._http = httpx2.Client(base_url=self.url, timeout=TIMEOUT, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def run(self, call: Call[T]) -> T:
        """Send any call of `clients.sdk.requests` and return its answer, retrying where that does no harm."""
        token = self._token() if call.bearer else None
        if not call.repeatable:
            return self._once(call, token)
        for attempt in stamina.retry_context(on=retry_after, attempts=self._attempts, timeout=RETRY_TIMEOUT):
            with attempt:
                return self._once(call, token)
        raise AssertionError("the last attempt returns or raises")

    def log(self) -> LogInfo:
        """Return what the node says of its log now."""
        self._log = self.run(requests.log())
        return self._log

    def audience(self) -> str:
        """Return the `aud` of this ledger's statements, asked for once."""
        return (self._log or self.log()).audience

    def submit(self, statement: Statement | bytes, wait: WaitState = "integrated") -> Receipted:
        """Submit a signed statement; raises `RefusedProblem` when a rule forbids it."""
        raw = statement.raw if isinstance(statement, Statement) else statement
        return self.run(requests.submit(raw, wait))

    def sign_and_submit(self, payload: Payload, wait: WaitState = "integrated") -> Receipted:
        """Sign a payload as this client's member and submit it; raises as `submit`."""
        return self.submit(self.signing_identity().sign(payload, self.audience()), wait)

    def submit_sequence(
        self, statements: Sequence[Statement | bytes], wait: WaitState = "integrated"
    ) -> SequencePlaced:
        """Submit up to 1,000 statements in one body; the outcome of each is in the answer."""
        raws = [item.raw if isinstance(item, Statement) else item for item in statements]
        return self.run(requests.submit_sequence(raws, wait))

    def statement(self, statement_id: str) -> FetchedStatement:
        """Fetch a statement; only its id is checked."""
        return self.run(requests.statement(statement_id))

    def verified_statement(self, statement_id: str, policy: Policy) -> ProvenStatement:
        """Fetch a statement with its proof and check both offline under `policy`.

        A refused one comes back with the rule in `refused_under`. Raises as `prove_statement`.
        """
        fetched = self.statement(statement_id)
        rule = self.run(requests.statement_info(statement_id)).rule if fetched.refused else None
        proof = self.run(requests.proof(statement_id))
        return prove_statement(fetched.statement, proof, policy, refused_under=rule)

    def signing_identity(self) -> Identity:
        """Return the identity; raises ValueError when the client has none."""
        if self.identity is None:
            raise ValueError("this client has no identity to sign with")
        return self.identity

    def _token(self) -> str | None:
        if self.identity is None:
            return None
        if self._tokens is None:
            if self._node is None:
                self._node = (self._log or self.log()).node
            self._tokens = TokenCache(self.identity, self._node)
        return self._tokens.bearer()

    def _once(self, call: Call[T], token: str | None) -> T:
        request = call.request
        try:
            answer = self._http.request(
                request.method,
                request.path,
                params=list(request.query) or None,
                headers=headers_of(request, token, self._language),
                content=request.body,
            )
        except httpx2.TransportError as error:
            raise unreachable(self.url, error) from error
        return read_answer(call, response_of(answer.status_code, answer.headers, answer.content))
