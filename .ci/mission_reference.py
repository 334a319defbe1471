"""Print docs/mission.md, or with `zh` docs/mission.zh.md: what each ground asks for, and what serves it."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ledger.errors import Text  # noqa: E402 - the project is found first.
from ledger.findings.catalogue import CODES  # noqa: E402 - the project is found first.
from ledger.mission import (  # noqa: E402 - the project is found first.
    QUESTIONS,
    commands_of,
    findings_of,
    kinds_of,
    questions_of,
    rules_of,
)
from ledger.rules.grounds import GROUNDS, OPINION  # noqa: E402 - the project is found first.

HEADER = Text(
    """# The mission, and what serves it

Generated from the code by `make docs`. [中文](mission.zh.md) · [All documentation](README.md)

Suyuan serves the data-protection and accountability side of a social credit system, as {opinion} asks for.
It limits what is done with credit data; it never scores anyone. A ground is a theme of that document. Everything that
is named here exists in the code and is tested; [Rules](rules.md) has each rule in full.
""",
    """# 使命与落实

由 `make docs` 从代码生成。[English](mission.md) · [全部文档](README.md)

溯源服务于社会信用体系中数据保护与责任落实的一面，对应{opinion}的要求。它约束信用数据的使用，从不给任何人打分。
每一项依据是该文件的一个主题。此处所列的一切均存在于代码中并经过测试；各项规则全文见[规则](rules.md)。
""",
)
ROWS = {
    "kinds": Text("Statement kinds", "语句类型"),
    "rules": Text("Rules", "规则"),
    "findings": Text("Findings", "发现的问题"),
    "questions": Text("Questions", "可回答的问题"),
    "commands": Text("Commands", "命令"),
}
ASKED = Text("The twelve questions", "十二个问题")
COLUMNS = Text("| | question | command |", "| | 问题 | 命令 |")
FOUND = Text("The findings", "各类问题")
FOUND_COLUMNS = Text("| code | what it says |", "| 代码 | 含义 |")


def said(text: Text, language: str) -> str:
    """Return a text in the page's language."""
    return text.zh if language == "zh" else text.en


def section(ground: str, language: str) -> list[str]:
    """Return one ground as a heading and a table."""
    title = GROUNDS[ground].zh if language == "zh" else GROUNDS[ground].en[0].upper() + GROUNDS[ground].en[1:]
    parts = {
        "kinds": [f"`{kind}`" for kind in kinds_of(ground)],
        "rules": [f"[{rule}](rules.md#{rule.lower()})" for rule in rules_of(ground)],
        "findings": list(findings_of(ground)),
        "questions": [f"{question.number}" for question in questions_of(ground)],
        "commands": [f"`suyuan {command}`" for command in commands_of(ground)],
    }
    lines = [f"## {title}", "", "| | |", "|---|---|"]
    lines += [f"| {said(ROWS[name], language)} | {', '.join(found)} |" for name, found in parts.items() if found]
    return [*lines, ""]


def main() -> None:
    """Write the page to stdout."""
    language = "zh" if "zh" in sys.argv[1:] else "en"
    lines = [said(HEADER, language).format(opinion=said(OPINION, language))]
    for ground in GROUNDS:
        lines += section(ground, language)
    lines += [f"## {said(ASKED, language)}", "", said(COLUMNS, language), "|---|---|---|"]
    for question in QUESTIONS:
        commands = ", ".join(f"`suyuan {command}`" for command in question.commands)
        lines.append(f"| {question.number} | {said(question.text, language)} | {commands} |")
    lines += ["", f"## {said(FOUND, language)}", "", said(FOUND_COLUMNS, language), "|---|---|"]
    lines += [f"| {code} | {said(found.text, language)} |" for code, found in CODES.items()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
