"""Who may read what, asked of a running node by everybody (docs/privacy.md)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from nacl.bindings import crypto_scalarmult_base

from ledger.encoding import base64url
from ledger.kinds import KINDS
from ledger.signed import sign_pop
from ledger.times import DAY_MS, day_of, format_time
from tests.e2e.asking import Asker, asked_node, check_problem
from tests.world import digest_of, held_by
from tests.world_genesis import BASIS, ORIGIN, signer_of, uscc_of

SUBJECT = digest_of("the subject of the record")
FIELDS = ["CF_JDRQ", "CF_SY"]
EVERYBODY = (
    "source", "lender", "source_b", "operator", "buyer", "supplier", "verifier", "hub", "publisher", "agent", "service",
    "regulator", "auditor", "investigator",
)  # fmt: skip
READERS = ("auditor",)
"""Who reads every statement; an investigator reads under an authorised case only (INC-4)."""
OVERSEERS = (*READERS, "regulator")


@dataclass(frozen=True)
class Told:
    """Ids of what the members did."""

    record: str
    correction: str
    batch: str
    grant: str
    acceptance: str
    offer: str
    taken: str
    released: str
    contract: str
    claim: str
    refused: str
    key: str


def now_ms() -> int:
    return int(time.time() * 1000)


def penalty(**changes: object) -> dict[str, object]:
    return {
        "item": "penalty", "catalogue": 1, "subject": {"class": "enterprise", "value": SUBJECT, "epoch": 1},
        "commitment": digest_of("commitment"), "event_day": day_of(now_ms()), "severity": "general",
        "retention_end": day_of(now_ms() + 700 * DAY_MS), "basis": msgspec.to_builtins(BASIS), **changes,
    }  # fmt: skip


def batch() -> dict[str, object]:
    root, manifest = digest_of("root"), digest_of("manifest")
    common = penalty()
    for name in ("subject", "commitment"):
        del common[name]
    held = [held_by("n1", root, manifest, 10)]
    return {**common, "subject_class": "enterprise", "epoch": 1, "count": 10, "root": root, "manifest": manifest,
            "held": held}  # fmt: skip


def granted() -> dict[str, object]:
    scope = {"issuers": [uscc_of("source")], "items": {"penalty": FIELDS}, "purpose": "credit.lending",
             "mode": "store", "onward": 0, "jurisdictions": ["CN"]}  # fmt: skip
    return {"grantee": uscc_of("lender"), "scope": scope, "valid_from": format_time(now_ms() - DAY_MS),
            "valid_until": format_time(now_ms() + 30 * DAY_MS), "data_life": 30}  # fmt: skip


def offered(grant: str, acceptance: str, references: list[object]) -> dict[str, object]:
    return {
        "grant": grant, "acceptance": acceptance, "receiver": uscc_of("lender"), "references": references,
        "items": {"penalty": FIELDS}, "purpose": "credit.lending", "content_root": digest_of("content"),
        "key_commitment": digest_of("key"), "ciphertext": digest_of("ciphertext"), "size": 1000,
        "deadline": format_time(now_ms() + DAY_MS),
    }  # fmt: skip


def contract() -> dict[str, object]:
    return {
        "contract": "C-1", "buyer": uscc_of("buyer"), "supplier": uscc_of("supplier"),
        "value": {"amount": 500, "currency": "CNY"}, "milestones": [{"id": "m1", "due": day_of(now_ms())}],
        "document": digest_of("document"),
    }  # fmt: skip


def hand_over(ask: Asker, grant: str, acceptance: str, references: list[object]) -> tuple[str, str, str]:
    offer = ask.admit("source", "transfer.offer", offered(grant, acceptance, references))
    key = base64url(crypto_scalarmult_base(bytes(range(32))))
    taking = {"offer": offer, "ciphertext": digest_of("ciphertext"), "receiver_key": key}
    taken = ask.admit("lender", "transfer.accept", taking)
    return offer, taken, ask.admit("source", "transfer.release", {"offer": offer, "sealed_key": "c2VhbGVk"})


def tell(ask: Asker) -> Told:
    record = ask.admit("source", "record.submit", penalty())
    rows = ask.admit("source", "record.batch", batch())
    grant = ask.admit("source", "grant.issue", granted())
    acceptance = ask.admit("lender", "grant.accept", {"grant": grant})
    offer, taken, released = hand_over(ask, grant, acceptance, [[record, []]])
    hand_over(ask, grant, acceptance, [[rows, [[0, 4]]]])
    correction = ask.admit("source", "record.correct", penalty(reference=record, reason="error"))
    agreed = ask.admit("buyer", "contract.register", contract())
    claimed = {"contract": agreed, "milestone": "m1", "status": "met"}
    refused = check_problem(ask.post(ask.sign("lender", "record.submit", penalty())), 403, "REC-1")
    added = signer_of("another key of the hub")
    pop = base64url(sign_pop(added, origin=ORIGIN, member=uscc_of("hub"), old_kid=signer_of("hub").public.thumbprint))
    return Told(
        record=record,
        correction=correction,
        batch=rows,
        grant=grant,
        acceptance=acceptance,
        offer=offer,
        taken=taken,
        released=released,
        contract=agreed,
        claim=ask.admit("supplier", "contract.milestone", claimed),
        refused=str(refused["id"]),
        key=ask.admit("hub", "key.add", {"use": "sign", "key": added.public.to_json(), "pop": pop}),
    )


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with asked_node(tmp_path_factory.mktemp("access") / "node") as asker:
        yield asker


@pytest.fixture(scope="module")
def told(ask: Asker) -> Told:
    return tell(ask)


PARTIES = ("source", "lender", *READERS)
TRADERS = ("buyer", "supplier", *READERS)
OPENS: dict[str, tuple[str, tuple[str, ...]]] = {
    # Statements: signer, whoever is named, holders, readers of all; never a regulator
    "record": ("/v1/statements/{record}", PARTIES),
    "record-info": ("/v1/statements/{record}/info", PARTIES),
    "correction-of-what-it-holds": ("/v1/statements/{correction}", PARTIES),
    "batch": ("/v1/statements/{batch}", PARTIES),
    "grant": ("/v1/statements/{grant}", PARTIES),
    "acceptance": ("/v1/statements/{acceptance}", PARTIES),
    "offer": ("/v1/statements/{offer}", PARTIES),
    "step-of-the-receiver": ("/v1/statements/{taken}", PARTIES),
    "step-of-the-sender": ("/v1/statements/{released}", PARTIES),
    "contract": ("/v1/statements/{contract}", TRADERS),
    "claim": ("/v1/statements/{claim}", TRADERS),
    "refused": ("/v1/statements/{refused}", ("lender", *READERS)),
    "refused-info": ("/v1/statements/{refused}/info", ("lender", *READERS)),
    "key": ("/v1/statements/{key}", EVERYBODY),
    # State
    "record-state": ("/v1/records/{record}", PARTIES),
    "batch-state": ("/v1/records/{batch}", PARTIES),
    "grant-state": ("/v1/grants/{grant}", PARTIES),
    "transfer-state": ("/v1/transfers/{offer}", PARTIES),
    # Questions
    "trace-forward": ("/v1/trace/forward?reference={record}", PARTIES),
    "trace-back": ("/v1/trace/back?reference={record}", PARTIES),
    "trace-of-a-hand-over": ("/v1/trace/forward?reference={offer}", PARTIES),
    "holders": ("/v1/trace/holders?reference={record}", PARTIES),
    "row-that-was-received": ("/v1/trace/forward?reference={batch}:4", PARTIES),
    "row-that-was-not": ("/v1/trace/forward?reference={batch}:5", ("source", *READERS)),
    "grant-tree": ("/v1/grants/{grant}/tree", ("source", "lender", *OVERSEERS)),
    "contract-view": ("/v1/contracts/{contract}", ("buyer", "supplier", "verifier", *OVERSEERS)),
    "findings-of-another": (f"/v1/findings?party={uscc_of('lender')}", ("lender", *OVERSEERS)),
    "refusals-of-another": (f"/v1/refusals?member={uscc_of('lender')}", ("lender", *OVERSEERS)),
    "duties-of-another": (f"/v1/duties?party={uscc_of('lender')}", ("lender", *OVERSEERS)),
    "own-findings": ("/v1/findings", EVERYBODY),
    "own-refusals": ("/v1/refusals", EVERYBODY),
    "own-duties": ("/v1/duties", EVERYBODY),
    # The log's contents
    "entries": ("/tile/entries/000.p/1", ("auditor",)),
}


@pytest.mark.parametrize("thing", OPENS)
def test_opens_to_these_and_to_nobody_else(ask: Asker, told: Told, thing: str) -> None:
    template, allowed = OPENS[thing]
    path = template.format(**msgspec.to_builtins(told))
    answers = {member: ask.get(path, member) for member in EVERYBODY}
    opened = {member for member, answer in answers.items() if answer.status_code == 200}
    assert opened == set(allowed)
    for member in set(EVERYBODY) - opened:
        members = check_problem(answers[member], 403, "access.role")
        assert SUBJECT not in answers[member].text
        assert uscc_of(member) in str(members["detail"])
    for member in opened:
        assert "private" in answers[member].headers["cache-control"]
    check_problem(ask.get(path), 401, "access.token_missing")


@pytest.mark.parametrize(
    "path",
    [
        "/checkpoint", "/tile/0/000.p/1", "/v1/log", "/v1/genesis", "/v1/policy", "/v1/statements/{record}/receipt",
        "/v1/statements/{refused}/proof", "/v1/leaves/0/proof", "/v1/members", "/v1/catalogue", "/openapi.json",
        "/livez", "/readyz", "/health", "/metrics",
    ],
)  # fmt: skip
def test_public(ask: Asker, told: Told, path: str) -> None:
    answer = ask.get(path.format(**msgspec.to_builtins(told)))
    assert answer.status_code == 200
    assert SUBJECT not in answer.text


def test_strangers_learn_nothing_of_what_is_there(ask: Asker, told: Told) -> None:
    """A member that may not read gets the same answer for what is there and for what is not."""
    there, absent = msgspec.to_builtins(told), digest_of("nothing")
    for template in ("/v1/records/{0}", "/v1/grants/{0}", "/v1/transfers/{0}", "/v1/grants/{0}/tree",
                     "/v1/contracts/{0}", "/v1/trace/forward?reference={0}"):  # fmt: skip
        for member in ("operator", "source_b"):
            found, missing = (ask.get(template.format(id_), member) for id_ in (there["grant"], absent))
            assert found.status_code == missing.status_code == 403
            assert found.json() == missing.json()


def test_members_see_their_own_findings_refusals_and_duties_only(ask: Asker, told: Told) -> None:
    refusals = {member: ask.get("/v1/refusals", member).json()["statements"] for member in ("lender", "source")}
    assert told.refused in refusals["lender"]
    assert refusals["source"] == []
    for member in ("lender", "source", "regulator"):
        findings = ask.get("/v1/findings", member).json()["answer"]
        parties = {finding["party"] for finding in findings}
        assert parties <= {uscc_of(member)} or member == "regulator"
    duties = ask.get("/v1/duties", "lender").json()["answer"]["duties"]
    assert duties
    assert {duty["party"] for duty in duties} == {uscc_of("lender")}
    assert ask.get("/v1/duties", "operator").json()["answer"]["duties"] == []


def test_regulators_see_no_subject(ask: Asker, told: Told) -> None:
    paths = [path for path, allowed in OPENS.values() if "regulator" in allowed]
    assert len(paths) >= 9
    for path in paths:
        text = ask.get(path.format(**msgspec.to_builtins(told)), "regulator").text
        assert SUBJECT not in text
        assert "subject" not in text
    for path, allowed in OPENS.values():
        if path.startswith("/v1/statements/") and "{key}" not in path:
            assert "regulator" not in allowed


def test_a_cached_token_ends_with_its_key(ask: Asker, told: Told) -> None:
    token = ask.token("service")
    headers = {"authorization": f"Bearer {token}"}
    assert ask.http.get("/v1/duties", headers=headers).status_code == 200
    kid = base64url(signer_of("service").public.thumbprint)
    ask.admit("service", "key.revoke", {"kid": kid, "reason": "compromised"})
    members = check_problem(ask.http.get("/v1/duties", headers=headers), 401, "access.token")
    assert members["params"] == {"cause": "access.token.key"}
    later = ask.http.get("/v1/duties", headers={"authorization": f"Bearer {ask.token('service')}"})
    check_problem(later, 401, "access.token")


def test_a_key_that_was_added_opens_at_once(ask: Asker, told: Told) -> None:
    token = ask.token("hub", key=signer_of("another key of the hub"))
    assert ask.http.get("/v1/duties", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_manifests_open_by_role_and_packages_to_their_parties(ask: Asker, told: Told) -> None:
    unknown = digest_of("no such file")
    answers = {member: ask.get(f"/v1/manifests/{unknown}", member).status_code for member in EVERYBODY}
    closed = {member for member, status in answers.items() if status == 403}
    assert closed >= {"regulator", "investigator", "verifier", "publisher", "agent"}
    assert {answers[member] for member in ("source", "hub", "operator", "lender", "auditor")} == {404}


def test_every_kind_of_the_ledger_is_closed_to_outsiders_unless_it_is_a_key() -> None:
    from api.routes.statements import OPEN_KINDS

    assert {kind for kind in KINDS if kind.startswith("key.")} == OPEN_KINDS
