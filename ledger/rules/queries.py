"""query.batch: looking at records, or asking about them, without a copy (TRA-1 to TRA-5 for the whole, TRA-13, GRA-7).

One side reports the batch and it is judged and charged then; the other side confirms the same terms. What it saw is
not a holding: nothing can be handed on from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ledger.errors import StateError, Text
from ledger.kinds.products import QueryBatch
from ledger.references import ReferenceSet
from ledger.rules.delivery import Delivery, deliver, delivery_needs, usage_needs
from ledger.rules.delivery_rules import tra_1, tra_2, tra_3, tra_4, tra_5
from ledger.rules.loading import check_sorted
from ledger.rules.purposes import current_catalogue, purposes_of
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import deadline, meet_duty, open_duty
from ledger.rules.transfer_offer import gra_7
from ledger.state.authority_tables import QUERY, QueryState
from ledger.state.effects import Effects, duty_suffix
from ledger.state.tables import ACCEPTANCE
from ledger.state.view import BlockView, Need
from ledger.times import parse_time

DUTY_KIND = "query.confirm"


class QueryPeriod(StateError):
    """A period that ends before it begins, lies ahead, or begins before the grant."""

    code = "query.period"
    what = Text("The period from {begin} to {end} cannot be.", "时段 {begin} 至 {end} 不成立。")
    why = Text(
        "Queries are reported when they were made, under a grant that stood.", "查询须在发生后、依有效授权报告。"
    )
    next_step = Text("State the period in which the queries were made.", "请填写查询实际发生的时段。")


class QueryCount(StateError):
    """Fewer queries than records asked for."""

    code = "query.count"
    what = Text(
        "{count} queries cannot have asked for {records} records.", "{count} 次查询不可能涉及 {records} 条记录。"
    )
    next_step = Text("Count every query; leave out records nobody asked for.", "请计入每次查询，并剔除未被查询的记录。")


@dataclass(frozen=True, slots=True)
class QueryCase:
    """A batch of queries: reported (with its hand-over), or confirmed (`first` is what the other side reported)."""

    context: Context
    view: BlockView
    payload: QueryBatch
    state: QueryState
    first: QueryState | None
    delivery: Delivery


@rule(
    "TRA-13",
    demand=Text(
        "A query batch is signed by sender or receiver, and confirmed once, in the same terms, by the other side",
        "查询批次须由提供方或接收方签署，并由另一方以相同条款确认一次",
    ),
    next_step=Text("Sign your side, or correct the terms.", "请以本方身份签署，或更正条款。"),
)
def tra_13(case: QueryCase) -> None:
    """TRA-13: two sides, the same terms, once."""
    iss, first, state = case.context.iss, case.first, case.state
    if iss not in (state.sender, state.receiver):
        raise broken("TRA-13", f"{iss} is neither sender nor receiver", f"{iss} 既非提供方也非接收方")
    if first is None:
        return
    if first.by == iss:
        raise broken("TRA-13", "the other side confirms", "须由另一方确认")
    if first.confirmed is not None:
        raise broken("TRA-13", f"it was confirmed by {first.confirmed}", f"已由 {first.confirmed} 确认")
    if msgspec.structs.replace(state, by=first.by, index=first.index) != first:
        raise broken("TRA-13", "the terms differ", "条款不一致")


def _needs(context: Context, payload: QueryBatch, view: BlockView) -> Iterator[Need]:
    yield Need("acceptance", payload.acceptance)
    yield from usage_needs(view, payload.grant)
    references = ReferenceSet.from_json(payload.references)
    yield from delivery_needs(view, payload.grant, payload.sender, references, context.time)
    if payload.confirms is not None:
        yield Need("query", payload.confirms)
        party = context.iss
        yield Need("duty", payload.confirms, duty_suffix(DUTY_KIND, party, payload.confirms, payload.confirms))


def _case(context: Context, payload: QueryBatch, view: BlockView) -> QueryCase:
    for item, fields in payload.items.items():
        check_sorted(f"items.{item}", fields)
    references = ReferenceSet.from_json(payload.references)
    delivery = deliver(
        view,
        grant=payload.grant,
        sender=payload.sender,
        receiver=payload.receiver,
        references=references,
        items={item: tuple(fields) for item, fields in payload.items.items()},
        purpose=payload.purpose,
        purposes=purposes_of(current_catalogue(view)),
        acceptance=payload.acceptance,
        metered=True,
        mode=payload.mode,
        queries=payload.count,
    )
    # The grant's own id stands for "there is no acceptance", as in an offer: that attempt is TRA-1's to refuse.
    if payload.acceptance != payload.grant and view.find(ACCEPTANCE, payload.acceptance) is None:
        raise UnknownReference(field="acceptance", name=payload.acceptance, kind="grant.accept")
    first = None if payload.confirms is None else view.find(QUERY, payload.confirms)
    if payload.confirms is not None and first is None:
        raise UnknownReference(field="confirms", name=payload.confirms, kind="query.batch")
    return QueryCase(context, view, payload, _state(context, payload, references, delivery), first, delivery)


def _state(context: Context, payload: QueryBatch, references: ReferenceSet, delivery: Delivery) -> QueryState:
    begin, end = parse_time(payload.period.begin), parse_time(payload.period.end)
    if not delivery.held.grant.valid_from <= begin < end <= context.time:
        raise QueryPeriod(begin=payload.period.begin, end=payload.period.end)
    if payload.count < references.count:
        raise QueryCount(count=payload.count, records=references.count)
    return QueryState(
        grant=payload.grant,
        sender=payload.sender,
        receiver=payload.receiver,
        references=references.entries,
        items={item: tuple(fields) for item, fields in payload.items.items()},
        mode=payload.mode,
        purpose=payload.purpose,
        count=payload.count,
        root=payload.root,
        begin=begin,
        end=end,
        by=context.iss,
        index=context.index,
    )


def _effects(case: QueryCase) -> Effects:
    effects, context, payload, state = Effects(), case.context, case.payload, case.state
    if case.first is not None and payload.confirms is not None:
        effects.put(QUERY, payload.confirms, msgspec.structs.replace(case.first, confirmed=context.id))
        effects.edge(payload.confirms, context.id, "confirms")
        meet_duty(effects, case.view, context, payload.confirms, DUTY_KIND, context.iss)
        return effects
    assert case.delivery.usage is not None, "a query batch is metered"
    gra_7(effects, case.delivery.held, case.delivery.usage, payload.count, context.time)
    effects.put(QUERY, context.id, state)
    effects.edge(payload.grant, context.id, "queries")
    for id_, ranges in state.references:
        effects.edge(id_, context.id, "queried", ranges)
    other = state.receiver if context.iss == state.sender else state.sender
    due = deadline(case.view, "query_confirm", context.time)
    open_duty(effects, context, "query.confirm", other, due)
    return effects


class _QueryRules(KindRules[QueryBatch, QueryCase]):
    """TRA-1 to TRA-5 are judged where a batch is reported; a confirmation only says that the report is true."""

    def admit(self, context: Context, payload: QueryBatch, view: BlockView) -> Effects:
        """See KindRules."""
        if payload.confirms is None:
            return KindRules.admit(self, context, payload, view)
        case = self.case(context, payload, view)
        tra_13(case)
        return self.effects(case)


handle(
    _QueryRules(
        kind="query.batch",
        payload=QueryBatch,
        needs=_needs,
        case=_case,
        rules=(tra_1, tra_2, tra_3, tra_4, tra_5, tra_13),
        effects=_effects,
    )
)
