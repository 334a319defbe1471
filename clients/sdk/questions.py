"""Calls for questions 4, 7, 8, 10, 11 and 12, governance and cases: the request and the reader of its answer (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from clients.sdk.answers import Answer, Json, read_json
from clients.sdk.wire import Call, Pairs, Request

CaseQuestion = Literal["forward", "back", "holders", "statement", "findings", "duties", "refusals"]
"""What an investigator may ask under a case."""


def closure(statement: str, as_of: int | None = None) -> Call[Answer]:
    """Question 7: who must act on a repair, revocation, correction or erasure, who did, who is late."""
    return question(f"/v1/closures/{_part(statement)}", as_of=as_of)


def publication_parity(site: str, as_of: int | None = None) -> Call[Answer]:
    """Question 8: every copy of what is public on a site beside the publisher's."""
    return question("/v1/publications/parity", (("site", site),), as_of)


def usage(source: str | None = None, first: int = 0, as_of: int | None = None) -> Call[Answer]:
    """Question 10: usage per source, item and grantee, by statements from log index `first` on."""
    return question("/v1/usage", _counting(source, first), as_of)


def quality(source: str | None = None, first: int = 0, as_of: int | None = None) -> Call[Answer]:
    """Question 11: timeliness and completeness per source, by statements from log index `first` on."""
    return question("/v1/quality", _counting(source, first), as_of)


def product_standing(product: str, as_of: int | None = None) -> Call[Answer]:
    """Question 12: whether a product still stands, and which of its inputs changed."""
    return question(f"/v1/products/{_part(product)}/standing", as_of=as_of)


def proposals(status: str | None = None, as_of: int | None = None) -> Call[Answer]:
    """What regulators propose, with their votes; of one status when given."""
    return question("/v1/governance/proposals", () if status is None else (("status", status),), as_of)


def nodes(as_of: int | None = None) -> Call[Answer]:
    """The nodes that sign what follows the size, and their quorum."""
    return question("/v1/governance/nodes", as_of=as_of)


def member_history(uscc: str, as_of: int | None = None) -> Call[Answer]:
    """How a member stood, and every decision about it."""
    return question(f"/v1/members/{_part(uscc)}/history", as_of=as_of)


def subject_report(
    tags: Sequence[tuple[str, int]], given: object = None, mandate: str | None = None, as_of: int | None = None
) -> Call[Answer]:
    """Question 4 about an institution by its tags (value, epoch); `given` are references of rows from manifests."""
    subjects = [{"value": value, "epoch": epoch} for value, epoch in tags]
    return _asking("/v1/subjects/report", {"subjects": subjects, "given": given, "mandate": mandate, "as_of": as_of})


def person_report(
    request: str, scope: Json, given: object = None, requests: Sequence[str] = (), as_of: int | None = None
) -> Call[Answer]:
    """Question 4 about a person, by the member that access.request `request` asks; `scope` is its opened scope."""
    body = {"scope": scope, "given": given, "requests": list(requests) or None, "as_of": as_of}
    return _asking(f"/v1/access/{_part(request)}/report", body)


def case_custody(case: str, as_of: int | None = None) -> Call[Answer]:
    """The chain of custody of a case."""
    return question(f"/v1/cases/{_part(case)}", as_of=as_of)


def case_question(case: str, scope: Json, name: CaseQuestion, **more: str | int | None) -> Call[Answer]:
    """A question of a case's investigator within its opened `scope`.

    `more` are `reference` (for forward, back, holders, statement), `party` (for findings, duties, refusals),
    `statement`, `at` and `as_of`.
    """
    return _asking(f"/v1/cases/{_part(case)}/questions", {"scope": scope, "question": name, **more})


def _asking(path: str, body: Json) -> Call[Answer]:
    data = msgspec.json.encode({name: value for name, value in body.items() if value is not None})
    headers = (("accept", "application/json"), ("content-type", "application/json"))
    return Call(Request("POST", path, (), headers, data), read_json(Answer, path), bearer=True)


def question(path: str, query: Pairs = (), as_of: int | None = None) -> Call[Answer]:
    """Return the call of any question by its path, at a tree size or at the head."""
    asked = query if as_of is None else (*query, ("as_of", str(as_of)))
    return Call(Request("GET", path, asked, (("accept", "application/json"),)), read_json(Answer, path), bearer=True)


def _counting(source: str | None, first: int) -> Pairs:
    return (*(() if source is None else (("source", source),)), *((("first", str(first)),) if first else ()))


def _part(text: str) -> str:
    # One path segment, whatever stands in it.
    return quote(text, safe=":")
