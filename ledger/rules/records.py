"""record.submit, record.batch, record.correct, record.withdraw: REC-1 to REC-4, REC-7, REC-8, REC-10, CON-6.

REC-5 and REC-6 hold for every kind and stand in `ledger.rules.signer`.
"""

from __future__ import annotations

from typing import Literal

from ledger.encoding import base64url, decode_base64url
from ledger.errors import SuyuanError, Text
from ledger.kinds.genesis import Item
from ledger.kinds.records import RecordBatch, RecordCorrect, RecordSubmit, RecordWithdraw
from ledger.references import ReferenceSet
from ledger.rules.keys import public_of
from ledger.rules.linking import gov_9
from ledger.rules.nodes import effective_nodes
from ledger.rules.record_case import Attributes, RecordCase, record_case, record_needs
from ledger.rules.registry import KindRules, broken, handle, rule
from ledger.rules.stale import pro_5
from ledger.rules.standing import catalogue, member
from ledger.rules.stopping import stop_holders
from ledger.rules.succession import inheritor
from ledger.signed import HELD_TYP, read_object, verify_held
from ledger.state.effects import Effects
from ledger.state.tables import ENDED, RECORD, EndedState, RecordState, row_suffix


@rule(
    "REC-1",
    recorded=True,
    demand=Text("The issuer is a source of the item in the catalogue", "签发方须是目录规定的该条目来源"),
    next_step=Text("Have the item's source submit it.", "请由该条目的来源单位提交。"),
)
def rec_1(case: RecordCase) -> None:
    """REC-1: the catalogue names the issuer as a source of the item, and it has the role."""
    made, iss = _made(case), case.context.iss
    item = made.item
    if item is None or iss not in item.sources or "source" not in member(case.view, iss).roles:
        raise broken("REC-1", f"{iss} is no source of {made.code}", f"{iss} 不是 {made.code} 的来源")


@rule(
    "REC-2",
    demand=Text("Item and catalogue version are in force", "条目与目录版本须为现行有效"),
    next_step=Text(
        "Use the version in force; `suyuan catalogue show` names it.", "请使用现行版本，见 `suyuan catalogue show`。"
    ),
)
def rec_2(case: RecordCase) -> None:
    """REC-2: the version is the one in force and has the item."""
    made, current = _made(case), catalogue(case.view)
    if current is None or made.version != current.version:
        raise broken("REC-2", f"version {made.version} is not in force", f"目录版本 {made.version} 非现行版本")
    if made.item is None:
        raise broken("REC-2", f"version {made.version} has no item {made.code}", f"目录中没有条目 {made.code}")


@rule(
    "REC-3",
    demand=Text("Adverse records carry severity and legal basis", "失信信息须载明严重程度与依据"),
    next_step=Text("Add the severity that the item defines, and the basis.", "请补充条目规定的严重程度及依据。"),
)
def rec_3(case: RecordCase) -> None:
    """REC-3: an adverse item needs one of its severities and a basis; any other item has no severity."""
    made, item = _made(case), _item(case)
    if not item.adverse:
        if made.severity is not None:
            raise broken("REC-3", f"{made.code} is not adverse", f"{made.code} 不是失信条目")
        return
    if made.severity is None or made.basis is None:
        raise broken("REC-3", "severity or basis is missing", "缺少严重程度或依据")
    if made.severity not in {term.severity for term in item.severities or ()}:
        raise broken("REC-3", f"{made.code} has no severity {made.severity}", f"{made.code} 无此严重程度")


@rule(
    "REC-4",
    demand=Text("The subject's class is one of the item's", "主体类别须符合条目规定"),
    next_step=Text("Use an item for subjects of this class.", "请使用适用于该类主体的条目。"),
)
def rec_4(case: RecordCase) -> None:
    """REC-4: the class of the subject is listed by the item."""
    made, item = _made(case), _item(case)
    if made.subject_class not in item.subject_classes:
        raise broken(
            "REC-4", f"{made.code} is not about {made.subject_class}", f"{made.code} 不适用于 {made.subject_class}"
        )


@rule(
    "REC-7",
    demand=Text(
        "A batch is held by n-f different active nodes, each by its service key over manifest, root and count",
        "批次须由 n-f 个不同的在役节点以服务密钥对清单、根与数量签名确认持有",
    ),
    next_step=Text(
        "Upload the manifest to more nodes and add their signatures.", "请将清单上传至更多节点并附上其签名。"
    ),
)
def rec_7(case: RecordCase) -> None:
    """REC-7: n active nodes, f = floor((n-1)/3); every signature is by another of them and over exactly this batch."""
    batch = case.payload
    assert isinstance(batch, RecordBatch), "only batches are held"
    active = list(effective_nodes(case.view).values())
    wanted = len(active) - (len(active) - 1) // 3
    keys = {key.thumbprint: key for key in (public_of(node.service_key) for node in active)}
    signed: set[bytes] = set()
    for text in batch.held:
        try:
            data = decode_base64url(text)
            key = keys.get(read_object(data, HELD_TYP).kid)
            if key is None:
                raise broken("REC-7", "a signature is by no active node", "存在非在役节点的签名")
            verify_held(
                data,
                key,
                origin=case.context.origin,
                manifest_hash=bytes.fromhex(batch.manifest),
                root=bytes.fromhex(batch.root),
                count=batch.count,
            )
        except SuyuanError as error:
            if error.stable_code == "REC-7":
                raise
            raise broken("REC-7", f"a signature: {error.message()}", f"签名无效：{error.message('zh')}") from None
        if key.thumbprint in signed:
            name = base64url(key.thumbprint)
            raise broken("REC-7", f"key {name} signed twice", f"密钥 {name} 重复签名")
        signed.add(key.thumbprint)
    if len(signed) < wanted:
        raise broken(
            "REC-7", f"{len(signed)} of {wanted} nodes hold it", f"持有节点 {len(signed)} 个，需要 {wanted} 个"
        )


@rule(
    "REC-8",
    recorded=True,
    demand=Text(
        "Only its issuer, or the successor of a dissolved one, corrects or withdraws a record",
        "只有签发方或其解散后的继受方可以更正或撤回其信息",
    ),
    next_step=Text("Ask the issuer, or raise a dispute.", "请联系签发方或提出异议。"),
)
def rec_8(case: RecordCase) -> None:
    """REC-8: the record's issuer signs, or who inherited its place."""
    assert case.target is not None, "only changes are judged"
    issuer = case.target.record.issuer
    if inheritor(case.view, issuer) != case.context.iss:
        raise broken("REC-8", f"the record is {issuer}'s", f"该信息由 {issuer} 签发")


@rule(
    "REC-10",
    demand=Text(
        "After a correction, withdrawal or upheld dispute every holder and publisher replaces or stops by the deadline",
        "信息更正、撤回或异议成立后，每个持有方与公示方须在期限内替换或停用",
    ),
    next_step=Text("Replace the record or stop its use, and acknowledge.", "请替换或停用该信息并回执确认。"),
)
def rec_10(case: RecordCase) -> None:
    """REC-10: opens the duty of each member that holds or shows the row; it forbids nothing and never fails.

    `record.resolve` calls `stop_holders` for a dispute that is upheld.
    """
    target = case.target
    assert target is not None, "only changes are judged"
    stop_holders(case.effects, case.view, case.context, target.record_id, target.row, target.reference)


@rule(
    "CON-6",
    demand=Text("A record on contract performance cites its contract.verify", "合同履约信息须引用核验语句"),
    next_step=Text("Have the performance verified, then cite the verification.", "请先完成履约核验，再引用该核验。"),
)
def con_6(case: RecordCase) -> None:
    """CON-6: an item on performance needs `performance`; a batch has no place for one and is never about it."""
    made, item = _made(case), _item(case)
    if item.performance and made.verification is None:
        raise broken("CON-6", "no verification is cited", "未引用核验语句")


def _made(case: RecordCase) -> Attributes:
    assert case.made is not None, "only what makes a record is judged"
    return case.made


def _item(case: RecordCase) -> Item:
    """Return the item; REC-2, which comes first, has found it."""
    item = _made(case).item
    assert item is not None, "REC-2 found it"
    return item


def _put_record(case: RecordCase, payload: RecordSubmit | RecordBatch | RecordCorrect) -> Effects:
    """Put the record or batch that the statement makes, and lead the cited verification to it."""
    context, effects, made = case.context, case.effects, _made(case)
    batch = payload if isinstance(payload, RecordBatch) else None
    single = None if isinstance(payload, RecordBatch) else payload
    state = RecordState(
        issuer=context.iss,
        item=made.code,
        catalogue=made.version,
        subject_class=made.subject_class,
        subject_value="" if single is None else single.subject.value,
        epoch=payload.epoch if isinstance(payload, RecordBatch) else payload.subject.epoch,
        commitment=payload.root if isinstance(payload, RecordBatch) else payload.commitment,
        count=0 if batch is None else batch.count,
        manifest="" if batch is None else batch.manifest,
        event_day=made.event_day,
        retention_end=made.retention_end,
        severity=made.severity,
        index=context.index,
        time=context.time,
        replaces="" if case.target is None else case.target.reference,
        performance=made.performance,
    )
    effects.put(RECORD, context.id, state)
    if made.performance is not None:
        effects.edge(made.performance, context.id, "performance")
    return effects


def _make(case: RecordCase) -> Effects:
    assert isinstance(case.payload, RecordSubmit | RecordBatch)
    return _put_record(case, case.payload)


def _correct(case: RecordCase) -> Effects:
    assert isinstance(case.payload, RecordCorrect)
    _end(case, "corrected", "corrects")
    return _put_record(case, case.payload)


def _withdraw(case: RecordCase) -> Effects:
    _end(case, "withdrawn", "withdraws")
    return case.effects


def _end(case: RecordCase, how: Literal["corrected", "withdrawn"], edge: str) -> None:
    """The version that was in force ends, and leads to the statement that ended it."""
    target, context = case.target, case.context
    assert target is not None, "only changes end a record"
    ended = EndedState(how=how, by=context.id, index=context.index, time=context.time)
    case.effects.put(ENDED, target.record_id, ended, row_suffix(target.row))
    case.effects.edge(target.record_id, context.id, edge, target.ranges)
    pro_5(case.effects, case.view, context, ReferenceSet(((target.record_id, target.ranges),)))


_MAKING = (rec_1, rec_2, rec_3, rec_4, gov_9)

handle(KindRules("record.submit", RecordSubmit, record_needs, record_case, (*_MAKING, con_6), _make))
handle(KindRules("record.batch", RecordBatch, record_needs, record_case, (*_MAKING, rec_7, con_6), _make))
# What is attempted here is first of all a change of somebody's record, so REC-8 is judged before REC-1.
handle(
    KindRules(
        "record.correct",
        RecordCorrect,
        record_needs,
        record_case,
        (rec_2, rec_3, rec_4, gov_9, rec_8, rec_1, rec_10, con_6),
        _correct,
    )
)
handle(KindRules("record.withdraw", RecordWithdraw, record_needs, record_case, (rec_8, rec_10), _withdraw))
