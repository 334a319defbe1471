"""The receiver's check of a package: every row against the ledger's commitments, exactly what was offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Literal

from clients.gateway.disclosed import Forms, commitment_of, content_row
from clients.gateway.multiproof import root_from_leaves
from clients.gateway.package import RecordPayload, Source
from clients.vault.rows import DisclosedRecord
from ledger.content import content_root
from ledger.errors import FormError, ProofError, Text
from ledger.kinds.records import RecordBatch
from ledger.kinds.transfers import TransferOffer
from ledger.manifest import ROW_DOMAIN
from ledger.merkle import leaf_hash
from ledger.references import ReferenceSet

Reason = Literal["undecryptable", "content_root", "commitment", "missing_rows", "fields", "other"]
"""Why a delivery is disputed, as `transfer.dispute` names it."""


class DeliveryMismatch(ProofError):
    """What was delivered is not what was offered or not what is on the ledger; `reason` is the dispute's."""

    code = "package.mismatch"
    what = Text("The delivery fails ({reason}): {detail}.", "交付内容不符（{reason}）：{detail}。")
    next_step = Text("Dispute the hand-over with this reason.", "请以该理由对该次交接提出异议。")

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason: Reason = reason
        super().__init__(reason=reason, detail=detail)


def check_delivery(sources: Sequence[Source], offer: TransferOffer, forms: Forms) -> list[DisclosedRecord]:
    """Return the delivered rows after checking them against the offer and the commitments of their statements.

    The statements prove nothing by themselves: that each is logged is checked by whoever has the proofs. Here the
    references are the offered ones in order, each row shows exactly the offered fields, each row's commitment is that
    of its statement or leads to its batch root, and the content root is the offered one. Raises `DeliveryMismatch`.
    """
    rows = [row for source in sources for row in source.rows]
    wanted = ReferenceSet.from_json(offer.references)
    if len(rows) != wanted.count:
        raise DeliveryMismatch("missing_rows", f"{len(rows)} rows where {wanted.count} were offered")
    for row, reference in zip_longest(rows, wanted):
        if row is None or reference is None or row.reference != reference:
            raise DeliveryMismatch("missing_rows", f"{reference} was offered and is not where it belongs")
    for source in sources:
        _check_fields(source, offer.items, forms)
    for source in sources:
        try:
            _check_commitments(source, forms)
        except (ProofError, FormError) as error:
            raise DeliveryMismatch("commitment", str(error)) from error
    if content_root([content_row(row) for row in rows]).hex() != offer.content_root:
        raise DeliveryMismatch("content_root", "the rows do not have the offered content root")
    return rows


def _check_fields(source: Source, items: Mapping[str, Sequence[str]], forms: Forms) -> None:
    offered = items.get(source.payload.item)
    if offered is None:
        raise DeliveryMismatch("fields", f"item {source.payload.item} was not offered")
    form = forms(source.payload.item, source.payload.catalogue)
    wanted = [name for name in form.fields if name in set(offered)]
    for row in source.rows:
        if [name for name, _, _ in row.fields] != wanted:
            raise DeliveryMismatch("fields", f"{row.reference} does not show exactly the offered fields")


def _check_commitments(source: Source, forms: Forms) -> None:
    payload: RecordPayload = source.payload
    form = forms(payload.item, payload.catalogue)
    if not isinstance(payload, RecordBatch):
        if source.proof:
            raise DeliveryMismatch("commitment", "a single record comes with a batch proof")
        for row in source.rows:
            if commitment_of(row, form).hex() != payload.commitment:
                raise DeliveryMismatch("commitment", f"{row.reference} is not what its statement commits to")
        return
    root = root_from_leaves(
        payload.count,
        {number_of(row): batch_leaf(row.subject, commitment_of(row, form)) for row in source.rows},
        source.proof,
    )
    if root.hex() != payload.root:
        raise DeliveryMismatch("commitment", f"the rows of {source.statement.statement_id} do not lead to its root")


def number_of(row: DisclosedRecord) -> int:
    """Return the row number of a batch row; raises `DeliveryMismatch` for a single record."""
    if row.reference.row is None:
        raise DeliveryMismatch("other", f"{row.reference} is no batch row")
    return row.reference.row


def batch_leaf(subject: bytes, commitment: bytes) -> bytes:
    """Return the leaf hash of a batch row."""
    return leaf_hash(ROW_DOMAIN + subject + commitment)
