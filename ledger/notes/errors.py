"""What notes, checkpoints, cosignatures, proof files, policies and witness requests can fail on."""

from __future__ import annotations

from ledger.errors import FormError, InconclusiveError, NotFoundError, QuorumError, SignatureError, StateError, Text


class DecimalError(FormError):
    """A number is not ASCII decimal without leading zeroes, or is too large."""

    code = "note.decimal"
    what = Text("“{value}” is not a decimal number from 0 to {limit}.", "“{value}”不是 0 至 {limit} 的十进制数。")
    why = Text("Numbers are ASCII digits without leading zeroes.", "数字须为无前导零的 ASCII 数字。")


class Base64Error(FormError):
    """A text is not canonical standard base64, or decodes to another length than needed."""

    code = "note.base64"
    what = Text("“{value}” is not the base64 text that is needed here.", "“{value}”不是此处所需的 base64 文本。")
    why = Text(
        "Base64 is the standard alphabet, padded, canonical and of the right length.",
        "须为标准字母表、带填充、规范且长度正确的 base64。",
    )


class NoteTextError(FormError):
    """The note is not UTF-8, has a control character, or does not end in a newline."""

    code = "note.text"
    what = Text("The note is not plain text that ends in a newline.", "签名文本不是以换行结尾的纯文本。")
    why = Text(
        "Only UTF-8 without control characters other than newline is signed.", "仅允许 UTF-8，除换行外不得含控制字符。"
    )


class NoteSizeError(FormError):
    """The note, or a file around one, is longer than is accepted."""

    code = "note.size"
    what = Text("The text has {got} bytes; at most {limit} are accepted.", "文本为 {got} 字节，上限为 {limit} 字节。")


class SignatureCountError(FormError):
    """The note has more signature lines than are accepted."""

    code = "note.signature-count"
    what = Text(
        "The note has {got} signature lines; at most {limit} are accepted.", "签名行有 {got} 个，上限为 {limit} 个。"
    )


class NoteLayoutError(FormError):
    """There is no blank line with signature lines after it."""

    code = "note.layout"
    what = Text("The note has no signature lines after a blank line.", "签名文本在空行之后没有签名行。")


class SignatureLineError(FormError):
    """A signature line is malformed."""

    code = "note.signature-line"
    what = Text("Signature line {line} is malformed.", "第 {line} 个签名行格式有误。")
    why = Text(
        "It must be “— name base64”, separated by single spaces, with a key id of four bytes and a signature.",
        "格式须为“— 名称 base64”，以单个空格分隔，含四字节密钥标识与签名。",
    )


class KeyNameError(FormError):
    """A key name is empty, too long, or has a space, a plus or a control character."""

    code = "note.key-name"
    what = Text("“{name}” cannot be the name of a key.", "“{name}”不能作为密钥名称。")
    why = Text(
        "A name has 1 to {limit} bytes of UTF-8 and no space, plus sign or control character.",
        "名称为 1 至 {limit} 字节的 UTF-8，不得含空格、加号或控制字符。",
    )


class VkeyError(FormError):
    """A verifier key is malformed: not `name+hex+base64`, or the key id is not the one of the key."""

    code = "note.vkey"
    what = Text("The verifier key of “{name}” is malformed.", "“{name}”的验证密钥格式有误。")
    why = Text(
        "It must be name+key id+base64, and the key id must be the one computed from name and key.",
        "格式须为 名称+密钥标识+base64，且密钥标识须与名称和公钥的计算结果一致。",
    )


class KeyTypeError(FormError):
    """A key's type is unknown, or it cannot serve here."""

    code = "note.key-type"
    what = Text(
        "The key of “{name}” has type {key_type}, which cannot serve here.",
        "“{name}”的密钥类型 {key_type} 不适用于此处。",
    )


class KeyPointError(FormError):
    """An Ed25519 public key is small-order, non-canonical or no point of the group."""

    code = "note.key-point"
    what = Text("The Ed25519 key of “{name}” is not a sound public key.", "“{name}”的 Ed25519 公钥不合格。")
    why = Text("Under such keys one signature can fit many messages.", "此类公钥下同一签名可能适用于多条消息。")


class NoteSignatureError(SignatureError):
    """A known key's signature does not verify: the whole note is rejected."""

    code = "signature.note"
    what = Text("The signature of “{name}” on the note is wrong.", "“{name}”对该文本的签名错误。")
    why = Text("The text was changed, or another key signed it.", "文本被更改，或由其他密钥签名。")


class UnsignedNoteError(SignatureError):
    """No known key signed the note."""

    code = "signature.unknown"
    what = Text("No known key signed this note.", "没有已知密钥为该文本签名。")
    next_step = Text("Check that the policy names the keys of this log.", "请核对策略是否列有该日志的密钥。")


class LogSignatureError(SignatureError):
    """No log key of the policy for this origin signed the checkpoint."""

    code = "signature.log"
    what = Text(
        "No log key for “{origin}” in the policy signed this checkpoint.",
        "策略中“{origin}”的日志密钥均未签名此检查点。",
    )
    next_step = Text("Check that the policy names the keys of this log.", "请核对策略是否列有该日志的密钥。")


class MlDsaUnavailableError(InconclusiveError):
    """The installed `cryptography` has no ML-DSA-44."""

    code = "signature.ml-dsa-unavailable"
    what = Text("ML-DSA-44 is not available in this installation.", "当前环境不支持 ML-DSA-44。")
    next_step = Text("Install a newer `cryptography` and verify again.", "请安装更新版本的 `cryptography` 后重新核验。")


class CosignatureTimeError(FormError):
    """A cosignature's time is outside 1 to 2^63 - 1 seconds when signing."""

    code = "note.cosignature-time"
    what = Text("{time} is not a time a cosignature can carry.", "{time} 不是共签可以携带的时间。")
    why = Text("It is a POSIX time in seconds, above zero and below 2^63.", "须为大于零且小于 2^63 的 POSIX 秒数。")


class CheckpointFormError(FormError):
    """A checkpoint's text is malformed in the line named."""

    code = "checkpoint.form"
    what = Text("Line {line} of the checkpoint is malformed.", "检查点第 {line} 行格式有误。")
    why = Text(
        "A checkpoint is exactly three lines: origin, decimal size, base64 root.",
        "检查点恰为三行：来源、十进制大小、base64 根。",
    )


class ProofFileError(FormError):
    """A proof file is malformed in the line named."""

    code = "tlog-proof.form"
    what = Text("Line {line} of the proof file is malformed.", "证明文件第 {line} 行格式有误。")


class WitnessRequestError(FormError):
    """An add-checkpoint body is malformed in the line named."""

    code = "witness.form"
    what = Text("Line {line} of the add-checkpoint request is malformed.", "add-checkpoint 请求第 {line} 行格式有误。")


class WitnessOldSizeError(FormError):
    """The old size of an add-checkpoint request is above the size of its checkpoint."""

    code = "witness.old-size"
    what = Text(
        "The old size {old_size} is above the checkpoint's size {size}.", "旧大小 {old_size} 大于检查点大小 {size}。"
    )


class WitnessConflictError(StateError):
    """The old size is not the size this witness cosigned last; `known_size` is the one to answer with."""

    code = "witness.conflict"
    what = Text(
        "The request starts from size {old_size}, but {known_size} was cosigned last.",
        "请求起始大小为 {old_size}，而上次共签大小为 {known_size}。",
    )
    next_step = Text("Send a proof from size {known_size}.", "请提交自大小 {known_size} 起的证明。")

    def __init__(self, *, old_size: int, known_size: int) -> None:
        self.known_size = known_size
        super().__init__(old_size=old_size, known_size=known_size)


class UnknownOriginError(NotFoundError):
    """The checkpoint's origin is not a log that is known here."""

    code = "witness.origin"
    what = Text("The log “{origin}” is not known here.", "此处不认识日志“{origin}”。")


class PolicyFormError(FormError):
    """A policy line cannot be read."""

    code = "policy.form"
    what = Text("Line {line} of the policy cannot be read.", "策略第 {line} 行无法解析。")
    next_step = Text("Correct the line after docs/spec.", "请按 docs/spec 更正该行。")


class PolicyNameError(PolicyFormError):
    """A name is defined twice, used before its definition, or listed in two groups."""

    code = "policy.name"
    what = Text("The policy uses the name “{name}” wrongly.", "策略误用名称“{name}”。")
    why = Text(
        "A name is one word, defined once, before it is used, and a member of one group at most.",
        "名称为一个词，须先定义后使用，仅定义一次，且至多属于一个组。",
    )


class PolicyKeyError(PolicyFormError):
    """A public key stands on two log lines or two witness lines, or two keys share name and key id."""

    code = "policy.key"
    what = Text("The policy repeats the key of “{name}”.", "策略重复了“{name}”的密钥。")
    why = Text("One key counted twice would weaken the quorum.", "同一密钥重复计数会削弱法定数。")


class PolicyThresholdError(PolicyFormError):
    """A group's threshold is not between 1 and the number of its members."""

    code = "policy.threshold"
    what = Text("The group “{name}” asks for {want} of {members}.", "组“{name}”要求 {members} 中的 {want}。")


class PolicyQuorumLineError(PolicyFormError):
    """The policy has no quorum line, or several."""

    code = "policy.quorum-line"
    what = Text("The policy has {got} quorum lines; it needs one.", "策略含 {got} 个 quorum 行，应恰为一个。")


class PolicySizeError(PolicyFormError):
    """The policy is larger than is accepted."""

    code = "policy.size"
    what = Text(
        "The policy has {got} lines or bytes; at most {limit} are accepted.", "策略有 {got} 行或字节，上限为 {limit}。"
    )


class PolicyQuorumError(QuorumError):
    """The valid cosignatures do not reach the quorum."""

    code = "quorum.policy"
    what = Text(
        "The quorum “{quorum}” is not reached: it has {got} of the {want} it needs ({cosigners} known keys cosigned).",
        "未达到法定数“{quorum}”：需 {want} 个，现有 {got} 个（{cosigners} 个已知密钥共签）。",
    )
