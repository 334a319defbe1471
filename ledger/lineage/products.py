"""Question 12: is this report still true? Which inputs changed since, as of any size.

Everything is read from append-only edges, so that the answer at a past size is what it was then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from ledger.kinds import decode_payload
from ledger.kinds.disputes import RecordResolve
from ledger.lineage.answers import Answer, Step
from ledger.lineage.ranges import WHOLE, as_references, as_sets, grow, intersect
from ledger.lineage.source import EdgeRow, LineageSource, StatementRow
from ledger.lineage.steps import WrongQuestion, in_order, load, logged, steps_of
from ledger.state.authority_tables import PRODUCT
from ledger.state.tables import Ranges, ReferenceRows
from ledger.statement import decode_statement

Change = Literal["corrected", "withdrawn", "repaired", "erased", "dispute_upheld"]
_CHANGES: dict[str, Change] = {"corrects": "corrected", "withdraws": "withdrawn", "repairs": "repaired"}


class ChangedInput(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of an input (`id`: a record list or a product) that changed after the product was issued, and how."""

    id: str
    rows: Ranges
    how: Change
    by: Step


class OpenDispute(msgspec.Struct, frozen=True, kw_only=True):
    """An input, or the product itself, that stands disputed."""

    id: str
    rows: Ranges
    dispute: Step


class ProductStanding(Answer, frozen=True, kw_only=True):
    """Question 12: what a product rests on and what of that changed. It stands while nothing did.

    `products` are the products it was made of, with their own. `replaced` is the product that took its place, or "".
    """

    product: str
    issuer: str
    form: str
    issued: Step
    inputs: ReferenceRows
    products: tuple[str, ...]
    stands: bool
    changes: tuple[ChangedInput, ...]
    disputes: tuple[OpenDispute, ...]
    replaced: str


def product_standing(source: LineageSource, product: str, as_of: int) -> ProductStanding:
    """Return what a product rests on and what of it changed before size `as_of`.

    Raises `NothingLogged`, or `WrongQuestion` for what is no product.issue.
    """
    row = logged(source, product, as_of)
    if row.kind != "product.issue":
        raise WrongQuestion(name=product, found=row.kind, wanted="products")
    inputs, products = _inputs(source, product, as_of)
    watched = {**inputs, **dict.fromkeys((product, *products), WHOLE)}
    edges = source.edges_from(sorted(watched), as_of)
    reached = [(edge, rows) for edge in edges if (rows := intersect(watched[edge.source], edge.ranges)) is not None]
    issuer = load(source, PRODUCT, [product])[product].issuer
    changes = [
        *_ended(source, reached),
        *_erased(source, reached, issuer, as_of),
        *_upheld(source, reached, as_of),
    ]
    replaced = next((edge.target for edge, _ in reached if edge.kind == "replaces" and edge.source == product), "")
    disputes = _open_disputes(source, reached, as_of)
    ids = {product, *inputs, *products, *([replaced] if replaced else [])}
    ids |= {change.by.id for change in changes} | {each.dispute.id for each in disputes}
    return ProductStanding(
        as_of=as_of,
        time=source.time_at(as_of),
        statements=tuple(sorted(ids)),
        product=product,
        issuer=issuer,
        form=load(source, PRODUCT, [product])[product].form,
        issued=steps_of(source, [product])[product],
        inputs=as_references(inputs),
        products=tuple(sorted(products)),
        stands=not changes and not replaced,
        changes=tuple(sorted(changes, key=lambda change: (change.by.index, change.id, change.rows))),
        disputes=disputes,
        replaced=replaced,
    )


def _inputs(source: LineageSource, product: str, as_of: int) -> tuple[dict[str, Ranges], set[str]]:
    """Return the records that a product rests on, and the products between."""
    inputs: dict[str, Ranges] = {}
    products: set[str] = set()
    level = [product]
    while level:
        for state in load(source, PRODUCT, level).values():
            grow(inputs, as_sets(state.inputs))
        edges = [edge for edge in source.edges_to(level, as_of) if edge.kind == "input"]
        kinds = source.statements({edge.source for edge in edges})
        level = sorted({id_ for id_, row in kinds.items() if row.kind == "product.issue"} - products)
        products.update(level)
    return inputs, products


Reached = Sequence[tuple[EdgeRow, Ranges]]
"""Edges that leave an input, with the rows of it that they concern."""


def _ended(source: LineageSource, reached: Reached) -> list[ChangedInput]:
    """Corrections, withdrawals and repairs."""
    found = [(edge, rows) for edge, rows in reached if edge.kind in _CHANGES]
    steps = steps_of(source, [edge.target for edge, _ in found])
    return [
        ChangedInput(id=edge.source, rows=rows, how=_CHANGES[edge.kind], by=steps[edge.target]) for edge, rows in found
    ]


def _erased(source: LineageSource, reached: Reached, issuer: str, as_of: int) -> list[ChangedInput]:
    """Erasures that the product's issuer attested for its copy."""
    asked = {edge.target: (edge.source, rows) for edge, rows in reached if edge.kind == "erases"}
    attested = [edge for edge in source.edges_from(sorted(asked), as_of) if edge.kind == "attests"]
    steps = steps_of(source, [edge.target for edge in attested])
    return [
        ChangedInput(id=id_, rows=rows, how="erased", by=steps[edge.target])
        for edge in attested
        if steps[edge.target].by == issuer
        for request, (id_, rows) in asked.items()
        if request == edge.source
    ]


def _upheld(source: LineageSource, reached: Reached, as_of: int) -> list[ChangedInput]:
    """Disputes that were upheld."""
    found: list[ChangedInput] = []
    for edge, rows, resolve in _resolved(source, reached, as_of):
        if _outcome(source, resolve.id) == "upheld":
            found.append(ChangedInput(id=edge.source, rows=rows, how="dispute_upheld", by=_step(resolve)))
    return found


def _open_disputes(source: LineageSource, reached: Reached, as_of: int) -> tuple[OpenDispute, ...]:
    raised = [(edge, rows) for edge, rows in reached if edge.kind == "disputes"]
    over = {edge.target for edge, _, _ in _resolved(source, reached, as_of)}
    steps = steps_of(source, [edge.target for edge, _ in raised])
    order = {step.id: place for place, step in enumerate(in_order(steps.values()))}
    found = [
        OpenDispute(id=edge.source, rows=rows, dispute=steps[edge.target])
        for edge, rows in raised
        if edge.target not in over
    ]
    return tuple(sorted(found, key=lambda each: (order[each.dispute.id], each.id)))


def _resolved(source: LineageSource, reached: Reached, as_of: int) -> Iterable[tuple[EdgeRow, Ranges, StatementRow]]:
    """Yield each dispute that was resolved, with the rows it concerns and its resolution."""
    raised: dict[str, tuple[EdgeRow, Ranges]] = {
        edge.target: (edge, rows) for edge, rows in reached if edge.kind == "disputes"
    }
    resolved = [edge for edge in source.edges_from(sorted(raised), as_of) if edge.kind == "resolves"]
    rows = source.statements([edge.target for edge in resolved])
    return [(*raised[edge.source], rows[edge.target]) for edge in resolved]


def _outcome(source: LineageSource, resolve: str) -> str:
    payload = decode_payload("record.resolve", decode_statement(source.raw([resolve])[resolve]).payload)
    assert isinstance(payload, RecordResolve)
    return payload.outcome


def _step(row: StatementRow) -> Step:
    return Step(kind=row.kind, id=row.id, by=row.iss, index=row.index, time=row.block_time)


__all__ = ["ChangedInput", "OpenDispute", "ProductStanding", "product_standing"]
