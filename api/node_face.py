"""What every route shares: the node's service, the gate for tokens, and the members' rates."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from api.access import Caller, Gate
from api.limits import Limits
from node.front_service import NodeService


@dataclass(frozen=True, slots=True)
class NodeFace:
    """The node as the routes see it."""

    service: NodeService
    gate: Gate
    limits: Limits

    @classmethod
    def of(cls, service: NodeService, clock: Callable[[], float] = time.time) -> NodeFace:
        """Make the face of a service; tokens are for the node's name."""
        gate = Gate(service.log.node, service.reader.resident, lambda: int(clock()))
        return cls(service, gate, Limits(service.reader.resident))

    @property
    def patience(self) -> float:
        """Seconds that a request body is given before its pace counts."""
        return float(self.service.settings.body_seconds)

    def caller(self, request: Request) -> Caller:
        """Return the member that asks; raises TokenMissing, TokenWrong or MemberInactive."""
        return self.gate.caller(request)
