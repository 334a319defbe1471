"""A source's way to the ledger: build, keep the secrets, sign, submit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from clients.gateway.disclosed import Forms
from clients.gateway.outbox import Outbox
from clients.gateway.records import (
    Attributes,
    BuiltBatch,
    LinkingKeys,
    NewRecord,
    build_batch,
    build_record,
)
from clients.sdk import requests
from clients.sdk.answers import Receipted, WaitState
from clients.sdk.errors import RemoteProblem
from clients.sdk.sync_client import Client
from clients.vault.rows import StoredRecord
from clients.vault.vault import Vault
from ledger.errors import QuorumError, Text, UnreachableError
from ledger.kinds.fields import Payload
from ledger.kinds.records import RecordBatch, RecordCorrect, RecordSubmit, RecordWithdraw
from ledger.references import Reference
from ledger.statement import Statement

CorrectionReason = Literal["error", "update", "court", "dispute"]
WithdrawalReason = Literal["error", "duplicate", "court", "dispute", "other"]


class HeldByTooFew(QuorumError):
    """Too few nodes hold the manifest."""

    code = "gateway.held"
    what = Text("{got} nodes hold the manifest where {want} are needed.", "仅有 {got} 个节点持有清单，需要 {want} 个。")
    next_step = Text("Upload it to further nodes.", "请上传至更多节点。")


class RecordSource:
    """Makes records for the client's member. Secrets are in the vault before a statement leaves.

    `nodes` are the clients of the nodes that hold manifests; the client's own node alone when none are given.
    """

    def __init__(
        self, client: Client, vault: Vault, forms: Forms, linking: LinkingKeys, nodes: Sequence[Client] = ()
    ) -> None:
        self._client = client
        self._vault = vault
        self._forms = forms
        self._linking = linking
        self._nodes = tuple(nodes) or (client,)
        self._outbox = Outbox(client, vault)
        self._identity = client.signing_identity()

    def submit_record(
        self, item: str, catalogue: int, new: NewRecord, attributes: Attributes, wait: WaitState = "integrated"
    ) -> Receipted:
        """Make one record; its reference is the id of the answer. Raises as `build_record` and `Client.submit`."""
        built = build_record(new, self._forms(item, catalogue), self._linking, self._random)
        payload = RecordSubmit(
            **self._identity.head(RecordSubmit),
            item=item,
            catalogue=catalogue,
            subject=built.subject,
            commitment=built.commitment.hex(),
            event_day=attributes.event_day,
            retention_end=attributes.retention_end,
            severity=attributes.severity,
            basis=attributes.basis,
            performance=attributes.performance,
        )
        statement = self._sign(payload)
        return self._submit(statement, [built.stored(Reference(statement.statement_id))], wait)

    def correct_record(
        self,
        reference: Reference,
        item: str,
        catalogue: int,
        new: NewRecord,
        attributes: Attributes,
        reason: CorrectionReason,
        wait: WaitState = "integrated",
    ) -> Receipted:
        """Replace a record or row by a new version with a fresh key; raises as `submit_record`."""
        built = build_record(new, self._forms(item, catalogue), self._linking, self._random)
        payload = RecordCorrect(
            **self._identity.head(RecordCorrect),
            reference=str(reference),
            item=item,
            catalogue=catalogue,
            subject=built.subject,
            commitment=built.commitment.hex(),
            event_day=attributes.event_day,
            retention_end=attributes.retention_end,
            reason=reason,
            severity=attributes.severity,
            basis=attributes.basis,
            performance=attributes.performance,
        )
        statement = self._sign(payload)
        return self._submit(statement, [built.stored(Reference(statement.statement_id))], wait)

    def withdraw_record(
        self, reference: Reference, reason: WithdrawalReason, wait: WaitState = "integrated"
    ) -> Receipted:
        """Take a record or row back."""
        payload = RecordWithdraw(**self._identity.head(RecordWithdraw), reference=str(reference), reason=reason)
        return self._submit(self._sign(payload), [], wait)

    def submit_batch(
        self,
        item: str,
        catalogue: int,
        rows: Sequence[NewRecord],
        attributes: Attributes,
        *,
        held_by: int = 1,
        wait: WaitState = "integrated",
    ) -> Receipted:
        """Make many records with one signature; row `n` of the manifest has the reference `<id>:<n>`.

        All rows have one subject class. The manifest is uploaded until `held_by` nodes (n−f) have signed that they hold
        it. Raises `HeldByTooFew`, as `build_batch` and `Client.submit`.
        """
        built = build_batch(rows, self._forms(item, catalogue), self._linking, self._random)
        subject = built.records[0].subject
        payload = RecordBatch(
            **self._identity.head(RecordBatch),
            item=item,
            catalogue=catalogue,
            subject_class=subject.class_,
            epoch=subject.epoch,
            count=built.manifest.count,
            root=built.manifest.root().hex(),
            manifest=built.manifest.digest.hex(),
            event_day=attributes.event_day,
            retention_end=attributes.retention_end,
            held=self._upload(built, held_by),
            severity=attributes.severity,
            basis=attributes.basis,
        )
        statement = self._sign(payload)
        self._vault.keep_manifest(statement.statement_id, built.manifest.data)
        stored = [
            record.stored(Reference(statement.statement_id, number)) for number, record in enumerate(built.records)
        ]
        return self._submit(statement, stored, wait)

    def resume(self, statement_id: str, wait: WaitState = "integrated") -> Receipted:
        """Submit again a statement that was kept when its submission was interrupted; raises `NotInVault`."""
        raw = self._vault.statement(statement_id)
        return self._client.submit(raw, wait)

    def _upload(self, built: BuiltBatch, held_by: int) -> list[str]:
        call = requests.put_manifest(
            built.manifest.digest.hex(), built.manifest.data, built.manifest.root().hex(), built.manifest.count
        )
        held: list[str] = []
        for node in self._nodes:
            if len(held) == held_by:
                break
            try:
                held.append(node.run(call).held)
            except (RemoteProblem, UnreachableError):
                # Another node may do; if none does, the count below says so.
                continue
        if len(held) < held_by:
            raise HeldByTooFew(got=len(held), want=held_by)
        return sorted(held)

    def _sign(self, payload: Payload) -> Statement:
        return self._identity.sign(payload, self._client.audience())

    def _submit(self, statement: Statement, stored: Sequence[StoredRecord], wait: WaitState) -> Receipted:
        # Keys first: a record whose key is lost could be proven by nobody.
        self._vault.keep_records(stored)
        self._vault.keep_statement(statement.statement_id, statement.kind, statement.raw)
        return self._outbox.submit(f"record:{statement.statement_id}", lambda: statement, wait)

    def _random(self, size: int) -> bytes:
        return self._identity.surroundings.random_bytes(size)
