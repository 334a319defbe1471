"""Findings: the same for everybody at every size, each with rule, party, times and whether it is still open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ledger.rules
from ledger.encoding import base64url
from ledger.findings.catalogue import CODE_OF_DUTY, CODES, RETENTION, RULE_OF_DUTY
from ledger.findings.judge import Finding, findings_at
from ledger.replay import Replay
from ledger.rules.contract_plan import PLAN_DUTY
from ledger.signed import sign_pop
from ledger.times import format_time
from tests.ledger.lineage.story import Story
from tests.ledger.rules.handing import HOUR_MS, days, give, offer, single, take
from tests.world import BLOCK_MS, World
from tests.world_genesis import ORIGIN

SPECIFIED = """
F-HOP F-MISMATCH F-REFUSED F-OVERDUE-STOP F-USED-AFTER-STOP F-PARITY F-EXPIRED-PUBLIC F-LIST F-CONTRACT-SUM
F-PAYMENT-OVERDUE F-CONTRACT-DISPUTED F-UNVERIFIED F-DISPUTE-OVERDUE F-ERASURE-OVERDUE F-RETENTION F-PLEDGE-OVERDUE
F-CODE F-STALE-PRODUCT F-INCIDENT-OVERDUE F-ACCESS-OVERDUE F-SHARE-OVERDUE F-KEY-DOUBT F-EQUIVOCATION
"""
"""The codes of the specification in its order."""


def log_of(world: World) -> Replay:
    replay = Replay(check_signatures=False)
    replay.feed_all(world.entries)
    return replay


def found(world: World, code: str | None = None, party: str | None = None) -> list[Finding]:
    log = log_of(world)
    return findings_at(log, log.head().size, code, None if party is None else world.uscc(party))


def tick(world: World) -> None:
    """Let a block pass, so that time is judged anew."""
    world.do("source_b", "record.submit", world.record("permit"))


def test_the_catalogue_names_every_specified_code_in_both_languages() -> None:
    assert list(CODES) == SPECIFIED.split()
    assert all(entry.text.en and entry.text.zh for entry in CODES.values())
    assert set(CODE_OF_DUTY) == set(RULE_OF_DUTY)
    late = {*CODE_OF_DUTY.values(), RETENTION}
    assert late == {entry.code for entry in CODES.values() if entry.origin in ("duty", "both")}


def test_every_code_and_duty_that_rules_emit_is_in_the_catalogue() -> None:
    folder = Path(next(iter(ledger.rules.__path__)))
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    emitted = set(re.findall(r'\.find\(\s*"(F-[A-Z-]+)"', text)) | {"F-REFUSED"}
    assert emitted == {entry.code for entry in CODES.values() if entry.origin in ("event", "both")}
    duties = set(re.findall(r'open_duty\([^)]*?"([a-z.]+)"', text)) | set(
        re.findall(r'DutyState\(\s*kind="([a-z.]+)"', text)
    )
    assert duties | {PLAN_DUTY} == set(CODE_OF_DUTY)


@pytest.fixture
def handing() -> tuple[World, str]:
    """Return a ledger on which an offer waits for the lender's acceptance within an hour."""
    world = World.founding()
    record = world.do("source", "record.submit", world.record())
    given = give(world, "source", "lender")
    return world, world.do("source", "transfer.offer", offer(world, given, single(record)))


def test_f_hop_begins_at_the_deadline_against_whose_turn_it_is(handing: tuple[World, str]) -> None:
    world, offered = handing
    deadline = world.time - BLOCK_MS + HOUR_MS
    world.time = deadline
    tick(world)
    assert found(world, "F-HOP") == [], "at the deadline there is still time"
    tick(world)
    assert found(world, "F-HOP") == [
        Finding(
            code="F-HOP",
            rule="TRA-6",
            about=offered,
            party=world.uscc("lender"),
            statements=(offered,),
            since=deadline,
            deadline=deadline,
            open=True,
        )
    ]


def test_f_hop_that_is_made_good_late_stays_and_is_closed(handing: tuple[World, str]) -> None:
    world, offered = handing
    log_before = world.head.size
    world.advance(HOUR_MS)
    tick(world)
    late = take(world, "lender", "refuse", offered)
    finding = found(world, "F-HOP")[0]
    assert not finding.open
    assert finding.statements == (offered, late)
    assert findings_at(log_of(world), log_before) == [], "as of an earlier size nothing was late"
    assert found(world, "F-HOP", "source") == []
    assert len(found(world, "F-HOP", "lender")) == 1


def test_f_hop_of_release_and_confirmation_name_sender_and_receiver(handing: tuple[World, str]) -> None:
    world, offered = handing
    take(world, "lender", "accept", offered)
    world.advance(3 * HOUR_MS)
    tick(world)
    assert [(f.party, f.about) for f in found(world, "F-HOP")] == [(world.uscc("source"), offered)]
    take(world, "source", "release", offered)
    world.advance(days(2))
    tick(world)
    assert [(f.party, f.open) for f in found(world, "F-HOP")] == [
        (world.uscc("source"), False),
        (world.uscc("lender"), True),
    ]


def test_overdue_stops_name_rec_10_or_gra_6_by_what_opened_them() -> None:
    story = Story()
    rules = {(f.about, f.rule) for f in found(story.world, "F-OVERDUE-STOP")}
    assert (f"{story.batch}:25", "REC-10") in rules
    assert (story.upper.grant, "GRA-6") in rules
    over = {(f.about, f.rule) for f in found(story.world, "F-RETENTION")}
    assert (story.first, "GRA-6") in over, "the end of a data life is no order to stop"
    assert all(f.deadline is not None and f.since == f.deadline for f in found(story.world, "F-OVERDUE-STOP"))


def test_findings_by_events_open_and_close_and_open_again() -> None:
    story = Story()
    world = story.world
    unverified = found(world, "F-UNVERIFIED")
    assert [(f.about, f.party, f.open) for f in unverified] == [(f"{story.contract}/m1", world.uscc("supplier"), False)]
    assert story.verification in unverified[0].statements
    claimed = log_of(world).statements([story.claim])[story.claim]
    assert unverified[0].since == claimed.block_time
    at_claim = findings_at(log_of(world), claimed.index + 1, "F-UNVERIFIED")
    assert [f.open for f in at_claim] == [True]


def test_a_refused_attempt_and_a_late_use_are_findings_against_the_signer() -> None:
    story = Story()
    world = story.world
    assert [(f.about, f.rule, f.party) for f in found(world, "F-REFUSED")] == [
        (story.refused, "GRA-1", world.uscc("lender"))
    ]
    assert [(f.about, f.rule) for f in found(world, "F-USED-AFTER-STOP", "lender")] == [(story.late_use, "USE-2")]
    assert [f.party for f in found(world, "F-SHARE-OVERDUE")] == [world.uscc("source")]


def doubtful() -> tuple[World, list[str], int]:
    """Return a ledger in which a second key signed three records, is suspect since the second, and was revoked."""
    world = World.founding()
    new = world.signer("second key")
    pop = sign_pop(new, origin=ORIGIN, member=world.uscc("source"), old_kid=world.signer("source").public.thumbprint)
    world.do("source", "key.add", {"use": "sign", "key": new.public.to_json(), "pop": base64url(pop)})
    signed = []
    suspect = 0
    for number in range(3):
        world.advance(3_600_000)
        if number == 1:
            suspect = world.time
        # The last one is dated back before the suspicion, as a thief would.
        iat = (suspect if number == 2 else world.time) // 1000
        world.time = suspect + 300_000 if number == 2 else world.time
        signed.append(
            world.do("source", "record.submit", world.record(), key=new, iat=iat - (10 if number == 2 else 0))
        )
    before = world.head.size
    revoke = {
        "kid": base64url(new.public.thumbprint),
        "reason": "compromised",
        "suspect_from": format_time(suspect),
    }
    world.do("source", "key.revoke", revoke)
    world.do("source", "record.submit", world.record())
    return world, signed, before


def test_f_key_doubt_covers_what_stands_between_suspicion_and_revocation() -> None:
    world, signed, before = doubtful()
    doubts = found(world, "F-KEY-DOUBT")
    assert [f.about for f in doubts] == sorted(signed[1:])
    assert {(f.rule, f.party, f.open) for f in doubts} == {("GOV-7", world.uscc("source"), True)}
    assert findings_at(log_of(world), before, "F-KEY-DOUBT") == []


def test_filters_give_parts_of_the_whole() -> None:
    world = Story().world
    whole = found(world)
    for code in CODES:
        assert found(world, code) == [finding for finding in whole if finding.code == code]
    for party in ("source", "operator", "lender"):
        assert found(world, None, party) == [f for f in whole if f.party == world.uscc(party)]
    assert whole == sorted(whole, key=lambda f: (f.since, f.code, f.about, f.party))
