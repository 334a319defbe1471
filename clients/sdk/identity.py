"""Who signs: a member, its signer and the world around it; statements of every kind and access tokens.

A payload is a struct of `ledger.kinds`, so that a field that is missing or of the wrong type is found before it is
signed:

    identity.sign(RecordWithdraw(**identity.head(RecordWithdraw), reference=..., reason="error"), audience)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import msgspec

from clients.sdk.edge import SYSTEM, Surroundings
from ledger.codes import check_uscc
from ledger.encoding import base64url
from ledger.keys import Signer
from ledger.kinds import decode_payload
from ledger.kinds.fields import Payload
from ledger.signed import MAX_TOKEN_LIFE, TOKEN_CTI_SIZE, build_token, sign_pop
from ledger.statement import COMMON_FIELDS, CTI_SIZE, Statement, build_statement, decode_statement, subject_urn

RANDOM_ID_SIZE = 12
"""Bytes of a chosen-at-random local id, 96 bits: no two of one issuer will ever meet."""
TOKEN_LIFE = MAX_TOKEN_LIFE
TOKEN_MARGIN = 30
"""Seconds before its end when a cached token is replaced."""
TOKEN_BACKDATE = 5
"""Seconds that a token's iat lies in the past, for nodes whose clock is a little behind."""
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9._-]")


class Head(TypedDict):
    """The fields every payload starts with."""

    v: Literal[1]
    sub: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A member (USCC) with one of its signing keys; clock and randomness come from `surroundings`.

    Raises the errors of `check_uscc` for a code that fails its check.
    """

    member: str
    signer: Signer
    surroundings: Surroundings = SYSTEM

    def __post_init__(self) -> None:
        check_uscc(self.member)

    @property
    def kid(self) -> str:
        """The key's name in base64url, as state tables use it."""
        return base64url(self.signer.public.thumbprint)

    def random_id(self) -> str:
        """Return a fresh local id of 24 hex digits."""
        return self.surroundings.random_bytes(RANDOM_ID_SIZE).hex()

    def head(self, payload_type: type[Payload], local_id: str | None = None) -> Head:
        """Return `v` and `sub` for a payload; the local id is random unless it is given.

        Raises `SubjectMismatch` when the id is not 1 to 64 characters of `A-Za-z0-9._-`.
        """
        kind = str(payload_type.__struct_config__.tag)
        return {"v": 1, "sub": subject_urn(kind, self.member, self.random_id() if local_id is None else local_id)}

    def sign(self, payload: Payload, audience: str) -> Statement:
        """Sign a typed payload for the ledger `audience` (`<origin>#<genesis hash>`), at the clock's second.

        The payload is checked against the schema of its kind first. Raises `PayloadError`, or as `build_statement`.
        """
        # By way of JSON, so that tuples become the arrays that they are in a payload.
        fields = msgspec.json.decode(msgspec.json.encode(payload), type=dict[str, object])
        kind = str(payload.__struct_config__.tag)
        body = {name: value for name, value in fields.items() if name not in COMMON_FIELDS}
        return self.sign_fields(kind, body, audience, payload.sub.rpartition(":")[2])

    def sign_fields(
        self, kind: str, fields: Mapping[str, object], audience: str, local_id: str | None = None
    ) -> Statement:
        """Sign a payload given as decoded JSON without `v`, `kind` and `sub`; for callers that read it from a file.

        Raises `UnknownKind`, `PayloadError`, or as `build_statement`.
        """
        chosen = self.random_id() if local_id is None else local_id
        common = {"v": 1, "kind": kind, "sub": subject_urn(kind, self.member, chosen)}
        decode_payload(kind, {**common, **fields})
        raw = build_statement(
            self.signer,
            iss=self.member,
            kind=kind,
            sub_id=chosen,
            aud=audience,
            iat=self.surroundings.now_s(),
            cti=self.surroundings.random_bytes(CTI_SIZE),
            payload=fields,
        )
        return decode_statement(raw)

    def prove_possession(self, new_key: Signer, origin: str, old_kid: bytes | None = None) -> str:
        """Return, in base64url, the proof by `new_key` that `key.add` and `key.rotate` carry.

        `old_kid` (32 bytes) is the key that is rotated; by default the one this identity signs with.
        """
        old = self.signer.public.thumbprint if old_kid is None else old_kid
        return base64url(sign_pop(new_key, origin=origin, member=self.member, old_kid=old))

    def token(self, node: str, life: int = TOKEN_LIFE) -> tuple[str, int]:
        """Return a bearer token for the node named `node` and the second at which it ends; raises `TokenLife`."""
        issued = self.surroundings.now_s() - TOKEN_BACKDATE
        expires = issued + life
        data = build_token(
            self.signer,
            iss=self.member,
            aud=node,
            iat=issued,
            exp=expires,
            cti=self.surroundings.random_bytes(TOKEN_CTI_SIZE),
        )
        return base64url(data), expires


class TokenCache:
    """The token of one identity for one node, made anew shortly before it ends."""

    __slots__ = ("_expires", "_identity", "_node", "_token")

    def __init__(self, identity: Identity, node: str) -> None:
        self._identity = identity
        self._node = node
        self._token = ""
        self._expires = 0

    def bearer(self) -> str:
        """Return a token that still lives for `TOKEN_MARGIN` seconds."""
        if self._identity.surroundings.now_s() + TOKEN_MARGIN >= self._expires:
            self._token, self._expires = self._identity.token(self._node)
        return self._token


def local_id_from(text: str) -> str:
    """Return `text` with every character that a local id cannot have replaced by a hyphen, cut to 64 characters."""
    return _NOT_IN_ID.sub("-", text)[:64]
