"""list.enter and list.exit (名单): LST-1 to LST-4; LST-1 and LST-3 judge measures, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from msgspec.structs import replace

from ledger.errors import StateError, Text
from ledger.kinds.fields import LegalBasis
from ledger.kinds.genesis import Measure
from ledger.kinds.publication import ListEnter, ListExit
from ledger.references import Reference
from ledger.rules.catalogue import STATUTORY_RANKS
from ledger.rules.loading import check_sorted, peek
from ledger.rules.purposes import current_catalogue
from ledger.rules.record_chain import names_record
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import deadline, meet_duty, open_duty
from ledger.rules.succession import answers_for
from ledger.state.effects import Effects, duty_suffix
from ledger.state.publication_tables import ENTRY, GROUND, MEASURE, EntryState, GroundState, MeasureState
from ledger.state.tables import ENDED, RECORD, EndedState, RecordState, row_suffix
from ledger.state.view import BlockView, Need
from ledger.times import day_end


class ListDays(StateError):
    """An end day that is over."""

    code = "list.days"
    what = Text("{day} is over.", "{day} 已过。")
    next_step = Text("Name an end day that lies ahead.", "请填写今后的截止日。")


class AlreadyLifted(StateError):
    """An entry that was left, or a measure that was lifted, before."""

    code = "list.over"
    what = Text("{name} was ended by {by}.", "{name} 已由 {by} 终止。")
    next_step = Text("Nothing is to be done.", "无需再次操作。")


@dataclass(frozen=True, slots=True)
class Ground:
    """One record or row that an entry rests on, and what ended it."""

    reference: Reference
    record: RecordState
    ended: EndedState | None


class Listing(Protocol):
    """A case about a list or measure of the catalogue: `listed` is what the catalogue says, None for no such code."""

    @property
    def context(self) -> Context:
        """The statement judged."""
        ...

    @property
    def view(self) -> BlockView:
        """The rows it is judged by."""
        ...

    @property
    def code(self) -> str:
        """The code of the list or measure."""
        ...

    @property
    def listed(self) -> Measure | None:
        """What the catalogue in force says of it."""
        ...

    @property
    def basis(self) -> LegalBasis | None:
        """The basis that the statement names, None where it needs none."""
        ...

    @property
    def authority(self) -> str | None:
        """The authority that may sign."""
        ...


@dataclass(frozen=True, slots=True)
class EnterCase:
    """A subject entering a list."""

    context: Context
    view: BlockView
    payload: ListEnter
    listed: Measure | None
    grounds: tuple[Ground, ...]

    @property
    def code(self) -> str:
        """The list."""
        return self.payload.list_

    @property
    def basis(self) -> LegalBasis:
        """Why."""
        return self.payload.basis

    @property
    def authority(self) -> str | None:
        """The authority that the list names."""
        return None if self.listed is None else self.listed.authority


@dataclass(frozen=True, slots=True)
class EndCase:
    """An entry being left, or a measure being lifted; `measures` are those of the entry that are in force."""

    context: Context
    view: BlockView
    name: str
    code: str
    authority: str
    state: EntryState | MeasureState
    measures: tuple[tuple[str, MeasureState], ...] = ()
    effects: Effects = field(default_factory=Effects)
    basis: LegalBasis | None = None
    listed: Measure | None = None


@rule(
    "LST-1",
    recorded=True,
    demand=Text(
        "A list or measure is one of the catalogue in force, on a basis that is a law, an administrative or a local "
        "regulation where it takes rights away",
        "名单与措施须在现行目录之内；减损权益的，其依据须为法律、行政法规或地方性法规",
    ),
    next_step=Text(
        "Use a code of the catalogue, and name the basis it rests on.", "请使用目录中的代码并载明相应依据。"
    ),
)
def lst_1(case: Listing) -> None:
    """LST-1: code and rank of the basis that is named."""
    if case.listed is None:
        raise broken("LST-1", f"the catalogue has no {case.code}", f"现行目录中没有 {case.code}")
    assert case.basis is not None, "what enters or applies names a basis"
    if case.listed.takes_rights and case.basis.rank not in STATUTORY_RANKS:
        raise broken("LST-1", f"{case.basis.rank} is no sufficient basis", f"依据位阶 {case.basis.rank} 不足")


@rule(
    "LST-2",
    demand=Text(
        "A measure is lifted by the deadline after the exit from the list that it rests on",
        "移出名单后，相关措施须在期限内解除",
    ),
    next_step=Text("Lift the measure.", "请解除该措施。"),
)
def lst_2(case: EndCase) -> None:
    """LST-2: one duty for each measure in force that rests on the entry; it forbids nothing."""
    due = deadline(case.view, "measure_lift", case.context.time)
    for name, measure in case.measures:
        order_lift(case.effects, case.context, name, measure, due)


def order_lift(effects: Effects, context: Context, name: str, measure: MeasureState, due: int) -> None:
    """Open the duty to lift a measure (LST-2, REP-3)."""
    open_duty(effects, context, "measure.lift", measure.authority, due, about=name)
    effects.put(MEASURE, name, replace(measure, ordered=(*measure.ordered, context.id)))


@rule(
    "LST-3",
    recorded=True,
    demand=Text(
        "Only the authority that the catalogue names uses a list or measure", "名单与措施只能由目录指定的机关使用"
    ),
    next_step=Text("Have that authority sign.", "请由该机关签署。"),
)
def lst_3(case: Listing) -> None:
    """LST-3: who enters, applies, exits and lifts."""
    if case.authority is not None and not answers_for(case.view, case.authority, case.context.iss):
        raise broken("LST-3", f"{case.code} is {case.authority}'s", f"{case.code} 由 {case.authority} 使用")


@rule(
    "LST-4",
    demand=Text(
        "An entry rests on records in force about the subject that is named",
        "列入名单须以该主体的有效信息为依据",
    ),
    next_step=Text("Name records that are in force, of this subject.", "请引用该主体的有效信息。"),
)
def lst_4(case: EnterCase) -> None:
    """LST-4: subject values join single records only; a batch holds its own in the manifest. A person's differ."""
    subject = case.payload.subject
    values: list[str] = []
    for ground in case.grounds:
        if ground.ended is not None:
            how = ground.ended.how
            raise broken("LST-4", f"{ground.reference} was {how}", f"{ground.reference} 已终止（{how}）")
        if ground.record.subject_class != subject.class_:
            raise broken("LST-4", f"{ground.reference} is of another class", f"{ground.reference} 的主体类别不同")
        if ground.reference.row is None:
            values.append(ground.record.subject_value)
    person = subject.class_ == "person"
    if values and not (any if person else all)(value == subject.value for value in values):
        raise broken("LST-4", "the records are of another subject", "所引信息属于其他主体")


def _enter_needs(context: Context, payload: ListEnter, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    for text in payload.grounds:
        ground = Reference.parse(text)
        yield Need("record", ground.statement_id)
        yield Need("ended", ground.statement_id, row_suffix(ground.row))
        yield Need("ground", ground.statement_id, row_suffix(ground.row))


def _enter_case(context: Context, payload: ListEnter, view: BlockView) -> EnterCase:
    check_sorted("grounds", payload.grounds)
    check_day(context, payload.end_day)
    known = {entry.code: entry for entry in current_catalogue(view).lists}
    grounds = tuple(_ground(view, text) for text in payload.grounds)
    return EnterCase(context, view, payload, known.get(payload.list_), grounds)


def _ground(view: BlockView, text: str) -> Ground:
    reference = Reference.parse(text)
    record = view.find(RECORD, reference.statement_id)
    if record is None or not names_record(record, reference):
        raise UnknownReference(field="grounds", name=text, kind="record or row of a batch")
    return Ground(reference, record, view.find(ENDED, reference.statement_id, row_suffix(reference.row)))


def check_day(context: Context, day: str) -> None:
    """Check that an end day is not over; raises ListDays."""
    if day_end(day) <= context.time:
        raise ListDays(day=day)


def _enter(case: EnterCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    state = EntryState(
        code=payload.list_,
        subject_class=payload.subject.class_,
        subject_value=payload.subject.value,
        grounds=tuple(payload.grounds),
        authority=context.iss,
        end_day=payload.end_day,
        index=context.index,
    )
    effects.put(ENTRY, context.id, state)
    for ground in case.grounds:
        id_, row = ground.reference.statement_id, ground.reference.row
        before = case.view.find(GROUND, id_, row_suffix(row))
        entries = (*(before.entries if before else ()), context.id)
        effects.put(GROUND, id_, GroundState(entries=entries), row_suffix(row))
        effects.edge(id_, context.id, "enters", () if row is None else ((row, row),))
    open_duty(effects, context, "list.exit", context.iss, day_end(payload.end_day))
    return effects


def find_entry(view: BlockView, name: str) -> EntryState:
    """Return a list entry; raises UnknownReference."""
    found = view.find(ENTRY, name)
    if found is None:
        raise UnknownReference(field="entry", name=name, kind="list.enter")
    return found


def entry_needs(view: BlockView, name: str) -> Iterator[Need]:
    """Name an entry, the measures that rest on it, and the duties that wait for its exit."""
    yield Need("entry", name)
    entry = peek(view, ENTRY, name)
    if entry is None:
        return
    for opener in (name, *entry.ordered):
        yield Need("duty", opener, duty_suffix("list.exit", entry.authority, name, opener))
    for measure in entry.measures:
        yield Need("measure", measure)


def live_measures(view: BlockView, entry: EntryState) -> tuple[tuple[str, MeasureState], ...]:
    """Return the measures of an entry that were not lifted."""
    found = ((name, view.find(MEASURE, name)) for name in entry.measures)
    return tuple((name, measure) for name, measure in found if measure is not None and not measure.lifted)


def _exit_needs(context: Context, payload: ListExit, view: BlockView) -> Iterator[Need]:  # noqa: ARG001 — one form for all kinds
    yield from entry_needs(view, payload.entry)


def _exit_case(context: Context, payload: ListExit, view: BlockView) -> EndCase:
    entry = find_entry(view, payload.entry)
    if entry.exited:
        raise AlreadyLifted(name=payload.entry, by=entry.exited)
    measures = live_measures(view, entry)
    return EndCase(context, view, payload.entry, entry.code, entry.authority, entry, measures)


def _exit(case: EndCase) -> Effects:
    effects, context, entry = case.effects, case.context, case.state
    assert isinstance(entry, EntryState), "the case is about an entry"
    effects.put(ENTRY, case.name, replace(entry, exited=context.id, exited_at=context.time))
    effects.edge(case.name, context.id, "exits")
    for opener in (case.name, *entry.ordered):
        meet_duty(effects, case.view, context, opener, "list.exit", entry.authority, about=case.name)
    lst_2(case)
    return effects


handle(KindRules("list.enter", ListEnter, _enter_needs, _enter_case, (lst_4, lst_1, lst_3), _enter))
handle(KindRules("list.exit", ListExit, _exit_needs, _exit_case, (lst_3,), _exit, meets_duty=True))
