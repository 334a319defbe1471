"""Records from files: every wrong row is named before anything is signed; no batch is ever admitted twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.gateway.forms import forms_from
from clients.gateway.records import Attributes, LinkingKey, LinkingKeys, NewRecord
from clients.imports.checking import Problem, ReadRow, RowChecker
from clients.imports.currency import EXPONENTS, minor_units
from clients.imports.errors import EncodingUnreadable, ImportMalformed, MappingMalformed
from clients.imports.mapping import Column, Days, Mapping, read_mapping
from clients.imports.records import RecordImport, checked_rows, file_digest, grouped
from clients.imports.rows import read_rows
from clients.sdk.errors import NodeUnreachable
from clients.vault.vault import Vault
from ledger.codes import fictional_uscc
from ledger.references import Reference
from tests.clients.simulated_node import SimulatedNode
from tests.world_genesis import NODES, catalogue, uscc_of

MAPPING = """
item = "penalty"
subject_class = "enterprise"
identifier = "code"
batch = 4
severity = { column = "level" }
event_day = { column = "day" }
retention_end = { days = 730 }
[basis]
rank = "law"
document = "Example Law"
article = "3"
[fields]
CF_XDR_MC = "name"
CF_WSH = "number"
"""
TODAY = "2026-03-02"
LINKING = LinkingKeys(LinkingKey(1, bytes([1]) * 32), LinkingKey(1, bytes([2]) * 32))


def mapping(**changes: str) -> Mapping:
    text = MAPPING
    for name, value in changes.items():
        lines = [line for line in text.splitlines() if not line.startswith(f"{name} =")]
        text = "\n".join([f"{name} = {value}", *lines])
    return read_mapping(text, "m.toml")


def csv_text(count: int, days: int = 1) -> str:
    rows = [
        f"{fictional_uscc(100 + number)},general,2026-02-{1 + number % days:02d},企业 {number},文书-{number}"
        for number in range(count)
    ]
    return "\n".join(["code,level,day,name,number", *rows]) + "\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(csv_text(10))
    return path


def checker(found: Mapping, member: str = "source") -> RowChecker:
    return RowChecker(found, catalogue(), uscc_of(member), TODAY)


def sound(path: Path, found: Mapping, encoding: str = "utf-8") -> list[ReadRow]:
    rows = list(checked_rows(path, encoding, checker(found), found))
    assert all(isinstance(row, ReadRow) for row in rows), rows
    return [row for row in rows if isinstance(row, ReadRow)]


def problems(path: Path, found: Mapping) -> list[Problem]:
    check = checker(found)
    rows = [row for row in checked_rows(path, "utf-8", check, found) if isinstance(row, list)]
    return [*check.of_mapping(), *(problem for row in rows for problem in row)]


def test_a_mapping_says_where_each_value_comes_from() -> None:
    found = mapping()
    assert (found.severity, found.event_day, found.retention_end) == (Column("level"), Column("day"), Days(730))
    assert found.columns() == {"code", "level", "day", "name", "number"}
    assert mapping(event_day='"2026-02-01"').event_day == "2026-02-01"


@pytest.mark.parametrize(
    "wrong", ["item = 1", 'colour = "red"', "event_day = {}", "event_day = { days = 3 }", 'retention_end = {days="x"}']
)
def test_a_wrong_mapping_is_refused(wrong: str) -> None:
    name = wrong.partition(" ")[0]
    lines = [line for line in MAPPING.splitlines() if not line.startswith(f"{name} =")]
    with pytest.raises(MappingMalformed):
        read_mapping("\n".join([wrong, *lines]), "m.toml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_of_each_encoding_read_alike(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(csv_text(3).encode(encoding))
    rows = sound(path, mapping(), encoding)
    assert [row.line for row in rows] == [2, 3, 4]
    assert rows[2].record.values == {"CF_XDR_MC": "企业 2", "CF_WSH": "文书-2"}
    assert rows[0].attributes.retention_end == "2028-02-01"


def test_utf_8_with_a_mark_reads_without_saying_so(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(csv_text(1).encode("utf-8-sig"))
    assert len(sound(path, mapping())) == 1


def test_the_wrong_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(csv_text(3).encode("gb18030"))
    with pytest.raises(EncodingUnreadable):
        list(read_rows(path, "utf-8", set()))


def test_json_lines_read_like_csv(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "rows.jsonl"
    lines = [
        f'{{"code": "{fictional_uscc(100 + n)}", "level": "general", "day": "2026-02-01",'
        f' "name": "企业 {n}", "number": "文书-{n}"}}'
        for n in range(10)
    ]
    path.write_text("\n".join(lines) + "\n\n")
    assert [row.record for row in sound(path, mapping())] == [row.record for row in sound(file, mapping())]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", ""), ("a.csv", "code,code\n"), ("a.csv", "code\n1\n"), ("a.jsonl", "[1]\n"),
        ("a.jsonl", '{"code": 1.5}\n'), ("a.jsonl", '{"code": []}\n'),
        ("a.csv", "code,level,day,name,number\n1,2\n"),
    ],
)  # fmt: skip
def test_a_file_of_another_form_is_malformed(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ImportMalformed):
        list(read_rows(path, "utf-8", mapping().columns()))


def test_every_wrong_row_is_named_by_line_column_and_rule(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    good = fictional_uscc(5)
    path.write_text(
        "code,level,day,name,number\n"
        f"{good},general,2026-02-01,a,b\n"
        f"{good[:-1]}0,general,2026-02-01,a,b\n"
        f"{good},grave,2026-02-01,a,b\n"
        f'{good},general,soon,"two\nlines",b\n'
        f"{good},general,2026-04-01,a,b\n"
        f"{good[:-1]}0,none,never,a,b\n"
    )
    found = problems(path, mapping())
    assert [(one.line, one.rule, one.column) for one in found] == [
        (3, "form.code.check_digit", "code"),
        (4, "REC-3", "severity"),
        (5, "import.day", "event_day"),
        (7, "record.days", "retention_end"),
        (8, "form.code.check_digit", "code"),
        (8, "import.day", "event_day"),
        (8, "REC-3", "severity"),
    ]
    assert all(one.text.en and one.text.zh for one in found)


def test_what_is_wrong_with_the_mapping_is_found_without_a_row(tmp_path: Path) -> None:
    found = mapping(subject_class='"person"')
    rules = {one.rule for one in checker(found, "lender").of_mapping()}
    assert rules == {"REC-1", "REC-4"}
    bare = read_mapping(
        MAPPING.replace('severity = { column = "level" }', "").partition("[basis]")[0] + "[fields]\nX='n'", "m"
    )
    assert [(one.rule, one.column) for one in checker(bare).of_mapping()] == [
        ("form.record.field", "X"),
        ("REC-3", "severity"),
        ("REC-3", "basis"),
    ]


def test_rows_of_one_batch_share_their_attributes(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(csv_text(11, days=2))
    groups = list(grouped(sound(path, mapping()), 4))
    assert [len(group.rows) for group in groups] == [4, 4, 2, 1]
    assert [group.number for group in groups] == [0, 1, 2, 3]
    assert {group.attributes.event_day for group in groups} == {"2026-02-01", "2026-02-02"}
    assert [len(group.rows) for group in grouped(sound(path, mapping()), 0)] == [1] * 11


@given(st.lists(st.integers(0, 40), max_size=120), st.integers(1, 5))
def test_grouping_loses_and_doubles_no_row(days: list[int], size: int) -> None:
    rows = [
        ReadRow(line, NewRecord("enterprise", str(line), {}), Attributes(f"day {day}", "end"))
        for line, day in enumerate(days)
    ]
    groups = list(grouped(rows, size))
    assert sorted(int(row.identifier) for group in groups for row in group.rows) == list(range(len(days)))
    assert all(len(group.rows) <= size for group in groups)
    assert groups == list(grouped(rows, size))


class Source:
    """A source's side: a node, its vault, and the import of one file."""

    def __init__(self, folder: Path, file: Path, found: Mapping) -> None:
        self.node = SimulatedNode()
        self.vault = Vault(str(folder / "vault.db"))
        self.file, self.mapping = file, found

    def run(self, stop_after: int = 1000) -> list[bool]:
        """Import the file; return for each group whether an earlier run had admitted it."""
        client = self.node.client("source", attempts=1)
        nodes = [self.node.client("source", name) for name in NODES]
        name = file_digest(self.file, self.mapping, "utf-8")
        run = RecordImport(
            client, self.vault, forms_from(client), LINKING, self.mapping, 1, name, nodes=nodes, held_by=3
        )
        groups = grouped(sound(self.file, self.mapping), self.mapping.batch)
        return [run.submit(group).earlier for group in list(groups)[:stop_after]]

    def admitted(self) -> list[tuple[str, int]]:
        rows = [(key, row) for key, row in self.node.world.state.rows.items() if key[0] == "record"]
        return [(key[1], int(getattr(row, "count", 0))) for key, row in rows]


@pytest.fixture
def source(tmp_path: Path, file: Path) -> Iterator[Source]:
    made = Source(tmp_path, file, mapping())
    yield made
    made.vault.close()


def test_a_file_becomes_batches_and_every_row_is_in_the_vault(source: Source) -> None:
    assert source.run() == [False, False, False]
    admitted = source.admitted()
    assert sorted(count for _, count in admitted) == [2, 4, 4]
    names = [source.vault.record(Reference(id_, row)).values["CF_XDR_MC"] for id_, n in admitted for row in range(n)]
    assert sorted(map(str, names)) == [f"企业 {number}" for number in range(10)]


def test_a_second_run_recognises_what_the_first_admitted(source: Source) -> None:
    assert source.run(stop_after=2) == [False, False]
    assert source.run() == [True, True, False]
    assert source.run() == [True, True, True]
    assert len(source.admitted()) == 3


def test_a_lost_answer_doubles_nothing(tmp_path: Path, file: Path) -> None:
    made = Source(tmp_path, file, mapping(batch="0"))
    made.run(stop_after=2)
    made.node.lose_answers = 1
    with pytest.raises(NodeUnreachable):
        made.run()
    assert len(made.admitted()) == 3, "the third record was admitted, only its answer was lost"
    made.run()
    assert len(made.admitted()) == 10
    made.vault.close()


def test_a_node_that_does_not_answer_is_passed_over(source: Source) -> None:
    source.node.lose_answers = 1
    assert source.run() == [False, False, False]
    assert len(source.admitted()) == 3


def test_single_records_too(tmp_path: Path, file: Path) -> None:
    made = Source(tmp_path, file, mapping(batch="0"))
    assert made.run(stop_after=3) == [False] * 3
    assert made.run() == [True] * 3 + [False] * 7
    assert len(made.admitted()) == 10
    made.vault.close()


def test_another_mapping_or_file_is_another_import(file: Path) -> None:
    name = file_digest(file, mapping(), "utf-8")
    assert name != file_digest(file, mapping(batch="5"), "utf-8")
    file.write_text(csv_text(11))
    assert name != file_digest(file, mapping(), "utf-8")


def test_money_of_every_exponent() -> None:
    assert minor_units(12, "CNY") == 1200
    assert minor_units(12, "PYG") == 12
    assert minor_units(12, "KWD") == 12_000
    assert set(EXPONENTS.values()) == {0, 3, 4}
