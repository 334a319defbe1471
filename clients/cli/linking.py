"""The file with a source's linking keys: TOML tables `organisations` and `persons`, each `epoch` and `key` (64 hex)."""

from __future__ import annotations

import tomllib

from clients.gateway.records import LinkingKey, LinkingKeys
from ledger.encoding import decode_digest
from ledger.errors import ConfigError, SuyuanError


def read_linking_keys(text: str, name: str) -> LinkingKeys:
    """Return the linking keys of a file; raises `ConfigError`."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(detail=f"{name}: {error}") from None
    unknown = tables.keys() - {"organisations", "persons"}
    if unknown:
        raise ConfigError(detail=f"{name} has an unknown table {min(unknown)}")
    return LinkingKeys(_read(tables.get("organisations"), name), _read(tables.get("persons"), name))


def _read(table: object, name: str) -> LinkingKey | None:
    match table:
        case None:
            return None
        case {"epoch": int(epoch), "key": str(key), **rest} if epoch >= 0 and not rest and not isinstance(epoch, bool):
            try:
                return LinkingKey(epoch, decode_digest(key))
            except SuyuanError as error:
                raise ConfigError(detail=f"{name}: {error.message()}") from None
    raise ConfigError(detail=f"{name}: a table holds `epoch` and `key` (64 hexadecimal digits)")
