"""A hand-over as its rules see it: authority, records, what the sender holds of them. Used at offer and at release.

Loading is by record list, never by row: one RECORD and one HOLDING row for each list, its ENDED rows, and for every
hop that gave the sender a part of it the transfer and the grant it came under.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.holdings import Cover, cover, live_entries
from ledger.kinds.fields import Mode
from ledger.references import Reference, ReferenceSet
from ledger.rules.authority import Authority, authority, chain_needs, check_stands
from ledger.rules.consented import consent_needs, still_consented, unconsented
from ledger.rules.disputed import Disputed, disputed_need, disputed_rows, openly_disputed
from ledger.rules.erased import destroyed_by_issuer, erased_needs, to_be_erased
from ledger.rules.listed import Listed, listed, listed_needs
from ledger.rules.loading import peek
from ledger.rules.standing import member
from ledger.rules.succession import inheritor
from ledger.scope import OutsideScope
from ledger.state.tables import (
    ENDED,
    HOLDING,
    TRANSFER,
    USAGE,
    EndedState,
    Holding,
    MemberState,
    Ranges,
    UsageState,
)
from ledger.state.view import BlockView, Need


@dataclass(frozen=True, slots=True)
class Carried:
    """One record list of a hand-over.

    `ended` are the rows of it that ended (None: the record, or the whole batch). `entries` are the sender's live
    holdings that concern it, `onward` those of them that came under a grant with hops to spare. `unconsented` are the
    rows whose consent, on which the grant rests, was withdrawn or has ended (ACC-4), `disputed` those that were ever
    disputed, `destroyed` those that the sender erased as their issuer; `erasing` is one whose erasure was asked for.
    """

    listed: Listed
    ended: tuple[tuple[int | None, EndedState], ...]
    own: bool
    entries: tuple[Holding, ...]
    onward: tuple[Holding, ...]
    unconsented: ReferenceSet
    disputed: Disputed
    destroyed: ReferenceSet
    erasing: tuple[Reference, str] | None

    @property
    def held(self) -> Cover:
        """How the sender's holdings cover it."""
        return cover(self.listed.id, self.listed.ranges, self.entries)

    @property
    def passed_on(self) -> Cover:
        """How those holdings cover it that may be passed on."""
        return cover(self.listed.id, self.listed.ranges, self.onward)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A hand-over at `time` (ms): who sends what to whom under which authority.

    `acceptance` is the grant.accept the offer names, None at release, where it was judged before; so is `usage`, the
    charges so far for each grant of the chain. `queries` is how many there were where nothing but answers was given.
    """

    time: int
    sender: MemberState
    receiver: MemberState
    held: Authority
    references: ReferenceSet
    items: Mapping[str, tuple[str, ...]]
    purpose: str
    purposes: frozenset[str]
    carried: tuple[Carried, ...]
    acceptance: str | None = None
    usage: Mapping[str, UsageState | None] | None = None
    mode: Mode = "store"
    queries: int | None = None

    @property
    def count(self) -> int:
        """Number of records handed over, or of queries: what is charged."""
        return self.references.count if self.queries is None else self.queries

    @property
    def disputed(self) -> ReferenceSet:
        """The records handed over that have an open dispute."""
        return openly_disputed((part.listed.id, part.disputed) for part in self.carried)

    @property
    def hops(self) -> tuple[Holding, ...]:
        """The hops through which the sender holds what is not its own, in order of the lists."""
        return tuple(entry for part in self.carried if not part.own for entry in part.passed_on.used)

    @property
    def life_end(self) -> int:
        """When (ms) the receiver's data life ends at the latest: the grant's, within that of what is passed on.

        A copy never outlives the one it was made from, so that the end of a data life reaches the subtree (GRA-6).
        """
        own = self.time + self.held.grant.data_life * 86_400_000
        return min([own, *(entry.life_end for entry in self.hops)])


def delivery_needs(view: BlockView, grant: str, sender: str, references: ReferenceSet, time: int) -> Iterator[Need]:
    """Name the rows that a hand-over under `grant` by `sender` is judged by."""
    yield from chain_needs(view, grant)
    yield from consent_needs(view, grant)
    yield from listed_needs(references)
    for id_, ranges in references.entries:
        yield Need("ended", id_, None if ranges else "")
        yield disputed_need(id_, ranges)
        yield Need("holding", id_, sender)
        yield from erased_needs(view, id_)
        for entry in live_entries(peek(view, HOLDING, id_, sender), id_, ranges, time):
            yield Need("transfer", entry.hop)
            yield from chain_needs(view, entry.grant)
            yield from consent_needs(view, entry.grant)


def usage_needs(view: BlockView, grant: str) -> Iterator[Need]:
    """Name the charges of a grant and its ancestors."""
    for need in chain_needs(view, grant):
        yield Need("usage", need.anchor)


def usage_of(view: BlockView, held: Authority) -> dict[str, UsageState | None]:
    """Return the charges so far of a grant and its ancestors, by grant."""
    return {id_: view.find(USAGE, id_) for id_, _ in held.chain}


def deliver(
    view: BlockView,
    *,
    grant: str,
    sender: str,
    receiver: str,
    references: ReferenceSet,
    items: Mapping[str, tuple[str, ...]],
    purpose: str,
    purposes: frozenset[str],
    acceptance: str | None = None,
    metered: bool = False,
    mode: Mode = "store",
    queries: int | None = None,
) -> Delivery:
    """Look up a hand-over; raises UnknownReference or UnknownMember for what it names and the ledger does not hold."""
    held = authority(view, grant, "grant")
    return Delivery(
        time=view.time,
        sender=member(view, sender),
        receiver=member(view, receiver),
        held=held,
        references=references,
        items=items,
        purpose=purpose,
        purposes=purposes,
        carried=tuple(_carried(view, found, sender, held) for found in listed(view, references, "references")),
        acceptance=acceptance,
        usage=usage_of(view, held) if metered else None,
        mode=mode,
        queries=queries,
    )


def _carried(view: BlockView, found: Listed, sender: str, held: Authority) -> Carried:
    own = inheritor(view, found.record.issuer) == sender
    entries = () if own else _sound(view, found, sender)
    # A deliverer acts for the grantor: the hop is the grantor's, not one more of what the deliverer received.
    acts_for = sender != held.grantors[0]
    onward = tuple(entry for entry in entries if acts_for or _hops_left(view, entry) > held.grant.scope.onward)
    lost = unconsented(view, held, found, view.time)
    disputed = disputed_rows(view, found.id, found.ranges)
    gone = destroyed_by_issuer(view, found) if own else ReferenceSet()
    erasing = to_be_erased(view, found.id, found.ranges)
    return Carried(found, _ended(view, found.id, found.ranges), own, entries, onward, lost, disputed, gone, erasing)


def _sound(view: BlockView, found: Listed, sender: str) -> tuple[Holding, ...]:
    """Return the sender's live holdings whose hop was not cancelled and whose grant is not revoked."""
    entries: list[Holding] = []
    for entry in live_entries(view.find(HOLDING, found.id, sender), found.id, found.ranges, view.time):
        hop = view.find(TRANSFER, entry.hop)
        if hop is None or hop.status == "cancelled":
            continue
        under = authority(view, entry.grant, "grant")
        try:
            check_stands(under, view.time)
        except OutsideScope:
            continue
        left = still_consented(view, under, found, entry, view.time)
        if left is not None:
            entries.append(left)
    return tuple(entries)


def _hops_left(view: BlockView, entry: Holding) -> int:
    return authority(view, entry.grant, "grant").scope.onward


def _ended(view: BlockView, record: str, ranges: Ranges) -> tuple[tuple[int | None, EndedState], ...]:
    """Return what ended of a list: the whole, or those of the wanted rows that did."""
    if not ranges:
        state = view.find(ENDED, record)
        return () if state is None else ((None, state),)
    found: list[tuple[int | None, EndedState]] = []
    for suffix, state in view.scan(ENDED, record):
        row = int(suffix) if suffix else None
        if row is None or any(first <= row <= last for first, last in ranges):
            found.append((row, state))
    return tuple(found)


__all__ = ["Carried", "Delivery", "deliver", "delivery_needs", "usage_needs", "usage_of"]
