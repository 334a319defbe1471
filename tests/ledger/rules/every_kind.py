"""For every kind: statements that are admitted, who may sign them, and what answers anybody else.

Written from the rules' texts. `only` are the members of the tests' world that may sign, by the role or the part that
the rules demand; None where any member may. `otherwise` is the rule that answers all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ledger.times import format_time
from tests.ledger.rules import casework, governing, publishing
from tests.ledger.rules.handing import FIELDS, accept, confirm, dispute, release, rows, single
from tests.ledger.rules.producing import report
from tests.ledger.rules.stage import EVIDENCE, LAW, PERSON, Stage
from tests.world import Payload, digest_of
from tests.world_genesis import MEMBERS

REGULATORS = frozenset(("regulator", "regulator_b"))
SOURCES = frozenset(("source", "source_b"))
PARTIES = frozenset(("buyer", "supplier"))
VERIFIERS = frozenset(("verifier", "verifier_b"))
SOURCE, LENDER, HUB, AGENT = frozenset(("source",)), frozenset(("lender",)), frozenset(("hub",)), frozenset(("agent",))
INVESTIGATOR, OPERATOR = frozenset(("investigator",)), frozenset(("operator",))
BOTH_SIDES = SOURCE | LENDER
ANYBODY = frozenset(MEMBERS)
ORDER = {"order": "REP-4"}
"""Where no statement ordered it there is no such duty, which is what REP-4 says."""
Make = Callable[[Stage], Payload]


@dataclass(frozen=True)
class Said:
    """A statement that `by` may make. `dangling` names fields whose unknown ids another code than usual answers."""

    by: str
    make: Make
    only: frozenset[str] | None
    otherwise: str = ""
    dangling: Mapping[str, str] = field(default_factory=dict)


def _of(stage: Stage, kind: str, **more: object) -> Payload:
    return {"contract": stage.contract, **more, "agrees": stage.proposed(kind, {"contract": stage.contract, **more})}


def _record(stage: Stage, **more: object) -> Payload:
    return stage.world.record("penalty", {"severity": "minor", **more})


def _performance(stage: Stage) -> Payload:
    return stage.world.record("performance", performance=stage.verification)


def _holding(stage: Stage) -> Payload:
    return {"references": single(stage.record), "case": stage.case}


def _stopping(stage: Stage) -> Payload:
    return {"order": stage.withdrawal, "about": stage.record, "stopped": single(stage.record)}


def _remains(stage: Stage) -> Payload:
    return {"references": single(stage.record), "reason": "legal_duty", "basis": LAW}


def _showing(stage: Stage, **changes: object) -> Payload:
    return publishing.start(stage.world, stage.record, end_day=publishing.day(stage.world, 80), **changes)


def _repair(stage: Stage, **changes: object) -> Payload:
    assert stage.publication
    return {"reference": stage.record, "evidence": EVIDENCE, **changes}


def _payment(stage: Stage) -> Payload:
    parties = {"payer": stage.uscc("buyer"), "payee": stage.uscc("supplier")}
    money = {"amount": 10, "currency": "CNY"}
    return {"contract": stage.contract, "payment": "p1", "amount": money, **parties, "day": "2026-03-01"}


def _request(stage: Stage) -> Payload:
    wanted = {"items": {"penalty": FIELDS}, "purpose": "credit.lending", "references": single(stage.record)}
    return {"grantor": stage.uscc("source"), **wanted}


def _child(stage: Stage) -> Payload:
    scope = stage.grant()["scope"]
    assert isinstance(scope, dict)
    child = stage.grant(scope={**scope, "onward": 0}, parent=stage.given.grant)
    return {**child, "grantee": stage.uscc("service"), "data_life": 10}


def _extension(stage: Stage) -> Payload:
    grant = stage.do("source", "grant.issue", stage.consented())
    more = rows(stage.persons, (5, 6))
    consent = stage.do("lender", "consent.give", stage.coverage(references=more))
    return {"grant": grant, "references": more, "consents": [consent]}


def _marked(stage: Stage) -> Payload:
    assert stage.dispute
    return {**stage.offer(), "disputed": single(stage.record)}


def _use(stage: Stage) -> Payload:
    reference, transfer = stage.record, stage.released
    used = format_time(stage.world.time)
    return {
        "transfer": transfer, "reference": reference, "purpose": "credit.lending", "used_at": used, "outcome": EVIDENCE,
    }  # fmt: skip


def _on_consent(stage: Stage) -> Payload:
    inputs = {"references": rows(stage.persons, (0, 4)), "consents": [stage.consent]}
    return report(subject_class="person", items=PERSON, **inputs)


def _part(stage: Stage) -> Payload:
    return casework.incident(stage.world, casework.scope_of(), parent=stage.incident)


def _asking(stage: Stage, **changes: object) -> Payload:
    return {"holder": stage.uscc("source"), "scope": digest_of("scope"), **changes}


EVERY_KIND: dict[str, tuple[Said, ...]] = {
    "governance.propose": (
        Said("regulator", lambda s: {"action": governing.suspend(s.world, "hub")}, REGULATORS, "GOV-2"),
    ),
    "governance.approve": (
        Said("regulator_b", lambda s: {"proposal": s.proposal}, REGULATORS - {"regulator"}, "GOV-2|GOV-3"),
    ),
    "governance.reject": (
        Said("regulator_b", lambda s: {"proposal": s.proposal}, REGULATORS - {"regulator"}, "GOV-2|GOV-3"),
    ),
    # Keys are a member's own: what another member signs of them is not its to change.
    "key.add": (Said("auditor", lambda s: {"use": "sign", **s.new_key("auditor")}, frozenset(("auditor",)), "GOV-7"),),
    "key.rotate": (
        Said("auditor", lambda s: {"old": s.kid("auditor"), **s.new_key("auditor")}, frozenset(("auditor",)), "GOV-7"),
    ),
    "key.revoke": (
        Said("auditor", lambda s: {"kid": s.kid("auditor"), "reason": "ceased"}, frozenset(("auditor",)), "GOV-7"),
    ),
    "linking.epoch": (
        Said("hub", lambda _: {"key": "persons", "epoch": 2, "commitment": digest_of("key")}, HUB, "GOV-6"),
    ),
    "record.submit": (
        Said("source", _record, SOURCES, "REC-1"),
        Said("source", _performance, SOURCES, "REC-1"),
    ),
    "record.batch": (Said("source", lambda s: s.world.batch(5), SOURCES, "REC-1"),),
    "record.correct": (
        Said("source", lambda s: _record(s, reference=s.record, reason="error"), SOURCE, "REC-8"),
        Said(
            "source",
            lambda s: {
                **_performance(s),
                "reference": s.do("source", "record.submit", _performance(s)),
                "reason": "update",
            },
            SOURCE,
            "REC-8",
        ),
    ),
    "record.withdraw": (Said("source", lambda s: {"reference": s.record, "reason": "court"}, SOURCE, "REC-8"),),
    "record.dispute": (
        Said("source", lambda s: {"about": s.record, "ground": EVIDENCE}, SOURCE, "REC-9"),
        Said("agent", lambda s: {"about": f"{s.persons}:3", "ground": EVIDENCE, "mandate": s.mandate}, AGENT, "REC-9"),
    ),
    "record.resolve": (
        Said("source", lambda s: {"dispute": s.dispute, "outcome": "rejected"}, SOURCE | REGULATORS, "REC-9"),
    ),
    "erasure.request": (
        Said("source", lambda s: casework.erasure(single(s.record)), SOURCE | REGULATORS, "ERA-4"),
        Said("agent", lambda s: casework.erasure(rows(s.persons, (0, 1)), mandate=s.mandate), AGENT, "ERA-4"),
    ),
    "erasure.attest": (
        Said("lender", lambda s: casework.attest(s.erasure), BOTH_SIDES, "ERA-2"),
        Said(
            "lender",
            lambda s: casework.attest(s.erasure, destroyed=None, remains=[_remains(s)]),
            BOTH_SIDES,
            "ERA-2",
            # What remains is only compared with what is owed.
            {"remains": "erasure.attestation"},
        ),
    ),
    "hold.place": (
        Said("investigator", _holding, INVESTIGATOR | REGULATORS, "ERA-3"),
    ),
    "hold.lift": (Said("investigator", lambda s: {"hold": s.hold}, INVESTIGATOR | REGULATORS, "ERA-6"),),
    "publication.start": (
        Said("source", _showing, SOURCE | {"publisher"}, "PUB-2"),
        Said("publisher", lambda s: _showing(s, changes=s.publication), frozenset(("publisher",)), "PUB-2"),
    ),
    "publication.stop": (
        Said("publisher", lambda s: publishing.stop(s.publication), frozenset(("publisher",)), "PUB-2"),
    ),
    "publication.mirror": (
        Said("service", lambda s: publishing.mirror(s.world, s.publication), frozenset(("service",)), "PUB-6"),
    ),
    "publication.observe": (
        Said(
            "auditor",
            lambda s: publishing.observe(s.world, s.publication),
            REGULATORS | AGENT | {"auditor"},
            "PUB-6",
        ),
    ),
    # LST-3: only the authority that the list names; in the tests' catalogue a regulator and the hub.
    "list.enter": (
        Said("regulator", lambda s: publishing.enter(s.world, s.record), frozenset(("regulator",)), "LST-3"),
    ),
    "list.exit": (
        Said("regulator", lambda s: {"entry": s.entry, "reason": "court"}, frozenset(("regulator",)), "LST-3"),
    ),
    "measure.apply": (Said("hub", lambda s: publishing.apply(s.world, s.entry), HUB, "LST-3"),),
    "measure.lift": (Said("hub", lambda s: {"measure": s.measure, "reason": "court"}, HUB, "LST-3"),),
    # REP-5: the ledger cannot tell who the subject of an enterprise's record is, so that any member but the authority
    # and an agent may say that it is.
    "repair.apply": (
        Said("agent", lambda s: _repair(s, mandate=s.mandate), AGENT, "REP-5"),
    ),
    "repair.accept": (Said("source", lambda s: {"application": s.application}, SOURCE, "REP-2"),),
    "repair.decide": (
        Said(
            "source",
            lambda s: {"application": s.registered, "outcome": "approved", "reason": EVIDENCE},
            SOURCE,
            "REP-2",
        ),
    ),
    "stop.acknowledge": (
        Said("lender", _stopping, LENDER, "REP-4", ORDER),
        Said(
            "lender",
            lambda s: {
                "order": s.withdrawal,
                "about": s.record,
                "kept": [{"references": single(s.record), "basis": LAW}],
            },
            LENDER,
            "REP-4",
            ORDER,
        ),
    ),
    "pledge.make": (Said("supplier", lambda s: s.pledging(), None),),
    "pledge.fulfil": (Said("source", lambda s: {"pledge": s.pledge, "evidence": EVIDENCE}, SOURCE, "PLE-1"),),
    "pledge.breach": (Said("source", lambda s: {"pledge": s.pledge, "evidence": EVIDENCE}, SOURCE, "PLE-1"),),
    "contract.register": (Said("buyer", lambda s: s.terms(), PARTIES | REGULATORS, "CON-1"),),
    "contract.amend": (
        Said(
            "supplier",
            lambda s: _of(s, "contract.amend", value={"amount": 90, "currency": "CNY"}),
            frozenset(("supplier",)),
            "CON-1",
        ),
    ),
    "contract.close": (
        Said("supplier", lambda s: _of(s, "contract.close", outcome="cancelled"), frozenset(("supplier",)), "CON-1"),
    ),
    "contract.milestone": (
        Said("supplier", lambda s: {"contract": s.contract, "milestone": "m1", "status": "met"}, PARTIES, "CON-3"),
    ),
    "contract.payment": (Said("buyer", _payment, PARTIES, "CON-3"),),
    "contract.verify": (Said("verifier", lambda s: s.verifying(), VERIFIERS, "CON-5"),),
    "consent.give": (
        Said("agent", lambda s: s.coverage(mandate=s.mandate, grantee=s.uscc("lender")), AGENT, "ACC-5"),
    ),
    "consent.withdraw": (
        Said("lender", lambda s: {"consent": s.consent, "evidence": EVIDENCE}, LENDER | REGULATORS, "ACC-5"),
        Said("agent", lambda s: {"consent": s.consent, "evidence": EVIDENCE, "mandate": s.mandate}, AGENT, "ACC-5"),
    ),
    "mandate.open": (Said("agent", lambda s: s.coverage(), AGENT, "ACC-6"),),
    "mandate.end": (
        Said("agent", lambda s: {"mandate": s.mandate, "reason": "resigned"}, AGENT | REGULATORS, "ACC-5"),
    ),
    # Anybody may ask, but nobody itself.
    "grant.request": (Said("lender", _request, ANYBODY - SOURCE, "grant.request_self"),),
    "grant.decline": (Said("source", lambda s: {"request": s.request, "reason": "other"}, SOURCE, "GRA-10"),),
    "grant.issue": (
        # A grantee that would grant to itself is told so first.
        Said("source", lambda s: s.grant(), SOURCE, "GRA-1|grant.terms"),
        Said("source", lambda s: s.grant(request=s.request), SOURCE, "GRA-10|grant.terms"),
        Said("source", lambda s: s.consented(), SOURCE, "GRA-1|grant.terms"),
        Said("lender", _child, LENDER, "GRA-1|grant.terms"),
    ),
    "grant.extend": (
        Said("source", lambda s: {"grant": s.given.grant, "references": single(s.fresh_record())}, SOURCE, "GRA-1"),
        Said("source", _extension, SOURCE, "GRA-1"),
    ),
    "grant.accept": (
        Said("lender", lambda s: {"grant": s.do("source", "grant.issue", s.grant())}, LENDER, "GRA-4"),
    ),
    "grant.revoke": (
        Said("source", lambda s: {"grant": s.given.grant, "reason": "other"}, SOURCE | REGULATORS, "GRA-9"),
    ),
    "transfer.offer": (
        Said("source", lambda s: s.offer(), SOURCE, "TRA-2"),
        # Marks are compared with the open disputes of what is offered.
        Said("source", _marked, SOURCE, "TRA-2", {"disputed": "transfer.dispute_marks"}),
    ),
    "transfer.accept": (Said("lender", lambda s: accept(s.handing()), LENDER, "TRA-6"),),
    "transfer.release": (Said("source", lambda s: release(s.handing("accept")), SOURCE, "TRA-6"),),
    "transfer.confirm": (Said("lender", lambda s: confirm(s.released), LENDER, "TRA-6"),),
    "transfer.dispute": (Said("lender", lambda s: dispute(s.released), LENDER, "TRA-6"),),
    "transfer.refuse": (Said("lender", lambda s: {"offer": s.handing(), "reason": "terms"}, LENDER, "TRA-6"),),
    "transfer.cancel": (
        Said("source", lambda s: {"offer": s.handing(), "reason": "error"}, SOURCE | REGULATORS, "TRA-9"),
    ),
    "query.batch": (
        Said("lender", lambda s: s.queries(), BOTH_SIDES, "TRA-13"),
        Said(
            "source",
            lambda s: s.queries(confirms=s.do("lender", "query.batch", s.queries())),
            SOURCE,
            "TRA-13",
        ),
    ),
    "use.report": (Said("lender", _use, LENDER, "USE-3"),),
    "product.issue": (
        Said("lender", lambda s: report(transfers=[s.released]), LENDER, "PRO-1"),
        Said("lender", lambda s: report(products=[s.product], replaces=s.product), LENDER, "product.replaces"),
        Said("lender", lambda s: report(references=single(s.handed)), LENDER | SOURCE, "PRO-1"),
        Said("source", _on_consent, SOURCE, "PRO-1"),
    ),
    "incident.open": (Said("operator", _part, None),),
    "incident.contain": (Said("operator", lambda s: casework.contain(s.incident), OPERATOR, "INC-9"),),
    "incident.notify": (
        # What is opened is compared with the commitment only once its records are known.
        Said("operator", lambda s: s.notice(), OPERATOR, "INC-9"),
    ),
    "incident.close": (
        Said("regulator", lambda s: {"incident": s.contained, "outcome": "resolved"}, REGULATORS, "INC-11"),
    ),
    "case.open": (
        Said("investigator", lambda s: {"complaint": EVIDENCE, "incident": s.incident}, INVESTIGATOR, "INC-2"),
    ),
    "case.authorise": (Said("regulator", lambda s: casework.authorise(s.world, s.case), REGULATORS, "INC-4"),),
    "case.exhibit": (
        Said("investigator", lambda s: {"case": s.case, "exhibit": EVIDENCE, "form": "file"}, INVESTIGATOR, "INC-6"),
    ),
    "case.extract": (Said("investigator", lambda s: casework.extract(s.case, s.exhibit), INVESTIGATOR, "INC-6"),),
    "case.finding": (
        Said(
            "investigator",
            lambda s: casework.finding(s.case, s.extract, opened=[s.given.grant]),
            INVESTIGATOR,
            "INC-6",
        ),
    ),
    "case.respond": (Said("lender", lambda s: {"case": s.named, "response": EVIDENCE}, LENDER, "INC-5"),),
    "case.close": (
        Said("investigator", lambda s: {"case": s.case, "outcome": "unfounded"}, INVESTIGATOR | REGULATORS, "INC-8"),
    ),
    "access.request": (
        Said("agent", lambda s: _asking(s, mandate=s.mandate), AGENT, "ACC-1"),
        Said("investigator", lambda s: _asking(s, case=s.case), INVESTIGATOR, "ACC-1"),
    ),
    "access.answer": (Said("source", lambda s: {"request": s.question, "answer": EVIDENCE}, SOURCE, "ACC-3"),),
}  # fmt: skip
"""At least one statement of every kind; together they name every field that holds an id."""

__all__ = ["EVERY_KIND", "Said"]
