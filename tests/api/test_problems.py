"""Errors as RFC 9457 problems: statuses, languages, members."""

from __future__ import annotations

import pytest

from api.problems import language_of, problem, status_of
from ledger.errors import (
    AccessError,
    FormError,
    NotFoundError,
    OverloadError,
    ProofError,
    SignatureError,
    StateError,
    SuyuanError,
    UnreachableError,
)
from ledger.rules import RULES
from ledger.rules.registry import broken
from ledger.statement_errors import PayloadTooLarge, SequenceTooLong


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.2, zh;q=0.3", "zh"),
        ("en-GB, zh;q=0.9", "en"),
        ("fr, de;q=0.5", "en"),
        ("zh;q=broken, en;q=0.1", "en"),
    ],
)
def test_language_follows_the_weights(header: str, language: str) -> None:
    assert language_of({"accept-language": header}) == language


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FormError(detail="x"), 400),
        (SignatureError(detail="x"), 401),
        (AccessError(detail="x"), 403),
        (NotFoundError(what_kind="tile", name="x"), 404),
        (StateError(detail="x"), 409),
        (ProofError(detail="x"), 422),
        (OverloadError(detail="x", retry_after=3), 429),
        (UnreachableError(target="x", detail="y"), 503),
        (SuyuanError(), 500),
        (PayloadTooLarge(size=70_000, limit=60_000), 413),
        (SequenceTooLong(limit=1000), 413),
    ],
)
def test_family_decides_the_status(error: SuyuanError, status: int) -> None:
    assert status_of(error) == status


def test_recorded_rules_are_403_and_others_422() -> None:
    statuses = {id_: status_of(broken(id_, "x", "x")) for id_ in RULES}
    assert statuses["TRA-1"] == 403
    assert statuses["TRA-6"] == 422
    assert {id_ for id_, status in statuses.items() if status == 403} == {r.id for r in RULES.values() if r.recorded}


def test_problem_has_the_members_of_rfc_9457_in_both_languages() -> None:
    error = broken("TRA-2", "the field age is outside the grant", "字段 age 超出授权")
    english, chinese = problem(error, "en", index=7), problem(error, "zh", index=7)
    for body in (english, chinese):
        assert body["type"] == "urn:suyuan:error:TRA-2"
        assert body["status"] == 403
        assert body["rule"] == body["code"] == "TRA-2"
        assert body["index"] == 7
        assert body["next"]
    assert "age is outside" in str(english["detail"])
    assert "超出授权" in str(chinese["detail"])
    assert english["title"] != chinese["title"]
