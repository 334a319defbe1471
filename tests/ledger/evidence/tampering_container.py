"""Tamperings with the archive, the manifest, the policy and the checkpoints of a bundle."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

from ledger.evidence.archive import read_archive
from ledger.evidence.layout import MANIFEST, MANIFEST_SIGNATURE, POLICY
from ledger.merkle import leaf_hash
from ledger.merkle.prove import MemoryTree
from ledger.notes import Checkpoint
from ledger.signed import BUNDLE_TYP, sign_object
from tests.ledger.evidence.bundles import (
    Proofs,
    Story,
    cosigned,
    flip,
    pack,
    repack,
    world_policy,
)
from tests.ledger.evidence.tamperings import index_of, tampering
from tests.world_genesis import ORIGIN, signer_of


def other_zip(files: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


# The archive


@tampering("archive.form")
def cut_off(story: Story) -> bytes:
    return story.bundle()[:-30]


@tampering("archive.form")
def bit_rot_inside(story: Story) -> bytes:
    return flip(story.bundle(), 200)


@tampering("archive.form")
def path_out_of_the_archive(story: Story) -> bytes:
    return other_zip([*read_archive(story.bundle()).items(), ("../outside.txt", b"x")])


@tampering("archive.form")
def one_name_twice(story: Story) -> bytes:
    files = list(read_archive(story.bundle()).items())
    return other_zip([*files, files[0]])


@tampering("archive.form")
def bomb(story: Story) -> bytes:
    return other_zip([*read_archive(story.bundle()).items(), ("report.html", bytes(65 * 2**20))])


@tampering("archive.listed")
def added_file(story: Story) -> bytes:
    return repack(story.bundle(), {"statements/note.txt": b"trust me"}, relist=False)


@tampering("archive.listed")
def added_and_listed_file(story: Story) -> bytes:
    return repack(story.bundle(), {"statements/note.txt": b"trust me"})


# The manifest


@tampering("manifest.form")
def manifest_with_blanks(story: Story) -> bytes:
    bundle = story.bundle()
    return repack(bundle, {MANIFEST: read_archive(bundle)[MANIFEST] + b"\n"}, relist=False)


@tampering("manifest.form", "INCONCLUSIVE")
def no_manifest(story: Story) -> bytes:
    return repack(story.bundle(), {MANIFEST: None}, relist=False)


@tampering("manifest.file")
def file_changed_behind_the_manifest(story: Story) -> bytes:
    bundle = story.bundle()
    name = f"statements/{story.batch}.cose"
    return repack(bundle, {name: flip(read_archive(bundle)[name])}, relist=False)


@tampering("manifest.file", "INCONCLUSIVE")
def file_lost(story: Story) -> bytes:
    return repack(story.bundle(), {f"statements/{story.batch}.cose": None}, relist=False)


@tampering("manifest.signature")
def manifest_edited(story: Story) -> bytes:
    bundle = story.bundle()
    text = read_archive(bundle)[MANIFEST].replace(b'"VERIFIED"', b'"FAILED"')
    return repack(bundle, {MANIFEST: text}, relist=False)


@tampering("manifest.signature")
def manifest_signature_forged(story: Story) -> bytes:
    bundle = story.bundle()
    return repack(bundle, {MANIFEST_SIGNATURE: flip(read_archive(bundle)[MANIFEST_SIGNATURE])}, relist=False)


@tampering("manifest.signature", "INCONCLUSIVE")
def maker_unknown(story: Story) -> bytes:
    return pack(story.parts(), signer_of("somebody else"))


@tampering("manifest.signature", "INCONCLUSIVE")
def manifest_unsigned(story: Story) -> bytes:
    return repack(story.bundle(), {MANIFEST_SIGNATURE: None}, relist=False)


@tampering("manifest.signature")
def manifest_signed_as_something_else(story: Story) -> bytes:
    signed = sign_object(signer_of("auditor"), BUNDLE_TYP, b"another thing")
    return repack(story.bundle(), {MANIFEST_SIGNATURE: signed}, relist=False)


# Policy and checkpoints


@tampering("policy.same", "INCONCLUSIVE", world_policy(("n1", "n2", "n3")))
def another_policy(story: Story) -> bytes:
    return story.bundle()


@tampering("policy.same")
def policy_damaged(story: Story) -> bytes:
    return repack(story.bundle(), {POLICY: b"log nonsense\n"})


@tampering("policy.same", "INCONCLUSIVE")
def policy_left_out(story: Story) -> bytes:
    return repack(story.bundle(), {POLICY: None})


@tampering("checkpoint.quorum", "FAILED", world_policy(prefix="other "))
def nodes_of_another_policy(story: Story) -> bytes:
    return story.bundle()


@tampering("checkpoint.quorum")
def too_few_cosignatures(story: Story) -> bytes:
    older = Proofs(story.world, ("n1", "n2"), story.proofs.size - 2)
    parts = story.parts()
    return pack(replace(parts, proofs={**parts.proofs, story.batch: older.proof(index_of(story, story.batch))}))


@tampering("checkpoint.quorum")
def cosignature_forged(story: Story) -> bytes:
    proof = story.parts().proofs[story.batch].encode()
    return repack(story.bundle(), {f"proofs/{story.batch}.tlog-proof": flip_base64(proof)})


def flip_base64(proof: bytes) -> bytes:
    """Change one character of the last signature, well before its end."""
    changed = bytearray(proof)
    changed[-20] = ord("A") if changed[-20] != ord("A") else ord("B")
    return bytes(changed)


@tampering("checkpoint.consistent", "INCONCLUSIVE")
def two_sizes_without_a_consistency_proof(story: Story) -> bytes:
    older = Proofs(story.world, size=story.proofs.size - 2)
    parts = story.parts()
    return pack(replace(parts, proofs={**parts.proofs, story.batch: older.proof(index_of(story, story.batch))}))


@tampering("checkpoint.consistent")
def wrong_consistency_proof(story: Story) -> bytes:
    older, other = Proofs(story.world, size=story.proofs.size - 2), Proofs(story.world, size=story.proofs.size - 3)
    parts = story.parts()
    return pack(
        replace(
            parts,
            proofs={**parts.proofs, story.batch: older.proof(index_of(story, story.batch))},
            consistency={(older.size, story.proofs.size): story.proofs.extends(other)},
        )
    )


@tampering("checkpoint.consistent")
def forked_log(story: Story) -> bytes:
    other = Proofs(story.world)
    other.entries[-1] = b"another leaf"
    other = _regrown(story, other)
    parts = story.parts()
    return pack(replace(parts, proofs={**parts.proofs, story.batch: other.proof(index_of(story, story.batch))}))


def _regrown(story: Story, changed: Proofs) -> Proofs:
    """Return proofs over the changed entries at the same size, signed by the same nodes."""
    changed.tree = MemoryTree(leaf_hash(entry) for entry in changed.entries)
    changed.checkpoint = Checkpoint(ORIGIN, changed.size, changed.tree.root())
    changed.note = cosigned(changed.checkpoint, ("n1", "n2", "n3"))
    return changed
