"""The golden log: what stands in tests/vectors/log.json must come out of execution byte for byte.

After an intended change of format or of a rule, `python -m tests.conformance.golden_story` writes the file anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from ledger.execution import BlockResult, Head, execute_block
from ledger.genesis import check_genesis, genesis_changes, genesis_head, read_genesis_entry
from ledger.kinds import KINDS
from ledger.replay import Replay
from ledger.state.tables import RESIDENT
from ledger.state.view import MemoryState
from ledger.statement import decode_statement
from tests.conformance.golden_story import FILE, BlockVector, LogVector, render, tell
from tests.world import MemoryHistory


@pytest.fixture(scope="module")
def golden() -> LogVector:
    return msgspec.json.decode(FILE.read_bytes(), type=LogVector)


def executed(log: LogVector) -> Iterator[tuple[BlockVector, BlockResult, Head]]:
    """Execute the submitted statements again, block by block, on nothing but what stands in the file."""
    entry = bytes.fromhex(log.genesis)
    genesis = read_genesis_entry(entry)
    check_genesis(genesis)
    head, state, history = genesis_head(entry), MemoryState(), MemoryHistory()
    state.apply(genesis_changes(genesis))
    assert head.origin == log.origin
    assert head.state_digest.hex() == log.genesis_state_digest
    for block in log.blocks:
        statements = [decode_statement(bytes.fromhex(result.statement)) for result in block.submitted]
        resident = {key: row for key, row in state.rows.items() if key[0] in RESIDENT}
        result = execute_block(head, block.time, statements, resident, state, history)
        head = result.head
        state.apply(result.rows)
        for logged in result.logged:
            history.digests[logged.statement.digest] = logged.index
            history.used.setdefault(logged.statement.sub, logged.index)
        yield block, result, head


def test_execution_gives_the_golden_log(golden: LogVector) -> None:
    for block, result, head in executed(golden):
        outcomes = [
            (outcome.statement_id, outcome.status, outcome.index, outcome.error and outcome.error.stable_code)
            for outcome in result.outcomes
        ]
        assert outcomes == [(one.id, one.status, one.index, one.error) for one in block.submitted]
        assert [entry.hex() for entry in result.entries] == block.entries
        assert (head.size, head.root().hex()) == (block.size, block.root)
        assert (head.state_digest.hex(), head.app_hash.hex()) == (block.state_digest, block.app_hash)


def test_the_story_is_still_the_one_told(golden: LogVector) -> None:
    assert render(tell()) == FILE.read_bytes()
    assert len(golden.blocks) > 40


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_no_order_of_sets_or_dicts_shows(seed: str) -> None:
    told = "import sys; from tests.conformance.golden_story import *; sys.stdout.buffer.write(render(tell()))"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": "America/New_York"}
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=FILE.parents[2], env=environment, capture_output=True, check=True
    )
    assert done.stdout == FILE.read_bytes()


def test_replay_accepts_the_golden_log(golden: LogVector) -> None:
    replay = Replay()
    entries = [golden.genesis, *(entry for block in golden.blocks for entry in block.entries)]
    head = replay.feed_all(bytes.fromhex(entry) for entry in entries)
    assert head.app_hash.hex() == golden.blocks[-1].app_hash


def test_the_golden_log_has_every_kind_and_every_outcome(golden: LogVector) -> None:
    results = [result for block in golden.blocks for result in block.submitted]
    admitted = {
        decode_statement(bytes.fromhex(result.statement)).kind for result in results if result.status == "admitted"
    }
    assert admitted == set(KINDS)
    assert {result.status for result in results} == {"admitted", "refused", "duplicate", "rejected"}
    assert [block for block in golden.blocks if not block.submitted and block.entries], "a heartbeat"
    assert [block for block in golden.blocks if block.submitted and not block.entries], "a block without leaves"
