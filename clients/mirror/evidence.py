"""Making evidence from one's own copy: an EvidenceSource over a replayed mirror, asking no server for anything."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping

from clients.mirror.directory import MirrorDirectory
from ledger.entries import BlockEntry, decode_entry
from ledger.lineage.source import StatementRow
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree, inclusion_proof
from ledger.notes.note import SignedNote
from ledger.notes.tlog_proof import TlogProof
from ledger.replay import Replay


class MirrorEvidence:
    """Entries and proofs of a mirror with the statements that its replay found; see `ledger.evidence.bundle`."""

    def __init__(self, mirror: MirrorDirectory, replay: Replay) -> None:
        self._replay = replay
        self._entries = list(mirror.entries())
        self._tree = MemoryTree(leaf_hash(entry) for entry in self._entries)
        self._note = SignedNote.parse(mirror.note())
        self._blocks = [
            index
            for index, entry in enumerate(self._entries)
            if entry[:1] != b"\xd2" and isinstance(decode_entry(entry), BlockEntry)
        ]

    def statements(self, ids: Collection[str]) -> Mapping[str, StatementRow]:
        """See EvidenceSource."""
        return self._replay.statements(ids)

    def raw(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """See EvidenceSource."""
        return self._replay.raw(ids)

    def entry(self, index: int) -> bytes:
        """See EvidenceSource."""
        return self._entries[index]

    def proof(self, index: int) -> str:
        """See EvidenceSource."""
        return str(TlogProof(index, inclusion_proof(index, len(self._entries), self._tree), self._note))

    def block_before(self, index: int) -> int:
        """See EvidenceSource."""
        return self._blocks[bisect_left(self._blocks, index) - 1]

    def key_statements(self, member: str) -> list[str]:
        """See EvidenceSource."""
        return [
            row.id
            for row in self._replay.all_statements()
            if row.iss == member and row.rule is None and row.kind.startswith("key.")
        ]

    def receipt(self, statement_id: str) -> bytes | None:
        """A mirror holds no receipts; proofs say more."""
        return None
