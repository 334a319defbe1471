"""The ways in which a statement, or a sequence of them, can be malformed; each has a code of its own."""

from __future__ import annotations

from ledger.errors import FormError, Text


class StatementTooLarge(FormError):
    """More bytes than a log entry can have."""

    code = "form.statement.entry_size"
    what = Text("The statement has {size} bytes, more than {limit}.", "陈述共 {size} 字节，超过上限 {limit}。")
    next_step = Text("Split it over several statements.", "请拆分为多个陈述。")


class PayloadTooLarge(FormError):
    """More bytes than a payload may have."""

    code = "form.statement.payload_size"
    what = Text("The payload has {size} bytes, more than {limit}.", "载荷共 {size} 字节，超过上限 {limit}。")
    next_step = Text("Split it over several statements.", "请拆分为多个陈述。")


class HeaderLabels(FormError):
    """The protected header lacks a label or has one more."""

    code = "form.statement.header"
    what = Text(
        "The protected header has not exactly the labels 1, 3, 4, 15 and 16.", "保护头应恰好含标签 1、3、4、15、16。"
    )


class WrongAlgorithm(FormError):
    """An algorithm that statements do not use."""

    code = "form.statement.alg"
    what = Text("Header alg is {found}; statements use -8 or -7.", "头部 alg 为 {found}，陈述仅用 -8 或 -7。")


class WrongContentType(FormError):
    """Another content type."""

    code = "form.statement.content_type"
    what = Text("Header content type must be {wanted}.", "头部内容类型应为 {wanted}。")


class WrongTyp(FormError):
    """Another kind of signed object."""

    code = "form.statement.typ"
    what = Text("Header typ must be {wanted}.", "头部 typ 应为 {wanted}。")
    why = Text("A signature counts only for the type it was made for.", "签名仅对其声明的类型有效。")


class WrongKid(FormError):
    """A kid that is no thumbprint."""

    code = "form.statement.kid"
    what = Text("Header kid is not a 32-byte key thumbprint.", "头部 kid 不是 32 字节密钥指纹。")


class WrongClaims(FormError):
    """CWT claims other than the five, or a claim of another form."""

    code = "form.statement.claims"
    what = Text(
        "CWT claim {claim} is missing, unknown or of the wrong form.", "CWT 声明 {claim} 缺失、多余或格式有误。"
    )


class SignatureSize(FormError):
    """A signature of another length than 64 bytes."""

    code = "form.statement.signature_size"
    what = Text("The signature has {found} bytes instead of {wanted}.", "签名应为 {wanted} 字节，实际 {found} 字节。")


class WrongVersion(FormError):
    """A payload version that is not known."""

    code = "form.statement.version"
    what = Text("Payload field v must be {wanted}.", "载荷字段 v 应为 {wanted}。")


class WrongKind(FormError):
    """A kind that is not two words joined by a point."""

    code = "form.statement.kind"
    what = Text("Payload field kind is missing or not of the form family.action.", "载荷字段 kind 缺失或格式有误。")


class SubjectMismatch(FormError):
    """sub in header and payload differ, or sub does not follow from kind, issuer and id."""

    code = "form.statement.sub"
    what = Text(
        "sub must be the same in header and payload, and urn:suyuan:<family>:<issuer>:<id>.",
        "头部与载荷的 sub 应一致，且形如 urn:suyuan:<类别>:<签发者>:<编号>。",
    )


class ReservedField(FormError):
    """A payload that brings a field which the statement itself fills in."""

    code = "form.statement.reserved_field"
    what = Text("Payload field {field} is filled in by the statement.", "载荷字段 {field} 由陈述自动填写。")


class TrailingBytes(FormError):
    """Bytes after the statement."""

    code = "form.statement.trailing"
    what = Text("{count} bytes follow the statement.", "陈述之后还有 {count} 个字节。")


class SequenceTooLong(FormError):
    """Too many statements in one sequence."""

    code = "form.sequence.length"
    what = Text("The sequence has more than {limit} statements.", "序列中的陈述超过 {limit} 个。")
    next_step = Text("Send several sequences.", "请分多个序列发送。")


class SequenceEmpty(FormError):
    """No statement at all."""

    code = "form.sequence.empty"
    what = Text("The sequence has no statement.", "序列中没有陈述。")


class SequenceItem(FormError):
    """One statement of a sequence is malformed; nothing of the sequence is taken."""

    code = "form.sequence.item"
    what = Text(
        "Statement {position} of the sequence is malformed ({cause}).", "序列中第 {position} 个陈述有误（{cause}）。"
    )
