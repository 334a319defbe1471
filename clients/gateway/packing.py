"""Gathering what is to be delivered from the vault: records of one's own, or what was itself received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clients.gateway.checking import batch_leaf, number_of
from clients.gateway.disclosed import Forms, commitment_of, disclose, disclose_less
from clients.gateway.multiproof import narrow_proof, prove_leaves
from clients.gateway.package import RecordPayload, Source, record_payload
from clients.vault.errors import NotInVault
from clients.vault.rows import DisclosedRecord, read_hash
from clients.vault.vault import Vault
from ledger.encoding import decode_canonical, encode_cbor
from ledger.errors import FormError
from ledger.kinds.records import RecordBatch
from ledger.manifest import Manifest
from ledger.references import Ranges, ReferenceSet
from ledger.statement import decode_statement

Items = Mapping[str, Sequence[str]]
"""Item code → names of the fields to deliver."""


def gather(vault: Vault, forms: Forms, references: ReferenceSet, items: Items) -> list[Source]:
    """Return sources with exactly the fields of `items` for `references`, in their order.

    The rows of one batch come either all from one's own records or all from one earlier hand-over. Raises `NotInVault`
    when they are not there, `RecordFieldUnknown` for a field the item does not have or that was never received.
    """
    return [_source(vault, forms, statement_id, ranges, items) for statement_id, ranges in references.entries]


def _source(vault: Vault, forms: Forms, statement_id: str, ranges: Ranges, items: Items) -> Source:
    statement = decode_statement(vault.statement(statement_id))
    payload = record_payload(statement)
    names = items.get(payload.item)
    if names is None:
        raise NotInVault(what_kind="offered field of item", name=payload.item)
    form = forms(payload.item, payload.catalogue)
    count = ReferenceSet(((statement_id, ranges),)).count
    own = [disclose(record, form, names) for record in vault.records_of(statement_id, ranges)]
    if len(own) == count:
        return Source(statement, payload, tuple(own), _own_proof(vault, payload, statement_id, own))
    for offer in reversed(vault.offers_with(statement_id)):
        received = vault.disclosed(offer, statement_id)
        wanted = [row for row in received if lies_in(row, ranges)]
        if len(wanted) != count or not _shows(wanted, names):
            continue
        shown = tuple(disclose_less(row, form, names) for row in wanted)
        proof = narrowed_proof(vault, payload, offer, received, wanted, forms)
        return Source(statement, payload, shown, proof)
    raise NotInVault(what_kind="record", name=statement_id)


def _own_proof(
    vault: Vault, payload: RecordPayload, statement_id: str, rows: Sequence[DisclosedRecord]
) -> tuple[bytes, ...]:
    if not isinstance(payload, RecordBatch):
        return ()
    leaves = Manifest(vault.manifest(statement_id)).leaf_hashes()
    return prove_leaves(leaves, [number_of(row) for row in rows])


def narrowed_proof(
    vault: Vault,
    payload: RecordPayload,
    offer: str,
    received: Sequence[DisclosedRecord],
    wanted: Sequence[DisclosedRecord],
    forms: Forms,
) -> tuple[bytes, ...]:
    """Return the batch proof of `wanted`, a part of all the rows of one batch that came with a hand-over."""
    if not isinstance(payload, RecordBatch):
        return ()
    form = forms(payload.item, payload.catalogue)
    leaves = {number_of(row): batch_leaf(row.subject, commitment_of(row, form)) for row in received}
    proof = decode_proof(vault.batch_proof(offer, wanted[0].reference.statement_id))
    return narrow_proof(payload.count, leaves, proof, [number_of(row) for row in wanted])


def _shows(rows: Sequence[DisclosedRecord], names: Sequence[str]) -> bool:
    return all({name for name, _, _ in row.fields} >= set(names) for row in rows)


def lies_in(row: DisclosedRecord, ranges: Ranges) -> bool:
    """Say whether a row is one of `ranges`; a single record is where they are empty."""
    number = row.reference.row
    if number is None:
        return not ranges
    return any(first <= number <= last for first, last in ranges)


def encode_proof(proof: Sequence[bytes]) -> bytes:
    """Return a batch proof as the vault stores it."""
    return encode_cbor(list(proof))


def decode_proof(data: bytes) -> tuple[bytes, ...]:
    """Read a batch proof as the vault stores it; raises a `FormError`."""
    value = decode_canonical(data)
    if not isinstance(value, list):
        raise FormError(detail="a stored batch proof is no array")
    return tuple(read_hash(step) for step in value)
