"""What tests of rules expect of one statement's outcome."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ledger.execution import Outcome
from ledger.kinds import KINDS
from ledger.rules.registry import RULES
from tests.world import World

NOWHERE = "f" * 64
"""The id of a statement that is not logged."""


def assert_breaks(world: World, rule: str, outcome: Outcome) -> None:
    """The statement broke exactly `rule`: recorded rules leave a refusal entry, others no leaf."""
    assert outcome.error is not None, outcome.status
    assert outcome.error.stable_code == rule, outcome.error
    assert outcome.error.message("zh") != outcome.error.message("en")
    assert outcome.error.advice("zh") != outcome.error.advice("en")
    if rule in RULES and RULES[rule].recorded:
        assert outcome.status == "refused"
        assert outcome.index is not None
        assert rule.encode() in world.entries[outcome.index]
        assert [event.about for _, event in world.findings if event.code == "F-REFUSED"][-1] == outcome.statement_id
    else:
        assert outcome.status == "rejected"
        assert outcome.index is None


def required_fields(kind: str) -> Iterator[str]:
    """The fields that a payload of `kind` must have besides those that the statement fills in."""
    for field in msgspec.structs.fields(KINDS[kind]):
        if field.required and field.name not in ("v", "sub"):
            yield field.encode_name


def assert_needs_every_field(world: World, member: str, kind: str, payload: dict[str, object]) -> None:
    """Without any one of its required fields the payload is malformed, and nothing is logged."""
    before = world.head.size
    fields = list(required_fields(kind))
    assert fields
    for name in fields:
        outcome = world.submit(member, kind, {key: value for key, value in payload.items() if key != name})
        assert outcome.error is not None, name
        assert outcome.error.stable_code == "payload.schema", name
    outcome = world.submit(member, kind, {**payload, "unknown": 1})
    assert outcome.error is not None
    assert outcome.error.stable_code == "payload.schema"
    assert world.entries[before:] == [] or all(b"suyuan/block" in entry for entry in world.entries[before:])
