"""Grants as ODRL agreements: what is said there is read back as the same grant, and nothing is dropped in silence."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.exchange.odrl import CONTEXT, grant_as_odrl, grant_from_odrl
from ledger.exchange.reading import ForeignDocument
from ledger.kinds import decode_payload
from ledger.kinds.grants import GrantIssue
from tests.ledger.rules.handing import LAW, grant
from tests.world import World, digest_of

WORLD = World.founding()
SOURCE = WORLD.uscc("source")
ID = digest_of("grant")


def issued(fields: dict[str, object]) -> GrantIssue:
    """Return the fields as a payload."""
    payload = decode_payload("grant.issue", {"v": 1, "kind": "grant.issue", "sub": "urn:suyuan:grant:x:y", **fields})
    assert isinstance(payload, GrantIssue)
    return payload


def full() -> dict[str, object]:
    """Return a grant that uses every member a policy has a place for."""
    within = {
        "items": {"penalty": ["CF_SY", "CF_WSH"], "permit": ["XK_NR"]},
        "references": [[digest_of("a"), []], [digest_of("b"), [[0, 3], [7, 9]]]],
        "count": 100,
        "rate": {"count": 10, "window": 3600},
        "onward": 2,
        "jurisdictions": ["CN", "DE"],
    }
    within["references"] = sorted(within["references"])  # type: ignore[call-overload]
    return grant(
        WORLD, "lender", within=within, parent=digest_of("parent"), deliverer=WORLD.uscc("hub"), basis=LAW,
        consents=[digest_of("consent")],
    )  # fmt: skip


def plain(fields: dict[str, object]) -> dict[str, object]:
    """Return fields as the payload has them, without what signing fills in."""
    built = msgspec.to_builtins(issued(fields))
    return {name: value for name, value in built.items() if name not in ("v", "kind", "sub")}


@pytest.mark.parametrize("fields", [grant(WORLD, "lender"), full()])
def test_a_grant_is_read_back_as_it_was(fields: dict[str, object]) -> None:
    policy = grant_as_odrl(ID, SOURCE, issued(fields))
    grantor, found = grant_from_odrl(policy)
    assert grantor == SOURCE
    assert plain(found) == plain(fields)


def test_an_agreement_has_the_terms_of_odrl() -> None:
    policy = grant_as_odrl(ID, SOURCE, issued(full()))
    assert json.loads(json.dumps(policy)) == policy
    assert policy["@context"][0] == CONTEXT  # type: ignore[index]
    assert policy["@type"] == "Agreement"
    assert policy["uid"] == f"urn:suyuan:grant:{ID}"
    permissions = policy["permission"]
    assert isinstance(permissions, list)
    assert [rule["action"] for rule in permissions] == ["archive", "archive", "grantUse", "grantUse"]
    assert {rule["assigner"] for rule in permissions} == {f"urn:suyuan:member:{SOURCE}"}
    operands = {each["leftOperand"] for each in permissions[0]["constraint"]}
    assert operands == {"purpose", "dateTime", "spatial", "count", "suyuan:recordsInWindow"}
    assert [duty["action"] for duty in permissions[0]["duty"]] == ["delete"]
    assert "prohibition" not in policy
    closed = grant_as_odrl(ID, SOURCE, issued(grant(WORLD, "lender")))
    assert [rule["action"] for rule in closed["prohibition"]] == ["distribute"]  # type: ignore[attr-defined]


def test_marks_and_seeds_stay_behind() -> None:
    marked = grant(WORLD, "lender", carriers=["order"], sender_seed=digest_of("seed"), code_key=digest_of("key"))
    policy = grant_as_odrl(ID, SOURCE, issued(marked))
    assert digest_of("seed") not in str(policy)
    assert set(marked) - set(grant_from_odrl(policy)[1]) == {"carriers", "sender_seed", "code_key"}


@given(
    mode=st.sampled_from(["view", "query", "store"]),
    onward=st.integers(0, 16),
    count=st.none() | st.integers(1, 2**53 - 1),
    rate=st.none() | st.tuples(st.integers(1, 10**6), st.integers(1, 366 * 86400)),
    life=st.integers(1, 36600),
    fields=st.lists(st.sampled_from(["CF_JDRQ", "CF_SY", "CF_WSH"]), min_size=1, unique=True),
)
def test_any_terms_are_read_back(
    mode: str, onward: int, count: int | None, rate: tuple[int, int] | None, life: int, fields: list[str]
) -> None:
    within = {
        "mode": mode,
        "onward": onward,
        "count": count,
        "rate": None if rate is None else {"count": rate[0], "window": rate[1]},
        "items": {"penalty": sorted(fields)},
    }
    stated = grant(WORLD, "lender", within=within, data_life=life)
    assert plain(grant_from_odrl(grant_as_odrl(ID, SOURCE, issued(stated)))[1]) == plain(stated)


Change = Callable[[dict], object]  # type: ignore[type-arg]


@pytest.mark.parametrize(
    "change",
    [
        lambda policy: policy.pop("profile"),
        lambda policy: policy.update(profile="urn:other"),
        lambda policy: policy.pop("permission"),
        lambda policy: policy.update(permission=[]),
        lambda policy: policy["permission"][0].pop("constraint"),
        lambda policy: policy["permission"][0]["constraint"].pop(0),
        lambda policy: policy["permission"][0]["constraint"].append(policy["permission"][0]["constraint"][0]),
        lambda policy: policy["permission"][0]["constraint"].append(
            {"leftOperand": "device", "operator": "eq", "rightOperand": "x"}
        ),
        lambda policy: policy["permission"][1]["constraint"][0].update(rightOperand="urn:suyuan:purpose:credit"),
        lambda policy: policy["permission"][1].update(assignee="urn:suyuan:member:other"),
        lambda policy: policy["permission"][0].update(assignee="somebody"),
        lambda policy: policy["permission"][0].update(duty=[]),
        lambda policy: policy["permission"][0]["duty"][0].update(action="inform"),
        lambda policy: policy["permission"][0]["duty"][0]["constraint"][0]["rightOperand"].update({"@value": "P1Y"}),
        lambda policy: policy["permission"][0]["target"]["refinement"].pop(0),
        lambda policy: policy["permission"][2]["constraint"].pop(),
    ],
)
def test_what_does_not_fit_is_an_error_with_its_place(change: Change) -> None:
    policy = copy.deepcopy(grant_as_odrl(ID, SOURCE, issued(full())))
    change(policy)
    with pytest.raises(ForeignDocument) as raised:
        grant_from_odrl(policy)
    assert raised.value.message("en") != raised.value.message("zh")
