"""Payloads of `erasure.*` and `hold.*` (docs/spec/kinds.md; docs/architecture.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import Digest, LegalBasis, Payload, ReferenceSetJson, StatementId, Uscc, Value

MAX_REMAINS = 50

Destroyed = Literal["content_keys", "disclosed_salts", "one_time_keys", "packages", "record_keys", "values"]
"""What a holder can destroy; a payload lists them sorted."""


class Remains(Value, frozen=True):
    """What a holder keeps, and why: `hold` as long as a hold covers it, otherwise with its legal basis or a ground.

    `ground` commits to an explanation kept off the ledger.
    """

    references: ReferenceSetJson
    reason: Literal["hold", "legal_duty", "backup", "other"]
    basis: LegalBasis | None = None
    ground: Digest | None = None


class ErasureRequest(Payload, frozen=True, kw_only=True, tag_field="kind", tag="erasure.request"):
    """Every holder of any version of `references`, the source included, is to erase them and attest it (ERA-1).

    `ground` says why, `evidence` commits to the papers, `mandate` is the agent's where an agent asks.
    """

    references: ReferenceSetJson
    ground: Literal["retention", "consent", "unlawful", "subject", "court", "other"]
    evidence: Digest | None = None
    mandate: StatementId | None = None


class ErasureAttest(Payload, frozen=True, kw_only=True, tag_field="kind", tag="erasure.attest"):
    """What was destroyed for an erasure.request, by the signer or on behalf of `holder` whose duties it inherited.

    A regulator attests `unattainable` for a holder that is gone without an heir (ERA-2).
    """

    request: StatementId
    destroyed: Annotated[list[Destroyed], Meta(min_length=1, max_length=6)] | None = None
    remains: Annotated[list[Remains], Meta(min_length=1, max_length=MAX_REMAINS)] | None = None
    holder: Uscc | None = None
    unattainable: Literal[True] | None = None


class HoldPlace(Payload, frozen=True, kw_only=True, tag_field="kind", tag="hold.place"):
    """Nothing of `references`, in any version, is erased while the hold stands; for an authorised case (ERA-3)."""

    references: ReferenceSetJson
    case: StatementId


class HoldLift(Payload, frozen=True, kw_only=True, tag_field="kind", tag="hold.lift"):
    """Ends a hold: the erasures that it paused are due again, each with its full deadline."""

    hold: StatementId
