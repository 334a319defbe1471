"""A member's vault: what the ledger must never hold, kept on the member's own side.

Records with their keys, batches with their manifests, disclosed values that were received, packages, one-time keys,
seeds, statements, and how far each hand-over has come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

import msgspec
from sqlalchemy import ColumnElement, Row, Table, and_, delete, insert, or_, select, update

from clients.vault.errors import NotInVault, VaultConflict
from clients.vault.rows import (
    DisclosedRecord,
    OneTimeKey,
    Outgoing,
    Package,
    Progress,
    StoredRecord,
)
from clients.vault.schema import (
    SINGLE,
    disclosures,
    manifests,
    one_time_keys,
    open_engine,
    outbox,
    packages,
    records,
    seeds,
    sources,
    statements,
    transfers,
)
from ledger.commitment import FieldValue
from ledger.encoding import encode_json
from ledger.references import Ranges, Reference, ReferenceSet

INSERT_CHUNK = 2000
"""Rows written by one statement."""
RANGES_IN_A_QUERY = 200
"""Ranges of rows in one query: SQLite takes an expression at most 1,000 deep."""
_values = msgspec.json.Decoder(dict[str, FieldValue])


class Vault:
    """The vault at a file path or database URL; raises `VaultNewer`, `VaultUnusable`. Use it as a context manager."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    # Statements.

    def keep_statement(self, statement_id: str, kind: str, raw: bytes) -> None:
        """Keep a statement's bytes by its id; keeping it again changes nothing."""
        with self.engine.begin() as connection:
            if connection.execute(select(statements.c.id).where(statements.c.id == statement_id)).first() is None:
                connection.execute(insert(statements).values(id=statement_id, kind=kind, raw=raw))

    def statement(self, statement_id: str) -> bytes:
        """Return a statement's bytes; raises `NotInVault`."""
        with self.engine.connect() as connection:
            raw = connection.execute(select(statements.c.raw).where(statements.c.id == statement_id)).scalar()
        if raw is None:
            raise NotInVault(what_kind="statement", name=statement_id)
        return bytes(raw)

    # Statements on their way.

    def put_outgoing(self, name: str, statement_id: str, raw: bytes) -> None:
        """Keep a signed statement before it is submitted, in place of one of the same name without a place."""
        with self.engine.begin() as connection:
            connection.execute(delete(outbox).where(and_(outbox.c.name == name, outbox.c.log_index.is_(None))))
            if connection.execute(select(outbox.c.id).where(outbox.c.name == name)).first() is not None:
                raise VaultConflict(what_kind="submitted statement", name=name)
            connection.execute(insert(outbox).values(name=name, id=statement_id, raw=raw))

    def outgoing(self, name: str) -> Outgoing | None:
        """Return the statement kept under `name`, None when there is none."""
        with self.engine.connect() as connection:
            row = connection.execute(select(outbox).where(outbox.c.name == name)).first()
        return None if row is None else Outgoing(row.name, row.id, bytes(row.raw), row.log_index)

    def set_outgoing_place(self, name: str, log_index: int) -> None:
        """Note where the statement kept under `name` stands in the log."""
        with self.engine.begin() as connection:
            connection.execute(update(outbox).where(outbox.c.name == name).values(log_index=log_index))

    def drop_outgoing(self, name: str) -> None:
        """Forget the statement kept under `name`, because the ledger turned it away."""
        with self.engine.begin() as connection:
            connection.execute(delete(outbox).where(outbox.c.name == name))

    # The member's own records.

    def keep_records(self, rows: Iterable[StoredRecord]) -> None:
        """Keep records of the member's own in one transaction, replacing all rows of the statements they belong to."""
        walk = iter(rows)
        cleared: set[str] = set()
        with self.engine.begin() as connection:
            while chunk := list(islice(walk, INSERT_CHUNK)):
                for statement_id in {row.reference.statement_id for row in chunk} - cleared:
                    connection.execute(delete(records).where(records.c.statement_id == statement_id))
                    cleared.add(statement_id)
                connection.execute(insert(records), [_record_values(row) for row in chunk])

    def record(self, reference: Reference) -> StoredRecord:
        """Return one record of the member's own; raises `NotInVault`."""
        row = SINGLE if reference.row is None else reference.row
        with self.engine.connect() as connection:
            found = connection.execute(
                select(records).where(records.c.statement_id == reference.statement_id, records.c.row == row)
            ).first()
        if found is None:
            raise NotInVault(what_kind="record", name=str(reference))
        return _stored_record(found)

    def records_of(self, statement_id: str, ranges: Ranges) -> Iterator[StoredRecord]:
        """Go through the rows of one statement that lie in `ranges` (all of a single record when empty), in order."""
        for some in range_chunks(ranges):
            query = (
                select(records)
                .where(records.c.statement_id == statement_id, rows_in(records, some))
                .order_by(records.c.row)
            )
            with self.engine.connect() as connection:
                for row in connection.execution_options(yield_per=INSERT_CHUNK).execute(query):
                    yield _stored_record(row)

    def keep_manifest(self, statement_id: str, manifest: bytes) -> None:
        """Keep the manifest of a batch of the member's own."""
        with self.engine.begin() as connection:
            connection.execute(delete(manifests).where(manifests.c.statement_id == statement_id))
            connection.execute(insert(manifests).values(statement_id=statement_id, data=manifest))

    def manifest(self, statement_id: str) -> bytes:
        """Return the manifest of a batch; raises `NotInVault`."""
        with self.engine.connect() as connection:
            data = connection.execute(select(manifests.c.data).where(manifests.c.statement_id == statement_id)).scalar()
        if data is None:
            raise NotInVault(what_kind="manifest", name=statement_id)
        return bytes(data)

    # What was received.

    def keep_disclosures(self, offer: str, rows: Sequence[DisclosedRecord], proofs: dict[str, bytes]) -> None:
        """Keep what hand-over `offer` disclosed, with one batch proof (encoded) for each statement id.

        Keeping the same hand-over again replaces it whole.
        """
        with self.engine.begin() as connection:
            connection.execute(delete(disclosures).where(disclosures.c.offer == offer))
            connection.execute(delete(sources).where(sources.c.offer == offer))
            for start in range(0, len(rows), INSERT_CHUNK):
                chunk = [
                    {
                        "offer": offer,
                        "statement_id": row.reference.statement_id,
                        "row": SINGLE if row.reference.row is None else row.reference.row,
                        "disclosed": row.encode(),
                    }
                    for row in rows[start : start + INSERT_CHUNK]
                ]
                connection.execute(insert(disclosures), chunk)
            for statement_id, proof in proofs.items():
                connection.execute(insert(sources).values(offer=offer, statement_id=statement_id, proof=proof))

    def offers_with(self, statement_id: str) -> list[str]:
        """Return the hand-overs that disclosed something of a statement's records, newest last."""
        query = select(sources.c.offer).where(sources.c.statement_id == statement_id).order_by(sources.c.offer)
        with self.engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def disclosed(self, offer: str, statement_id: str) -> list[DisclosedRecord]:
        """Return everything that one hand-over disclosed of one statement, in order of rows."""
        query = (
            select(disclosures.c.row, disclosures.c.disclosed)
            .where(disclosures.c.offer == offer, disclosures.c.statement_id == statement_id)
            .order_by(disclosures.c.row)
        )
        with self.engine.connect() as connection:
            found = connection.execute(query).all()
        return [
            DisclosedRecord.decode(Reference(statement_id, None if row == SINGLE else row), bytes(data))
            for row, data in found
        ]

    def disclosed_by(self, reference: Reference) -> list[tuple[str, DisclosedRecord]]:
        """Return what was received of one record: hand-over and disclosure, in order of hand-overs."""
        row = SINGLE if reference.row is None else reference.row
        query = (
            select(disclosures.c.offer, disclosures.c.disclosed)
            .where(disclosures.c.statement_id == reference.statement_id, disclosures.c.row == row)
            .order_by(disclosures.c.offer)
        )
        with self.engine.connect() as connection:
            found = connection.execute(query).all()
        return [(offer, DisclosedRecord.decode(reference, bytes(data))) for offer, data in found]

    def batch_proof(self, offer: str, statement_id: str) -> bytes:
        """Return the encoded batch proof that came with a hand-over; raises `NotInVault`."""
        query = select(sources.c.proof).where(sources.c.offer == offer, sources.c.statement_id == statement_id)
        with self.engine.connect() as connection:
            proof = connection.execute(query).scalar()
        if proof is None:
            raise NotInVault(what_kind="batch proof", name=statement_id)
        return bytes(proof)

    def replace_batch_proof(self, offer: str, statement_id: str, proof: bytes) -> None:
        """Keep another batch proof for what remains of a hand-over."""
        of_both = and_(sources.c.offer == offer, sources.c.statement_id == statement_id)
        with self.engine.begin() as connection:
            connection.execute(update(sources).where(of_both).values(proof=proof))

    # Packages, one-time keys and seeds.

    def keep_package(self, package: Package, references: ReferenceSet) -> None:
        """Keep a sealed package with its content key, and which records it holds."""
        with self.engine.begin() as connection:
            connection.execute(delete(packages).where(packages.c.digest == package.digest))
            connection.execute(
                insert(packages).values(
                    digest=package.digest,
                    references=_references_text(references),
                    ciphertext=package.ciphertext,
                    content_key=package.content_key,
                )
            )

    def package(self, digest: str) -> Package:
        """Return a package; raises `NotInVault`."""
        with self.engine.connect() as connection:
            row = connection.execute(select(packages).where(packages.c.digest == digest)).first()
        if row is None:
            raise NotInVault(what_kind="package", name=digest)
        return Package(row.digest, row.ciphertext, row.content_key)

    def drop_ciphertext(self, digest: str) -> None:
        """Destroy a package's ciphertext, keeping its content key."""
        with self.engine.begin() as connection:
            connection.execute(update(packages).where(packages.c.digest == digest).values(ciphertext=None))

    def drop_package(self, digest: str) -> None:
        """Destroy a package and its content key."""
        with self.engine.begin() as connection:
            connection.execute(delete(packages).where(packages.c.digest == digest))

    def keep_one_time_key(self, key: OneTimeKey, references: ReferenceSet) -> None:
        """Keep the one-time key of a hand-over; raises `VaultConflict` when there is one."""
        if self.one_time_key(key.offer) is not None:
            raise VaultConflict(what_kind="one-time key", name=key.offer)
        with self.engine.begin() as connection:
            connection.execute(
                insert(one_time_keys).values(
                    offer=key.offer, references=_references_text(references), public=key.public, secret=key.secret
                )
            )

    def one_time_key(self, offer: str) -> OneTimeKey | None:
        """Return the one-time key of a hand-over, None when there is none."""
        with self.engine.connect() as connection:
            row = connection.execute(select(one_time_keys).where(one_time_keys.c.offer == offer)).first()
        return None if row is None else OneTimeKey(row.offer, row.public, row.secret)

    def drop_one_time_secret(self, offer: str) -> None:
        """Destroy the secret half of a one-time key: the release that was sealed to it can no longer be opened."""
        with self.engine.begin() as connection:
            connection.execute(update(one_time_keys).where(one_time_keys.c.offer == offer).values(secret=None))

    def keep_seed(self, grant: str, side: str, seed: bytes) -> None:
        """Keep a marking seed of a grant ("sender", "receiver" or "code"); raises `VaultConflict` for another one."""
        known = self.seed(grant, side)
        if known is not None and known != seed:
            raise VaultConflict(what_kind=f"{side} seed", name=grant)
        if known is None:
            with self.engine.begin() as connection:
                connection.execute(insert(seeds).values(grant_id=grant, side=side, seed=seed))

    def seed(self, grant: str, side: str) -> bytes | None:
        """Return a marking seed of a grant, None when there is none."""
        query = select(seeds.c.seed).where(seeds.c.grant_id == grant, seeds.c.side == side)
        with self.engine.connect() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else bytes(found)

    # Hand-overs.

    def keep_progress(self, progress: Progress) -> None:
        """Keep how far a hand-over has come, in place of what was known before."""
        with self.engine.begin() as connection:
            connection.execute(delete(transfers).where(transfers.c.id == progress.id))
            connection.execute(
                insert(transfers).values(
                    id=progress.id,
                    side=progress.side,
                    offer=progress.offer,
                    step=progress.step,
                    detail=progress.detail,
                )
            )

    def progress(self, transfer_id: str) -> Progress | None:
        """Return how far a hand-over has come, None when it is not known here."""
        with self.engine.connect() as connection:
            row = connection.execute(select(transfers).where(transfers.c.id == transfer_id)).first()
        return None if row is None else Progress(row.id, row.side, row.offer, row.step, row.detail)

    def unfinished(self, side: str, final: Collection[str]) -> list[Progress]:
        """Return the hand-overs of one side whose step is none of `final`."""
        query = (
            select(transfers).where(transfers.c.side == side, transfers.c.step.not_in(final)).order_by(transfers.c.id)
        )
        with self.engine.connect() as connection:
            return [Progress(row.id, row.side, row.offer, row.step, row.detail) for row in connection.execute(query)]


def range_chunks(ranges: Ranges) -> Iterator[Ranges]:
    """Go through `ranges` in pieces that fit one query; empty ranges, a single record, are one piece."""
    for start in range(0, max(len(ranges), 1), RANGES_IN_A_QUERY):
        yield ranges[start : start + RANGES_IN_A_QUERY]


def rows_in(table: Table, ranges: Ranges) -> ColumnElement[bool]:
    """Return the condition that a row of `table` lies in `ranges`, or is a single record when they are empty."""
    if not ranges:
        return table.c.row == SINGLE
    return or_(*(table.c.row.between(first, last) for first, last in ranges))


def _record_values(row: StoredRecord) -> dict[str, object]:
    return {
        "statement_id": row.reference.statement_id,
        "row": SINGLE if row.reference.row is None else row.reference.row,
        "item": row.item,
        "catalogue": row.catalogue,
        "subject_class": row.subject_class,
        "subject_value": row.subject_value,
        "epoch": row.epoch,
        "fields": msgspec.json.encode(row.values).decode("utf-8"),
        "record_key": row.record_key,
    }


def _stored_record(row: Row[tuple[object, ...]]) -> StoredRecord:
    return StoredRecord(
        Reference(row.statement_id, None if row.row == SINGLE else row.row),
        row.item,
        row.catalogue,
        row.subject_class,
        bytes(row.subject_value),
        row.epoch,
        _values.decode(row.fields),
        bytes(row.record_key),
    )


def _references_text(references: ReferenceSet) -> str:
    return encode_json(references.to_json()).decode("ascii")
