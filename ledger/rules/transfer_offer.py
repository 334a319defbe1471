"""transfer.offer: authority judged before anything leaves (TRA-1 to 5, 11, 12), and what it charges (GRA-7).

While a dispute is open every offer of its record carries the mark (REC-9): any other set of marks is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.errors import StateError, Text
from ledger.kinds.transfers import Abroad, Marking, TransferOffer
from ledger.metering import charge
from ledger.references import ReferenceSet
from ledger.rules.authority import Authority
from ledger.rules.burnt import burnt
from ledger.rules.delivery import Delivery, deliver, delivery_needs, usage_needs
from ledger.rules.delivery_rules import tra_1, tra_2, tra_3, tra_4, tra_5, tra_11
from ledger.rules.loading import check_sorted
from ledger.rules.purposes import current_catalogue, purposes_of
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.standing import open_duty
from ledger.state.effects import Effects
from ledger.state.tables import ACCEPTANCE, MARK, TRANSFER, USAGE, MarkState, TransferState, UsageState
from ledger.state.view import BlockView, Need
from ledger.times import parse_time


class DeadlinePassed(StateError):
    """The offer's deadline lies in the past."""

    code = "transfer.deadline"
    what = Text("The offer's deadline {deadline} has passed.", "要约期限 {deadline} 已过。")
    next_step = Text("Set a deadline that the receiver can meet.", "请设定接收方可以遵守的期限。")


class DisputeMarks(StateError):
    """The dispute marks do not name exactly the records with an open dispute."""

    code = "transfer.dispute_marks"
    what = Text(
        "The offer does not mark exactly the records with an open dispute: {reference}.",
        "要约未准确标记有未决异议的记录：{reference}。",
    )
    next_step = Text("Mark the records with an open dispute, and only those.", "请仅标记有未决异议的记录。")


@dataclass(frozen=True, slots=True)
class OfferCase:
    """An offer: the hand-over it proposes, its deadline (ms), and whether its marking number is taken."""

    context: Context
    view: BlockView
    payload: TransferOffer
    delivery: Delivery
    deadline: int
    number_taken: bool

    @property
    def abroad(self) -> Abroad | None:
        """The mechanism it names for leaving the jurisdiction."""
        return self.payload.abroad


@rule(
    "TRA-12",
    demand=Text(
        "Marks must be ones that the grant allows, in the mode whose secrets it committed, under a number that is new "
        "within the grant",
        "标记须为授权所允许，模式须与授权承诺的秘密一致，编号在该授权内须为首次使用",
    ),
    next_step=Text(
        "Mark as the grant says, with a fresh number, or not at all.", "请按授权并以新编号标记，或不作标记。"
    ),
)
def tra_12(case: OfferCase) -> None:
    """TRA-12: what is logged about the marks before delivery carries an accusation later (leak tracing)."""
    marking, grant = case.payload.marking, case.delivery.held.grant
    if marking is None:
        return
    extra = [carrier for carrier in marking.carriers if carrier not in grant.carriers]
    if extra:
        raise broken("TRA-12", f"the grant allows no carrier {extra[0]}", f"授权不允许标记方式 {extra[0]}")
    if case.number_taken:
        raise broken("TRA-12", f"number {marking.number} is taken", f"编号 {marking.number} 已被使用")
    for suffix, opened in burnt(case.view, case.payload.grant, grant):
        raise broken("TRA-12", f"{suffix} was opened by {opened.finding}", f"{suffix} 已由 {opened.finding} 开启")
    stated = (marking.keys is not None, marking.code_key is not None)
    if marking.mode == "M0":
        if grant.escrow is not None or any(stated):
            raise broken("TRA-12", "mode M0 stands beside an escrow or its hashes", "M0 模式不得与托管或其哈希并存")
        if None in (grant.sender_seed, grant.receiver_seed, grant.code_key):
            raise broken("TRA-12", "a seed or the code key is not committed", "种子或编码密钥尚未承诺")
    elif grant.escrow is None or not all(stated):
        raise broken("TRA-12", "mode M1 needs the grant's escrow and both hashes", "M1 模式须有授权中的托管及两项哈希")


@rule(
    "GRA-7",
    demand=Text(
        "Each use is charged to the grant and every ancestor, so that siblings together never exceed their parent",
        "每次使用均计入该授权及其每个上级，同级授权合计不得超过上级",
    ),
    next_step=Text("`suyuan grant show` prints what is left.", "`suyuan grant show` 可查看剩余额度。"),
)
def gra_7(effects: Effects, held: Authority, usage: Mapping[str, UsageState | None], count: int, time: int) -> None:
    """GRA-7: charge `count` records at `time` (ms) along the chain; TRA-2 has judged that they are left."""
    for id_, grant in held.chain:
        effects.put(USAGE, id_, charge(grant.scope.rate, usage[id_], count, time))


def _offer_needs(context: Context, payload: TransferOffer, view: BlockView) -> Iterator[Need]:
    yield Need("acceptance", payload.acceptance)
    if payload.marking is not None:
        yield Need("mark", payload.grant, str(payload.marking.number))
    yield from usage_needs(view, payload.grant)
    references = ReferenceSet.from_json(payload.references)
    yield from delivery_needs(view, payload.grant, context.iss, references, context.time)


def _offer_case(context: Context, payload: TransferOffer, view: BlockView) -> OfferCase:
    _check_sets(payload)
    references = ReferenceSet.from_json(payload.references)
    delivery = deliver(
        view,
        grant=payload.grant,
        sender=context.iss,
        receiver=payload.receiver,
        references=references,
        items={item: tuple(fields) for item, fields in payload.items.items()},
        purpose=payload.purpose,
        purposes=purposes_of(current_catalogue(view)),
        acceptance=payload.acceptance,
        metered=True,
    )
    # The grant's own id stands for "there is no acceptance": that attempt is TRA-1's to refuse and record.
    if payload.acceptance != payload.grant and view.find(ACCEPTANCE, payload.acceptance) is None:
        raise UnknownReference(field="acceptance", name=payload.acceptance, kind="grant.accept")
    _check_marks(payload, delivery)
    deadline = parse_time(payload.deadline)
    if deadline <= context.time:
        raise DeadlinePassed(deadline=payload.deadline)
    return OfferCase(context, view, payload, delivery, deadline, _number_taken(view, payload.grant, payload.marking))


def _check_sets(payload: TransferOffer) -> None:
    for item, fields in payload.items.items():
        check_sorted(f"items.{item}", fields)
    if payload.marking is not None:
        check_sorted("marking.carriers", list(payload.marking.carriers))


def _check_marks(payload: TransferOffer, delivery: Delivery) -> None:
    """Check that the dispute marks are those of the records with an open dispute (REC-9); raises DisputeMarks."""
    marked = ReferenceSet() if payload.disputed is None else ReferenceSet.from_json(payload.disputed)
    disputed = delivery.disputed
    for reference in (*disputed.difference(marked), *marked.difference(disputed)):
        raise DisputeMarks(reference=str(reference))


def _number_taken(view: BlockView, grant: str, marking: Marking | None) -> bool:
    return marking is not None and view.find(MARK, grant, str(marking.number)) is not None


def _offer_effects(case: OfferCase) -> Effects:
    effects, context, payload, delivery = Effects(), case.context, case.payload, case.delivery
    assert delivery.usage is not None, "an offer is metered"
    gra_7(effects, delivery.held, delivery.usage, delivery.count, context.time)
    effects.put(TRANSFER, context.id, _state(case))
    effects.edge(payload.grant, context.id, "under")
    if payload.marking is not None:
        effects.put(MARK, payload.grant, MarkState(offer=context.id), str(payload.marking.number))
    open_duty(effects, context, "transfer.accept", payload.receiver, case.deadline)
    return effects


def _state(case: OfferCase) -> TransferState:
    payload, delivery, escrow = case.payload, case.delivery, case.delivery.held.grant.escrow
    marked_by_gateway = payload.marking is not None and payload.marking.mode == "M1" and escrow is not None
    return TransferState(
        grant=payload.grant,
        sender=case.context.iss,
        receiver=payload.receiver,
        references=delivery.references.entries,
        items=dict(delivery.items),
        count=delivery.count,
        purpose=payload.purpose,
        content_root=payload.content_root,
        key_commitment=payload.key_commitment,
        ciphertext=payload.ciphertext,
        size=payload.size,
        deadline=case.deadline,
        status="offered",
        index=case.context.index,
        marking=payload.marking,
        abroad=payload.abroad,
        offered_at=case.context.time,
        gateway=escrow.gateway if marked_by_gateway and escrow is not None else None,
    )


handle(
    KindRules(
        kind="transfer.offer",
        payload=TransferOffer,
        needs=_offer_needs,
        case=_offer_case,
        rules=(tra_1, tra_2, tra_3, tra_4, tra_5, tra_11, tra_12),
        effects=_offer_effects,
    )
)
