"""Publication, lists and repair for tests: a world whose catalogue has all of it, and payloads to be admitted."""

from __future__ import annotations

from typing import cast

import msgspec

from ledger.kinds.genesis import Field, Item, Label, Measure
from ledger.state.tables import DUTY, DutyState
from ledger.times import DAY_MS, day_of
from tests.world import World, changed, digest_of
from tests.world_genesis import BASIS, founding_genesis, uscc_of

FIELDS = ["CF_JDRQ", "CF_SY", "CF_WSH"]
SITE, MIRROR_SITE = "credit.example", "mirror.example"
LAW = msgspec.to_builtins(BASIS)
POLICY_RANK = {**LAW, "rank": "central_policy"}


def civic_world() -> World:
    """Return a ledger whose catalogue has a limited field, an item published of persons, two lists and a measure."""
    genesis = founding_genesis()
    label = Label(zh="示例", en="Example")
    items = []
    for item in genesis.catalogue.items:
        if item.code == "penalty":
            limited = Field(name="CF_LIMITED", type="text", sensitivity="limited", evaluable=False)
            item = msgspec.structs.replace(item, fields=[*item.fields, limited])
        items.append(item)
    shown = Field(name="honour", type="text", sensitivity="public", evaluable=False)
    items.append(
        Item(
            code="honour_person",
            name=label,
            adverse=False,
            subject_classes=["person"],
            fields=[shown],
            basis=BASIS,
            retention_days=1000,
            sources=[uscc_of("source")],
            publish_persons=True,
            repair_authority=uscc_of("source"),
        )
    )
    measure = Measure(code="MEA1", name=label, basis=BASIS, authority=uscc_of("hub"), takes_rights=True)
    praise = Measure(code="PRAISE", name=label, basis=BASIS, authority=uscc_of("regulator"), takes_rights=False)
    lists = [*genesis.catalogue.lists, praise]
    catalogue = msgspec.structs.replace(genesis.catalogue, items=items, lists=lists, measures=[measure])
    return World(msgspec.structs.replace(genesis, catalogue=catalogue))


def day(world: World, ahead: int = 0) -> str:
    """Return the day of the next block, or one that lies ahead."""
    return day_of(world.time + ahead * DAY_MS)


def start(world: World, reference: str, **changes: object) -> dict[str, object]:
    """Return a publication.start payload for a hundred days."""
    stated: dict[str, object] = {
        "reference": reference,
        "site": SITE,
        "fields": FIELDS,
        "content": digest_of("public content"),
        "end_day": day(world, 100),
    }
    return changed(stated, changes)


def publish(world: World, reference: str, **changes: object) -> str:
    """Publish on the publisher's site."""
    return world.do("publisher", "publication.start", start(world, reference, **changes))


def mirror(world: World, publication: str, **changes: object) -> dict[str, object]:
    """Return a publication.mirror payload that equals `start`."""
    stated: dict[str, object] = {
        "publication": publication,
        "site": MIRROR_SITE,
        "content": digest_of("public content"),
        "end_day": day(world, 100),
    }
    return changed(stated, changes)


def observe(world: World, publication: str, **changes: object) -> dict[str, object]:
    """Return a publication.observe payload that saw what `start` shows, today."""
    stated: dict[str, object] = {
        "publication": publication,
        "content": digest_of("public content"),
        "end_day": day(world, 100),
        "seen_on": day(world),
        "capture": digest_of("capture"),
    }
    return changed(stated, changes)


def stop(publication: str, **changes: object) -> dict[str, object]:
    """Return a publication.stop payload."""
    return changed({"publication": publication, "reason": "repaired"}, changes)


def enter(world: World, record: str, **changes: object) -> dict[str, object]:
    """Return a list.enter payload on the ground of one record of the enterprise that `penalty_of` names."""
    stated: dict[str, object] = {
        "list": "LST1",
        "subject": subject(),
        "grounds": [record],
        "basis": LAW,
        "end_day": day(world, 300),
    }
    return changed(stated, changes)


def subject(name: str = "enterprise one") -> dict[str, object]:
    """Return a subject that is no person."""
    return {"class": "enterprise", "value": digest_of(name), "epoch": 1}


def penalty(world: World, name: str = "enterprise one", **changes: object) -> str:
    """Submit a penalty of that enterprise."""
    return world.do("source", "record.submit", world.record(changes={"subject": subject(name), **changes}))


def apply(world: World, entry: str, **changes: object) -> dict[str, object]:
    """Return a measure.apply payload."""
    return changed({"measure": "MEA1", "entry": entry, "basis": LAW, "end_day": day(world, 200)}, changes)


def approve(world: World, reference: str, applicant: str = "supplier", **changes: object) -> str:
    """Apply, register and approve; returns the decision's id."""
    payload = changed({"reference": reference, "evidence": digest_of("evidence")}, changes)
    application = world.do(applicant, "repair.apply", payload)
    world.do("source", "repair.accept", {"application": application})
    decision = {"application": application, "outcome": "approved", "reason": digest_of("reason")}
    return world.do("source", "repair.decide", decision)


def duties(world: World, opener: str) -> list[DutyState]:
    """Return the duties that hang on a statement, in order of their suffix."""
    keys = sorted(key for key in world.state.rows if key[:2] == (DUTY.name, opener))
    return [cast("DutyState", world.state.rows[key]) for key in keys]


def brief(world: World, opener: str) -> set[tuple[str, str, str, bool]]:
    """Return kind, party, about and whether it is met, of each duty that hangs on a statement."""
    return {(duty.kind, duty.party, duty.about, duty.met_by is not None) for duty in duties(world, opener)}
