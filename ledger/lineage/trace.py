"""Questions 1 and 2: where a record went, and what something came from.

Both walk lineage edges level by level, one query a level. A row of a batch passes an edge only where the edge's rows
contain it, and a hand-over is followed onward only for the rows that are asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from ledger.kinds import decode_payload
from ledger.kinds.transfers import UseReport
from ledger.lineage.answers import Step, Trace, Use, Version
from ledger.lineage.ranges import WHOLE, RowSets, as_sets, grow, intersect, intersect_sets
from ledger.lineage.source import EdgeRow, LineageSource
from ledger.lineage.steps import (
    MAX_TRACE_NODES,
    RECORD_KINDS,
    STATUS_OF_STEP,
    TraceTooLarge,
    WrongQuestion,
    hops_of,
    in_order,
    load,
    logged,
    split_reference,
    steps_of,
    versions_of,
)
from ledger.references import ReferenceSet
from ledger.state.authority_tables import PRODUCT
from ledger.state.tables import GRANT, TRANSFER, Ranges
from ledger.statement import decode_statement

Direction = Literal["forward", "back"]


def trace_forward(source: LineageSource, reference: str, as_of: int) -> Trace:
    """Question 1: everywhere a record, row, verification or hand-over went before size `as_of`, hop by hop.

    Raises `ReferenceMalformed`, `NothingLogged`, `WrongQuestion`, `TraceTooLarge`.
    """
    walk = _Walk(source, as_of)
    walk.begin(reference, back=False)
    _forward(walk)
    return walk.answer(reference, "forward")


def trace_records(source: LineageSource, references: ReferenceSet, as_of: int) -> Trace:
    """Return question 1 for several records at once, which the answer names by its versions: `reference` is "".

    Raises `NothingLogged`, `WrongQuestion`, `TraceTooLarge`.
    """
    walk = _Walk(source, as_of)
    for id_, rows in references.entries:
        row = logged(source, id_, as_of)
        if row.kind not in RECORD_KINDS:
            raise WrongQuestion(name=id_, found=row.kind, wanted="records")
        walk.add_list(id_, rows)
    _forward(walk)
    return walk.answer("", "forward")


def _forward(walk: _Walk) -> None:
    """Go on from what was reached, level by level, until nothing is new."""
    source, as_of = walk.source, walk.as_of
    while walk.level():
        lists, transfers, others = walk.take()
        edges = source.edges_from([*lists, *transfers, *others], as_of)
        onward = [edge for edge in edges if edge.kind == "onward"]
        content = walk.contents(edge.target for edge in onward)
        for edge in edges:
            rows = walk.passing(edge)
            if edge.kind in ("corrects", "performance") and rows is not None:
                walk.add_list(edge.target, WHOLE)
            elif edge.kind == "delivers" and rows is not None:
                walk.add_transfer(edge.target, {edge.source: rows})
            elif edge.kind == "used":
                walk.add_use(edge)
            elif edge.kind == "input" and (rows is not None or edge.source not in walk.lists):
                walk.add_product(edge.target)
            elif edge.kind == "queried" and rows is not None:
                walk.queries.add(edge.target)
        for edge in onward:
            walk.add_transfer(edge.target, intersect_sets(content[edge.target], walk.transfers[edge.source]))


def trace_back(source: LineageSource, reference: str, as_of: int) -> Trace:
    """Question 2: everything a record, row, hand-over or use came from before size `as_of`, to the signed originals.

    Raises `ReferenceMalformed`, `NothingLogged`, `WrongQuestion`, `TraceTooLarge`.
    """
    walk = _Walk(source, as_of)
    walk.begin(reference, back=True)
    while walk.level():
        lists, transfers, others = walk.take()
        edges = source.edges_to([*lists, *transfers, *others], as_of)
        onward = [edge for edge in edges if edge.kind == "onward"]
        content = walk.contents(edge.source for edge in onward)
        for edge in edges:
            if edge.kind == "corrects":
                walk.add_list(edge.source, edge.ranges)
            elif edge.kind == "performance" or (edge.kind == "contract" and edge.target in walk.supports):
                walk.add_support(edge.source)
        walk.add_inputs([edge for edge in edges if edge.kind == "input"])
        # What an offer carries stands in the offer itself, so one that was never released is traced back as well.
        for transfer in transfers:
            for list_, rows in walk.transfers[transfer].items():
                walk.add_list(list_, rows)
        for edge in onward:
            walk.add_transfer(edge.source, intersect_sets(content[edge.source], walk.transfers[edge.target]))
    return walk.answer(reference, "back")


class _Walk:
    """What a trace has reached, and what of it is new since the last level."""

    def __init__(self, source: LineageSource, as_of: int) -> None:
        self.source, self.as_of = source, as_of
        self.lists: dict[str, Ranges] = {}
        self.transfers: dict[str, dict[str, Ranges]] = {}
        self.supports: set[str] = set()
        self.uses: dict[str, UseReport] = {}
        self.products: set[str] = set()
        self.queries: set[str] = set()
        self._new_lists: set[str] = set()
        self._new_transfers: set[str] = set()
        self._new_supports: set[str] = set()
        self._new_products: set[str] = set()

    def begin(self, reference: str, *, back: bool) -> None:
        """Put the statement that `reference` names where the walk starts."""
        id_, rows = split_reference(reference)
        row = logged(self.source, id_, self.as_of)
        if row.kind in RECORD_KINDS:
            self.add_list(id_, rows)
        elif row.kind == "transfer.offer":
            self.add_transfer(id_, self.contents([id_])[id_])
        elif row.kind in STATUS_OF_STEP:
            for edge in self.source.edges_to([id_], self.as_of):
                if edge.kind == "step":
                    self.add_transfer(edge.source, self.contents([edge.source])[edge.source])
        elif row.kind == "use.report" and back:
            self._begin_at_use(id_)
        elif row.kind == "contract.verify":
            self.add_support(id_)
        elif row.kind == "product.issue":
            self.add_product(id_)
        else:
            wanted = "records, hand-overs, uses, products and verifications"
            raise WrongQuestion(name=id_, found=row.kind, wanted=wanted)

    def _begin_at_use(self, id_: str) -> None:
        payload = self.uses[id_] = self._report(id_)
        rows = self.contents([payload.transfer])[payload.transfer]
        if payload.reference is not None:
            rows = intersect_sets(rows, dict([split_reference(payload.reference)]))
        self.add_transfer(payload.transfer, rows)

    def contents(self, transfers: Iterable[str]) -> dict[str, dict[str, Ranges]]:
        """Return the whole content of hand-overs, by offer id."""
        states = load(self.source, TRANSFER, set(transfers))
        return {id_: as_sets(state.references) for id_, state in states.items()}

    def passing(self, edge: EdgeRow) -> Ranges | None:
        """Return the rows that pass an edge from a list or support that was reached; None when none does."""
        if edge.source in self.supports:
            return WHOLE
        return None if edge.source not in self.lists else intersect(self.lists[edge.source], edge.ranges)

    def add_list(self, id_: str, rows: Ranges) -> None:
        """Reach rows of a record list."""
        if grow(self.lists, {id_: rows}):
            self._new_lists.add(id_)

    def add_transfer(self, id_: str, rows: RowSets) -> None:
        """Reach a hand-over by the rows it carries; nothing happens when it carries none of them."""
        if rows and grow(self.transfers.setdefault(id_, {}), rows):
            self._new_transfers.add(id_)

    def add_support(self, id_: str) -> None:
        """Reach what a record rests on: a verification, or its contract."""
        if id_ not in self.supports:
            self.supports.add(id_)
            self._new_supports.add(id_)

    def add_product(self, id_: str) -> None:
        """Reach a product."""
        if id_ not in self.products:
            self.products.add(id_)
            self._new_products.add(id_)

    def add_inputs(self, edges: Sequence[EdgeRow]) -> None:
        """Reach what products were made of, and the hand-overs by which their issuers had got it."""
        kinds = {id_: row.kind for id_, row in self.source.statements({edge.source for edge in edges}).items()}
        contents = self.contents(edge.source for edge in edges if kinds[edge.source] == "transfer.offer")
        lists = [edge for edge in edges if kinds[edge.source] in RECORD_KINDS]
        for edge in edges:
            if edge.source in contents:
                self.add_transfer(edge.source, contents[edge.source])
            elif kinds[edge.source] == "product.issue":
                self.add_product(edge.source)
        for edge in lists:
            self.add_list(edge.source, edge.ranges)
        self._add_sources(lists)

    def _add_sources(self, inputs: Sequence[EdgeRow]) -> None:
        issuers = {id_: state.issuer for id_, state in load(self.source, PRODUCT, {e.target for e in inputs}).items()}
        given = [
            (edge, delivery)
            for delivery in self.source.edges_from(sorted({edge.source for edge in inputs}), self.as_of)
            if delivery.kind == "delivers"
            for edge in inputs
            if edge.source == delivery.source and delivery.index < edge.index
        ]
        states = load(self.source, TRANSFER, {delivery.target for _, delivery in given})
        for edge, delivery in given:
            rows = intersect(edge.ranges, delivery.ranges)
            if rows is not None and states[delivery.target].receiver == issuers[edge.target]:
                self.add_transfer(delivery.target, {edge.source: rows})

    def add_use(self, edge: EdgeRow) -> None:
        """Reach a use report; one about a single record counts only where that record is asked about."""
        rows = self.transfers.get(edge.source)
        if rows is None:
            return
        payload = self._report(edge.target)
        if payload.reference is None or intersect_sets(rows, dict([split_reference(payload.reference)])):
            self.uses[edge.target] = payload

    def _report(self, id_: str) -> UseReport:
        statement = decode_statement(self.source.raw([id_])[id_])
        payload = decode_payload(statement.kind, statement.payload)
        assert isinstance(payload, UseReport)
        return payload

    def level(self) -> bool:
        """Say whether something new was reached; raises `TraceTooLarge`."""
        reached = len(self.lists) + len(self.transfers) + len(self.uses) + len(self.products) + len(self.queries)
        if reached > MAX_TRACE_NODES:
            raise TraceTooLarge(limit=MAX_TRACE_NODES)
        return bool(self._new_lists or self._new_transfers or self._new_supports or self._new_products)

    def take(self) -> tuple[list[str], list[str], list[str]]:
        """Return what is new (lists, hand-overs, supports with products) and begin the next level."""
        new = sorted(self._new_lists), sorted(self._new_transfers), sorted(self._new_supports | self._new_products)
        self._new_lists, self._new_transfers, self._new_supports, self._new_products = set(), set(), set(), set()
        return new

    def answer(self, reference: str, direction: Direction) -> Trace:
        """Return what was reached as an answer."""
        source = self.source
        versions = versions_of(source, self.lists, self.as_of)
        hops = hops_of(source, self.transfers, self.as_of)
        grants = load(source, GRANT, {hop.grant for hop in hops})
        others = steps_of(source, [*self.uses, *self.supports, *self.products, *self.queries])
        ids = [step.id for hop in hops for step in hop.steps]
        ids += [hop.grant for hop in hops]
        ids += [grant.accepted for grant in grants.values() if grant.accepted is not None]
        ids += _version_ids(versions)
        ids += list(others)
        return Trace(
            as_of=self.as_of,
            time=source.time_at(self.as_of),
            statements=tuple(sorted(set(ids))),
            reference=reference,
            direction=direction,
            versions=versions,
            hops=hops,
            uses=_uses(self.uses, others),
            supports=in_order(others[id_] for id_ in self.supports),
            products=in_order(others[id_] for id_ in self.products),
            queries=in_order(others[id_] for id_ in self.queries),
        )


def _uses(reports: Mapping[str, UseReport], steps: Mapping[str, Step]) -> tuple[Use, ...]:
    found = [
        Use(**msgspec.structs.asdict(steps[id_]), transfer=report.transfer, reference=report.reference)
        for id_, report in reports.items()
    ]
    return tuple(sorted(found, key=lambda use: use.index))


def _version_ids(versions: Iterable[Version]) -> list[str]:
    return [id_ for version in versions for id_ in (version.id, *(ending.by for ending in version.endings))]
