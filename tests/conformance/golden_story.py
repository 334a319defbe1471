"""A small log with every kind in it: `python -m tests.conformance.golden_story` writes `tests/vectors/log.json`.

Every block stands with what was submitted, the outcome of each statement, the entries it gave, and size, root, state
digest and app hash after it. All bytes are in hex, times in ms. Write it anew only after an intended change of format.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from nacl.bindings import crypto_scalarmult_base

from ledger.encoding import base64url
from ledger.execution import Outcome
from ledger.keys import P256Signer
from ledger.signed import sign_pop
from ledger.times import format_time
from tests.conformance.golden_authority import consent_and_produce
from tests.conformance.golden_cases import investigate
from tests.conformance.golden_governance import govern
from tests.conformance.golden_publication import publish_and_repair
from tests.world import World, digest_of
from tests.world_genesis import BASIS, encryption_of, seed_of

FILE = Path(__file__).parents[1] / "vectors" / "log.json"
Payload = dict[str, object]


class Result(msgspec.Struct, forbid_unknown_fields=True):
    """What became of one submitted statement; `error` is the code of its refusal or rejection."""

    statement: str
    id: str
    status: str
    index: int | None
    error: str | None


class BlockVector(msgspec.Struct, forbid_unknown_fields=True):
    """One execution: its time, the statements and what became of them, the entries it gave, and the head after it."""

    time: int
    submitted: list[Result]
    entries: list[str]
    size: int
    root: str
    state_digest: str
    app_hash: str


class LogVector(msgspec.Struct, forbid_unknown_fields=True):
    """The whole log: leaf 0 with its state digest, then the blocks."""

    origin: str
    genesis: str
    genesis_state_digest: str
    blocks: list[BlockVector]


class Story:
    """Writes the log block by block."""

    def __init__(self) -> None:
        self.world = World.founding()
        head, entry = self.world.head, self.world.entries[0]
        self.log = LogVector(head.origin, entry.hex(), head.state_digest.hex(), [])

    def block(self, *statements: bytes) -> list[str]:
        """Execute one block; return the ids of its statements."""
        world, time = self.world, self.world.time
        outcomes = world.run(*statements)
        results = [_result(raw, outcome) for raw, outcome in zip(statements, outcomes, strict=True)]
        head, entries = world.head, [entry.hex() for entry in world.blocks[-1].entries]
        self.log.blocks.append(
            BlockVector(
                time=time,
                submitted=results,
                entries=entries,
                size=head.size,
                root=head.root().hex(),
                state_digest=head.state_digest.hex(),
                app_hash=head.app_hash.hex(),
            )
        )
        return [result.id for result in results]

    def one(self, member: str, kind: str, payload: Payload) -> str:
        """Execute a block of one statement; return its id."""
        return self.block(self.world.sign(member, kind, payload))[0]


def _result(raw: bytes, outcome: Outcome) -> Result:
    error = None if outcome.error is None else outcome.error.stable_code
    return Result(raw.hex(), outcome.statement_id, outcome.status, outcome.index, error)


def tell() -> LogVector:
    """Return the log."""
    story = Story()
    penalty, batch = _records(story)
    _keys(story)
    grant, acceptance = _authority(story, penalty, batch)
    _hand_overs(story, grant, acceptance, penalty, batch)
    _contract(story)
    _changes(story, penalty, batch)
    story.world.advance(300_000)
    story.block()
    story.world.advance(600_000)
    story.block()
    govern(story)
    investigate(story)
    consent_and_produce(story)
    publish_and_repair(story)
    return story.log


def _records(story: Story) -> tuple[str, str]:
    """Records and a batch in one block; refusals; and what leaves no leaf."""
    world = story.world
    first = world.sign("source", "record.submit", world.record("penalty"), id="penalty-1")
    batch = world.sign("source", "record.batch", world.batch(1000), id="batch-1")
    foreign = world.sign("lender", "record.submit", world.record("penalty"))
    reused = world.sign("source", "record.submit", world.record("penalty"), id="penalty-1")
    stranger = world.sign("source", "record.submit", world.record("permit"))
    penalty, batch_id, *_ = story.block(first, batch, foreign, reused, stranger, first)
    story.block(first, world.sign("source", "record.submit", world.record(severity="none")))
    story.block(world.sign("source", "record.submit", world.record(), iat=world.time // 1000 - 601))
    return penalty, batch_id


def _keys(story: Story) -> None:
    """A limited key, a rotation that is cancelled, a rotation that stands, an encryption key, a revocation."""
    world, old = story.world, story.world.signer("auditor").public.thumbprint
    for label, change in (
        ("auditor 2", {"kinds": ["use.report"]}),
        ("auditor 3", {"old": base64url(old)}),
        (None, {"old": base64url(old), "cancel": True}),
        ("auditor 4", {"old": base64url(old)}),
    ):
        payload: Payload = dict(change)
        if label is not None:
            new = world.signer(label)
            proof = sign_pop(new, origin=world.head.origin, member=world.uscc("auditor"), old_kid=old)
            payload |= {"key": new.public.to_json(), "pop": base64url(proof)}
        if "kinds" in payload:
            payload["use"] = "sign"
        story.one("auditor", "key.rotate" if "old" in payload else "key.add", payload)
    encryption = encryption_of("auditor 5").to_json()
    story.one("auditor", "key.add", {"use": "encrypt", "key": encryption})
    curve = P256Signer(ec.derive_private_key(0x5EED, ec.SECP256R1()))
    proof = sign_pop(curve, origin=world.head.origin, member=world.uscc("auditor"), old_kid=old)
    added: Payload = {"use": "sign", "key": curve.public.to_json(), "pop": base64url(proof)}
    story.one("auditor", "key.add", added)
    asked: Payload = {"grantor": world.uscc("hub"), "items": {"permit": ["XK_WSH"]}, "purpose": "supervision"}
    story.block(world.sign("auditor", "grant.request", asked, key=curve))
    kid = base64url(world.signer("auditor 2").public.thumbprint)
    revocation: Payload = {"kid": kid, "reason": "compromised", "suspect_from": "2026-03-02T00:00:00Z"}
    story.one("auditor", "key.revoke", revocation)


def _by_id(*entries: list[object]) -> list[object]:
    """Return entries of a reference set in their order."""
    return [*sorted(entries, key=lambda entry: str(entry[0]))]


def _grant(world: World, grantee: str, references: list[object], **more: object) -> Payload:
    return {
        "grantee": world.uscc(grantee),
        "scope": {
            "issuers": [world.uscc("source")],
            "items": {"credit_person": ["amount", "duration"], "penalty": ["CF_JDRQ", "CF_WSH"]},
            "purpose": "credit.lending",
            "mode": "store",
            "onward": 1,
            "jurisdictions": ["CN"],
            "references": references,
            "count": 2000,
            "rate": {"count": 1500, "window": 3600},
        },
        "valid_from": "2026-03-01T00:00:00Z",
        "valid_until": "2026-06-01T00:00:00Z",
        "data_life": 30,
        "basis": msgspec.to_builtins(BASIS),
        **more,
    }


def _authority(story: Story, penalty: str, batch: str) -> tuple[str, str]:
    """A request that is declined, one that is granted, an extension, an acceptance, a child that reaches too far."""
    world = story.world
    asked: Payload = {
        "grantor": world.uscc("source"),
        "items": {"penalty": ["CF_WSH"]},
        "purpose": "credit.lending",
    }
    request, other = story.block(
        world.sign("operator", "grant.request", asked), world.sign("service", "grant.request", asked)
    )
    story.one("source", "grant.decline", {"request": other, "reason": "no_basis"})
    whole = _grant(world, "operator", [[batch, [[0, 499]]]], request=request)
    grant = story.one("source", "grant.issue", whole)
    more = _by_id([batch, [[500, 899]]], [penalty, []])
    story.one("source", "grant.extend", {"grant": grant, "references": more})
    acceptance = story.one("operator", "grant.accept", {"grant": grant})
    story.one("lender", "grant.issue", _grant(world, "service", [[penalty, []]]))
    story.one("operator", "grant.issue", _grant(world, "lender", [[batch, [[0, 999]]]], parent=grant))
    return grant, acceptance


def _offer(world: World, receiver: str, grant: str, acceptance: str, references: list[object]) -> Payload:
    name = f"{receiver} {references}"
    return {
        "grant": grant,
        "acceptance": acceptance,
        "receiver": world.uscc(receiver),
        "references": references,
        "items": {"credit_person": ["amount"], "penalty": ["CF_WSH"]},
        "purpose": "credit.lending.approval",
        "content_root": digest_of(f"content {name}"),
        "key_commitment": digest_of(f"key {name}"),
        "ciphertext": digest_of(f"ciphertext {name}"),
        "size": 4096,
        "deadline": "2026-03-02T06:00:00Z",
    }


def _accept(story: Story, member: str, offer: str, said: Payload) -> None:
    key = base64url(crypto_scalarmult_base(seed_of(f"one time {offer}")))
    story.one(member, "transfer.accept", {"offer": offer, "ciphertext": said["ciphertext"], "receiver_key": key})


def _hand_overs(story: Story, grant: str, acceptance: str, penalty: str, batch: str) -> None:
    """Confirmed, passed on and disputed, refused by the receiver, cancelled, and refused by the ledger."""
    world = story.world
    sealed = base64url(bytes(80))
    references = _by_id([batch, [[0, 9], [20, 29]]], [penalty, []])
    said = _offer(world, "operator", grant, acceptance, references)
    offer = story.one("source", "transfer.offer", said)
    _accept(story, "operator", offer, said)
    story.one("source", "transfer.release", {"offer": offer, "sealed_key": sealed})
    story.one("operator", "transfer.confirm", {"offer": offer, "content_root": said["content_root"]})
    use: Payload = {
        "transfer": offer,
        "purpose": "credit.lending.approval",
        "used_at": format_time(world.time),
        "outcome": digest_of("outcome"),
        "reference": f"{batch}:21",
    }
    story.one("operator", "use.report", use)
    child = story.one("operator", "grant.issue", _child(world, grant, [[batch, [[0, 9]]]]))
    taken = story.one("lender", "grant.accept", {"grant": child})
    passed = _offer(world, "lender", child, taken, [[batch, [[0, 4]]]])
    onward = story.one("operator", "transfer.offer", passed)
    _accept(story, "lender", onward, passed)
    story.one("operator", "transfer.release", {"offer": onward, "sealed_key": sealed})
    dispute: Payload = {
        "offer": onward,
        "reason": "content_root",
        "one_time_secret": base64url(seed_of(f"one time {onward}")),
    }
    story.one("lender", "transfer.dispute", dispute)
    first, second = story.block(
        world.sign("source", "transfer.offer", _offer(world, "operator", grant, acceptance, [[batch, [[30, 39]]]])),
        world.sign("source", "transfer.offer", _offer(world, "operator", grant, acceptance, [[batch, [[40, 49]]]])),
    )
    story.block(
        world.sign("operator", "transfer.refuse", {"offer": first, "reason": "not_wanted"}),
        world.sign("source", "transfer.cancel", {"offer": second, "reason": "error"}),
    )
    story.one("source", "transfer.offer", _offer(world, "operator", grant, acceptance, [[batch, [[900, 999]]]]))
    story.one("source", "transfer.offer", _offer(world, "lender", grant, acceptance, [[penalty, []]]))


def _child(world: World, grant: str, references: list[object]) -> Payload:
    child = _grant(world, "lender", references, parent=grant)
    scope = child["scope"]
    assert isinstance(scope, dict)
    child["scope"] = {**scope, "onward": 0, "count": 100, "rate": {"count": 50, "window": 3600}}
    return child


def _contract(story: Story) -> None:
    """A contract that is paid in full before it is performed, amended and closed by both parties, and verified."""
    world = story.world
    contract = story.one(
        "buyer",
        "contract.register",
        {
            "contract": "C-2026-1",
            "buyer": world.uscc("buyer"),
            "supplier": world.uscc("supplier"),
            "value": {"amount": 100_000, "currency": "CNY"},
            "milestones": [{"id": "m1", "due": "2026-04-01", "amount": 60_000}, {"id": "m2"}],
            "plan": [{"due": "2026-05-01", "amount": 100_000}],
            "quoted": [{"scheme": "USCC", "code": "91110000600037341N"}],
        },
    )
    terms: Payload = {"contract": contract, "value": {"amount": 90_000, "currency": "CNY"}}
    proposal = story.one("buyer", "contract.amend", terms)
    story.one("supplier", "contract.amend", {**terms, "agrees": proposal})
    story.one("supplier", "contract.milestone", {"contract": contract, "milestone": "m1", "status": "partially_met"})
    payment: Payload = {
        "contract": contract,
        "payment": "p1",
        "amount": {"amount": 90_000, "currency": "CNY"},
        "payer": world.uscc("buyer"),
        "payee": world.uscc("supplier"),
        "day": "2026-03-01",
    }
    story.block(
        world.sign("buyer", "contract.payment", payment),
        world.sign("verifier", "contract.milestone", {"contract": contract, "milestone": "m2", "status": "met"}),
    )
    results = [{"milestone": "m1", "outcome": "partially_met", "amount": 20_000}]
    found: Payload = {"contract": contract, "results": results, "evidence": digest_of("evidence")}
    verification = story.one("verifier", "contract.verify", found)
    story.one("supplier", "contract.verify", found)
    performance = world.record("performance", performance=verification)
    story.one("source", "record.submit", performance)
    ended: Payload = {"contract": contract, "outcome": "terminated"}
    closing = story.one("supplier", "contract.close", ended)
    story.one("buyer", "contract.close", {**ended, "agrees": closing})


def _changes(story: Story, penalty: str, batch: str) -> None:
    """A correction and a withdrawal by the issuer, an attempt by another, and the end of a grant."""
    world = story.world
    fresh: Payload = {**world.record("penalty"), "reference": penalty, "reason": "error"}
    story.one("source_b", "record.correct", fresh)
    story.one("source", "record.correct", fresh)
    story.one("source", "record.withdraw", {"reference": f"{batch}:3", "reason": "court"})
    whole = _grant(world, "operator", [[batch, [[0, 9]]]])
    grant = story.one("source", "grant.issue", whole)
    story.one("source", "grant.revoke", {"grant": grant, "reason": "other"})


def render(log: LogVector) -> bytes:
    """Return the file's bytes."""
    return msgspec.json.format(msgspec.json.encode(log), indent=1) + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(render(tell()))
