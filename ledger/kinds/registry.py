"""The one list of statement kinds: name → payload type, and decoding of a payload into it.

`decode_payload` is the form check of a kind: unknown fields, missing fields, wrong types and values
outside their patterns are `PayloadError`. Rules never look at raw dictionaries.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ledger.errors import FormError, Text
from ledger.kinds.access import AccessAnswer, AccessRequest
from ledger.kinds.cases import (
    CaseAuthorise,
    CaseClose,
    CaseExhibit,
    CaseExtract,
    CaseFinding,
    CaseOpen,
    CaseRespond,
)
from ledger.kinds.consents import ConsentGive, ConsentWithdraw, MandateEnd, MandateOpen
from ledger.kinds.contracts import (
    ContractAmend,
    ContractClose,
    ContractMilestone,
    ContractPayment,
    ContractRegister,
    ContractVerify,
)
from ledger.kinds.disputes import RecordDispute, RecordResolve
from ledger.kinds.erasures import ErasureAttest, ErasureRequest, HoldLift, HoldPlace
from ledger.kinds.fields import Payload
from ledger.kinds.governance import GovernanceApprove, GovernancePropose, GovernanceReject, LinkingEpoch
from ledger.kinds.grants import (
    GrantAccept,
    GrantDecline,
    GrantExtend,
    GrantIssue,
    GrantRequest,
    GrantRevoke,
)
from ledger.kinds.incidents import IncidentClose, IncidentContain, IncidentNotify, IncidentOpen
from ledger.kinds.keys import KeyAdd, KeyRevoke, KeyRotate
from ledger.kinds.products import ProductIssue, QueryBatch
from ledger.kinds.publication import (
    ListEnter,
    ListExit,
    MeasureApply,
    MeasureLift,
    PledgeBreach,
    PledgeFulfil,
    PledgeMake,
    PublicationMirror,
    PublicationObserve,
    PublicationStart,
    PublicationStop,
    RepairAccept,
    RepairApply,
    RepairDecide,
    StopAcknowledge,
)
from ledger.kinds.records import RecordBatch, RecordCorrect, RecordSubmit, RecordWithdraw
from ledger.kinds.transfers import (
    TransferAccept,
    TransferCancel,
    TransferConfirm,
    TransferDispute,
    TransferOffer,
    TransferRefuse,
    TransferRelease,
    UseReport,
)

_TYPES: tuple[type[Payload], ...] = (
    GovernancePropose,
    GovernanceApprove,
    GovernanceReject,
    KeyAdd,
    KeyRotate,
    KeyRevoke,
    LinkingEpoch,
    RecordSubmit,
    RecordBatch,
    RecordCorrect,
    RecordWithdraw,
    RecordDispute,
    RecordResolve,
    ErasureRequest,
    ErasureAttest,
    HoldPlace,
    HoldLift,
    PublicationStart,
    PublicationStop,
    PublicationMirror,
    PublicationObserve,
    ListEnter,
    ListExit,
    MeasureApply,
    MeasureLift,
    RepairApply,
    RepairAccept,
    RepairDecide,
    StopAcknowledge,
    PledgeMake,
    PledgeFulfil,
    PledgeBreach,
    ContractRegister,
    ContractAmend,
    ContractClose,
    ContractMilestone,
    ContractPayment,
    ContractVerify,
    ConsentGive,
    ConsentWithdraw,
    MandateOpen,
    MandateEnd,
    GrantRequest,
    GrantDecline,
    GrantIssue,
    GrantExtend,
    GrantAccept,
    GrantRevoke,
    TransferOffer,
    TransferAccept,
    TransferRelease,
    TransferConfirm,
    TransferDispute,
    TransferRefuse,
    TransferCancel,
    QueryBatch,
    UseReport,
    ProductIssue,
    IncidentOpen,
    IncidentContain,
    IncidentNotify,
    IncidentClose,
    CaseOpen,
    CaseAuthorise,
    CaseExhibit,
    CaseExtract,
    CaseFinding,
    CaseRespond,
    CaseClose,
    AccessRequest,
    AccessAnswer,
)

KINDS: Mapping[str, type[Payload]] = {str(t.__struct_config__.tag): t for t in _TYPES}
"""Every statement kind by its name, in the order of the specification."""


class UnknownKind(FormError):
    """The payload's kind is not one of `KINDS`."""

    code = "payload.unknown_kind"
    what = Text("There is no statement kind {kind}.", "不存在语句类型 {kind}。")
    next_step = Text("`suyuan schema --list` names the kinds.", "运行 `suyuan schema --list` 查看全部类型。")


class PayloadError(FormError):
    """The payload does not fit the schema of its kind."""

    code = "payload.schema"
    what = Text("The payload does not fit the schema of {kind}: {detail}.", "载荷不符合 {kind} 的结构：{detail}。")
    why = Text("Unknown, missing or ill-typed fields are malformed.", "未知、缺失或类型错误的字段均视为格式错误。")
    next_step = Text("Compare it with `suyuan schema {kind}`.", "请与 `suyuan schema {kind}` 的输出对照。")


def decode_payload(kind: str, payload: Mapping[str, object]) -> Payload:
    """Return `payload` (decoded JSON object) as the payload type of `kind`.

    Raises `UnknownKind` or `PayloadError`; the message names the path of the first offending field.
    """
    payload_type = KINDS.get(kind)
    if payload_type is None:
        raise UnknownKind(kind=kind[:60])
    try:
        return msgspec.convert(payload, payload_type, strict=True)
    except msgspec.ValidationError as error:
        raise PayloadError(kind=kind, detail=str(error)) from None


def json_schema(kind: str) -> dict[str, object]:
    """Return the JSON Schema (2020-12) of the payload of `kind`; raises `UnknownKind`."""
    payload_type = KINDS.get(kind)
    if payload_type is None:
        raise UnknownKind(kind=kind[:60])
    schema: dict[str, object] = msgspec.json.schema(payload_type)
    return schema
