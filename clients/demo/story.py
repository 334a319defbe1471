"""The story, act by act. Each act is what members of a real consortium would do with the same SDK calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

from clients.demo.facts import contract_file, loan_records
from clients.demo.founding import LOAN_ITEM, PARTS, jwk
from clients.demo.handing_over import (
    ALL_FIELDS,
    LENDER_FIELDS,
    OPERATOR_FIELDS,
    Granted,
    all_of,
    attempt,
    delivery,
    grant,
    hand_over,
    in_seconds,
    listed,
    one,
)
from clients.demo.narrator import Narrator, short
from clients.demo.stage import Stage
from clients.gateway.records import Attributes, NewRecord
from clients.imports.ocds import read_ocds
from clients.sdk.edge import SYSTEM
from clients.sdk.errors import RefusedProblem
from ledger.keys import Ed25519Signer
from ledger.kinds.contracts import ContractVerify, VerifiedMilestone
from ledger.kinds.fields import Payload
from ledger.kinds.grants import GrantExtend, GrantRevoke
from ledger.kinds.keys import KeyAdd, KeyRevoke, KeyRotate
from ledger.kinds.transfers import UseReport
from ledger.references import Reference
from ledger.scope_commitment import ScopeOpening
from ledger.times import day_of

BATCH = 495
"""Records of each source that go into its batch; the other five go singly."""
FORGOTTEN_SECONDS = 2
"""Deadline of the offer that nobody accepts."""
ROTATION_SECONDS = 61


@dataclass(slots=True)
class Told:
    """What later acts need of earlier ones: ids of statements, and what was refused.

    `ids` are statements by what they are to the story; `mirrored_at` is the tree size with the mirror that differs,
    `scope` what the investigator may read.
    """

    batches: dict[str, str] = field(default_factory=dict)
    singles: dict[str, list[str]] = field(default_factory=dict)
    records: int = 0
    grants: dict[str, Granted] = field(default_factory=dict)
    transfers: list[str] = field(default_factory=list)
    refused: list[RefusedProblem] = field(default_factory=list)
    contract: str = ""
    traced: str = ""
    lender_offer: str = ""
    rotated_at: float = 0.0
    new_key: str = ""
    penalty: str = ""
    public_until: str = ""
    mirrored_at: int = 0
    repaired_at: float = 0.0
    ids: dict[str, str] = field(default_factory=dict)
    scope: ScopeOpening | None = None


def founding(stage: Stage, say: Narrator) -> None:
    """Show who takes part."""
    say.act("Fourteen institutions found a ledger", "创立账本")
    for part in PARTS:
        say.event(part.short, part.en, f"{part.zh} · {part.uscc} · {', '.join(part.roles)}")
    log = stage["auditor"].client.log()
    say.note(f"log {log.origin}, genesis {short(log.genesis)}; every member signs with its own key")


def submit_records(stage: Stage, say: Narrator, told: Told) -> None:
    """Submit 1,000 real credit records: 990 in two batches, 10 singly."""
    say.act("Two sources submit 1,000 credit records", "两家信息源报送信用记录")
    records = loan_records()
    now = SYSTEM.now_s() * 1000
    attributes = Attributes(event_day=day_of(now - 86_400_000), retention_end=day_of(now + 1800 * 86_400_000))
    for number, short_name in enumerate(("bank", "coop")):
        actor = stage[short_name]
        own = records[number * 500 : (number + 1) * 500]
        source = actor.source()
        batch = source.submit_batch(LOAN_ITEM, 1, own[:BATCH], attributes)
        singles = [source.submit_record(LOAN_ITEM, 1, record, attributes).statement_id for record in own[BATCH:]]
        told.batches[short_name], told.singles[short_name] = batch.statement_id, singles
        told.records += len(own)
        say.event(
            short_name, f"signed one batch of {BATCH} and {len(singles)} single records", short(batch.statement_id)
        )
    say.note("the ledger holds salted commitments only; the values stay in each source's own vault")


def rotate_key(stage: Stage, say: Narrator, told: Told) -> None:
    """Let the hub replace its key; the policy's delay lets it be cancelled."""
    say.act("The hub rotates its signing key", "平台轮换签名密钥")
    hub = stage["hub"]
    new = stage.new_signer("hub-2")
    pop = hub.identity.prove_possession(new, stage["hub"].client.log().origin)
    rotation = hub.client.sign_and_submit(
        KeyRotate(**hub.identity.head(KeyRotate), old=hub.identity.kid, key=jwk(new.public.to_json()), pop=pop)
    )
    told.rotated_at, told.new_key = monotonic(), rotation.statement_id
    say.event("hub", "announced a new key with its proof of possession", short(rotation.statement_id))
    say.note("the old key signs until the policy's delay of one minute has passed; until then it can be cancelled")


def import_contract(stage: Stage, say: Narrator, told: Told) -> None:
    """Import the real contract and have one of its milestones verified."""
    say.act("A public contract is imported and checked", "导入公共合同并核验履约")
    buyer, verifier = stage["buyer"], stage["service"]
    (contract,) = read_ocds(*contract_file(buyer.uscc), file="contract_ocds.json")
    registered = buyer.client.sign_and_submit(contract.register(buyer.identity.head))
    told.contract = registered.statement_id
    rest: list[Payload] = [
        *contract.milestone_payloads(told.contract, buyer.identity.head),
        *contract.payment_payloads(told.contract, buyer.identity.head),
    ]
    audience = buyer.client.audience()
    placed = buyer.client.submit_sequence([buyer.identity.sign(payload, audience) for payload in rest])
    refused = [result for result in placed.results if result.status != "admitted"]
    assert not refused, refused
    value = contract.value
    say.event(
        "buyer",
        f"registered the contract: {len(contract.claims)} milestones, {len(contract.payments)} payments",
        f"value {value.amount / 100:,.2f} {value.currency}, paid {contract.paid / 100:,.2f}",
    )
    first = contract.claims[0].milestone
    verifier.client.sign_and_submit(
        ContractVerify(
            **verifier.identity.head(ContractVerify),
            contract=told.contract,
            results=[VerifiedMilestone(milestone=first, outcome="partially_met")],
            evidence=sha256(b"the inspection report, kept by the verifier").hexdigest(),
        )
    )
    say.event("service", "verified one milestone, eleven stay unverified", first)


def issue_grants(stage: Stage, say: Narrator, told: Told) -> None:
    """Issue a chain of grants, each inside the one above it."""
    say.act("Authority is granted, link by link", "逐级授权")
    bank, coop, hub = stage["bank"], stage["coop"], stage["hub"]
    operator, lender = stage["operator"], stage["lender"]
    grants = told.grants
    grants["bank→hub"] = grant(bank, hub, bank, ALL_FIELDS, "credit", onward=2, count=2000)
    grants["coop→hub"] = grant(coop, hub, coop, ALL_FIELDS, "credit", onward=0, count=1000)
    grants["hub→operator"] = grant(
        hub, operator, bank, OPERATOR_FIELDS, "credit", onward=1, count=400, parent=grants["bank→hub"].grant
    )
    grants["operator→lender"] = grant(
        operator,
        lender,
        bank,
        LENDER_FIELDS,
        "credit.lending",
        onward=0,
        count=150,
        parent=grants["hub→operator"].grant,
        references=all_of(told.batches["bank"], (0, 119)),
    )
    for name, granted in grants.items():
        say.event(
            name.partition("→")[0],
            f"granted {name.partition('→')[2]} {len(granted.fields)} fields for {granted.purpose}",
            short(granted.grant),
        )


def hand_over_records(stage: Stage, say: Narrator, told: Told) -> None:
    """Hand the records on: sources → hub → operator → lender, five steps each, in encrypted packages."""
    say.act("Records are handed over: sources → hub → operator → lender", "传输链条：信息源 → 平台 → 运营 → 贷款机构")
    batch = told.batches["bank"]
    coop = all_of(told.batches["coop"], (0, BATCH - 1))
    for single in told.singles["coop"]:
        coop = coop.union(one(single))
    moves = (
        ("bank", "hub", all_of(batch, (0, BATCH - 1))),
        ("coop", "hub", coop),
        ("hub", "operator", all_of(batch, (0, 199))),
        ("operator", "lender", all_of(batch, (0, 99))),
    )
    for sender, receiver, references in moves:
        wanted = delivery(told.grants[f"{sender}→{receiver}"], references)
        offer = hand_over(stage[sender], stage[receiver], wanted)
        told.transfers.append(offer)
        say.event(
            sender, f"→ {receiver}: {references.count} records, offered, accepted, released, confirmed", short(offer)
        )
    told.lender_offer, told.traced = told.transfers[-1], f"{batch}:7"


def attempt_without_authority(stage: Stage, say: Narrator, told: Told) -> None:
    """Try two offers that differ from the admitted one in a single dimension."""
    say.act("Attempts without authority are refused, and recorded", "无权尝试被拒绝并入账")
    granted, references = told.grants["operator→lender"], all_of(told.batches["bank"], (0, 99))
    operator = stage["operator"]
    _refuse(
        say,
        told,
        "the same records to the credit agency, which has no grant",
        attempt(operator, delivery(granted, references, receiver=stage["service"].uscc)),
    )
    wider = tuple(sorted({*LENDER_FIELDS, "age"}))
    _refuse(
        say,
        told,
        "the same records with one field more: age",
        attempt(operator, delivery(granted, references, fields=wider)),
    )


def correct_a_row(stage: Stage, say: Narrator, told: Told) -> None:
    """Correct one row of the batch and hand the new version to every holder."""
    say.act("A row is corrected, and the correction follows the data", "更正一行记录并逐级传达")
    bank = stage["bank"]
    reference = Reference.parse(told.traced)
    stored = bank.vault.record(reference)
    values = {**stored.values, "credit_amount": int(stored.values["credit_amount"] or 0) + 100}
    subject = next(record.identifier for record in loan_records() if record.values == stored.values)
    now = SYSTEM.now_s() * 1000
    attributes = Attributes(event_day=day_of(now), retention_end=day_of(now + 1800 * 86_400_000))
    corrected = bank.source().correct_record(
        reference, LOAN_ITEM, 1, NewRecord("person", subject, values), attributes, "error"
    )
    say.event("bank", "corrected row 7 of its batch", short(corrected.statement_id))
    operator = stage["operator"]
    operator.client.sign_and_submit(
        GrantExtend(
            **operator.identity.head(GrantExtend),
            grant=told.grants["operator→lender"].grant,
            references=listed(one(corrected.statement_id)),
        )
    )
    for sender, receiver in (("bank", "hub"), ("hub", "operator"), ("operator", "lender")):
        wanted = delivery(told.grants[f"{sender}→{receiver}"], one(corrected.statement_id))
        offer = hand_over(stage[sender], stage[receiver], wanted)
        told.transfers.append(offer)
        say.event(sender, f"→ {receiver}: the new version", short(offer))


def use_and_revoke(stage: Stage, say: Narrator, told: Told) -> None:
    """Use, revoke, use again: the second use is a finding; a new offer is refused; one offer is forgotten."""
    say.act("Use, revocation, and what comes after it", "使用、撤销授权及其后果")
    operator, lender = stage["operator"], stage["lender"]
    forgotten = stage["hub"].sender()
    (transfer,) = forgotten.prepare(
        delivery(told.grants["hub→operator"], all_of(told.batches["bank"], (200, 209)), deadline=FORGOTTEN_SECONDS)
    )
    offer = forgotten.offer(transfer)
    say.event("hub", "offered ten more rows; the operator lets the deadline pass", short(offer))
    _report_use(stage, told.lender_offer)
    say.event("lender", "reported a lending decision on what it received")
    granted = told.grants["operator→lender"]
    revoked = operator.client.sign_and_submit(
        GrantRevoke(**operator.identity.head(GrantRevoke), grant=granted.grant, reason="withdrawn")
    )
    say.event("operator", "revoked the lender's grant", short(revoked.statement_id))
    _refuse(
        say,
        told,
        "the admitted offer again, after the revocation",
        attempt(operator, delivery(granted, all_of(told.batches["bank"], (0, 99)))),
    )
    SYSTEM.sleep(FORGOTTEN_SECONDS)
    _report_use(stage, told.lender_offer)
    say.event(
        "lender", "reported a further use after the revocation", "admitted: a truthful report is never turned away"
    )
    assert lender.vault.disclosed(told.lender_offer, told.batches["bank"]), "the lender's vault has the rows"


def retire_keys(stage: Stage, say: Narrator, told: Told) -> None:
    """Revoke a doubtful key, and let the hub sign with its new one once the delay has passed."""
    say.act("Keys end; what they signed in doubt is marked", "密钥终止与存疑标记")
    coop = stage["coop"]
    spare = stage.new_signer("coop-2")
    added = _add_key(stage, "coop", spare)
    say.event("coop", "added a second key", short(added))
    suspect_from = in_seconds(-2)
    old = coop.identity.kid
    stage.rekey("coop", spare)
    coop.client.sign_and_submit(
        KeyRevoke(**coop.identity.head(KeyRevoke), kid=old, reason="compromised", suspect_from=suspect_from)
    )
    say.event("coop", "revoked its first key as compromised", f"in doubt since {suspect_from}")
    left = ROTATION_SECONDS - (monotonic() - told.rotated_at)
    if left > 0:
        say.note(f"waiting {left:.0f} s for the policy's delay of the hub's rotation")
        SYSTEM.sleep(left)
    stage.rekey("hub", stage.signer("hub-2"))
    wanted = delivery(told.grants["hub→operator"], all_of(told.batches["bank"], (210, 219)))
    offer = hand_over(stage["hub"], stage["operator"], wanted)
    told.transfers.append(offer)
    say.event("hub", "→ operator: ten more rows, signed with the new key", short(offer))


def _refuse(say: Narrator, told: Told, what: str, refused: RefusedProblem) -> None:
    told.refused.append(refused)
    say.refusal("operator", f"offered {what}", refused.rule, refused.message().partition(". ")[0].partition(": ")[2])


def _report_use(stage: Stage, offer: str) -> None:
    lender = stage["lender"]
    lender.client.sign_and_submit(
        UseReport(
            **lender.identity.head(UseReport),
            transfer=offer,
            purpose="credit.lending",
            used_at=in_seconds(0),
            outcome=sha256(SYSTEM.random_bytes(32)).hexdigest(),
        )
    )


def _add_key(stage: Stage, short_name: str, signer: Ed25519Signer) -> str:
    actor = stage[short_name]
    pop = actor.identity.prove_possession(signer, actor.client.log().origin)
    return actor.client.sign_and_submit(
        KeyAdd(**actor.identity.head(KeyAdd), use="sign", key=jwk(signer.public.to_json()), pop=pop)
    ).statement_id
