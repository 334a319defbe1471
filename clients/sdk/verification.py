"""Checking offline what a node returned: a statement with its proof file under a policy."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.entries import encode_refusal_entry
from ledger.errors import ProofError, Text
from ledger.keys import PublicKey
from ledger.merkle import leaf_hash
from ledger.notes.policy import Policy, VerifiedCheckpoint
from ledger.notes.tlog_proof import TlogProof
from ledger.statement import Statement, verify_statement


class OtherLog(ProofError):
    """A statement made for another ledger than the one that the checkpoint is of."""

    code = "proof.other_log"
    what = Text(
        "The statement was made for {audience}, the checkpoint is of {origin}.",
        "该陈述面向 {audience}，而检查点属于 {origin}。",
    )


@dataclass(frozen=True, slots=True)
class ProvenStatement:
    """A statement that stands at `index` of a log whose checkpoint the policy accepts.

    `refused_under` is the rule when what stands there is its refusal entry: it proves the attempt, not the act.
    `proof` is the proof file that was checked, to be kept with the statement.
    """

    statement: Statement
    index: int
    checkpoint: VerifiedCheckpoint
    proof: str
    refused_under: str | None = None


def prove_statement(
    statement: Statement,
    proof: str,
    policy: Policy,
    *,
    refused_under: str | None = None,
    public_key: PublicKey | None = None,
) -> ProvenStatement:
    """Return the statement as proven after checking its proof file under `policy`.

    `public_key`, when given, must be the one that signed. Raises a `FormError` for a malformed proof, a
    `SignatureError`, `QuorumError` or `ProofError`, and `OtherLog`.
    """
    if public_key is not None:
        verify_statement(statement, public_key)
    parsed = TlogProof.parse(proof)
    leaf = statement.leaf if refused_under is None else leaf_hash(encode_refusal_entry(refused_under, statement.raw))
    verified = parsed.verify(leaf, policy)
    if statement.aud.partition("#")[0] != verified.checkpoint.origin:
        raise OtherLog(audience=statement.aud, origin=verified.checkpoint.origin)
    return ProvenStatement(statement, parsed.index, verified, proof, refused_under)
