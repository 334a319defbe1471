"""Compare every generated page with what its generator prints now; `--write` brings the pages up to date.

A page is registered in `PAGES`, in this one place: the arguments that are given to the project's Python, and the file
that holds what it prints.
"""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_DIFFERENCES = 40

PAGES: list[tuple[list[str], str]] = [
    ([".ci/error_reference.py"], "docs/errors.md"),
    ([".ci/rule_reference.py"], "docs/rules.md"),
    ([".ci/mission_reference.py"], "docs/mission.md"),
    ([".ci/mission_reference.py", "zh"], "docs/mission.zh.md"),
    ([".ci/kind_reference.py"], "docs/spec/kinds.md"),
    ([".ci/state_reference.py"], "docs/spec/state-tables.md"),
    (["-m", "api.openapi"], "docs/openapi.json"),
]


def generated(arguments: list[str]) -> str:
    """Run one generator with a fixed hash seed and language, so that its output has one form everywhere."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"generated docs: {' '.join(arguments)} failed\n{done.stderr}")
    return done.stdout


def main() -> None:
    write = "--write" in sys.argv[1:]
    stale = []
    for arguments, name in PAGES:
        path = ROOT / name
        fresh = generated(arguments)
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        if fresh == kept:
            continue
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fresh, encoding="utf-8")
            print(f"generated docs: wrote {name}")
            continue
        stale.append(name)
        changes = difflib.unified_diff(kept.splitlines(), fresh.splitlines(), name, "generated now", lineterm="", n=1)
        print("\n".join(list(changes)[:MOST_DIFFERENCES]))
    if stale:
        sys.exit(f"generated docs: out of date: {', '.join(stale)}; run `make docs`")
    print(f"generated docs: {len(PAGES)} up to date")


if __name__ == "__main__":
    main()
