"""Members of the tests' world as clients of a running node: real statements with the wall clock's time."""

from __future__ import annotations

import itertools
import secrets
import time

from ledger.statement import build_statement
from tests.world import digest_of
from tests.world_genesis import signer_of, uscc_of

_count = itertools.count(1)
_run = secrets.token_hex(4)


def make_record(audience: str, member: str = "source_b") -> bytes:
    """Return a signed record.submit of `member` with fresh id and commitment, admitted when `member` is source_b."""
    number = next(_count)
    payload: dict[str, object] = {
        "item": "permit",
        "catalogue": 1,
        "subject": {"class": "enterprise", "value": digest_of(f"subject {number}"), "epoch": 1},
        "commitment": digest_of(f"commitment {number}"),
        "event_day": "2026-02-20",
        "retention_end": "2028-02-20",
    }
    return build_statement(
        signer_of(member),
        iss=uscc_of(member),
        kind="record.submit",
        sub_id=f"r-{_run}-{number}",
        aud=audience,
        iat=int(time.time()),
        cti=secrets.token_bytes(16),
        payload=payload,
    )
