"""Run the benchmarks: each `bench_*.py` beside this file in a fresh process.

`python -m tests.benchmarks [name …]` runs all, or the named ones. A benchmark prints one JSON line per figure:
`{"figure", "value", "unit", "runs", "config"}`; other lines are passed on as talk. The figures are written to
`.bench/<name>.json` together with what they were measured on, and printed as a table.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESULTS = ROOT / ".bench"
FIELDS = {"figure", "value", "unit", "runs", "config"}


class Figure(TypedDict):
    """One measured figure, as a benchmark prints it."""

    figure: str
    value: float
    unit: str
    runs: list[float]
    config: dict[str, str | int | float]


def machine() -> dict[str, str | int]:
    """What the figures were measured on; nothing that names the machine or its owner."""
    return {
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "system": platform.system(),
        "architecture": platform.machine(),
    }


def figure_of(line: str) -> Figure | None:
    """Return the figure that a line states, or None when the line is talk."""
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict) or set(value) != FIELDS:
        return None
    return Figure(
        figure=str(value["figure"]),
        value=float(value["value"]),
        unit=str(value["unit"]),
        runs=[float(run) for run in value["runs"]],
        config=dict(value["config"]),
    )


def measure(name: str) -> list[Figure] | None:
    """Run one benchmark in a fresh process; return None when it failed or measured nothing."""
    print(f"bench: {name}", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.bench_{name}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=False,
    )
    figures = []
    for line in done.stdout.splitlines():
        found = figure_of(line)
        print(line, file=sys.stdout if found else sys.stderr, flush=True)
        if found:
            figures.append(found)
    if done.returncode != 0 or not figures:
        print(f"bench: {name} failed ({done.returncode}), {len(figures)} figures", file=sys.stderr)
        return None
    RESULTS.mkdir(exist_ok=True)
    content = {"name": name, "machine": machine(), "figures": figures}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return figures


def written(value: float) -> str:
    """Whole numbers from a thousand on, else four significant digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def table(rows: list[Figure]) -> str:
    """The figures in columns: name, median, unit, spread of the runs."""
    width = max(len(row["figure"]) for row in rows)
    lines = []
    for row in rows:
        spread = f"{written(min(row['runs']))} to {written(max(row['runs']))}" if row["runs"] else ""
        lines.append(f"{row['figure']:<{width}}  {written(row['value']):>12} {row['unit']:<8} {spread}")
    return "\n".join(lines)


def main() -> int:
    """Run what was asked for; 1 when any of it failed, 2 when a name is unknown."""
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    names = sys.argv[1:] or known
    if unknown := sorted(set(names) - set(known)):
        print(f"bench: unknown: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    results = {name: measure(name) for name in names}
    rows = [figure for figures in results.values() for figure in figures or []]
    if rows:
        print(f"\n{table(rows)}", file=sys.stderr)
    return 1 if None in results.values() else 0


if __name__ == "__main__":
    sys.exit(main())
