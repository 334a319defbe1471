"""What a dispute is about: a record, list entry, publication, product or contract, and who is concerned by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.references import Reference, ReferenceSet
from ledger.rules.listed import Listed
from ledger.rules.loading import peek
from ledger.rules.record_case import AlreadyEnded, split_reference
from ledger.rules.registry import UnknownReference
from ledger.state.authority_tables import PRODUCT
from ledger.state.publication_tables import COPY, ENTRY, PUBLICATION
from ledger.state.tables import CONTRACT, ENDED, RECORD, Ranges, RecordState, row_suffix
from ledger.state.view import BlockView, Need

KIND = "record, row, list entry, publication, product or contract"


@dataclass(frozen=True, slots=True)
class Matter:
    """What is disputed: `respondent` owes the resolution, `concerned` may dispute it without a mandate.

    `records` are the records it is, or rests on; `subject_value` is the one that a list entry bears.
    """

    about: str
    id: str
    row: int | None
    target: str
    respondent: str
    concerned: frozenset[str]
    records: tuple[Listed, ...] = ()
    subject_value: str | None = None

    @property
    def ranges(self) -> Ranges:
        """The row as ranges of its list."""
        return () if self.row is None else ((self.row, self.row),)

    @property
    def changed(self) -> ReferenceSet:
        """What an upheld dispute changes."""
        return ReferenceSet(((self.id, self.ranges),))


def matter_needs(view: BlockView, about: str) -> Iterator[Need]:
    """Name the rows by which a dispute's matter is found."""
    id_, row = split_reference(about)
    suffix = row_suffix(row)
    yield from (Need("record", id_), Need("ended", id_, suffix), Need("holding", id_, None))
    yield from (Need(table, id_) for table in ("product", "contract", "entry", "copy"))
    yield Need("disputed", id_, suffix)
    product = peek(view, PRODUCT, id_)
    named = [record for record, _ in product.inputs] if product else []
    place = peek(view, COPY, id_)
    if place is not None:
        yield Need("publication", place.lead)
        publication = peek(view, PUBLICATION, place.lead)
        named += [] if publication is None else [split_reference(publication.reference)[0]]
    entry = peek(view, ENTRY, id_)
    named += [split_reference(ground)[0] for ground in entry.grounds] if entry else []
    yield from (Need("record", record) for record in named)


def find_matter(view: BlockView, about: str) -> Matter:
    """Return what a dispute is about; raises UnknownReference or, for a record that ended, AlreadyEnded."""
    id_, row = split_reference(about)
    record = view.find(RECORD, id_)
    if record is not None:
        return _of_record(view, about, id_, row, record)
    found = None if row is not None else _of_statement(view, id_)
    if found is None:
        raise UnknownReference(field="about", name=about, kind=KIND)
    return found


def _of_record(view: BlockView, about: str, id_: str, row: int | None, record: RecordState) -> Matter:
    if (row is None) != (record.count == 0) or (row is not None and row >= record.count):
        raise UnknownReference(field="about", name=about, kind="record or row of a batch")
    ended = view.find(ENDED, id_, row_suffix(row))
    if ended is not None:
        raise AlreadyEnded(reference=about, how=ended.how, by=ended.by)
    ranges: Ranges = () if row is None else ((row, row),)
    return Matter(about, id_, row, "record", record.issuer, frozenset((record.issuer,)), (Listed(id_, ranges, record),))


def _of_statement(view: BlockView, id_: str) -> Matter | None:
    contract = view.find(CONTRACT, id_)
    if contract is not None:
        parties = frozenset((contract.registrant, contract.buyer, contract.supplier))
        return Matter(id_, id_, None, "contract", contract.registrant, parties)
    product = view.find(PRODUCT, id_)
    if product is not None:
        records = _found(view, ReferenceSet(product.inputs))
        return Matter(id_, id_, None, "product", product.issuer, _issuers(records) | {product.issuer}, records)
    place = view.find(COPY, id_)
    if place is not None:
        publication = view.find(PUBLICATION, place.lead)
        assert publication is not None, "a copy belongs to a logged publication"
        records = _found(view, ReferenceSet.of([Reference.parse(publication.reference)]))
        concerned = _issuers(records) | {place.member, publication.publisher}
        return Matter(id_, id_, None, "publication", place.member, concerned, records)
    entry = view.find(ENTRY, id_)
    if entry is not None:
        records = _found(view, ReferenceSet.of(Reference.parse(ground) for ground in entry.grounds))
        concerned = _issuers(records) | {entry.authority}
        return Matter(id_, id_, None, "entry", entry.authority, concerned, records, entry.subject_value)
    return None


def _found(view: BlockView, references: ReferenceSet) -> tuple[Listed, ...]:
    states = [(id_, ranges, view.find(RECORD, id_)) for id_, ranges in references.entries]
    return tuple(Listed(id_, ranges, state) for id_, ranges, state in states if state is not None)


def _issuers(records: tuple[Listed, ...]) -> frozenset[str]:
    return frozenset(found.record.issuer for found in records)
