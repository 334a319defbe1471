"""Identities sign what fits the schema of its kind, and tokens that live as long as they should."""

from __future__ import annotations

import pytest

from clients.sdk.edge import SYSTEM, Surroundings
from clients.sdk.identity import TOKEN_MARGIN, Identity, TokenCache, local_id_from
from ledger.codes import CodeCheckDigit
from ledger.encoding import decode_base64url
from ledger.kinds import KINDS, PayloadError, UnknownKind
from ledger.kinds.records import RecordWithdraw, Subject
from ledger.signed import verify_pop, verify_token
from ledger.statement import decode_statement, verify_statement
from ledger.statement_errors import SubjectMismatch
from tests.world_genesis import ORIGIN, signer_of, uscc_of

AUDIENCE = f"{ORIGIN}#{'0' * 64}"
NOW = 1_772_409_600


class Clock:
    """A clock in one's hands, and randomness that counts."""

    def __init__(self) -> None:
        self.now = NOW
        self.drawn = 0

    def surroundings(self) -> Surroundings:
        return Surroundings(lambda: self.now * 1000 + 999, self._random, lambda _: None)

    def _random(self, size: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(size, "big")


def identity(clock: Clock | None = None) -> Identity:
    return Identity(uscc_of("source"), signer_of("source"), (clock or Clock()).surroundings())


def test_a_typed_payload_becomes_a_statement_that_verifies() -> None:
    made = identity()
    payload = RecordWithdraw(**made.head(RecordWithdraw), reference="a" * 64, reason="error")
    statement = made.sign(payload, AUDIENCE)
    verify_statement(statement, signer_of("source").public)
    again = decode_statement(statement.raw)
    assert (again.kind, again.iss, again.aud, again.iat) == ("record.withdraw", uscc_of("source"), AUDIENCE, NOW)
    assert again.payload == {
        "v": 1, "kind": "record.withdraw", "sub": payload.sub, "reference": "a" * 64, "reason": "error"
    }  # fmt: skip
    assert again.sub == payload.sub == f"urn:suyuan:record:{made.member}:{again.local_id}"
    assert made.sign(payload, AUDIENCE).cti != statement.cti


def test_two_statements_never_share_an_id_by_chance() -> None:
    made = identity()
    assert made.head(RecordWithdraw)["sub"] != made.head(RecordWithdraw)["sub"]
    assert made.head(RecordWithdraw, "chosen")["sub"].endswith(":chosen")
    with pytest.raises(SubjectMismatch):
        made.head(RecordWithdraw, "not/allowed")
    assert local_id_from("not/allowed 中") == "not-allowed--"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_head_and_is_checked_before_it_is_signed(kind: str) -> None:
    made = identity()
    assert made.head(KINDS[kind])["sub"].startswith(f"urn:suyuan:{kind.partition('.')[0]}:")
    with pytest.raises(PayloadError):
        made.sign_fields(kind, {"nonsense": 1}, AUDIENCE)
    with pytest.raises(UnknownKind):
        made.sign_fields("record.forget", {}, AUDIENCE)


def test_a_renamed_field_and_tuples_are_written_as_the_payload_has_them() -> None:
    made = identity()
    fields = {
        "item": "penalty", "catalogue": 1, "commitment": "b" * 64, "event_day": "2026-01-01",
        "retention_end": "2028-01-01", "subject": {"class": "enterprise", "value": "c" * 64, "epoch": 1},
    }  # fmt: skip
    by_fields = made.sign_fields("record.submit", fields, AUDIENCE, "one")
    payload = KINDS["record.submit"](
        **made.head(KINDS["record.submit"], "one"),
        **{**fields, "subject": Subject(class_="enterprise", value="c" * 64, epoch=1)},
    )
    assert made.sign(payload, AUDIENCE).payload == by_fields.payload


def test_a_wrong_code_has_no_identity() -> None:
    code = uscc_of("source")
    with pytest.raises(CodeCheckDigit):
        Identity(code[:-1] + ("0" if code[-1] != "0" else "1"), signer_of("source"))


def test_a_token_is_for_one_node_and_is_made_anew_before_it_ends() -> None:
    clock = Clock()
    tokens = TokenCache(identity(clock), "n1")
    first = tokens.bearer()
    token = verify_token(decode_base64url(first), signer_of("source").public, aud="n1", now=clock.now)
    assert token.iss == uscc_of("source")
    clock.now = token.exp - TOKEN_MARGIN - 1
    assert tokens.bearer() == first
    clock.now += 1
    second = tokens.bearer()
    assert second != first
    verify_token(decode_base64url(second), signer_of("source").public, aud="n1", now=clock.now)


def test_possession_is_proven_by_the_new_key() -> None:
    made, new = identity(), signer_of("new key")
    proof = decode_base64url(made.prove_possession(new, ORIGIN))
    old = signer_of("source").public.thumbprint
    verify_pop(proof, new.public, origin=ORIGIN, member=made.member, old_kid=old)


def test_the_real_surroundings_move_and_differ() -> None:
    assert SYSTEM.now_ms() > 1_700_000_000_000
    assert SYSTEM.random_bytes(32) != SYSTEM.random_bytes(32)
    assert len(SYSTEM.random_bytes(7)) == 7
