"""Erasing received and own records, while what remains of the same hand-over can still be proven."""

from __future__ import annotations

from clients.gateway.disclosed import Forms
from clients.gateway.package import record_payload
from clients.gateway.packing import encode_proof, lies_in, narrowed_proof
from clients.vault.erasure import erase
from clients.vault.rows import Erased
from clients.vault.vault import Vault
from ledger.kinds.records import RecordBatch
from ledger.references import ReferenceSet
from ledger.statement import decode_statement


def erase_records(vault: Vault, forms: Forms, references: ReferenceSet) -> Erased:
    """Destroy what the vault holds of `references` and return what was destroyed, for the attestation.

    The leaf of an erased batch row can no longer be computed here, so its hash, which the ledger's manifest shows
    anyway, first moves into the batch proof of the rows that remain.
    """
    for statement_id, ranges in references.entries:
        for offer in vault.offers_with(statement_id):
            received = vault.disclosed(offer, statement_id)
            remain = [row for row in received if not lies_in(row, ranges)]
            payload = record_payload(decode_statement(vault.statement(statement_id)))
            if isinstance(payload, RecordBatch) and 0 < len(remain) < len(received):
                proof = narrowed_proof(vault, payload, offer, received, remain, forms)
                vault.replace_batch_proof(offer, statement_id, encode_proof(proof))
    return erase(vault, references)
