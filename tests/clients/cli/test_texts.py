"""What people read: times of day, references with their rows, ids cut where a table needs it and nowhere else."""

from __future__ import annotations

import pytest

from clients.cli.output import PIPE_WIDTH, Output
from clients.cli.results import named, show_listed, show_object, show_rows
from clients.cli.session import Session
from clients.cli.texts import LONG, MOST_TEXTS, lines_of, short, texts
from clients.cli.traces import HOLDER_COLUMNS, HOP_COLUMNS
from ledger.kinds.grants import ScopeJson
from ledger.references import Reference, ReferenceSet
from ledger.state.tables import GrantState, Revocation

A, B = "a" * 64, "b" * 64
USCC = "9" * 18
TIME = 1_772_409_600_000
SAID = "2026-03-02T00:00:00Z"


@pytest.mark.parametrize("name", ["valid_from", "valid_until", "retires_at", "revoked_at", "suspect_from", "at", "due"])
def test_times_are_said_as_times(name: str) -> None:
    assert texts(name, TIME) == [SAID]
    assert texts("amount", TIME) == [str(TIME)]
    assert texts(name, "2026-03-02") == ["2026-03-02"]


def test_the_time_of_genesis_is_no_number() -> None:
    assert texts("active_from", 0) == ["genesis"]
    assert texts("count", 0) == ["0"]


def test_references_are_said_with_their_rows() -> None:
    references = ReferenceSet.of([Reference(A), *(Reference(B, row) for row in (0, 1, 2, 7))]).to_json()
    assert texts("references", references) == [A, f"{B}:0-2", f"{B}:7"]
    assert texts("rows", [[7, 7], [9, 12]]) == ["7,9-12"]
    assert texts("verified", [["x", 1], ["y", 2]]) == ["x, 1", "y, 2"]


def test_only_ids_are_shortened_and_their_rows_stay() -> None:
    assert short(A) == "aaaaaaaaaaaa…"
    assert short(f"{A}:7") == "aaaaaaaaaaaa…:7"
    assert short("A" * 64) == "A" * 64
    assert short(USCC) == USCC


def test_long_texts_of_an_array_have_lines_of_their_own_up_to_a_limit() -> None:
    assert list(lines_of({"ids": [A, B], "words": ["x", "y"], "none": []})) == [
        "ids:", f"  {A}", f"  {B}", "words  x, y",
    ]  # fmt: skip
    many = list(lines_of({"ids": [A] * (MOST_TEXTS + 3)}))
    assert many[-1] == "  … +3 (--json)"
    assert len(many) == MOST_TEXTS + 2
    assert len(A) > LONG


def test_a_row_inside_a_row_has_names_too() -> None:
    scope = ScopeJson(
        issuers=[USCC], items={"penalty": ["document"]}, purpose="credit", mode="store", onward=0, jurisdictions=["CN"]
    )
    grant = GrantState(
        grantor=USCC, grantee=USCC, deliverer=None, scope=scope, valid_from=TIME, valid_until=TIME, data_life=1,
        ancestors=(), statutory=True, carriers=(), sender_seed=None, code_key=None, index=3,
        revoked=Revocation(at=TIME, by=A, member=USCC, index=9),
    )  # fmt: skip
    row = named(grant)
    assert row["revoked"] == {"at": TIME, "by": A, "member": USCC, "index": 9}
    lines = list(lines_of(row))
    assert lines[-5:] == ["revoked:", f"  at      {SAID}", f"  by      {A}", f"  member  {USCC}", "  index   9"]


HOP = {
    "sender": USCC, "receiver": USCC, "status": "confirmed", "released_at": TIME, "responsible": USCC, "transfer": A,
}  # fmt: skip
HOLDER = {
    "member": USCC, "version": f"{A}:7", "since": TIME, "life_end": TIME, "may_still": False,
    "reasons": ["grant_revoked", "version_ended"],
}  # fmt: skip
FINDING = {
    "code": "F-USED-AFTER-STOP", "rule": "USE-2", "party": USCC, "since": TIME, "open": False,
    "about": f"{A}/5000012559-00010-2016",
}  # fmt: skip


@pytest.mark.parametrize(("row", "columns"), [(HOP, HOP_COLUMNS), (HOLDER, HOLDER_COLUMNS), (FINDING, tuple(FINDING))])
def test_nothing_is_folded_in_120_columns(
    capsys: pytest.CaptureFixture[str], row: dict[str, object], columns: tuple[str, ...]
) -> None:
    show_rows(Session(), "rows", columns, [row])
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= PIPE_WIDTH == 120
    for name in columns:
        for text in texts(name, row[name]):
            assert short(text) in shown.split()


def test_lines_show_what_was_named_and_json_everything(capsys: pytest.CaptureFixture[str]) -> None:
    keys = [{"kid": "k" * 43, "active_from": 0, "added_index": 5}]
    show_listed(Session(), "member", ("kid", "active_from"), keys)
    assert capsys.readouterr().out == f"member\n  - kid          {'k' * 43}\n    active_from  genesis\n"
    show_listed(Session(Output(as_json=True)), "member", ("kid",), keys)
    assert '"added_index":5' in capsys.readouterr().out
    show_object(Session(), "record", {"count": 0, "index": 3}, hidden=("count",))
    assert capsys.readouterr().out == "record\n  index  3\n"
