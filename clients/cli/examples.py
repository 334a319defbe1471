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
    "governance.propose": {
        "action": {
            "act": "member.dissolve", "member": _BUYER, "reason": "reorganised", "successor": _SUPPLIER,
        },
        "ground": _C,
    },
    "governance.approve": {"proposal": _A},
    "governance.reject": {"proposal": _A, "ground": _C},
    "key.add": {"use": "sign", "key": _JWK, "kinds": ["record"], "pop": "AA"},
    "key.rotate": {"old": _KID, "key": _JWK, "pop": "AA"},
    "key.revoke": {"kid": _KID, "reason": "compromised", "suspect_from": "2026-03-01T00:00:00Z"},
    "linking.epoch": {"key": "organisations", "epoch": 2, "commitment": _B},
    "record.submit": {**_RECORD, "subject": _SUBJECT},
    "record.batch": {
        "item": "penalty", "catalogue": 1, "subject_class": "enterprise", "epoch": 1, "count": 100, "root": _A,
        "manifest": _B, "event_day": "2026-03-02", "retention_end": "2029-03-02", "held": ["AA"],
        "severity": "general", "basis": _BASIS,
    },
    "record.correct": {**_RECORD, "subject": _SUBJECT, "reference": f"{_A}:7", "reason": "error"},
    "record.withdraw": {"reference": f"{_A}:7", "reason": "duplicate", "ground": _B},
    "record.dispute": {"about": f"{_A}:7", "ground": _C, "mandate": _B},
    "record.resolve": {"dispute": _A, "outcome": "upheld", "ground": _B},
    "erasure.request": {"references": _SET, "ground": "retention", "evidence": _C},
    "erasure.attest": {
        "request": _A, "destroyed": ["packages", "record_keys", "values"],
        "remains": [{"references": [[_B, []]], "reason": "legal_duty", "basis": _BASIS}],
    },
    "hold.place": {"references": _SET, "case": _B},
    "hold.lift": {"hold": _A},
    "publication.start": {
        "reference": f"{_A}:7", "site": "credit.example", "fields": ["document", "name"], "content": _B,
        "end_day": "2026-12-31",
    },
    "publication.stop": {"publication": _A, "reason": "repaired", "ground": _B},
    "publication.mirror": {"publication": _A, "site": "mirror.example", "content": _B, "end_day": "2026-12-31"},
    "publication.observe": {
        "publication": _A, "content": _B, "end_day": "2026-12-31", "seen_on": "2026-06-30", "capture": _C,
    },
    "list.enter": {
        "list": "LST1", "subject": _SUBJECT, "grounds": [f"{_A}:7"], "basis": _BASIS, "end_day": "2027-03-02",
    },
    "list.exit": {"entry": _A, "reason": "repaired", "ground": _B},
    "measure.apply": {"measure": "MEA1", "entry": _A, "basis": _BASIS, "end_day": "2027-03-02"},
    "measure.lift": {"measure": _A, "reason": "exited"},
    "repair.apply": {"reference": f"{_A}:7", "evidence": _B, "mandate": _C},
    "repair.accept": {"application": _A},
    "repair.decide": {"application": _A, "outcome": "approved", "reason": _B},
    "stop.acknowledge": {
        "order": _A, "about": f"{_B}:7", "stopped": [[_B, [[7, 7]]]],
        "kept": [{"references": [[_C, []]], "basis": _BASIS}],
    },
    "pledge.make": {"subject": _SUBJECT, "authority": _BUYER, "what": _C, "due_day": "2026-12-31"},
    "pledge.fulfil": {"pledge": _A, "evidence": _B},
    "pledge.breach": {"pledge": _A, "evidence": _B},
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
    "consent.give": {
        "purpose": "credit.lending", "evidence": _C, "until": "2027-03-02T00:00:00Z", "references": _SET,
        "grantee": _OTHER,
    },
    "consent.withdraw": {"consent": _A, "evidence": _C, "mandate": _B},
    "mandate.open": {
        "purpose": "credit.lending", "evidence": _C, "until": "2027-03-02T00:00:00Z", "link": _B,
    },
    "mandate.end": {"mandate": _A, "reason": "fulfilled"},
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
    "query.batch": {
        "grant": _A, "acceptance": _B, "sender": _BUYER, "receiver": _OTHER, "mode": "query", "references": _SET,
        "items": {"penalty": ["document"]}, "purpose": "credit.lending", "count": 240, "root": _C,
        "period": {"begin": "2026-03-02T00:00:00Z", "end": "2026-03-03T00:00:00Z"},
    },
    "use.report": {
        "transfer": _A, "purpose": "credit.lending", "used_at": "2026-03-05T08:00:00Z", "outcome": _C,
        "reference": f"{_A}:7",
    },
    "product.issue": {
        "form": "score", "subject_class": "enterprise", "purpose": "credit.lending", "items": {"penalty": ["document"]},
        "method": "scorecard-3", "commitment": _C, "references": _SET, "transfers": [_B], "serves": "other",
    },
    "incident.open": {"category": "leak", "noticed_at": "2026-03-05T08:00:00Z", "affected": _A, "report": _C},
    "incident.contain": {"incident": _A, "measures": _C},
    "incident.notify": {"incident": _A, "salt": _KID, "members": [_BUYER, _SUPPLIER], "references": _SET},
    "incident.close": {"incident": _A, "outcome": "resolved", "ground": _C},
    "case.open": {"complaint": _C, "incident": _A},
    "case.authorise": {"case": _A, "scope": _C, "until": "2026-06-01T00:00:00Z"},
    "case.exhibit": {"case": _A, "exhibit": _C, "form": "file"},
    "case.extract": {"case": _A, "exhibit": _B, "extract": _C, "extractor": _B, "mapping": _A},
    "case.finding": {
        "case": _A, "extracts": [_B], "outcome": "strong", "result": _C, "method": "marks-1", "bound": 1_000_000,
        "named": [_OTHER], "opened": [_C], "tables": _A,
    },
    "case.respond": {"case": _A, "response": _C},
    "case.close": {"case": _A, "outcome": "attributed"},
    "access.request": {"holder": _BUYER, "scope": _C, "mandate": _A},
    "access.answer": {"request": _A, "answer": _C},
}  # fmt: skip
"""Fields by kind, in the order of the specification."""


def full_example(kind: str) -> dict[str, object]:
    """Return the example with `v`, `kind` and `sub`, as the whole payload of a statement; raises KeyError."""
    sub = f"urn:suyuan:{kind.partition('.')[0]}:{_BUYER}:example"
    return {"v": 1, "kind": kind, "sub": sub, **EXAMPLES[kind]}
