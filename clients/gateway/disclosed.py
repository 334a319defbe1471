"""Showing some fields of a record: from the record itself, or from what was itself received.

The record tree has the record leaf at index 0 and the fields after it in catalogue order. The record leaf is always
shown, because it says which item and catalogue version the fields belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from clients.gateway.multiproof import narrow_proof, prove_leaves, root_from_leaves
from clients.vault.rows import DisclosedRecord, StoredRecord
from ledger.commitment import (
    RecordFieldUnknown,
    RecordForm,
    derive_salts,
    encode_field_leaf,
    encode_record_leaf,
    leaf_indices,
    record_leaf_hashes,
)
from ledger.content import ContentRow
from ledger.errors import ProofError, Text
from ledger.merkle import leaf_hash

Forms = Callable[[str, int], RecordForm]
"""Gives the form of a record by item code and catalogue version."""


class DisclosedFields(ProofError):
    """Disclosed fields that are not those of the catalogue, or not in its order."""

    code = "proof.disclosed.fields"
    what = Text("The fields shown are not in the catalogue's order.", "所披露字段与目录顺序不符。")


def disclose(record: StoredRecord, form: RecordForm, names: Collection[str]) -> DisclosedRecord:
    """Show the fields `names` of a record of one's own; raises `RecordFieldUnknown` and as `record_leaf_hashes`."""
    shown = leaf_indices(form, tuple(names))
    leaves = record_leaf_hashes(form, record.record_key, record.values)
    salts = derive_salts(record.record_key, form.leaf_count)
    return DisclosedRecord(
        reference=record.reference,
        item=record.item,
        catalogue=record.catalogue,
        subject=record.subject_value,
        salt=salts[0],
        fields=tuple(
            (form.fields[index - 1], salts[index], record.values.get(form.fields[index - 1])) for index in shown
        ),
        hidden=prove_leaves(leaves, (0, *shown)),
    )


def disclose_less(disclosed: DisclosedRecord, form: RecordForm, names: Collection[str]) -> DisclosedRecord:
    """Show only `names` of what was itself disclosed; raises `RecordFieldUnknown` for a field that was not."""
    missing = set(names) - {name for name, _, _ in disclosed.fields}
    if missing:
        raise RecordFieldUnknown(name=min(missing))
    shown = (0, *leaf_indices(form, tuple(names)))
    hidden = narrow_proof(form.leaf_count, _leaves(disclosed, form), disclosed.hidden, shown)
    fields = tuple(row for row in disclosed.fields if row[0] in set(names))
    return DisclosedRecord(
        disclosed.reference, disclosed.item, disclosed.catalogue, disclosed.subject, disclosed.salt, fields, hidden
    )


def commitment_of(disclosed: DisclosedRecord, form: RecordForm) -> bytes:
    """Return the 32-byte record commitment that the shown fields and the hidden hashes give.

    The caller compares it with the one on the ledger. Raises `DisclosedFields`, `RecordFieldUnknown`,
    `RecordFieldValue`, `WrongSize` or `MultiproofMalformed`.
    """
    return root_from_leaves(form.leaf_count, _leaves(disclosed, form), disclosed.hidden)


def content_row(disclosed: DisclosedRecord) -> ContentRow:
    """Return the delivered content of a disclosed record, a leaf of the content root."""
    return ContentRow(disclosed.reference, disclosed.fields)


def _leaves(disclosed: DisclosedRecord, form: RecordForm) -> dict[int, bytes]:
    names = [name for name, _, _ in disclosed.fields]
    indices = leaf_indices(form, names)
    if [form.fields[index - 1] for index in indices] != names:
        raise DisclosedFields
    leaves = {0: leaf_hash(encode_record_leaf(form.item, form.version, disclosed.salt))}
    for index, (name, salt, value) in zip(indices, disclosed.fields, strict=True):
        leaves[index] = leaf_hash(encode_field_leaf(name, salt, value))
    return leaves
