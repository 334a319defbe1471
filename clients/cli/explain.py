"""`suyuan explain`: what a rule, an error or a finding says and what to do next, in both languages."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import click

from clients.cli.command import standalone
from clients.cli.session import Session
from ledger.errors import NotFoundError, SuyuanError, Text


class CodeUnknown(NotFoundError):
    """No rule, error or finding of that name."""

    code = "cli.code_unknown"
    what = Text("There is no rule, error or finding {name}.", "没有名为 {name} 的规则、错误或问题。")
    next_step = Text("`suyuan explain --list` names them all.", "运行 `suyuan explain --list` 查看全部。")


@standalone("explain", "解释规则、错误或问题")
@click.argument("name", required=False)
@click.option("--list", "list_all", is_flag=True, help="name every rule, error and finding")
def explain(session: Session, name: str | None, list_all: bool) -> None:
    """Explain a rule (TRA-2), an error code (signature.wrong) or a finding (F-HOP) in both languages."""
    entries = _entries()
    if list_all or name is None:
        rows = [{"name": key, "kind": entry["kind"]} for key, entry in entries.items()]
        table = session.output.table("codes", ("name", "kind"), [(row["name"], row["kind"]) for row in rows])
        session.output.data(rows, table=table)
        return
    entry = entries.get(name) or entries.get(name.upper()) or entries.get(name.lower())
    if entry is None:
        raise CodeUnknown(name=name[:60])
    session.output.data(entry, text=_text(entry))


def _text(entry: dict[str, object]) -> str:
    """Return an entry for people: name and kind, then what it says and what to do next, in both languages."""
    kind = str(entry["kind"])
    if kind == "rule":
        kind = "rule, recorded as a refusal" if entry["recorded"] else "rule, an error that leaves no leaf"
    lines = [f"{entry['name']} ({kind})", "", f"  {entry['en']}", f"  {entry['zh']}"]
    if entry.get("ground_en"):
        lines += ["", f"  ground: {entry['ground_en']}", f"  依据：{entry['ground_zh']}"]
    if entry.get("next_en"):
        lines += ["", f"  → {entry['next_en']}", f"  → {entry['next_zh']}"]
    return "\n".join(lines)


def _entries() -> dict[str, dict[str, object]]:
    from ledger.findings.catalogue import CODES
    from ledger.rules import RULES
    from ledger.rules.grounds import ground_of

    _import_all("ledger", "clients")
    entries: dict[str, dict[str, object]] = {
        rule.id: {
            "name": rule.id, "kind": "rule", "recorded": rule.recorded, "en": rule.demand.en, "zh": rule.demand.zh,
            "next_en": rule.next_step.en, "next_zh": rule.next_step.zh,
            "ground_en": ground_of(rule.id).en, "ground_zh": ground_of(rule.id).zh,
        }
        for rule in RULES.values()
    }  # fmt: skip
    for finding in CODES.values():
        entries[finding.code] = {"name": finding.code, "kind": "finding", "en": finding.text.en, "zh": finding.text.zh}
    for error in _errors(SuyuanError):
        entries.setdefault(error.code, _of_error(error))
    return dict(sorted(entries.items()))


def _of_error(error: type[SuyuanError]) -> dict[str, object]:
    return {
        "name": error.code, "kind": "error",
        "en": " ".join(part for part in (error.what.en, error.why.en) if part), "zh": error.what.zh + error.why.zh,
        "next_en": error.next_step.en, "next_zh": error.next_step.zh,
    }  # fmt: skip


def _errors(root: type[SuyuanError]) -> Iterator[type[SuyuanError]]:
    for child in root.__subclasses__():
        yield child
        yield from _errors(child)


def _import_all(*packages: str) -> None:
    # An error class exists only after its module ran.
    for package in packages:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, prefix=f"{package}."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)
