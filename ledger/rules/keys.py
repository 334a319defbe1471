"""key.add, key.rotate, key.revoke: GOV-7.

Governance revokes and replaces keys by the action `member.replace_key` (`ledger.rules.governance_effects`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from ledger.encoding import base64url, decode_base64url
from ledger.errors import SuyuanError, Text
from ledger.keys import EncryptionKey, PublicKey
from ledger.kinds import KINDS
from ledger.kinds.fields import Jwk
from ledger.kinds.keys import KeyAdd, KeyRevoke, KeyRotate
from ledger.rules.registry import Context, KindRules, RuleError, UnknownReference, broken, handle, rule
from ledger.rules.signer import key_is_live
from ledger.rules.standing import member, policy
from ledger.signed import verify_pop
from ledger.state.effects import Effects
from ledger.state.tables import KEY, MEMBER, NODE, KeyState
from ledger.state.view import BlockView, Need
from ledger.times import due_time, parse_time

KeyPayload = KeyAdd | KeyRotate | KeyRevoke
KIND_NAMES: Final = frozenset(KINDS) | {kind.partition(".")[0] for kind in KINDS}
"""What a key may be limited to: kinds, or families of them (the part before the dot)."""


@dataclass(frozen=True, slots=True)
class KeyCase:
    """A change of the signing member's keys.

    `signer` is the key that signs, `target` the key that is rotated or revoked and `target_kid` its name,
    `new_kid` the name of the key that is added (None where none is).
    """

    context: Context
    view: BlockView
    payload: KeyPayload
    signer: KeyState
    target: KeyState | None
    target_kid: str
    new_kid: str | None


def _wrong(en: str, zh: str) -> RuleError:
    return broken("GOV-7", en, zh)


@rule(
    "GOV-7",
    demand=Text(
        "A key is added with proof of possession and within the limits of the key that signs; rotation waits the "
        "policy's delay and can be cancelled; any active key of the member, or governance, revokes, from that leaf on",
        "新增密钥须证明持有，且不得超出签名密钥的权限；轮换须等待政策规定的期限并可取消；成员任一有效密钥或治理决定均可吊销，自该条目起生效",
    ),
    next_step=Text(
        "`suyuan key list` shows keys, limits and pending rotations.",
        "请用 `suyuan key list` 查看密钥、权限与待生效的轮换。",
    ),
)
def gov_7(case: KeyCase) -> None:
    """GOV-7: adding, rotating, cancelling and revoking, each by its own function below."""
    payload = case.payload
    if isinstance(payload, KeyAdd):
        _check_add(case, payload)
    elif isinstance(payload, KeyRotate):
        _check_rotate(case, payload)
    else:
        _check_revoke(case, payload)


def _check_add(case: KeyCase, payload: KeyAdd) -> None:
    if (payload.key.crv == "X25519") != (payload.use == "encrypt"):
        raise _wrong("X25519 keys encrypt, others sign", "X25519 密钥仅用于加密，其他密钥用于签名")
    _check_unused(case)
    if payload.use == "encrypt":
        if payload.pop is not None or payload.kinds is not None:
            raise _wrong("an encryption key has neither proof nor kinds", "加密密钥不带持有证明与类型限制")
        return
    if payload.kinds is not None:
        if not payload.kinds or list(payload.kinds) != sorted(set(payload.kinds)):
            raise _wrong("kinds must be sorted and unique", "类型须排序且不重复")
        for kind in payload.kinds:
            if kind not in KIND_NAMES:
                raise _wrong(f"there is no kind {kind}", f"不存在类型 {kind}")
    _check_limits(case.signer, None if payload.kinds is None else tuple(payload.kinds))
    _check_possession(case, payload.key, payload.pop, case.context.kid)


def _check_rotate(case: KeyCase, payload: KeyRotate) -> None:
    target = _own_target(case)
    if target.use != "sign":
        raise _wrong("an encryption key is replaced by key.add", "加密密钥通过 key.add 更换")
    pending = target.replaced_by is not None and target.retires_at is not None and case.context.time < target.retires_at
    if payload.cancel:
        if payload.key is not None or payload.pop is not None:
            raise _wrong("a cancellation brings no key", "取消轮换时不得附带密钥")
        if not pending:
            raise _wrong("no rotation of this key is pending", "该密钥没有待生效的轮换")
        return
    if payload.key is None:
        raise _wrong("the new key is missing", "缺少新密钥")
    if payload.key.crv == "X25519":
        raise _wrong("X25519 keys encrypt, others sign", "X25519 密钥仅用于加密，其他密钥用于签名")
    if pending:
        raise _wrong("a rotation of this key is pending already", "该密钥已有待生效的轮换")
    if not key_is_live(target, case.context.time):
        raise _wrong("the key to replace is not live", "被替换的密钥已失效")
    _check_unused(case)
    _check_limits(case.signer, target.kinds)
    _check_possession(case, payload.key, payload.pop, case.target_kid)


def _check_revoke(case: KeyCase, payload: KeyRevoke) -> None:
    target = _own_target(case)
    if target.revoked_index is not None:
        raise _wrong("the key is revoked already", "该密钥已被吊销")
    if payload.suspect_from is not None and parse_time(payload.suspect_from) > case.context.time:
        raise _wrong("suspect_from lies after this block", "可疑起始时间晚于本区块")


def _own_target(case: KeyCase) -> KeyState:
    if case.target is None:
        raise UnknownReference(field="key", name=case.target_kid, kind="key")
    if case.target.member != case.context.iss:
        raise _wrong("the key belongs to another member", "该密钥属于其他成员")
    return case.target


def _check_unused(case: KeyCase) -> None:
    """A key is registered once, for one purpose: neither any member nor any node has it."""
    services = [public_of(node.node.service_key) for _, node in case.view.scan(NODE)]
    if case.view.find(KEY, "", case.new_kid or "") is not None or case.new_kid in {
        base64url(service.thumbprint) for service in services
    }:
        raise _wrong("the key is registered already", "该密钥已登记")


def _check_limits(signer: KeyState, kinds: tuple[str, ...] | None) -> None:
    """A key that is limited to kinds brings in none that may do more."""
    if signer.kinds is None:
        return
    allowed = set(signer.kinds)
    if kinds is None or any(kind not in allowed and kind.partition(".")[0] not in allowed for kind in kinds):
        raise _wrong("the signing key is limited to fewer kinds", "签名密钥的权限小于新密钥")


def _check_possession(case: KeyCase, key: Jwk, pop: str | None, old_kid: str) -> None:
    if pop is None:
        raise _wrong("the proof of possession is missing", "缺少持有证明")
    try:
        verify_pop(
            decode_base64url(pop),
            public_of(key),
            origin=case.context.origin,
            member=case.context.iss,
            old_kid=decode_base64url(old_kid),
        )
    except SuyuanError as error:
        raise _wrong(f"proof of possession: {error.message()}", f"持有证明：{error.message('zh')}") from None


def public_of(key: Jwk) -> PublicKey:
    """Return a signing key of a payload as a checked key; raises KeyShape, UnsafeKey or Base64Malformed."""
    return PublicKey.from_json(msgspec.to_builtins(key))


def kid_of(key: Jwk) -> str:
    """Return the kid (RFC 9679 thumbprint, base64url) of a key; raises KeyShape, UnsafeKey or Base64Malformed."""
    raw = EncryptionKey.from_json(msgspec.to_builtins(key)) if key.crv == "X25519" else public_of(key)
    return base64url(raw.thumbprint)


def _case(context: Context, payload: KeyPayload, view: BlockView) -> KeyCase:
    signer = view.find(KEY, "", context.kid)
    assert signer is not None, "GOV-5 found it"
    new = None if isinstance(payload, KeyRevoke) or payload.key is None else kid_of(payload.key)
    target_kid = "" if isinstance(payload, KeyAdd) else payload.old if isinstance(payload, KeyRotate) else payload.kid
    return KeyCase(context, view, payload, signer, view.find(KEY, "", target_kid), target_kid, new)


def _needs(_context: Context, _payload: KeyPayload, _view: BlockView) -> Iterable[Need]:
    """Members, keys, nodes and policy are resident."""
    return ()


def _add(case: KeyCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    assert isinstance(payload, KeyAdd)
    assert case.new_kid is not None
    kinds = None if payload.kinds is None else tuple(payload.kinds)
    added = KeyState(
        member=context.iss,
        use=payload.use,
        key=payload.key,
        kinds=kinds,
        active_from=context.time,
        added_index=context.index,
    )
    effects.put(KEY, "", added, case.new_kid)
    if payload.use == "encrypt":
        holder = member(case.view, context.iss)
        if holder.encryption is not None:
            old_kid = kid_of(holder.encryption)
            old = case.view.find(KEY, "", old_kid)
            assert old is not None, "a member's encryption key is registered"
            change = msgspec.structs.replace(old, retires_at=context.time, replaced_by=case.new_kid)
            effects.put(KEY, "", change, old_kid)
        effects.put(MEMBER, "", msgspec.structs.replace(holder, encryption=payload.key), context.iss)
    return effects


def _rotate(case: KeyCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    assert isinstance(payload, KeyRotate)
    assert case.target is not None
    if payload.cancel or payload.key is None:
        undo_rotation(effects, case.view, case.target_kid, case.target)
        return effects
    assert case.new_kid is not None
    current = policy(case.view)
    due = due_time(context.time, current.key_change_delay, current.calendar)
    heir = KeyState(
        member=context.iss,
        use="sign",
        key=payload.key,
        kinds=case.target.kinds,
        active_from=due,
        added_index=context.index,
    )
    effects.put(KEY, "", heir, case.new_kid)
    old = msgspec.structs.replace(case.target, retires_at=due, replaced_by=case.new_kid)
    effects.put(KEY, "", old, case.target_kid)
    return effects


def undo_rotation(effects: Effects, view: BlockView, old_kid: str, old: KeyState) -> KeyState:
    """Take a pending rotation back: the old key, which is returned, stays, and the new one never begins."""
    heir_kid = old.replaced_by or ""
    heir = view.find(KEY, "", heir_kid)
    assert heir is not None, "a rotation registered it"
    effects.put(KEY, "", msgspec.structs.replace(heir, cancelled=True), heir_kid)
    kept = msgspec.structs.replace(old, retires_at=None, replaced_by=None)
    effects.put(KEY, "", kept, old_kid)
    return kept


def _revoke(case: KeyCase) -> Effects:
    effects, payload = Effects(), case.payload
    assert isinstance(payload, KeyRevoke)
    assert case.target is not None
    revoke_key(effects, case.view, case.context, case.target_kid, case.target, payload.suspect_from)
    return effects


def revoke_key(
    effects: Effects, view: BlockView, context: Context, kid: str, target: KeyState, suspect_from: str | None
) -> None:
    """End a key with this statement's leaf, doubtful since `suspect_from`; raises TimeError."""
    if target.active_from > context.time:
        # The heir of a pending rotation goes: the key that it would have replaced must not retire without one.
        for old_kid, old in view.scan(KEY):
            if old.replaced_by == kid:
                undo_rotation(effects, view, old_kid, old)
    ended = msgspec.structs.replace(
        target,
        revoked_index=context.index,
        revoked_at=context.time,
        suspect_from=None if suspect_from is None else parse_time(suspect_from),
    )
    effects.put(KEY, "", ended, kid)
    holder = member(view, target.member)
    if holder.encryption is not None and holder.encryption == target.key:
        effects.put(MEMBER, "", msgspec.structs.replace(holder, encryption=None), target.member)


handle(KindRules("key.add", KeyAdd, _needs, _case, (gov_7,), _add))
handle(KindRules("key.rotate", KeyRotate, _needs, _case, (gov_7,), _rotate))
handle(KindRules("key.revoke", KeyRevoke, _needs, _case, (gov_7,), _revoke))
