"""What a statement about records makes and changes, looked up once: the case that its rules judge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.errors import StateError, Text
from ledger.kinds.fields import LegalBasis
from ledger.kinds.genesis import Item
from ledger.kinds.records import RecordBatch, RecordCorrect, RecordSubmit, RecordWithdraw
from ledger.rules.registry import Context, UnknownReference
from ledger.rules.stale import stale_needs
from ledger.rules.standing import catalogue, item_of
from ledger.rules.stopping import stop_needs
from ledger.state.effects import Effects
from ledger.state.tables import (
    ENDED,
    RECORD,
    VERIFICATION,
    Ranges,
    RecordState,
    VerificationState,
    row_suffix,
)
from ledger.state.view import BlockView, Need
from ledger.times import DAY_MS, day_of, day_start

Making = RecordSubmit | RecordBatch | RecordCorrect
Changing = RecordCorrect | RecordWithdraw


class RecordDays(StateError):
    """Event day and retention end that do not go together."""

    code = "record.days"
    what = Text("Event day or retention end is out of bounds: {detail}.", "事件日期或保存期限有误：{detail}。")
    why = Text(
        "A record is of a day that has come, and is kept at most as long as its catalogue item allows.",
        "信息须对应已发生的日期，保存期限不得超过目录条目的规定。",
    )
    next_step = Text("Correct the days; nothing was recorded.", "请更正日期；本次未记入账本。")


class AlreadyEnded(StateError):
    """The record or row has been corrected, withdrawn or stopped already."""

    code = "record.ended"
    what = Text("{reference} was {how} by {by}.", "{reference} 已由 {by} 处理（{how}）。")
    why = Text("Only the newest version can be changed.", "只能更改最新版本。")
    next_step = Text("Name the version that replaced it, if there is one.", "如有替代版本，请引用该版本。")


@dataclass(frozen=True, slots=True)
class Target:
    """The record or row that a statement changes; `ranges` is the row in its list, empty for a single record."""

    reference: str
    record_id: str
    row: int | None
    record: RecordState

    @property
    def ranges(self) -> Ranges:
        """The row as ranges of its list."""
        return () if self.row is None else ((self.row, self.row),)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a new record, batch or version says of itself, and its item (None when the catalogue has no such item)."""

    item: Item | None
    code: str
    version: int
    subject_class: str
    severity: str | None
    basis: LegalBasis | None
    event_day: str
    retention_end: str
    performance: str | None
    verification: VerificationState | None


@dataclass(frozen=True, slots=True)
class RecordCase:
    """A statement about records: what it makes, what it changes, and the effects that rules add to."""

    context: Context
    view: BlockView
    payload: Making | RecordWithdraw
    made: Attributes | None
    target: Target | None
    effects: Effects = field(default_factory=Effects)


def _check_days(context: Context, item: Item, event_day: str, retention_end: str) -> None:
    event, end = day_start(event_day), day_start(retention_end)
    if event > day_start(day_of(context.time)):
        raise RecordDays(detail=f"{event_day} has not come")
    if end < event:
        raise RecordDays(detail=f"retention ends on {retention_end}, before {event_day}")
    if end - event > item.retention_days * DAY_MS:
        raise RecordDays(detail=f"{retention_end} is more than {item.retention_days} days after {event_day}")


def _attributes(context: Context, payload: Making, view: BlockView) -> Attributes:
    """Look up item and verification; raises UnknownReference, RecordDays or TimeError."""
    version = catalogue(view, payload.catalogue)
    item = None if version is None else item_of(version, payload.item)
    performance = None if isinstance(payload, RecordBatch) else payload.performance
    verification = None if performance is None else view.find(VERIFICATION, performance)
    if performance is not None and verification is None:
        raise UnknownReference(field="performance", name=performance, kind="contract.verify")
    if item is not None:
        _check_days(context, item, payload.event_day, payload.retention_end)
    return Attributes(
        item=item,
        code=payload.item,
        version=payload.catalogue,
        subject_class=payload.subject_class if isinstance(payload, RecordBatch) else payload.subject.class_,
        severity=payload.severity,
        basis=payload.basis,
        event_day=payload.event_day,
        retention_end=payload.retention_end,
        performance=performance,
        verification=verification,
    )


def split_reference(reference: str) -> tuple[str, int | None]:
    """Return statement id and row of a reference that fits its schema; row None for a single record."""
    record_id, colon, row = reference.partition(":")
    return record_id, int(row) if colon else None


def _target(payload: Changing, view: BlockView) -> Target:
    """Look up what is changed; raises UnknownReference or AlreadyEnded."""
    record_id, row = split_reference(payload.reference)
    record = view.find(RECORD, record_id)
    fits = record is not None and ((row is None) == (record.count == 0)) and (row is None or row < record.count)
    if record is None or not fits:
        raise UnknownReference(field="reference", name=payload.reference, kind="record or row of a batch")
    ended = view.find(ENDED, record_id, row_suffix(row))
    if ended is not None:
        raise AlreadyEnded(reference=payload.reference, how=ended.how, by=ended.by)
    return Target(payload.reference, record_id, row, record)


def _target_needs(payload: Changing, view: BlockView) -> list[Need]:
    record_id, row = split_reference(payload.reference)
    return [
        Need(RECORD.name, record_id),
        Need(ENDED.name, record_id, row_suffix(row)),
        *stop_needs(view, record_id, row),
        *stale_needs(view, [record_id]),
    ]


def record_needs(_context: Context, payload: Making | RecordWithdraw, view: BlockView) -> Iterable[Need]:
    """Return the rows that judging needs: what is changed, who holds or shows it, what rests on it, what is cited."""
    needs: list[Need] = []
    if isinstance(payload, RecordCorrect | RecordWithdraw):
        needs += _target_needs(payload, view)
    if isinstance(payload, RecordSubmit | RecordCorrect) and payload.performance is not None:
        needs.append(Need(VERIFICATION.name, payload.performance))
    return needs


def record_case(context: Context, payload: Making | RecordWithdraw, view: BlockView) -> RecordCase:
    """Return the case; raises UnknownReference, AlreadyEnded, RecordDays or TimeError."""
    target = _target(payload, view) if isinstance(payload, RecordCorrect | RecordWithdraw) else None
    made = None if isinstance(payload, RecordWithdraw) else _attributes(context, payload, view)
    return RecordCase(context, view, payload, made, target)
