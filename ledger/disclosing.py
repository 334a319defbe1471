"""Making disclosures: the one side of a record commitment that builds proofs. Checking is `ledger.disclosure`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.commitment import FieldValue, RecordForm, derive_salts, leaf_indices, record_leaf_hashes
from ledger.disclosure import DisclosedField, Disclosure
from ledger.merkle.prove import MemoryTree, inclusion_proofs


def disclose(form: RecordForm, record_key: bytes, values: Mapping[str, FieldValue], names: Sequence[str]) -> Disclosure:
    """Disclose the fields `names` of a record, and nothing of the others; a field without a value is shown as null.

    Raises `RecordFieldUnknown`, `RecordFieldValue` or `WrongSize`.
    """
    indices = leaf_indices(form, names)
    salts = derive_salts(record_key, form.leaf_count)
    tree = MemoryTree(record_leaf_hashes(form, record_key, values))
    head, *paths = inclusion_proofs((0, *indices), form.leaf_count, tree)
    fields = (
        DisclosedField(form.fields[index - 1], index, salts[index], values.get(form.fields[index - 1]), path)
        for index, path in zip(indices, paths, strict=True)
    )
    return Disclosure(form.item, form.version, form.leaf_count, salts[0], head, tuple(fields))
