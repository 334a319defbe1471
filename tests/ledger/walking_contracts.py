"""What members of a random walk do about contracts, erasures, incidents, cases, access, governance and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from ledger.encoding import base64url
from ledger.kinds.genesis import Deadline, Policy
from ledger.signed import sign_pop
from ledger.times import format_time
from tests.ledger.rules import casework, governing, publishing
from tests.world import Payload
from tests.world_genesis import ORIGIN

if TYPE_CHECKING:
    from tests.ledger.walking import Walk

Act = tuple[str, Payload]
MILESTONES = ("m1", "m2", "m3")


def register(w: Walk) -> Act:
    """A contract with a plan, and quoted codes that may be wrong."""
    value = w.random.randint(50, 150)
    milestones: list[Payload] = [{"id": "m1", "amount": value // 2}, {"id": "m2"}]
    plan = [{"due": w.day(-2, 20), "amount": w.random.randint(1, 60)} for _ in range(w.random.randint(0, 3))]
    payload: Payload = {
        "contract": f"C-{w.count()}",
        "buyer": w.world.uscc("buyer"),
        "supplier": w.world.uscc("supplier"),
        "value": {"amount": value, "currency": "CNY"},
        "milestones": milestones,
        "plan": plan,
        "quoted": [
            {"scheme": "USCC", "code": w.choose(w.world.uscc("buyer"), "91110000600037341N")},
            {"scheme": "ORG", "code": w.choose("00000001-1", "600037341", "MA0000001")},
        ],
    }
    return w.choose("buyer", "supplier", "regulator"), payload


def amend(w: Walk) -> Act:
    """Other terms, or the other party's word on them."""
    proposed = w.one("contract.amend")
    if w.chance(0.6) and w.payload(proposed):
        said = {name: value for name, value in w.payload(proposed).items() if name != "agrees"}
        return ("supplier" if w.by(proposed) == "buyer" else "buyer"), {**said, "agrees": proposed}
    payload: Payload = {"contract": w.one("contract.register")}
    if w.chance(0.5):
        payload["value"] = {"amount": w.random.randint(80, 200), "currency": "CNY"}
    if w.chance(0.6):
        payload["plan"] = [{"due": w.day(-2, 20), "amount": w.random.randint(1, 60)}]
    if w.chance(0.3):
        payload["milestones"] = [{"id": name, "amount": 10} for name in MILESTONES]
    return w.choose("buyer", "supplier"), payload


def close(w: Walk) -> Act:
    """The end of a contract, or the other party's word on it."""
    proposed = w.one("contract.close")
    if w.chance(0.6) and w.payload(proposed):
        same = {name: value for name, value in w.payload(proposed).items() if name != "agrees"}
        return ("supplier" if w.by(proposed) == "buyer" else "buyer"), {**same, "agrees": proposed}
    said: Payload = {"contract": w.one("contract.register"), "outcome": w.choose("completed", "cancelled")}
    return w.choose("buyer", "supplier"), said


def claim(w: Walk) -> Act:
    """A claim on a milestone."""
    said: Payload = {"contract": w.one("contract.register"), "milestone": w.choose(*MILESTONES)}
    said["status"] = w.choose("met", "partially_met", "not_met")
    if w.chance(0.5):
        said["amount"] = w.random.randint(1, 60)
    return w.choose("buyer", "supplier"), said


def pay(w: Walk) -> Act:
    """A payment, at times back."""
    payer, payee = ("buyer", "supplier") if w.chance(0.85) else ("supplier", "buyer")
    money = {"amount": w.random.randint(1, 80), "currency": "CNY"}
    parties = {"payer": w.world.uscc(payer), "payee": w.world.uscc(payee)}
    paid = {"payment": f"p{w.count()}", "amount": money, "day": w.day(-1, 0), **parties}
    return w.choose("buyer", "supplier"), {"contract": w.one("contract.register"), **paid}


def verify(w: Walk) -> Act:
    """What a verifier found."""
    results: list[Payload] = []
    for name in sorted(w.random.sample(MILESTONES, w.random.randint(1, 2))):
        result: Payload = {"milestone": name, "outcome": w.choose("met", "partially_met", "not_met")}
        results.append({**result, "amount": w.random.randint(1, 60)} if w.chance(0.4) else result)
    said: Payload = {"contract": w.one("contract.register"), "results": results, "evidence": w.digest()}
    return w.choose("verifier", "verifier_b"), said


def erase(w: Walk) -> Act:
    """A request to erase."""
    return w.choose("source", "regulator"), casework.erasure(w.references())


def attest(w: Walk) -> Act:
    """An attestation by whoever may hold something."""
    duty = w.duty("erase")
    if duty is None or w.chance(0.2):
        return w.choose("source", "lender", "service"), casework.attest(w.one("erasure.request"))
    return duty[0], casework.attest(duty[2].partition("/")[0])


def open_case(w: Walk) -> Act:
    """A case."""
    return "investigator", {"complaint": w.digest()}


def authorise(w: Walk) -> Act:
    """Its authorisation."""
    return "regulator", casework.authorise(w.world, w.one("case.open"))


def hold(w: Walk) -> Act:
    """A hold for it."""
    return "investigator", {"case": w.one("case.open"), "references": w.references()}


def end_hold(w: Walk) -> Act:
    """The end of a hold."""
    return "investigator", {"hold": w.one("hold.place")}


def incident(w: Walk) -> Act:
    """An incident that was noticed a while ago."""
    scope = casework.scope_of(members=[w.world.uscc(name) for name in ("lender", "operator")])
    noticed = format_time(w.world.time - w.random.randint(0, 3) * 86_400_000)
    return w.choose("operator", "service"), casework.incident(w.world, scope, noticed_at=noticed)


def notify(w: Walk) -> Act:
    """Its notification."""
    scope = casework.scope_of(members=[w.world.uscc(name) for name in ("lender", "operator")])
    opened = w.one("incident.open")
    return w.by(opened), casework.notify(opened, scope)


def contain(w: Walk) -> Act:
    """Its containment by somebody concerned."""
    opened = w.one("incident.open")
    return w.choose(w.by(opened), "lender", "operator"), casework.contain(opened)


def mandate(w: Walk) -> Act:
    """A mandate."""
    said: Payload = {"purpose": "credit", "evidence": w.digest(), "until": w.ahead(300, 900), "references": w.rows()}
    return "agent", said


def ask(w: Walk) -> Act:
    """A question under one."""
    return "agent", {"holder": w.world.uscc("source"), "scope": w.digest(), "mandate": w.one("mandate.open")}


def answer(w: Walk) -> Act:
    """Its answer."""
    return "source", {"request": w.one("access.request"), "answer": w.digest()}


def pledge(w: Walk) -> Act:
    """A pledge."""
    said = {"subject": publishing.subject(), "authority": w.world.uscc("source"), "what": w.digest()}
    return "supplier", {**said, "due_day": w.day(1, 12)}


def settle(w: Walk) -> Act:
    """Its settlement."""
    return "source", {"pledge": w.one("pledge.make"), "evidence": w.digest()}


def propose(w: Walk) -> Act:
    """A member is suspended or restored, another policy set."""
    action = w.random.choice(
        (
            governing.suspend(w.world, "service"),
            governing.restore(w.world, "service"),
            governing.set_policy(_policy(w)),
        )
    )
    return "regulator", {"action": action}


def _policy(w: Walk) -> Policy:
    policy = w.world.genesis.policy
    unit = Deadline(n=w.random.randint(1, 6), unit="days")
    return msgspec.structs.replace(policy, deadlines={**policy.deadlines, "stop": unit, "erasure": unit})


def approve(w: Walk) -> Act:
    """The other regulator's vote."""
    return "regulator_b", {"proposal": w.one("governance.propose")}


def add_key(w: Walk) -> Act:
    """A further key of a member."""
    member = w.choose("lender", "operator")
    new, old = w.world.signer(f"{member} {w.count()}"), w.world.signer(member)
    proof = sign_pop(new, origin=ORIGIN, member=w.world.uscc(member), old_kid=old.public.thumbprint)
    return member, {"use": "sign", "key": new.public.to_json(), "pop": base64url(proof)}


CONTRACT_ACTS: dict[str, Callable[[Walk], Act]] = {
    "contract.register": register, "contract.amend": amend, "contract.close": close, "contract.milestone": claim,
    "contract.payment": pay, "contract.verify": verify, "erasure.request": erase, "erasure.attest": attest,
    "case.open": open_case, "case.authorise": authorise, "hold.place": hold, "hold.lift": end_hold,
    "incident.open": incident, "incident.notify": notify, "incident.contain": contain, "mandate.open": mandate,
    "access.request": ask, "access.answer": answer, "pledge.make": pledge, "pledge.fulfil": settle,
    "governance.propose": propose, "governance.approve": approve, "key.add": add_key,
}  # fmt: skip
"""How each of these kinds is said."""
