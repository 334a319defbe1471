"""Payloads of `record.dispute` and `record.resolve` (异议; docs/spec/kinds.md)."""

from __future__ import annotations

from typing import Literal

from ledger.kinds.fields import Digest, Payload, RecordReference, StatementId


class RecordDispute(Payload, frozen=True, kw_only=True, tag_field="kind", tag="record.dispute"):
    """Objects to a record or row, or to a list entry, publication, product or contract by its statement id.

    `ground` commits to the explanation kept off the ledger. An agent names the `mandate` it acts under.
    """

    about: RecordReference
    ground: Digest
    mandate: StatementId | None = None


class RecordResolve(Payload, frozen=True, kw_only=True, tag_field="kind", tag="record.resolve"):
    """Ends a dispute: upheld, rejected, or withdrawn by the member that raised it."""

    dispute: StatementId
    outcome: Literal["upheld", "rejected", "withdrawn"]
    ground: Digest | None = None


__all__ = ["RecordDispute", "RecordResolve"]
