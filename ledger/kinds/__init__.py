"""Statement kinds: the payload of each as a typed, immutable struct (docs/spec/kinds.md)."""

from ledger.kinds.registry import KINDS, PayloadError, UnknownKind, decode_payload, json_schema

__all__ = ["KINDS", "PayloadError", "UnknownKind", "decode_payload", "json_schema"]
