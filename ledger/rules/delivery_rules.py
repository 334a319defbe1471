"""When a hand-over may be made: TRA-1 to TRA-5, judged at the offer and again at release, and TRA-11."""

from __future__ import annotations

from typing import Protocol

from ledger.errors import Text
from ledger.kinds.transfers import Abroad
from ledger.metering import check_left
from ledger.rules.authority import check_live
from ledger.rules.delivery import Carried, Delivery
from ledger.rules.loading import judged_as
from ledger.rules.registry import broken, rule
from ledger.scope import OutsideScope, Scope, legal_area
from ledger.times import day_end, parse_time


class Delivering(Protocol):
    """A case about a hand-over."""

    @property
    def delivery(self) -> Delivery:
        """The hand-over."""
        ...


@rule(
    "TRA-1",
    recorded=True,
    demand=Text("The grant must be live and accepted at this block", "授权在本区块须有效且已被接受"),
    next_step=Text("Obtain a live grant and have it accepted.", "请取得有效授权并由被授权方接受。"),
)
def tra_1(case: Delivering) -> None:
    """TRA-1: grant and ancestors accepted, in their time and not revoked, and the acceptance named is the grant's.

    A consent that a grant rests on acts like a revocation for what it covered, once withdrawn or ended (ACC-4).
    """
    delivery = case.delivery
    with judged_as("TRA-1"):
        check_live(delivery.held, delivery.time)
    if delivery.acceptance not in (None, delivery.held.grant.accepted):
        raise broken("TRA-1", "the acceptance named is of another grant", "所引用的接受语句属于其他授权")
    for part in delivery.carried:
        if part.unconsented:
            first = next(iter(part.unconsented))
            raise broken("TRA-1", f"the consent for {first} was withdrawn or ended", f"{first} 的同意已撤回或到期")


@rule(
    "TRA-2",
    recorded=True,
    demand=Text(
        "Sender, grantee, purpose, items, fields, references, mode, count, rate and jurisdiction must lie inside the "
        "grant; count and rate inside every ancestor, too",
        "发送方、被授权方、用途、事项、字段、记录、方式、数量、频次与法域均须在授权之内；数量与频次还须在每个上级授权之内",
    ),
    next_step=Text("Offer less, or obtain a wider grant.", "请缩小提供范围，或取得更大的授权。"),
)
def tra_2(case: Delivering) -> None:
    """TRA-2: what is handed over, to whom and what for, lies inside the grant. A package is stored: mode `store`."""
    delivery = case.delivery
    with judged_as("TRA-2"):
        _check_sender(delivery)
        delivery.held.scope.covers(_scope_of(delivery), delivery.purposes)
        for part in delivery.carried:
            if part.listed.record.item not in delivery.items:
                item, id_ = part.listed.record.item, part.listed.id
                raise OutsideScope("items", f"{id_} is of item {item}", f"{id_} 属于事项 {item}")
        if delivery.usage is not None:
            for id_, grant in delivery.held.chain:
                limits = (grant.scope.count, grant.scope.rate)
                check_left(limits, delivery.usage[id_], delivery.count, delivery.time)


def _check_sender(delivery: Delivery) -> None:
    grant = delivery.held.grant
    if delivery.sender.uscc not in (delivery.held.grantors[0], grant.deliverer):
        raise OutsideScope("sender", "the sender is neither grantor nor deliverer", "发送方既非授权方也非代为交付方")


def _scope_of(delivery: Delivery) -> Scope:
    """Return what this one hand-over takes of the grant; count and rate are judged by what is left of them."""
    grant = delivery.held.scope
    return Scope(
        issuers=tuple(sorted({part.listed.record.issuer for part in delivery.carried})),
        items=delivery.items,
        references=delivery.references,
        purpose=delivery.purpose,
        grantee=delivery.receiver.uscc,
        mode=delivery.mode,
        valid_from=delivery.time,
        valid_until=delivery.time + 1,
        data_life=grant.data_life,
        onward=0,
        jurisdictions=(delivery.receiver.jurisdiction,),
        count=grant.count,
        rate=grant.rate,
    )


@rule(
    "TRA-3",
    recorded=True,
    demand=Text(
        "What came by a hop goes on only as many hops as its grants allow",
        "经传输取得的数据只能在其授权允许的层级内再传输",
    ),
    next_step=Text("Obtain a grant that allows a further hop.", "请取得允许再传输的授权。"),
)
def tra_3(case: Delivering) -> None:
    """TRA-3: ancestors allow the hops below them; what the sender holds came under a grant with hops to spare."""
    delivery = case.delivery
    for distance, (id_, grant) in enumerate(delivery.held.chain):
        if grant.scope.onward < distance:
            hops = grant.scope.onward
            raise broken("TRA-3", f"grant {id_} allows {hops} hops", f"授权 {id_} 只允许 {hops} 层")
    for part in delivery.carried:
        if not part.own and not part.held.missing and part.passed_on.missing:
            first = next(iter(part.passed_on.missing))
            raise broken("TRA-3", f"{first} came under a grant without further hops", f"{first} 所依授权不允许再传输")


@rule(
    "TRA-4",
    recorded=True,
    demand=Text(
        "A sender hands over its own records, or what was released to it, is not erased and within its data life",
        "发送方只能传输自有记录，或向其释放、未销毁且在留存期内的记录",
    ),
    next_step=Text("Receive the records under a live grant first.", "请先依有效授权接收这些记录。"),
)
def tra_4(case: Delivering) -> None:
    """TRA-4: a merge of sorted ranges for each list. A hop that was cancelled or whose grant ended gives nothing."""
    for part in case.delivery.carried:
        missing = part.destroyed if part.own else part.held.missing
        if missing:
            first = next(iter(missing))
            raise broken("TRA-4", f"the sender does not hold {first}", f"发送方不持有 {first}")


@rule(
    "TRA-5",
    recorded=True,
    demand=Text(
        "Nothing stopped, withdrawn, superseded or expired is handed over",
        "已停止、撤回、被更正替代或过期的记录不得传输",
    ),
    next_step=Text("Offer the newest version, and leave out what ended.", "请提供最新版本，并剔除已终止的记录。"),
)
def tra_5(case: Delivering) -> None:
    """TRA-5: no row of it ended, and its retention end lies ahead. A corrected record goes as its newest version.

    A record whose dispute was upheld is stopped until its issuer corrects or withdraws it."""
    for part in case.delivery.carried:
        _check_not_ended(part)
        if case.delivery.time >= day_end(part.listed.record.retention_end):
            raise broken("TRA-5", f"the retention of {part.listed.id} has ended", f"{part.listed.id} 的保存期限已届满")


def _check_not_ended(part: Carried) -> None:
    for row, ended in part.ended:
        name = part.listed.id if row is None else f"{part.listed.id}:{row}"
        raise broken("TRA-5", f"{name} was {ended.how} by {ended.by}", f"{name} 已因 {ended.by} 终止（{ended.how}）")
    if part.erasing is not None:
        first, request = part.erasing
        raise broken("TRA-5", f"{first} is to be erased by {request}", f"{first} 须依 {request} 删除")
    for row, state in part.disputed:
        if state.upheld is not None:
            name = part.listed.id if row is None else f"{part.listed.id}:{row}"
            raise broken("TRA-5", f"a dispute of {name} was upheld by {state.upheld}", f"{name} 的异议已成立")


class Exporting(Delivering, Protocol):
    """A case about an offer that may leave the jurisdiction."""

    @property
    def abroad(self) -> Abroad | None:
        """The mechanism it names."""
        ...

    @property
    def deadline(self) -> int:
        """By when (ms) it is to be accepted."""
        ...


@rule(
    "TRA-11",
    recorded=True,
    demand=Text(
        "What leaves the jurisdiction needs a mechanism (assessment, standard contract, certification) with an "
        "approval that is valid until the offer's deadline",
        "出境传输须有安全评估、标准合同或认证机制，且批准在要约期限届满前持续有效",
    ),
    next_step=Text("Name mechanism, approval and validity in `abroad`.", "请在 `abroad` 中写明机制、批准与有效期。"),
)
def tra_11(case: Exporting) -> None:
    """TRA-11: abroad is another country, or another area with its own rules on data export."""
    delivery = case.delivery
    if legal_area(delivery.sender.jurisdiction) == legal_area(delivery.receiver.jurisdiction):
        return
    if case.abroad is None:
        where = delivery.receiver.jurisdiction
        raise broken("TRA-11", f"no mechanism is named for {where}", f"未写明向 {where} 出境的机制")
    if parse_time(case.abroad.valid_until) < case.deadline:
        raise broken("TRA-11", "the approval ends before the deadline", "批准在期限届满前失效")
