"""Settings of the command line: flag, then environment (SUYUAN_*), then file, then default; each knows its origin."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from clients.cli.errors import FileUnusable
from ledger.errors import ConfigError

PREFIX: Final = "SUYUAN_"
FILE_NAME: Final = "suyuan-client.toml"
USER_FOLDER: Final = Path("~/.config/suyuan")
DEFAULT_VAULT: Final = Path("~/.local/share/suyuan/vault.db")
Origin = Literal["flag", "environment", "file", "default"]
Value = str | int | Path | None


class Settings(BaseSettings):
    """What a person may set. Secrets are never settings: a passphrase is read from a file, environment or prompt."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    node: str = Field("http://127.0.0.1:8440", description="address of the node")
    node_name: str | None = Field(None, description="the node's name, the audience of tokens; asked for if absent")
    member: str | None = Field(None, description="unified social credit code of the member that signs")
    key: Path | None = Field(None, description="file with the member's signing key")
    passphrase_file: Path | None = Field(None, description="file whose first line opens the key file")
    vault: str = Field(str(DEFAULT_VAULT), description="the member's vault: a file or a database URL")
    policy: Path | None = Field(None, description="the trusted policy file, for verification")
    head: Path | None = Field(None, description="file that keeps the last verified head; beside the policy if absent")
    linking_keys: Path | None = Field(None, description="file with the linking keys of a source")
    wait: Literal["sequenced", "integrated", "published", "witnessed"] = Field(
        "integrated", description="state that submissions wait for"
    )
    lang: Literal["en", "zh"] = Field("en", description="language of texts")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller only: `read_settings` merges the sources, so that each origin is known."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings, where each value came from, and the file that was read (None when there is none)."""

    settings: Settings
    origins: Mapping[str, Origin]
    file: Path | None

    def rows(self) -> list[tuple[str, str, Origin]]:
        """Return name, value and origin of every setting, in order."""
        values = self.settings.model_dump(mode="json")
        return [(name, "" if value is None else str(value), self.origins[name]) for name, value in values.items()]


def read_settings(flags: Mapping[str, Value], config: Path | None = None) -> Configuration:
    """Return the settings; flags that are None count as not given.

    The file is `config`, or `suyuan-client.toml` in this folder, or in ~/.config/suyuan. Paths in a file, the
    vault's too, are relative to its folder. Raises `FileUnusable` when a named file is missing and `ConfigError` for a
    wrong value.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    environment = EnvSettingsSource(Settings)()
    path = config if config is not None else _default_file()
    file = {} if path is None else _read_file(path)
    sources: tuple[tuple[Origin, Mapping[str, object]], ...] = (
        ("flag", given),
        ("environment", environment),
        ("file", file),
    )
    origins: dict[str, Origin] = {
        name: next((origin for origin, values in sources if name in values), "default")
        for name in Settings.model_fields
    }
    try:
        settings = Settings(**{**file, **environment, **given})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(detail=f"{name} ({origins.get(name, 'file')}): {first['msg']}") from None
    return Configuration(settings, origins, path)


def _default_file() -> Path | None:
    for path in (Path(FILE_NAME), USER_FOLDER.expanduser() / FILE_NAME):
        if path.is_file():
            return path
    return None


def _read_file(path: Path) -> dict[str, object]:
    try:
        values: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileUnusable(path=str(path), detail=error.strerror or str(error)) from None
    except ValueError as error:
        raise ConfigError(detail=f"{path.name}: {error}") from None
    for name in ("key", "passphrase_file", "policy", "head", "linking_keys"):
        value = values.get(name)
        if isinstance(value, str):
            values[name] = path.parent / Path(value).expanduser()
    vault = values.get("vault")
    if isinstance(vault, str) and "://" not in vault:
        values["vault"] = str(path.parent / Path(vault).expanduser())
    return values
