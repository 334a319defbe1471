"""Statements: one way to be right, and a code for each way to be wrong."""

from __future__ import annotations

from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger import statement as s
from ledger import statement_errors as wrong
from ledger.cose import (
    AlgorithmMismatch,
    KidMismatch,
    NotSign1,
    ProtectedMalformed,
    Sign1,
    UnprotectedNotEmpty,
    decode_sign1,
)
from ledger.encoding import CborKey, CborMalformed, CborValue, JsonNotCanonical, decode_canonical, encode_cbor
from ledger.errors import FormError, SignatureError
from ledger.keys import BadSignature
from tests.ledger.keyring import AUD, CTI, ED, ED2, IAT, MEMBER, P256, PAYLOAD, sample_statement
from tests.ledger.test_encoding import JSON_VALUES

GOOD = sample_statement()
PARTS = decode_sign1(GOOD)
HEADER = decode_canonical(PARTS.protected)


def with_header(
    labels: dict[CborKey, CborValue | None], claims: dict[CborKey, CborValue | None] | None = None
) -> bytes:
    """Return the good statement with header labels or claims replaced, or left out where None."""
    assert isinstance(HEADER, dict)
    old = HEADER[15]
    assert isinstance(old, dict)
    inner = {key: value for key, value in {**old, **(claims or {})}.items() if value is not None}
    header = {key: value for key, value in {**HEADER, 15: inner, **labels}.items() if value is not None}
    return Sign1(encode_cbor(header), {}, PARTS.payload, PARTS.signature).encode()


def with_payload(payload: bytes) -> bytes:
    """Return the good statement with other payload bytes."""
    return Sign1(PARTS.protected, {}, payload, PARTS.signature).encode()


def test_a_statement_says_what_was_put_in() -> None:
    found = s.decode_statement(GOOD)
    assert (found.iss, found.aud, found.iat, found.cti, found.kind) == (MEMBER, AUD, IAT, CTI, "record.submit")
    assert found.sub == f"urn:suyuan:record:{MEMBER}:r-1"
    assert found.local_id == "r-1"
    assert found.payload == {**PAYLOAD, "v": 1, "kind": "record.submit", "sub": found.sub}
    assert PARTS.payload == rfc8785.dumps(found.payload)
    assert (found.alg, found.kid, found.raw) == (-8, ED.public.thumbprint, GOOD)
    assert found.statement_id == sha256(b"\x00" + GOOD).hexdigest()
    assert found.digest == sha256(found.to_be_signed).digest()
    s.verify_statement(found, ED.public)


@given(
    st.dictionaries(st.text("abcdefgh_", min_size=4, max_size=6), JSON_VALUES, max_size=5),
    st.binary(min_size=16, max_size=16),
)
def test_statements_go_round(fields: dict[str, object], cti: bytes) -> None:
    for signer in (ED, P256):
        data = s.build_statement(
            signer, iss=MEMBER, kind="use.report", sub_id="x.1_A-", aud=AUD, iat=IAT, cti=cti, payload=fields
        )
        found = s.decode_statement(data)
        s.verify_statement(found, signer.public)
        assert {key: found.payload[key] for key in fields} == fields
        assert decode_sign1(data).encode() == data
        assert s.decode_sequence(data + GOOD) == [found, s.decode_statement(GOOD)]


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_changed_byte_survives(position: int, change: int) -> None:
    data = bytearray(GOOD)
    data[position] ^= change
    with pytest.raises((FormError, SignatureError)):
        s.verify_statement(s.decode_statement(bytes(data)), ED.public)


@given(st.binary(max_size=200))
def test_rubbish_is_a_form_error(data: bytes) -> None:
    for start in (b"", b"\xd2\x84", GOOD[:100], GOOD[:300]):
        with pytest.raises(FormError):
            s.decode_statement(start + data)


LABELS: list[tuple[dict[CborKey, CborValue | None], type[FormError]]] = [
    ({99: 1}, wrong.HeaderLabels),
    ({"x": 1}, wrong.HeaderLabels),
    ({3: None}, wrong.HeaderLabels),
    ({4: None}, wrong.HeaderLabels),
    ({15: None}, wrong.HeaderLabels),
    ({1: -257}, wrong.WrongAlgorithm),
    ({1: "EdDSA"}, wrong.WrongAlgorithm),
    ({3: "application/json"}, wrong.WrongContentType),
    ({16: "application/suyuan-token+cose"}, wrong.WrongTyp),
    ({4: bytes(31)}, wrong.WrongKid),
    ({4: "k" * 32}, wrong.WrongKid),
    ({15: []}, wrong.WrongClaims),
]


@pytest.mark.parametrize(("labels", "error"), LABELS)
def test_header_labels(labels: dict[CborKey, CborValue | None], error: type[FormError]) -> None:
    with pytest.raises(error):
        s.decode_statement(with_header(labels))


CLAIMS: list[dict[CborKey, CborValue | None]] = [
    {1: None},
    {1: "91000000000000019"},
    {1: 5},
    {2: 5},
    {3: "no-hash"},
    {3: "a b#" + "0" * 64},
    {4: 1},
    {6: -1},
    {6: True},
    {6: 2**53},
    {7: bytes(15)},
    {7: "x" * 16},
]


@pytest.mark.parametrize("claims", CLAIMS)
def test_claims(claims: dict[CborKey, CborValue | None]) -> None:
    with pytest.raises(wrong.WrongClaims) as caught:
        s.decode_statement(with_header({}, claims))
    assert caught.value.params["claim"] in (*claims, *(str(label) for label in claims))


def test_a_subject_must_agree() -> None:
    for sub in (f"urn:suyuan:grant:{MEMBER}:r-1", f"urn:suyuan:record:{MEMBER}:r-2", "urn:suyuan:record:x:r-1", ""):
        with pytest.raises(wrong.SubjectMismatch):
            s.decode_statement(with_header({}, {2: sub}))
    for local_id in ("", "a b", "ä", "x" * 65, "a:b", "a\n"):
        with pytest.raises(wrong.SubjectMismatch):
            sample_statement(local_id)


def test_payloads() -> None:
    sub = f'"urn:suyuan:record:{MEMBER}:r-1"'
    cases: list[tuple[str, type[FormError]]] = [
        (f'{{"kind":"record.submit","sub":{sub}}}', wrong.WrongVersion),
        (f'{{"kind":"record.submit","sub":{sub},"v":2}}', wrong.WrongVersion),
        (f'{{"kind":"record.submit","sub":{sub},"v":true}}', wrong.WrongVersion),
        (f'{{"sub":{sub},"v":1}}', wrong.WrongKind),
        (f'{{"kind":"record","sub":{sub},"v":1}}', wrong.WrongKind),
        (f'{{"kind":"record.submit\\n","sub":{sub},"v":1}}', wrong.WrongKind),
        ('{"kind":"record.submit","v":1}', wrong.SubjectMismatch),
        (f'{{"kind":"grant.issue","sub":{sub},"v":1}}', wrong.SubjectMismatch),
        (f'{{"v":1,"kind":"record.submit","sub":{sub}}}', JsonNotCanonical),
    ]
    for text, error in cases:
        with pytest.raises(error) as caught:
            s.decode_statement(with_payload(text.encode()))
        assert caught.type is error, text


def test_sizes() -> None:
    room = s.MAX_PAYLOAD_SIZE - len(PARTS.payload or b"") - len('"big":"",')
    assert len(s.decode_statement(sample_statement(big="x" * room)).payload["big"]) == room  # type: ignore[arg-type]
    with pytest.raises(wrong.PayloadTooLarge):
        sample_statement(big="x" * (room + 1))
    with pytest.raises(wrong.PayloadTooLarge):
        s.decode_statement(with_payload(b"x" * (s.MAX_PAYLOAD_SIZE + 1)))
    with pytest.raises(wrong.StatementTooLarge):
        s.decode_statement(bytes(s.MAX_ENTRY_SIZE + 1))
    with pytest.raises(wrong.SignatureSize):
        s.decode_statement(Sign1(PARTS.protected, {}, PARTS.payload, bytes(63)).encode())


def test_the_envelope() -> None:
    with pytest.raises(wrong.TrailingBytes):
        s.decode_statement(GOOD + b"\x00")
    with pytest.raises(UnprotectedNotEmpty):
        s.decode_statement(Sign1(PARTS.protected, {394: [b""]}, PARTS.payload, PARTS.signature).encode())
    with pytest.raises(NotSign1):
        s.decode_statement(GOOD[1:])
    for protected, error in (
        (b"\x80", ProtectedMalformed),
        (b"\xa1", CborMalformed),
        (PARTS.protected + b"\x00", ProtectedMalformed),
    ):
        with pytest.raises(error):
            s.decode_statement(Sign1(protected, {}, PARTS.payload, PARTS.signature).encode())


def test_a_header_in_another_order_is_refused() -> None:
    assert isinstance(HEADER, dict)
    pairs = b"".join(encode_cbor(key) + encode_cbor(value) for key, value in reversed(HEADER.items()))
    with pytest.raises(ProtectedMalformed):
        s.decode_statement(Sign1(b"\xa5" + pairs, {}, PARTS.payload, PARTS.signature).encode())


def test_the_builder_refuses_what_the_reader_would() -> None:
    def build(
        iss: str = MEMBER, kind: str = "use.report", aud: str = AUD, cti: bytes = CTI, field: str = "purpose"
    ) -> bytes:
        return s.build_statement(ED, iss=iss, kind=kind, sub_id="1", aud=aud, iat=IAT, cti=cti, payload={field: 1})

    assert build()
    for reserved in s.COMMON_FIELDS:
        with pytest.raises(wrong.ReservedField):
            build(field=reserved)
    with pytest.raises(wrong.WrongKind):
        build(kind="report")
    with pytest.raises(wrong.WrongClaims):
        build(iss="x")
    with pytest.raises(wrong.WrongClaims):
        build(aud="x")
    with pytest.raises(wrong.WrongClaims):
        build(cti=b"x")


def test_keys_and_signatures() -> None:
    found = s.decode_statement(GOOD)
    with pytest.raises(KidMismatch):
        s.verify_statement(found, ED2.public)
    with pytest.raises(AlgorithmMismatch):
        s.verify_statement(found, P256.public)
    forged = s.decode_statement(Sign1(PARTS.protected, {}, PARTS.payload, bytes(64)).encode())
    assert forged.digest == found.digest
    assert forged.leaf != found.leaf
    with pytest.raises(BadSignature):
        s.verify_statement(forged, ED.public)


def test_sequences() -> None:
    items = [sample_statement(f"r-{n}") for n in range(5)]
    assert [found.raw for found in s.decode_sequence(b"".join(items))] == items
    with pytest.raises(wrong.SequenceEmpty):
        s.decode_sequence(b"")
    with pytest.raises(wrong.SequenceTooLong):
        s.decode_sequence(b"".join(items), limit=4)
    for bad, cause in (
        (b"\x00", "form.cose.not_sign1"),
        (with_header({1: 0}), "form.statement.alg"),
        (items[0][:-1], "form.cose.not_sign1"),
    ):
        with pytest.raises(wrong.SequenceItem) as caught:
            s.decode_sequence(items[0] + items[1] + bad)
        assert caught.value.params == {"position": 2, "cause": cause}
    huge = Sign1(PARTS.protected, {}, bytes(s.MAX_ENTRY_SIZE), bytes(64)).encode()
    with pytest.raises(wrong.SequenceItem) as caught:
        s.decode_sequence(huge)
    assert caught.value.params["cause"] == "form.statement.entry_size"
