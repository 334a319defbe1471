"""The tree alone: hashing leaves, appending, giving and checking proofs, on one core and in memory."""

from __future__ import annotations

from ledger.merkle.frontier import Frontier
from ledger.merkle.hashing import leaf_hash, root_of
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof
from ledger.merkle.verify import verify_consistency, verify_inclusion
from tests.benchmarks.figures import rate

ENTRY_SIZE = 600
"""Bytes of a typical statement."""
BATCH_ROW_SIZE = 64 + len("suyuan/row/1")
"""Bytes of a batch leaf: domain text, subject value and record commitment."""
LEAVES = 100_000
PROOFS = 2_000


def main() -> None:
    """Measure leaves per second for each step, then proofs per second in a tree of `LEAVES` leaves."""
    entries = [number.to_bytes(8, "big") + bytes(ENTRY_SIZE - 8) for number in range(LEAVES)]
    rows = [entry[:BATCH_ROW_SIZE] for entry in entries]
    leaves = [leaf_hash(entry) for entry in entries]

    rate("tree.leaf_hash", LEAVES, lambda: [leaf_hash(entry) for entry in entries], {"bytes": ENTRY_SIZE})

    def append_singly() -> None:
        frontier = Frontier()
        for leaf in leaves:
            frontier.append(leaf)

    rate("tree.append", LEAVES, append_singly)
    rate("tree.extend", LEAVES, lambda: Frontier().extend(leaves), {"block": LEAVES})
    rate("tree.batch_root", LEAVES, lambda: root_of([leaf_hash(row) for row in rows]), {"bytes": BATCH_ROW_SIZE})

    tree = MemoryTree(leaves)
    root = tree.root()
    indexes = [number * LEAVES // PROOFS for number in range(PROOFS)]
    paths = [inclusion_proof(index, LEAVES, tree) for index in indexes]
    rate("tree.inclusion.prove", PROOFS, lambda: [inclusion_proof(index, LEAVES, tree) for index in indexes])

    def check_inclusion() -> None:
        for index, path in zip(indexes, paths, strict=True):
            verify_inclusion(leaves[index], index, LEAVES, path, root)

    rate("tree.inclusion.verify", PROOFS, check_inclusion, {"path": len(paths[0])})

    sizes = [index + 1 for index in indexes]
    heads = [(size, tree.root(size), consistency_proof(size, LEAVES, tree)) for size in sizes]

    def check_consistency() -> None:
        for size, old_root, path in heads:
            verify_consistency(size, old_root, LEAVES, root, path)

    rate("tree.consistency.verify", PROOFS, check_consistency)


if __name__ == "__main__":
    main()
