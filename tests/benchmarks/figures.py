"""Measuring one figure: repeat, take the median, print one JSON line.

A figure's name is stable, so that runs can be compared over time. Every single run is kept, because a median without
its spread hides a busy machine.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

RUNS = 5
"""How often each figure is measured."""

Config = dict[str, str | int | float]


def report(figure: str, unit: str, runs: list[float], config: Config | None = None) -> None:
    """Print one figure: `value` is the median of `runs`, both in `unit`."""
    line = {
        "figure": figure,
        "value": _rounded(statistics.median(runs)),
        "unit": unit,
        "runs": [_rounded(run) for run in runs],
        "config": config or {},
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def rate(figure: str, count: int, work: Callable[[], object], config: Config | None = None, runs: int = RUNS) -> None:
    """Report how many of `count` operations `work` does in a second, over `runs` runs after one to warm up."""
    work()
    rates = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        rates.append(count / (time.perf_counter() - start))
    report(figure, "1/s", rates, {"count": count, **(config or {})})


def _rounded(value: float) -> float:
    """Four significant digits: more would claim a precision that no run has."""
    return float(f"{value:.4g}")
