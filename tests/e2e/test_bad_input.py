"""Everything wrong that can be submitted, each with its own answer; the log grows by refusals and by nothing else."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from ledger.encoding import base64url, encode_json
from ledger.statement import MAX_SEQUENCE, decode_statement
from tests.e2e.asking import COSE, SEQUENCE, Asker, asked_node, check_problem, fresh_id, permit
from tests.world import digest_of, held_by
from tests.world_genesis import BASIS, signer_of, uscc_of

THREADS = 20
UNKNOWN_ID = digest_of("a statement that was never logged")
RECEIVER_KEY = base64url(signer_of("one-time").public.raw)
Made = bytes | tuple[bytes, str]
"""A body, and its media type where it is not one statement."""


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with asked_node(tmp_path_factory.mktemp("bad") / "node") as asker:
        asker.admit("source_b", "record.submit", permit(), sub_id="used-once")
        kid = base64url(signer_of("verifier_b").public.thumbprint)
        asker.admit("verifier_b", "key.revoke", {"kid": kid, "reason": "ceased"})
        yield asker


# What each case sends


def text_of(ask: Asker, change: Callable[[bytes], bytes] = lambda body: body, **fields: object) -> bytes:
    """Return a signed record whose payload has more fields, or was changed as text."""
    sub = ask.sub()
    payload = {"v": 1, "kind": "record.submit", "sub": sub, **permit(), **fields}
    body = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return ask.forge(change(body), sub)


def with_header(ask: Asker, header: dict[int, object]) -> bytes:
    sub = ask.sub()
    return ask.forge(encode_json({"v": 1, "kind": "record.submit", "sub": sub, **permit()}), sub, header=header)


def signed_by(ask: Asker, signer: str, kid: str) -> bytes:
    """Return a record of source_b whose header names the key of `kid`, signed by `signer`."""
    sub = ask.sub()
    body = encode_json({"v": 1, "kind": "record.submit", "sub": sub, **permit()})
    return ask.forge(body, sub, signer=signer_of(signer), header={4: signer_of(kid).public.thumbprint})


def large(ask: Asker, size: int) -> bytes:
    return text_of(ask, performance="x" * size)


def batch(ask: Asker, **changes: object) -> bytes:
    root, manifest = digest_of("root"), digest_of("manifest")
    payload = {
        "item": "credit_person", "catalogue": 1, "subject_class": "person", "epoch": 1, "count": 7, "root": root,
        "manifest": manifest, "event_day": "2026-02-20", "retention_end": "2028-02-20",
        "held": [held_by("n1", root, manifest, 7)],
    }  # fmt: skip
    return ask.sign("source", "record.batch", {**payload, **changes})


def contract(ask: Asker, buyer: str) -> bytes:
    payload = {
        "contract": "C-1", "buyer": buyer, "supplier": uscc_of("supplier"), "value": {"amount": 5, "currency": "CNY"},
        "milestones": [{"id": "m1", "due": "2026-05-01"}], "document": digest_of("document"),
    }  # fmt: skip
    return ask.sign("supplier", "contract.register", payload)


def grant(ask: Asker, grantee: str) -> bytes:
    scope = {
        "issuers": [uscc_of("source")], "items": {"penalty": ["CF_SY"]}, "purpose": "credit.lending", "mode": "store",
        "onward": 0, "jurisdictions": ["CN"],
    }  # fmt: skip
    payload = {
        "grantee": grantee, "scope": scope, "valid_from": "2026-03-01T00:00:00Z", "data_life": 30,
        "valid_until": "2030-03-01T00:00:00Z", "basis": msgspec.to_builtins(BASIS),
    }  # fmt: skip
    return ask.sign("source", "grant.issue", payload)


def accept_early(ask: Asker) -> bytes:
    """Return the acceptance of a grant that was signed but never sent."""
    early = decode_statement(grant(ask, uscc_of("lender"))).statement_id
    return ask.sign("lender", "grant.accept", {"grant": early})


def transfer_accept(ask: Asker) -> bytes:
    payload = {"offer": UNKNOWN_ID, "ciphertext": digest_of("c"), "receiver_key": RECEIVER_KEY}
    return ask.sign("lender", "transfer.accept", payload)


def sequence(ask: Asker, count: int, *, bad_at: int | None = None) -> tuple[bytes, str]:
    items = [ask.record() for _ in range(count)]
    if bad_at is not None:
        items[bad_at] = text_of(ask, lambda body: body + b" ")
    return b"".join(items), SEQUENCE


def wrong_digit(member: str) -> str:
    """Return a member's code with another check digit."""
    code = uscc_of(member)
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def resign(ask: Asker) -> bytes:
    """Return a statement with one bit of its signature changed."""
    raw = bytearray(ask.record())
    raw[-1] ^= 1
    return bytes(raw)


REJECTED: dict[str, tuple[int, str, Callable[[Asker], Made]]] = {
    # The bytes
    "nothing": (400, "form.cose.not_sign1", lambda ask: b""),
    "no-cbor": (400, "form.cose.not_sign1", lambda ask: b"\xff\xff\xff"),
    "json-instead": (400, "form.cose.not_sign1", lambda ask: b'{"v":1}'),
    "cut-short": (400, "form.cose.not_sign1", lambda ask: ask.record()[:-1]),
    "trailing": (400, "form.statement.trailing", lambda ask: ask.record() + b"\x00"),
    "unprotected": (
        400, "form.cose.unprotected",
        lambda ask: ask.forge(encode_json({"v": 1}), ask.sub(), unprotected={4: b"k"}),
    ),
    # The header
    "algorithm": (400, "form.statement.alg", lambda ask: with_header(ask, {1: -257})),
    "algorithm-of-another-key": (401, "signature.algorithm_mismatch", lambda ask: with_header(ask, {1: -7})),
    "content-type": (400, "form.statement.content_type", lambda ask: with_header(ask, {3: "text/plain"})),
    "typ": (400, "form.statement.typ", lambda ask: with_header(ask, {16: "application/suyuan-token+cose"})),
    "kid": (400, "form.statement.kid", lambda ask: with_header(ask, {4: b"short"})),
    "label": (400, "form.statement.header", lambda ask: with_header(ask, {17: 1})),
    "claims": (400, "form.statement.claims", lambda ask: with_header(ask, {15: {1: uscc_of("source_b")}})),
    # The payload
    "no-json": (400, "form.json.malformed", lambda ask: text_of(ask, lambda body: body[:-1])),
    "not-utf-8": (400, "form.json.malformed", lambda ask: text_of(ask, lambda body: body[:-2] + b'\xff"}')),
    "blank": (400, "form.json.not_canonical", lambda ask: text_of(ask, lambda body: body + b" ")),
    "order": (400, "form.json.not_canonical", lambda ask: text_of(ask, lambda body: b'{"z":1,' + body[1:])),
    "escape": (
        400, "form.json.not_canonical",
        lambda ask: text_of(ask, lambda body: body.replace(b"permit", b"p\\u0065rmit")),
    ),
    "float": (400, "form.json.float", lambda ask: text_of(ask, weight=1.5)),
    "exponent": (400, "form.json.float", lambda ask: text_of(ask, lambda body: body.replace(b'"v":1', b'"v":1e0'))),
    "null": (400, "form.json.null", lambda ask: text_of(ask, severity=None)),
    "big-integer": (400, "form.json.integer", lambda ask: text_of(ask, catalogue=2**53)),
    "duplicate-key": (
        400, "form.json.duplicate_key", lambda ask: text_of(ask, lambda body: body[:-1] + b',"v":1}'),
    ),
    "key-name": (400, "form.json.key", lambda ask: text_of(ask, lambda body: b'{"a-b":1,' + body[1:])),
    "deep": (400, "form.json.depth", lambda ask: text_of(ask, lambda body: b'{"a":' * 40 + b"1" + b"}" * 40)),
    "version": (400, "form.statement.version", lambda ask: text_of(ask, v=2)),
    "no-kind": (400, "form.statement.kind", lambda ask: text_of(ask, kind="record")),
    "other-sub": (400, "form.statement.sub", lambda ask: text_of(ask, sub="urn:suyuan:record:x:1")),
    "unknown-kind": (400, "payload.unknown_kind", lambda ask: text_of(ask, kind="record.rank")),
    "unknown-field": (400, "payload.schema", lambda ask: text_of(ask, colour="red")),
    "missing-field": (
        400, "payload.schema",
        lambda ask: ask.sign("source_b", "record.submit", {k: v for k, v in permit().items() if k != "item"}),
    ),
    "field-type": (400, "payload.schema", lambda ask: text_of(ask, catalogue="1")),
    # Sizes
    "large-payload": (413, "form.statement.payload_size", lambda ask: large(ask, 60_001)),
    "large-statement": (413, "form.statement.entry_size", lambda ask: ask.record() + bytes(65_540 - len(ask.record()))),
    "large-body": (413, "body.too_large", lambda ask: large(ask, 200_000)),
    "large-sequence": (413, "body.too_large", lambda ask: (bytes(16 * 2**20 + 1), SEQUENCE)),
    # Who signs
    "another-key-signed": (401, "signature.wrong", lambda ask: signed_by(ask, "lender", "source_b")),
    "signature-bit": (401, "signature.wrong", resign),
    "unknown-key": (401, "key.unknown", lambda ask: signed_by(ask, "nobody", "nobody")),
    "another-members-key": (422, "GOV-5", lambda ask: signed_by(ask, "lender", "lender")),
    "revoked-key": (422, "GOV-5", lambda ask: ask.sign("verifier_b", "record.submit", permit())),
    # Where and when it was signed for
    "audience": (409, "statement.audience", lambda ask: ask.sign(
        "source_b", "record.submit", permit(), aud=f"ledger.example/other#{UNKNOWN_ID}"
    )),
    "clock-slow": (422, "statement.time_window", lambda ask: ask.sign(
        "source_b", "record.submit", permit(), iat=int(time.time()) - 660
    )),
    "clock-fast": (422, "statement.time_window", lambda ask: ask.sign(
        "source_b", "record.submit", permit(), iat=int(time.time()) + 660
    )),
    # What it says
    "replayed-id": (422, "REC-5", lambda ask: ask.sign("source_b", "record.submit", permit(), sub_id="used-once")),
    "raw-identifier": (422, "REC-6", lambda ask: ask.sign(
        "source_b", "record.submit", permit(basis={"rank": "law", "document": "11010519491231002X", "article": "1"})
    )),
    "unknown-item": (422, "REC-2", lambda ask: ask.sign("source_b", "record.submit", permit(item="rank"))),
    "unknown-reference": (409, "reference.unknown", lambda ask: ask.sign(
        "source_b", "record.withdraw", {"reference": UNKNOWN_ID, "reason": "error"}
    )),
    "accept-before-offer": (409, "reference.unknown", transfer_accept),
    "accept-before-grant": (409, "reference.unknown", accept_early),
    "party-code-digit": (422, "CON-1", lambda ask: contract(ask, wrong_digit("buyer"))),
    "grantee-code-digit": (409, "member.unknown", lambda ask: grant(ask, wrong_digit("lender"))),
    "batch-not-held": (400, "payload.schema", lambda ask: batch(ask, held=[])),
    "batch-held-other-count": (422, "REC-7", lambda ask: batch(ask, count=8)),
    "batch-held-other-manifest": (422, "REC-7", lambda ask: batch(ask, manifest=digest_of("another"))),
    "batch-held-by-a-member": (422, "REC-7", lambda ask: batch(ask, held=[base64url(secrets.token_bytes(90))])),
    # Sequences
    "empty-sequence": (400, "form.sequence.empty", lambda ask: (b"", SEQUENCE)),
    "long-sequence": (413, "form.sequence.length", lambda ask: sequence(ask, MAX_SEQUENCE + 1)),
    "bad-in-the-middle": (400, "form.sequence.item", lambda ask: sequence(ask, 5, bad_at=2)),
    "cut-sequence": (400, "form.sequence.item", lambda ask: (sequence(ask, 3)[0][:-1], SEQUENCE)),
    # The request
    "media-type": (415, "body.media_type", lambda ask: (ask.record(), "application/octet-stream")),
    "json-media-type": (415, "body.media_type", lambda ask: (ask.record(), "application/json")),
    "no-media-type": (415, "body.media_type", lambda ask: (ask.record(), "")),
}  # fmt: skip


@pytest.mark.parametrize("case", REJECTED)
def test_rejected_and_nothing_is_logged(ask: Asker, case: str) -> None:
    status, code, make = REJECTED[case]
    made = make(ask)
    data, media = made if isinstance(made, tuple) else (made, COSE)
    before = ask.size()
    english = check_problem(ask.post(data, media), status, code)
    chinese = check_problem(ask.post(data, media, language="zh-CN,en;q=0.5"), status, code)
    assert english["title"] != chinese["title"]
    assert english.get("params") == chinese.get("params")
    assert "index" not in english
    assert ("rule" in english) is (code[0].isupper())
    assert ask.size() == before


def test_every_case_stands_for_another_mistake() -> None:
    assert len({(status, code) for status, code, _ in REJECTED.values()}) >= 40


def test_a_state_that_does_not_exist_is_not_waited_for(ask: Asker) -> None:
    before = ask.size()
    check_problem(ask.post(ask.record(), wait="settled"), 400, "query.wait")
    assert ask.size() == before


def test_a_refusal_is_one_leaf_in_one_block_and_says_where(ask: Asker) -> None:
    raw, before = ask.forbidden(), ask.size()
    members = check_problem(ask.post(raw, language="zh"), 403, "REC-1")
    assert members["rule"] == "REC-1"
    assert members["id"] == decode_statement(raw).statement_id
    assert members["status"] == 403
    # A block entry, then the refusal.
    assert (members["index"], ask.size()) == (before + 1, before + 2)


# Again


def test_an_admitted_statement_sent_again_gets_its_first_place(ask: Asker) -> None:
    raw = ask.record()
    first = ask.post(raw)
    size = ask.size()
    again = ask.post(raw)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["status"] == "duplicate"
    assert (again.json()["id"], again.json()["index"]) == (first.json()["id"], first.json()["index"])
    assert ask.size() == size


def test_a_refused_statement_sent_again_is_refused_at_its_first_place(ask: Asker) -> None:
    raw = ask.forbidden()
    first = check_problem(ask.post(raw), 403, "REC-1")
    size = ask.size()
    for language in ("en", "zh"):
        again = check_problem(ask.post(raw, language=language), 403, "REC-1")
        assert (again["id"], again["index"]) == (first["id"], first["index"])
    results = ask.post(raw + ask.record(), SEQUENCE).json()["results"]
    assert [result["status"] for result in results] == ["duplicate", "admitted"]
    assert (results[0]["index"], results[0]["problem"]["rule"]) == (first["index"], "REC-1")
    assert ask.size() == size + 2


@pytest.mark.parametrize("refused", [False, True])
def test_many_at_once_get_one_place(ask: Asker, refused: bool) -> None:
    raw = ask.forbidden() if refused else ask.record()
    before = ask.size()
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda _: ask.post(raw), range(THREADS)))
    assert len({answer.json()["index"] for answer in answers}) == 1
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == ([403] * THREADS if refused else [200] * (THREADS - 1) + [201])
    assert ask.size() == before + 2


def test_a_statement_outside_its_time_is_still_known(ask: Asker) -> None:
    raw = ask.sign("source_b", "record.submit", permit(), iat=int(time.time()) - 595)
    first = ask.post(raw)
    time.sleep(6)
    late = ask.post(raw)
    assert (first.status_code, late.status_code) == (201, 200)
    assert late.json()["index"] == first.json()["index"]


def test_twice_in_one_sequence_and_two_contents_under_one_id(ask: Asker) -> None:
    raw, chosen = ask.record(), fresh_id()
    one, other = (ask.sign("source_b", "record.submit", permit(), sub_id=chosen) for _ in range(2))
    before = ask.size()
    answer = ask.post(raw + one + raw + other, SEQUENCE)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["admitted", "admitted", "duplicate", "rejected"]
    assert results[2]["index"] == results[0]["index"]
    assert results[3]["problem"]["code"] == "REC-5"
    assert results[3]["problem"]["next"]
    assert ask.size() == before + 3


def test_a_sequence_takes_what_is_sound_and_names_what_is_not(ask: Asker) -> None:
    before = ask.size()
    items = [ask.record(), resign(ask), ask.forbidden(), ask.sign("source_b", "record.submit", permit(item="rank"))]
    answer = ask.post(b"".join(items), SEQUENCE, language="zh").json()
    assert [result["status"] for result in answer["results"]] == ["admitted", "rejected", "refused", "rejected"]
    codes = [result.get("problem", {}).get("code") for result in answer["results"]]
    assert codes == [None, "signature.wrong", "REC-1", "REC-2"]
    assert [result["id"] for result in answer["results"]] == [decode_statement(item).statement_id for item in items]
    assert ask.size() == answer["size"] == before + 3
