"""use.report: what a receiver did with what a hand-over gave it (USE-1, USE-2, USE-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.errors import Text
from ledger.kinds.transfers import UseReport
from ledger.references import Reference, ReferenceSet
from ledger.rules.authority import Authority, authority, chain_needs
from ledger.rules.consented import consent_needs, withdrawals
from ledger.rules.erased import destroyed_at
from ledger.rules.listed import Listed
from ledger.rules.loading import judged_as, peek
from ledger.rules.purposes import current_catalogue, purposes_of
from ledger.rules.registry import Context, KindRules, UnknownReference, broken, handle, rule
from ledger.rules.transfer_turns import find_transfer
from ledger.scope import check_purpose
from ledger.state.authority_tables import DISPUTED
from ledger.state.effects import Effects
from ledger.state.tables import CANCELLED, ENDED, RECORD, TRANSFER, Ranges, TransferState, row_suffix
from ledger.state.view import BlockView, Need
from ledger.times import day_end, parse_time


@dataclass(frozen=True, slots=True)
class UseCase:
    """A use: of one record where it is known which, at `used_at` (ms, the start of the second reported)."""

    context: Context
    view: BlockView
    payload: UseReport
    transfer: TransferState
    held: Authority
    record: Reference | None
    used_at: int

    @property
    def purposes(self) -> frozenset[str]:
        """Purpose codes of the catalogue in force."""
        return purposes_of(current_catalogue(self.view))


@rule(
    "USE-1",
    recorded=True,
    demand=Text("The purpose of a use must lie inside the grant's", "使用目的须在授权用途之内"),
    next_step=Text("Stop this use, or obtain a grant for its purpose.", "请停止该使用，或就该用途取得授权。"),
)
def use_1(case: UseCase) -> None:
    """USE-1: by the catalogue's tree of purposes (GRA-8). The refusal keeps the report on record."""
    with judged_as("USE-1"):
        check_purpose(case.held.grant.scope.purpose, case.payload.purpose, case.purposes)


@rule(
    "USE-2",
    demand=Text(
        "A truthful report is admitted even after a stop, revocation or the end of data life; such a use is a finding",
        "即使在停止、撤销或留存期届满之后，如实报告仍予受理；该使用将形成核查发现",
    ),
    next_step=Text("Stop using what was stopped, revoked or has ended.", "请停止使用已停止、撤销或到期的数据。"),
)
def use_2(case: UseCase, effects: Effects) -> None:
    """USE-2: turns nothing away; F-USED-AFTER-STOP names the statement that ended it, or the offer whose life is over.

    A use counts as later only when the whole reported second is: nobody is accused over the fraction of a second.
    """
    context, offer = case.context, case.payload.transfer
    ends = [end for end in _ends(case) if end[0] <= case.used_at]
    if ends:
        _, statement = min(ends)
        effects.find(
            "F-USED-AFTER-STOP", context.id, context.iss, tuple(dict.fromkeys((offer, statement, context.id))), "USE-2"
        )


def _ends(case: UseCase) -> Iterator[tuple[int, str]]:
    """Yield when (ms) the use became barred, and by which statement."""
    transfer = case.transfer
    if transfer.life_end is not None:
        yield transfer.life_end, case.payload.transfer
    yield _retained(case)
    cancelled = case.view.find(CANCELLED, case.payload.transfer)
    if cancelled is not None:
        yield cancelled.time, cancelled.by
    for _, grant in case.held.chain:
        if grant.revoked is not None:
            yield grant.revoked.at, grant.revoked.by
    if case.record is not None:
        for suffix in dict.fromkeys(("", row_suffix(case.record.row))):
            ended = case.view.find(ENDED, case.record.statement_id, suffix)
            if ended is not None:
                yield ended.time, ended.by
            disputed = case.view.find(DISPUTED, case.record.statement_id, suffix)
            if disputed is not None and disputed.upheld is not None and disputed.upheld_at is not None:
                yield disputed.upheld_at, disputed.upheld
        yield from _consents_withdrawn(case, case.record)
        yield from destroyed_at(case.view, case.record, transfer.receiver)


def _retained(case: UseCase) -> tuple[int, str]:
    """Return when (ms) the retention of what was used ended, and the record that states it.

    Where it is not known which record was used, it is the one that is retained longest.
    """
    lists = [id_ for id_, _ in case.transfer.references] if case.record is None else [case.record.statement_id]
    found: list[tuple[int, str]] = []
    for id_ in lists:
        state = case.view.find(RECORD, id_)
        assert state is not None, "what was handed over was logged"
        found.append((day_end(state.retention_end), id_))
    return max(found)


def _consents_withdrawn(case: UseCase, record: Reference) -> Iterator[tuple[int, str]]:
    """Yield the withdrawals of consents on which the record was handed over (ACC-4)."""
    state = case.view.find(RECORD, record.statement_id)
    if state is not None:
        ranges: Ranges = () if record.row is None else ((record.row, record.row),)
        yield from withdrawals(case.view, case.held, Listed(record.statement_id, ranges, state))


@rule(
    "USE-3",
    demand=Text(
        "A use is reported by the receiver of a released hand-over, for a record it carried, after the release and not "
        "ahead of time",
        "使用须由已释放传输的接收方就其所含记录报告，且使用时间在释放之后、不晚于报告",
    ),
    next_step=Text("Report what you used, under the hand-over that gave it.", "请就实际使用及其来源传输进行报告。"),
)
def use_3(case: UseCase) -> None:
    """USE-3: only who was given the data reports on it, and only of the past."""
    transfer = case.transfer
    if case.context.iss != transfer.receiver:
        raise broken("USE-3", "the signer is not the receiver", "签署方不是接收方")
    if transfer.released_at is None:
        raise broken("USE-3", "nothing was released yet", "尚未释放任何数据")
    if case.used_at > case.context.time or case.used_at < transfer.released_at // 1000 * 1000:
        raise broken("USE-3", "the time of use lies before the release or ahead", "使用时间早于释放或晚于当前")


def _record_of(payload: UseReport, transfer: TransferState | None) -> Reference | None:
    """Return the record used: the one reported, or the only one the hand-over carried."""
    if payload.reference is not None:
        return Reference.parse(payload.reference)
    if transfer is not None and transfer.count == 1:
        return next(iter(ReferenceSet(transfer.references)))
    return None


def _needs(context: Context, payload: UseReport, view: BlockView) -> Iterator[Need]:
    yield Need("transfer", payload.transfer)
    yield Need("cancelled", payload.transfer)
    transfer = peek(view, TRANSFER, payload.transfer)
    if transfer is not None:
        yield from chain_needs(view, transfer.grant)
        yield from consent_needs(view, transfer.grant)
        for id_, _ in transfer.references:
            yield Need("record", id_)
    record = _record_of(payload, transfer)
    if record is not None:
        yield Need("record", record.statement_id)
        yield Need("ended", record.statement_id, "")
        yield Need("ended", record.statement_id, row_suffix(record.row))
        yield Need("destroyed", record.statement_id, context.iss)
        yield Need("disputed", record.statement_id, "")
        yield Need("disputed", record.statement_id, row_suffix(record.row))


def _case(context: Context, payload: UseReport, view: BlockView) -> UseCase:
    transfer = find_transfer(view, payload.transfer, "transfer")
    record = _record_of(payload, transfer)
    if record is not None and record not in ReferenceSet(transfer.references):
        raise UnknownReference(field="reference", name=str(record), kind="record of this transfer.offer")
    return UseCase(
        context=context,
        view=view,
        payload=payload,
        transfer=transfer,
        held=authority(view, transfer.grant, "transfer"),
        record=record,
        used_at=parse_time(payload.used_at),
    )


def _effects(case: UseCase) -> Effects:
    effects = Effects()
    effects.edge(case.payload.transfer, case.context.id, "used")
    use_2(case, effects)
    return effects


handle(KindRules("use.report", UseReport, _needs, _case, (use_1, use_3), _effects))
