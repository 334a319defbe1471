"""Exit codes of the command line (docs/operations.md), from the families of errors."""

from __future__ import annotations

from enum import IntEnum

from ledger.errors import (
    AccessError,
    ConfigError,
    ForkError,
    FormError,
    InconclusiveError,
    NotFoundError,
    OverloadError,
    ProofError,
    QuorumError,
    SignatureError,
    StateError,
    SuyuanError,
    UnreachableError,
)
from ledger.rules.registry import RuleError


class Exit(IntEnum):
    """Every exit code of `suyuan`."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    CONFIGURATION = 3
    NOT_AUTHORISED = 4
    NOT_FOUND = 5
    UNREACHABLE = 6
    PROOF_FAILED = 10
    FORK = 11
    BAD_SIGNATURE = 12
    QUORUM_MISSING = 13
    REFUSED = 14
    INCONCLUSIVE = 15


_BY_FAMILY: tuple[tuple[type[SuyuanError], Exit], ...] = (
    (RuleError, Exit.REFUSED),
    (AccessError, Exit.NOT_AUTHORISED),
    (NotFoundError, Exit.NOT_FOUND),
    (UnreachableError, Exit.UNREACHABLE),
    (OverloadError, Exit.UNREACHABLE),
    (ForkError, Exit.FORK),
    (QuorumError, Exit.QUORUM_MISSING),
    (ProofError, Exit.PROOF_FAILED),
    (SignatureError, Exit.BAD_SIGNATURE),
    (InconclusiveError, Exit.INCONCLUSIVE),
    (ConfigError, Exit.CONFIGURATION),
    (StateError, Exit.REFUSED),
    (FormError, Exit.USAGE),
)


def exit_of(error: SuyuanError) -> Exit:
    """Return the exit code of an error; unknown families are INTERNAL."""
    return next((code for family, code in _BY_FAMILY if isinstance(error, family)), Exit.INTERNAL)
