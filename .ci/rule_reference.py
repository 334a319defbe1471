"""Print docs/rules.md: every rule, where it is judged, what it demands and what to do, in both languages."""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ledger.rules import HANDLERS, RULES  # noqa: E402 - the project is found first.
from ledger.rules.grounds import OPINION, ground_of  # noqa: E402 - the project is found first.
from ledger.rules.registry import code_of  # noqa: E402 - the project is found first.

HEADER = """# Rules

Generated from the code by `make docs`. A rule is one function; `grep` for its id finds it. **Refusal**: an attempt that
breaks the rule is recorded in the log as a refusal entry. **Error**: nothing is recorded.

规则表由代码生成。**Refusal**：违反规则的尝试会作为拒绝条目记入账本；**Error**：不留任何记录。
"""

EVERYTHING = "every statement, the genesis document or a published catalogue"
GROUNDS = """The ground of a rule is the theme that it serves, of {en} ({zh});
[the mission](mission.md) has all of them.
"""


def main() -> None:
    """Write the page to stdout."""
    kinds = defaultdict(list)
    for kind, handler in HANDLERS.items():
        for rule_id in handler.rule_ids():
            kinds[rule_id].append(kind)
    lines = [HEADER, GROUNDS.format(en=OPINION.en, zh=OPINION.zh)]
    for rule_id in sorted(RULES, key=lambda name: (name.split("-")[0], int(name.split("-")[1]))):
        rule = RULES[rule_id]
        file = Path(inspect.getsourcefile(code_of(rule_id)) or "").relative_to(ROOT)
        lines.append(f"## {rule_id}\n")
        lines.append(f"- {'Refusal' if rule.recorded else 'Error'} · `{file.as_posix()}`")
        judged = ", ".join(f"`{kind}`" for kind in kinds[rule_id]) or EVERYTHING
        lines.append(f"- Judges: {judged}")
        lines.append(f"- Ground: {ground_of(rule_id).en} · {ground_of(rule_id).zh}")
        lines.append(f"- {rule.demand.en}. {rule.next_step.en}")
        lines.append(f"- {rule.demand.zh}。{rule.next_step.zh}\n")
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
