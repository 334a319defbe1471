"""Records of a file: checked row by row, gathered into batches, submitted once each whatever is interrupted.

A file, its mapping and the size of its batches determine which rows form which batch, so a second run finds by name, in
the vault's journal, what the first one had admitted. Rows of one batch share days and severity (REC-7), so there is one
open batch for each combination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

from clients.gateway.disclosed import Forms
from clients.gateway.outbox import Outbox
from clients.gateway.records import Attributes, BuiltBatch, LinkingKeys, NewRecord, build_batch, build_record
from clients.gateway.source import HeldByTooFew
from clients.imports.checking import Problem, ReadRow, RowChecker
from clients.imports.mapping import Mapping
from clients.imports.rows import read_rows
from clients.sdk import requests
from clients.sdk.answers import Receipted, WaitState
from clients.sdk.errors import RemoteProblem
from clients.sdk.sync_client import Client
from clients.vault.rows import StoredRecord
from clients.vault.vault import Vault
from ledger.errors import UnreachableError
from ledger.kinds.records import RecordBatch, RecordSubmit
from ledger.references import Reference
from ledger.statement import Statement

OPEN_BATCHES = 16
"""Whole batches' worth of rows that may wait in memory for their batches to fill."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that go under one signature; `number` is its place in the file's order of batches."""

    number: int
    attributes: Attributes
    rows: tuple[NewRecord, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Admitted:
    """One admitted batch or record: its place, how many rows, and whether an earlier run had admitted it."""

    receipted: Receipted
    rows: int
    earlier: bool


def file_digest(path: Path, mapping: Mapping, encoding: str) -> str:
    """Return the name of an import: SHA-256 in hex over the mapping and the file's bytes."""
    digest = sha256(msgspec.json.encode([encoding, mapping]))
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def checked_rows(path: Path, encoding: str, checker: RowChecker, mapping: Mapping) -> Iterator[ReadRow | list[Problem]]:
    """Yield every row of a file as a record, or as what is wrong with it; raises as `read_rows`."""
    for row in read_rows(path, encoding, mapping.columns()):
        yield checker.read(row)


def grouped(rows: Iterable[ReadRow], size: int) -> Iterator[Group]:
    """Yield the rows in groups of at most `size` with the same attributes; a size of 0 gives every row by itself."""
    waiting: dict[bytes, list[ReadRow]] = {}
    number = count = 0
    limit = max(size, 1)

    def close(key: bytes) -> Group:
        nonlocal number, count
        taken = waiting.pop(key)
        count -= len(taken)
        number += 1
        return Group(number - 1, taken[0].attributes, tuple(row.record for row in taken))

    for row in rows:
        key = msgspec.json.encode(row.attributes)
        waiting.setdefault(key, []).append(row)
        count += 1
        if len(waiting[key]) == limit:
            yield close(key)
        elif count >= limit * OPEN_BATCHES:
            # The fullest one goes; the order of first rows decides between equals, so every run does the same.
            yield close(max(waiting, key=lambda one: len(waiting[one])))
    for key in list(waiting):
        yield close(key)


class RecordImport:
    """Submits the groups of one file. `name` is `file_digest`; `nodes` hold the manifests, `held_by` of them sign."""

    def __init__(
        self,
        client: Client,
        vault: Vault,
        forms: Forms,
        linking: LinkingKeys,
        mapping: Mapping,
        catalogue: int,
        name: str,
        *,
        nodes: Sequence[Client] = (),
        held_by: int = 1,
        wait: WaitState = "integrated",
    ) -> None:
        self._client, self._vault, self._mapping, self._catalogue = client, vault, mapping, catalogue
        self._form = forms(mapping.item, catalogue)
        self._linking, self._name, self._wait, self._held_by = linking, name, wait, held_by
        self._nodes = tuple(nodes) or (client,)
        self._outbox = Outbox(client, vault)
        self._identity = client.signing_identity()

    def begun(self) -> bool:
        """Whether an earlier run of this import signed anything."""
        return self._vault.outgoing(self._place(0)) is not None

    def submit(self, group: Group) -> Admitted:
        """Submit one group, or recognise it; raises `HeldByTooFew` and as `build_batch`, `Client.submit`."""
        place = self._place(group.number)
        earlier = self._outbox.place(place) is not None
        make: Callable[[], Statement] = lambda: self._make(group)  # noqa: E731 - it is a value handed on.
        return Admitted(self._outbox.submit(place, make, self._wait), len(group.rows), earlier)

    def _place(self, number: int) -> str:
        return f"import:{self._name}:{number}"

    def _make(self, group: Group) -> Statement:
        if self._mapping.batch == 0:
            return self._make_record(group.rows[0], group.attributes)
        built = build_batch(group.rows, self._form, self._linking, self._random)
        subject, attributes = built.records[0].subject, group.attributes
        payload = RecordBatch(
            **self._identity.head(RecordBatch),
            item=self._mapping.item,
            catalogue=self._catalogue,
            subject_class=subject.class_,
            epoch=subject.epoch,
            count=built.manifest.count,
            root=built.manifest.root().hex(),
            manifest=built.manifest.digest.hex(),
            event_day=attributes.event_day,
            retention_end=attributes.retention_end,
            held=self._upload(built),
            severity=attributes.severity,
            basis=attributes.basis,
        )
        statement = self._sign(payload)
        self._vault.keep_manifest(statement.statement_id, built.manifest.data)
        self._keep(
            statement,
            [record.stored(Reference(statement.statement_id, row)) for row, record in enumerate(built.records)],
        )
        return statement

    def _make_record(self, new: NewRecord, attributes: Attributes) -> Statement:
        built = build_record(new, self._form, self._linking, self._random)
        payload = RecordSubmit(
            **self._identity.head(RecordSubmit),
            item=self._mapping.item,
            catalogue=self._catalogue,
            subject=built.subject,
            commitment=built.commitment.hex(),
            event_day=attributes.event_day,
            retention_end=attributes.retention_end,
            severity=attributes.severity,
            basis=attributes.basis,
        )
        statement = self._sign(payload)
        self._keep(statement, [built.stored(Reference(statement.statement_id))])
        return statement

    def _keep(self, statement: Statement, stored: list[StoredRecord]) -> None:
        # Keys first: a record whose key is lost could be proven by nobody.
        self._vault.keep_records(stored)
        self._vault.keep_statement(statement.statement_id, statement.kind, statement.raw)

    def _upload(self, built: BuiltBatch) -> list[str]:
        manifest = built.manifest
        call = requests.put_manifest(manifest.digest.hex(), manifest.data, manifest.root().hex(), manifest.count)
        held: list[str] = []
        for node in self._nodes:
            if len(held) == self._held_by:
                break
            try:
                held.append(node.run(call).held)
            except (RemoteProblem, UnreachableError):
                # Another node may do; if none does, the count below says so.
                continue
        if len(held) < self._held_by:
            raise HeldByTooFew(got=len(held), want=self._held_by)
        return sorted(held)

    def _sign(self, payload: RecordBatch | RecordSubmit) -> Statement:
        return self._identity.sign(payload, self._client.audience())

    def _random(self, size: int) -> bytes:
        return self._identity.surroundings.random_bytes(size)
