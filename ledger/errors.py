"""The one error tree of Suyuan.

Every failure that a caller can do something about is a subclass of `SuyuanError` with a stable
`code`, bilingual texts (what happened, why it is refused, what to do next) and named parameters.
Texts are templates over the parameters: `{name}`. The tree knows nothing of HTTP or exit codes;
`api/problems.py` and `clients/cli/exits.py` map the *families* below once.

Families (the direct subclasses of `SuyuanError`) say who can act:

- `FormError`       the bytes are not what the format asks for; fix the producer.
- `SignatureError`  a signature or key is wrong.
- `StateError`      well formed, but it does not fit what the ledger holds now.
- `RuleError`       a rule forbids it (docs/rules.md); `code` is the rule id.
- `ProofError`      a proof does not prove what it claims.
- `ForkError`       two signed heads exclude each other, or a head went back.
- `QuorumError`     too few known cosignatures.
- `InconclusiveError` something could not be checked.
- `NotFoundError`   no such thing here.
- `AccessError`     the caller may not read or do this.
- `ConfigError`     configuration or key store is wrong.
- `UnreachableError` a peer or node did not answer.
- `OverloadError`   the node is full; try again later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

Param = str | int


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; `{name}` is filled from an error's parameters."""

    en: str
    zh: str

    def fill(self, params: dict[str, Param], language: str) -> str:
        """Return the text in `language` ("zh" for Chinese, anything else English)."""
        template = self.zh if language == "zh" else self.en
        return template.format_map(_Lenient(params))


class _Lenient(dict[str, Param]):
    """A missing parameter shows as its name: an error message must never raise."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class SuyuanError(Exception):
    """Base of all errors; subclasses set `code`, `what`, `why` and `next_step`."""

    code: ClassVar[str] = "internal"
    what: ClassVar[Text] = Text("Something went wrong inside.", "内部发生错误。")
    why: ClassVar[Text] = Text("", "")
    next_step: ClassVar[Text] = Text("Report this with the log of the node.", "请连同节点日志一并报告。")

    def __init__(self, **params: Param) -> None:
        # The text is made when somebody reads it: on the hot path most errors are only caught.
        self.params: dict[str, Param] = params
        super().__init__()

    def __str__(self) -> str:
        """Return what happened and why, in English."""
        return self.message()

    @property
    def stable_code(self) -> str:
        """The code a program may rely on; for rules this is the rule id."""
        return self.code

    def message(self, language: str = "en") -> str:
        """What happened and why, in one paragraph."""
        parts = [self.what.fill(self.params, language), self.why.fill(self.params, language)]
        return ("" if language == "zh" else " ").join(part for part in parts if part)

    def advice(self, language: str = "en") -> str:
        """What to do next."""
        return self.next_step.fill(self.params, language)


class FormError(SuyuanError):
    """Bytes or values are not of the required form."""

    code = "form.malformed"
    what = Text("The input is malformed: {detail}.", "输入格式有误：{detail}。")
    why = Text("Formats are checked byte for byte.", "格式逐字节核对。")
    next_step = Text("Produce it again with the SDK or after docs/spec.", "请用 SDK 或按 docs/spec 重新生成。")


class SignatureError(SuyuanError):
    """A signature, or the key it needs, is wrong."""

    code = "signature.invalid"
    what = Text("The signature does not verify: {detail}.", "签名验证失败：{detail}。")
    next_step = Text("Sign again with the registered key.", "请用已登记的密钥重新签名。")


class StateError(SuyuanError):
    """Well formed, but in conflict with what the ledger holds."""

    code = "state.conflict"
    what = Text("This does not fit the state of the ledger: {detail}.", "与账本当前状态不符：{detail}。")
    next_step = Text("Read the current state and try again.", "请读取当前状态后重试。")


class ProofError(SuyuanError):
    """A proof does not prove what it claims."""

    code = "proof.invalid"
    what = Text("The proof fails: {detail}.", "证明不成立：{detail}。")
    next_step = Text("Keep both files as evidence and ask another node.", "请保留两份文件作为证据，并向其他节点核实。")


class ForkError(SuyuanError):
    """Two signed heads exclude each other, or a log went back."""

    code = "log.fork"
    what = Text("The log contradicts itself: {detail}.", "账本出现相互矛盾的签名树头：{detail}。")
    next_step = Text(
        "Keep both signed heads: they are the evidence. Stop relying on this node.",
        "请保留两个已签名的树头作为证据，并停止信任该节点。",
    )


class QuorumError(SuyuanError):
    """Too few known cosignatures under the policy."""

    code = "quorum.missing"
    what = Text("The checkpoint lacks its quorum: {detail}.", "检查点未达到法定签名数：{detail}。")
    next_step = Text("Fetch a newer checkpoint, or check the policy file.", "请获取更新的检查点，或核对策略文件。")


class InconclusiveError(SuyuanError):
    """Something could not be checked; neither verified nor failed."""

    code = "verdict.inconclusive"
    what = Text("This could not be checked: {detail}.", "无法核验：{detail}。")
    next_step = Text("Supply what is missing and verify again.", "请补充缺失材料后重新核验。")


class NotFoundError(SuyuanError):
    """No such thing here."""

    code = "not_found"
    what = Text("There is no {what_kind} {name} here.", "此处没有该{what_kind}：{name}。")
    next_step = Text("Check the name, or wait until it is integrated.", "请核对名称，或等待其入账。")


class AccessError(SuyuanError):
    """The caller may not do this."""

    code = "access.denied"
    what = Text("You may not do this: {detail}.", "无权执行此操作：{detail}。")
    next_step = Text("Use a token of a member whose role opens it.", "请使用具备相应角色的成员令牌。")


class ConfigError(SuyuanError):
    """Configuration or key store is wrong."""

    code = "config.invalid"
    what = Text("The configuration is wrong: {detail}.", "配置有误：{detail}。")
    next_step = Text(
        "Run `suyuan config show` to see where each value came from.", "运行 `suyuan config show` 查看各项配置来源。"
    )


class UnreachableError(SuyuanError):
    """A node or peer did not answer."""

    code = "unreachable"
    what = Text("{target} did not answer: {detail}.", "{target} 无响应：{detail}。")
    next_step = Text(
        "Check the address and that the node runs, then try again.", "请检查地址及节点是否运行，然后重试。"
    )


class OverloadError(SuyuanError):
    """The node is full at the moment."""

    code = "overload"
    what = Text("The node is busy: {detail}.", "节点繁忙：{detail}。")
    next_step = Text("Try again after {retry_after} s.", "请在 {retry_after} 秒后重试。")
