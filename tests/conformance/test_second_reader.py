"""The second reader against the ledger: golden vectors, a log in memory, an exported log, and damage of each kind."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.commitment import FieldValue, RecordForm, record_commitment
from ledger.disclosing import disclose
from ledger.encoding import encode_cbor, encode_json
from ledger.merkle import root_of
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof
from ledger.notes import Checkpoint, TlogProof, sign_note
from ledger.notes.signers import Ed25519NoteSigner
from ledger.receipt import sign_inclusion_receipt
from ledger.tiles import bundles_of, encode_bundle, entries_path
from tests.conformance import second_bytes, second_keys, second_notes, second_records, second_state
from tests.conformance.second_bytes import Broken
from tests.conformance.second_reader import Reading, read_entries, read_folder
from tests.conformance.second_statement import read_statement
from tests.world import World
from tests.world_genesis import ORIGIN, seed_of, signer_of

HERE, VECTORS = Path(__file__).parent, Path(__file__).parents[1] / "vectors"
ALLOWED = {"hashlib", "cbor2", "json", "struct", "base64", "hmac", "nacl"}
PLAIN = {"__future__", "ast", "collections", "dataclasses", "datetime", "functools", "pathlib", "re", "sys", "typing"}
SIBLING = "tests.conformance"


def vector(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def unhex(values: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def world_of_records() -> World:
    world = World.founding()
    world.do("source", "record.submit", world.record())
    world.run(
        world.sign("source", "record.batch", world.batch(7)),
        world.sign("lender", "record.submit", world.record()),
        world.sign("source_b", "record.submit", world.record("permit")),
    )
    world.advance(600_000)
    world.run()
    return world


# Independence


@pytest.mark.parametrize("file", sorted(HERE.glob("second_*.py")), ids=lambda file: file.name)
def test_the_reader_shares_no_code_with_the_ledger(file: Path) -> None:
    modules: set[str] = set()
    for item in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(item, ast.Import):
            modules |= {alias.name for alias in item.names}
        elif isinstance(item, ast.ImportFrom):
            assert item.level == 0
            names = {f"{SIBLING}.{alias.name}" for alias in item.names} if item.module == SIBLING else {item.module}
            modules |= {name or "" for name in names}
        elif isinstance(item, ast.Name):
            assert item.id not in {"__import__", "exec", "eval", "importlib"}
    siblings = {name for name in modules if name.startswith(SIBLING)}
    assert all(name.startswith(f"{SIBLING}.second_") for name in siblings)
    assert {name.partition(".")[0] for name in modules - siblings} <= ALLOWED | PLAIN


# Golden vectors


def test_tree_vector() -> None:
    tree = vector("tree.json")
    entries, leaves, roots = unhex(tree["entries"]), unhex(tree["leaves"]), unhex(tree["roots"])
    assert [second_bytes.leaf_hash(entry) for entry in entries] == leaves
    assert [second_bytes.tree_root(leaves[:size]) for size in range(len(roots))] == roots
    for index, path in enumerate(tree["paths"]):
        second_bytes.check_inclusion(leaves[index], index, len(leaves), unhex(path), roots[-1])
    for one, two, path in tree["consistency"]:
        second_bytes.check_consistency(one, roots[one], two, roots[two], unhex(path))
    assert second_bytes.read_bundle(bytes.fromhex(tree["bundle"]), len(entries)) == entries


def test_notes_vector() -> None:
    notes, tree = vector("notes.json"), vector("tree.json")
    policy = second_notes.read_policy(notes["policy"])
    head = second_notes.check_checkpoint(notes["ed25519_cosigned"], policy)
    assert head[1:] == (len(tree["entries"]), bytes.fromhex(tree["roots"][-1]))
    assert second_notes.check_proof_file(notes["proof"], bytes.fromhex(tree["leaves"][5]), policy)[0] == 5
    with pytest.raises(Broken):
        second_notes.check_checkpoint(notes["checkpoint"], policy)
    with pytest.raises(Broken):
        second_notes.check_checkpoint(notes["ed25519_cosigned"].replace("\n8\n", "\n9\n", 1), policy)


def test_statement_vector() -> None:
    file = vector("statement.json")
    for case in file["cases"]:
        key = second_keys.key_of(case["public_key"])
        assert key.kid.hex() == case["thumbprint"]
        statement = read_statement(bytes.fromhex(case["statement"]))
        assert (statement.id, statement.digest.hex()) == (case["statement_id"], case["digest"])
        assert statement.message.signed_bytes().hex() == case["sig_structure"]
        assert statement.payload == case["payload"]
        statement.message.check(key)
        with pytest.raises(Broken):
            second_keys.verify(key, statement.message.signed_bytes() + b"\x00", statement.message.signature)
    block = bytes.fromhex(file["block_entry"])
    assert second_state.app_hash(block, 3, b"\x11" * 32, b"\x22" * 32).hex() == file["app_hash"]
    name, version, rule, statement_bytes = second_bytes.as_list(
        second_bytes.decode_cbor(bytes.fromhex(file["refusal_entry"]))
    )
    assert (name, version, rule) == ("suyuan/refusal", 1, "REC-1")
    assert read_statement(second_bytes.as_bytes(statement_bytes)).id == file["cases"][0]["statement_id"]


def test_signed_vector() -> None:
    file, cases = vector("signed.json"), vector("statement.json")["cases"]
    key = second_keys.key_of(cases[0]["public_key"])
    statement = read_statement(bytes.fromhex(cases[0]["statement"]))
    said = ["suyuan/held", 1, statement.aud.partition("#")[0], b"\x22" * 32, b"\x11" * 32, 3]
    held, typ = bytes.fromhex(file["held"]), "application/suyuan-held+cose"
    second_keys.check_object(held, typ, key, second_bytes.encode_cbor(said))
    with pytest.raises(Broken):
        second_keys.check_object(held, typ, key, second_bytes.encode_cbor([*said[:5], 4]))
    token = second_keys.read_sign1(bytes.fromhex(file["token"]))
    token.check(key)
    claims = second_bytes.as_map(second_bytes.decode_cbor(second_bytes.as_bytes(token.payload)))
    assert set(claims) == {1, 3, 4, 6, 7}


def test_receipt_vector() -> None:
    file = vector("receipt.json")
    leaves = [second_bytes.leaf_hash(entry) for entry in unhex(file["entries"])]
    root, key = bytes.fromhex(file["root"]), second_keys.key_of(file["log_key"])
    assert second_bytes.tree_root(leaves) == root
    statement, receipt = (
        read_statement(bytes.fromhex(file["entries"][4])),
        bytes.fromhex(file["inclusion_receipt_of_4"]),
    )
    origin = second_notes.check_receipt(receipt, leaves[4], statement.sub, 7, 4, root, key)
    assert statement.aud.startswith(f"{origin}#")
    with pytest.raises(Broken):
        second_notes.check_receipt(receipt, leaves[3], statement.sub, 7, 4, root, key)
    transparent = second_keys.read_sign1(bytes.fromhex(file["transparent_statement_4"]))
    assert transparent.unprotected == {second_notes.RECEIPTS: [receipt]}


def test_record_vectors() -> None:
    file = vector("commitment.json")
    for case in file["cases"]:
        key, fields = bytes.fromhex(case["record_key"]), file["fields"]
        assert second_records.salts(key, len(fields) + 1) == unhex(case["salts"])
        leaves = second_records.record_leaves(file["item"], file["catalogue"], fields, key, case["values"])
        assert leaves == unhex(case["leaf_hashes"])
        commitment = second_bytes.tree_root(leaves)
        assert commitment.hex() == case["commitment"]
        shown = second_records.check_disclosure(case["disclosure"], commitment)
        assert shown == {name: case["values"].get(name) for name in ("amount", "note")}
    batch = vector("batch.json")
    digest, root, count = second_records.batch(bytes.fromhex(batch["manifest"]))
    assert (digest.hex(), root.hex(), count) == (batch["sha256"], batch["root"], batch["count"])
    content = vector("content.json")
    assert (
        second_bytes.tree_root([second_bytes.leaf_hash(leaf) for leaf in unhex(content["leaves"])]).hex()
        == (content["root"])
    )
    key = bytes.fromhex(content["content_key"])
    assert second_records.content_key_commitment(key).hex() == content["content_key_commitment"]


def test_subject_vector() -> None:
    file = vector("subject.json")
    linking, record = bytes.fromhex(file["linking_key"]), bytes.fromhex(file["record_key"])
    for case in file["cases"]:
        tag = second_records.subject_tag(linking, case["class"], case["identifier"])
        value = second_records.person_link(record, tag) if case["class"] == "person" else tag
        assert (tag.hex(), value.hex()) == (case["tag"], case["value"])


def test_the_golden_log() -> None:
    log = vector("log.json")
    blocks = [block for block in log["blocks"] if block["entries"]]
    entries = unhex([log["genesis"], *(entry for block in blocks for entry in block["entries"])])
    reading = read_entries(entries, unhex([block["state_digest"] for block in blocks]))
    assert reading.roots == unhex([block["root"] for block in blocks])
    assert reading.app_hashes == unhex([block["app_hash"] for block in blocks])
    results = [result for block in log["blocks"] for result in block["submitted"]]
    logged = [one for one in results if one["status"] in ("admitted", "refused")]
    assert [(index, one.id, rule) for index, one, rule in reading.statements] == [
        (one["index"], one["id"], one["error"]) for one in logged
    ]
    counts = reading.counts()
    assert counts["statements"] == len(logged)
    assert counts["records"] == 4 + 1000 + 20
    # By hand: of four offers one was confirmed, one disputed after release, one refused and one cancelled; of two more
    # one was released, and the other is still on offer; the last one, of the record that is repaired, was confirmed.
    assert counts["transfers"] == {
        "confirmed": 2, "disputed": 1, "refused": 1, "cancelled": 1, "released": 1, "offered": 1
    }  # fmt: skip


# The two encoders


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(-300, 300), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_both_write_the_same_cbor(value: Any) -> None:
    assert second_bytes.encode_cbor(value) == encode_cbor(value)


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9_]{1,5}", fullmatch=True), st.text() | st.booleans()))
def test_both_write_the_same_json(value: dict[str, Any]) -> None:
    assert second_bytes.encode_json(value) == encode_json(value)
    assert second_bytes.decode_json(encode_json(value)) == value


@given(st.integers(1, 70), st.data())
def test_both_agree_on_proofs(size: int, data: st.DataObject) -> None:
    leaves = [second_bytes.leaf_hash(bytes([number])) for number in range(size)]
    tree, index, older = MemoryTree(leaves), data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert second_bytes.tree_root(leaves) == root_of(leaves)
    path = list(inclusion_proof(index, size, tree))
    second_bytes.check_inclusion(leaves[index], index, size, path, root_of(leaves))
    with pytest.raises(Broken):
        second_bytes.check_inclusion(leaves[index], index, size, [*path, leaves[0]], root_of(leaves))
    between = list(consistency_proof(older, size, tree))
    second_bytes.check_consistency(older, root_of(leaves[:older]), size, root_of(leaves), between)


@given(st.binary(min_size=32, max_size=32), st.integers(-5, 5), st.text(max_size=5))
def test_both_agree_on_a_record(key: bytes, number: int, text: str) -> None:
    form = RecordForm("penalty", 3, ("a", "b", "c"))
    values: dict[str, FieldValue] = {"a": number, "b": text}
    commitment = record_commitment(form, key, values)
    leaves = second_records.record_leaves(form.item, form.version, form.fields, key, values)
    assert second_bytes.tree_root(leaves) == commitment
    shown = second_records.check_disclosure(disclose(form, key, values, ["b", "c"]).to_json(), commitment)
    assert shown == {"b": text, "c": None}


# A log in memory


def test_a_world_is_read_to_the_same_roots_and_app_hashes() -> None:
    world = world_of_records()
    reading = read_entries(world.entries)
    assert second_bytes.tree_root(reading.leaves) == world.head.root()
    assert reading.app_hashes == world.app_hashes, "every block has rows that the reader knows"
    ids = [(one.index, one.statement.statement_id, one.rule) for block in world.blocks for one in block.logged]
    assert [(index, one.id, rule) for index, one, rule in reading.statements] == ids
    counts = reading.counts()
    assert (counts["statements"], counts["refused"], counts["records"]) == (4, 1, 9)
    assert counts["members"] == len(world.genesis.members)


def _flip(entry: bytes, at: int) -> bytes:
    at %= len(entry)
    return entry[:at] + bytes([entry[at] ^ 1]) + entry[at + 1 :]


def _block(change: Callable[[list[Any]], None]) -> Callable[[bytes], bytes]:
    def changed(entry: bytes) -> bytes:
        members = cbor2.loads(entry)
        change(members)
        return encode_cbor(members)

    return changed


@pytest.mark.parametrize(
    ("leaf", "damage"),
    [
        (2, lambda entry: _flip(entry, -1)),
        (2, lambda entry: _flip(entry, 300)),
        (5, lambda entry: _flip(entry, -1)),
        (1, _block(lambda block: block.__setitem__(3, 2))),
        (3, _block(lambda block: block.__setitem__(4, 1))),
        (3, _block(lambda block: block.__setitem__(5, bytes(32)))),
        (3, _block(lambda block: block.__setitem__(6, 4))),
        (7, _block(lambda block: block.__setitem__(4, block[4] - 2000))),
        (5, lambda entry: entry + b"\x00"),
    ],
)
def test_damage_is_noticed(leaf: int, damage: Callable[[bytes], bytes]) -> None:
    entries = list(world_of_records().entries)
    entries[leaf] = damage(entries[leaf])
    with pytest.raises(Broken):
        read_entries(entries)


def test_a_statement_twice_is_noticed() -> None:
    entries = list(world_of_records().entries)
    reading = Reading()
    for entry in entries[:4]:
        reading.feed(entry)
    with pytest.raises(Broken, match="twice"):
        reading.feed(entries[2])


def test_a_revoked_key_is_noticed() -> None:
    log = vector("log.json")
    entries = unhex([log["genesis"], *(entry for block in log["blocks"] for entry in block["entries"])])
    reading = read_entries(entries)
    revoked = next(one for _, one, _ in reading.statements if one.kind == "key.revoke")
    assert reading.is_kept(second_bytes.from_base64url(str(revoked.payload["kid"]))) is False
    assert reading.is_kept(revoked.kid) is True


# An exported log


def export(world: World, folder: Path) -> None:
    leaves = [second_bytes.leaf_hash(entry) for entry in world.entries]
    size = len(leaves)
    files = dict(second_bytes.tiles(leaves))
    for number, width in bundles_of(size):
        files[entries_path(number, width)] = encode_bundle(world.entries[256 * number : 256 * number + width])
    note = sign_note(Checkpoint(ORIGIN, size, root_of(leaves)).text(), [Ed25519NoteSigner(ORIGIN, seed_of("log:n1"))])
    files["checkpoint"] = str(note).encode()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    world = world_of_records()
    for _ in range(3):
        world.run(*(world.sign("source", "record.submit", world.record()) for _ in range(100)))
    export(world, tmp_path)
    return tmp_path


def test_an_exported_log_is_recounted_by_a_process_of_its_own(exported: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.conformance.second_reader", str(exported)],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    counts = json.loads(done.stdout)
    assert (counts["statements"], counts["records"], counts["members"]) == (304, 309, 17)
    assert counts["transfers"]["confirmed"] == 0
    assert counts["refusals"] == [one["rule"] for one in counts["refused_statements"]] == ["REC-1"]
    assert counts["checkpoint"]["quorum"] is False, "the world has no cosigners"
    assert counts["checkpoint"]["size"] == 1 + 6 + 304
    assert counts["app_hashes"]["chained"] == 0


@pytest.mark.parametrize("name", ["checkpoint", "tile/entries/000", "tile/0/000", "tile/1/000.p/1", "tile/0/001.p/55"])
def test_a_damaged_export_is_noticed(exported: Path, name: str) -> None:
    path = exported / name
    path.write_bytes(_flip(path.read_bytes(), 60 if name == "checkpoint" else 3))
    with pytest.raises(Broken):
        read_folder(exported)


def test_proofs_and_receipts_of_a_log_are_checked() -> None:
    world = world_of_records()
    leaves = [second_bytes.leaf_hash(entry) for entry in world.entries]
    size, tree, root = len(leaves), MemoryTree(leaves), root_of(leaves)
    note = sign_note(Checkpoint(ORIGIN, size, root).text(), [Ed25519NoteSigner(ORIGIN, seed_of("log:n1"))])
    proof = str(TlogProof(5, inclusion_proof(5, size, tree), note))
    log_key = second_notes.read_vkey(world.genesis.nodes[0].log_key)
    policy = second_notes.Policy((log_key,), {}, (), "none")
    assert second_notes.check_proof_file(proof, leaves[5], policy) == (5, size, root)
    with pytest.raises(Broken):
        second_notes.check_proof_file(proof, leaves[4], policy)
    signer, path = signer_of("log:n1"), inclusion_proof(2, size, tree)
    receipt = sign_inclusion_receipt(signer, origin=ORIGIN, sub="s", size=size, index=2, path=path, root=root)
    key = second_keys.key_of(signer.public.to_json())
    assert second_notes.check_receipt(receipt, leaves[2], "s", size, 2, root, key) == ORIGIN
    assert b64encode(root).decode() in proof
