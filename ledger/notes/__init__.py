"""Signed notes and what is built of them: checkpoints, cosignatures, proof files, policies, witness requests."""

from ledger.notes.checkpoint import Checkpoint
from ledger.notes.consortium import NodeKeys, consortium_policy, quorum_of, tolerated_faults
from ledger.notes.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    NoteSignature,
    NoteSigner,
    SignedNote,
    VerifiedNote,
    Verifier,
    parse_signature_lines,
    sign_note,
    verify_note,
)
from ledger.notes.policy import CosignedBy, Policy, PolicyGroup, PolicyLog, PolicyWitness, VerifiedCheckpoint
from ledger.notes.signers import Cosigner, Ed25519Cosigner, Ed25519NoteSigner, MlDsa44Cosigner
from ledger.notes.tlog_proof import TlogProof
from ledger.notes.verifiers import cosignature_time, verifier_for
from ledger.notes.vkey import KeyType, Vkey, check_key_name, key_id
from ledger.notes.witness import AddCheckpoint, check_add_checkpoint

__all__ = [
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "AddCheckpoint",
    "Checkpoint",
    "CosignedBy",
    "Cosigner",
    "Ed25519Cosigner",
    "Ed25519NoteSigner",
    "KeyType",
    "MlDsa44Cosigner",
    "NodeKeys",
    "NoteSignature",
    "NoteSigner",
    "Policy",
    "PolicyGroup",
    "PolicyLog",
    "PolicyWitness",
    "SignedNote",
    "TlogProof",
    "VerifiedCheckpoint",
    "VerifiedNote",
    "Verifier",
    "Vkey",
    "check_add_checkpoint",
    "check_key_name",
    "consortium_policy",
    "cosignature_time",
    "key_id",
    "parse_signature_lines",
    "quorum_of",
    "sign_note",
    "tolerated_faults",
    "verifier_for",
    "verify_note",
]
