"""Payloads of `consent.*` and `mandate.*` (docs/spec/kinds.md).

What is covered is named by `references`, or by `link`: the subject value of a record. For a person that is the link of
one record, so that nothing on the ledger joins two of them.
"""

from __future__ import annotations

from typing import Literal

from ledger.kinds.fields import Digest, Payload, Purpose, ReferenceSetJson, StatementId, Time, Uscc


class ConsentGive(Payload, frozen=True, kw_only=True, tag_field="kind", tag="consent.give"):
    """A data subject consents, until a time, to one purpose; `evidence` commits to the proof kept by the signer.

    `grantee` limits the consent to grants to that member. An agent names the `mandate` it acts under.
    """

    purpose: Purpose
    evidence: Digest
    until: Time
    references: ReferenceSetJson | None = None
    link: Digest | None = None
    grantee: Uscc | None = None
    mandate: StatementId | None = None


class ConsentWithdraw(Payload, frozen=True, kw_only=True, tag_field="kind", tag="consent.withdraw"):
    """The data subject withdraws a consent; from this block on it covers nothing (ACC-4)."""

    consent: StatementId
    evidence: Digest
    mandate: StatementId | None = None


class MandateOpen(Payload, frozen=True, kw_only=True, tag_field="kind", tag="mandate.open"):
    """The signing agent may act for the data subject until a time; `evidence` commits to the proof it keeps."""

    purpose: Purpose
    evidence: Digest
    until: Time
    references: ReferenceSetJson | None = None
    link: Digest | None = None


class MandateEnd(Payload, frozen=True, kw_only=True, tag_field="kind", tag="mandate.end"):
    """A mandate ends with this block."""

    mandate: StatementId
    reason: Literal["withdrawn", "fulfilled", "resigned", "other"]


__all__ = ["ConsentGive", "ConsentWithdraw", "MandateEnd", "MandateOpen"]
