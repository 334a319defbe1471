"""Print docs/errors.md: every error of the project, by family, in both languages, from the classes themselves.

Fails when two errors share a code, or when one lacks a text in either language: a code is what programs rely on, and
every error says what happened and what to do next.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ledger.errors import SuyuanError

PACKAGES = ("ledger", "node", "api", "clients")
HEAD = """# Errors 错误一览

Written by `make docs` from the error classes; edit those, not this page.

A program relies on the code, a person reads the texts. `{name}` stands for a parameter of the error. A rule's code is
the rule's own id. The family says who can act.

程序依据错误码，人员阅读说明文字；`{name}` 为参数。规则类错误的错误码即规则编号，错误族表明应由谁处理。
"""


def import_everything() -> None:
    """Import each module once, because a class exists only after its module ran."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, prefix=f"{name}."):
            # Migrations run inside the migration tool only, and a main module runs when it is imported.
            if not found.name.endswith(".__main__") and ".migrations." not in found.name:
                importlib.import_module(found.name)


def every_error(root: type[SuyuanError]) -> list[type[SuyuanError]]:
    found: list[type[SuyuanError]] = []
    for child in root.__subclasses__():
        if child.__module__.partition(".")[0] in PACKAGES:
            found.append(child)
        found.extend(every_error(child))
    return list(dict.fromkeys(found))


def family_of(error: type[SuyuanError]) -> str:
    """The ancestor, or the error itself, that stands directly under the base."""
    lineage = [kind for kind in error.__mro__ if issubclass(kind, SuyuanError)]
    return lineage[-2].__name__ if len(lineage) > 1 else lineage[0].__name__


def summary(error: type[SuyuanError]) -> str:
    return " ".join((inspect.getdoc(error) or "").split("\n\n")[0].split())


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def faults(errors: list[type[SuyuanError]]) -> list[str]:
    by_code: dict[str, str] = {}
    found = []
    for error in errors:
        name = f"{error.__module__}.{error.__qualname__}"
        if "code" not in vars(error):
            found.append(f"{name} has no code of its own")
        elif error.code in by_code:
            found.append(f"{name} and {by_code[error.code]} share the code {error.code}")
        by_code.setdefault(error.code, name)
        for part in ("what", "why", "next_step"):
            text = getattr(error, part)
            if bool(text.en) != bool(text.zh) or (part != "why" and not text.en):
                found.append(f"{name}.{part} must be given in both languages")
    return found


def page(errors: list[type[SuyuanError]]) -> str:
    families: dict[str, list[type[SuyuanError]]] = {}
    for error in errors:
        families.setdefault(family_of(error), []).append(error)
    parts = [HEAD]
    for family in sorted(families):
        members = sorted(families[family], key=lambda error: (error.code, error.__qualname__))
        head = next((error for error in members if error.__name__ == family), None)
        parts.append(f"## {family}\n")
        if head is not None:
            parts.append(f"{summary(head)}\n")
        parts.append(
            "| code 错误码 | what happened, and why 情况与原因 | next step 下一步 | class 类 |\n|---|---|---|---|"
        )
        for error in members:
            english = cell(f"{error.what.en} {error.why.en}")
            chinese = cell(f"{error.what.zh}{error.why.zh}")
            advice = f"{cell(error.next_step.en)}<br>{cell(error.next_step.zh)}"
            place = f"`{error.__module__}.{error.__qualname__}`"
            parts.append(f"| `{error.code}` | {english}<br>{chinese} | {advice} | {place} |")
        parts.append("")
    return "\n".join(parts)


def main() -> None:
    import_everything()
    errors: list[type[SuyuanError]] = [SuyuanError, *every_error(SuyuanError)]
    if found := faults(errors):
        sys.exit("\n".join(found))
    sys.stdout.write(page(errors))


if __name__ == "__main__":
    main()
