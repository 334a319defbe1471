"""Acts of subjects and of trouble: a subject asks and has data erased; an incident is reported, and a case opened."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from clients.demo.domain_acts import MANDATE_SECONDS, kept_aside
from clients.demo.handing_over import HOUR, all_of, in_seconds, listed, one
from clients.demo.narrator import Narrator, short
from clients.demo.stage import Stage
from clients.demo.story import Told
from clients.gateway.erasing import erase_records
from clients.sdk import questions
from clients.sdk.edge import SYSTEM
from clients.vault.errors import NotInVault
from clients.vault.rows import Erased
from ledger.encoding import base64url
from ledger.exchange.scopes import scope_file
from ledger.kinds.access import AccessAnswer, AccessRequest
from ledger.kinds.cases import CaseAuthorise, CaseOpen
from ledger.kinds.consents import MandateOpen
from ledger.kinds.erasures import Destroyed, ErasureAttest, ErasureRequest
from ledger.kinds.incidents import IncidentClose, IncidentContain, IncidentNotify, IncidentOpen
from ledger.lineage.subject import SubjectReport
from ledger.references import Reference, ReferenceSet
from ledger.scope_commitment import SALT_SIZE, ScopeOpening

ERASED_ROW = 300
"""A row of the bank's batch that went no further than the hub."""


def ask_about_oneself(stage: Stage, say: Narrator, told: Told) -> None:
    """Let a person learn through an agent what is known of it, where that went, and who asked."""
    say.act("A person asks what is known of it", "查询本人信息")
    agent, bank = stage["agent"], stage["bank"]
    mandate = _mandate(stage, one(told.traced), "rights.access")
    scope = _scope(one(told.traced))
    request = agent.submit(
        AccessRequest(**agent.head(AccessRequest), holder=bank.uscc, scope=scope.commitment(), mandate=mandate)
    )
    say.event("agent", "asked the bank under the person's mandate", "on the ledger stands a commitment, no name")
    asked = questions.person_report(request, scope_file(scope), requests=[request])
    report = bank.client.run(asked).read_as(SubjectReport)
    answer = msgspec.json.encode(report)
    answered = bank.submit(
        AccessAnswer(**bank.head(AccessAnswer), request=request, answer=sha256(answer).hexdigest()),
    )
    told.ids["access"] = request
    say.event(
        "bank",
        f"answered: {len(report.versions)} versions, {len(report.hops)} hand-overs, {len(report.uses)} uses, "
        f"{len(report.products)} report, {len(report.asked)} question",
        short(answered),
    )


def erase_at_request(stage: Stage, say: Narrator, told: Told) -> None:
    """Erase one record everywhere: each holder destroys its copy and signs that it did."""
    say.act("A record is erased by everyone who holds it", "删除：每个持有方销毁并确认")
    agent = stage["agent"]
    reference = f"{told.batches['bank']}:{ERASED_ROW}"
    mandate = _mandate(stage, one(reference), "rights.erasure")
    request = agent.submit(
        ErasureRequest(
            **agent.head(ErasureRequest),
            references=listed(one(reference)),
            ground="subject",
            evidence=kept_aside("the person's request"),
            mandate=mandate,
        )
    )
    told.ids["erasure"] = request
    say.event("agent", "requested the erasure under a mandate", short(request))
    for name in ("bank", "hub"):
        actor = stage[name]
        destroyed = destroyed_by(erase_records(actor.vault, actor.forms, one(reference)))
        attested = actor.submit(
            ErasureAttest(**actor.head(ErasureAttest), request=request, destroyed=destroyed),
        )
        what = ", ".join(destroyed).replace("one_time", "one-time").replace("_", " ")
        say.event(name, f"destroyed {what}", short(attested))
    try:
        stage["bank"].vault.record(Reference.parse(reference))
    except NotInVault:
        say.note(
            "the ledger keeps its commitment, which nobody can open any more; the batch's other rows stay provable"
        )
    else:
        raise AssertionError("the record is still in the vault")


def destroyed_by(erased: Erased) -> list[Destroyed]:
    """Return what an erasure destroyed in the words of erasure.attest, sorted."""
    words: set[Destroyed] = set()
    if erased.records:
        words |= {"record_keys", "values"}
    if erased.disclosures:
        words |= {"disclosed_salts", "values"}
    if erased.packages:
        words |= {"content_keys", "packages"}
    if erased.one_time_keys:
        words |= {"one_time_keys"}
    return sorted(words)


def report_incident(stage: Stage, say: Narrator, told: Told) -> None:
    """Report a loss, notify who is concerned, and contain it; the regulator closes the incident."""
    say.act("An incident is reported, notified and contained", "事件的报告、通报与控制")
    lender, operator, regulator = stage["lender"], stage["operator"], stage["regulator"]
    references = all_of(told.batches["bank"], (0, 99))
    affected = _scope(references, lender.uscc, operator.uscc)
    incident = lender.submit(
        IncidentOpen(
            **lender.head(IncidentOpen),
            category="loss",
            noticed_at=in_seconds(-HOUR),
            affected=affected.commitment(),
            report=kept_aside("a laptop with one hundred records is missing"),
        )
    )
    told.ids["incident"] = incident
    say.event("lender", "reported the loss of a device", "who and what is affected stays a commitment")
    lender.submit(
        IncidentContain(**lender.head(IncidentContain), incident=incident, measures=kept_aside("access blocked"))
    )
    lender.submit(
        IncidentNotify(
            **lender.head(IncidentNotify),
            incident=incident,
            salt=base64url(affected.salt),
            members=list(affected.members),
            references=listed(references),
        )
    )
    say.event("lender", "contained it, and notified the operator", f"{references.count} records")
    operator.submit(
        IncidentContain(**operator.head(IncidentContain), incident=incident, measures=kept_aside("tokens renewed"))
    )
    say.event("operator", "contained it at its side")
    _open_case(stage, say, told, incident)
    regulator.submit(IncidentClose(**regulator.head(IncidentClose), incident=incident, outcome="resolved"))
    say.event("regulator", "closed the incident: every member named has acted")


def _open_case(stage: Stage, say: Narrator, told: Told, incident: str) -> None:
    """Open a case over the incident; a regulator says what may be read under it."""
    investigator, regulator = stage["investigator"], stage["regulator"]
    told.ids["case"] = investigator.submit(
        CaseOpen(**investigator.head(CaseOpen), complaint=kept_aside("the report of the loss"), incident=incident)
    )
    references = one(told.traced).union(one(told.ids["report"]))
    told.scope = _scope(references, stage["lender"].uscc, stage["operator"].uscc)
    regulator.submit(
        CaseAuthorise(
            **regulator.head(CaseAuthorise),
            case=told.ids["case"],
            scope=told.scope.commitment(),
            until=in_seconds(MANDATE_SECONDS),
        )
    )
    say.event("investigator", "opened a case", short(told.ids["case"]))
    say.event("regulator", "authorised it: one record, one report, two members", "nothing else may be read under it")


def _mandate(stage: Stage, references: ReferenceSet, purpose: str) -> str:
    agent = stage["agent"]
    return agent.submit(
        MandateOpen(
            **agent.head(MandateOpen),
            purpose=purpose,
            evidence=kept_aside("the person's power of attorney"),
            until=in_seconds(MANDATE_SECONDS),
            references=listed(references),
        )
    )


def _scope(references: ReferenceSet, *members: str) -> ScopeOpening:
    return ScopeOpening(SYSTEM.random_bytes(SALT_SIZE), references, tuple(sorted(members)))
