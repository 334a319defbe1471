"""A log in which every finding occurs, once still open and, where it can be put right, once put right.

The story has three days: things are begun in pairs, all their deadlines pass, and one of each pair is settled late.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.encoding import base64url
from ledger.signed import sign_pop
from ledger.times import format_time
from tests.ledger.rules import casework, governing, publishing
from tests.ledger.rules.handing import FIELDS, Given, days, give, hand_over, offer, rows, single, take
from tests.ledger.rules.producing import report
from tests.world import Payload, World, digest_of

LATE = 20
"""Days after which every deadline of the tests' policy, and every end day of the story, has passed."""
PERSON = {"credit_person": ["amount", "duration"]}


@dataclass
class Story:
    """The world of the story and, by name, the statements that later days come back to: each name stands twice."""

    world: World = field(default_factory=publishing.civic_world)
    pairs: dict[str, list[str]] = field(default_factory=dict)

    def begin(self, name: str, *statements: str) -> None:
        """Note a pair: the first of it is settled later, the other stays as it is."""
        assert len(statements) == 2
        self.pairs[name] = list(statements)

    def first(self, name: str) -> str:
        """Return the one of a pair that is settled."""
        return self.pairs[name][0]


def tell() -> World:
    """Return the whole ledger."""
    story = Story()
    given = give(story.world, "source", "lender")
    _refuse(story.world)
    _hand_over(story, given)
    _end_records(story, given)
    _publish(story)
    _list(story)
    _contract(story)
    _ask(story)
    _products(story, given)
    _erase(story, given)
    story.world.advance(days(LATE))
    story.world.run()
    _settle_hand_overs(story)
    _settle_the_rest(story)
    _late_uses(story)
    _keys(story.world)
    story.world.advance(days(60))
    story.world.run()
    return story.world


def _penalty(world: World, **changes: object) -> str:
    return publishing.penalty(world, "enterprise one", severity="minor", **changes)


def _refuse(world: World) -> None:
    world.submit("lender", "record.submit", world.record())


def _hand_over(story: Story, given: Given) -> None:
    """Steps that are missing in pairs, content that is disputed, queries that nobody confirms."""
    world = story.world

    def offered() -> str:
        return world.do("source", "transfer.offer", offer(world, given, single(_penalty(world))))

    story.begin("offered", offered(), offered())
    accepted = [offered(), offered()]
    for each in accepted:
        take(world, "lender", "accept", each)
    story.begin("accepted", *accepted)
    released = [hand_over(world, given, single(_penalty(world))) for _ in range(3)]
    story.begin("released", *released[:2])
    take(world, "lender", "dispute", released[2])
    asked = give(world, "source", "lender", within={"mode": "query"})
    record = _penalty(world)
    story.begin("queried", *(world.do("lender", "query.batch", _queries(world, asked, record)) for _ in range(2)))
    story.pairs["asked"] = [asked.grant, asked.acceptance, record]


def _queries(world: World, given: Given, record: str, **more: object) -> Payload:
    return {
        "grant": given.grant,
        "acceptance": given.acceptance,
        "sender": world.uscc("source"),
        "receiver": world.uscc("lender"),
        "mode": "query",
        "references": single(record),
        "items": {"penalty": FIELDS},
        "purpose": "credit.lending",
        "count": 2,
        "root": digest_of("queries"),
        "period": {"begin": "2026-03-01T10:00:00Z", "end": "2026-03-01T11:00:00Z"},
        **more,
    }


def _end_records(story: Story, given: Given) -> None:
    """Everything that makes holders stop: corrections, withdrawals, disputes, repairs, revocations, consents."""
    world = story.world
    held = [_penalty(world) for _ in range(10)]
    for each in held:
        hand_over(world, given, single(each))
    corrected = [
        world.do("source", "record.correct", {**world.record(), "reference": each, "reason": "error"})
        for each in held[:2]
    ]
    story.begin("corrected", *corrected)
    withdrawn = [world.do("source", "record.withdraw", {"reference": each, "reason": "court"}) for each in held[2:4]]
    story.begin("withdrawn", *withdrawn)
    story.pairs["withdrawn records"] = held[2:4]
    upheld = [_dispute(world, each) for each in held[4:6]]
    for each in upheld:
        world.do("source", "record.resolve", {"dispute": each, "outcome": "upheld"})
    story.begin("disputed", _dispute(world, held[6]), _dispute(world, held[7]))
    for each in held[8:]:
        publishing.publish(world, each, end_day=publishing.day(world, 40))
        publishing.approve(world, each)
    other = give(world, "source", "service")
    hand_over(world, other, single(held[6]), receiver="service", disputed=single(held[6]))
    lasting = give(world, "source", "operator", within={"onward": 1}, data_life=300)
    child = give(world, "operator", "lender", parent=lasting.grant, data_life=200)
    passed = _penalty(world)
    hand_over(world, lasting, single(passed), receiver="operator")
    hand_over(world, child, single(passed), sender="operator")
    revocations = [
        world.do("source", "grant.revoke", {"grant": each, "reason": "breach"}) for each in (other.grant, lasting.grant)
    ]
    story.begin("revoked", *revocations)
    story.pairs["revoked grants"] = [other.grant, lasting.grant]
    cancelled = [hand_over(world, given, single(_penalty(world))) for _ in range(2)]
    story.begin(
        "cancelled",
        *(world.do("regulator", "transfer.cancel", {"offer": each, "reason": "authority"}) for each in cancelled),
    )
    story.pairs["cancelled offers"] = cancelled
    brief = give(world, "source", "lender", data_life=1)
    story.begin("brief", *(hand_over(world, brief, single(_penalty(world))) for _ in range(2)))
    kept = _penalty(world, retention_end=publishing.day(world, 2))
    hand_over(world, given, single(kept))
    _consents(story)


def _dispute(world: World, about: str) -> str:
    return world.do("lender", "record.dispute", {"about": about, "ground": digest_of("ground")})


def _consents(story: Story) -> None:
    world = story.world
    batch = world.do("source", "record.batch", world.batch(20))
    consents: list[str] = []
    for start in (0, 10):
        part = rows(batch, (start, start + 4))
        until = format_time(world.time + days(300))
        stated = {"purpose": "credit.lending", "evidence": digest_of("form"), "until": until, "references": part}
        consents.append(world.do("lender", "consent.give", stated))
        within = {"items": PERSON, "references": part}
        resting = give(world, "source", "lender", within=within, consents=consents[-1:])
        hand_over(world, resting, part, items=PERSON)
    story.begin(
        "unconsented",
        *(world.do("lender", "consent.withdraw", {"consent": each, "evidence": digest_of("no")}) for each in consents),
    )
    story.pairs["consents"] = consents


def _publish(story: Story) -> None:
    """Copies that differ, that do not follow, and that are public past their end."""
    world = story.world
    end = publishing.day(world, 5)
    first, second = (publishing.publish(world, _penalty(world), end_day=end) for _ in range(2))
    story.begin("published", first, second)
    for name, content in (("mirrored", "public content"), ("differing", "other content")):
        publications = [_show(world, f"{name}.{place}") for place in (1, 2)]
        changes = {"content": digest_of(content), "site": f"{name}.mirror", "end_day": publishing.day(world, 80)}
        mirrored = [publishing.mirror(world, each, **changes) for each in publications]
        mirrors = [world.do("service", "publication.mirror", each) for each in mirrored]
        story.begin(name, *mirrors)
        if name == "mirrored":
            for each in publications:
                world.do("publisher", "publication.stop", publishing.stop(each))
    seen = [_show(world, f"seen.{place}") for place in (1, 2)]
    for each in seen:
        world.do("auditor", "publication.observe", publishing.observe(world, each, content=digest_of("seen")))
    story.begin("seen", *seen)


def _show(world: World, site: str) -> str:
    return publishing.publish(world, _penalty(world), site=site, end_day=publishing.day(world, 80))


def _list(story: Story) -> None:
    """Entries and measures past their end, after the exit, and after a repair; pledges that nobody settles."""
    world = story.world
    end = publishing.day(world, 4)

    def entered(**changes: object) -> str:
        return world.do("regulator", "list.enter", publishing.enter(world, _penalty(world), **changes))

    story.begin("entered", entered(end_day=end), entered(end_day=end))
    left = [entered(), entered()]
    measures = [world.do("hub", "measure.apply", publishing.apply(world, each)) for each in left]
    for each in left:
        world.do("regulator", "list.exit", {"entry": each, "reason": "court"})
    story.begin("measured", *measures)
    for _ in range(2):
        ground = _penalty(world)
        publishing.publish(world, ground, end_day=publishing.day(world, 80))
        repaired = world.do("regulator", "list.enter", publishing.enter(world, ground))
        world.do("hub", "measure.apply", publishing.apply(world, repaired))
        story.pairs.setdefault("repaired", []).append(repaired)
        publishing.approve(world, ground)
    pledge = {"subject": publishing.subject(), "authority": world.uscc("source"), "what": digest_of("what")}
    story.begin("pledged", *(world.do("supplier", "pledge.make", {**pledge, "due_day": end}) for _ in range(2)))


def _contract(story: Story) -> None:
    """Two contracts that are paid before they are performed, claimed and doubted; only the first is put right."""
    world = story.world
    contracts = []
    for number in (1, 2):
        terms = {
            "contract": f"C-{number}",
            "buyer": world.uscc("buyer"),
            "supplier": world.uscc("supplier"),
            "value": {"amount": 100, "currency": "CNY"},
            "milestones": [{"id": "m1", "amount": 60}, {"id": "m2", "amount": 40}],
            "plan": [{"due": "2026-03-03", "amount": 50}, {"due": "2026-03-04", "amount": 50}],
            "quoted": [{"scheme": "USCC", "code": "91110000600037341N"}, {"scheme": "ORG", "code": "600037341"}],
        }
        contract = world.do("buyer", "contract.register", terms)
        world.do("buyer", "contract.payment", _payment(world, contract, "p1", 80))
        claim = {"contract": contract, "milestone": "m1", "status": "partially_met", "amount": 20}
        world.do("supplier", "contract.milestone", claim)
        world.do("supplier", "contract.milestone", {**claim, "milestone": "m2", "status": "met", "amount": 20})
        for who, outcome in (("verifier", "met"), ("verifier_b", "not_met")):
            result = {"contract": contract, "results": [{"milestone": "m2", "outcome": outcome}]}
            world.do(who, "contract.verify", {**result, "evidence": digest_of("evidence")})
        contracts.append(contract)
    story.begin("contracts", *contracts)


def _payment(world: World, contract: str, name: str, amount: int) -> Payload:
    money = {"amount": amount, "currency": "CNY"}
    parties = {"payer": world.uscc("buyer"), "payee": world.uscc("supplier")}
    return {"contract": contract, "payment": name, "amount": money, **parties, "day": "2026-03-02"}


def _ask(story: Story) -> None:
    """Requests for data, questions about a subject and incidents that wait for an answer."""
    world = story.world
    asked = {"grantor": world.uscc("source"), "items": {"penalty": FIELDS}, "purpose": "credit.lending"}
    story.begin("requested", *(world.do("lender", "grant.request", asked) for _ in range(2)))
    batch = world.do("source", "record.batch", world.batch(5))
    mandate = casework.mandate(world, references=rows(batch, (0, 0)))
    question = {"holder": world.uscc("source"), "scope": digest_of("scope"), "mandate": mandate}
    story.begin("questioned", *(world.do("agent", "access.request", question) for _ in range(2)))
    scope = casework.scope_of(members=[world.uscc("lender"), world.uscc("operator")])
    incidents = [world.do("operator", "incident.open", casework.incident(world, scope)) for _ in range(2)]
    story.begin("incidents", *incidents)
    third = world.do("operator", "incident.open", casework.incident(world, scope))
    world.do("operator", "incident.notify", casework.notify(third, scope))
    world.do("lender", "incident.contain", casework.contain(third))


def _products(story: Story, given: Given) -> None:
    world = story.world
    records = [_penalty(world) for _ in range(2)]
    products = []
    for each in records:
        hand_over(world, given, single(each))
        below = world.do("lender", "product.issue", report(references=single(each)))
        products.append(world.do("lender", "product.issue", report(products=[below])))
        world.do("source", "record.withdraw", {"reference": each, "reason": "error"})
    story.begin("products", *products)


def _erase(story: Story, given: Given) -> None:
    """Erasures that wait for the holder, the source and an heir; one that a hold pauses; one that nobody can attest."""
    world = story.world
    records = [_penalty(world) for _ in range(2)]
    for each in records:
        hand_over(world, given, single(each))
    requests = [world.do("source", "erasure.request", casework.erasure(single(each))) for each in records]
    story.begin("erasures", *requests)
    governing.decide(world, governing.admit("guest"))
    other = give(world, "source", "guest")
    held = _penalty(world)
    hand_over(world, other, single(held), receiver="guest")
    case = casework.authorised_case(world)
    hold = world.do("investigator", "hold.place", {"case": case, "references": single(held)})
    left = world.do("source", "erasure.request", casework.erasure(single(held)))
    world.do("investigator", "hold.lift", {"hold": hold})
    governing.decide(world, governing.dissolve(world, "guest", custodian="hub"))
    said = casework.attest(left, destroyed=None, holder=world.uscc("guest"), unattainable=True)
    world.do("regulator", "erasure.attest", said)


def _settle_hand_overs(story: Story) -> None:
    """Meet late what waits for a step, and acknowledge what was to be stopped."""
    world = story.world
    take(world, "lender", "refuse", story.first("offered"))
    take(world, "source", "cancel", story.first("accepted"))
    take(world, "lender", "confirm", story.first("released"))
    asked_grant, asked_acceptance, record = story.pairs["asked"]
    batch = _queries(world, Given(asked_grant, asked_acceptance), record, confirms=story.first("queried"))
    world.do("source", "query.batch", batch)
    newest = story.first("corrected")
    fresh = give(world, "source", "lender")
    hand_over(world, fresh, single(newest))
    for order, about, member in (
        (story.first("withdrawn"), story.first("withdrawn records"), "lender"),
        (story.first("revoked"), story.first("revoked grants"), "service"),
        (story.first("cancelled"), story.first("cancelled offers"), "lender"),
        (story.first("unconsented"), story.first("consents"), "lender"),
        (_release_of(story, story.first("brief")), story.first("brief"), "lender"),
    ):
        world.do(member, "stop.acknowledge", {"order": order, "about": about})


def _release_of(story: Story, offered: str) -> str:
    edges = [edge.target for _, edge in story.world.edges if edge.kind == "step" and edge.source == offered]
    return edges[1]


def _settle_the_rest(story: Story) -> None:
    """Put right late, and only for the first of each pair, whatever else waits."""
    world = story.world
    world.do("source", "record.resolve", {"dispute": story.first("disputed"), "outcome": "rejected"})
    world.do("publisher", "publication.stop", publishing.stop(story.first("published")))
    world.do("service", "publication.stop", publishing.stop(story.first("mirrored")))
    world.do("service", "publication.stop", publishing.stop(story.first("differing")))
    world.do("publisher", "publication.stop", publishing.stop(story.first("seen")))
    for each in story.pairs["published"]:
        seen = publishing.observe(world, each, end_day=publishing.day(world, 5 - LATE))
        world.do("auditor", "publication.observe", seen)
    world.do("publisher", "publication.stop", publishing.stop(story.first("published")))
    world.do("regulator", "list.exit", {"entry": story.first("entered"), "reason": "expired"})
    world.do("hub", "measure.lift", {"measure": story.first("measured"), "reason": "exited"})
    world.do("regulator", "list.exit", {"entry": story.first("repaired"), "reason": "repaired"})
    settled = {"pledge": story.first("pledged"), "evidence": digest_of("evidence")}
    world.do("source", "pledge.breach", settled)
    contract = story.first("contracts")
    world.do("buyer", "contract.payment", _payment(world, contract, "p2", 20))
    results = [{"milestone": "m1", "outcome": "met"}, {"milestone": "m2", "outcome": "met"}]
    for who in ("verifier", "verifier_b"):
        found = {"contract": contract, "results": results, "evidence": digest_of("evidence")}
        world.do(who, "contract.verify", found)
    world.do("source", "grant.decline", {"request": story.first("requested"), "reason": "other"})
    world.do("source", "access.answer", {"request": story.first("questioned"), "answer": digest_of("answer")})
    incident = story.first("incidents")
    scope = casework.scope_of(members=[world.uscc("lender"), world.uscc("operator")])
    world.do("operator", "incident.notify", casework.notify(incident, scope))
    world.do("operator", "incident.contain", casework.contain(incident))
    products = {"references": single(_penalty(world)), "replaces": story.first("products")}
    fresh = give(world, "source", "lender")
    record = _penalty(world)
    hand_over(world, fresh, single(record))
    world.do("lender", "product.issue", report(**{**products, "references": single(record)}))
    for member in ("source", "lender"):
        world.do(member, "erasure.attest", casework.attest(story.first("erasures")))


def _late_uses(story: Story) -> None:
    """Uses after data life, after a withdrawal and after a cancelling; and one that is in order."""
    world = story.world
    given = give(world, "source", "lender")
    ended = [_penalty(world), _penalty(world)]
    offers = [hand_over(world, given, single(each)) for each in ended]
    world.do("source", "record.withdraw", {"reference": ended[0], "reason": "court"})
    for each in (*offers, story.first("brief"), story.first("cancelled offers")):
        use = {"transfer": each, "purpose": "credit.lending", "used_at": format_time(world.time)}
        world.do("lender", "use.report", {**use, "outcome": digest_of("outcome")})


def _keys(world: World) -> None:
    """A key that is revoked after it signed under suspicion."""
    since = format_time(world.time)
    old, new = world.signer("auditor"), world.signer("auditor anew")
    proof = sign_pop(new, origin=world.head.origin, member=world.uscc("auditor"), old_kid=old.public.thumbprint)
    world.do("auditor", "key.add", {"use": "sign", "key": new.public.to_json(), "pop": base64url(proof)})
    kid = base64url(old.public.thumbprint)
    world.do("auditor", "key.revoke", {"kid": kid, "reason": "compromised", "suspect_from": since}, key=new)
