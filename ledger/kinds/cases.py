"""Payloads of `case.*` (docs/spec/kinds.md, cases, access; leak tracing, "Conditions, enforced")."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import Code, Count, Digest, Payload, StatementId, Time, Uscc

MAX_NAMED = 50
MAX_OPENED = 200

StatementIds = Annotated[list[StatementId], Meta(min_length=1, max_length=MAX_OPENED)]


class CaseOpen(Payload, frozen=True, kw_only=True, tag_field="kind", tag="case.open"):
    """An investigator opens a case; `complaint` commits to what started it."""

    complaint: Digest
    incident: StatementId | None = None


class CaseAuthorise(Payload, frozen=True, kw_only=True, tag_field="kind", tag="case.authorise"):
    """A regulator lets the case's investigator read, until `until`, what the commitment `scope` names.

    The commitment is `ledger.scope_commitment`; a later authorisation replaces the one before.
    """

    case: StatementId
    scope: Digest
    until: Time


class CaseExhibit(Payload, frozen=True, kw_only=True, tag_field="kind", tag="case.exhibit"):
    """The hash of an exhibit, logged before it is analysed."""

    case: StatementId
    exhibit: Digest
    form: Literal["file", "device", "message", "record", "other"]


class CaseExtract(Payload, frozen=True, kw_only=True, tag_field="kind", tag="case.extract"):
    """The hash of what the pinned extractor read from an exhibit, logged before any secret is opened.

    `extractor` is the hash of the extractor, `mapping` of the column mapping that was confirmed before.
    """

    case: StatementId
    exhibit: StatementId
    extract: Digest
    extractor: Digest
    mapping: Digest | None = None


class CaseFinding(Payload, frozen=True, kw_only=True, tag_field="kind", tag="case.finding"):
    """What came of extracts: a commitment to the result, the method, and the bound on error.

    The chance that any innocent is named is at most 1 / `bound`. `named` are the members that the result names and
    that may respond. `opened` are the grants whose seeds, and with them code keys, were opened for it: from now on
    they are burnt (leak tracing, "Conditions, enforced"). `tables` is the hash of the integer tables used.
    """

    case: StatementId
    extracts: StatementIds
    outcome: Literal["exact", "strong", "inconclusive", "none"]
    result: Digest
    method: Code
    bound: Count | None = None
    named: Annotated[list[Uscc], Meta(min_length=1, max_length=MAX_NAMED)] | None = None
    opened: StatementIds | None = None
    tables: Digest | None = None


class CaseRespond(Payload, frozen=True, kw_only=True, tag_field="kind", tag="case.respond"):
    """A named party answers; `response` commits to what it says."""

    case: StatementId
    response: Digest


class CaseClose(Payload, frozen=True, kw_only=True, tag_field="kind", tag="case.close"):
    """The case ends; nothing more is read under it."""

    case: StatementId
    outcome: Literal["attributed", "unfounded", "inconclusive", "referred"]
