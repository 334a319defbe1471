"""Payloads of `key.add`, `key.rotate`, `key.revoke` (docs/spec/kinds.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.kinds.fields import Bytes32, Jwk, Payload, Time

KindName = Annotated[str, Meta(pattern=r"^[a-z]+(\.[a-z]+)?(?![\s\S])", max_length=40)]
ProofOfPossession = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{1,1024}(?![\s\S])", description="COSE_Sign1, base64url")
]


class KeyAdd(Payload, frozen=True, kw_only=True, tag_field="kind", tag="key.add"):
    """A further key of the signing member, limited to `kinds` when given (kind or family before the dot).

    `use` is "sign" or "encrypt" (an X25519 key, which carries no proof of possession).
    """

    use: Literal["sign", "encrypt"]
    key: Jwk
    kinds: list[KindName] | None = None
    pop: ProofOfPossession | None = None


class KeyRotate(Payload, frozen=True, kw_only=True, tag_field="kind", tag="key.rotate"):
    """The signing member replaces key `old` by `key` after the policy's delay, or cancels that.

    `pop` is a COSE_Sign1 of typ `application/suyuan-pop+cose` by the new key over
    CBOR ["suyuan/pop", 1, origin, member, old kid, new kid].
    """

    old: Bytes32
    key: Jwk | None = None
    pop: ProofOfPossession | None = None
    cancel: Literal[True] | None = None


class KeyRevoke(Payload, frozen=True, kw_only=True, tag_field="kind", tag="key.revoke"):
    """Key `kid` of the signing member ends with this leaf; doubtful since `suspect_from` when given."""

    kid: Bytes32
    reason: Literal["compromised", "superseded", "ceased", "other"]
    suspect_from: Time | None = None


__all__ = ["KeyAdd", "KeyRevoke", "KeyRotate"]
