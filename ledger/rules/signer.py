"""What every statement is checked for before its own rules: audience, time, signer, fresh id, raw identifiers."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.encoding import JsonObject
from ledger.errors import SignatureError, StateError, Text
from ledger.identifiers import scan_identifiers
from ledger.rules.registry import Context, broken, rule
from ledger.state.tables import KEY, MEMBER, KeyState
from ledger.state.view import BlockView

TIME_WINDOW_MS = 600_000
"""How far a statement's time may lie from the block's (docs/spec/statement.md)."""


class WrongAudience(StateError):
    """The statement was signed for another log."""

    code = "statement.audience"
    what = Text("The statement was signed for {audience}, not for this log.", "该语句签给 {audience}，不是本账本。")
    next_step = Text("Sign it with this log's origin and genesis hash.", "请使用本账本的名称与创世哈希重新签名。")


class OutsideTimeWindow(StateError):
    """The statement's time is too far from the block's."""

    code = "statement.time_window"
    what = Text(
        "The statement was signed {seconds} s from the block's time.", "语句签署时间与区块时间相差 {seconds} 秒。"
    )
    why = Text(
        "Only 600 s either way are allowed, so that old statements cannot be replayed.",
        "前后最多允许 600 秒，以防重放。",
    )
    next_step = Text("Set the clock of the signer and sign again.", "请校准签名方时钟后重新签名。")


class UnknownKey(SignatureError):
    """No member has this key."""

    code = "key.unknown"
    what = Text("No member of this ledger has the key {kid}.", "本账本没有成员登记密钥 {kid}。")
    next_step = Text(
        "Register the key with key.add, or sign with a registered one.", "请先用 key.add 登记，或改用已登记的密钥。"
    )


@dataclass(frozen=True, slots=True)
class SignerCase:
    """Who signs what, and the key as the ledger knows it."""

    context: Context
    view: BlockView
    key: KeyState
    meets_duty: bool


def key_is_live(key: KeyState, time: int) -> bool:
    """Whether a key may sign at block time `time` (ms): begun, not retired, not revoked, not cancelled."""
    if key.cancelled or key.revoked_index is not None or time < key.active_from:
        return False
    return key.retires_at is None or time < key.retires_at


@rule(
    "GOV-5",
    demand=Text(
        "A statement needs a live key of its issuer that may sign its kind, and an active member; a suspended member "
        "may only sign what meets a duty",
        "语句须由签发成员的有效密钥签署且密钥可用于该类型，成员须处于正常状态；被暂停的成员只能签署履行义务的语句",
    ),
    next_step=Text(
        "Sign with a live key; `suyuan key list` shows them.", "请使用有效密钥签名；`suyuan key list` 可查看。"
    ),
)
def gov_5(case: SignerCase) -> None:
    """GOV-5: live key, of this issuer, for this kind; active member."""
    context, key = case.context, case.key
    if key.member != context.iss:
        raise broken("GOV-5", "the key belongs to another member", "该密钥属于其他成员")
    if key.use != "sign":
        raise broken("GOV-5", "the key is for encryption", "该密钥仅用于加密")
    if key.revoked_index is not None:
        raise broken("GOV-5", "the key is revoked", "该密钥已被吊销")
    if not key_is_live(key, context.time):
        raise broken("GOV-5", "the key is not live at this block", "该密钥在此区块时不在有效期内")
    family = context.kind.partition(".")[0]
    if key.kinds is not None and context.kind not in key.kinds and family not in key.kinds:
        raise broken("GOV-5", f"the key may not sign {context.kind}", f"该密钥不得签署 {context.kind}")
    standing = case.view.find(MEMBER, "", context.iss)
    if standing is None or standing.status == "dissolved":
        raise broken("GOV-5", "the issuer is not a member", "签发方不是成员")
    if standing.status == "suspended" and not case.meets_duty:
        raise broken("GOV-5", "the issuer is suspended", "签发方已被暂停")


@rule(
    "REC-5",
    demand=Text(
        "An id of an issuer is used once, refused attempts included", "同一签发方的编号只能使用一次，被拒绝的尝试也计入"
    ),
    next_step=Text("Choose a new id for the statement.", "请为语句选择新的编号。"),
)
def rec_5(first_index: int | None) -> None:
    """REC-5: `first_index` is the log index at which this issuer's id was used before, or None."""
    if first_index is not None:
        raise broken(
            "REC-5", f"the id stands at log index {first_index} already", f"该编号已用于日志序号 {first_index}"
        )


@rule(
    "REC-6",
    demand=Text(
        "No string on the ledger may hold a raw identifier of a person", "账本中的任何字符串都不得含有自然人的原始标识"
    ),
    next_step=Text("Put a commitment in its place.", "请以承诺值代替。"),
)
def rec_6(payload: JsonObject) -> None:
    """REC-6: resident numbers, passports, mobile and bank card numbers are looked for in every string."""
    hit = scan_identifiers(payload)
    if hit is not None:
        raise broken("REC-6", f"the value at {hit.path} looks like a {hit.kind}", f"{hit.path} 处的值疑似 {hit.kind}")


def signing_key(context: Context, view: BlockView) -> KeyState:
    """Return the key the statement names; raises UnknownKey."""
    key = view.find(KEY, "", context.kid)
    if key is None:
        raise UnknownKey(kid=context.kid)
    return key


def check_envelope(context: Context, audience: str, expected: str) -> None:
    """Check audience and time window; raises WrongAudience or OutsideTimeWindow."""
    if audience != expected:
        raise WrongAudience(audience=audience[:200])
    if abs(context.iat * 1000 - context.time) > TIME_WINDOW_MS:
        raise OutsideTimeWindow(seconds=(context.iat * 1000 - context.time) // 1000)
