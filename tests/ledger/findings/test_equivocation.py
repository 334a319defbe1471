"""F-EQUIVOCATION: two signed heads that exclude each other, as a file that anybody checks with the policy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofError, SuyuanError
from ledger.findings.equivocation import (
    Equivocation,
    EquivocationForm,
    NoEquivocation,
    check_equivocation,
    equivocation_findings,
)
from ledger.merkle import leaf_hash, root_of
from ledger.merkle.prove import MemoryTree, consistency_proof
from ledger.notes import Checkpoint, Policy, SignedNote, consortium_policy, sign_note
from ledger.notes.errors import NoteSignatureError, UnsignedNoteError
from tests.ledger.notes.keys import CHECKPOINT, LEAVES, LOGS, NODE_KEYS, ORIGIN, PQS, TIME, cosigned, signed

POLICY = consortium_policy(NODE_KEYS)
OTHER = [leaf_hash(b"other %d" % number) for number in range(30)]
OTHER_HEAD = Checkpoint(ORIGIN, len(LEAVES), root_of(OTHER[: len(LEAVES)]))
LOG = f"{ORIGIN}+{LOGS['north'].key_id.hex()}"


def larger(size: int = 30, leaves: list[bytes] = OTHER) -> tuple[Checkpoint, bytes, tuple[bytes, ...]]:
    """A head of `size` leaves, the root it has at the small head's size, and the consistency proof between them."""
    path = consistency_proof(len(LEAVES), size, MemoryTree(leaves[:size]))
    return Checkpoint(ORIGIN, size, root_of(leaves[:size])), root_of(leaves[: len(LEAVES)]), path


def test_two_roots_of_one_size_name_who_signed_both() -> None:
    evidence = Equivocation(cosigned("north", "south", "east"), cosigned("south", "west", checkpoint=OTHER_HEAD))
    proven = check_equivocation(Equivocation.parse(str(evidence).encode()), POLICY)
    assert (proven.first, proven.second) == (CHECKPOINT, OTHER_HEAD)
    assert set(proven.signers) == {LOG, f"{ORIGIN}/south"}
    found = equivocation_findings(proven, TIME * 1000)
    assert [finding.party for finding in found] == list(proven.signers)
    assert {(finding.code, finding.open, finding.since) for finding in found} == {("F-EQUIVOCATION", True, TIME * 1000)}


def test_a_node_that_signs_once_with_each_of_its_keys_is_one_signer() -> None:
    second = signed(OTHER_HEAD, log="south").adding([PQS["west"].cosign(OTHER_HEAD, TIME)])
    proven = check_equivocation(Equivocation(cosigned("west"), second), POLICY)
    assert proven.signers == (f"{ORIGIN}/west",)


def test_heads_of_two_sizes_exclude_each_other_by_a_consistency_proof() -> None:
    head, prefix, path = larger()
    evidence = Equivocation(signed(), signed(head), prefix, path)
    again = Equivocation.parse(str(evidence).encode())
    assert again == evidence
    assert check_equivocation(again, POLICY).signers == (LOG,)


def test_a_tree_that_grew_is_no_equivocation() -> None:
    grown = [*LEAVES, *OTHER[:10]]
    head, prefix, path = larger(30, grown)
    with pytest.raises(NoEquivocation):
        check_equivocation(Equivocation(signed(), signed(head), prefix, path), POLICY)
    # The proof that the larger tree begins otherwise cannot be made up.
    with pytest.raises(ProofError):
        check_equivocation(Equivocation(signed(), signed(head), bytes(32), path), POLICY)


HEAD, PREFIX, PATH = larger()
FOREIGN = Checkpoint("other.example/log", CHECKPOINT.size, OTHER_HEAD.root)


@pytest.mark.parametrize(
    "evidence",
    [
        Equivocation(signed(), signed()),
        Equivocation(signed(), signed(HEAD)),
        Equivocation(signed(HEAD), signed(), PREFIX, PATH),
        Equivocation(signed(), signed(OTHER_HEAD), PREFIX),
        Equivocation(signed(), signed(OTHER_HEAD, log="south")),
        Equivocation(signed(), sign_note(FOREIGN.text(), [LOGS["north"]])),
    ],
    ids=["one head", "no proof", "order", "needless proof", "nobody signed both", "two logs"],
)
def test_what_proves_nothing(evidence: Equivocation) -> None:
    with pytest.raises(NoEquivocation):
        check_equivocation(evidence, POLICY)


def test_signatures_must_verify_and_be_the_policys() -> None:
    forged = SignedNote(OTHER_HEAD.text(), signed().signatures)
    with pytest.raises(NoteSignatureError):
        check_equivocation(Equivocation(signed(), forged), POLICY)
    stranger = Policy.parse(f"log {LOGS['west'].vkey}\nquorum none\n")
    with pytest.raises(UnsignedNoteError):
        check_equivocation(Equivocation(signed(), signed(OTHER_HEAD)), stranger)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("suyuan/equivocation@v1", "suyuan/equivocation@v2", 1),
        ("first ", "first 0", 2),
        ("second ", "third ", 3),
        ("second ", "second 1", 3),
        ("prefix ", "", 4),
        ("prefix ", "prefix A", 4),
    ],
)
def test_a_malformed_file_names_its_line(old: str, new: str, line: int) -> None:
    text = str(Equivocation(signed(), signed(HEAD), PREFIX, PATH))
    with pytest.raises(EquivocationForm) as caught:
        Equivocation.parse(text.replace(old, new, 1).encode())
    assert caught.value.params["line"] == line


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_changed_byte_is_an_error_or_the_same_evidence(position: int, value: int) -> None:
    data = bytearray(str(Equivocation(signed(), signed(HEAD), PREFIX, PATH)).encode())
    data[position % len(data)] = value
    try:
        evidence = Equivocation.parse(bytes(data))
        check_equivocation(evidence, POLICY)
    except SuyuanError:
        return
    assert str(evidence).encode() == bytes(data)


def test_values_that_no_file_can_carry() -> None:
    for prefix, path in ((b"short", ()), (bytes(32), (b"short",)), (None, (bytes(32),))):
        with pytest.raises(EquivocationForm):
            Equivocation(signed(), signed(HEAD), prefix, path)
