"""No hot look-up scans a table: the plans of the queries that execution and questions run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, select

from node.store.lineage import edges_sql
from node.store.migrate import upgrade
from node.store.schema import BLOCK, DUTY, LEAF, STATE, STATEMENT, metadata
from node.store.sqlite import open_writer
from node.store.state_rows import POINTS_SQL, SCANS_SQL
from node.store.store import SEEN_SQL


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    engine = open_writer(tmp_path_factory.mktemp("plans") / "p.db")
    upgrade(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


QUERIES = {
    "duplicates": SEEN_SQL.replace("{values}", "VALUES (1, x'00'), (2, x'01')"),
    "state points": POINTS_SQL.replace("{values}", "VALUES (1, ''), (2, 'a')").replace("{mark}", "6"),
    "state scans": SCANS_SQL.replace("{values}", "VALUES (1), (2)").replace("{mark}", "6"),
    "edges from": edges_sql("source")("VALUES (1), (2)").replace("{mark}", "99"),
    "edges to": edges_sql("target")("VALUES (1), (2)").replace("{mark}", "99"),
    "full keys": "WITH q(idx) AS (VALUES (1), (2)) SELECT s.idx, s.id FROM q JOIN statement s ON s.idx = q.idx",
    "leaves": str(
        select(LEAF.c.hash).where(LEAF.c.idx >= 1, LEAF.c.idx < 9).compile(compile_kwargs={"literal_binds": True})
    ),
    "time": str(
        select(BLOCK.c.time).where(BLOCK.c.idx < 5).order_by(BLOCK.c.idx.desc()).limit(1)
        .compile(compile_kwargs={"literal_binds": True})
    ),
    "duties": str(
        select(STATE.c.value)
        .select_from(STATE.join(DUTY, (DUTY.c.anchor == STATE.c.anchor) & (DUTY.c.suffix == STATE.c.suffix)))
        .where(STATE.c.tab == 18, DUTY.c.party == "x")
        .compile(compile_kwargs={"literal_binds": True})
    ),
    "refusals": str(
        select(STATEMENT.c.idx).where(STATEMENT.c.rule.is_not(None), STATEMENT.c.idx < 9)
        .compile(compile_kwargs={"literal_binds": True})
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", QUERIES)
def test_no_table_is_scanned(connection: Connection, name: str) -> None:
    plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {QUERIES[name]}")]
    tables = set(metadata.tables)
    scans = [step for step in plan if step.startswith("SCAN") and step.split()[1] in {*tables, "s", "e", "a", "b"}]
    scans = [step for step in scans if "USING INDEX statement_refused" not in step]
    assert not scans, plan
    assert any("SEARCH" in step or "USING INDEX" in step or "USING COVERING INDEX" in step for step in plan), plan


def test_the_seen_table_is_searched_by_both_columns(connection: Connection) -> None:
    plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {QUERIES['duplicates']}")]
    assert any("SEARCH s USING PRIMARY KEY (iat=? AND digest=?)" in step for step in plan), plan
