"""What the golden log says of mandates, consents, disputes, queries and products, with attempts that break a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.times import format_time
from tests.ledger.rules.handing import Given, accept, days, grant, offer, release, rows
from tests.ledger.rules.producing import PERSON_ITEMS, PRODUCT, evaluation
from tests.world import digest_of

if TYPE_CHECKING:
    from tests.conformance.golden_story import Story

Payload = dict[str, object]


def consent_and_produce(story: Story) -> None:
    """Persons' rows on consents, queried, made into products, disputed; then one consent is withdrawn."""
    world = story.world
    batch = story.one("source", "record.batch", world.batch(20))
    mandate, consent = _consents(story, batch)
    given = _grant(story, batch, consent, "store")
    _hand_over(story, given, batch)
    _query(story, _grant(story, batch, consent, "query"), batch)
    first = story.one("lender", PRODUCT, evaluation(references=rows(batch, (0, 4)), consents=[consent]))
    story.one("lender", PRODUCT, evaluation(products=[first]))
    story.one("service", PRODUCT, evaluation(references=rows(batch, (0, 4))))
    story.one("source", PRODUCT, evaluation(references=rows(batch, (0, 4))))
    _disputes(story, given, batch, mandate)
    story.one("lender", PRODUCT, evaluation(references=rows(batch, (2, 4)), replaces=first))
    story.one("lender", "consent.withdraw", {"consent": consent, "evidence": digest_of("letter")})
    story.one("agent", "consent.withdraw", {"consent": consent, "evidence": digest_of("letter"), "mandate": mandate})
    story.one("source", "transfer.offer", _offer(story, given, batch, (2, 4)))
    story.one("agent", "mandate.end", {"mandate": mandate, "reason": "fulfilled"})
    story.block()


def _consents(story: Story, batch: str) -> tuple[str, str]:
    world = story.world
    stated: Payload = {
        "purpose": "credit.lending",
        "evidence": digest_of("form"),
        "until": format_time(world.time + days(200)),
        "references": rows(batch, (0, 9)),
    }
    story.one("lender", "mandate.open", stated)
    mandate = story.one("agent", "mandate.open", stated)
    story.one("agent", "consent.give", stated)
    return mandate, story.one("agent", "consent.give", {**stated, "mandate": mandate})


def _grant(story: Story, batch: str, consent: str, mode: str) -> Given:
    world = story.world
    scope = {"items": PERSON_ITEMS, "references": rows(batch, (0, 4)), "mode": mode}
    ends = format_time(world.time + days(200))
    terms = {"within": scope, "valid_from": format_time(world.time), "valid_until": ends}
    story.one("source", "grant.issue", grant(world, **terms))  # type: ignore[arg-type]  # the helper's own keywords
    issued = story.one("source", "grant.issue", grant(world, **terms, consents=[consent]))  # type: ignore[arg-type]
    given = Given(issued, story.one("lender", "grant.accept", {"grant": issued}))
    more: Payload = {"grant": issued, "references": rows(batch, (5, 9))}
    story.one("source", "grant.extend", {**more, "consents": [consent]})
    return given


def _offer(story: Story, given: Given, batch: str, span: tuple[int, int], **more: object) -> Payload:
    return offer(story.world, given, rows(batch, span), "lender", items=PERSON_ITEMS, **more)


def _hand_over(story: Story, given: Given, batch: str) -> None:
    offered = story.one("source", "transfer.offer", _offer(story, given, batch, (0, 4)))
    story.one("lender", "transfer.accept", accept(offered))
    story.one("source", "transfer.release", release(offered))


def _query(story: Story, given: Given, batch: str) -> None:
    world = story.world
    period = {"begin": format_time(world.time - 3000), "end": format_time(world.time - 1000)}
    stated: Payload = {
        "grant": given.grant,
        "acceptance": given.acceptance,
        "sender": world.uscc("source"),
        "receiver": world.uscc("lender"),
        "mode": "query",
        "references": rows(batch, (0, 2)),
        "items": PERSON_ITEMS,
        "purpose": "credit.lending",
        "count": 7,
        "root": digest_of("queries"),
        "period": period,
    }
    story.one("lender", "query.batch", {**stated, "mode": "view"})
    reported = story.one("lender", "query.batch", stated)
    story.one("source", "query.batch", {**stated, "count": 8, "confirms": reported})
    story.one("source", "query.batch", {**stated, "confirms": reported})


def _disputes(story: Story, given: Given, batch: str, mandate: str) -> None:
    """One that is upheld, one that is withdrawn, and an offer that carries its mark late."""
    ground = {"ground": digest_of("ground")}
    story.one("service", "record.dispute", {**ground, "about": f"{batch}:1"})
    upheld = story.one("agent", "record.dispute", {**ground, "about": f"{batch}:1", "mandate": mandate})
    second = story.one("lender", "record.dispute", {**ground, "about": f"{batch}:3"})
    story.one("source", "transfer.offer", _offer(story, given, batch, (2, 4)))
    story.one("source", "transfer.offer", _offer(story, given, batch, (2, 4), disputed=rows(batch, (3, 3))))
    story.one("source", "record.resolve", {"dispute": upheld, "outcome": "upheld"})
    story.one("lender", "record.resolve", {"dispute": second, "outcome": "withdrawn"})
