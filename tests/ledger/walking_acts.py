"""What members of a random walk do, by kind: each act returns who signs and what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ledger.encoding import base64url
from ledger.times import format_time
from tests.ledger.rules import publishing
from tests.ledger.rules.handing import FIELDS, KEY, LAW, SECRET
from tests.ledger.rules.producing import report
from tests.ledger.walking_contracts import CONTRACT_ACTS
from tests.world import Payload, digest_of

if TYPE_CHECKING:
    from tests.ledger.walking import Walk

Act = tuple[str, Payload]
STEPS = tuple(f"transfer.{name}" for name in ("accept", "release", "confirm", "dispute", "refuse", "cancel"))
PERSON = {"credit_person": ["amount", "duration"]}


def submit(w: Walk) -> Act:
    """A penalty, with a short retention now and then."""
    subject = publishing.subject(w.choose("enterprise one", "enterprise two"))
    changes: Payload = {"severity": w.choose("minor", "general"), "subject": subject}
    if w.chance(0.1):
        changes["retention_end"] = w.day(1, 9)
    return w.choose("source", "source", "source_b"), w.world.record("penalty", changes)


def batch(w: Walk) -> Act:
    """A batch about persons."""
    return "source", w.world.batch(12)


def correct(w: Walk) -> Act:
    """A new version of a record, or of a row."""
    atom = w.atom(persons=w.chance(0.2))
    record = w.world.record("credit_person" if ":" in atom else "penalty")
    return w.by(atom.partition(":")[0]), {**record, "reference": atom, "reason": w.choose("error", "update")}


def withdraw(w: Walk) -> Act:
    """The end of a record or row."""
    atom = w.atom(persons=w.chance(0.3))
    return w.by(atom.partition(":")[0]), {"reference": atom, "reason": "court"}


def dispute(w: Walk) -> Act:
    """A dispute of anything that can be disputed."""
    about = (
        w.atom() if w.chance(0.7) else w.one("publication.start", "list.enter", "product.issue", "contract.register")
    )
    return w.choose("lender", w.by(about), w.by(about)), {"about": about, "ground": w.digest()}


def resolve(w: Walk) -> Act:
    """Its resolution."""
    about = w.one("record.dispute")
    respondent = w.by(str(w.payload(about).get("about", "")).partition(":")[0])
    return w.choose(respondent, "regulator"), {"dispute": about, "outcome": w.choose("upheld", "rejected")}


def give_grant(w: Walk) -> Act:
    """A grant of a source over a set or over all, or a child of a grant that was given."""
    by, parent = w.choose("source", "source", "source_b"), ""
    references = w.references(issuer=by)
    payload: Payload = {}
    scope: Payload = {"items": {"penalty": FIELDS}, "onward": w.random.randint(0, 2)}
    if w.chance(0.35):
        taken = w.payload(w.one("grant.accept")).get("grant")
        parent = str(taken)
        above = w.payload(parent)
        by = w.name(above.get("grantee"))
        scope |= _scope_of(above)
        onward = scope.get("onward")
        scope["onward"] = max(0, onward - 1) if isinstance(onward, int) else 0
        payload = {"parent": parent}
    elif w.chance(0.25):
        consents = [w.one("consent.give")]
        scope["items"] = PERSON
        scope["references"] = w.payload(consents[0]).get("references", w.rows())
        payload = {"consents": consents} if w.chance(0.8) else {"basis": LAW}
    elif w.chance(0.6):
        scope["references"] = references
    if not parent and w.chance(0.4):
        scope["count"] = w.random.randint(2, 8)
    stated = {
        "issuers": [w.world.uscc(by)],
        "purpose": "credit.lending",
        "mode": w.choose("store", "store", "store", "query"),
        "jurisdictions": ["CN"],
        **scope,
    }
    grantee = w.choose("lender", "operator", "service", "hub")
    life = w.random.choice((1, 5, 40)) if not parent else 1
    dates = {"valid_from": "2026-03-01T00:00:00Z", "valid_until": "2026-12-01T00:00:00Z", "data_life": life}
    return by, {"grantee": w.world.uscc(grantee), "scope": stated, **dates, **payload}


def _scope_of(grant: Payload) -> Payload:
    scope = grant.get("scope")
    return dict(scope) if isinstance(scope, dict) else {}


def extend(w: Walk) -> Act:
    """Further records for a grant."""
    grant = w.one("grant.issue")
    return w.by(grant), {"grant": grant, "references": w.references(issuer=w.by(grant))}


def accept_grant(w: Walk) -> Act:
    """The acceptance of a grant."""
    grant = w.waiting("grant.issue", "grant", "grant.issue", "grant.accept", "grant.revoke")
    return w.name(w.payload(grant).get("grantee")), {"grant": grant}


def revoke(w: Walk) -> Act:
    """A revocation, from now on or later."""
    grant = w.one("grant.issue")
    payload: Payload = {"grant": grant, "reason": "breach"}
    if w.chance(0.4):
        payload["effective"] = w.ahead(1, 60)
    return w.choose(w.by(grant), w.by(grant), "regulator"), payload


def _under(w: Walk) -> tuple[str, str, Payload, list[list[object]]]:
    """Return an acceptance, its grant with its payload, and records that it may be about."""
    acceptance = w.one("grant.accept")
    grant = str(w.payload(acceptance).get("grant", acceptance))
    if any(payload.get("grant") == grant for _, kind, payload in w.told.values() if kind == "grant.revoke"):
        acceptance = w.one("grant.accept")
        grant = str(w.payload(acceptance).get("grant", acceptance))
    said = w.payload(grant)
    listed = _scope_of(said).get("references")
    issuers = _scope_of(said).get("issuers")
    issuer = w.name(issuers[0]) if isinstance(issuers, list) else ""
    return acceptance, grant, said, w.references(listed if isinstance(listed, list) else None, issuer)


def offer(w: Walk) -> Act:
    """An offer under a grant, with the marks of open disputes."""
    acceptance, grant, said, references = _under(w)
    scope = _scope_of(said)
    resolved = {w.payload(id_).get("dispute") for id_, (_, kind, _) in w.told.items() if kind == "record.resolve"}
    open_ = {
        payload["about"]
        for id_, (_, kind, payload) in w.told.items()
        if kind == "record.dispute" and id_ not in resolved
    }
    marks = [entry for entry in references if entry[0] in open_]
    payload: Payload = {
        "grant": grant,
        "acceptance": acceptance,
        "receiver": said.get("grantee", w.world.uscc("lender")),
        "references": references,
        "items": scope.get("items", {"penalty": FIELDS}),
        "purpose": "credit.lending",
        "content_root": digest_of("content"),
        "key_commitment": digest_of("key"),
        "ciphertext": digest_of("ciphertext"),
        "size": 10,
        "deadline": w.ahead(1, 12),
    }
    return w.by(grant), {**payload, "disputed": marks} if marks else payload


def _steps(kind: str) -> Callable[[Walk], Act]:
    says: dict[str, Payload] = {
        "accept": {"ciphertext": digest_of("ciphertext"), "receiver_key": KEY},
        "release": {"sealed_key": "c2VhbGVk"},
        "confirm": {"content_root": digest_of("content")},
        "dispute": {"reason": "content_root", "one_time_secret": base64url(SECRET)},
        "refuse": {"reason": "not_wanted"},
        "cancel": {"reason": "withdrawn"},
    }

    def act(w: Walk) -> Act:
        after = {"release": "transfer.accept", "confirm": "transfer.release", "dispute": "transfer.release"}
        offered = w.waiting("transfer.offer", "offer", after.get(kind, "transfer.offer"), *STEPS)
        sender, receiver = w.by(offered), w.name(w.payload(offered).get("receiver"))
        by = {"release": sender, "cancel": w.choose(sender, "regulator")}.get(kind, receiver)
        return by, {"offer": offered, **says[kind]}

    return act


def query(w: Walk) -> Act:
    """Queries, or the other side's confirmation of them."""
    first = w.one("query.batch")
    if w.chance(0.4) and "confirms" not in w.payload(first) and w.payload(first):
        said = w.payload(first)
        other = "receiver" if w.world.uscc(w.by(first)) == said["sender"] else "sender"
        return w.name(said[other]), {**said, "confirms": first}
    acceptance, grant, said, references = _under(w)
    end = w.world.time - 1000
    return w.choose(w.by(grant), w.name(said.get("grantee"))), {
        "grant": grant, "acceptance": acceptance, "sender": w.world.uscc(w.by(grant)),
        "receiver": said.get("grantee", w.world.uscc("lender")), "mode": "query", "references": references,
        "items": {"penalty": FIELDS}, "purpose": "credit.lending", "count": len(references) + 1, "root": w.digest(),
        "period": {"begin": format_time(end - 60_000), "end": format_time(end)},
    }  # fmt: skip


def use(w: Walk) -> Act:
    """A report of a use, right now."""
    offered = w.one("transfer.release")
    offered = str(w.payload(offered).get("offer", offered))
    used = {"purpose": "credit.lending", "used_at": format_time(w.world.time), "outcome": w.digest()}
    return w.name(w.payload(offered).get("receiver")), {"transfer": offered, **used}


def product(w: Walk) -> Act:
    """A report on what was handed over, on an earlier report, or in the place of one."""
    offered = w.one("transfer.release")
    offered = str(w.payload(offered).get("offer", offered))
    by = w.name(w.payload(offered).get("receiver"))
    changes: Payload = {"transfers": [offered]}
    earlier = w.one("product.issue")
    if w.payload(earlier) and w.chance(0.4):
        by, changes = w.by(earlier), {"products": [earlier]}
    if w.payload(earlier) and w.chance(0.4):
        by = w.by(earlier)
        changes["replaces"] = earlier
    return by, report(**changes)


def consent(w: Walk) -> Act:
    """A consent over a few rows."""
    said: Payload = {
        "purpose": "credit.lending",
        "evidence": w.digest(),
        "until": w.ahead(300, 900),
        "references": w.rows(),
    }
    return w.choose("lender", "hub"), said


def end_consent(w: Walk) -> Act:
    """Its withdrawal."""
    given = w.one("consent.give")
    return w.by(given), {"consent": given, "evidence": w.digest()}


def acknowledge(w: Walk) -> Act:
    """A stop that is acknowledged, of anything that ordered one."""
    duty = w.duty("stop")
    if duty is not None and w.chance(0.8):
        return duty[0], {"order": duty[1], "about": duty[2]}
    order = w.one(
        "record.correct", "record.withdraw", "record.resolve", "grant.revoke", "transfer.release", "transfer.cancel",
        "consent.withdraw", "repair.decide",
    )  # fmt: skip
    said = w.payload(order)
    about = said.get("reference") or said.get("grant") or said.get("offer") or said.get("consent")
    if "dispute" in said:
        about = w.payload(str(said["dispute"])).get("about")
    if "application" in said:
        about = w.payload(str(said["application"])).get("reference")
    return w.choose("lender", "operator", "service", "hub"), {"order": order, "about": about or order}


def publish(w: Walk) -> Act:
    """A publication, new or changed."""
    said = {"end_day": w.day(2, 40), "content": digest_of(w.choose("one", "two")), "site": f"site{w.count()}"}
    before = w.one("publication.start")
    if w.chance(0.3) and w.payload(before):
        same = {"site": w.payload(before)["site"], "changes": before}
        return w.by(before), publishing.start(w.world, str(w.payload(before)["reference"]), **{**said, **same})
    return w.choose("publisher", "source"), publishing.start(w.world, w.atom(), **said)


def mirror(w: Walk) -> Act:
    """A mirror, equal or not."""
    shown = w.one("publication.start")
    terms = {name: w.payload(shown).get(name) for name in ("content", "end_day")} if w.chance(0.6) else {}
    said = {"end_day": w.day(2, 40), "site": "mirror", "content": digest_of("one"), **terms}
    return "service", publishing.mirror(w.world, shown, **said)


def observe(w: Walk) -> Act:
    """What an auditor saw, equal or not."""
    shown = w.one("publication.start", "publication.mirror")
    terms = {name: w.payload(shown).get(name) for name in ("content", "end_day")} if w.chance(0.6) else {}
    return "auditor", publishing.observe(
        w.world, shown, **{"content": digest_of("two"), "end_day": w.day(2, 9), **terms}
    )


def unpublish(w: Walk) -> Act:
    """The end of a copy."""
    shown = w.one("publication.start", "publication.mirror")
    return w.by(shown), publishing.stop(shown)


def enter(w: Walk) -> Act:
    """An entry in the list."""
    ground = w.atom()
    subject = w.payload(ground).get("subject", publishing.subject())
    return "regulator", publishing.enter(w.world, ground, subject=subject, end_day=w.day(3, 30))


def leave(w: Walk) -> Act:
    """The exit from it."""
    return "regulator", {"entry": w.one("list.enter"), "reason": "court"}


def measure(w: Walk) -> Act:
    """A measure on an entry."""
    return "hub", publishing.apply(w.world, w.one("list.enter"), end_day=w.day(3, 30))


def lift(w: Walk) -> Act:
    """The end of a measure."""
    return "hub", {"measure": w.one("measure.apply"), "reason": "exited"}


def apply_for_repair(w: Walk) -> Act:
    """An application for repair of what was published."""
    reference = w.payload(w.one("publication.start")).get("reference", w.atom())
    return "supplier", {"reference": reference, "evidence": w.digest()}


def accept_repair(w: Walk) -> Act:
    """Its registration."""
    return "source", {"application": w.one("repair.apply")}


def decide_repair(w: Walk) -> Act:
    """The decision."""
    application = w.payload(w.one("repair.accept")).get("application", w.one("repair.apply"))
    return "source", {"application": application, "outcome": w.choose("approved", "rejected"), "reason": w.digest()}


def request(w: Walk) -> Act:
    """A request for data."""
    asked: Payload = {"grantor": w.world.uscc("source"), "items": {"penalty": FIELDS}, "purpose": "credit.lending"}
    return w.choose("lender", "operator"), asked


def decline(w: Walk) -> Act:
    """The refusal of one."""
    return "source", {"request": w.one("grant.request"), "reason": "other"}


ACTS: dict[str, Callable[[Walk], Act]] = {
    "record.submit": submit, "record.batch": batch, "record.correct": correct, "record.withdraw": withdraw,
    "record.dispute": dispute, "record.resolve": resolve, "grant.issue": give_grant, "grant.extend": extend,
    "grant.accept": accept_grant, "grant.revoke": revoke, "grant.request": request, "grant.decline": decline,
    "transfer.offer": offer, "query.batch": query, "use.report": use, "product.issue": product,
    "consent.give": consent, "consent.withdraw": end_consent, "stop.acknowledge": acknowledge,
    "publication.start": publish, "publication.mirror": mirror, "publication.observe": observe,
    "publication.stop": unpublish, "list.enter": enter, "list.exit": leave, "measure.apply": measure,
    "measure.lift": lift, "repair.apply": apply_for_repair, "repair.accept": accept_repair,
    "repair.decide": decide_repair,
    **{name: _steps(name.partition(".")[2]) for name in STEPS},
    **CONTRACT_ACTS,
}  # fmt: skip
"""How each kind is said."""
_OFTEN = {
    "record.submit": 8, "record.batch": 2, "grant.issue": 6, "grant.accept": 8, "transfer.offer": 14,
    "transfer.accept": 12, "transfer.release": 14, "transfer.confirm": 5, "stop.acknowledge": 10, "use.report": 5,
    "product.issue": 5, "grant.revoke": 2, "record.withdraw": 2, "record.correct": 3,
}  # fmt: skip
WEIGHTS = {kind: _OFTEN.get(kind, 2) for kind in ACTS}
"""How often each kind is said: hand-overs are what most of the others rest on."""
