"""linking.epoch: GOV-6, and the epoch that new records are made in: GOV-9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.errors import Text
from ledger.kinds.governance import LinkingEpoch, LinkingKeyName
from ledger.kinds.records import RecordBatch, RecordWithdraw
from ledger.rules.record_case import RecordCase
from ledger.rules.registry import Context, KindRules, broken, handle, rule
from ledger.rules.standing import member
from ledger.state.effects import Effects
from ledger.state.governance_tables import LINKING, LinkingState
from ledger.state.view import BlockView, Need


@dataclass(frozen=True, slots=True)
class EpochCase:
    """An epoch about to begin."""

    context: Context
    view: BlockView
    payload: LinkingEpoch


@rule(
    "GOV-6",
    demand=Text(
        "A hub begins the epochs of a linking key; they only grow, and each has a commitment of its own",
        "关联密钥的期次由信息共享平台启用，只能递增，且每期承诺值各不相同",
    ),
    next_step=Text("Have a hub begin a later epoch with a fresh key.", "请由信息共享平台以新密钥启用更晚的期次。"),
)
def gov_6(case: EpochCase) -> None:
    """GOV-6: later than the newest, with a commitment that no epoch has; older epochs stay for what used them."""
    payload = case.payload
    if "hub" not in member(case.view, case.context.iss).roles:
        raise broken("GOV-6", "the signer is no hub", "签署方不是信息共享平台")
    newest = case.view.find(LINKING, "", payload.key)
    if newest is not None and payload.epoch <= newest.epoch:
        raise broken("GOV-6", f"epoch {newest.epoch} has begun", f"第 {newest.epoch} 期已启用")
    for _, row in case.view.scan(LINKING):
        if row.commitment == payload.commitment:
            raise broken("GOV-6", f"epoch {row.epoch} has this commitment", f"第 {row.epoch} 期已使用该承诺值")


def linking_key_of(subject_class: str) -> LinkingKeyName:
    """Return which linking key a subject class is tagged with: persons have one of their own."""
    return "persons" if subject_class == "person" else "organisations"


@rule(
    "GOV-9",
    demand=Text(
        "A new record is tagged in the newest epoch that was begun; a correction may stay in its record's own",
        "新信息的主体标签须使用最新启用的期次；更正可沿用原信息的期次",
    ),
    next_step=Text("Tag the subject with the key of the newest epoch.", "请使用最新期次的关联密钥生成主体标签。"),
)
def gov_9(case: RecordCase) -> None:
    """GOV-9: values of older epochs stay valid for what used them. Without a logged epoch any number stands."""
    payload, made = case.payload, case.made
    if made is None or isinstance(payload, RecordWithdraw):
        return
    newest = case.view.find(LINKING, "", linking_key_of(made.subject_class))
    epoch = payload.epoch if isinstance(payload, RecordBatch) else payload.subject.epoch
    kept = None if case.target is None else case.target.record.epoch
    if newest is not None and epoch not in (newest.epoch, kept):
        raise broken("GOV-9", f"epoch {newest.epoch} is in force", f"现行期次为第 {newest.epoch} 期")


def _needs(_context: Context, _payload: LinkingEpoch, _view: BlockView) -> Iterable[Need]:
    """Members and epochs are resident."""
    return ()


def _case(context: Context, payload: LinkingEpoch, view: BlockView) -> EpochCase:
    return EpochCase(context, view, payload)


def _effects(case: EpochCase) -> Effects:
    effects, context, payload = Effects(), case.context, case.payload
    row = LinkingState(
        key=payload.key,
        epoch=payload.epoch,
        commitment=payload.commitment,
        by=context.id,
        index=context.index,
        time=context.time,
    )
    effects.put(LINKING, "", row, payload.key)
    effects.put(LINKING, "", row, f"{payload.key}:{payload.epoch}")
    return effects


handle(KindRules("linking.epoch", LinkingEpoch, _needs, _case, (gov_6,), _effects))
