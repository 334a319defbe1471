"""Incidents, cases, erasures and access for tests: payloads that are admitted as they stand, each changed by a test."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.encoding import base64url
from ledger.references import ReferenceSet
from ledger.scope_commitment import ScopeOpening
from ledger.times import format_time
from tests.ledger.rules.handing import days
from tests.world import World, changed, digest_of

SALT = bytes(range(32))
Payload = dict[str, object]


def scope_of(references: Sequence[object] = (), members: Sequence[str] = ()) -> ScopeOpening:
    """Return a scope with the tests' salt."""
    return ScopeOpening(SALT, ReferenceSet.from_json(references), tuple(sorted(members)))


def erasure(references: Sequence[object], **changes: object) -> Payload:
    """Return an erasure.request payload."""
    return changed({"references": references, "ground": "retention"}, changes)


def attest(request: str, **changes: object) -> Payload:
    """Return an erasure.attest payload: everything is destroyed."""
    return changed({"request": request, "destroyed": ["packages", "values"]}, changes)


def case_open(world: World) -> str:
    """Open a case by the investigator."""
    return world.do("investigator", "case.open", {"complaint": digest_of("complaint")})


def authorise(world: World, case: str, scope: ScopeOpening | None = None, **changes: object) -> Payload:
    """Return a case.authorise payload for thirty days."""
    commitment = (scope or scope_of()).commitment()
    until = format_time(world.time + days(30))
    return changed({"case": case, "scope": commitment, "until": until}, changes)


def authorised_case(world: World, scope: ScopeOpening | None = None) -> str:
    """Open a case and have it authorised."""
    case = case_open(world)
    world.do("regulator", "case.authorise", authorise(world, case, scope))
    return case


def extracted(world: World, case: str) -> str:
    """Log an exhibit and its extract; returns the extract."""
    exhibit = world.do("investigator", "case.exhibit", {"case": case, "exhibit": digest_of("file"), "form": "file"})
    return world.do("investigator", "case.extract", extract(case, exhibit))


def extract(case: str, exhibit: str) -> Payload:
    """Return a case.extract payload."""
    return {"case": case, "exhibit": exhibit, "extract": digest_of("read"), "extractor": digest_of("extractor")}


def finding(case: str, *extracts: str, **changes: object) -> Payload:
    """Return a case.finding payload."""
    stated: Payload = {
        "case": case,
        "extracts": sorted(extracts),
        "outcome": "strong",
        "result": digest_of("result"),
        "method": "marks-1",
        "bound": 1_000_000,
    }
    return changed(stated, changes)


def incident(world: World, scope: ScopeOpening, **changes: object) -> Payload:
    """Return an incident.open payload for something noticed now."""
    stated: Payload = {
        "category": "leak",
        "noticed_at": format_time(world.time),
        "affected": scope.commitment(),
    }
    return changed(stated, changes)


def notify(id_: str, scope: ScopeOpening, **changes: object) -> Payload:
    """Return the incident.notify payload that opens `scope`."""
    stated: Payload = {"incident": id_, "salt": base64url(scope.salt), "members": list(scope.members)}
    if scope.references:
        stated["references"] = scope.references.to_json()
    return changed(stated, changes)


def contain(id_: str) -> Payload:
    """Return an incident.contain payload."""
    return {"incident": id_, "measures": digest_of("measures")}


def mandate(world: World, **changes: object) -> str:
    """Open a mandate of the agent for a year."""
    stated: Payload = {
        "purpose": "credit",
        "evidence": digest_of("signed mandate"),
        "until": format_time(world.time + days(365)),
    }
    return world.do("agent", "mandate.open", changed(stated, changes))
