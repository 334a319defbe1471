"""The genesis document of the tests' world: fictional members with keys from fixed seeds, four nodes, a catalogue."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec
import nacl.bindings

from ledger.codes import fictional_uscc
from ledger.encoding import JsonObject
from ledger.keys import Ed25519Signer, EncryptionKey
from ledger.kinds.fields import Jwk, LegalBasis, Role
from ledger.kinds.genesis import (
    Calendar,
    Catalogue,
    Deadline,
    Field,
    FoundingMember,
    Genesis,
    Item,
    Label,
    Measure,
    Node,
    Policy,
    PurposeNode,
    SeverityTerm,
)
from ledger.notes.vkey import KeyType, Vkey

ORIGIN: Final = "ledger.example/credit"
MEMBERS: Final[dict[str, tuple[Role, ...]]] = {
    "source": ("source",),
    "source_b": ("source",),
    "hub": ("hub",),
    "operator": ("operator",),
    "lender": ("user",),
    "service": ("service",),
    "regulator": ("regulator",),
    "regulator_b": ("regulator",),
    "auditor": ("auditor",),
    "investigator": ("investigator",),
    "verifier": ("verifier",),
    "verifier_b": ("verifier",),
    "buyer": ("user",),
    "supplier": ("user",),
    "publisher": ("publisher",),
    "agent": ("agent",),
}
"""Founding members by their name in tests, with their roles."""
NODES: Final = {"n1": "hub", "n2": "source", "n3": "source_b", "n4": "operator"}
"""Nodes and who runs each; f = 1, so three of them are a quorum."""
BASIS: Final = LegalBasis(rank="administrative_regulation", document="Example Regulation on Credit", article="12")
ABROAD: Final = "lender_abroad"


def uscc_of(name: str) -> str:
    """Return the fictional code of a member of the world, or of an outsider by any other name."""
    names = [*MEMBERS, ABROAD]
    return fictional_uscc(names.index(name) + 1 if name in names else 10_000 + sha256(name.encode()).digest()[0])


def seed_of(label: str) -> bytes:
    """Return the 32-byte seed of a key, fixed by its label."""
    return sha256(b"suyuan/tests/" + label.encode()).digest()


def signer_of(label: str) -> Ed25519Signer:
    """Return the signer of a key by its label: a member's name, or "node:<name>" for a service key."""
    return Ed25519Signer(seed_of(label))


def jwk_of(value: JsonObject) -> Jwk:
    """Return a key object of a payload as its struct."""
    return msgspec.convert(value, Jwk)


def encryption_of(label: str) -> EncryptionKey:
    """Return the X25519 key by its label."""
    return EncryptionKey(nacl.bindings.crypto_scalarmult_base(seed_of(f"x25519:{label}")))


def _label(text: str) -> Label:
    return Label(zh=f"示例{text}", en=f"Example {text}")


def _member(name: str, roles: tuple[Role, ...], jurisdiction: str = "CN") -> FoundingMember:
    return FoundingMember(
        uscc=uscc_of(name),
        name=_label(name),
        roles=sorted(roles),
        jurisdiction=jurisdiction,
        keys=[jwk_of(signer_of(name).public.to_json())],
        encryption=jwk_of(encryption_of(name).to_json()),
    )


def _node(name: str, member: str) -> Node:
    log, cosigner = signer_of(f"log:{name}").public.raw, signer_of(f"cosigner:{name}").public.raw
    return Node(
        name=name,
        member=uscc_of(member),
        log_key=str(Vkey(ORIGIN, KeyType.ED25519, log)),
        cosigner_key=str(Vkey(f"{ORIGIN}/{name}", KeyType.ED25519_COSIGNATURE, cosigner)),
        service_key=jwk_of(signer_of(f"node:{name}").public.to_json()),
    )


def _text(*names: str, evaluable: bool = True) -> list[Field]:
    return [Field(name=name, type="text", sensitivity="public", evaluable=evaluable) for name in names]


def _numbers(*names: str) -> list[Field]:
    return [Field(name=name, type="integer", sensitivity="personal", evaluable=True) for name in names]


def catalogue() -> Catalogue:
    """Return catalogue version 1: persons' credit, a penalty, a permit and contract performance."""
    sources = sorted((uscc_of("source"), uscc_of("source_b")))
    private = [Field(name=n, type="text", sensitivity="personal", evaluable=False) for n in ("sex_status", "foreign")]
    return Catalogue(
        version=1,
        items=[
            Item(
                code="credit_person",
                name=_label("personal credit"),
                adverse=False,
                subject_classes=["person"],
                fields=[*_numbers("duration", "amount", "installment_rate", "existing_credits"), *private],
                basis=BASIS,
                retention_days=1826,
                sources=sources,
                evaluated=True,
            ),
            Item(
                code="penalty",
                name=Label(zh="行政处罚", en="administrative penalty"),
                adverse=True,
                subject_classes=["enterprise", "organisation"],
                fields=_text("CF_XDR_MC", "CF_XDR_SHXYM", "CF_WSH", "CF_SY", "CF_YJ", "CF_NR", "CF_JDRQ", "CF_CFJG"),
                basis=BASIS,
                retention_days=1096,
                sources=sources,
                severities=[
                    SeverityTerm(severity="minor", minimum_days=0, maximum_days=90),
                    SeverityTerm(severity="general", minimum_days=90, maximum_days=365),
                    SeverityTerm(severity="serious", minimum_days=180, maximum_days=1095),
                ],
                repair_authority=uscc_of("source"),
            ),
            Item(
                code="permit",
                name=Label(zh="行政许可", en="permit"),
                adverse=False,
                subject_classes=["enterprise"],
                fields=_text("XK_XDR_MC", "XK_WSH", "XK_NR"),
                basis=BASIS,
                retention_days=3653,
                sources=[uscc_of("source_b")],
            ),
            Item(
                code="performance",
                name=Label(zh="合同履约", en="contract performance"),
                adverse=False,
                subject_classes=["enterprise"],
                fields=_text("contract", "milestone", "outcome"),
                basis=BASIS,
                retention_days=1826,
                sources=sources,
                performance=True,
            ),
        ],
        purposes=[
            PurposeNode(code=code, name=_label(code))
            for code in ("credit", "credit.lending", "credit.lending.approval", "credit.monitoring", "supervision")
        ],
        lists=[
            Measure(code="LST1", name=_label("list"), basis=BASIS, authority=uscc_of("regulator"), takes_rights=True)
        ],
        measures=[],
    )


def policy() -> Policy:
    """Return the policy: threshold 2 of 2 regulators, short deadlines, a holiday and a worked weekend."""
    return Policy(
        governance_threshold=2,
        deadlines={
            "grant_answer": Deadline(n=5, unit="working_days"),
            "stop": Deadline(n=3, unit="working_days"),
            "transfer_confirm": Deadline(n=24, unit="hours"),
            "transfer_release": Deadline(n=2, unit="hours"),
        },
        calendar=Calendar(holidays=["2026-03-04"], workdays=["2026-03-07"]),
        key_change_delay=Deadline(n=24, unit="hours"),
        statements_per_minute=6000,
    )


def founding_genesis() -> Genesis:
    """Return the genesis document of the tests' world."""
    return Genesis(
        v=1,
        origin=ORIGIN,
        created="2026-03-01T00:00:00Z",
        members=[*(_member(name, roles) for name, roles in MEMBERS.items()), _member(ABROAD, ("user",), "DE")],
        nodes=[_node(name, member) for name, member in NODES.items()],
        catalogue=catalogue(),
        policy=policy(),
    )
