"""What is shown: nothing that others wrote steers the terminal or is read as markup."""

from __future__ import annotations

import pytest

from clients.cli.output import Output, plain


def test_control_characters_and_markup_of_others_are_shown_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    rows = [("[red]name[/red]", "a\x1b[2Jb"), (None, 3)]
    output.data([], table=output.table("[bold]title", ("one", "two"), rows))
    output.talk("[red]said[/red]\x07")
    shown = capsys.readouterr()
    assert "[red]name[/red]" in shown.out
    assert "[bold]title" in shown.out
    assert "\x1b" not in shown.out
    assert "[red]said[/red]" in shown.err
    assert "\x07" not in shown.err


def test_lines_and_tabs_stay() -> None:
    assert plain("a\n\tb\x9b") == "a\n\tb\N{REPLACEMENT CHARACTER}"


def test_with_json_only_the_envelope_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True, command="suyuan x")
    output.talk("said")
    output.data({"a": 1})
    shown = capsys.readouterr()
    assert shown.out == '{"version":1,"command":"suyuan x","ok":true,"data":{"a":1}}\n'
    assert shown.err == ""
