"""What an imported file can be wrong in."""

from __future__ import annotations

from ledger.errors import FormError, Text


class ImportMalformed(FormError):
    """The file is not of the format that it is imported as."""

    code = "import.malformed"
    what = Text("{file} cannot be imported: {detail}.", "{file} 无法导入：{detail}。")
    why = Text("Nothing of it was signed or submitted.", "尚未签署或提交其中任何内容。")
    next_step = Text("Correct the file, or choose the format it has.", "请更正文件，或选择与其相符的格式。")


class PartyUnmapped(FormError):
    """Parties of a contract whose unified social credit code is not known."""

    code = "import.party"
    what = Text(
        "No unified social credit code is known for: {parties}.", "以下当事方没有对应的统一社会信用代码：{parties}。"
    )
    why = Text("The ledger names parties by their codes only.", "账本仅以代码标识当事方。")
    next_step = Text(
        "Name each with --party ID=CODE, or in a file with --parties FILE.",
        "请用 --party ID=代码 逐一指定，或用 --parties 文件 指定。",
    )


class PartyLine(FormError):
    """A line of a mapping of parties that is not ID=CODE."""

    code = "import.party_line"
    what = Text("{line} is not of the form ID=CODE.", "{line} 不是 ID=代码 的形式。")
    next_step = Text("Write the party's id, an equals sign and its code.", "请写当事方 ID、等号与代码。")


class AmountUnusable(FormError):
    """An amount that is no whole number of its currency's minor units, or that names no currency."""

    code = "import.amount"
    what = Text(
        "The amount {amount} {currency} at {place} cannot be given in whole minor units.",
        "{place} 处的金额 {amount} {currency} 无法以最小货币单位的整数表示。",
    )
    why = Text(
        "Money on the ledger is a whole number of minor units (ISO 4217).",
        "账本上的金额为最小货币单位的整数（ISO 4217）。",
    )


class DayUnreadable(FormError):
    """A date that is no date."""

    code = "import.day"
    what = Text("{value} at {place} is not a date.", "{place} 处的 {value} 不是日期。")
    next_step = Text("Use YYYY-MM-DD or an ISO 8601 time.", "请使用 YYYY-MM-DD 或 ISO 8601 时间。")


class MappingMalformed(FormError):
    """A mapping file that does not say how a file's columns become records."""

    code = "import.mapping"
    what = Text("The mapping {file} is wrong: {detail}.", "映射文件 {file} 有误：{detail}。")
    next_step = Text("See `suyuan record import --help` for its form.", "格式见 `suyuan record import --help`。")


class EncodingUnreadable(FormError):
    """A file that is not in the encoding it is read in."""

    code = "import.encoding"
    what = Text(
        "{file} is not {encoding} text (line {line} or after it).", "{file} 不是 {encoding} 文本（第 {line} 行起）。"
    )
    next_step = Text(
        "Name its encoding with --encoding: utf-8, utf-8-sig or gb18030.",
        "请用 --encoding 指定编码：utf-8、utf-8-sig 或 gb18030。",
    )
