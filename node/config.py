"""Settings of a node: flag, then environment (SUYUAN_*), then suyuan.toml, then default; each knows its origin."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from ledger.errors import ConfigError
from node.files import DataDirectory

PREFIX = "SUYUAN_"
Origin = Literal["flag", "environment", "file", "default"]
SettingValue: TypeAlias = str | int | Path | None


class Settings(BaseSettings):
    """What an operator may set. Secrets are never settings: a passphrase is read from a file or the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="address that the fronts listen on")
    port: int = Field(8440, ge=0, le=65_535, description="port that the fronts listen on; 0 takes a free one")
    fronts: int = Field(1, ge=0, le=64, description="front processes")
    url: str | None = Field(None, max_length=300, description="address under which others reach this node")
    tls_certificate: Path | None = Field(None, description="PEM certificate chain; without it the node speaks HTTP")
    tls_key: Path | None = Field(None, description="PEM key of the certificate")
    passphrase_file: Path | None = Field(None, description="file whose first line opens the node's keys")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")
    restart_pause_ms: int = Field(5_000, ge=1, description="longest pause before a process that died is started again")
    queue_statements: int = Field(20_000, ge=1, description="statements that may wait for a block")
    block_statements: int = Field(2_000, ge=1, le=100_000, description="most statements of one block")
    answer_seconds: int = Field(30, ge=1, description="how long a front waits for the writer")
    body_seconds: int = Field(30, ge=1, description="how long a request body may take before its pace counts")
    mailbox_bytes: int = Field(256 * 2**20, ge=1, description="most bytes of one package in the mailbox")
    mailbox_total_bytes: int = Field(16 * 2**30, ge=1, description="most bytes of all packages in the mailbox")
    mailbox_hours: int = Field(240, ge=1, description="hours after which a package is dropped in any case")
    manifest_bytes: int = Field(1024 * 2**20, ge=64, description="most bytes of one batch manifest")
    segment_keys: int = Field(65_536, ge=1, description="new keys that make a segment; equal in all nodes")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller only: `read_settings` has merged the sources and knows where each came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings, and where each value came from."""

    settings: Settings
    origins: Mapping[str, Origin]


def read_settings(data: DataDirectory, flags: Mapping[str, SettingValue] | None = None) -> Configuration:
    """Return the settings of the node in `data`; flags that are None count as not given. Raises `ConfigError`."""
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    environment = EnvSettingsSource(Settings)()
    file = _read_file(data.settings)
    unknown = file.keys() - Settings.model_fields.keys()
    if unknown:
        raise ConfigError(detail=f"{data.settings.name} has an unknown setting {min(unknown)}")
    merged = {**file, **environment, **given}
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(detail=f"{name} ({_origin(name, given, environment, file)}): {first['msg']}") from None
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise ConfigError(detail="tls_certificate and tls_key need each other")
    return Configuration(settings, {name: _origin(name, given, environment, file) for name in Settings.model_fields})


def _origin(
    name: str, flags: Mapping[str, object], environment: Mapping[str, object], file: Mapping[str, object]
) -> Origin:
    sources: tuple[tuple[Origin, Mapping[str, object]], ...] = (
        ("flag", flags),
        ("environment", environment),
        ("file", file),
    )
    return next((origin for origin, values in sources if name in values), "default")


def _read_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(detail=f"{path.name}: {error}") from error
