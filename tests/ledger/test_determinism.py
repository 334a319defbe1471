from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ledger.state.tables import decode_value, encode_value
from tests.ledger.determinism_run import story

ROOT = Path(__file__).parents[2]


def run_under(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.ledger.determinism_run"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_same_statements_give_the_same_app_hashes_under_any_hash_seed() -> None:
    outputs = {run_under(seed) for seed in ("0", "1", "31337")}
    assert len(outputs) == 1
    lines = outputs.pop().splitlines()
    here = story()
    assert lines[: len(here.app_hashes)] == [app_hash.hex() for app_hash in here.app_hashes]
    assert len({*here.app_hashes}) == len(here.app_hashes)
    assert here.head.app_hash == here.app_hashes[-1]
    assert any("F-CONTRACT-DISPUTED" in line for line in lines)


def test_a_quiet_ledger_gets_an_entry_after_ten_minutes() -> None:
    world = story()
    size, head = world.head.size, world.head
    world.advance(500_000)
    assert world.run() == []
    assert world.head == head
    world.advance(600_000)
    world.run()
    assert world.head.size == size + 1


def test_every_state_row_survives_its_bytes() -> None:
    world = story()
    tables = set()
    for (table, _, _), row in world.state.rows.items():
        tables.add(table)
        assert decode_value(table, encode_value(row)) == row
        assert encode_value(decode_value(table, encode_value(row))) == encode_value(row)
    assert {"member", "key", "node", "catalogue", "policy", "record", "ended", "contract", "milestone"} <= tables
