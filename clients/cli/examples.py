"""One valid example for each statement kind, as the JSON fields that `suyuan submit KIND FILE` takes.

`v`, `kind` and `sub` are left out: signing fills them in. Codes are fictional, ids and digests are made of one digit.
"""

from __future__ import annotations

from typing import Final

from ledger.codes import fictional_uscc

_A, _B, _C = ("a" * 64, "b" * 64, "c" * 64)
_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
_KID = "A" * 43
_BASIS = {"rank": "law", "document": "Example Law on Credit Information", "article": "12"}
_SET = [[_A, [[0, 99]]]]
_JWK = {"kty": "OKP", "crv": "Ed25519", "x": _KEY}
_SUBJECT = {"class": "enterprise", "value": _B, "epoch": 1}
_RECORD = {
    "item": "penalty", "catalogue": 1, "commitment": _C, "event_day": "2026-03-02", "retention_end": "2029-03-02",
    "severity": "general", "basis": _BASIS,
}  # fmt: skip
_BUYER, _SUPPLIER, _OTHER = (fictional_uscc(serial) for serial in (10, 11, 12))

EXAMPLES: Final[dict[str, dict[str, object]]] = {
    "key.add": {"use": "sign", "key": _JWK, "kinds": ["record"], "pop": "AA"},
    "key.rotate": {"old": _KID, "key": _JWK, "pop": "AA"},
    "key.revoke": {"kid": _KID, "reason": "compromised", "suspect_from": "2026-03-01T00:00:00Z"},
    "record.submit": {**_RECORD, "subject": _SUBJECT},
    "record.batch": {
        "item": "penalty", "catalogue": 1, "subject_class": "enterprise", "epoch": 1, "count": 100, "root": _A,
        "manifest": _B, "event_day": "2026-03-02", "retention_end": "2029-03-02", "held": ["AA"],
        "severity": "general", "basis": _BASIS,
    },
    "record.correct": {**_RECORD, "subject": _SUBJECT, "reference": f"{_A}:7", "reason": "error"},
    "record.withdraw": {"reference": f"{_A}:7", "reason": "duplicate", "ground": _B},
    "contract.register": {
        "contract": "CA-004/2016", "buyer": _BUYER, "supplier": _SUPPLIER,
        "value": {"amount": 131_126_400, "currency": "MXN"},
        "milestones": [{"id": "m1", "due": "2026-06-30", "amount": 65_563_200}, {"id": "m2", "due": "2026-12-31"}],
        "plan": [{"due": "2026-07-15", "amount": 65_563_200}], "document": _A,
    },
    "contract.amend": {"contract": _A, "milestones": [{"id": "m1", "due": "2026-09-30"}]},
    "contract.close": {"contract": _A, "outcome": "completed", "agrees": _B},
    "contract.milestone": {"contract": _A, "milestone": "m1", "status": "partially_met", "day": "2026-06-29"},
    "contract.payment": {
        "contract": _A, "payment": "p1", "amount": {"amount": 10_927_200, "currency": "MXN"}, "payer": _BUYER,
        "payee": _SUPPLIER, "day": "2026-07-14",
    },
    "contract.verify": {"contract": _A, "results": [{"milestone": "m1", "outcome": "met"}], "evidence": _C},
    "grant.request": {
        "grantor": _BUYER, "items": {"penalty": ["document"]}, "purpose": "credit.lending", "basis": _BASIS,
    },
    "grant.decline": {"request": _A, "reason": "no_basis", "ground": _B},
    "grant.issue": {
        "grantee": _OTHER,
        "scope": {
            "issuers": [_BUYER], "items": {"penalty": ["document"]}, "purpose": "credit.lending", "mode": "store",
            "onward": 1, "jurisdictions": ["CN"], "references": _SET, "count": 1000,
            "rate": {"count": 100, "window": 86_400},
        },
        "valid_from": "2026-03-02T00:00:00Z", "valid_until": "2027-03-02T00:00:00Z", "data_life": 365,
        "basis": _BASIS, "carriers": ["line_ref", "order"], "sender_seed": _C,
    },
    "grant.extend": {"grant": _A, "references": _SET},
    "grant.accept": {"grant": _A, "receiver_seed": _B},
    "grant.revoke": {"grant": _A, "reason": "withdrawn", "effective": "2026-12-01T00:00:00Z"},
    "transfer.offer": {
        "grant": _A, "acceptance": _B, "receiver": _OTHER, "references": _SET, "items": {"penalty": ["document"]},
        "purpose": "credit.lending", "content_root": _C, "key_commitment": _A, "ciphertext": _B, "size": 4096,
        "deadline": "2026-03-03T00:00:00Z",
    },
    "transfer.accept": {"offer": _A, "ciphertext": _B, "receiver_key": _KID},
    "transfer.release": {"offer": _A, "sealed_key": "AA"},
    "transfer.confirm": {"offer": _A, "content_root": _C},
    "transfer.dispute": {"offer": _A, "reason": "commitment", "one_time_secret": _KID},
    "transfer.refuse": {"offer": _A, "reason": "not_wanted"},
    "transfer.cancel": {"offer": _A, "reason": "withdrawn"},
    "use.report": {
        "transfer": _A, "purpose": "credit.lending", "used_at": "2026-03-05T08:00:00Z", "outcome": _C,
        "reference": f"{_A}:7",
    },
}  # fmt: skip
"""Fields by kind, in the order of the specification."""


def full_example(kind: str) -> dict[str, object]:
    """Return the example with `v`, `kind` and `sub`, as the whole payload of a statement; raises KeyError."""
    sub = f"urn:suyuan:{kind.partition('.')[0]}:{_BUYER}:example"
    return {"v": 1, "kind": kind, "sub": sub, **EXAMPLES[kind]}
