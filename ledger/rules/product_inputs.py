"""The inputs of a product: every record it rests on, how its issuer holds each, and the products before it.

Loading is by record list, as for a hand-over: one row a list and member, never one a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ledger.holdings import cover, live_entries
from ledger.kinds.products import ProductIssue
from ledger.references import Reference, ReferenceSet
from ledger.rules.authority import Authority, authority, chain_needs, check_stands
from ledger.rules.consented import consent_needs, still_consented
from ledger.rules.disputed import Disputed, disputed_need, disputed_rows
from ledger.rules.erased import destroyed_by_issuer, erased_needs, to_be_erased
from ledger.rules.listed import Listed, listed
from ledger.rules.loading import peek
from ledger.rules.registry import Context, UnknownReference
from ledger.rules.succession import inheritor
from ledger.rules.transfer_turns import find_transfer
from ledger.scope import OutsideScope
from ledger.state.authority_tables import PRODUCT, ProductState
from ledger.state.tables import ENDED, HOLDING, TRANSFER, EndedState, Holding, TransferState
from ledger.state.view import BlockView, Need


@dataclass(frozen=True, slots=True)
class Held:
    """One way in which the issuer got a part of a list, and the authority it came under."""

    entry: Holding
    under: Authority


@dataclass(frozen=True, slots=True)
class Input:
    """One record list among the inputs.

    `ever` are all releases to the issuer that were not cancelled, `live` what is left of those that still stand;
    `erased` is the first record that was, or is to be, erased.
    """

    listed: Listed
    own: bool
    ever: tuple[Held, ...]
    live: tuple[Held, ...]
    ended: tuple[tuple[str, EndedState], ...]
    disputed: Disputed
    erased: Reference | None

    def missing(self, held: Iterable[Held]) -> ReferenceSet:
        """Return what of the list the given holdings do not cover; nothing where it is the issuer's own."""
        if self.own:
            return ReferenceSet()
        return cover(self.listed.id, self.listed.ranges, [way.entry for way in held]).missing


@dataclass(frozen=True, slots=True)
class Inputs:
    """All inputs of a product: records, hand-overs and products."""

    records: tuple[Input, ...]
    transfers: tuple[tuple[str, TransferState], ...]
    products: tuple[tuple[str, ProductState], ...]

    @property
    def references(self) -> ReferenceSet:
        """Every record it rests on directly."""
        return ReferenceSet(tuple((one.listed.id, one.listed.ranges) for one in self.records))


def input_needs(context: Context, payload: ProductIssue, view: BlockView) -> Iterator[Need]:
    """Name the rows of all inputs."""
    yield from (Need("transfer", id_) for id_ in payload.transfers or [])
    for id_ in payload.products or []:
        yield Need("product", id_)
        product = peek(view, PRODUCT, id_)
        yield from (Need("record", record) for record, _ in (product.inputs if product else ()))
    for id_, ranges in _all(view, payload).entries:
        yield Need("record", id_)
        yield Need("ended", id_, None if ranges else "")
        yield disputed_need(id_, ranges)
        yield Need("holding", id_, context.iss)
        yield from erased_needs(view, id_)
        state = peek(view, HOLDING, id_, context.iss)
        for entry in state.entries if state else ():
            yield Need("transfer", entry.hop)
            yield from chain_needs(view, entry.grant)
            yield from consent_needs(view, entry.grant)


def _all(view: BlockView, payload: ProductIssue) -> ReferenceSet:
    """Return what is named and what the hand-overs carry, as far as these are loaded."""
    found = ReferenceSet() if payload.references is None else ReferenceSet.from_json(payload.references)
    for id_ in payload.transfers or []:
        transfer = peek(view, TRANSFER, id_)
        if transfer is not None:
            found = found.union(ReferenceSet(transfer.references))
    return found


def find_inputs(context: Context, payload: ProductIssue, view: BlockView) -> Inputs:
    """Look all inputs up; raises UnknownReference, ReferenceSetMalformed or MixedReference."""
    transfers = tuple((id_, find_transfer(view, id_, "transfers")) for id_ in payload.transfers or [])
    products = tuple((id_, _product(view, id_)) for id_ in payload.products or [])
    records = listed(view, _all(view, payload), "references")
    return Inputs(tuple(_input(view, found, context.iss) for found in records), transfers, products)


def _product(view: BlockView, id_: str) -> ProductState:
    found = view.find(PRODUCT, id_)
    if found is None:
        raise UnknownReference(field="products", name=id_, kind="product.issue")
    return found


def _input(view: BlockView, found: Listed, issuer: str) -> Input:
    own = inheritor(view, found.record.issuer) == issuer
    state = view.find(HOLDING, found.id, issuer)
    standing = live_entries(state, found.id, found.ranges, view.time)
    ever: list[Held] = []
    live: list[Held] = []
    for entry in state.entries if state else ():
        hop = view.find(TRANSFER, entry.hop)
        if hop is None or hop.status == "cancelled":
            continue
        under = authority(view, entry.grant, "grant")
        ever.append(Held(entry, under))
        if entry not in standing:
            continue
        try:
            check_stands(under, view.time)
        except OutsideScope:
            continue
        left = still_consented(view, under, found, entry, view.time)
        if left is not None:
            live.append(Held(left, under))
    return Input(
        listed=found,
        own=own,
        ever=tuple(ever),
        live=tuple(live),
        ended=_ended(view, found),
        disputed=disputed_rows(view, found.id, found.ranges),
        erased=_erased(view, found, own=own),
    )


def _erased(view: BlockView, found: Listed, *, own: bool) -> Reference | None:
    gone = destroyed_by_issuer(view, found) if own else ReferenceSet()
    asked = to_be_erased(view, found.id, found.ranges)
    return next(iter(gone)) if gone else None if asked is None else asked[0]


def _ended(view: BlockView, found: Listed) -> tuple[tuple[str, EndedState], ...]:
    """Return what ended of the list, each with its name."""
    if not found.ranges:
        state = view.find(ENDED, found.id)
        return () if state is None else ((found.id, state),)
    return tuple(
        (found.id if not suffix else f"{found.id}:{int(suffix)}", state)
        for suffix, state in view.scan(ENDED, found.id)
        if not suffix or any(first <= int(suffix) <= last for first, last in found.ranges)
    )
