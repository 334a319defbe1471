"""Question 7 and 12: who must still act on an end, and whether a product still holds.

Whoever signed what is asked about, those whose records it concerns, and overseers see the whole answer. Who only has to
act sees its own part; who only knows a product's id learns whether it stands.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access import Caller, RoleMissing
from api.node_face import NodeFace
from api.routes.answers import Asked, AsOf
from api.routes.questions import StatementIdPath
from ledger.lineage.answers import Step
from ledger.lineage.closure import Closure, closure
from ledger.lineage.products import ProductStanding, product_standing
from ledger.state.tables import RECORD, RecordState
from ledger.state.view import Need
from node.front_service import Reader

OVERSEERS = ("auditor", "regulator")


class ProductVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What anybody who knows a product's id may learn of it: whether it stands, and what took its place."""

    product: str
    issuer: str
    form: str
    issued: Step
    stands: bool
    replaced: str


def issuers_of(reader: Reader, lists: Collection[str]) -> set[str]:
    """Return who issued the records among `lists`."""
    rows = reader.state([Need(RECORD.name, id_) for id_ in lists])
    return {row.issuer for row in rows.values() if isinstance(row, RecordState)}


def own_part(found: Closure, party: str) -> Closure | None:
    """Return what of a closure a party has to do itself and did; None where that is nothing."""
    actors = tuple(actor for actor in found.actors if actor.party == party)
    if not actors:
        return None
    used = tuple(use for use in found.used_after if use.party == party)
    ids = {found.statement, *(actor.opener for actor in actors), *(use.statement for use in used)}
    ids |= {actor.met_by for actor in actors if actor.met_by is not None}
    return msgspec.structs.replace(
        found,
        statements=tuple(sorted(ids)),
        references=(),
        closed=all(actor.met_by is not None for actor in actors),
        actors=actors,
        used_after=used,
    )


def _whole(reader: Reader, caller: Caller, found: Closure) -> bool:
    """Whether the caller signed what ended, applied for it, or issued the records that it concerns."""
    if caller.has(*OVERSEERS):
        return True
    applied = [edge.source for edge in reader.edges_to([found.statement], found.as_of) if edge.kind == "decides"]
    signers = {row.iss for row in reader.statements([found.statement, *applied]).values()}
    return caller.uscc in signers | issuers_of(reader, [list_ for list_, _ in found.references])


def _verdict(found: ProductStanding) -> ProductVerdict:
    return ProductVerdict(
        product=found.product,
        issuer=found.issuer,
        form=found.form,
        issued=found.issued,
        stands=found.stands,
        replaced=found.replaced,
    )


def router(face: NodeFace) -> APIRouter:
    """Return the routes of these questions."""
    reader = face.service.reader
    asked = Asked(reader)
    api = APIRouter(prefix="/v1", tags=["questions"])

    @api.get("/closures/{id}", summary="Question 7: who must act on an end, who did, who is late")
    async def closing(request: Request, id: StatementIdPath, as_of: AsOf = None) -> Response:  # noqa: A002
        caller = face.caller(request)
        at = asked.size(as_of)
        found: Closure | None = closure(reader, id, at)
        assert found is not None
        if not _whole(reader, caller, found):
            found = own_part(found, caller.uscc)
        if found is None:
            raise RoleMissing(member=caller.uscc, needed=", ".join(("its parties", *OVERSEERS)))
        return asked.answer(found, at, found.statements)

    @api.get("/products/{id}/standing", summary="Question 12: is this report still true?")
    async def standing(request: Request, id: StatementIdPath, as_of: AsOf = None) -> Response:  # noqa: A002
        caller = face.caller(request)
        at = asked.size(as_of)
        found = product_standing(reader, id, at)
        whole = caller.uscc == found.issuer or caller.has(*OVERSEERS)
        if whole or caller.uscc in issuers_of(reader, [list_ for list_, _ in found.inputs]):
            return asked.answer(found, at, found.statements)
        return asked.answer(_verdict(found), at, [id, *([found.replaced] if found.replaced else [])])

    return api
