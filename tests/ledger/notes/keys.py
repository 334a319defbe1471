"""Fixed keys and a small consortium that the tests of notes share. The seeds are public: never use them."""

from __future__ import annotations

from hashlib import sha256

from ledger.merkle import leaf_hash, root_of
from ledger.notes import (
    Checkpoint,
    Ed25519Cosigner,
    Ed25519NoteSigner,
    MlDsa44Cosigner,
    NodeKeys,
    SignedNote,
    sign_note,
)

ORIGIN = "ledger.example/credit"
NODES = ("north", "south", "east", "west")
TIME = 1_800_000_000
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(20)]
CHECKPOINT = Checkpoint(ORIGIN, len(LEAVES), root_of(LEAVES))


def seed(label: str) -> bytes:
    """Return 32 fixed bytes for a label."""
    return sha256(b"test key " + label.encode()).digest()


LOGS = {node: Ed25519NoteSigner(ORIGIN, seed(f"{node} log")) for node in NODES}
EDS = {node: Ed25519Cosigner(f"{ORIGIN}/{node}", seed(f"{node} ed")) for node in NODES}
PQS = {node: MlDsa44Cosigner(f"{ORIGIN}/{node}", seed(f"{node} pq")) for node in NODES}
NODE_KEYS = [NodeKeys(node, LOGS[node].vkey, EDS[node].vkey, PQS[node].vkey) for node in NODES]


def signed(checkpoint: Checkpoint = CHECKPOINT, log: str = "north") -> SignedNote:
    """Return the checkpoint signed by one node's log key only."""
    return sign_note(checkpoint.text(), [LOGS[log]])


def cosigned(*nodes: str, checkpoint: Checkpoint = CHECKPOINT, pq: bool = False, time: int = TIME) -> SignedNote:
    """Return the checkpoint signed by the first log key and cosigned by these nodes, with one of their keys each."""
    keys = PQS if pq else EDS
    return signed(checkpoint).adding(keys[node].cosign(checkpoint, time) for node in nodes)
