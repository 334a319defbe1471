"""Golden files made from fixed keys: what they hold must come out of the code byte for byte, for ever.

ML-DSA-44 signatures may differ from run to run, so the one in the file is verified instead of repeated.
After an intended change of format, `python -m tests.conformance.test_golden_log` writes the files anew.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from ledger.errors import SuyuanError
from ledger.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof
from ledger.notes import AddCheckpoint, Checkpoint, Policy, SignedNote, TlogProof, consortium_policy, sign_note
from ledger.tiles import encode_bundle, tiles_of
from tests.ledger.notes.keys import EDS, LOGS, NODE_KEYS, ORIGIN, PQS, TIME

FOLDER = Path(__file__).parents[1] / "vectors"
ENTRIES = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"@ABC", b"PQRSTUVW", bytes(range(96, 112))]
SIZE = len(ENTRIES)
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


class TreeVector(msgspec.Struct):
    """Hex throughout; roots from size 0 on; paths by index at the full size; proofs [size1, size2, path]."""

    entries: list[str]
    leaves: list[str]
    roots: list[str]
    paths: list[list[str]]
    consistency: list[tuple[int, int, list[str]]]
    bundle: str
    tiles_of_70000: list[str]


class NoteVector(msgspec.Struct):
    """Seeds are SHA-256("test key " || label), labels as in `keys`; every other value is the text itself."""

    keys: dict[str, str]
    time: int
    policy: str
    checkpoint: str
    ed25519_cosigned: str
    ml_dsa_44_cosigned: str
    proof: str
    request: str


def hexes(hashes: tuple[bytes, ...] | list[bytes]) -> list[str]:
    return [value.hex() for value in hashes]


def make_tree() -> TreeVector:
    tree = MemoryTree(LEAVES)
    pairs = [(one, two) for two in range(1, SIZE + 1) for one in range(1, two + 1)]
    some_tiles = [tile.path() for tile in tiles_of(70_000) if not tile.is_full or tile.index % 100 == 0]
    return TreeVector(
        entries=hexes(ENTRIES),
        leaves=hexes(LEAVES),
        roots=hexes([root_of(LEAVES[:size]) for size in range(SIZE + 1)]),
        paths=[hexes(inclusion_proof(index, SIZE, tree)) for index in range(SIZE)],
        consistency=[(one, two, hexes(consistency_proof(one, two, tree))) for one, two in pairs],
        bundle=encode_bundle(ENTRIES).hex(),
        tiles_of_70000=some_tiles,
    )


def make_notes(ml_dsa_44_cosigned: str | None = None) -> NoteVector:
    tree = MemoryTree(LEAVES)
    checkpoint = Checkpoint(ORIGIN, SIZE, root_of(LEAVES))
    note = sign_note(checkpoint.text(), [LOGS["north"]])
    three = ("north", "south", "east")
    cosigned = note.adding(EDS[node].cosign(checkpoint, TIME) for node in three)
    if ml_dsa_44_cosigned is None:
        ml_dsa_44_cosigned = str(note.adding(PQS[node].cosign(checkpoint, TIME) for node in three))
    vkeys = {f"{node} log": str(LOGS[node].vkey) for node in LOGS}
    vkeys |= {f"{node} ed": str(EDS[node].vkey) for node in EDS}
    vkeys |= {f"{node} pq": str(PQS[node].vkey) for node in PQS}
    return NoteVector(
        keys=vkeys,
        time=TIME,
        policy=str(consortium_policy(NODE_KEYS)),
        checkpoint=str(note),
        ed25519_cosigned=str(cosigned),
        ml_dsa_44_cosigned=ml_dsa_44_cosigned,
        proof=str(TlogProof(5, inclusion_proof(5, SIZE, tree), cosigned)),
        request=str(AddCheckpoint(3, consistency_proof(3, SIZE, tree), note)),
    )


def as_file(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def test_the_tree_is_the_golden_one() -> None:
    assert (FOLDER / "tree.json").read_bytes() == as_file(make_tree())


def test_the_golden_tree_verifies() -> None:
    golden = msgspec.json.decode((FOLDER / "tree.json").read_bytes(), type=TreeVector)
    roots = [bytes.fromhex(root) for root in golden.roots]
    for index, path in enumerate(golden.paths):
        leaf = sha256(b"\0" + bytes.fromhex(golden.entries[index])).digest()
        verify_inclusion(leaf, index, SIZE, [bytes.fromhex(value) for value in path], roots[SIZE])
    for size1, size2, path in golden.consistency:
        verify_consistency(size1, roots[size1], size2, roots[size2], [bytes.fromhex(value) for value in path])


def test_the_notes_are_the_golden_ones() -> None:
    data = (FOLDER / "notes.json").read_bytes()
    golden = msgspec.json.decode(data, type=NoteVector)
    assert data == as_file(make_notes(golden.ml_dsa_44_cosigned))


def test_the_golden_notes_verify() -> None:
    golden = msgspec.json.decode((FOLDER / "notes.json").read_bytes(), type=NoteVector)
    policy = Policy.parse(golden.policy)
    for note in (golden.ed25519_cosigned, golden.ml_dsa_44_cosigned):
        assert [time for _, time in policy.verify_checkpoint(note).cosigners] == [golden.time] * 3
        with pytest.raises(SuyuanError):
            policy.verify_checkpoint(note.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n", 1))
    TlogProof.parse(golden.proof).verify(LEAVES[5], policy)
    assert AddCheckpoint.parse(golden.request).checkpoint == SignedNote.parse(golden.checkpoint)


if __name__ == "__main__":
    (FOLDER / "tree.json").write_bytes(as_file(make_tree()))
    (FOLDER / "notes.json").write_bytes(as_file(make_notes()))
