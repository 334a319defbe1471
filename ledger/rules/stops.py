"""stop.acknowledge: a holder says what it stopped (REP-4), which meets the duties of GRA-6, REC-10, REP-3, ACC-4."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ledger.errors import Text
from ledger.holdings import end_part
from ledger.kinds.publication import StopAcknowledge
from ledger.references import Reference, ReferenceSet
from ledger.rules.listed import listed
from ledger.rules.loading import peek, peek_all
from ledger.rules.record_chain import names_record
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import meet_duty
from ledger.rules.succession import answers_for
from ledger.state.authority_tables import CONSENT, CONSENT_USE
from ledger.state.effects import Effects, duty_suffix
from ledger.state.tables import (
    DUTY,
    GRANT,
    HANDED,
    HOLDING,
    RECORD,
    RELEASED,
    TRANSFER,
    DutyState,
    Holding,
    HoldingState,
    Ranges,
    handed_suffix,
)
from ledger.state.view import BlockView, Need


@dataclass(frozen=True, slots=True)
class StopCase:
    """An acknowledgement: the duty it meets (None where there is none), what is stopped, what is kept.

    `asked` is what the duty demands to be accounted for. `grants` says for each grant of a holding whether the duty
    concerns it, `by_grant` whether a duty is about grants: one that was revoked, or those that rest on a consent.
    """

    context: Context
    view: BlockView
    payload: StopAcknowledge
    duty: DutyState | None
    stopped: ReferenceSet
    kept: ReferenceSet
    asked: ReferenceSet
    grants: Mapping[str, bool]
    by_grant: bool


@rule(
    "REP-4",
    demand=Text(
        "Each holder that has to stop says once what it stopped, and what it keeps on which basis, by the deadline in "
        "working days; both together are all that it was told to stop",
        "每个须停止使用的持有方应在规定工作日内确认一次停止的内容、保留的内容及依据，两者合计须涵盖全部应停止内容",
    ),
    next_step=Text("`suyuan duty list` shows order and object.", "`suyuan duty list` 可查看本方义务及其来源。"),
)
def rep_4(case: StopCase) -> None:
    """REP-4: an open stop duty of the signer. A late acknowledgement is admitted; that it was late stays a finding."""
    holder, iss = holder_of(case.context, case.payload), case.context.iss
    if not answers_for(case.view, holder, iss):
        raise broken("REP-4", f"{iss} does not answer for {holder}", f"{iss} 不对 {holder} 的义务负责")
    if case.duty is None:
        raise broken("REP-4", f"{holder} has no such duty", f"{holder} 没有该项义务")
    if case.duty.met_by is not None:
        raise broken("REP-4", f"the duty was met by {case.duty.met_by}", f"该义务已由 {case.duty.met_by} 履行")
    if case.stopped.intersection(case.kept):
        raise broken("REP-4", "something is both stopped and kept", "同一内容既停止又保留")
    left = case.asked.difference(case.stopped.union(case.kept))
    if left:
        first = next(iter(left))
        raise broken("REP-4", f"nothing is said of {first}", f"未说明 {first} 的处理")


def holder_of(context: Context, payload: StopAcknowledge) -> str:
    """Return whose duty is met: the signer's, or that of the dissolved member it names."""
    return payload.holder or context.iss


def _sets(payload: StopAcknowledge) -> tuple[ReferenceSet | None, ReferenceSet]:
    """Return what is stopped (None: all that is not kept) and what is kept; raises ReferenceSetMalformed."""
    kept = ReferenceSet()
    for each in payload.kept or ():
        kept = kept.union(ReferenceSet.from_json(each.references))
    return None if payload.stopped is None else ReferenceSet.from_json(payload.stopped), kept


def _asked(view: BlockView, payload: StopAcknowledge, holder: str) -> ReferenceSet:
    """Return what the duty is about as records; raises UnknownReference."""
    about = Reference.parse(payload.about)
    transfer = view.find(TRANSFER, about.statement_id)
    if transfer is not None and about.row is None:
        return ReferenceSet(transfer.references)
    if view.find(GRANT, about.statement_id) is not None and about.row is None:
        return _granted(view, about.statement_id, holder)
    record = view.find(RECORD, about.statement_id)
    if record is not None and about.row is None and record.count:
        return _held(view, about.statement_id, holder)
    if about.row is None and view.find(CONSENT, about.statement_id) is not None:
        return _consented(view, about.statement_id, holder)
    if names_record(record, about):
        rows: Ranges = () if about.row is None else ((about.row, about.row),)
        return ReferenceSet(((about.statement_id, rows),))
    raise UnknownReference(field="about", name=payload.about, kind="record, grant, transfer.offer or consent.give")


def _consented(view: BlockView, consent: str, holder: str) -> ReferenceSet:
    """Return what the holder has of the records that were granted on a consent (ACC-4)."""
    found = ReferenceSet()
    for _, use in view.scan(CONSENT_USE, consent):
        for id_, ranges in use.references:
            holding = view.find(HOLDING, id_, holder)
            for entry in holding.entries if holding else ():
                if entry.ended_index is None:
                    mine = ReferenceSet(((id_, entry.ranges),))
                    found = found.union(mine.intersection(ReferenceSet(((id_, ranges),))))
    return found


def _granted(view: BlockView, grant: str, holder: str) -> ReferenceSet:
    """Return what the holder has under a grant or one below it (GRA-6)."""
    found = ReferenceSet()
    for id_ in _handed_lists(view, grant, holder):
        holding = view.find(HOLDING, id_, holder)
        for entry in holding.entries if holding else ():
            if entry.ended_index is None and _is_under(view, entry.grant, {grant}):
                found = found.union(ReferenceSet(((id_, entry.ranges),)))
    return found


def _handed_lists(view: BlockView, grant: str, holder: str) -> set[str]:
    """Return the record lists released to a holder under a grant, as far as these rows are loaded."""
    found: set[str] = set()
    for number in _handed_numbers(view, grant, holder):
        handed = peek(view, HANDED, grant, handed_suffix(holder, number))
        transfer = None if handed is None else peek(view, TRANSFER, handed.offer)
        found |= {id_ for id_, _ in (transfer.references if transfer else ())}
    return found


def _handed_numbers(view: BlockView, grant: str, holder: str) -> range:
    """Return the numbers of the releases to a holder under a grant."""
    released = peek(view, RELEASED, grant, holder)
    return range(1, 1 + (released.releases if released else 0))


def _handed_needs(view: BlockView, grant: str, holder: str) -> Iterator[Need]:
    """Name every release to a holder under a grant, with its hand-over."""
    yield Need("released", grant, holder)
    for number in _handed_numbers(view, grant, holder):
        yield Need("handed", grant, handed_suffix(holder, number))
        handed = peek(view, HANDED, grant, handed_suffix(holder, number))
        if handed is not None:
            yield Need("transfer", handed.offer)


def _is_under(view: BlockView, grant: str, ended: Collection[str]) -> bool:
    """Say whether a grant, or one of its ancestors, is among those that ended."""
    found = view.find(GRANT, grant)
    return any(id_ in ended for id_ in (grant, *(found.ancestors if found else ())))


def _held(view: BlockView, batch: str, holder: str) -> ReferenceSet:
    """Return the rows of a batch that the holder has."""
    holding, found = view.find(HOLDING, batch, holder), ReferenceSet()
    for entry in holding.entries if holding else ():
        if entry.ended_index is None:
            found = found.union(ReferenceSet(((batch, entry.ranges),)))
    return found


def _reached(view: BlockView, payload: StopAcknowledge, holder: str) -> ReferenceSet:
    """Return what the acknowledgement stops."""
    stopped, kept = _sets(payload)
    if stopped is None:
        stopped = _asked(view, payload, holder).difference(kept)
    return stopped


def _needs(context: Context, payload: StopAcknowledge, view: BlockView) -> Iterator[Need]:
    about, holder = Reference.parse(payload.about).statement_id, holder_of(context, payload)
    yield Need("duty", payload.order, duty_suffix("stop", holder, payload.about, payload.order))
    for table in ("transfer", "grant", "record", "consent"):
        yield Need(table, about)
    yield Need("consent_use", about, None)
    yield from _handed_needs(view, about, holder)
    stopped, kept = _sets(payload)
    transfer = peek(view, TRANSFER, about)
    lists = {id_ for each in (stopped, kept) if each is not None for id_, _ in each.entries}
    lists |= {id_ for _, use in peek_all(view, CONSENT_USE, about) for id_, _ in use.references}
    lists |= _handed_lists(view, about, holder)
    lists |= {about, *(id_ for id_, _ in (transfer.references if transfer else ()))}
    for id_ in sorted(lists):
        yield Need("record", id_)
        yield Need("holding", id_, holder)
        holding = peek(view, HOLDING, id_, holder)
        for entry in holding.entries if holding else ():
            yield Need("grant", entry.grant)


def _case(context: Context, payload: StopAcknowledge, view: BlockView) -> StopCase:
    stated, kept = _sets(payload)
    holder = holder_of(context, payload)
    asked = _asked(view, payload, holder)
    for each, name in ((stated, "stopped"), (kept, "kept")):
        if each is not None:
            listed(view, each, name)
    stopped = _reached(view, payload, holder)
    duty = view.find(DUTY, payload.order, duty_suffix("stop", holder, payload.about, payload.order))
    grants = _grants(view, payload, stopped, holder)
    about = Reference.parse(payload.about).statement_id
    by_grant = view.find(GRANT, about) is not None or view.find(CONSENT, about) is not None
    return StopCase(context, view, payload, duty, stopped, kept, asked, grants, by_grant)


def _grants(view: BlockView, payload: StopAcknowledge, stopped: ReferenceSet, holder: str) -> dict[str, bool]:
    """Say for each grant of the holder's holdings whether it is the one to stop, or lies under it."""
    found: dict[str, bool] = {}
    ended = {
        payload.about,
        *(grant for grant, _ in view.scan(CONSENT_USE, Reference.parse(payload.about).statement_id)),
    }
    for id_, _ in stopped.entries:
        holding = view.find(HOLDING, id_, holder)
        for entry in holding.entries if holding else ():
            found[entry.grant] = _is_under(view, entry.grant, ended)
    return found


def _concerned(case: StopCase, entry: Holding) -> bool:
    """Say whether the duty concerns a holding: of that record, through that hand-over, or under that grant."""
    about = case.payload.about
    if case.by_grant:
        return case.grants[entry.grant]
    return entry.hop == about or case.view.find(TRANSFER, Reference.parse(about).statement_id) is None


def _effects(case: StopCase) -> Effects:
    """Meet the duty, and end the holdings of what was stopped."""
    effects, context, payload = Effects(), case.context, case.payload
    holder = holder_of(context, payload)
    meet_duty(effects, case.view, context, payload.order, "stop", holder, about=payload.about)
    effects.edge(payload.order, context.id, "acknowledges")
    for id_, ranges in case.stopped.entries:
        holding = case.view.find(HOLDING, id_, holder)
        if holding is None:
            continue
        concerned = tuple(entry for entry in holding.entries if _concerned(case, entry))
        others = tuple(entry for entry in holding.entries if not _concerned(case, entry))
        ended = end_part(HoldingState(entries=concerned), id_, ranges, context.index)
        entries = sorted((*others, *ended.entries), key=lambda entry: (entry.since_index, entry.hop, entry.ranges))
        effects.put(HOLDING, id_, HoldingState(entries=tuple(entries)), holder)
    return effects


handle(KindRules("stop.acknowledge", StopAcknowledge, _needs, _case, (rep_4,), _effects, meets_duty=True))
