"""Signed objects beside statements: tokens, sign-in answers, bundle manifests, exports, "held" and possession notes.

Each is a COSE_Sign1 with protected header exactly {1 alg, 4 kid, 16 typ}, an empty unprotected header and an attached
payload, and each has a typ of its own, so that a signature made for one purpose never serves another.
A bare challenge is never signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.cose import (
    HEADER_ALG,
    HEADER_KID,
    HEADER_TYP,
    NotSign1,
    Sign1,
    UnprotectedNotEmpty,
    decode_sign1,
    sign1,
    verify_sign1,
)
from ledger.encoding import MAX_SAFE_INTEGER, CborKey, CborValue, decode_canonical, encode_cbor, require_size
from ledger.errors import AccessError, FormError, Text
from ledger.keys import PublicKey, Signer

TOKEN_TYP: Final = "application/suyuan-token+cose"  # noqa: S105 - a media type, no secret.
HELD_TYP: Final = "application/suyuan-held+cose"
POP_TYP: Final = "application/suyuan-pop+cose"
SIGN_IN_TYP: Final = "application/suyuan-signin+cose"
BUNDLE_TYP: Final = "application/suyuan-bundle+cose"
EXPORT_TYP: Final = "application/suyuan-export+cose"

MAX_TOKEN_LIFE: Final = 300
"""Seconds from a token's iat to its exp."""
MAX_TOKEN_SKEW: Final = 60
"""Seconds that a token's iat may lie in the verifier's future."""
TOKEN_CTI_SIZE: Final = 16

_CLAIM_ISS, _CLAIM_AUD, _CLAIM_EXP, _CLAIM_IAT, _CLAIM_CTI = 1, 3, 4, 6, 7
_KID_SIZE = 32
_DIGEST_SIZE = 32


class ObjectHeader(FormError):
    """A header other than alg, kid and typ."""

    code = "form.signed.header"
    what = Text(
        "The signed object's header has not exactly alg, kid and typ.", "签名对象的头部应恰好含 alg、kid 与 typ。"
    )


class ObjectTyp(FormError):
    """A signed object of another typ."""

    code = "form.signed.typ"
    what = Text("The signed object must be of typ {wanted}.", "签名对象的 typ 应为 {wanted}。")
    why = Text("A signature counts only for the type it was made for.", "签名仅对其声明的类型有效。")


class ObjectContent(FormError):
    """A payload that says something else than what is wanted here."""

    code = "form.signed.content"
    what = Text("The signed {name} is malformed or says something else.", "已签名的 {name} 格式有误或内容不符。")


class TokenMalformed(FormError):
    """A token without exactly its claims."""

    code = "form.token"
    what = Text(
        "The token has not exactly the claims iss, aud, exp, iat and cti.", "令牌应恰好含 iss、aud、exp、iat、cti。"
    )


class TokenLife(AccessError):
    """A token that lives too long."""

    code = "access.token.life"
    what = Text("The token's life must be 1 to {limit} s.", "令牌有效期应为 1 至 {limit} 秒。")
    next_step = Text("Make a new token.", "请生成新的令牌。")


class TokenExpired(AccessError):
    """A token past its end."""

    code = "access.token.expired"
    what = Text("The token ended at {exp}.", "令牌已于 {exp} 失效。")
    next_step = Text("Make a new token.", "请生成新的令牌。")


class TokenNotYet(AccessError):
    """A token from the future."""

    code = "access.token.not_yet"
    what = Text("The token begins at {iat}, after now.", "令牌自 {iat} 起生效，晚于当前时间。")
    next_step = Text("Set the clock, then make a new token.", "请校准时钟后重新生成令牌。")


class TokenAudience(AccessError):
    """A token for somebody else."""

    code = "access.token.audience"
    what = Text("The token is for {found}, not for {wanted}.", "令牌的对象为 {found}，而非 {wanted}。")
    next_step = Text("Make a token for this node.", "请为本节点生成令牌。")


@dataclass(frozen=True, slots=True)
class SignedObject:
    """A signed object as read: `typ`, `kid` (32 bytes), `payload`; its signature not yet checked."""

    typ: str
    kid: bytes
    payload: bytes
    message: Sign1


def sign_object(signer: Signer, typ: str, payload: bytes) -> bytes:
    """Sign `payload` as an object of `typ`; raises what the signer raises."""
    return sign1(signer, {HEADER_TYP: typ}, payload).encode()


def read_object(data: bytes, typ: str) -> SignedObject:
    """Read an object of `typ` without checking its signature, to learn the key's name.

    Raises `ObjectHeader`, `ObjectTyp`, `UnprotectedNotEmpty`, `NotSign1` and the errors of `decode_canonical`.
    """
    message = decode_sign1(data)
    if message.unprotected:
        raise UnprotectedNotEmpty
    if message.payload is None:
        raise NotSign1
    header = message.header()
    kid = header.get(HEADER_KID)
    if set(header) != {HEADER_ALG, HEADER_KID, HEADER_TYP} or not isinstance(kid, bytes) or len(kid) != _KID_SIZE:
        raise ObjectHeader
    if header[HEADER_TYP] != typ:
        raise ObjectTyp(wanted=typ)
    return SignedObject(typ, kid, message.payload, message)


def verify_object(data: bytes, typ: str, public_key: PublicKey) -> bytes:
    """Return the payload of an object of `typ` that `public_key` signed; raises a `FormError` or `SignatureError`."""
    found = read_object(data, typ)
    verify_sign1(found.message, public_key)
    return found.payload


@dataclass(frozen=True, slots=True)
class Token:
    """A member's access token: CWT claims (RFC 8392); times in seconds since 1970-01-01 UTC."""

    iss: str
    aud: str
    exp: int
    iat: int
    cti: bytes
    kid: bytes


def build_token(signer: Signer, *, iss: str, aud: str, iat: int, exp: int, cti: bytes) -> bytes:
    """Sign a token for the node `aud`; `cti` is 16 random bytes. Raises `TokenLife` or `WrongSize`."""
    if not 1 <= exp - iat <= MAX_TOKEN_LIFE:
        raise TokenLife(limit=MAX_TOKEN_LIFE)
    require_size(cti, TOKEN_CTI_SIZE, "cti")
    claims: dict[CborKey, CborValue] = {
        _CLAIM_ISS: iss,
        _CLAIM_AUD: aud,
        _CLAIM_EXP: exp,
        _CLAIM_IAT: iat,
        _CLAIM_CTI: cti,
    }
    return sign_object(signer, TOKEN_TYP, encode_cbor(claims))


def read_token(data: bytes) -> Token:
    """Read a token without checking it, to learn member and key; raises `TokenMalformed` and as `read_object`."""
    found = read_object(data, TOKEN_TYP)
    claims = decode_canonical(found.payload)
    if not isinstance(claims, dict) or set(claims) != {_CLAIM_ISS, _CLAIM_AUD, _CLAIM_EXP, _CLAIM_IAT, _CLAIM_CTI}:
        raise TokenMalformed
    iss, aud, cti = claims[_CLAIM_ISS], claims[_CLAIM_AUD], claims[_CLAIM_CTI]
    if not isinstance(iss, str) or not isinstance(aud, str) or not isinstance(cti, bytes):
        raise TokenMalformed
    if len(cti) != TOKEN_CTI_SIZE:
        raise TokenMalformed
    return Token(iss, aud, _seconds(claims[_CLAIM_EXP]), _seconds(claims[_CLAIM_IAT]), cti, found.kid)


def _seconds(value: CborValue) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SAFE_INTEGER:
        raise TokenMalformed
    return value


def verify_token(data: bytes, public_key: PublicKey, *, aud: str, now: int) -> Token:
    """Return the token that `public_key` signed for `aud` and that is live at `now` (seconds since 1970).

    Raises `TokenLife`, `TokenNotYet`, `TokenExpired`, `TokenAudience`, a `SignatureError` or a `FormError`.
    """
    token = read_token(data)
    verify_object(data, TOKEN_TYP, public_key)
    if token.aud != aud:
        raise TokenAudience(found=token.aud, wanted=aud)
    if not 1 <= token.exp - token.iat <= MAX_TOKEN_LIFE:
        raise TokenLife(limit=MAX_TOKEN_LIFE)
    if token.iat > now + MAX_TOKEN_SKEW:
        raise TokenNotYet(iat=token.iat)
    if now >= token.exp:
        raise TokenExpired(exp=token.exp)
    return token


def _held_payload(origin: str, manifest_hash: bytes, root: bytes, count: int) -> bytes:
    require_size(manifest_hash, _DIGEST_SIZE, "manifest hash")
    require_size(root, _DIGEST_SIZE, "root")
    return encode_cbor(["suyuan/held", 1, origin, manifest_hash, root, count])


def sign_held(signer: Signer, *, origin: str, manifest_hash: bytes, root: bytes, count: int) -> bytes:
    """Sign, as a node, that it holds and has checked the manifest; raises `WrongSize`."""
    return sign_object(signer, HELD_TYP, _held_payload(origin, manifest_hash, root, count))


def verify_held(
    data: bytes, public_key: PublicKey, *, origin: str, manifest_hash: bytes, root: bytes, count: int
) -> None:
    """Check that `public_key` signed exactly this holding; raises `ObjectContent` or as `verify_object`."""
    if verify_object(data, HELD_TYP, public_key) != _held_payload(origin, manifest_hash, root, count):
        raise ObjectContent(name="suyuan/held")


def _pop_payload(origin: str, member: str, old_kid: bytes, new_kid: bytes) -> bytes:
    require_size(old_kid, _KID_SIZE, "old kid")
    require_size(new_kid, _KID_SIZE, "new kid")
    return encode_cbor(["suyuan/pop", 1, origin, member, old_kid, new_kid])


def sign_pop(signer: Signer, *, origin: str, member: str, old_kid: bytes) -> bytes:
    """Prove, with the new key, its possession to the ledger `origin`; raises `WrongSize`.

    `old_kid` is the key that is rotated or, where a key is added, the one that signs the statement.
    """
    return sign_object(signer, POP_TYP, _pop_payload(origin, member, old_kid, signer.public.thumbprint))


def verify_pop(data: bytes, new_key: PublicKey, *, origin: str, member: str, old_kid: bytes) -> None:
    """Check a proof of possession by `new_key`; raises `ObjectContent`, a `SignatureError` or a `FormError`."""
    if verify_object(data, POP_TYP, new_key) != _pop_payload(origin, member, old_kid, new_key.thumbprint):
        raise ObjectContent(name="suyuan/pop")
