"""Payloads of `query.batch` and `product.issue` (docs/rules.md, hand-over)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import (
    MAX_ITEMS,
    Code,
    Count,
    Day,
    Digest,
    Payload,
    Purpose,
    ReferenceSetJson,
    StatementId,
    SubjectClass,
    Time,
    Uscc,
    Value,
)
from ledger.kinds.grants import ItemFields

StatementIds = Annotated[list[StatementId], Meta(min_length=1, max_length=MAX_ITEMS)]


class Period(Value, frozen=True):
    """From one instant to just before another."""

    begin: Time
    end: Time


class DayPeriod(Value, frozen=True):
    """From one day to another, both included."""

    first: Day
    last: Day


class QueryBatch(Payload, frozen=True, kw_only=True, tag_field="kind", tag="query.batch"):
    """What was looked at, or asked, under a grant in a period, in modes that hand over no copy.

    `count` queries, `root` the RFC 9162 root over their rows (time, reference, purpose), `references` the records asked
    for. One side signs it; the other signs the same terms with `confirms` naming the first.
    """

    grant: StatementId
    acceptance: StatementId
    sender: Uscc
    receiver: Uscc
    mode: Literal["view", "query"]
    references: ReferenceSetJson
    items: ItemFields
    purpose: Purpose
    count: Count
    root: Digest
    period: Period
    confirms: StatementId | None = None


class ProductIssue(Payload, frozen=True, kw_only=True, tag_field="kind", tag="product.issue"):
    """Something made of records: a report, evaluation or score, or the statement that nothing adverse is known.

    Inputs are `references`, hand-overs (`transfers`) and earlier `products` of the signer. `items` are the fields used.
    An absence names the items searched and the `period`. `serves` says what an evaluation is for; `replaces` takes the
    place of a product whose inputs changed.
    """

    form: Literal["report", "evaluation", "score", "absence"]
    subject_class: SubjectClass
    purpose: Purpose
    items: ItemFields
    method: Code
    commitment: Digest
    references: ReferenceSetJson | None = None
    transfers: StatementIds | None = None
    products: StatementIds | None = None
    consents: StatementIds | None = None
    period: DayPeriod | None = None
    serves: Literal["incentive", "other"] | None = None
    replaces: StatementId | None = None


__all__ = ["DayPeriod", "Period", "ProductIssue", "QueryBatch", "StatementIds"]
