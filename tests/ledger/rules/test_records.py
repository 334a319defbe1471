from __future__ import annotations

import pytest

from ledger.state.tables import DUTY, ENDED, HOLDING, RECORD, Holding, HoldingState
from tests.ledger.rules.judging import NOWHERE, assert_breaks, assert_needs_every_field
from tests.world import World, digest_of, held_by


@pytest.fixture
def world() -> World:
    return World.founding()


def correction(world: World, reference: str, **changes: object) -> dict[str, object]:
    return world.record(changes={"reference": reference, "reason": "error", **changes})


def hold(world: World, record: str, member: str, *ranges: tuple[int, int], ended: int | None = None) -> None:
    """Put a holding as a released hand-over does."""
    entry = Holding(ranges=ranges, hop=NOWHERE, since_index=1, since=world.time, life_end=world.time, ended_index=ended)
    world.state.apply({(HOLDING.name, record, world.uscc(member)): HoldingState(entries=(entry,))})


def test_a_record_is_kept_with_all_it_says(world: World) -> None:
    payload = world.record()
    record = world.do("source", "record.submit", payload)
    state = world.row(RECORD, record)
    assert state is not None
    assert (state.issuer, state.item, state.count, state.severity) == (world.uscc("source"), "penalty", 0, "general")
    assert state.commitment == payload["commitment"]
    assert world.entries[state.index] == world.blocks[-1].logged[0].statement.raw


def test_every_required_field_is_required(world: World) -> None:
    record = world.do("source", "record.submit", world.record())
    assert_needs_every_field(world, "source", "record.submit", world.record())
    assert_needs_every_field(world, "source", "record.batch", world.batch())
    assert_needs_every_field(world, "source", "record.correct", correction(world, record))
    assert_needs_every_field(world, "source", "record.withdraw", {"reference": record, "reason": "error"})


@pytest.mark.parametrize("member", ["hub", "lender", "regulator", "verifier", "auditor"])
def test_REC_1_only_a_source_of_the_item_submits(world: World, member: str) -> None:  # noqa: N802
    assert_breaks(world, "REC-1", world.submit(member, "record.submit", world.record()))
    assert_breaks(world, "REC-1", world.submit(member, "record.batch", world.batch()))


def test_REC_1_a_source_of_another_item_is_refused(world: World) -> None:  # noqa: N802
    assert_breaks(world, "REC-1", world.submit("source", "record.submit", world.record("permit")))
    world.do("source_b", "record.submit", world.record("permit"))


def test_REC_2_version_and_item_in_force(world: World) -> None:  # noqa: N802
    assert_breaks(world, "REC-2", world.submit("source", "record.submit", world.record(catalogue=2)))
    assert_breaks(world, "REC-2", world.submit("source", "record.submit", world.record(item="penalty2")))
    assert_breaks(world, "REC-2", world.submit("lender", "record.submit", world.record(catalogue=2)))
    world.do("source", "record.submit", world.record(catalogue=1))


@pytest.mark.parametrize("missing", ["severity", "basis"])
def test_REC_3_adverse_records_carry_severity_and_basis(world: World, missing: str) -> None:  # noqa: N802
    assert_breaks(world, "REC-3", world.submit("source", "record.submit", world.record(changes={missing: None})))
    batch = world.batch(item="penalty", changes={missing: None})
    assert_breaks(world, "REC-3", world.submit("source", "record.batch", batch))
    world.do("source", "record.batch", world.batch(item="penalty"))


def test_REC_3_only_adverse_records_carry_severity(world: World) -> None:  # noqa: N802
    assert_breaks(world, "REC-3", world.submit("source_b", "record.submit", world.record("permit", severity="minor")))


def test_REC_4_subject_class_fits_the_item(world: World) -> None:  # noqa: N802
    subject = {"class": "person", "value": digest_of("s"), "epoch": 1}
    assert_breaks(world, "REC-4", world.submit("source", "record.submit", world.record(subject=subject)))
    assert_breaks(world, "REC-4", world.submit("source", "record.batch", world.batch(subject_class="government")))
    world.do("source", "record.submit", world.record(subject={**subject, "class": "organisation"}))


def test_REC_5_an_id_is_used_once(world: World) -> None:  # noqa: N802
    world.do("source", "record.submit", world.record(), id="one")
    assert_breaks(world, "REC-5", world.submit("source", "record.submit", world.record(), id="one"))
    world.do("source_b", "record.submit", world.record(), id="one")


def test_REC_7_n_minus_f_nodes_hold_a_batch(world: World) -> None:  # noqa: N802
    assert_breaks(world, "REC-7", world.submit("source", "record.batch", world.batch(nodes=("n1", "n2"))))
    world.do("source", "record.batch", world.batch(nodes=("n2", "n4", "n1")))


def test_REC_7_each_node_counts_once_and_only_known_ones(world: World) -> None:  # noqa: N802
    for nodes in (("n1", "n2", "n2"), ("n1", "n2", "n9"), ("n1", "n2", "n3", "n9")):
        assert_breaks(world, "REC-7", world.submit("source", "record.batch", world.batch(nodes=nodes)))


@pytest.mark.parametrize("changed", ["root", "manifest", "count", "origin", "garbage"])
def test_REC_7_signatures_are_over_this_batch(world: World, changed: str) -> None:  # noqa: N802
    batch = world.batch()
    root, manifest, count, origin = str(batch["root"]), str(batch["manifest"]), 1000, None
    if changed == "root":
        root = digest_of("another")
    elif changed == "manifest":
        manifest = digest_of("another")
    elif changed == "count":
        count = 999
    elif changed == "origin":
        origin = "ledger.example/other"
    third = "AAAA" if changed == "garbage" else held_by("n3", root, manifest, count, origin=origin)
    assert isinstance(batch["held"], list)
    batch["held"] = [*batch["held"][:2], third]
    assert_breaks(world, "REC-7", world.submit("source", "record.batch", batch))


@pytest.mark.parametrize("member", ["source_b", "lender", "regulator"])
def test_REC_8_only_the_issuer_changes_a_record(world: World, member: str) -> None:  # noqa: N802
    record = world.do("source", "record.submit", world.record())
    assert_breaks(world, "REC-8", world.submit(member, "record.correct", correction(world, record)))
    withdrawal = {"reference": record, "reason": "error"}
    assert_breaks(world, "REC-8", world.submit(member, "record.withdraw", withdrawal))
    world.do("source", "record.correct", correction(world, record))


def test_REC_1_a_correction_into_an_item_of_others_is_refused(world: World) -> None:  # noqa: N802
    record = world.do("source", "record.submit", world.record())
    permit = world.record("permit", reference=record, reason="error")
    assert_breaks(world, "REC-1", world.submit("source", "record.correct", permit))


def test_REC_10_a_correction_reaches_every_holder(world: World) -> None:  # noqa: N802
    record = world.do("source", "record.submit", world.record())
    for member in ("lender", "hub"):
        hold(world, record, member)
    hold(world, record, "service", ended=2)
    new = world.do("source", "record.correct", correction(world, record))
    duties = [row for key, row in world.state.rows.items() if key[:2] == (DUTY.name, new)]
    assert {duty.party for duty in duties} == {world.uscc("lender"), world.uscc("hub")}  # type: ignore[attr-defined]
    duty = world.row(DUTY, new, f"stop:{world.uscc('hub')}:{record}")
    assert duty is not None
    # 2 March is a Monday, 4 March a holiday: the third working day after it is Friday, whose end is 16:00 UTC.
    assert (duty.kind, duty.due, duty.met_index) == ("stop", 1_772_812_800_000, None)


def test_REC_10_a_withdrawn_row_reaches_only_those_who_hold_it(world: World) -> None:  # noqa: N802
    batch = world.do("source", "record.batch", world.batch())
    hold(world, batch, "lender", (0, 9), (20, 29))
    hold(world, batch, "hub", (10, 19))
    gone = world.do("source", "record.withdraw", {"reference": f"{batch}:20", "reason": "error"})
    assert [key[2] for key in world.state.rows if key[:2] == (DUTY.name, gone)] == [
        f"stop:{world.uscc('lender')}:{batch}:20"
    ]


def test_a_correction_ends_the_version_before_it(world: World) -> None:
    record = world.do("source", "record.submit", world.record())
    second = world.do("source", "record.correct", correction(world, record))
    ended, state = world.row(ENDED, record), world.row(RECORD, second)
    assert ended is not None
    assert state is not None
    assert (ended.how, ended.by, state.replaces) == ("corrected", second, record)
    again = world.submit("source", "record.correct", correction(world, record))
    assert_breaks(world, "record.ended", again)
    assert again.error is not None
    assert second in again.error.message()
    third = world.do("source", "record.correct", correction(world, second))
    world.do("source", "record.withdraw", {"reference": third, "reason": "court"})
    assert_breaks(world, "record.ended", world.submit("source", "record.correct", correction(world, third)))
    assert [(e.source, e.target, e.kind) for _, e in world.edges if e.kind in ("corrects", "withdraws")][:2] == [
        (record, second, "corrects"),
        (second, third, "corrects"),
    ]


def test_rows_end_one_by_one(world: World) -> None:
    batch = world.do("source", "record.batch", world.batch(count=10))
    person = {"class": "person", "value": digest_of("link"), "epoch": 1}
    row = world.record("credit_person", reference=f"{batch}:9", reason="update", subject=person)
    new = world.do("source", "record.correct", row)
    assert world.edges[-1][1].ranges == ((9, 9),)
    state = world.row(RECORD, new)
    assert state is not None
    assert state.replaces == f"{batch}:9"
    world.do("source", "record.withdraw", {"reference": f"{batch}:8", "reason": "error"})
    again = {"reference": f"{batch}:8", "reason": "error"}
    assert_breaks(world, "record.ended", world.submit("source", "record.withdraw", again))
    world.do("source", "record.withdraw", {"reference": f"{batch}:0", "reason": "error"})


def test_two_changes_of_one_record_in_one_block(world: World) -> None:
    record = world.do("source", "record.submit", world.record())
    first = world.sign("source", "record.withdraw", {"reference": record, "reason": "error"})
    second = world.sign("source", "record.correct", correction(world, record))
    assert [outcome.status for outcome in world.run(first, second)] == ["admitted", "rejected"]


@pytest.mark.parametrize("reference", [NOWHERE, f"{NOWHERE}:1", "single:0", "batch", "batch:10", "batch:99999999"])
def test_dangling_references_leave_no_leaf(world: World, reference: str) -> None:
    single = world.do("source", "record.submit", world.record())
    batch = world.do("source", "record.batch", world.batch(count=10))
    named = reference.replace("single", single).replace("batch", batch)
    assert_breaks(world, "reference.unknown", world.submit("source", "record.correct", correction(world, named)))
    withdrawal = {"reference": named, "reason": "error"}
    assert_breaks(world, "reference.unknown", world.submit("source", "record.withdraw", withdrawal))


def verified(world: World) -> str:
    contract = {
        "contract": "C-1",
        "buyer": world.uscc("buyer"),
        "supplier": world.uscc("supplier"),
        "value": {"amount": 100, "currency": "CNY"},
        "milestones": [{"id": "m1"}],
    }
    register = world.do("buyer", "contract.register", contract)
    results = [{"milestone": "m1", "outcome": "met"}]
    return world.do(
        "verifier", "contract.verify", {"contract": register, "results": results, "evidence": digest_of("evidence")}
    )


def test_CON_6_performance_cites_its_verification(world: World) -> None:  # noqa: N802
    verification = verified(world)
    assert_breaks(world, "CON-6", world.submit("source", "record.submit", world.record("performance")))
    assert_breaks(world, "CON-6", world.submit("source", "record.batch", world.batch(item="performance")))
    record = world.do("source", "record.submit", world.record("performance", performance=verification))
    assert world.edges[-1][1].kind == "performance"
    assert (world.edges[-1][1].source, world.edges[-1][1].target) == (verification, record)
    uncited = world.record("performance", reference=record, reason="error")
    assert_breaks(world, "CON-6", world.submit("source", "record.correct", uncited))


@pytest.mark.parametrize("cited", [NOWHERE, "record"])
def test_what_is_cited_must_be_a_verification(world: World, cited: str) -> None:
    record = world.do("source", "record.submit", world.record())
    payload = world.record("performance", performance=cited.replace("record", record))
    assert_breaks(world, "reference.unknown", world.submit("source", "record.submit", payload))


@pytest.mark.parametrize(
    ("event", "end", "code"),
    [
        ("2026-02-20", "2026-02-19", "record.days"),
        ("2026-02-20", "2029-02-21", "record.days"),
        ("2026-03-03", "2027-01-01", "record.days"),
        ("2026-02-30", "2027-01-01", "payload.time"),
        ("2026-02-20", "2027-02-29", "payload.time"),
        ("2026-02-20", "2026-02-20", None),
        ("2026-03-02", "2029-03-02", None),
    ],
)
def test_days_fit_each_other_and_the_item(world: World, event: str, end: str, code: str | None) -> None:
    outcome = world.submit("source", "record.submit", world.record(event_day=event, retention_end=end))
    assert (None if outcome.error is None else outcome.error.stable_code) == code
