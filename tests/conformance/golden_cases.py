"""What the golden log says of an incident, its case, a hold, an erasure and access, with attempts that break a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ledger.rules.casework import (
    Payload,
    attest,
    authorise,
    contain,
    erasure,
    extract,
    finding,
    incident,
    notify,
    scope_of,
)
from tests.ledger.rules.handing import days, single
from tests.world import digest_of

if TYPE_CHECKING:
    from tests.conformance.golden_story import Story


def investigate(story: Story) -> None:
    """An incident over two members and its case; what the case holds is erased when the hold is gone."""
    world = story.world
    record = story.one("source", "record.submit", world.record())
    scope = scope_of(single(record), [world.uscc("source"), world.uscc("service")])
    opened = story.one("source", "incident.open", incident(world, scope))
    complaint: Payload = {"complaint": digest_of("complaint"), "incident": opened}
    story.one("auditor", "case.open", complaint)
    case = story.one("investigator", "case.open", complaint)
    held: Payload = {"case": case, "references": single(record)}
    story.one("investigator", "hold.place", held)
    story.one("regulator", "case.authorise", authorise(world, case, scope))
    hold = story.one("investigator", "hold.place", held)
    asked = story.one("source", "erasure.request", erasure(single(record)))
    exhibit = story.one("investigator", "case.exhibit", {"case": case, "exhibit": digest_of("file"), "form": "file"})
    read = story.one("investigator", "case.extract", extract(case, exhibit))
    story.one("investigator", "case.finding", finding(case, read, named=[world.uscc("service")]))
    story.one("investigator", "case.close", {"case": case, "outcome": "attributed"})
    story.one("service", "case.respond", {"case": case, "response": digest_of("response")})
    _access(story, record, case)
    story.one("investigator", "hold.lift", {"hold": hold})
    story.one("investigator", "case.close", {"case": case, "outcome": "attributed"})
    story.one("source", "erasure.attest", attest(asked))
    story.one("source", "incident.notify", notify(opened, scope))
    for member in ("source", "service"):
        story.one(member, "incident.contain", contain(opened))
    story.one("regulator", "incident.close", {"incident": opened, "outcome": "resolved"})
    world.advance(days(1))
    story.block()


def _access(story: Story, record: str, case: str) -> None:
    """A request that rests on nothing, one that rests on the case, and its answer."""
    world = story.world
    question: Payload = {"holder": world.uscc("source"), "scope": scope_of(single(record)).commitment()}
    story.one("agent", "access.request", question)
    asked = story.one("investigator", "access.request", {**question, "case": case})
    story.one("source", "access.answer", {"request": asked, "answer": digest_of("answer")})
