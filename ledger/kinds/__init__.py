"""Statement kinds: the payload of each as a typed, immutable struct (DOMAIN.md, "Statement kinds")."""

from ledger.kinds.registry import KINDS, PayloadError, UnknownKind, decode_payload, json_schema

__all__ = ["KINDS", "PayloadError", "UnknownKind", "decode_payload", "json_schema"]
