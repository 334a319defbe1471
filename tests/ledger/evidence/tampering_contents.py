"""Tamperings with genesis, keys, statements, blocks, receipts, disclosures and the subject of a bundle."""

from __future__ import annotations

from dataclasses import replace

from ledger.disclosing import disclose
from ledger.encoding import base64url, encode_json
from ledger.evidence.archive import read_archive
from ledger.evidence.bundle import Request, gather
from ledger.evidence.disclosed import DisclosureFile
from ledger.evidence.layout import GENESIS, GENESIS_PROOF
from ledger.receipt import sign_inclusion_receipt
from ledger.references import Reference
from tests.ledger.evidence.bundles import (
    ODD,
    Proofs,
    Story,
    edited,
    flip,
    pack,
    repack,
)
from tests.ledger.evidence.tamperings import tampering
from tests.world_genesis import ORIGIN, signer_of

# Genesis and keys


@tampering("genesis.proof", "INCONCLUSIVE")
def key_proof_removed(story: Story) -> bytes:
    return repack(story.bundle(), {GENESIS_PROOF: None})


@tampering("genesis.proof", "INCONCLUSIVE")
def genesis_removed(story: Story) -> bytes:
    return pack(replace(story.parts(), genesis=None))


@tampering("genesis.proof")
def genesis_changed(story: Story) -> bytes:
    entry = story.world.entries[0].replace(b"Example source", b"Example Source", 1)
    return repack(story.bundle(), {GENESIS: entry})


@tampering("genesis.form")
def another_leaf_as_genesis(story: Story) -> bytes:
    return pack(replace(story.parts(), genesis=(story.world.entries[1], story.proofs.proof(1))))


@tampering("statement.key", "INCONCLUSIVE")
def key_statement_removed(story: Story) -> bytes:
    gone = {f"statements/{story.key_add}.cose": None, f"proofs/{story.key_add}.tlog-proof": None}
    return repack(story.bundle(), gone)


@tampering("key.statement")
def key_of_another_member_revoked(story: Story) -> bytes:
    kid = base64url(signer_of("source").public.thumbprint)
    raw = story.world.sign("lender", "key.revoke", {"kid": kid, "reason": "other"}, id="forged-1")
    return pack(story.forged(raw))


@tampering("statement.key")
def key_of_another_member_used(story: Story) -> bytes:
    raw = story.world.sign("source", "record.submit", story.world.record(), id="forged-2", key=signer_of("lender"))
    return pack(story.forged(raw))


# Statements


@tampering("statement.form")
def statement_byte_flipped(story: Story) -> bytes:
    name = f"statements/{story.batch}.cose"
    return repack(story.bundle(), {name: flip(read_archive(story.bundle())[name])})


@tampering("statement.form")
def statement_exchanged(story: Story) -> bytes:
    files = read_archive(story.bundle())
    return repack(story.bundle(), {f"statements/{story.batch}.cose": files[f"statements/{story.record}.cose"]})


@tampering("statement.form")
def statement_is_no_statement(story: Story) -> bytes:
    return repack(story.bundle(), {f"statements/{story.batch}.cose": b"nonsense"})


@tampering("statement.audience")
def statement_of_another_log(story: Story) -> bytes:
    aud = f"{ORIGIN}#{'0' * 64}"
    raw = story.world.sign("source", "record.submit", story.world.record(), id="forged-3", aud=aud)
    return pack(story.forged(raw))


@tampering("statement.signature")
def statement_signature_forged(story: Story) -> bytes:
    raw = story.world.sign("source", "record.submit", story.world.record(), id="forged-4")
    return pack(story.forged(flip(raw)))


@tampering("statement.proof")
def proofs_swapped(story: Story) -> bytes:
    files = read_archive(story.bundle())
    first, second = f"proofs/{story.batch}.tlog-proof", f"proofs/{story.correct}.tlog-proof"
    return repack(story.bundle(), {first: files[second], second: files[first]})


@tampering("statement.proof", "INCONCLUSIVE")
def statement_proof_removed(story: Story) -> bytes:
    return repack(story.bundle(), {f"proofs/{story.batch}.tlog-proof": None})


@tampering("statement.proof")
def refused_passed_off_as_admitted(story: Story) -> bytes:
    return pack(replace(story.parts(), refused={}))


@tampering("statement.proof")
def refused_under_another_rule(story: Story) -> bytes:
    return pack(replace(story.parts(), refused={story.refused: "TRA-1"}))


@tampering("statement.time", "INCONCLUSIVE")
def block_entries_removed(story: Story) -> bytes:
    return pack(replace(story.parts(), blocks={}))


@tampering("statement.time")
def dated_by_an_older_block(story: Story) -> bytes:
    older = (story.world.entries[1], story.proofs.proof(1))
    return pack(replace(story.parts(), blocks={1: older}))


@tampering("block.proof")
def block_entry_changed(story: Story) -> bytes:
    name = next(name for name in read_archive(story.bundle()) if name.startswith("blocks/") and name.endswith("cbor"))
    return repack(story.bundle(), {name: flip(read_archive(story.bundle())[name])})


@tampering("block.chain")
def block_at_another_index(story: Story) -> bytes:
    parts = story.parts()
    entry = story.world.entries[2], story.proofs.proof(2)
    return pack(replace(parts, blocks={**parts.blocks, 2: entry}))


# Receipts and disclosures


@tampering("receipt.signature")
def receipt_forged(story: Story) -> bytes:
    name = f"receipts/{story.batch}.cose"
    return repack(story.bundle(), {name: flip(read_archive(story.bundle())[name])})


@tampering("receipt.signature")
def receipt_of_another_statement(story: Story) -> bytes:
    files = read_archive(story.bundle())
    return repack(story.bundle(), {f"receipts/{story.batch}.cose": files[f"receipts/{story.correct}.cose"]})


@tampering("receipt.signature", "INCONCLUSIVE")
def receipt_by_no_log_key(story: Story) -> bytes:
    size = story.proofs.size
    receipt = sign_inclusion_receipt(
        signer_of("lender"), origin=ORIGIN, sub="x", size=size, index=1, path=(), root=bytes(32)
    )
    return repack(story.bundle(), {f"receipts/{story.batch}.cose": receipt})


@tampering("receipt.root", "INCONCLUSIVE")
def receipt_of_another_root(story: Story) -> bytes:
    other = Proofs(story.world, size=story.proofs.size - 2)
    receipt = other.receipt(story.batch)
    assert receipt is not None
    return repack(story.bundle(), {f"receipts/{story.batch}.cose": receipt})


@tampering("disclosure.value")
def disclosed_value_edited(story: Story) -> bytes:
    return repack(story.bundle(), {"disclosures/0.json": edited(story.disclosures()[0], "Other Works")})


@tampering("disclosure.value")
def row_of_another_place(story: Story) -> bytes:
    row = story.disclosures()[1]
    other = {**row, "reference": f"{story.batch}:{(story.row + 1) % 5}"}
    return repack(story.bundle(), {"disclosures/1.json": encode_json(other)})


@tampering("disclosure.value", "INCONCLUSIVE")
def disclosure_of_an_unproven_record(story: Story) -> bytes:
    other = {**story.disclosures()[0], "reference": story.odd}
    return repack(story.bundle(), {"disclosures/0.json": encode_json(other)})


@tampering("disclosure.form")
def fields_in_another_order_than_the_catalogue(story: Story) -> bytes:
    parts = gather(story.proofs, Request("statement", story.odd, (story.odd,)), str(story.policy))
    shown = disclose(ODD, story.record_key, {}, ["CF_XDR_MC"])
    return pack(replace(parts, disclosures=[DisclosureFile(Reference(story.odd), shown, None).to_json()]))


# What it is about


@tampering("subject.present", "INCONCLUSIVE")
def subject_left_out(story: Story) -> bytes:
    gone = {f"{place}/{story.batch}.{end}": None for place, end in (("statements", "cose"), ("receipts", "cose"))}
    return repack(story.bundle(), {**gone, f"proofs/{story.batch}.tlog-proof": None, "disclosures/1.json": None})


@tampering("subject.closed", "INCONCLUSIVE")
def original_left_out(story: Story) -> bytes:
    gone = {f"statements/{story.record}.cose": None, f"proofs/{story.record}.tlog-proof": None}
    return repack(story.bundle(), {**gone, "disclosures/0.json": None})
