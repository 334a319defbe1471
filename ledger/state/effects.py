"""What an admitted statement changes: state rows, lineage edges, duties and findings, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.state.tables import DUTY, DutyState, Ranges, StateRow, Table, V

StateKey = tuple[str, str, str]
"""(table, anchor, suffix)."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One append-only lineage row between lists: `ranges` of `source` (empty = the whole) lead to `target`.

    `kind` is one of EDGE_KINDS. The log index is the one of the statement that made it.
    """

    source: str
    target: str
    kind: str
    ranges: Ranges = ()


EDGE_KINDS = {
    "corrects": "record or row → the record that replaces it",
    "delivers": "record list → the transfer.offer that carries it (made at release)",
    "onward": "transfer → a later transfer of the same content by its receiver (made at release)",
    "under": "grant → transfer.offer admitted under it",
    "child": "grant → grant.issue inside it",
    "answers": "grant.request → grant.issue or grant.decline",
    "used": "transfer → use.report",
    "contract": "contract.register → any later statement on that contract",
    "performance": "contract.verify → record that cites it",
    "step": "transfer.offer → accept, release, confirm, dispute, refuse, cancel",
    "acts": "grant → accept, extend, revoke",
    "withdraws": "record or row → record.withdraw",
    "votes": "governance.propose → governance.approve or governance.reject",
    "mandates": "mandate.open → consent.give, record.dispute or another act under it",
    "consents": "consent.give → grant.issue, grant.extend or product.issue that rests on it",
    "ends": "mandate.open or consent.give → mandate.end or consent.withdraw",
    "disputes": "record, row or other statement → record.dispute",
    "resolves": "record.dispute → record.resolve",
    "queries": "grant → query.batch admitted under it",
    "queried": "record list → query.batch that asked for it",
    "confirms": "query.batch → the other side's query.batch",
    "input": "record list, transfer.offer or product.issue → product.issue that rests on it",
    "replaces": "product.issue → product.issue that takes its place",
    "publishes": "record or row → publication.start",
    "republishes": "first publication.start of a publication → one that changes it",
    "mirrors": "first publication.start of a publication → publication.mirror",
    "observed": "publication.start or publication.mirror → publication.observe",
    "unpublishes": "publication.start or publication.mirror → publication.stop",
    "enters": "record or row that is a ground → list.enter",
    "measures": "list.enter → measure.apply",
    "exits": "list.enter → list.exit, measure.apply → measure.lift",
    "applies": "record or row → repair.apply",
    "decides": "repair.apply → repair.accept, repair.decide",
    "repairs": "record or row → repair.decide that approves",
    "acknowledges": "statement that ordered a stop → stop.acknowledge",
    "pledge": "pledge.make → pledge.fulfil, pledge.breach",
    "erases": "record list → erasure.request that reaches it",
    "attests": "erasure.request → erasure.attest",
    "holds": "record list → hold.place that covers it",
    "lifts": "hold.place → hold.lift",
    "incident": "incident.open → any later statement on that incident, a case or part of it included",
    "case": "case.open → any later statement on that case, a hold or access.request under it included",
    "asks": "mandate.open → access.request or erasure.request under it",
    "answered": "access.request → access.answer",
}
"""Every kind of edge: source → target."""


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """A finding begins (`cleared` False) or ends. `about` and `code` together name it; `party` is responsible."""

    code: str
    about: str
    party: str
    statements: tuple[str, ...]
    rule: str
    cleared: bool = False


@dataclass(slots=True)
class Effects:
    """Collects the changes of one statement; applied to the block's view only when the statement is admitted."""

    puts: dict[StateKey, StateRow | None] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    findings: list[FindingEvent] = field(default_factory=list)

    def put(self, table: Table[V], anchor: str, value: V, suffix: str = "") -> None:
        """Set the row (table, anchor, suffix) to `value`."""
        self.puts[(table.name, anchor, suffix)] = value

    def edge(self, source: str, target: str, kind: str, ranges: Ranges = ()) -> None:
        """Add a lineage edge of a kind named in EDGE_KINDS."""
        if kind not in EDGE_KINDS:
            raise ValueError(f"unknown edge kind {kind}")
        self.edges.append(Edge(source, target, kind, ranges))

    def open_duty(self, opener: str, duty: DutyState) -> None:
        """Open a duty that hangs on statement `opener`."""
        self.put(DUTY, opener, duty, duty_suffix(duty.kind, duty.party, duty.about, opener))

    def find(self, code: str, about: str, party: str, statements: tuple[str, ...], rule: str) -> None:
        """Begin a finding that follows from this statement."""
        self.findings.append(FindingEvent(code, about, party, statements, rule))

    def clear(self, code: str, about: str, party: str, statements: tuple[str, ...], rule: str) -> None:
        """End a finding begun earlier with the same code and `about`."""
        self.findings.append(FindingEvent(code, about, party, statements, rule, cleared=True))


def duty_suffix(kind: str, party: str, about: str, opener: str) -> str:
    """Suffix of a duty row; `about` is left out where it is the opener itself."""
    return f"{kind}:{party}" if about == opener else f"{kind}:{party}:{about}"
