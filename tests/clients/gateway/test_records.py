"""Making records: keys are fresh, subjects hidden, secrets kept before anything leaves."""

from __future__ import annotations

import pytest

from clients.gateway.records import Attributes, LinkingKeyMissing, LinkingKeys, MixedBatch, NewRecord, build_batch
from clients.gateway.send import MAX_REFERENCES_SIZE, split_references
from clients.gateway.source import HeldByTooFew
from clients.sdk.errors import RefusedProblem
from clients.vault.errors import NotInVault
from ledger.codes import CodeCheckDigit, fictional_resident_number, fictional_uscc
from ledger.commitment import RecordFieldUnknown, RecordForm, record_commitment
from ledger.encoding import encode_json
from ledger.kinds.fields import MAX_REFERENCE_STATEMENTS
from ledger.manifest import Manifest
from ledger.references import Reference, ReferenceSet
from ledger.state.tables import ENDED, RECORD
from ledger.subject import subject_tag, subject_value
from tests.clients.gateway.story import ATTRIBUTES, LINKING, Story, person
from tests.clients.simulated_node import SimulatedNode
from tests.world_genesis import BASIS

FORM = RecordForm("item", 1, ("a", "b"))


def test_a_batch_is_its_sorted_manifest_and_every_row_has_its_own_key(story: Story) -> None:
    batch = story.batch(9)
    state = story.node.world.row(RECORD, batch)
    assert state is not None
    manifest = Manifest(story.node.manifests[state.manifest])
    assert manifest.data == story.vaults["source"].manifest(batch)
    assert (state.count, state.commitment) == (9, manifest.root().hex())
    records = list(story.vaults["source"].records_of(batch, ((0, 8),)))
    assert len({record.record_key for record in records}) == 9
    form = story.forms("credit_person", 1)
    for number, record in enumerate(records):
        assert manifest.row(number) == record.subject_value + record_commitment(form, record.record_key, record.values)


def test_a_persons_two_records_have_nothing_in_common_on_the_ledger() -> None:
    node = SimulatedNode()
    twice = [NewRecord("person", fictional_resident_number(5), {"a": 1}) for _ in range(2)]
    built = build_batch(twice, FORM, LINKING, node.surroundings().random_bytes)
    first, second = built.records
    assert first.subject.value != second.subject.value
    assert LINKING.persons is not None
    for record in built.records:
        value = subject_value(LINKING.persons.key, "person", fictional_resident_number(5), record.record_key)
        assert value.hex() == record.subject.value


def test_an_organisations_records_carry_its_tag_under_the_organisations_key() -> None:
    new = NewRecord("enterprise", fictional_uscc(5), {"a": 1})
    built = build_batch([new], FORM, LINKING, SimulatedNode().surroundings().random_bytes)
    assert LINKING.organisations is not None
    tag = subject_tag(LINKING.organisations.key, "enterprise", fictional_uscc(5))
    assert built.records[0].subject.value == tag.hex()


def test_what_cannot_be_a_record_is_found_at_once() -> None:
    random_bytes = SimulatedNode().surroundings().random_bytes
    one = NewRecord("enterprise", fictional_uscc(5), {"a": 1})
    with pytest.raises(MixedBatch):
        build_batch([one, person(1)], FORM, LINKING, random_bytes)
    with pytest.raises(LinkingKeyMissing):
        build_batch([one], FORM, LinkingKeys(persons=LINKING.persons), random_bytes)
    with pytest.raises(RecordFieldUnknown):
        build_batch([NewRecord("enterprise", fictional_uscc(5), {"c": 1})], FORM, LINKING, random_bytes)
    wrong = fictional_uscc(5)[:-1] + ("0" if fictional_uscc(5)[-1] != "0" else "1")
    with pytest.raises(CodeCheckDigit):
        build_batch([NewRecord("enterprise", wrong, {"a": 1})], FORM, LINKING, random_bytes)


def test_a_correction_is_a_new_version_with_a_fresh_key_and_ends_the_old(story: Story) -> None:
    batch = story.batch(3)
    old = Reference(batch, 1)
    corrected = story.source().correct_record(old, "credit_person", 1, person(1), ATTRIBUTES, "error")
    new = Reference(corrected.statement_id)
    vault = story.vaults["source"]
    assert vault.record(new).record_key != vault.record(old).record_key
    ended = story.node.world.row(ENDED, batch, "00000001")
    assert ended is not None
    assert ended.how == "corrected"
    story.source().withdraw_record(new, "court")
    ended = story.node.world.row(ENDED, corrected.statement_id)
    assert ended is not None
    assert ended.how == "withdrawn"


def test_too_few_holders_are_found_before_the_batch_is_signed(story: Story) -> None:
    size = story.node.tree.size
    with pytest.raises(HeldByTooFew) as caught:
        story.source().submit_batch("credit_person", 1, [person(1)], ATTRIBUTES, held_by=5)
    assert caught.value.params == {"got": 4, "want": 5}
    assert story.node.tree.size == size


def test_a_refused_record_says_which_rule(story: Story) -> None:
    with pytest.raises(RefusedProblem) as caught:
        story.source().submit_record(
            "permit", 1, NewRecord("enterprise", fictional_uscc(9), {"XK_NR": "permit"}), ATTRIBUTES
        )
    assert caught.value.rule == "REC-1"


def test_keys_are_in_the_vault_before_the_statement_leaves(story: Story) -> None:
    story.node.lose_answers = 100
    attributes = Attributes("2026-02-20", "2028-02-20", severity="minor", basis=BASIS)
    new = NewRecord("enterprise", fictional_uscc(9), {"CF_NR": "fine"})
    with pytest.raises(Exception, match="did not answer"):
        story.source().submit_record("penalty", 1, new, attributes)
    story.node.lose_answers = 0
    [made] = [key for key, (_, rule) in story.node.places.items() if rule is None]
    assert story.vaults["source"].record(Reference(made)).values == {"CF_NR": "fine"}
    assert story.source().resume(made).status == "duplicate"
    with pytest.raises(NotInVault):
        story.source().resume("0" * 64)


def test_references_are_split_where_they_do_not_fit_one_statement() -> None:
    ids = [f"{number:064x}" for number in range(1, 2001)]
    single = ReferenceSet(tuple((name, ()) for name in ids))
    spread = ReferenceSet(((ids[0], tuple((2 * at, 2 * at) for at in range(5000))), (ids[1], ((0, 9),))))
    for whole in (single, spread, ReferenceSet(((ids[0], ()),))):
        parts = list(split_references(whole))
        joined = ReferenceSet()
        for part in parts:
            assert len(part.entries) <= MAX_REFERENCE_STATEMENTS
            assert len(encode_json(part.to_json())) <= MAX_REFERENCES_SIZE + 2 * len(part.entries)
            assert not part.intersection(joined)
            joined = joined.union(part)
        assert joined == whole
    assert len(list(split_references(single))) == 4
    assert list(split_references(ReferenceSet())) == []
