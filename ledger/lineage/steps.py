"""What the questions share: the statement a reference names, hops of transfers, steps, versions with their endings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, TypeVar, cast

from ledger.errors import NotFoundError, StateError, Text
from ledger.lineage.answers import Ending, Hop, Step, TransferStatus, Version
from ledger.lineage.ranges import WHOLE, RowSets, as_references, intersect
from ledger.lineage.source import LineageSource, StatementRow
from ledger.references import Reference
from ledger.state.tables import GRANT, RECORD, TRANSFER, GrantState, Ranges, RecordState, StateRow, Table, TransferState
from ledger.state.view import Need

MAX_TRACE_NODES = 100_000
"""Most lists one trace may touch before it asks for a narrower question."""

RECORD_KINDS = ("record.submit", "record.batch", "record.correct")
STATUS_OF_STEP: Mapping[str, TransferStatus] = {
    "transfer.accept": "accepted",
    "transfer.release": "released",
    "transfer.confirm": "confirmed",
    "transfer.dispute": "disputed",
    "transfer.refuse": "refused",
    "transfer.cancel": "cancelled",
}
"""What each step makes of a hand-over."""

_ENDINGS: Mapping[str, Literal["corrected", "withdrawn", "stopped"]] = {
    "corrects": "corrected",
    "withdraws": "withdrawn",
    "repairs": "stopped",
}
"""How a record ends by the edge that leads to what ended it."""

V = TypeVar("V", bound=StateRow)


class NothingLogged(NotFoundError):
    """Nothing of that name was admitted before the size asked for."""

    code = "lineage.not_logged"
    what = Text("{name} was not admitted before size {as_of}.", "{name} 在规模 {as_of} 之前未入账。")
    next_step = Text("Check the reference, or ask at a later size.", "请核对引用，或在更大的规模上提问。")


class WrongQuestion(StateError):
    """The statement is of a kind that this question is not about."""

    code = "lineage.kind"
    what = Text("{name} is a {found}; this question is about {wanted}.", "{name} 是 {found}；本问题针对 {wanted}。")
    next_step = Text("Ask the question that fits the statement's kind.", "请选择与语句类型相符的问题。")


class TraceTooLarge(StateError):
    """More lists than one answer may touch."""

    code = "lineage.too_large"
    what = Text("The trace touches more than {limit} lists.", "溯源涉及的列表超过 {limit} 个。")
    next_step = Text("Ask about one row or one hand-over.", "请改为针对单行或单次交接提问。")


def split_reference(reference: str) -> tuple[str, Ranges]:
    """Return statement id and rows of `<id>` or `<id>:<row>`; raises `ReferenceMalformed`."""
    found = Reference.parse(reference)
    return found.statement_id, WHOLE if found.row is None else ((found.row, found.row),)


def logged(source: LineageSource, id_: str, as_of: int) -> StatementRow:
    """Return the admitted statement `id_` with index below `as_of`; raises `NothingLogged`."""
    row = source.statements([id_]).get(id_)
    if row is None or row.index >= as_of or row.rule is not None:
        raise NothingLogged(name=id_[:90], as_of=as_of)
    return row


def load(source: LineageSource, table: Table[V], ids: Collection[str]) -> dict[str, V]:
    """Return the rows (table, id, "") by id; absent ones are left out."""
    rows = source.state([Need(table.name, id_, "") for id_ in ids])
    return {anchor: cast("V", row) for (_, anchor, _), row in rows.items()}


def steps_of(source: LineageSource, ids: Iterable[str]) -> dict[str, Step]:
    """Return logged statements as steps, by id."""
    rows = source.statements(list(ids))
    return {
        row.id: Step(kind=row.kind, id=row.id, by=row.iss, index=row.index, time=row.block_time)
        for row in rows.values()
    }


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return steps in the order of the log, each once."""
    return tuple(sorted(set(steps), key=lambda step: step.index))


def versions_of(source: LineageSource, lists: RowSets, as_of: int) -> tuple[Version, ...]:
    """Return the records `lists` as versions with what ended them below `as_of`, in the order of the log."""
    states = load(source, RECORD, lists)
    endings: dict[str, list[Ending]] = {id_: [] for id_ in lists}
    for edge in source.edges_from(list(lists), as_of):
        rows = intersect(lists[edge.source], edge.ranges)
        if edge.kind in _ENDINGS and rows is not None:
            endings[edge.source].append(Ending(how=_ENDINGS[edge.kind], by=edge.target, index=edge.index, rows=rows))
    found = [_version(source, id_, rows, states[id_], endings[id_]) for id_, rows in lists.items() if id_ in states]
    return tuple(sorted(found, key=lambda version: version.index))


def _version(source: LineageSource, id_: str, rows: Ranges, state: RecordState, endings: list[Ending]) -> Version:
    return Version(
        id=id_,
        rows=rows,
        kind=source.statements([id_])[id_].kind,
        issuer=state.issuer,
        item=state.item,
        commitment=state.commitment,
        index=state.index,
        time=state.time,
        replaces=state.replaces,
        endings=tuple(endings),
    )


def hops_of(source: LineageSource, transfers: Mapping[str, RowSets], as_of: int) -> tuple[Hop, ...]:
    """Return the hand-overs `transfers` (offer id → the rows that matter) as hops, in the order of the log."""
    states = load(source, TRANSFER, transfers)
    grants = load(source, GRANT, {state.grant for state in states.values()})
    step_edges = [edge for edge in source.edges_from(list(transfers), as_of) if edge.kind == "step"]
    before = [edge for edge in source.edges_to(list(transfers), as_of) if edge.kind == "onward"]
    steps = steps_of(source, [*transfers, *(edge.target for edge in step_edges)])
    found: list[Hop] = []
    for id_, rows in transfers.items():
        after = tuple(edge.source for edge in before if edge.target == id_ and edge.source in transfers)
        own = in_order(steps[edge.target] for edge in step_edges if edge.source == id_)
        found.append(_hop(id_, rows, states[id_], grants[states[id_].grant], (steps[id_], *own), after))
    return tuple(sorted(found, key=lambda hop: hop.steps[0].index))


def _hop(
    id_: str, rows: RowSets, state: TransferState, grant: GrantState, steps: tuple[Step, ...], after: tuple[str, ...]
) -> Hop:
    status: TransferStatus = "offered"
    released: int | None = None
    for step in steps[1:]:
        status = STATUS_OF_STEP[step.kind]
        if step.kind == "transfer.release":
            released = step.time
    return Hop(
        transfer=id_,
        sender=state.sender,
        receiver=state.receiver,
        grant=state.grant,
        grantor=grant.grantor,
        purpose=state.purpose,
        references=as_references(rows),
        after=tuple(dict.fromkeys(after)),
        steps=steps,
        status=status,
        offered_at=steps[0].time,
        deadline=state.deadline,
        released_at=released,
        life_end=None if released is None else state.life_end,
        responsible=state.sender if released is None else state.receiver,
    )
