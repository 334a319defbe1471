"""Question 8: publication parity of a site at every size."""

from __future__ import annotations

import msgspec
import pytest

from ledger.lineage.parity import DIFFERENCES, Line, Parity, SiteUnknown, publication_parity
from ledger.times import DAY_MS
from tests.ledger.lineage.test_closure import replayed
from tests.ledger.rules.publishing import (
    MIRROR_SITE,
    SITE,
    civic_world,
    day,
    mirror,
    observe,
    penalty,
    publish,
    stop,
)
from tests.ledger.rules.test_publication import tick
from tests.world import World, digest_of


def ask(world: World, site: str = SITE, as_of: int | None = None) -> Parity:
    source = replayed(world)
    found = publication_parity(source, site, source.head().size if as_of is None else as_of)
    assert set(found.statements) == set(source.statements(found.statements))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Parity) == found
    assert {name for line in found.lines for name in line.differences} <= set(DIFFERENCES)
    return found


def of(found: Parity, copy: str) -> Line:
    return next(line for line in found.lines if line.copy.statement == copy)


def test_every_copy_stands_beside_the_publication_with_both_statements() -> None:
    world = civic_world()
    record, other = penalty(world), penalty(world)
    lead, second = publish(world, record), publish(world, other)
    good = world.do("service", "publication.mirror", mirror(world, lead))
    early = world.head.size
    bad = world.do("service", "publication.mirror", mirror(world, second, content=digest_of("x"), end_day=day(world)))
    found = ask(world)
    assert [line.copy.statement for line in found.lines] == [lead, good, second, bad]
    assert of(found, bad).differences == ("content", "end_day")
    assert {second, bad} <= set(found.statements)
    assert (found.equal, found.member, found.complete) == (False, world.uscc("publisher"), "replay")
    before = ask(world, as_of=early)
    assert before.equal
    assert [line.copy.statement for line in before.lines] == [lead, good, second]
    mirrored = ask(world, MIRROR_SITE)
    assert [line.copy.statement for line in mirrored.lines] == [good, bad]
    assert mirrored.member == world.uscc("service")


def test_a_change_and_a_stop_show_until_the_mirror_follows() -> None:
    world = civic_world()
    record = penalty(world)
    lead = publish(world, record)
    copy = world.do("service", "publication.mirror", mirror(world, lead))
    change = publish(world, record, end_day=day(world, 50), changes=lead)
    changed = world.head.size
    assert of(ask(world), copy).differences == ("end_day",)
    copy = world.do("service", "publication.mirror", mirror(world, lead, end_day=day(world, 50)))
    assert ask(world).equal
    end = world.do("publisher", "publication.stop", stop(change))
    found = ask(world)
    assert of(found, copy).differences == ("stopped",)
    assert of(found, change).copy.stopped == end
    world.do("service", "publication.stop", stop(copy))
    assert ask(world).equal
    assert not ask(world, as_of=changed).equal


def test_what_was_seen_counts_under_the_terms_in_force() -> None:
    world = civic_world()
    record = penalty(world)
    lead = publish(world, record, end_day=day(world, 3))
    seen = world.do("auditor", "publication.observe", observe(world, lead))
    line = of(ask(world), lead)
    assert line.differences == ("seen_end_day",)
    assert line.seen is not None
    assert (line.seen.statement, line.seen.observer) == (seen, world.uscc("auditor"))
    world.do("auditor", "publication.observe", observe(world, lead, end_day=day(world, 3)))
    assert ask(world).equal
    world.advance(5 * DAY_MS)
    tick(world)
    assert of(ask(world), lead).differences == ("expired",)
    world.do("auditor", "publication.observe", observe(world, lead, end_day=day(world, -2)))
    assert of(ask(world), lead).differences == ("expired", "seen_after_end")
    world.do("publisher", "publication.stop", stop(lead, reason="expired"))
    assert of(ask(world), lead).differences == ("seen_after_end",)


def test_a_site_that_nobody_used_is_unknown() -> None:
    world = civic_world()
    record = penalty(world)
    before = world.head.size
    publish(world, record)
    source = replayed(world)
    for site, as_of in (("nowhere.example", source.head().size), (SITE, before)):
        with pytest.raises(SiteUnknown):
            publication_parity(source, site, as_of)
