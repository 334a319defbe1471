"""Evidence out of a replayed log: every proof is built from the log's own entries, so no node is believed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from clients.mirror.log_files import LogFiles, Replayed
from ledger.entries import BlockEntry, RefusalEntry, StatementEntry, decode_entry
from ledger.evidence.governed_keys import KeyHistory
from ledger.lineage.source import StatementRow
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree, inclusion_proof
from ledger.notes.note import SignedNote
from ledger.notes.tlog_proof import TlogProof


class ReplayedEvidence:
    """An `EvidenceSource` (ledger.evidence.bundle) over a replayed log; all proofs lead to its checkpoint."""

    def __init__(self, replayed: Replayed, files: LogFiles) -> None:
        self._replayed = replayed
        self._files = files
        self._tree = MemoryTree(leaf_hash(entry) for entry in replayed.entries)
        self._note = SignedNote.parse(replayed.note)
        self._blocks: list[int] = []
        self._keys = KeyHistory()
        for index, entry in enumerate(replayed.entries):
            found = decode_entry(entry)
            if isinstance(found, BlockEntry):
                self._blocks.append(index)
            elif isinstance(found, StatementEntry):
                self._keys.note(found.statement)

    def statements(self, ids: Collection[str]) -> Mapping[str, StatementRow]:
        """See `EvidenceSource`."""
        return self._replayed.replay.statements(ids)

    def raw(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """See `EvidenceSource`."""
        return self._replayed.replay.raw(ids)

    def entry(self, index: int) -> bytes:
        """See `EvidenceSource`."""
        return self._replayed.entries[index]

    def proof(self, index: int) -> str:
        """See `EvidenceSource`."""
        path = inclusion_proof(index, len(self._replayed.entries), self._tree)
        return str(TlogProof(index, tuple(path), self._note))

    def block_before(self, index: int) -> int:
        """See `EvidenceSource`."""
        return max(block for block in self._blocks if block < index)

    def key_statements(self, member: str) -> list[str]:
        """See `EvidenceSource`."""
        return self._keys.of(member)

    def receipt(self, statement_id: str) -> bytes | None:
        """See `EvidenceSource`. None is taken: a receipt for another size than the checkpoint's proves nothing."""
        del statement_id
        return None


def statements_between(entries: list[bytes], first: int, last: int) -> list[tuple[int, str]]:
    """Return (log index, id) of every statement, refused ones included, at the indexes `first` to `last`."""
    found: list[tuple[int, str]] = []
    for index in range(max(first, 0), min(last + 1, len(entries))):
        entry = decode_entry(entries[index])
        if isinstance(entry, StatementEntry | RefusalEntry):
            found.append((index, entry.statement.statement_id))
    return found
