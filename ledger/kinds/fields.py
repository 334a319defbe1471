r"""Field types shared by the payloads of all statement kinds (docs/spec/statement.md).

Patterns end in `(?![\s\S])`, the end of input in Python and in JSON Schema alike: `$` would
let a trailing newline through.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_SAFE_INTEGER = 2**53 - 1
MAX_ITEMS = 200
MAX_REFERENCE_STATEMENTS = 800
MAX_MILESTONES = 300

_END = r"(?![\s\S])"

Digest = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{_END}", description="SHA-256 digest in lower-case hex")]
StatementId = Annotated[
    str, Meta(pattern=rf"^[0-9a-f]{{64}}{_END}", description="leaf hash of a statement in lower-case hex")
]
RecordReference = Annotated[
    str,
    Meta(
        pattern=rf"^[0-9a-f]{{64}}(:(0|[1-9][0-9]{{0,7}}))?{_END}", description="<statement id> or <statement id>:<row>"
    ),
]
Uscc = Annotated[str, Meta(pattern=rf"^[0-9A-HJ-NPQRTUWXY]{{18}}{_END}", description="unified social credit code")]
Code = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9_.-]{{0,63}}{_END}", description="catalogue code")]
Name = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_]{{1,64}}{_END}", description="field name")]
Purpose = Annotated[
    str,
    Meta(
        pattern=rf"^[a-z0-9_]+(\.[a-z0-9_]+)*{_END}", max_length=128, description="purpose code in the catalogue's tree"
    ),
]
Jurisdiction = Annotated[str, Meta(pattern=rf"^[A-Z]{{2}}(-[A-Z0-9]{{1,8}})?{_END}", description="ISO 3166 code")]
Day = Annotated[
    str, Meta(pattern=rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_END}", description="day in UTC+08:00, YYYY-MM-DD")
]
Time = Annotated[
    str,
    Meta(
        pattern=rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z{_END}",
        description="time in UTC, YYYY-MM-DDTHH:MM:SSZ",
    ),
]
Bytes32 = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_-]{{43}}{_END}", description="32 bytes in base64url, unpadded")]
SealedBytes = Annotated[
    str, Meta(pattern=rf"^[A-Za-z0-9_-]{{1,512}}{_END}", description="bytes in base64url, unpadded")
]
Currency = Annotated[str, Meta(pattern=rf"^[A-Z]{{3}}{_END}", description="ISO 4217 code")]
Count = Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]
Natural = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]
Amount = Annotated[int, Meta(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER, description="minor units of the currency")]
Row = Annotated[int, Meta(ge=0, le=2**24 - 1)]
ReferenceSetJson = Annotated[
    list[tuple[StatementId, list[tuple[Row, Row]]]],
    Meta(min_length=1, max_length=MAX_REFERENCE_STATEMENTS, description="sorted [statement id, [[first, last], ...]]"),
]

SubjectClass = Literal["government", "enterprise", "organisation", "person"]
Severity = Literal["minor", "general", "serious"]
Mode = Literal["view", "store", "query"]
Carrier = Literal["line_ref", "handle", "order", "nonce", "forms", "decoy"]
BasisRank = Literal["law", "administrative_regulation", "local_regulation", "central_policy"]
Role = Literal[
    "source",
    "hub",
    "publisher",
    "operator",
    "service",
    "user",
    "verifier",
    "regulator",
    "auditor",
    "investigator",
    "agent",
]


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of nested objects in payloads: immutable, and unknown fields are malformed."""


class Payload(Value, frozen=True, kw_only=True):
    """Base of all payloads. `sub` equals the header's; `kind` is fixed by each subclass."""

    v: Literal[1]
    sub: str


class Money(Value, frozen=True):
    """An amount in integer minor units of an ISO 4217 currency."""

    amount: Amount
    currency: Currency


class LegalBasis(Value, frozen=True):
    """Where the authority comes from: rank, document and article (docs/spec/kinds.md)."""

    rank: BasisRank
    document: Annotated[str, Meta(min_length=1, max_length=200)]
    article: Annotated[str, Meta(min_length=1, max_length=60)]


class Jwk(Value, frozen=True):
    """A public key as JSON: OKP Ed25519 or X25519 (x), or EC P-256 (x and y)."""

    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "X25519", "P-256"]
    x: Bytes32
    y: Bytes32 | None = None
