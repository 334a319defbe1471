"""Settings: which source wins, where each value came from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import ConfigError
from node.config import Settings, read_settings
from node.files import DataDirectory


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path)


def test_defaults_have_a_description_each(data: DataDirectory) -> None:
    found = read_settings(data)
    assert set(found.origins.values()) == {"default"}
    assert found.settings == Settings.model_validate({})
    assert all(field.description for field in Settings.model_fields.values())


def test_flag_wins_over_environment_over_file_over_default(
    data: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.settings.write_text("port = 1\nfronts = 2\nhost = '127.0.0.2'\n")
    monkeypatch.setenv("SUYUAN_PORT", "3")
    monkeypatch.setenv("SUYUAN_FRONTS", "4")
    found = read_settings(data, {"port": 5, "fronts": None})
    assert (found.settings.port, found.settings.fronts, found.settings.host) == (5, 4, "127.0.0.2")
    origins = {name: found.origins[name] for name in ("port", "fronts", "host", "url")}
    assert origins == {"port": "flag", "fronts": "environment", "host": "file", "url": "default"}


@pytest.mark.parametrize(
    "text", ["prot = 1", "port = 'x'", "port = 70000", "port = ", "fronts = -1", "tls_key = 'k.pem'", "\x00"]
)
def test_wrong_files_are_told(data: DataDirectory, text: str) -> None:
    data.settings.write_text(text)
    with pytest.raises(ConfigError):
        read_settings(data)


def test_a_wrong_value_names_its_source(data: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUYUAN_PORT", "many")
    with pytest.raises(ConfigError) as caught:
        read_settings(data)
    assert "port (environment)" in caught.value.message()
