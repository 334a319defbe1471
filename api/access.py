"""Who is asking, and what that member may read (docs/privacy.md).

A bearer token is a CWT that the member signed with its own key for this node (`ledger.signed`). It is checked once and
then known by its hash until it ends; whether its key is still live and its member active is looked at every time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import Request

from ledger.encoding import base64url, decode_base64url
from ledger.errors import AccessError, FormError, SuyuanError, Text
from ledger.keys import PublicKey
from ledger.rules.signer import UnknownKey, key_is_live
from ledger.signed import Token, read_token, verify_token
from ledger.state.effects import StateKey
from ledger.state.tables import KEY, MEMBER, KeyState, MemberState, StateRow

MAX_CACHED_TOKENS = 10_000
MAX_TOKEN_CHARS = 2048


class TokenMissing(AccessError):
    """The route needs a bearer token."""

    code = "access.token_missing"
    what = Text("This needs a member's bearer token.", "此接口需要成员的访问令牌。")
    next_step = Text("Make one with `suyuan token`.", "请用 `suyuan token` 生成令牌。")


class TokenWrong(AccessError):
    """The token is malformed, forged, ended, for another node, or its key is not live; parameter `cause` says which."""

    code = "access.token"
    what = Text("The token is not accepted: {detail}", "令牌不被接受：{detail}")
    next_step = Text("Make a new token with a live key.", "请使用有效密钥重新生成令牌。")

    def __init__(self, cause: SuyuanError) -> None:
        self.cause = cause
        super().__init__(cause=cause.stable_code)

    def message(self, language: str = "en") -> str:
        """What is wrong with the token, in `language`."""
        return self.what.fill({"detail": self.cause.message(language)}, language)


class TokenTooLong(FormError):
    """More characters than any token has."""

    code = "form.token.size"
    what = Text("The token has more than {limit} characters.", "令牌超过 {limit} 个字符。")


class TokenKeyEnded(AccessError):
    """The key that signed the token is not a live key of the member that the token names."""

    code = "access.token.key"
    what = Text("The token's key is not a live key of {member}.", "令牌所用密钥不是 {member} 的有效密钥。")
    next_step = Text("Make a token with a live key.", "请使用有效密钥生成令牌。")


class MemberInactive(AccessError):
    """The member is suspended or dissolved."""

    code = "access.member"
    what = Text("{member} is {status} and may not read this.", "{member} 处于 {status} 状态，无权读取。")
    why = Text("A suspended member still sees its own duties.", "被暂停的成员仍可查看自身待办义务。")
    next_step = Text("Ask a regulator to restore the member.", "请向监管方申请恢复成员资格。")


class RoleMissing(AccessError):
    """The caller's roles do not open this."""

    code = "access.role"
    what = Text("{member} may not read this: it opens to {needed}.", "{member} 无权读取：仅对 {needed} 开放。")
    why = Text("A member reads what it signed, received or is named in.", "成员仅能读取其签署、接收或涉及自身的内容。")
    next_step = Text("Ask a member with that role.", "请向具备该角色的成员提出请求。")


@dataclass(frozen=True, slots=True)
class Caller:
    """A member behind an accepted token."""

    uscc: str
    roles: frozenset[str]

    def has(self, *roles: str) -> bool:
        """Whether the caller holds one of `roles`."""
        return not self.roles.isdisjoint(roles)


class Gate:
    """Accepts tokens for one node. `resident` returns the resident state rows, `clock` seconds since 1970."""

    def __init__(
        self, node: str, resident: Callable[[], Mapping[StateKey, StateRow]], clock: Callable[[], int]
    ) -> None:
        self._node, self._resident, self._clock = node, resident, clock
        self._cache: OrderedDict[bytes, Token] = OrderedDict()

    def caller(self, request: Request, *, suspended_too: bool = False) -> Caller:
        """Return who asks; raises TokenMissing, TokenWrong, or MemberInactive (a suspended one unless let in)."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise TokenMissing
        if len(text) > MAX_TOKEN_CHARS:
            raise TokenWrong(TokenTooLong(limit=MAX_TOKEN_CHARS))
        return self._standing(self._accept(text.strip()), suspended_too)

    def _accept(self, text: str) -> Token:
        digest = sha256(text.encode("utf-8", "replace")).digest()
        known = self._cache.get(digest)
        now = self._clock()
        if known is not None and now < known.exp:
            self._cache.move_to_end(digest)
            return known
        try:
            data = decode_base64url(text)
            claims = read_token(data)
            key = self._key(claims)
            token = verify_token(data, PublicKey.from_json(_jwk(key)), aud=self._node, now=now)
        except SuyuanError as error:
            raise TokenWrong(error) from error
        self._cache[digest] = token
        while len(self._cache) > MAX_CACHED_TOKENS:
            self._cache.popitem(last=False)
        return token

    def _key(self, token: Token) -> KeyState:
        kid = base64url(token.kid)
        row = self._resident().get((KEY.name, "", kid))
        if not isinstance(row, KeyState) or row.use != "sign":
            raise UnknownKey(kid=kid)
        return row

    def _standing(self, token: Token, suspended_too: bool) -> Caller:
        key = self._key(token)
        row = self._resident().get((MEMBER.name, "", token.iss))
        if key.member != token.iss or not isinstance(row, MemberState) or not key_is_live(key, self._clock() * 1000):
            raise TokenWrong(TokenKeyEnded(member=token.iss[:18]))
        if row.status != "active" and not (suspended_too and row.status == "suspended"):
            raise MemberInactive(member=token.iss, status=row.status)
        return Caller(token.iss, frozenset(row.roles))


def _jwk(key: KeyState) -> dict[str, object]:
    members: dict[str, object] = {"kty": key.key.kty, "crv": key.key.crv, "x": key.key.x}
    if key.key.y is not None:
        members["y"] = key.key.y
    return members


def require_role(caller: Caller, *roles: str) -> None:
    """Raise RoleMissing unless the caller holds one of `roles`."""
    if not caller.has(*roles):
        raise RoleMissing(member=caller.uscc, needed=", ".join(roles))


def require_party(caller: Caller, parties: frozenset[str], *roles: str) -> None:
    """Raise RoleMissing unless the caller is one of `parties` or holds one of `roles`."""
    if caller.uscc not in parties and not caller.has(*roles):
        raise RoleMissing(member=caller.uscc, needed=", ".join(("a party", *roles)))
