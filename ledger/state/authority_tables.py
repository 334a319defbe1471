"""State of mandates, consents, disputes, query batches and products (`ledger.state.tables` lists the tables)."""

from __future__ import annotations

from typing import Literal

from ledger.state.row import Ranges, ReferenceRows, StateRow, Table


class MandateState(StateRow, frozen=True, kw_only=True):
    """A mandate of an agent. Anchor the id of mandate.open, suffix "". `until` in ms.

    It covers `references`, or what bears the subject value `link`.
    """

    agent: str
    references: ReferenceRows
    link: str | None
    purpose: str
    until: int
    index: int
    ended_by: str | None = None
    ended_at: int | None = None
    ended_index: int | None = None


class ConsentState(StateRow, frozen=True, kw_only=True):
    """A consent. Anchor the id of consent.give, suffix "". `until` in ms; `grantee` None is whoever is granted.

    It covers `references`, or the one record that bears the link `link`.
    """

    recorded_by: str
    references: ReferenceRows
    link: str | None
    purpose: str
    grantee: str | None
    until: int
    mandate: str | None
    index: int
    withdrawn_by: str | None = None
    withdrawn_at: int | None = None
    withdrawn_index: int | None = None


class GrantConsentsState(StateRow, frozen=True, kw_only=True):
    """The consents that a grant rests on. Anchor the grant, suffix ""."""

    consents: tuple[str, ...]


class ConsentUseState(StateRow, frozen=True, kw_only=True):
    """What of a grant rests on a consent. Anchor the consent, suffix the id of the grant."""

    references: ReferenceRows


class DisputeState(StateRow, frozen=True, kw_only=True):
    """A record.dispute. Anchor its statement id, suffix "".

    `about` is a reference or a statement id, `target` what that is; `respondent` owes the resolution.
    """

    by: str
    about: str
    target: str
    respondent: str
    index: int
    outcome: Literal["upheld", "rejected", "withdrawn"] | None = None
    resolved_by: str | None = None
    resolved_index: int | None = None


class DisputedState(StateRow, frozen=True, kw_only=True):
    """Where a record, row or other statement stands in disputes. Anchor its statement id, suffix `row_suffix(row)`.

    `open` are the disputes that are open, each with its party. `upheld` is the record.resolve that upheld one.
    """

    open: tuple[tuple[str, str], ...]
    upheld: str | None = None
    upheld_at: int | None = None


class QueryState(StateRow, frozen=True, kw_only=True):
    """A query.batch. Anchor the id of the statement that reported it, suffix "". Times in ms.

    `by` signed it, `confirmed` is the other side's statement.
    """

    grant: str
    sender: str
    receiver: str
    references: ReferenceRows
    items: dict[str, tuple[str, ...]]
    mode: Literal["view", "query"]
    purpose: str
    count: int
    root: str
    begin: int
    end: int
    by: str
    index: int
    confirmed: str | None = None


class ProductState(StateRow, frozen=True, kw_only=True):
    """A product. Anchor the id of product.issue, suffix "". `inputs` are all records it rests on.

    `stale` is the statement that first changed an input, `replaced` the product that took its place.
    """

    issuer: str
    form: str
    purpose: str
    inputs: ReferenceRows
    products: tuple[str, ...]
    index: int
    stale: str | None = None
    replaced: str | None = None


class RestsState(StateRow, frozen=True, kw_only=True):
    """A product that rests on a record list, or on another product. Anchor that, suffix the id of the product."""

    issuer: str
    ranges: Ranges


MANDATE = Table("mandate", MandateState)
CONSENT = Table("consent", ConsentState)
GRANT_CONSENTS = Table("grant_consents", GrantConsentsState)
CONSENT_USE = Table("consent_use", ConsentUseState)
DISPUTE = Table("dispute", DisputeState)
DISPUTED = Table("disputed", DisputedState)
QUERY = Table("query", QueryState)
PRODUCT = Table("product", ProductState)
RESTS = Table("rests", RestsState)
