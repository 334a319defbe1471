"""The export for merkletools: its own `validate_proof` accepts every proof, and the root is signed with the range."""

from __future__ import annotations

import importlib
import os
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.cli.merkletools_export import Export, Range, build_levels, export_merkletools, proof_of
from ledger.encoding import decode_base64url, decode_canonical
from ledger.errors import NotFoundError
from ledger.signed import EXPORT_TYP, verify_object
from tests.clients.cli.running import Person
from tests.clients.cli.test_audit import log_of, write_log
from tests.ledger.evidence.bundles import Story
from tests.world_genesis import ORIGIN, signer_of


class Oracle(Protocol):
    """What the package offers, as it is used here."""

    def add_leaf(self, values: list[str], do_hash: bool) -> None: ...
    def make_tree(self) -> None: ...
    def get_merkle_root(self) -> str: ...
    def get_proof(self, index: int) -> list[dict[str, str]]: ...
    def validate_proof(self, proof: list[dict[str, str]], target: str, root: str) -> bool: ...


@pytest.fixture(scope="module")
def oracle() -> type[Oracle]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if os.environ.get("CI") == "true":
            # `make test` installs it, so that its absence there is a failure.
            found = importlib.import_module("merkletools")
        else:
            found = pytest.importorskip("merkletools", reason="the reference package merkletools is not installed")
    tools: type[Oracle] = found.MerkleTools
    return tools


def ids_of(count: int) -> list[tuple[int, str]]:
    return [(index, sha256(f"{index}".encode()).hexdigest()) for index in range(count)]


@pytest.mark.parametrize("count", [*range(1, 34), 100, 255])
def test_every_proof_is_accepted_by_the_package_itself(oracle: type[Oracle], count: int) -> None:
    statements = ids_of(count)
    made = export_merkletools(statements, Range(ORIGIN, 0, count - 1, "checkpoint"), signer_of("auditor"))
    tools = oracle()
    tools.add_leaf([id_ for _, id_ in statements], False)
    tools.make_tree()
    assert made.merkle_root == tools.get_merkle_root()
    for position, entry in enumerate(made.proofs):
        assert tools.validate_proof(entry.proof, entry.target_hash, made.merkle_root)
        assert entry.proof == tools.get_proof(position)
        assert count == 1 or not tools.validate_proof(entry.proof, "00" * 32, made.merkle_root)


@given(st.integers(1, 60), st.data())
def test_a_proof_folds_to_the_root(count: int, data: st.DataObject) -> None:
    leaves = [bytes.fromhex(id_) for _, id_ in ids_of(count)]
    levels = build_levels(leaves)
    position = data.draw(st.integers(0, count - 1))
    value = leaves[position]
    for step in proof_of(levels, position):
        pair = bytes.fromhex(step["left"]) + value if "left" in step else value + bytes.fromhex(step["right"])
        value = sha256(pair).digest()
    assert value == levels[-1][0]


def test_the_command_signs_root_range_and_checkpoint(tmp_path: Path, oracle: type[Oracle]) -> None:
    story = Story()
    write_log(tmp_path / "log", story)
    policy, file = tmp_path / "policy.txt", tmp_path / "export.json"
    policy.write_text(str(story.policy))
    person = Person(tmp_path, member="auditor", environment={"SUYUAN_POLICY": str(policy)})
    person.data("audit", "export", str(file), "--format", "merkletools", "--first", "3", *log_of(person))
    made = msgspec.json.decode(file.read_bytes(), type=Export)
    said = decode_canonical(verify_object(decode_base64url(made.signed), EXPORT_TYP, signer_of("auditor").public))
    root, last = bytes.fromhex(made.merkle_root), story.proofs.size - 1
    wanted = ["suyuan/export", 1, "merkletools", ORIGIN, 3, last, made.count, root, made.checkpoint]
    assert said == wanted
    assert story.record in {entry.id for entry in made.proofs}
    assert story.refused in {entry.id for entry in made.proofs}
    assert all(entry.index >= 3 for entry in made.proofs)
    tools = oracle()
    assert all(tools.validate_proof(one.proof, one.target_hash, made.merkle_root) for one in made.proofs)


def test_an_empty_range_is_an_error() -> None:
    with pytest.raises(NotFoundError):
        export_merkletools([], Range(ORIGIN, 0, 0, "c"), signer_of("auditor"))
