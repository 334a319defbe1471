"""Fixed keys for tests. They are public here and guard nothing."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec

from ledger.codes import fictional_uscc
from ledger.keys import Ed25519Signer, P256Signer
from ledger.statement import audience, build_statement

MEMBER = fictional_uscc(1)
OTHER = fictional_uscc(2)
ORIGIN = "ledger.example/credit"
AUD = audience(ORIGIN, bytes(32))
ED = Ed25519Signer(sha256(b"test key 1").digest())
ED2 = Ed25519Signer(sha256(b"test key 2").digest())
P256 = P256Signer(ec.derive_private_key(int.from_bytes(sha256(b"test key 3").digest(), "big") >> 1, ec.SECP256R1()))
IAT = 1_800_000_000
CTI = bytes(range(16))
PAYLOAD: dict[str, object] = {"item": "A01", "catalogue": 1, "commitment": "ab" * 32, "note": "溯源"}


def sample_statement(local_id: str = "r-1", signer: Ed25519Signer | P256Signer = ED, **fields: object) -> bytes:
    """Return a signed `record.submit`-like statement; `fields` replace or add payload fields."""
    return build_statement(
        signer,
        iss=MEMBER,
        kind="record.submit",
        sub_id=local_id,
        aud=AUD,
        iat=IAT,
        cti=CTI,
        payload={**PAYLOAD, **fields},
    )
