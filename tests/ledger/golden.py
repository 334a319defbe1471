"""Golden vectors of the formats, made from fixed keys: `python -m tests.ledger.golden` writes `tests/vectors/`.

They pin every byte: a change of a format shows as a change of these files, and another implementation can check
itself against them. All bytes are in hex.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from ledger.codes import fictional_resident_number, fictional_uscc
from ledger.commitment import FieldValue, RecordForm, derive_salts, record_commitment, record_leaf_hashes
from ledger.content import ContentRow, content_key_commitment, content_leaf, content_root
from ledger.disclosing import disclose
from ledger.encoding import JsonObject, JsonValue
from ledger.entries import BlockEntry, app_hash, encode_refusal_entry
from ledger.manifest import build_manifest
from ledger.manifest_prove import ManifestProver
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof
from ledger.receipt import attach_receipts, sign_consistency_receipt, sign_inclusion_receipt
from ledger.references import Reference
from ledger.signed import build_token, sign_held, sign_pop
from ledger.statement import decode_statement
from ledger.subject import epoch_commitment, subject_tag, subject_value
from tests.ledger.keyring import CTI, ED, ED2, IAT, MEMBER, ORIGIN, P256, sample_statement

FOLDER = Path(__file__).parents[1] / "vectors"
LINKING_KEY = sha256(b"linking key").digest()
FORM = RecordForm("A01", 1, ("amount", "status", "adverse", "note"))
VALUES: tuple[dict[str, FieldValue], ...] = (
    {"amount": 131_126_400, "status": "履约中", "adverse": False},
    {"amount": -1, "status": "", "note": "溯源"},
    {},
)
RECORD_KEYS = tuple(sha256(b"record key %d" % number).digest() for number in range(len(VALUES)))


def _hexes(values: list[bytes] | tuple[bytes, ...]) -> list[JsonValue]:
    return [value.hex() for value in values]


def _statements() -> JsonObject:
    cases: list[JsonValue] = []
    for signer in (ED, P256):
        data = sample_statement(signer=signer)
        found = decode_statement(data)
        cases.append(
            {
                "public_key": signer.public.to_json(),
                "cose_key": signer.public.to_cose().hex(),
                "thumbprint": signer.public.thumbprint.hex(),
                "statement": data.hex(),
                "statement_id": found.statement_id,
                "sig_structure": found.to_be_signed.hex(),
                "digest": found.digest.hex(),
                "payload": found.payload,
            }
        )
    block = BlockEntry(ORIGIN, 1, IAT * 1000, bytes(32), 1).encode()
    statement = sample_statement()
    return {
        "cases": cases,
        "block_entry": block.hex(),
        "refusal_entry": encode_refusal_entry("REC-1", statement).hex(),
        "app_hash": app_hash(sha256(block).digest(), 3, b"\x11" * 32, b"\x22" * 32).hex(),
    }


def _signed() -> JsonObject:
    root, digest = b"\x11" * 32, b"\x22" * 32
    return {
        "token": build_token(ED, iss=MEMBER, aud="node-1", iat=IAT, exp=IAT + 300, cti=CTI).hex(),
        "held": sign_held(ED, origin=ORIGIN, manifest_hash=digest, root=root, count=3).hex(),
        "pop": sign_pop(ED2, origin=ORIGIN, member=MEMBER, old_kid=ED.public.thumbprint).hex(),
    }


def _receipts() -> JsonObject:
    statements = [sample_statement(f"r-{number}") for number in range(7)]
    tree = MemoryTree(leaf_hash(statement) for statement in statements)
    root = tree.root()
    receipt = sign_inclusion_receipt(
        ED2,
        origin=ORIGIN,
        sub=decode_statement(statements[4]).sub,
        size=7,
        index=4,
        path=inclusion_proof(4, 7, tree),
        root=root,
    )
    between = sign_consistency_receipt(
        ED2, origin=ORIGIN, size1=3, size2=7, path=consistency_proof(3, 7, tree), root2=root
    )
    return {
        "entries": _hexes(statements),
        "root": root.hex(),
        "root_of_first_3": tree.root(3).hex(),
        "log_key": ED2.public.to_json(),
        "inclusion_receipt_of_4": receipt.hex(),
        "transparent_statement_4": attach_receipts(statements[4], [receipt]).hex(),
        "consistency_receipt_3_to_7": between.hex(),
    }


def _commitments() -> JsonObject:
    cases: list[JsonValue] = []
    for key, values in zip(RECORD_KEYS, VALUES, strict=True):
        present: JsonObject = {name: value for name, value in values.items() if value is not None}
        cases.append(
            {
                "record_key": key.hex(),
                "values": present,
                "salts": _hexes(derive_salts(key, FORM.leaf_count)),
                "leaf_hashes": _hexes(record_leaf_hashes(FORM, key, values)),
                "commitment": record_commitment(FORM, key, values).hex(),
                "disclosure": disclose(FORM, key, values, ["amount", "note"]).to_json(),
            }
        )
    return {"item": FORM.item, "catalogue": FORM.version, "fields": list(FORM.fields), "cases": cases}


def _tags() -> JsonObject:
    cases: list[JsonValue] = []
    for subject_class, identifier in (
        ("government", fictional_uscc(3, "1", "1")),
        ("enterprise", fictional_uscc(4)),
        ("organisation", "D00000013"),
        ("person", fictional_resident_number(5)),
    ):
        tag = subject_tag(LINKING_KEY, subject_class, identifier)
        value = subject_value(LINKING_KEY, subject_class, identifier, RECORD_KEYS[0])
        cases.append({"class": subject_class, "identifier": identifier, "tag": tag.hex(), "value": value.hex()})
    return {
        "linking_key": LINKING_KEY.hex(),
        "record_key": RECORD_KEYS[0].hex(),
        "cases": cases,
        "epoch_1_organisations": epoch_commitment(LINKING_KEY, 1, persons=False).hex(),
        "epoch_1_persons": epoch_commitment(LINKING_KEY, 1, persons=True).hex(),
    }


def _batch() -> JsonObject:
    rows = [
        (subject_tag(LINKING_KEY, "enterprise", fictional_uscc(number)), record_commitment(FORM, key, values))
        for number, (key, values) in enumerate(zip(RECORD_KEYS, VALUES, strict=True))
    ]
    manifest = build_manifest(rows)
    prover = ManifestProver(manifest)
    return {
        "manifest": manifest.data.hex(),
        "sha256": manifest.digest.hex(),
        "root": manifest.root().hex(),
        "count": manifest.count,
        "row_proofs": [prover.prove_row(index).to_json() for index in range(manifest.count)],
    }


def _content() -> JsonObject:
    rows = [
        ContentRow.of(Reference("ab" * 32, number), disclose(FORM, key, values, ["amount", "adverse"]))
        for number, (key, values) in enumerate(zip(RECORD_KEYS, VALUES, strict=True))
    ]
    return {
        "leaves": _hexes([content_leaf(row) for row in rows]),
        "root": content_root(rows).hex(),
        "content_key": LINKING_KEY.hex(),
        "content_key_commitment": content_key_commitment(LINKING_KEY).hex(),
    }


def build() -> dict[str, JsonObject]:
    """Return every vector file's name and content."""
    return {
        "statement.json": _statements(),
        "signed.json": _signed(),
        "receipt.json": _receipts(),
        "commitment.json": _commitments(),
        "subject.json": _tags(),
        "batch.json": _batch(),
        "content.json": _content(),
    }


def render(content: JsonObject) -> str:
    """Return the text of a vector file."""
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    for file_name, vector in build().items():
        (FOLDER / file_name).write_text(render(vector), encoding="utf-8")
