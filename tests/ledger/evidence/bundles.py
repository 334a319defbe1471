"""A ledger with proofs for bundle tests: real statements, checkpoints cosigned by the nodes of the tests' world."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from ledger.commitment import FieldValue, RecordForm, record_commitment
from ledger.disclosing import disclose
from ledger.encoding import JsonObject, base64url, encode_json
from ledger.entries import encode_block_entry
from ledger.evidence.archive import read_archive, write_archive
from ledger.evidence.bundle import Request, gather, judge_parts, make_bundle
from ledger.evidence.checks import Report
from ledger.evidence.disclosed import DisclosureFile
from ledger.evidence.governed_keys import KeyHistory
from ledger.evidence.layout import MANIFEST, MANIFEST_SIGNATURE, BundleManifest, BundleParts, Proves, manifest_payload
from ledger.evidence.verify import verify_bundle
from ledger.keys import Signer
from ledger.lineage.source import StatementRow
from ledger.manifest import build_manifest
from ledger.manifest_prove import ManifestProver
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree, consistency_proof, inclusion_proof
from ledger.notes import (
    Checkpoint,
    Ed25519Cosigner,
    Ed25519NoteSigner,
    NodeKeys,
    Policy,
    SignedNote,
    TlogProof,
    consortium_policy,
    sign_note,
)
from ledger.notes.witness import AddCheckpoint
from ledger.receipt import sign_inclusion_receipt
from ledger.references import Reference
from ledger.replay import Replay
from ledger.signed import BUNDLE_TYP, sign_object, sign_pop
from ledger.statement import decode_statement
from tests.world import World, held_by
from tests.world_genesis import NODES, ORIGIN, seed_of, signer_of

MADE_AT = "2026-03-02T01:00:00Z"
COSIGNED_AT = 1_772_410_000
PENALTY = RecordForm(
    "penalty",
    1,
    ("CF_XDR_MC", "CF_XDR_SHXYM", "CF_WSH", "CF_SY", "CF_YJ", "CF_NR", "CF_JDRQ", "CF_CFJG"),
)
ODD = RecordForm("penalty", 1, tuple(reversed(PENALTY.fields)))
"""The fields of the item in another order than the catalogue has."""
VALUES: dict[str, FieldValue] = {"CF_XDR_MC": "Example Works", "CF_NR": "fine", "CF_JDRQ": "2026-02-20"}


def world_policy(nodes: Sequence[str] = tuple(NODES), prefix: str = "") -> Policy:
    """Return the policy of the world's nodes, or of others whose key labels begin with `prefix`."""
    return consortium_policy(
        [
            NodeKeys(
                name,
                Ed25519NoteSigner(ORIGIN, seed_of(f"{prefix}log:{name}")).vkey,
                Ed25519Cosigner(f"{ORIGIN}/{name}", seed_of(f"{prefix}cosigner:{name}")).vkey,
            )
            for name in nodes
        ]
    )


class Proofs:
    """An `EvidenceSource` over a world: proofs at one size, cosigned by `cosigners`."""

    def __init__(
        self,
        world: World,
        cosigners: Sequence[str] = ("n1", "n2", "n3"),
        size: int | None = None,
        more: Sequence[bytes] = (),
    ) -> None:
        """`more` are leaves behind the world's that no honest quorum would sign."""
        self.world = world
        self.lineage = Replay()
        self.lineage.feed_all(world.entries)
        self.entries = [*world.entries, *more]
        self.tree = MemoryTree(leaf_hash(entry) for entry in self.entries)
        self.size = self.tree.size if size is None else size
        self.checkpoint = Checkpoint(ORIGIN, self.size, self.tree.root(self.size))
        self.note = cosigned(self.checkpoint, cosigners)

    def statements(self, ids: Collection[str]) -> Mapping[str, StatementRow]:
        return self.lineage.statements(ids)

    def raw(self, ids: Collection[str]) -> Mapping[str, bytes]:
        return self.lineage.raw(ids)

    def entry(self, index: int) -> bytes:
        return self.entries[index]

    def proof(self, index: int) -> str:
        return str(TlogProof(index, inclusion_proof(index, self.size, self.tree), self.note))

    def block_before(self, index: int) -> int:
        return max(block.first_index for block in self.world.blocks if block.entries and block.first_index <= index)

    def key_statements(self, member: str) -> list[str]:
        history = KeyHistory()
        for block in self.world.blocks:
            for logged in block.logged:
                if logged.rule is None:
                    history.note(logged.statement)
        return history.of(member)

    def receipt(self, statement_id: str) -> bytes | None:
        row = self.lineage.statements([statement_id])[statement_id]
        sub = row.sub
        path = inclusion_proof(row.index, self.size, self.tree)
        root = self.tree.root(self.size)
        signer = signer_of("log:n1")
        return sign_inclusion_receipt(
            signer, origin=ORIGIN, sub=sub, size=self.size, index=row.index, path=path, root=root
        )

    def extends(self, earlier: Proofs) -> str:
        """Return the add-checkpoint text from an earlier size to this one."""
        path = consistency_proof(earlier.size, self.size, self.tree)
        return str(AddCheckpoint(earlier.size, path, self.note))


def cosigned(checkpoint: Checkpoint, cosigners: Sequence[str]) -> SignedNote:
    """Return the checkpoint signed by node n1's log key and cosigned by the named nodes."""
    note = sign_note(checkpoint.text(), [Ed25519NoteSigner(ORIGIN, seed_of("log:n1"))])
    lines = [
        Ed25519Cosigner(f"{ORIGIN}/{name}", seed_of(f"cosigner:{name}")).cosign(checkpoint, COSIGNED_AT)
        for name in cosigners
    ]
    return note.adding(lines)


class Story:
    """A world with a record, a batch, an added key and what it signed, and a refused attempt."""

    def __init__(self) -> None:
        world = self.world = World.founding()
        self.record_key = seed_of("record key")
        self.first = world.do("source_b", "record.submit", world.record("permit"))
        world.advance(3_600_000)
        commitment = record_commitment(PENALTY, self.record_key, VALUES).hex()
        self.record = world.do("source", "record.submit", world.record(commitment=commitment))
        rows = [(seed_of(f"subject {n}"), record_commitment(PENALTY, seed_of(f"rk {n}"), VALUES)) for n in range(5)]
        self.manifest = build_manifest(rows)
        root, digest = self.manifest.root().hex(), self.manifest.digest.hex()
        self.row = self.manifest.find_row(*rows[2])
        self.row_key = seed_of("rk 2")
        held = [held_by(node, root, digest, 5) for node in ("n1", "n2", "n3")]
        self.batch = world.do(
            "source", "record.batch", world.batch(5, "penalty", root=root, manifest=digest, held=held)
        )
        new = world.signer("source:second")
        pop = sign_pop(
            new, origin=ORIGIN, member=world.uscc("source"), old_kid=world.signer("source").public.thumbprint
        )
        payload = {"use": "sign", "key": new.public.to_json(), "pop": base64url(pop)}
        self.key_add = world.do("source", "key.add", payload)
        self.correct = world.do(
            "source",
            "record.correct",
            world.record(commitment=commitment) | {"reference": self.record, "reason": "error"},
            key=new,
        )
        self.odd = world.do(
            "source", "record.submit", world.record(commitment=record_commitment(ODD, self.record_key, {}).hex())
        )
        refused = world.submit("lender", "record.submit", world.record())
        assert refused.status == "refused", refused
        self.refused = refused.statement_id
        self.proofs = Proofs(world)
        self.policy = world_policy()

    def disclosures(self) -> list[JsonObject]:
        """Return two disclosure files: of the single record, and of one row of the batch."""
        names = ["CF_XDR_MC", "CF_NR"]
        single = DisclosureFile(Reference(self.record), disclose(PENALTY, self.record_key, VALUES, names), None)
        row = DisclosureFile(
            Reference(self.batch, self.row),
            disclose(PENALTY, self.row_key, VALUES, names),
            ManifestProver(self.manifest).prove_row(self.row),
        )
        return [single.to_json(), row.to_json()]

    def parts(self) -> BundleParts:
        """Return the parts of a bundle about the corrected record, the batch and the refused attempt."""
        statements = (self.correct, self.batch, self.refused)
        parts = gather(self.proofs, Request("trace", self.record, statements), str(self.policy))
        return replace(parts, disclosures=self.disclosures())

    def forged(self, raw: bytes, *, time: int | None = None) -> BundleParts:
        """Return the parts of a bundle about `raw`, put into the log by a quorum that did not judge it."""
        head = self.world.head
        block = encode_block_entry(ORIGIN, head.height + 1, time or self.world.time, head.app_hash, head.size)
        proofs = Proofs(self.world, more=(block, raw))
        id_ = decode_statement(raw).statement_id
        parts = gather(proofs, Request("statement", self.key_add, (self.key_add,)), str(self.policy))
        return replace(
            parts,
            proves=Proves(kind="statement", reference=id_, statements=[id_]),
            statements={**parts.statements, id_: raw},
            proofs={**parts.proofs, id_: proofs.proof(head.size + 1)},
            blocks={**parts.blocks, head.size: (block, proofs.proof(head.size))},
        )

    def bundle(self) -> bytes:
        """Return the whole bundle, made by the auditor."""
        parts = self.parts()
        return make_bundle(parts, signer_of("auditor"), MADE_AT, judge_parts(parts, self.policy).verdict)


def pack(parts: BundleParts, signer: Signer | None = None) -> bytes:
    """Pack and sign parts whatever they are, as somebody with a member's key who wants to deceive would."""
    return make_bundle(parts, signer or signer_of("auditor"), MADE_AT, "VERIFIED")


def repack(bundle: bytes, changes: Mapping[str, bytes | None], *, relist: bool = True) -> bytes:
    """Return the bundle with files changed, added or (None) taken out; with `relist` the manifest is made anew."""
    files = {name: data for name, data in (read_archive(bundle) | dict(changes)).items() if data is not None}
    if relist:
        old = BundleManifest.decode(files[MANIFEST])
        names = sorted(set(files) - {MANIFEST, MANIFEST_SIGNATURE})
        listed = {name: sha256(files[name]).hexdigest() for name in names}
        manifest = BundleManifest(
            version=1,
            proves=old.proves,
            refused=old.refused,
            files=listed,
            verdict=old.verdict,
            made_at=old.made_at,
        ).encode()
        files[MANIFEST] = manifest
        files[MANIFEST_SIGNATURE] = sign_object(signer_of("auditor"), BUNDLE_TYP, manifest_payload(manifest))
    return write_archive(files)


def verdict_of(bundle: bytes, policy: Policy) -> Report:
    """Return the report of a bundle."""
    return verify_bundle(bundle, policy).report


def flip(data: bytes, position: int = -1) -> bytes:
    """Return the bytes with one bit turned."""
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


def edited(disclosure: JsonObject, value: str) -> bytes:
    """Return a disclosure file whose first field says something else."""
    inner = disclosure["disclosure"]
    assert isinstance(inner, dict)
    fields = inner["fields"]
    assert isinstance(fields, list)
    first = fields[0]
    assert isinstance(first, dict)
    changed: JsonObject = {**disclosure, "disclosure": {**inner, "fields": [{**first, "value": value}, *fields[1:]]}}
    return encode_json(changed)


__all__ = [
    "MADE_AT", "Proofs", "Story", "cosigned", "decode_statement", "edited", "flip", "pack", "repack", "verdict_of",
    "world_policy",
]  # fmt: skip
