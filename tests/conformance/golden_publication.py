"""What the golden log says of publication, lists, repair, acknowledged stops and pledges, last of all.

A second catalogue version adds a measure first; whatever was told before used version 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ledger.kinds.genesis import Label, Measure
from ledger.times import format_time
from tests.ledger.rules import governing, handing, publishing
from tests.ledger.rules.handing import days, single
from tests.world import World, digest_of
from tests.world_genesis import BASIS, founding_genesis, uscc_of

if TYPE_CHECKING:
    from tests.conformance.golden_story import Story

Payload: TypeAlias = dict[str, object]
VERSION = 2


def publish_and_repair(story: Story) -> None:
    """A penalty is published, mirrored, listed and handed on; repair ends all of it; a pledge is kept, one broken."""
    _new_catalogue(story)
    world = story.world
    subject = publishing.subject()
    record = story.one(
        "source", "record.submit", world.record(changes={"subject": subject, "catalogue": VERSION, "severity": "minor"})
    )
    shown = publishing.start(world, record, end_day=publishing.day(world, 60))
    too_long = publishing.start(world, record, end_day=publishing.day(world, 1000))
    story.one("publisher", "publication.start", too_long)
    publication = story.one("publisher", "publication.start", shown)
    copy = publishing.mirror(world, publication, end_day=publishing.day(world, 60))
    story.one("service", "publication.mirror", copy)
    seen = publishing.observe(world, publication, end_day=publishing.day(world, 61))
    story.one("agent", "publication.observe", seen)
    entry = story.one("regulator", "list.enter", publishing.enter(world, record))
    measure = story.one("hub", "measure.apply", publishing.apply(world, entry))
    offer = _hand_on(story, record)
    application = story.one("supplier", "repair.apply", {"reference": record, "evidence": digest_of("evidence")})
    story.one("source", "repair.accept", {"application": application})
    decision: Payload = {"application": application, "outcome": "approved", "reason": digest_of("reason")}
    decided = story.one("source", "repair.decide", decision)
    story.one("publisher", "publication.stop", publishing.stop(publication))
    story.one("regulator", "list.exit", {"entry": entry, "reason": "repaired"})
    story.one("hub", "measure.lift", {"measure": measure, "reason": "exited"})
    acknowledged: Payload = {"order": decided, "about": record, "stopped": single(record)}
    story.one("lender", "stop.acknowledge", acknowledged)
    story.one("lender", "use.report", _use(world, offer))
    _pledges(story, subject)
    world.advance(days(1))
    story.block()


def _hand_on(story: Story, record: str) -> str:
    """Hand the record to the lender in five steps; return the offer."""
    world = story.world
    issued = story.one("source", "grant.issue", handing.grant(world))
    taken = story.one("lender", "grant.accept", {"grant": issued})
    said = handing.offer(world, handing.Given(issued, taken), single(record))
    offer = story.one("source", "transfer.offer", said)
    story.one("lender", "transfer.accept", handing.accept(offer))
    story.one("source", "transfer.release", handing.release(offer))
    story.one("lender", "transfer.confirm", handing.confirm(offer))
    return offer


def _use(world: World, offer: str) -> Payload:
    return {
        "transfer": offer,
        "purpose": "credit.lending.approval",
        "used_at": format_time(world.time),
        "outcome": digest_of("outcome after repair"),
    }


def _pledges(story: Story, subject: Payload) -> None:
    world = story.world
    for outcome in ("pledge.fulfil", "pledge.breach"):
        made: Payload = {
            "subject": subject,
            "authority": world.uscc("source"),
            "what": digest_of(f"what is pledged before {outcome}"),
            "due_day": publishing.day(world, 30),
        }
        pledge = story.one("supplier", "pledge.make", made)
        story.one("source", outcome, {"pledge": pledge, "evidence": digest_of("evidence")})


def _new_catalogue(story: Story) -> None:
    catalogue = founding_genesis().catalogue
    measure = Measure(
        code="MEA1", name=Label(zh="示例", en="Example"), basis=BASIS, authority=uscc_of("hub"), takes_rights=True
    )
    newer = msgspec.structs.replace(catalogue, version=VERSION, measures=[measure])
    proposal = story.one("regulator", "governance.propose", {"action": governing.publish(newer)})
    story.one("regulator_b", "governance.approve", {"proposal": proposal})
