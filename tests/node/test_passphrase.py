"""Where a node's passphrase comes from: the flag's file, the variable, another file, the prompt; it says from which."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import ConfigError
from node.config import Origin
from node.key_store import read_passphrase


@pytest.mark.parametrize(
    ("variable", "origin", "text", "source"),
    [
        ("from variable", "flag", "from file", "--passphrase-file"),
        ("from variable", "environment", "from variable", "SUYUAN_PASSPHRASE"),
        ("from variable", "file", "from variable", "SUYUAN_PASSPHRASE"),
        ("", "environment", "from file", "SUYUAN_PASSPHRASE_FILE"),
        ("", "file", "from file", "passphrase_file"),
    ],
)
def test_the_order_of_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, origin: Origin, text: str, source: str
) -> None:
    monkeypatch.setenv("SUYUAN_PASSPHRASE", variable)
    file = tmp_path / "passphrase"
    file.write_bytes(b"from file\r\nmore\n")
    found = read_passphrase(file, origin, lambda: "from prompt")
    assert found is not None
    assert (found.text, found.source.partition(" ")[0]) == (text, source)
    assert text not in repr(found)


def test_the_prompt_is_asked_last_and_a_missing_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUYUAN_PASSPHRASE", raising=False)
    asked = read_passphrase(None, "default", lambda: "from prompt")
    assert asked is not None
    assert (asked.text, asked.source) == ("from prompt", "the prompt")
    assert read_passphrase(None) is None
    with pytest.raises(ConfigError):
        read_passphrase(tmp_path / "none", "flag")
