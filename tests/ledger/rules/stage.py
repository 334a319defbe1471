"""A stage on which a statement of any kind can be made: what it rests on is built when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ledger.encoding import base64url
from ledger.signed import sign_pop
from ledger.times import format_time
from tests.ledger.rules import casework, governing, publishing
from tests.ledger.rules.handing import FIELDS, LAW, Given, days, give, offer, rows, single, take
from tests.ledger.rules.producing import report
from tests.world import Payload, World, digest_of
from tests.world_genesis import ORIGIN

EVIDENCE = digest_of("evidence")
PERSON = {"credit_person": ["amount", "duration"]}


@dataclass
class Stage:
    """A world with a catalogue that has lists and measures; `made` are the ids of what was built, by name."""

    world: World = field(default_factory=publishing.civic_world)
    made: dict[str, str] = field(default_factory=dict)

    def _once(self, name: str, build: Callable[[], str]) -> str:
        if name not in self.made:
            self.made[name] = build()
        return self.made[name]

    def uscc(self, name: str) -> str:
        """Return a member's code."""
        return self.world.uscc(name)

    def do(self, member: str, kind: str, payload: Mapping[str, object]) -> str:
        """Have a statement admitted."""
        return self.world.do(member, kind, payload)

    # Records

    @property
    def record(self) -> str:
        """Return a penalty of "enterprise one" that may be repaired at once."""
        return self._once("record", self.fresh_record)

    def fresh_record(self) -> str:
        """Return a further penalty."""
        return publishing.penalty(self.world, "enterprise one", severity="minor")

    @property
    def persons(self) -> str:
        """Return a batch about persons."""
        return self._once("persons", lambda: self.do("source", "record.batch", self.world.batch(20)))

    @property
    def dispute(self) -> str:
        """Return the source's own dispute of its record."""
        payload = {"about": self.record, "ground": EVIDENCE}
        return self._once("dispute", lambda: self.do("source", "record.dispute", payload))

    # Grants and hand-overs

    @property
    def given(self) -> Given:
        """Return a grant from the source to the lender, with its acceptance, that lists one record."""
        grant = self._once("grant", lambda: self.do("source", "grant.issue", self.grant()))
        return Given(grant, self._once("acceptance", lambda: self.do("lender", "grant.accept", {"grant": grant})))

    def grant(self, **changes: object) -> Payload:
        """Return a grant.issue payload from the source to the lender over its one record."""
        stated: Payload = {
            "grantee": self.uscc("lender"),
            "scope": {
                "issuers": [self.uscc("source")],
                "items": {"penalty": FIELDS},
                "purpose": "credit.lending",
                "mode": "store",
                "onward": 1,
                "jurisdictions": ["CN"],
                "references": single(self.record),
            },
            "valid_from": "2026-03-01T00:00:00Z",
            "valid_until": "2027-03-01T00:00:00Z",
            "data_life": 30,
        }
        return {**stated, **changes}

    @property
    def request(self) -> str:
        """Return the lender's request to the source."""
        payload = {"grantor": self.uscc("source"), "items": {"penalty": FIELDS}, "purpose": "credit.lending"}
        return self._once("request", lambda: self.do("lender", "grant.request", payload))

    def offer(self) -> Payload:
        """Return a transfer.offer payload of the record to the lender."""
        return offer(self.world, self.given, single(self.record))

    def handing(self, *steps: str) -> str:
        """Return a hand-over after these steps."""
        name = "-".join(("offer", *steps))
        if name not in self.made:
            offered = self.do("source", "transfer.offer", self.offer())
            for step in steps:
                take(self.world, "source" if step == "release" else "lender", step, offered)
            self.made[name] = offered
        return self.made[name]

    @property
    def released(self) -> str:
        """Return a hand-over that was released."""
        return self.handing("accept", "release")

    @property
    def asking(self) -> Given:
        """Return a grant to query the source."""
        grant = self._once("asking", lambda: give(self.world, "source", "lender", within={"mode": "query"}).grant)
        accepted = [edge.target for _, edge in self.world.edges if (edge.source, edge.kind) == (grant, "acts")]
        return Given(grant, accepted[0])

    def queries(self, **more: object) -> Payload:
        """Return a query.batch payload."""
        return {
            "grant": self.asking.grant,
            "acceptance": self.asking.acceptance,
            "sender": self.uscc("source"),
            "receiver": self.uscc("lender"),
            "mode": "query",
            "references": single(self.record),
            "items": {"penalty": FIELDS},
            "purpose": "credit.lending",
            "count": 2,
            "root": digest_of("queries"),
            "period": {"begin": "2026-03-01T10:00:00Z", "end": "2026-03-01T11:00:00Z"},
            **more,
        }

    @property
    def handed(self) -> str:
        """Return the record once the lender has it."""
        assert self.released
        return self.record

    @property
    def product(self) -> str:
        """Return the lender's report on what it was handed."""
        return self._once("product", lambda: self.do("lender", "product.issue", report(transfers=[self.released])))

    def coverage(self, **changes: object) -> Payload:
        """Return what a consent or a mandate says of a few rows."""
        until = format_time(self.world.time + days(365))
        stated = {"purpose": "credit.lending", "evidence": EVIDENCE, "until": until}
        return {**stated, "references": rows(self.persons, (0, 4)), **changes}

    @property
    def consent(self) -> str:
        """Return a consent that the lender recorded."""
        return self._once("consent", lambda: self.do("lender", "consent.give", self.coverage()))

    @property
    def mandate(self) -> str:
        """Return a mandate of the agent over those rows and the record."""
        both = sorted([*rows(self.persons, (0, 4)), *single(self.record)], key=lambda entry: str(entry[0]))
        return self._once("mandate", lambda: self.do("agent", "mandate.open", self.coverage(references=both)))

    def consented(self) -> Payload:
        """Return a grant.issue payload that rests on the consent."""
        scope = self.grant()["scope"]
        assert isinstance(scope, dict)
        over = {**scope, "items": PERSON, "references": rows(self.persons, (0, 4))}
        return self.grant(scope=over, consents=[self.consent])

    # Publication, lists, repair

    @property
    def publication(self) -> str:
        """Return a publication of the record."""
        start = publishing.start(self.world, self.record, end_day=publishing.day(self.world, 80))
        return self._once("publication", lambda: self.do("publisher", "publication.start", start))

    @property
    def entry(self) -> str:
        """Return a list entry."""
        payload = publishing.enter(self.world, self.record)
        return self._once("entry", lambda: self.do("regulator", "list.enter", payload))

    @property
    def measure(self) -> str:
        """Return a measure on it."""
        payload = publishing.apply(self.world, self.entry)
        return self._once("measure", lambda: self.do("hub", "measure.apply", payload))

    @property
    def application(self) -> str:
        """Return an application for repair."""
        assert self.publication
        payload = {"reference": self.record, "evidence": EVIDENCE}
        return self._once("application", lambda: self.do("supplier", "repair.apply", payload))

    @property
    def registered(self) -> str:
        """Return the application once it is registered."""
        self._once("accepted", lambda: self.do("source", "repair.accept", {"application": self.application}))
        return self.application

    @property
    def pledge(self) -> str:
        """Return a pledge made to the source."""
        return self._once("pledge", lambda: self.do("supplier", "pledge.make", self.pledging()))

    def pledging(self) -> Payload:
        """Return a pledge.make payload."""
        due = publishing.day(self.world, 5)
        return {
            "subject": publishing.subject(),
            "authority": self.uscc("source"),
            "what": digest_of("what"),
            "due_day": due,
        }

    @property
    def withdrawal(self) -> str:
        """Return the withdrawal of the record after the lender had it."""
        assert self.released
        payload = {"reference": self.record, "reason": "court"}
        return self._once("withdrawal", lambda: self.do("source", "record.withdraw", payload))

    # Contracts

    def terms(self) -> Payload:
        """Return a contract.register payload."""
        return {
            "contract": "C-1",
            "buyer": self.uscc("buyer"),
            "supplier": self.uscc("supplier"),
            "value": {"amount": 100, "currency": "CNY"},
            "milestones": [{"id": "m1", "amount": 60, "due": "2026-06-30"}],
            "plan": [{"due": "2026-03-20", "amount": 100}],
            "quoted": [{"scheme": "OTHER", "code": "x"}],
        }

    @property
    def contract(self) -> str:
        """Return a contract."""
        return self._once("contract", lambda: self.do("buyer", "contract.register", self.terms()))

    def proposed(self, kind: str, payload: Payload) -> str:
        """Return the buyer's proposal of that change to the contract."""
        return self._once(f"proposed {kind}", lambda: self.do("buyer", kind, payload))

    def verifying(self) -> Payload:
        """Return a contract.verify payload."""
        results = [{"milestone": "m1", "outcome": "met", "amount": 60}]
        return {"contract": self.contract, "results": results, "evidence": EVIDENCE}

    @property
    def verification(self) -> str:
        """Return a verification."""
        return self._once("verification", lambda: self.do("verifier", "contract.verify", self.verifying()))

    # Governance and keys

    @property
    def proposal(self) -> str:
        """Return the regulator's proposal to suspend a member."""
        return self._once("proposal", lambda: governing.proposed(self.world, governing.suspend(self.world, "hub")))

    def new_key(self, member: str) -> Payload:
        """Return the key and proof of possession of a new key of a member."""
        new, old = self.world.signer(f"{member} anew"), self.world.signer(member)
        proof = sign_pop(new, origin=ORIGIN, member=self.uscc(member), old_kid=old.public.thumbprint)
        return {"key": new.public.to_json(), "pop": base64url(proof)}

    def kid(self, label: str) -> str:
        """Return the kid of a key by its label."""
        return base64url(self.world.signer(label).public.thumbprint)

    # Erasure, incidents, cases, access

    @property
    def erasure(self) -> str:
        """Return a request to erase the record that the lender holds."""
        assert self.released
        payload = casework.erasure(single(self.record))
        return self._once("erasure", lambda: self.do("source", "erasure.request", payload))

    @property
    def case(self) -> str:
        """Return an authorised case."""
        return self._once("case", lambda: casework.authorised_case(self.world))

    @property
    def exhibit(self) -> str:
        """Return an exhibit of the case."""
        payload = {"case": self.case, "exhibit": digest_of("file"), "form": "file"}
        return self._once("exhibit", lambda: self.do("investigator", "case.exhibit", payload))

    @property
    def extract(self) -> str:
        """Return an extract of it."""
        payload = casework.extract(self.case, self.exhibit)
        return self._once("extract", lambda: self.do("investigator", "case.extract", payload))

    @property
    def named(self) -> str:
        """Return the case once a finding names the lender."""
        payload = casework.finding(self.case, self.extract, named=[self.uscc("lender")])
        self._once("finding", lambda: self.do("investigator", "case.finding", payload))
        return self.case

    @property
    def hold(self) -> str:
        """Return a hold on the record."""
        payload = {"case": self.case, "references": single(self.record)}
        return self._once("hold", lambda: self.do("investigator", "hold.place", payload))

    @property
    def incident(self) -> str:
        """Return an incident of the operator."""
        scope = casework.scope_of(single(self.record), [self.uscc("operator")])
        payload = casework.incident(self.world, scope)
        return self._once("incident", lambda: self.do("operator", "incident.open", payload))

    def notice(self) -> Payload:
        """Return the notification of the incident."""
        scope = casework.scope_of(single(self.record), [self.uscc("operator")])
        return casework.notify(self.incident, scope)

    @property
    def contained(self) -> str:
        """Return the incident once everybody did what was owed."""
        self._once("notice", lambda: self.do("operator", "incident.notify", self.notice()))
        self._once("contain", lambda: self.do("operator", "incident.contain", casework.contain(self.incident)))
        return self.incident

    @property
    def question(self) -> str:
        """Return the agent's question to the source."""
        payload = {"holder": self.uscc("source"), "scope": digest_of("scope"), "mandate": self.mandate}
        return self._once("question", lambda: self.do("agent", "access.request", payload))


__all__ = ["EVIDENCE", "LAW", "PERSON", "Stage"]
