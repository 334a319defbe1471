"""Two records of one person have nothing in common on the ledger that two records of different persons have not."""

from __future__ import annotations

from collections import Counter

import msgspec

from clients.gateway.records import BuiltRecord, LinkingKey, LinkingKeys, NewRecord, build_batch, build_record
from ledger.codes import fictional_resident_number
from ledger.commitment import RecordForm
from ledger.lineage.subjects import indexed_subject
from ledger.state.tables import RECORD
from tests.world import World, digest_of

WINDOW = 16
LINKING = LinkingKeys(persons=LinkingKey(1, bytes(range(32))))
FORM = RecordForm("credit_person", 1, ("duration", "amount", "existing_credits"))
VALUES = {"duration": 12, "amount": 1000, "existing_credits": 1}


class Draws:
    """Random bytes that repeat from run to run and never within one."""

    def __init__(self) -> None:
        self._made = 0

    def __call__(self, size: int) -> bytes:
        self._made += 1
        return bytes.fromhex(digest_of(f"draw {self._made}"))[:size]


def windows(data: bytes) -> set[bytes]:
    """Return every run of 16 bytes."""
    return {data[at : at + WINDOW] for at in range(len(data) - WINDOW + 1)}


def shared(one: bytes, two: bytes) -> set[bytes]:
    """Return the runs of 16 bytes that both have."""
    return windows(one) & windows(two)


def person(number: int) -> NewRecord:
    return NewRecord("person", fictional_resident_number(number), dict(VALUES))


def submitted(world: World, built: BuiltRecord, name: str) -> bytes:
    """Return the record's statement; all of them have one time and ids of one length."""
    subject = {"class": "person", "value": built.subject.value, "epoch": 1}
    payload = world.record("credit_person", commitment=built.commitment.hex(), subject=subject)
    return world.sign("source", "record.submit", payload, id=name)


def test_statements_entries_and_state_share_fixed_parts_only() -> None:
    world, draws = World.founding(), Draws()
    people = (1, 1, 2, 3)
    built = [build_record(person(number), FORM, LINKING, draws) for number in people]
    raws = [submitted(world, one, f"record-{name}") for one, name in zip(built, "abcd", strict=True)]
    outcomes = world.run(*raws)
    assert [outcome.status for outcome in outcomes] == ["admitted"] * 4
    same, other = (raws[0], raws[1]), (raws[2], raws[3])
    assert shared(*same) == shared(*other), "what two records share does not say whose they are"
    indexes = [outcome.index for outcome in outcomes]
    entries = [world.entries[index] for index in indexes if index is not None]
    assert shared(entries[0], entries[1]) == shared(entries[2], entries[3])
    rows = [world.row(RECORD, outcome.statement_id) for outcome in outcomes]
    written = [msgspec.json.encode(row) for row in rows]
    assert shared(written[0], written[1]) == shared(written[2], written[3])
    assert [indexed_subject(RECORD.name, row) for row in rows] == [None] * 4
    assert len({one.subject.value for one in built}) == 4


def test_the_same_person_with_one_record_key_would_be_noticed() -> None:
    """The check can fail: what a drawn key prevents is there without it."""
    world = World.founding()

    def constant(size: int) -> bytes:
        return bytes(size)

    built = [build_record(person(number), FORM, LINKING, constant) for number in (1, 1, 2, 3)]
    raws = [submitted(world, one, f"record-{name}") for one, name in zip(built, "abcd", strict=True)]
    assert shared(raws[0], raws[1]) - shared(raws[2], raws[3])


def test_rows_of_a_manifest_share_nothing() -> None:
    batch = build_batch([person(1), person(1), person(2)], FORM, LINKING, Draws())
    rows = [bytes.fromhex(one.subject.value) + one.commitment for one in batch.records]
    assert [shared(one, two) for one, two in ((rows[0], rows[1]), (rows[0], rows[2]), (rows[1], rows[2]))] == [
        set()
    ] * 3


def test_grouping_all_records_by_their_value_joins_institutions_only() -> None:
    """What a reader of the whole log can do puts no two records of a person together."""
    draws = Draws()
    keys = LinkingKeys(organisations=LinkingKey(1, bytes(32)), persons=LINKING.persons)
    institution = NewRecord("enterprise", World.founding().uscc("buyer"), dict(VALUES))
    built = [build_record(new, FORM, keys, draws) for new in (person(1), person(1), institution, institution)]
    groups = Counter((one.subject.class_, one.subject.value) for one in built)
    assert sorted((class_, count) for (class_, _), count in groups.items()) == [
        ("enterprise", 2),
        ("person", 1),
        ("person", 1),
    ]
