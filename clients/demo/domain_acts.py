"""Acts of publication and repair: regulators decide, a penalty is made public, and its repair reaches every holder."""

from __future__ import annotations

from hashlib import sha256
from time import monotonic

import msgspec

from clients.demo.founding import policy
from clients.demo.handing_over import LENDER_FIELDS, delivery, grant, hand_over, in_seconds, listed, one
from clients.demo.narrator import Narrator, short
from clients.demo.penalty import (
    ALL_PENALTY_FIELDS,
    BASIS,
    LENDER_PENALTY_FIELDS,
    PENALTY_ITEM,
    PENALTY_LIST,
    PENALTY_MEASURE,
    PUBLIC_PENALTY_FIELDS,
    synthetic_penalty,
)
from clients.demo.stage import Stage
from clients.demo.story import Told
from clients.gateway.disclosed import content_row
from clients.gateway.records import Attributes
from clients.sdk import questions, requests
from clients.sdk.edge import SYSTEM
from ledger.content import content_root
from ledger.findings.judge import Finding
from ledger.kinds.consents import MandateOpen
from ledger.kinds.genesis import Deadline
from ledger.kinds.governance import GovernanceApprove, GovernancePropose, SetPolicy
from ledger.kinds.products import ProductIssue
from ledger.kinds.publication import (
    ListEnter,
    ListExit,
    MeasureApply,
    MeasureLift,
    PledgeFulfil,
    PledgeMake,
    PublicationMirror,
    PublicationStart,
    PublicationStop,
    RepairAccept,
    RepairApply,
    RepairDecide,
    StopAcknowledge,
)
from ledger.kinds.records import Subject
from ledger.lineage.closure import Closure
from ledger.references import Reference
from ledger.times import DAY_MS, day_of

SITE = "credit-portal"
MIRROR_SITE = "agency-mirror"
PUBLIC_DAYS = 60
"""Days for which the penalty is public; its severity allows 90."""
STOP_SECONDS = 61
"""When the deadline of one minute for a stop has passed."""
MANDATE_SECONDS = 30 * 24 * 3_600


def kept_aside(text: str) -> str:
    """Return a salted commitment to a paper that stays with the member; only this goes on the ledger."""
    return sha256(SYSTEM.random_bytes(32) + text.encode()).hexdigest()


def day(days: int) -> str:
    """Return the day so many days from today."""
    return day_of(SYSTEM.now_s() * 1000 + days * DAY_MS)


def issue_report(stage: Stage, say: Narrator, told: Told) -> None:
    """Let the lender make a report of the hundred records that it received; their correction will make it stale."""
    lender = stage["lender"]
    say.act("A report is made of what was received", "以所获信息出具报告")
    told.ids["report"] = lender.submit(
        ProductIssue(
            **lender.head(ProductIssue),
            form="report",
            subject_class="person",
            purpose="credit.lending",
            items={told.grants["operator→lender"].item: list(LENDER_FIELDS)},
            method="portfolio_report_v1",
            commitment=kept_aside("the report on one hundred loans"),
            transfers=[told.lender_offer],
        )
    )
    say.event("lender", "issued a report that rests on 100 records", short(told.ids["report"]))


def agree_on_deadline(stage: Stage, say: Narrator, told: Told) -> None:
    """Change the policy: stops are due within a minute. It takes the votes of two regulators."""
    say.act("Two regulators decide together: stops are due within one minute", "两家监管机构共同决定：一分钟内停止使用")
    regulator, overseer = stage["regulator"], stage["overseer"]
    deadlines = {**policy().deadlines, "stop": Deadline(n=1, unit="minutes")}
    action = SetPolicy(policy=msgspec.structs.replace(policy(), deadlines=deadlines))
    told.ids["proposal"] = regulator.submit(GovernancePropose(**regulator.head(GovernancePropose), action=action))
    say.event("regulator", "proposed the change, and thereby voted for it", short(told.ids["proposal"]))
    decided = overseer.submit(GovernanceApprove(**overseer.head(GovernanceApprove), proposal=told.ids["proposal"]))
    say.event("overseer", "approved: the second vote of two puts it into effect", short(decided))
    say.note("what was already due keeps its deadline; only the story is in such a hurry")


def publish_penalty(stage: Stage, say: Narrator, told: Told) -> None:
    """Record a synthetic penalty, list the enterprise, hand the record on, and make it public."""
    say.act("A penalty is recorded, handed to three members and made public", "行政处罚的记录、传递与公示")
    department = stage["department"]
    told.public_until = day(PUBLIC_DAYS)
    attributes = Attributes(event_day=day(-3), retention_end=day(1000), severity="minor", basis=BASIS)
    record = synthetic_penalty(department.uscc, day(-3), told.public_until)
    told.penalty = department.source().submit_record(PENALTY_ITEM, 1, record, attributes).statement_id
    told.records += 1
    say.event("department", "signed a synthetic penalty of a fictional enterprise", short(told.penalty))
    subject = _subject(stage, told)
    told.ids["entry"] = department.submit(
        ListEnter(
            **department.head(ListEnter),
            list_=PENALTY_LIST,
            subject=subject,
            grounds=[told.penalty],
            basis=BASIS,
            end_day=told.public_until,
        )
    )
    told.ids["measure"] = department.submit(
        MeasureApply(
            **department.head(MeasureApply),
            measure=PENALTY_MEASURE,
            entry=told.ids["entry"],
            basis=BASIS,
            end_day=told.public_until,
        )
    )
    say.event("department", "entered the enterprise in a list, and applied a measure", short(told.ids["entry"]))
    _hand_on(stage, say, told)
    _publish(stage, say, told)


def _subject(stage: Stage, told: Told) -> Subject:
    """Return the tag under which the record of an enterprise is found; a person's record has none."""
    stored = stage["department"].vault.record(Reference.parse(told.penalty))
    return Subject(class_="enterprise", value=stored.subject_value.hex(), epoch=stored.epoch)


def _hand_on(stage: Stage, say: Narrator, told: Told) -> None:
    department, hub = stage["department"], stage["hub"]
    publisher, lender = stage["publisher"], stage["lender"]
    fields = PUBLIC_PENALTY_FIELDS
    grants = told.grants
    grants["department→publisher"] = grant(
        department, publisher, department, fields, "publicity", onward=0, count=10, item=PENALTY_ITEM
    )
    grants["department→hub"] = grant(
        department, hub, department, ALL_PENALTY_FIELDS, "credit", onward=1, count=10, item=PENALTY_ITEM
    )
    grants["hub→lender"] = grant(
        hub,
        lender,
        department,
        LENDER_PENALTY_FIELDS,
        "credit.lending",
        onward=0,
        count=5,
        parent=grants["department→hub"].grant,
        item=PENALTY_ITEM,
    )
    for sender, receiver in (("department", "publisher"), ("department", "hub"), ("hub", "lender")):
        wanted = delivery(grants[f"{sender}→{receiver}"], one(told.penalty))
        offer = hand_over(stage[sender], stage[receiver], wanted)
        told.transfers.append(offer)
        told.ids[f"penalty→{receiver}"] = offer
        say.event(sender, f"→ {receiver}: the penalty, {len(wanted.items[PENALTY_ITEM])} fields", short(offer))


def _publish(stage: Stage, say: Narrator, told: Told) -> None:
    """Publish what was received, and let an agency copy it with another end day."""
    publisher, service = stage["publisher"], stage["service"]
    # What is public is proven from the record's commitment: the publisher's rows are disclosures of it.
    received = publisher.vault.disclosed(told.ids["penalty→publisher"], told.penalty)
    content = content_root([content_row(row) for row in received]).hex()
    told.ids["publication"] = publisher.submit(
        PublicationStart(
            **publisher.head(PublicationStart),
            reference=told.penalty,
            site=SITE,
            fields=list(PUBLIC_PENALTY_FIELDS),
            content=content,
            end_day=told.public_until,
        )
    )
    say.event("publisher", f"made {len(PUBLIC_PENALTY_FIELDS)} fields public until {told.public_until}", SITE)
    later = day(PUBLIC_DAYS + 28)
    mirrored = service.client.sign_and_submit(
        PublicationMirror(
            **service.head(PublicationMirror),
            publication=told.ids["publication"],
            site=MIRROR_SITE,
            content=content,
            end_day=later,
        )
    )
    told.ids["mirror"], told.mirrored_at = mirrored.statement_id, mirrored.index + 1
    found = _findings(stage, "F-PARITY")
    say.event("service", f"mirrored it, but until {later}", f"{found[0].code}: the end days differ")


def _findings(stage: Stage, code: str) -> list[Finding]:
    return stage["auditor"].client.run(requests.findings(code=code)).read_as(list[Finding])


def repair_penalty(stage: Stage, say: Narrator, told: Told) -> None:
    """Repair the penalty: a mandate, a pledge, an application, the decision, and what everybody then has to do."""
    say.act("The penalty is repaired, and the repair reaches every holder", "信用修复直达每个持有方")
    agent, department = stage["agent"], stage["department"]
    mandate = agent.submit(
        MandateOpen(
            **agent.head(MandateOpen),
            purpose="rights.repair",
            evidence=kept_aside("the enterprise's power of attorney"),
            until=in_seconds(MANDATE_SECONDS),
            references=listed(one(told.penalty)),
        )
    )
    pledge = agent.submit(
        PledgeMake(
            **agent.head(PledgeMake),
            subject=_subject(stage, told),
            authority=department.uscc,
            what=kept_aside("the annual report is made public, and the next ones in time"),
            due_day=day(0),
        )
    )
    say.event("agent", "opened a mandate of the enterprise and made its pledge", short(pledge))
    department.submit(
        PledgeFulfil(
            **department.head(PledgeFulfil), pledge=pledge, evidence=kept_aside("the report stands in the register")
        )
    )
    say.event("department", "found the pledge fulfilled")
    application = agent.submit(
        RepairApply(
            **agent.head(RepairApply),
            reference=told.penalty,
            evidence=kept_aside("the report and the receipt of the fine"),
            mandate=mandate,
        )
    )
    department.submit(RepairAccept(**department.head(RepairAccept), application=application))
    told.ids["repair"] = department.submit(
        RepairDecide(
            **department.head(RepairDecide),
            application=application,
            outcome="approved",
            reason=kept_aside("put right, and the least term has passed"),
        )
    )
    told.repaired_at = monotonic()
    say.event("department", "approved the repair for which the agent applied", short(told.ids["repair"]))
    _follow_repair(stage, say, told)


def _follow_repair(stage: Stage, say: Narrator, told: Told) -> None:
    """Let everybody do what the repair asks of them; everybody but the lender."""
    publisher, service, department = stage["publisher"], stage["service"], stage["department"]
    for actor, shown in ((publisher, "publication"), (service, "mirror")):
        actor.submit(
            PublicationStop(**actor.head(PublicationStop), publication=told.ids[shown], reason="repaired"),
        )
        say.event(actor.short, f"took its {shown} down")
    department.submit(ListExit(**department.head(ListExit), entry=told.ids["entry"], reason="repaired"))
    department.submit(MeasureLift(**department.head(MeasureLift), measure=told.ids["measure"], reason="exited"))
    say.event("department", "took the enterprise off the list and lifted the measure")
    for name in ("hub", "publisher"):
        _acknowledge(stage, told, name)
        say.event(name, "stopped using its copy, and says so")
    closing = _closure(stage, told)
    late = [actor.party for actor in closing.actors if actor.met_by is None]
    names = ", ".join(actor.short for actor in stage.actors.values() if actor.uscc in late)
    say.note(f"{len(closing.actors)} duties follow from the repair; still waiting for: {names}")


def acknowledge_late(stage: Stage, say: Narrator, told: Told) -> None:
    """Let the lender stop when its minute is over: that is admitted, and stays a finding."""
    say.act("One holder is late", "一家持有方逾期")
    left = STOP_SECONDS - (monotonic() - told.repaired_at)
    if left > 0:
        say.note(f"waiting {left:.0f} s for the deadline that the regulators set")
        SYSTEM.sleep(left)
    _acknowledge(stage, told, "lender")
    closing = _closure(stage, told)
    states = sorted(actor.status for actor in closing.actors)
    say.event("lender", "stopped using its copy after the deadline", "F-OVERDUE-STOP, put right but not forgotten")
    counted = ", ".join(f"{states.count(state)} {state.replace('_', ' ')}" for state in sorted(set(states)))
    say.note(f"duties of the repair: {counted}; closed: {'yes' if closing.closed else 'no'}")


def _acknowledge(stage: Stage, told: Told, name: str) -> None:
    holder = stage[name]
    holder.submit(StopAcknowledge(**holder.head(StopAcknowledge), order=told.ids["repair"], about=told.penalty))


def _closure(stage: Stage, told: Told) -> Closure:
    return stage["auditor"].client.run(questions.closure(told.ids["repair"])).read_as(Closure)
