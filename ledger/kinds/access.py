"""Payloads of `access.*` (docs/rules.md: 查询本人信息)."""

from __future__ import annotations

from ledger.kinds.fields import Digest, Payload, StatementId, Uscc


class AccessRequest(Payload, frozen=True, kw_only=True, tag_field="kind", tag="access.request"):
    """Asks `holder`, which keeps the side table, for everything about a subject, under a mandate or a case.

    `scope` commits to whom it is about (`ledger.scope_commitment`): the ledger never says it.
    """

    holder: Uscc
    scope: Digest
    mandate: StatementId | None = None
    case: StatementId | None = None


class AccessAnswer(Payload, frozen=True, kw_only=True, tag_field="kind", tag="access.answer"):
    """The answer's hash; the answer itself goes to who asked."""

    request: StatementId
    answer: Digest
