"""The genesis document as a file of the data directory."""

from __future__ import annotations

import msgspec

from ledger.encoding import decode_json_object, encode_json
from ledger.errors import SuyuanError
from ledger.genesis import GenesisForm
from ledger.kinds.genesis import Genesis
from node.errors import NotInitialised
from node.files import DataDirectory


def parse_genesis(data: bytes) -> Genesis:
    """Return the genesis document of JSON bytes in any layout. Raises `GenesisForm` or a JSON error."""
    try:
        return msgspec.json.decode(data, type=Genesis, strict=True)
    except msgspec.DecodeError as error:
        raise GenesisForm(detail=str(error)) from None


def genesis_json(genesis: Genesis) -> bytes:
    """Return the document in RFC 8785 form."""
    return encode_json(msgspec.to_builtins(genesis))


def read_genesis(data: DataDirectory) -> Genesis:
    """Return the genesis document of a node. Raises `NotInitialised` or `GenesisForm`."""
    try:
        text = data.genesis.read_bytes()
    except FileNotFoundError:
        raise NotInitialised(path=str(data.path)) from None
    try:
        return msgspec.convert(decode_json_object(text), Genesis, strict=True)
    except (SuyuanError, msgspec.ValidationError) as error:
        raise GenesisForm(detail=str(error)) from None
