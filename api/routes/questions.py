"""Questions 1, 2, 3, 5 and 9, each as of any past head.

Every answer names the tree it was given for, the statements it rests on (each can be proven by its tlog-proof) and how
it is complete: "replay", that is by re-executing the log.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.access import Caller, RoleMissing, require_party
from api.node_face import NodeFace
from api.routes.answers import Asked, AsOf
from api.routes.statements import parties_of
from ledger.errors import NotFoundError
from ledger.lineage.contracts import contract_view
from ledger.lineage.grants import grant_tree
from ledger.lineage.holders import holders
from ledger.lineage.trace import trace_back, trace_forward
from ledger.state.authority_tables import PRODUCT, ProductState
from ledger.state.tables import CONTRACT, GRANT, HOLDING, RECORD, TRANSFER, HoldingState, RecordState, TransferState
from ledger.state.view import Need

TRACERS = ("auditor",)
OVERSEERS = ("auditor", "regulator")

StatementIdPath = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
ReferenceQuery = Annotated[
    str, Query(pattern="^[0-9a-f]{64}(:[0-9]{1,8})?$", description="statement id, or <statement id>:<row>")
]


def check_trace(face: NodeFace, caller: Caller, reference: str) -> None:
    """Let auditors, the record's issuer and its holders trace it; raises RoleMissing.

    An investigator asks under an authorised case (INC-4, `api.routes.cases`). Who made a product traces it as well.
    """
    if caller.has(*TRACERS):
        return
    anchor, _, row = reference.partition(":")
    rows = face.service.reader.state(
        [
            Need(RECORD.name, anchor),
            Need(HOLDING.name, anchor, caller.uscc),
            Need(TRANSFER.name, anchor),
            Need(PRODUCT.name, anchor),
        ]
    )
    product = rows.get((PRODUCT.name, anchor, ""))
    if isinstance(product, ProductState) and product.issuer == caller.uscc:
        return
    record, transfer = rows.get((RECORD.name, anchor, "")), rows.get((TRANSFER.name, anchor, ""))
    own = isinstance(record, RecordState) and record.issuer == caller.uscc
    party = isinstance(transfer, TransferState) and caller.uscc in (transfer.sender, transfer.receiver)
    holding = rows.get((HOLDING.name, anchor, caller.uscc))
    holds = isinstance(holding, HoldingState) and _holds(holding, row)
    if not own and not party and not holds:
        raise RoleMissing(member=caller.uscc, needed=", ".join(("its issuer and holders", *TRACERS)))


def _holds(holding: HoldingState, row: str) -> bool:
    """Whether a member's holdings in a list have the row asked about; the list itself ("") they always have."""
    if not row:
        return True
    ranges = [pair for entry in holding.entries for pair in entry.ranges]
    return any(first <= int(row) <= last for first, last in ranges)


def router(face: NodeFace) -> APIRouter:
    """Return the routes of these questions."""
    reader = face.service.reader
    asked = Asked(reader)
    api = APIRouter(prefix="/v1", tags=["questions"])

    @api.get("/trace/forward", summary="Question 1: everywhere this went, hop by hop")
    async def forward(request: Request, reference: ReferenceQuery, as_of: AsOf = None) -> Response:
        check_trace(face, face.caller(request), reference)
        at = asked.size(as_of)
        found = trace_forward(reader, reference, at)
        return asked.answer(found, at, found.statements)

    @api.get("/trace/back", summary="Question 2: everything this came from")
    async def back(request: Request, reference: ReferenceQuery, as_of: AsOf = None) -> Response:
        check_trace(face, face.caller(request), reference)
        at = asked.size(as_of)
        found = trace_back(reader, reference, at)
        return asked.answer(found, at, found.statements)

    @api.get("/trace/holders", summary="Question 3: who held it at a point of the log, and could they still")
    async def who_held(
        request: Request,
        reference: ReferenceQuery,
        at: Annotated[int | None, Query(ge=0, description="log index; the newest when left out")] = None,
    ) -> Response:
        check_trace(face, face.caller(request), reference)
        size = asked.size(None)
        found = holders(reader, reference, size - 1 if at is None else asked.size(at + 1) - 1, size)
        return asked.answer(found, size, found.statements)

    @api.get("/grants/{id}/tree", summary="Question 5: the grant tree, its hand-overs and what is left")
    async def tree(request: Request, id: StatementIdPath, as_of: AsOf = None) -> Response:  # noqa: A002
        caller = face.caller(request)
        rows = reader.state([Need(GRANT.name, id)])
        require_party(caller, parties_of(rows), *OVERSEERS)
        if not rows:
            raise NotFoundError(what_kind="grant", name=id)
        at = asked.size(as_of)
        found = grant_tree(reader, id, at)
        return asked.answer(found, at, found.statements)

    @api.get("/contracts/{id}", summary="Question 9: value, milestones, payments, verification, disagreements")
    async def contract(request: Request, id: StatementIdPath, as_of: AsOf = None) -> Response:  # noqa: A002
        caller = face.caller(request)
        rows = reader.state([Need(CONTRACT.name, id)])
        require_party(caller, parties_of(rows), *OVERSEERS, "verifier")
        if not rows:
            raise NotFoundError(what_kind="contract", name=id)
        at = asked.size(as_of)
        found = contract_view(reader, id, at)
        return asked.answer(found, at, found.statements)

    return api
