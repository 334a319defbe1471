"""A running node's log in the hands of outsiders: a Go program, a COSE receipt library, and the second reader.

Everything is fetched over HTTP as anybody would; entries with an auditor's token. None of the three shares code with
the ledger.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import scitt_cose
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from clients.mirror.fetching import update_mirror
from clients.sdk.identity import Identity
from clients.sdk.sync_client import Client
from ledger.entries import encode_refusal_entry
from ledger.merkle.prove import consistency_proof
from ledger.notes import AddCheckpoint, Checkpoint, SignedNote
from ledger.notes.policy import Policy
from ledger.statement import decode_statement
from ledger.tiles import TILE_WIDTH, TileSource, tile_path, tiles_of
from tests.conformance.second_bytes import Broken
from tests.conformance.second_reader import read_folder
from tests.conformance.test_go_oracle import logcheck
from tests.e2e.asking import SEQUENCE, Asker, asked_node
from tests.node.founding import NODE
from tests.world_genesis import signer_of, uscc_of

__all__ = ["logcheck"]

RECORDS = 300
"""More than a tile, so that there are full tiles, partial ones and a level above."""
REFUSED = 7
STRIDE = 13
LOG_KEY = signer_of(f"log:{NODE}").public


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with asked_node(tmp_path_factory.mktemp("outside") / "node") as asker:
        yield asker


@pytest.fixture(scope="module")
def told(ask: Asker) -> tuple[str, list[bytes], list[bytes]]:
    """Fill the log; return its first checkpoint, and the statements that were admitted and refused."""
    old = ask.get("/checkpoint").text
    admitted, refused = [ask.record() for _ in range(RECORDS)], [ask.forbidden() for _ in range(REFUSED)]
    for part in (admitted[:100], refused, admitted[100:]):
        results = ask.post(b"".join(part), SEQUENCE, wait="published").json()["results"]
        assert {result["status"] for result in results} == {"refused" if part is refused else "admitted"}
    return old, admitted, refused


class Served:
    """Reads tiles over HTTP."""

    def __init__(self, ask: Asker) -> None:
        self._ask = ask

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        return self._ask.get(f"/{tile_path(level, index, width)}").content


def auditor(ask: Asker) -> Client:
    return Client(ask.node.url, identity=Identity(uscc_of("auditor"), signer_of("auditor")))


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def consistency(ask: Asker, old: int, new: int) -> tuple[bytes, ...]:
    """Return the consistency path between two sizes, made from the tiles that the node serves."""
    return tuple(consistency_proof(old, new, TileSource(new, Served(ask))))


@pytest.mark.go
def test_the_go_client_reads_what_the_node_serves(
    ask: Asker, told: tuple[str, list[bytes], list[bytes]], logcheck: Path, tmp_path: Path
) -> None:
    note = ask.get("/checkpoint").text
    size = Checkpoint.parse(SignedNote.parse(note).text).size
    assert size >= RECORDS + REFUSED + 4 > TILE_WIDTH
    old = told[0]
    old_size = Checkpoint.parse(SignedNote.parse(old).text).size
    write(tmp_path / "checkpoint", note.encode())
    write(tmp_path / "checkpoint.old", old.encode())
    for tile in tiles_of(size):
        answer = ask.get(f"/{tile.path()}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
        write(tmp_path / tile.path(), answer.content)
    with auditor(ask) as client:
        update_mirror(client, tmp_path / "copy", Policy.parse((ask.node.data / "policy.txt").read_text()))
    (tmp_path / "copy" / "tile" / "entries").rename(tmp_path / "tile" / "entries")
    path_hashes = consistency(ask, old_size, size)
    write(tmp_path / "request", str(AddCheckpoint(old_size, path_hashes, SignedNote.parse(note))).encode())
    places = range(0, size, STRIDE)
    for index in places:
        write(tmp_path / "proofs" / f"{index}.tlog-proof", ask.get(f"/v1/leaves/{index}/proof").content)
    vkey = next(line.split()[1] for line in ask.get("/v1/policy").text.splitlines() if line.startswith("log "))
    command = [str(logcheck), "-dir", str(tmp_path), "-vkey", vkey, "-stride", "1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.stdout == f"size {size} entries {size} leaves {size} files {len(places)}\n", result.stderr
    assert result.returncode == 0


def test_the_outside_library_verifies_receipts(ask: Asker, told: tuple[str, list[bytes], list[bytes]]) -> None:
    _, admitted, refused = told
    pem = ed25519.Ed25519PublicKey.from_public_bytes(LOG_KEY.raw).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    leaves = [(raw, raw) for raw in admitted[::50]] + [(raw, encode_refusal_entry("REC-1", raw)) for raw in refused[:2]]
    for raw, leaf in leaves:
        statement = decode_statement(raw)
        answer = ask.get(f"/v1/statements/{statement.statement_id}/receipt")
        assert answer.headers["content-type"] == "application/cose"
        result = scitt_cose.verify_receipt(answer.content, leaf_entry_hex=leaf.hex(), log_public_key_pem=pem)
        assert result.ok, result.errors
        info = ask.get(f"/v1/statements/{statement.statement_id}/info", "auditor").json()
        assert (result.leaf_index, result.subject) == (info["index"], statement.sub)
        assert result.root == ask.get("/v1/log").json()["root"]
        other = raw if leaf != raw else admitted[1]
        wrong = scitt_cose.verify_receipt(answer.content, leaf_entry_hex=other.hex(), log_public_key_pem=pem)
        assert not wrong.ok


def test_the_second_reader_agrees_with_a_copy_of_the_log(
    ask: Asker, told: tuple[str, list[bytes], list[bytes]], tmp_path: Path
) -> None:
    policy_file, copy = ask.node.data / "policy.txt", tmp_path / "copy"
    with auditor(ask) as client:
        verified = update_mirror(client, copy, Policy.parse(policy_file.read_text()))
    report = read_folder(copy, policy_file)
    head = ask.get("/v1/log").json()
    assert (head["size"], head["root"]) == (verified.checkpoint.size, verified.checkpoint.root.hex())
    assert report["checkpoint"] == {"size": head["size"], "root": head["root"], "quorum": True}
    assert (report["admitted"], report["refused"]) == (RECORDS, REFUSED)
    assert report["kinds"] == {"record.submit": RECORDS}
    assert report["refusals"] == ["REC-1"] * REFUSED
    refused = {decode_statement(raw).statement_id for raw in told[2]}
    listed = report["refused_statements"]
    assert isinstance(listed, list)
    assert {item["id"] for item in listed} == refused
    assert report["app_hashes"] == {"recomputed": report["blocks"], "chained": 0}


def test_the_second_reader_notices_a_changed_copy(
    ask: Asker, told: tuple[str, list[bytes], list[bytes]], tmp_path: Path
) -> None:
    policy_file = ask.node.data / "policy.txt"
    with auditor(ask) as client:
        update_mirror(client, tmp_path, Policy.parse(policy_file.read_text()))
    for name in ("tile/entries/000", "tile/0/000", "checkpoint"):
        path = tmp_path / name
        sound = path.read_bytes()
        path.write_bytes(sound[:-9] + bytes([sound[-9] ^ 1]) + sound[-8:])
        with pytest.raises(Broken):
            read_folder(tmp_path, policy_file)
        path.write_bytes(sound)
    read_folder(tmp_path, policy_file)
