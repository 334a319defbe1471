"""Print docs/spec/kinds.md: the payload of every statement kind, field by field, and the objects inside payloads."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ledger.kinds import KINDS  # noqa: E402 - the project is found first.
from ledger.kinds.genesis import Genesis  # noqa: E402 - the project is found first.
from ledger.rules import HANDLERS, RULES  # noqa: E402 - the project is found first.

END = r"(?![\s\S])"
ELSEWHERE = re.compile(r" \(docs/[^)]*\)| \(leak tracing[^)]*\)| of leak tracing|leak tracing, ")
HEADER = """# Statement kinds: payloads

Generated from `ledger/kinds/` by `make docs`. [Statements](statement.md) says how payloads are written and judged.

Every payload also has `v` (1), `kind` and `sub`. **Bold** fields must be there; the others are absent where there is
none, never null. Unknown fields are malformed. `text ^…$` is a text that the pattern matches whole, `text of a to b`
has that many characters; `[x, …] of a to b` is an array, `{k: x, …}` an object with names of form k; `#Name` is an
object of the second part of this page. `suyuan schema <kind>` prints the same as JSON Schema (2020-12).

"Judged by" gives the rules in the order in which they are judged; those marked (R) leave a refusal entry. The general
rules (GOV-5, REC-5, REC-6) come before them for every kind.
"""


def form_of(schema: Mapping[str, object]) -> str:
    """Return the form of one value in one line, in the notation that the page explains."""
    if "$ref" in schema:
        return f"#{str(schema['$ref']).rpartition('/')[2]}"
    if "anyOf" in schema or "enum" in schema:
        values, choices = schema.get("enum", []), schema.get("anyOf", [])
        assert isinstance(values, list)
        assert isinstance(choices, list)
        forms = [json.dumps(value) for value in values]
        return " or ".join(forms + [form_of(one) for one in choices if one != {"type": "null"}])
    kind, items = schema.get("type"), schema.get("items", {})
    assert isinstance(items, dict | bool)
    if kind == "array":
        places = schema.get("prefixItems")
        if isinstance(places, list):
            return f"[{', '.join(form_of(place) for place in places)}]"
        bounds = _bounds(schema, "minItems", "maxItems")
        return f"[{form_of(items) if isinstance(items, dict) else ''}, …]" + (f" of {bounds}" if bounds else "")
    if kind == "object":
        names, values = schema.get("propertyNames", {"type": "string"}), schema["additionalProperties"]
        assert isinstance(names, dict)
        assert isinstance(values, dict)
        return f"{{{form_of(names)}: {form_of(values)}, …}} of {_bounds(schema, 'minProperties', 'maxProperties')}"
    if kind == "string":
        pattern, bounds = str(schema.get("pattern", "")).replace(END, ""), _bounds(schema, "minLength", "maxLength")
        return "text" + (f" {pattern}$" if pattern else "") + (f" of {bounds}" if bounds else "")
    bounds = _bounds(schema, "minimum", "maximum")
    return f"{kind} {bounds}".strip() + (
        f", {json.dumps(schema['default'])} when absent" if "default" in schema else ""
    )


def _bounds(schema: Mapping[str, object], least: str, most: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if low is None and high is None:
        return ""
    return f"{0 if low is None else low} to {'any' if high is None else high}"


def said(schema: Mapping[str, object]) -> str:
    """Return what a type's docstring says, without the names of pages that stand elsewhere."""
    return ELSEWHERE.sub("", " ".join(str(schema.get("description", "")).split()))


def fields(schema: Mapping[str, object]) -> Iterator[str]:
    """Yield one table line for each field of an object."""
    required, properties = schema.get("required", []), schema["properties"]
    assert isinstance(required, list)
    assert isinstance(properties, dict)
    yield "| field | form |\n|---|---|"
    for name, form in properties.items():
        if name not in ("v", "kind", "sub"):
            shown = f"**`{name}`**" if name in required else f"`{name}`"
            form_text = form_of(form).replace("|", "\\|")
            yield f"| {shown} | `{form_text}` |"
    yield ""


def main() -> None:
    """Write the page to stdout."""
    _, components = msgspec.json.schema_components([*KINDS.values(), Genesis])
    payloads = {kind: payload.__name__ for kind, payload in KINDS.items()}
    lines = [HEADER, "# Kinds\n"]
    for kind, name in payloads.items():
        handler, schema = HANDLERS[kind], components[name]
        ids = sorted(handler.rule_ids(), key=lambda rule: RULES[rule].recorded)
        judged = ", ".join(f"{rule} (R)" if RULES[rule].recorded else rule for rule in ids) or "the general rules only"
        lines += [f"## {kind}\n", said(schema) + "\n", f"Judged by {judged}.\n"]
        if handler.meets_duty:
            lines.append("A suspended member may sign it, because it meets a duty.\n")
        lines += fields(schema)
    lines.append("# Objects\n")
    for name in sorted(set(components) - set(payloads.values())):
        lines += [f"## {name}\n", said(components[name]) + "\n"]
        lines += fields(components[name])
    sys.stdout.write("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    main()
