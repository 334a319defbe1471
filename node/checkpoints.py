"""Signing the head: the log key's line and the node's own cosignature under one checkpoint."""

from __future__ import annotations

from ledger.execution import Head
from ledger.notes.checkpoint import Checkpoint
from ledger.notes.consortium import quorum_of
from ledger.notes.note import sign_note
from node.key_store import NodeKeys
from node.store.heads import Published
from node.wire import State


class CheckpointSigner:
    """Signs heads of the ledger `origin` as node `node` of `nodes` active ones.

    Duty of the caller: the head comes from the node's own execution, and what this returns leaves the process only
    after `node.store.heads.publish` was committed with it.
    """

    def __init__(self, keys: NodeKeys, origin: str, node: str, nodes: int) -> None:
        self._signer = keys.note_signer(origin)
        self._cosigner = keys.note_cosigner(origin, node)
        # One node per member and equal power: alone it is a quorum only where n - f is one.
        self.state: State = "witnessed" if quorum_of(nodes) <= 1 else "published"

    def sign(self, head: Head, time: int) -> Published:
        """Return the checkpoint of `head`, cosigned at `time` in seconds."""
        root = head.root()
        checkpoint = Checkpoint(head.origin, head.size, root)
        note = sign_note(checkpoint.text(), [self._signer]).adding([self._cosigner.cosign(checkpoint, time)])
        return Published(head.size, root, head.height, head.time, head.app_hash, str(note), self.state)
