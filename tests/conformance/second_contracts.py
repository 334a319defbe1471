"""Contracts in the second implementation of findings: what was paid, claimed and verified, told anew from the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.second_told import Duty, Payload, Said, Told, end_of_day

RANK = {"scheduled": 0, "not_met": 0, "partially_met": 1, "met": 2}
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TYPES = {"1": "1239", "2": "19", "3": "123459", "4": "19", "5": "1239", "6": "129", "7": "129", "8": "19"}
_TYPES |= {"9": "123", "A": "19", "N": "1239", "Y": "1"}
"""Registering authority to the organisation types it registers (GB 32100, table 1)."""
Found = tuple[str, str, bool]
"""About, party, whether it is open."""


@dataclass
class Contract:
    """A contract as it stands after the statements read so far."""

    id: str
    terms: dict[str, Any]
    paid: int = 0
    claims: dict[str, Payload] = field(default_factory=dict)
    results: dict[str, dict[str, Payload]] = field(default_factory=dict)

    def reached(self, milestone: Payload) -> tuple[str, int | None]:
        """Return status and amount of a milestone: the weakest word of its verifiers, or else the last claim."""
        words = self.results.get(milestone["id"], {})
        if words:
            said = min((RANK[one["outcome"]], one.get("amount") or 0, who) for who, one in words.items())
            weakest = words[said[2]]
            status, amount = weakest["outcome"], weakest.get("amount")
        else:
            claim = self.claims.get(milestone["id"], {"status": "scheduled"})
            status, amount = claim["status"], claim.get("amount")
        if amount is None and "amount" in milestone:
            amount = {"met": milestone["amount"], "partially_met": None}.get(status, 0)
        return status, amount

    def sum_is_wrong(self) -> bool:
        """Say whether payments exceed the value, what is met, or make the value up before everything is met."""
        value, milestones = self.terms["value"]["amount"], self.terms["milestones"]
        if self.paid > value:
            return True
        if self.paid <= 0 or not milestones:
            return False
        reached = [self.reached(one) for one in milestones]
        known = all(amount is not None for _, amount in reached)
        if known and self.paid > sum(amount or 0 for _, amount in reached):
            return True
        return self.paid == value and not all(status == "met" for status, _ in reached)


def _told(told: Told, contract: Said) -> Iterator[tuple[Said, Contract]]:
    """Yield the contract after its registration and after each statement on it."""
    terms = {name: contract.payload.get(name) or [] for name in ("milestones", "plan")}
    now = Contract(contract.id, {**terms, "value": contract.payload["value"]})
    yield contract, now
    for one in told.said:
        if one.payload.get("contract") != contract.id or not one.kind.startswith("contract."):
            continue
        if one.kind == "contract.amend" and "agrees" in one.payload:
            changed = {name: one.payload[name] for name in ("value", "milestones", "plan") if name in one.payload}
            now.terms = {**now.terms, **changed}
        elif one.kind == "contract.milestone":
            now.claims[one.payload["milestone"]] = one.payload
        elif one.kind == "contract.payment":
            amount = one.payload["amount"]["amount"]
            now.paid += amount if one.payload["payer"] == contract.payload["buyer"] else -amount
        elif one.kind == "contract.verify":
            for result in one.payload["results"]:
                now.results.setdefault(result["milestone"], {})[one.iss] = result
        yield one, now


def sums(told: Told) -> Iterator[Found]:
    """F-CONTRACT-SUM: each time the sum becomes wrong is a finding, until it is right."""
    for contract in told.of("contract.register"):
        wrong = [now.sum_is_wrong() for _, now in _told(told, contract)]
        for place, is_wrong in enumerate(wrong):
            if is_wrong and not wrong[place - 1]:
                yield contract.id, contract.payload["buyer"], all(wrong[place:])


def unverified(told: Told) -> Iterator[Found]:
    """F-UNVERIFIED: a claim above what any verifier found, until the next word on that milestone."""
    for contract in told.of("contract.register"):
        waiting: dict[str, str] = {}
        results: dict[str, dict[str, int]] = {}
        for one, _ in _told(told, contract):
            named = [one.payload["milestone"]] if one.kind == "contract.milestone" else []
            if one.kind == "contract.verify":
                named = [result["milestone"] for result in one.payload["results"]]
                for result in one.payload["results"]:
                    results.setdefault(result["milestone"], {})[one.iss] = RANK[result["outcome"]]
            for milestone in named:
                if milestone in waiting:
                    yield f"{contract.id}/{milestone}", waiting.pop(milestone), False
            if one.kind == "contract.milestone":
                rank = RANK[one.payload["status"]]
                best = max(results.get(named[0], {}).values(), default=-1)
                if rank > 0 and best < rank:
                    waiting[named[0]] = one.iss
        yield from ((f"{contract.id}/{milestone}", who, True) for milestone, who in waiting.items())


def disputed(told: Told) -> Iterator[Found]:
    """F-CONTRACT-DISPUTED: the last words of verifiers on a milestone differ, until they agree."""
    for contract in told.of("contract.register"):
        words: dict[str, dict[str, tuple[str, int | None]]] = {}
        waiting: dict[str, str] = {}
        for one in told.naming("contract.verify", "contract", contract.id):
            for result in one.payload["results"]:
                name = result["milestone"]
                words.setdefault(name, {})[one.iss] = (result["outcome"], result.get("amount"))
                outcomes = {outcome for outcome, _ in words[name].values()}
                amounts = {amount for _, amount in words[name].values() if amount is not None}
                differ = len(outcomes) > 1 or len(amounts) > 1
                if differ and name not in waiting:
                    waiting[name] = one.iss
                elif not differ and name in waiting:
                    yield f"{contract.id}/{name}", waiting.pop(name), False
        yield from ((f"{contract.id}/{milestone}", who, True) for milestone, who in waiting.items())


def payments(told: Told) -> Iterator[Duty]:
    """Yield the buyer's duty for each instalment: what was paid covers them in the order they fall due."""
    for contract in told.of("contract.register"):
        made: list[list[Any]] = []
        running: list[tuple[list[Any], int]] = []
        for one, now in _told(told, contract):
            new_plan = one.kind == "contract.register" or (
                one.kind == "contract.amend" and "agrees" in one.payload and "plan" in one.payload
            )
            broken_off = (
                one.kind == "contract.close" and "agrees" in one.payload and one.payload["outcome"] != "completed"
            )
            if new_plan or broken_off:
                for entry, _ in running:
                    entry[2] = one.time if entry[2] is None else entry[2]
            if new_plan:
                running, total = [], 0
                for step in sorted(now.terms["plan"], key=lambda step: str(step["due"])):
                    total += step["amount"]
                    entry = [f"{contract.id}/{len(made)}", end_of_day(step["due"]), None]
                    made.append(entry)
                    running.append((entry, total))
            if new_plan or one.kind == "contract.payment":
                for entry, total in running:
                    if now.paid >= total and entry[2] is None:
                        entry[2] = one.time
        yield from (Duty(contract.payload["buyer"], about, due, met) for about, due, met in made)


def quoted(told: Told) -> Iterator[Found]:
    """F-CODE: a quoted code of a scheme with a check digit that fails it."""
    for contract in told.of("contract.register"):
        for code in {one["code"] for one in contract.payload.get("quoted", []) if not _passes(one)}:
            yield f"{contract.id}/{code}", contract.iss, True


def _passes(quote: Payload) -> bool:
    code = str(quote["code"])
    if quote["scheme"] == "USCC":
        types = _TYPES.get(code[:1], "_")
        if re.fullmatch(rf".[{types}][0-9]{{6}}[{_CODE}]{{10}}", code, re.DOTALL) is None:
            return False
        organisation = _organisation_digit(code[8:16]) == code[16]
        total = sum(_CODE.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
        return organisation and _CODE[-total % 31] == code[17]
    if quote["scheme"] == "ORG":
        bare = code.replace("-", "")
        return re.fullmatch(r"[0-9A-Z]{9}", bare) is not None and _organisation_digit(bare[:8]) == bare[8]
    return True


def _organisation_digit(body: str) -> str:
    """Return the check sign of an organisation code (GB 11714): weights 3 7 9 10 5 8 4 2, modulo 11."""
    total = sum(_LETTERS.index(sign) * weight for sign, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return "0123456789X0"[11 - total % 11]
