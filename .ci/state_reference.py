"""Print docs/spec/state-tables.md: every state table with anchor, suffix and the fields of its row in order."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ledger.state import tables  # noqa: E402 - the project is found first.

HEADER = """# State tables

Generated from `ledger/state/tables.py` by `make docs`. [State](state.md) says how rows are encoded and hashed.

A row's value is the CBOR array of its fields in this order, none left out. `a | null` is null where there is none.
Nested objects that come from payloads (`Jwk`, `Policy`, `ScopeJson`, …) are CBOR maps of their JSON members, without
those that equal their default; [kinds](kinds.md) lists them. Fields are only ever appended.
"""
MODULES = ("ledger.state.tables.", "ledger.state.row.", "ledger.kinds.fields.", "ledger.kinds.genesis.",
           "ledger.kinds.grants.", "ledger.kinds.transfers.", "ledger.kinds.contracts.", "typing.")  # fmt: skip


def fields_of(row: type[msgspec.Struct]) -> Iterator[str]:
    """Yield one table line for each field of a row, as the source writes its type."""
    hints = inspect.get_annotations(row, eval_str=False)
    for number, name in enumerate(row.__struct_fields__):
        written = str(hints[name])
        for module in MODULES:
            written = written.replace(module, "")
        cell = written.replace("None", "null").replace("|", "\\|")
        yield f"| {number} | `{name}` | {cell} |"


def section(title: str, row: type[msgspec.Struct], *, resident: bool | None) -> Iterator[str]:
    """Yield the section of one row type."""
    yield f"## {title}\n"
    yield " ".join((inspect.getdoc(row) or "").split()) + "\n"
    if resident is not None:
        yield ("Resident: every node keeps it in memory.\n" if resident else "Keyed by its anchor.\n")
    yield "| # | field | type |\n|---|---|---|"
    yield from fields_of(row)
    yield ""


def main() -> None:
    """Write the page to stdout."""
    lines = [HEADER]
    for name, row in tables.TABLES.items():
        lines += section(f"`{name}`", row, resident=name in tables.RESIDENT)
    lines += section("Inside `holding`: Holding", tables.Holding, resident=None)
    lines += section("Inside `grant`: Revocation", tables.Revocation, resident=None)
    lines.append("`Ranges` is an array of [first, last]; `ReferenceRows` an array of [statement id, Ranges].")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
